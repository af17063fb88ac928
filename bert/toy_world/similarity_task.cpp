#include <array>

#include "bert/toy_world/task_kit.hpp"

namespace gradus::bert {
namespace {

using namespace toy;

/// A thing that changes hands: five facts, each the number of a word.
enum Fact : size_t { giver, taker, thing, colour, place, facts };
using Handover = std::array<size_t, facts>;

constexpr Word fact_forms[] = {"{a} gave the {i} to {b} in the {place} .",
                               "{a} handed the {i} to {b} in the {place} .",
                               "{b} got the {i} from {a} in the {place} .",
                               "{b} took the {i} from {a} in the {place} .",
                               "{b} grabbed the {i} from {a} in the {place} .",
                               "the {i} was given to {b} by {a} in the {place} .",
                               "the {i} was taken from {a} by {b} in the {place} .",
                               "in the {place} , {a} gave the {i} to {b} .",
                               "in the {place} , the {i} was handed to {b} by {a} .",
                               "in the {place} , {b} got the {i} from {a} .",
                               "{a} was in the {place} . {he} gave the {i} to {b} .",
                               "{b} was in the {place} . {she} got the {i} from {a} .",
                               "{a} had the {i} . in the {place} , {b} grabbed it from {him} .",
                               "{a} had the {i} . {he} handed it to {b} in the {place} ."};

bool is_woman(size_t person) { return person < women().size(); }

std::string tell(const Handover& h, const Topic& topic, Rng& rng) {
  const std::vector<Word> all = people();
  return to_text(fill(pick(fact_forms, rng), {{"a", {all[h[giver]]}},
                                              {"b", {all[h[taker]]}},
                                              {"i", {colours()[h[colour]], topic.things[h[thing]]}},
                                              {"place", {topic.places[h[place]]}},
                                              {"he", {is_woman(h[giver]) ? "she" : "he"}},
                                              {"him", {is_woman(h[giver]) ? "her" : "him"}},
                                              {"she", {is_woman(h[taker]) ? "she" : "he"}}})
                     .words);
}

/// A third of the pairs of thing and colour is for the test.
bool is_for(Part part, const Handover& h) {
  return ((h[thing] + h[colour]) % 3 == 0) == (part == Part::test);
}

/// The numbers of the facts that are to differ; the two people come together more often than by chance.
std::vector<size_t> differing(size_t number, Rng& rng) {
  std::vector<size_t> rest = {thing, colour, place}, chosen;
  if (number >= 2 && rng.chance(0.75)) {
    chosen = {giver, taker};
  } else {
    rest.insert(rest.end(), {giver, taker});
  }
  rng.shuffle(rest);
  while (chosen.size() < number) {
    chosen.push_back(rest.back());
    rest.pop_back();
  }
  return chosen;
}

}  // namespace

ToySplits<ToyTextPair> toy_similarity_task(const ToyTaskOptions& options) {
  const auto make = [](Rng& rng, Part part, int64_t i) {
    const int score = static_cast<int>(i % 6);
    const Topic& topic = topics()[rng.below(topics().size())];
    const std::array<size_t, facts> choices = {people().size(), people().size(), topic.things.size(),
                                               colours().size(), topic.places.size()};
    for (;;) {
      Handover one;
      for (size_t k = 0; k < facts; ++k) one[k] = rng.below(choices[k]);
      Handover other = one;
      const std::vector<size_t> changes = differing(static_cast<size_t>(5 - score), rng);
      for (const size_t k : changes) other[k] = (one[k] + 1 + rng.below(choices[k] - 1)) % choices[k];
      const bool both_people = other[giver] != one[giver] && other[taker] != one[taker];
      if (both_people && rng.chance(0.85)) {
        other[giver] = one[taker];
        other[taker] = one[giver];
      }
      if (one[giver] == one[taker] || other[giver] == other[taker]) continue;
      if (!is_for(part, one) || !is_for(part, other)) continue;
      ToyTextPair pair{tell(one, topic, rng), tell(other, topic, rng), score};
      if (pair.first != pair.second) return pair;
    }
  };
  return make_splits<ToyTextPair>("similarity", 5, options, make,
                                  [](const ToyTextPair& e) { return e.first + '\t' + e.second; });
}

}  // namespace gradus::bert
