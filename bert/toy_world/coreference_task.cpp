#include "bert/toy_world/task_kit.hpp"

namespace gradus::bert {
namespace {

using namespace toy;

/// A sentence that ends in "it was ...": the first adjective says it of the first noun, the other of the
/// second.
struct Scene {
  Word pattern;  // with {x} and {y}, in this order
  std::vector<Word> x, y;
  Word of_x, of_y;  // adjectives
};

constexpr Word openings[] = {"", "once", "then", "later", "soon", "now"};
constexpr Word vessels[] = {"bucket", "basket", "pan", "cup", "pot", "kettle"};
constexpr Word contents[] = {"rope", "net",  "saddle", "anchor", "sail",   "axe",   "lamp",  "map", "bow",
                             "book", "bell", "globe",  "sword",  "shield", "crown", "scarf", "drum"};

/// Which part a noun is for, by its number: a quarter for each of test and validation.
Part part_of_noun(size_t number) {
  return number % 4 == 0 ? Part::test : number % 4 == 1 ? Part::validation : Part::train;
}

Word animal_of(size_t number) { return topics()[number / 2].animals[number % 2]; }
Word food_of(size_t number) { return topics()[number / 3].foods[number % 3]; }

Scene eating(Part part, bool turned, Rng& rng) {
  size_t eater, eaten;
  do eater = rng.below(2 * topics().size());
  while (part_of_noun(eater) != part);
  do eaten = rng.below(3 * topics().size());
  while (part_of_noun(eaten) != part);
  const std::vector<Word> who = {pick(looks(), rng), animal_of(eater)}, what = {food_of(eaten)};
  const Word taste = pick(tastes(), rng);
  if (turned) return {"the {x} was eaten by the {y} because it was {a} .", what, who, taste, "hungry"};
  return {"the {x} ate the {y} because it was {a} .", who, what, "hungry", taste};
}

Scene catching(Part part, bool turned, Rng& rng) {
  size_t hunter, hunted;
  do {
    hunter = rng.below(2 * topics().size());
    hunted = rng.below(2 * topics().size());
  } while (hunter == hunted || part_of(hunter, hunted) != part);
  const std::vector<Word> who = {pick(looks(), rng), animal_of(hunter)},
                          whom = {pick(looks(), rng), animal_of(hunted)};
  if (turned) return {"the {x} was caught by the {y} because it was {a} .", whom, who, "slow", "fast"};
  return {"the {x} caught the {y} because it was {a} .", who, whom, "fast", "slow"};
}

Scene fitting(Part part, bool turned, Rng& rng) {
  size_t thing, vessel;
  do {
    thing = rng.below(std::size(contents));
    vessel = rng.below(std::size(vessels));
  } while (part_of(thing, vessel) != part);
  const std::vector<Word> what = {pick(colours(), rng), contents[thing]},
                          in = {pick(colours(), rng), vessels[vessel]};
  if (turned) return {"the {x} did not hold the {y} because it was too {a} .", in, what, "small", "big"};
  return {"the {x} did not fit in the {y} because it was too {a} .", what, in, "big", "small"};
}

struct Pair {
  ToyCoreference one, other;
};

std::string candidate(const std::vector<Word>& noun) {
  std::string text = "the";
  for (const Word word : noun) text.append(" ").append(word);
  return text;
}

}  // namespace

ToySplits<ToyCoreference> toy_coreference_task(const ToyTaskOptions& options) {
  if (options.examples % 2 != 0)
    fail<ValueError>("coreference task: {} examples make no pairs; take an even number", options.examples);
  const auto make = [](Rng& rng, Part part, int64_t i) {
    constexpr Word types[] = {"food", "catch", "fit"};
    constexpr Scene (*scenes[])(Part, bool, Rng&) = {eating, catching, fitting};
    const auto type = static_cast<size_t>(i % 3);
    const Scene scene = scenes[type](part, i / 3 % 2 == 1, rng);
    std::vector<Word> opening = {pick(openings, rng)};
    if (opening.front().empty()) opening.clear();
    const auto row = [&](bool of_first) {
      const Word adjective = of_first ? scene.of_x : scene.of_y;
      std::vector<Word> words = opening;
      append(words, fill(scene.pattern, {{"x", scene.x}, {"y", scene.y}, {"a", {adjective}}}).words);
      return ToyCoreference{to_text(words),           candidate(scene.x),
                            candidate(scene.y),       of_first ? "first" : "second",
                            std::string(types[type]), i + 1,
                            std::string(adjective)};
    };
    const bool first = rng.chance(0.5);
    return Pair{row(first), row(!first)};
  };
  const auto pairs = make_splits<Pair>(
      "coreference", 6, options, make,
      [](const Pair& pair) { return pair.one.text.substr(0, pair.one.text.find(" because")); }, 2);
  ToySplits<ToyCoreference> set;
  const auto unpack = [](const std::vector<Pair>& from, std::vector<ToyCoreference>& to) {
    for (const Pair& pair : from) to.insert(to.end(), {pair.one, pair.other});
  };
  unpack(pairs.train, set.train);
  unpack(pairs.validation, set.validation);
  unpack(pairs.test, set.test);
  return set;
}

}  // namespace gradus::bert
