#include "bert/toy_world/task_kit.hpp"

namespace gradus::bert {
namespace {

using namespace toy;

/// How a sentence about a noun may be built; `x` is the noun with its adjective.
struct Forms {
  std::vector<Word> train, test;
};

const Forms thing_forms = {
    {"{p} took the {x} .", "{p} did not have the {x} .", "the {x} was given to {p} by {q} .",
     "{p} still had the {x} .", "then {p} brought the {x} to {q} ."},
    {"{p} got the {x} from {q} .", "the {x} was grabbed by {p} .", "once {q} handed the {x} to {p} ."}};
const Forms food_forms = {
    {"{p} ate the {x} .", "the {x} was eaten by {p} .", "{p} did not like the {x} ."},
    {"the {x} was for {p} and {q} .", "later {p} loved the {x} .", "{p} was hungry and ate the {x} ."}};
const Forms animal_forms = {
    {"{p} saw the {x} .", "the {x} followed {p} .", "the {x} was tired ."},
    {"the {x} was liked by {p} .", "soon the {x} was hungry .", "{p} and {q} met the {x} ."}};
const Forms place_forms = {
    {"{p} went to the {x} .", "in the {x} , {p} met {q} .", "{p} was not in the {x} ."},
    {"{p} walked to the {x} with {q} .", "now {p} slept in the {x} .", "{p} and {q} hid in the {x} ."}};

struct Noun {
  Word noun;
  std::span<const Word> adjectives;
  const Forms* forms;
};

/// The nouns of a topic for a part: those of the training, or those that only this part has.
std::vector<Noun> nouns_of(const Topic& topic, Part part, bool seen) {
  const auto thing = [&](size_t i) { return Noun{topic.things[i], colours(), &thing_forms}; };
  const auto food = [&](size_t i) { return Noun{topic.foods[i], tastes(), &food_forms}; };
  const auto animal = [&](size_t i) { return Noun{topic.animals[i], looks(), &animal_forms}; };
  if (seen)
    return {thing(0),
            thing(1),
            food(0),
            animal(0),
            {topic.places[0], {}, &place_forms},
            {topic.places[1], {}, &place_forms}};
  if (part == Part::validation) return {thing(2), food(1)};
  return {thing(3), food(2), animal(1)};
}

std::vector<Word> sentence(const Noun& noun, Part part, Rng& rng) {
  std::vector<Word> phrase;
  if (!noun.adjectives.empty() && rng.chance(0.8)) phrase.push_back(pick(noun.adjectives, rng));
  phrase.push_back(noun.noun);
  const auto [one, other] = pick_two(people(), rng);
  const auto& forms = part == Part::test ? noun.forms->test : noun.forms->train;
  return fill(pick(forms, rng), {{"p", {one}}, {"q", {other}}, {"x", phrase}}).words;
}

}  // namespace

ToySplits<ToyText> toy_topic_task(const ToyTaskOptions& options) {
  const auto make = [number_of_topics = std::ssize(topics())](Rng& rng, Part part, int64_t i) {
    const bool seen = part == Part::train || (i + i / number_of_topics) % 2 == 0;
    const auto number = static_cast<size_t>(i % number_of_topics);
    const auto nouns = nouns_of(topics()[number], part, seen);
    const size_t first = rng.below(nouns.size());
    const size_t second = (first + 1 + rng.below(nouns.size() - 1)) % nouns.size();
    std::vector<Word> words = sentence(nouns[first], part, rng);
    append(words, sentence(nouns[second], part, rng));
    return ToyText{to_text(words), std::string(topics()[number].name), seen ? "seen" : "unseen"};
  };
  return make_splits<ToyText>("topic", 1, options, make, [](const ToyText& e) { return e.text; });
}

}  // namespace gradus::bert
