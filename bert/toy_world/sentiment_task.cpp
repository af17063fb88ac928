#include "bert/toy_world/task_kit.hpp"

namespace gradus::bert {
namespace {

using namespace toy;

/// A way to say a mood. `a` is an adjective that says it as it is, or its opposite where `negates`; `b` is
/// one of the mood where `a` is denied for it.
struct Form {
  Word pattern;
  Word kind;
  bool negates;
  bool of_a_day;  // adjectives of days, not of people
};

constexpr Form sentiment_forms[] = {
    {"{p} felt {a} .", "plain", false, false},
    {"{p} was {a} in the {place} .", "plain", false, false},
    {"it was a {a} day for {p} and {q} .", "plain", false, true},
    {"{p} felt not at all {a} .", "negated", true, false},
    {"{p} was not {a} in the {place} .", "negated", true, false},
    {"in the {place} , {p} was not at all {a} .", "negated", true, false},
    {"{p} was never {a} with {q} .", "negated", true, false},
    {"the day was not at all {a} for {p} .", "negated", true, true},
    {"it was not a {a} day for {p} and {q} .", "negated", true, true},
    {"{p} was not {a} but {b} .", "contrast", true, false},
    {"{p} was {b} and not {a} .", "contrast", true, false},
    {"it was not a {a} but a {b} day for {p} .", "contrast", true, true},
    {"it was a {b} and not a {a} day for {p} .", "contrast", true, true},
    {"never was {p} so {a} .", "emphasis", false, false},
    {"never was a day so {a} for {p} .", "emphasis", false, true},
};

/// What stands before it, and says nothing of the mood.
constexpr Word beginnings[] = {"",
                               "",
                               "{p} went to the {place} .",
                               "{q} was in the {place} .",
                               "{p} took the {thing} from {q} .",
                               "{q} did not have the {thing} ."};

/// Of the three that the stories have for each mood. With all three in the training, a network that has read
/// no stories learns the set as well as one that has.
constexpr size_t adjectives = 2;

// An adjective is denied in a quarter, so that words alone know the easy half.
constexpr Word sentiment_kinds[] = {"plain",    "negated", "plain", "negated",
                                    "contrast", "plain",   "plain", "emphasis"};

}  // namespace

ToySplits<ToyText> toy_sentiment_task(const ToyTaskOptions& options) {
  const auto make = [](Rng& rng, Part part, int64_t i) {
    const bool positive = i % 2 == 0;
    const Word kind = sentiment_kinds[static_cast<size_t>(i / 2) % std::size(sentiment_kinds)];
    for (;;) {
      const size_t number = rng.below(std::size(sentiment_forms));
      const Form& form = sentiment_forms[number];
      if (form.kind != kind) continue;
      const bool cheerful = positive != form.negates;
      const auto said = form.of_a_day ? days(cheerful) : feelings(cheerful);
      const auto meant = form.of_a_day ? days(positive) : feelings(positive);
      const size_t adjective = rng.below(adjectives);
      // Two forms of three keep one of the adjectives for the test, and the third shows both in the training.
      if (((number + adjective) % 3 == 0) != (part == Part::test)) continue;
      const auto [one, other] = pick_two(people(), rng);
      const Topic& topic = topics()[rng.below(topics().size())];
      const std::vector<Filling> fillings = {{"p", {one}},
                                             {"q", {other}},
                                             {"place", {pick(topic.places, rng)}},
                                             {"thing", {pick(colours(), rng), pick(topic.things, rng)}},
                                             {"a", {said[adjective]}},
                                             {"b", {meant[rng.below(adjectives)]}}};
      std::vector<Word> words = fill(pick(beginnings, rng), fillings).words;
      append(words, fill(form.pattern, fillings).words);
      return ToyText{to_text(words), positive ? "positive" : "negative", std::string(kind)};
    }
  };
  return make_splits<ToyText>("sentiment", 2, options, make, [](const ToyText& e) { return e.text; });
}

}  // namespace gradus::bert
