#include "bert/toy_world/task_kit.hpp"

namespace gradus::bert {
namespace {

using namespace toy;

/// Names for a part; `both` are people and towns.
struct Names {
  std::vector<Word> people, towns, both;
};

const Names& names_of(Part part) {
  static const Names train = {{"anna", "mary", "lucy", "emma", "tom", "john", "peter", "max"},
                              {"london", "oslo"},
                              {"paris", "florence"}};
  static const Names validation = {{"rosa", "clara", "paul"}, train.towns, train.both};
  static const Names test = {
      {"nina", "julia", "hugo", "oscar", "felix"}, {"rome", "madrid"}, {"jordan", "austin"}};
  return part == Part::train ? train : part == Part::validation ? validation : test;
}

constexpr Word train_forms[] = {"{p} left {t} .",
                                "{p} came from {t} .",
                                "{p} met {q} in {t} .",
                                "{p} went home to {t} .",
                                "{o} gave the {i} to {p} .",
                                "the {i} was given to {o} by {p} .",
                                "in {t} , {p} met {q} .",
                                "{p} took the {i} from {o} .",
                                "{p} carried the {i} to {t} .",
                                "{p} saw the {animal} in {o} .",
                                "the {animal} followed {p} to {t} .",
                                "then {p} was not in {t} .",
                                "it was a lovely day for {p} and {q} in {t} .",
                                "{p} did not like the {food} from {o} .",
                                "{p} ate the {food} in the {place} .",
                                "once {q} was seen by {p} in the {place} .",
                                "{p} was with {q} in {t} .",
                                "{p} had the {i} from {q} .",
                                "{p} got the {i} in {t} .",
                                "{p} left the {i} in {o} .",
                                "the {animal} came to {o} with {p} .",
                                "in {o} , {q} saw the {i} .",
                                "{p} handed the {i} to {q} in {t} .",
                                "{p} was not in {o} .",
                                "the {i} was left in {o} by {q} .",
                                "soon {q} took the {food} to {o} .",
                                "{p} brought {q} to {t} .",
                                "later {p} met the {animal} from {t} .",
                                "{q} came from {t} with {p} .",
                                "{p} left {o} with the {animal} .",
                                "the {food} was carried to {t} by {p} ."};
constexpr Word test_forms[] = {"{p} walked to {t} .",
                               "{p} left {t} with {q} .",
                               "the {i} was brought to {t} by {p} .",
                               "{p} got the {i} from {q} in {o} .",
                               "once {p} came home from {t} .",
                               "{o} did not have the {i} .",
                               "in {t} , the {animal} was seen by {p} .",
                               "later {p} put the {i} in {o} ."};

Word name(std::span<const Word> sure, std::span<const Word> both, Rng& rng) {
  return rng.chance(0.45) ? pick(both, rng) : pick(sure, rng);
}

}  // namespace

ToySplits<ToyTagged> toy_entities_task(const ToyTaskOptions& options) {
  const auto make = [](Rng& rng, Part part, int64_t) {
    const Names& names = names_of(part);
    const bool is_test = part == Part::test;
    const Topic& topic = topics()[rng.below(topics().size())];
    const Word one = name(names.people, names.both, rng);
    Word other = one;
    while (other == one) other = name(names.people, names.both, rng);
    const Word thing = is_test ? topic.things[3] : topic.things[rng.below(3)];
    // In the order of the kinds below.
    const std::vector<Filling> fillings = {
        {"p", {one}},
        {"q", {other}},
        {"t", {name(names.towns, names.both, rng)}},
        {"o", {name(names.towns, names.both, rng), topic.places[is_test ? 1 : 0]}},
        {"i", {pick(colours(), rng), thing}},
        {"animal", {pick(looks(), rng), pick(topic.animals, rng)}},
        {"food", {pick(tastes(), rng), pick(topic.foods, rng)}},
        {"place", {pick(topic.places, rng)}}};
    constexpr Word kinds[] = {"PER", "PER", "LOC", "ORG", "ITEM", "", "", ""};
    const Filled sentence = fill(is_test ? pick(test_forms, rng) : pick(train_forms, rng), fillings);
    ToyTagged tagged;
    for (size_t i = 0; i < sentence.words.size(); ++i) {
      const int from = sentence.filling[i];
      const Word kind = from < 0 ? Word() : kinds[from];
      const bool goes_on = i > 0 && sentence.filling[i - 1] == from;
      const bool big = i == 0 || is_name(sentence.words[i]) || kind == "ORG";
      tagged.words.push_back(big ? capitalised(sentence.words[i]) : std::string(sentence.words[i]));
      tagged.tags.push_back(kind.empty() ? "O" : (goes_on ? "I-" : "B-") + std::string(kind));
    }
    return tagged;
  };
  return make_splits<ToyTagged>("entities", 3, options, make, [](const ToyTagged& e) {
    std::string text;
    for (const std::string& word : e.words) text += word + ' ';
    return text;
  });
}

}  // namespace gradus::bert
