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

constexpr Form forms[] = {
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

// An adjective is denied in a quarter, so that words alone know the easy half.
constexpr Word kinds[] = {"plain", "negated", "plain", "negated", "contrast", "plain", "plain", "emphasis"};

/// Of the test, a quarter has adjectives that neither training nor validation has, plain or in contrast.
constexpr Word test_kinds[] = {"plain",    "negated", "unseen", "negated",
                               "contrast", "plain",   "unseen", "emphasis"};

/// The adjectives that only `unseen` has: the first feeling and the third day of either mood. A story keeps
/// to the feelings and the day of one number, so that a model that has read stories knows the company of
/// each: a day of the training for the feeling, a feeling of the training for the day.
constexpr size_t unseen_feeling = 0, unseen_day = 2;

bool is_of(const Form& form, Word kind) {
  return form.kind == kind || (kind == "unseen" && (form.kind == "plain" || form.kind == "contrast"));
}

/// One of the mood's adjectives that other kinds have.
size_t pick_seen(size_t adjectives, size_t unseen, Rng& rng) {
  const size_t number = rng.below(adjectives - 1);
  return number < unseen ? number : number + 1;
}

}  // namespace

ToySplits<ToyText> toy_sentiment_task(const ToyTaskOptions& options) {
  const auto make = [](Rng& rng, Part part, int64_t i) {
    const bool positive = i % 2 == 0;
    const auto& of_part = part == Part::test ? test_kinds : kinds;
    const Word kind = of_part[static_cast<size_t>(i / 2) % std::size(of_part)];
    for (;;) {
      const size_t number = rng.below(std::size(forms));
      const Form& form = forms[number];
      if (!is_of(form, kind)) continue;
      const bool cheerful = positive != form.negates;
      const auto said = form.of_a_day ? days(cheerful) : feelings(cheerful);
      const auto meant = form.of_a_day ? days(positive) : feelings(positive);
      const size_t unseen = form.of_a_day ? unseen_day : unseen_feeling;
      size_t adjective = unseen, opposite = unseen;
      if (kind != "unseen") {
        adjective = pick_seen(said.size(), unseen, rng);
        opposite = pick_seen(meant.size(), unseen, rng);
        // Of the three adjectives of either mood, each form keeps one for the test.
        if (((number + adjective) % said.size() == 0) != (part == Part::test)) continue;
      }
      const auto [one, other] = pick_two(people(), rng);
      const Topic& topic = topics()[rng.below(topics().size())];
      const std::vector<Filling> fillings = {{"p", {one}},
                                             {"q", {other}},
                                             {"place", {pick(topic.places, rng)}},
                                             {"thing", {pick(colours(), rng), pick(topic.things, rng)}},
                                             {"a", {said[adjective]}},
                                             {"b", {meant[opposite]}}};
      std::vector<Word> words = fill(pick(beginnings, rng), fillings).words;
      append(words, fill(form.pattern, fillings).words);
      return ToyText{to_text(words), positive ? "positive" : "negative", std::string(kind)};
    }
  };
  return make_splits<ToyText>("sentiment", 2, options, make, [](const ToyText& e) { return e.text; });
}

}  // namespace gradus::bert
