#include <algorithm>
#include <cctype>

#include "bert/toy_world/lexicon.hpp"
#include "bert/toy_world/narrator.hpp"
#include "bert/toy_world/simulation.hpp"
#include "bert/toy_world/task_kit.hpp"
#include "bert/toy_world/toy_world.hpp"

namespace gradus::bert {
namespace {

using namespace toy;

/// A combination of two words that only held-out stories (or only the others) may have: one in six of all.
bool belongs(size_t a, size_t b, bool held_out) { return ((a + b) % 6 == 0) == held_out; }

ToyEntity some_person(size_t i) {
  const bool female = i < women().size();
  return {EntityKind::person, female ? women()[i] : men()[i - women().size()], {}, female};
}

ToyEntity some_thing(const Topic& topic, size_t i, bool held_out, Rng& rng) {
  for (;;) {
    const auto colour = rng.below(colours().size());
    if (belongs(i, colour, held_out)) return {EntityKind::thing, topic.things[i], colours()[colour]};
  }
}

std::vector<ToyEntity> draw_cast(const Topic& topic, bool held_out, Rng& rng) {
  std::vector<ToyEntity> cast(cast_size);
  const auto people = women().size() + men().size();
  size_t first, second;
  do {
    first = rng.below(people);
    second = rng.below(people);
  } while (first == second || !belongs(first, second, held_out));
  cast[first_person] = some_person(first);
  cast[second_person] = some_person(second);
  cast[animal] = {EntityKind::animal, topic.animals[rng.below(2)], looks()[rng.below(looks().size())]};
  const auto one = rng.below(4);
  cast[first_thing] = some_thing(topic, one, held_out, rng);
  cast[second_thing] = some_thing(topic, (one + 1 + rng.below(3)) % 4, held_out, rng);
  cast[food] = {EntityKind::food, topic.foods[rng.below(3)], tastes()[rng.below(tastes().size())]};
  cast[first_place] = {EntityKind::place, topic.places[0], {}};
  cast[second_place] = {EntityKind::place, topic.places[1], {}};
  do cast[town] = {EntityKind::town, towns()[rng.below(towns().size())], {}};
  while (cast[town].noun == cast[first_person].noun || cast[town].noun == cast[second_person].noun);
  return cast;
}

}  // namespace

std::string ToySentence::text() const {
  std::string out;
  for (const auto word : words) {
    const bool glued = word == "." || word == ",";
    if (!out.empty() && !glued) out += ' ';
    const auto at = out.size();
    out += word;
    if (at == 0 || is_name(word))
      out[at] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[at])));
  }
  return out;
}

int toy_topics() { return static_cast<int>(topics().size()); }
std::string_view toy_topic_name(int topic) { return topics()[static_cast<size_t>(topic)].name; }

ToyStory toy_story(const ToyWorldOptions& options, int64_t index) {
  // Other streams for held-out stories, so that one seed serves both.
  const Rng world = Rng(options.seed).split(options.held_out ? 1 : 0);
  Rng block = world.split(2 * static_cast<uint64_t>(index / std::max<int64_t>(options.stories_per_topic, 1)));
  Rng rng = world.split(2 * static_cast<uint64_t>(index) + 1);

  ToyStory story;
  story.topic = static_cast<int>(block.below(topics().size()));
  story.cheerful = rng.chance(0.5);
  story.entities = draw_cast(topics()[static_cast<size_t>(story.topic)], options.held_out, rng);
  Simulation simulation(story.cheerful, rng);
  Narrator narrator(story.entities, rng);
  const int64_t sentences = rng.between(5, 9);
  for (int64_t i = 0; i < sentences; ++i) {
    const ToyFact fact = i == 0              ? simulation.open()
                         : i + 1 < sentences ? simulation.next()
                                             : simulation.close();
    const int place = fact.relation == ToyRelation::took ? simulation.place_of(fact.subject) : -1;
    story.sentences.push_back(narrator.tell(fact, place, simulation.need_of(fact)));
  }
  return story;
}

std::string toy_corpus(const ToyWorldOptions& options) {
  std::string out;
  for (int64_t i = 0; i < options.stories; ++i) {
    for (const auto& sentence : toy_story(options, i).sentences) out += sentence.text() + '\n';
    if (i + 1 < options.stories) out += '\n';
  }
  return out;
}

std::vector<std::string_view> toy_vocabulary() {
  std::vector<std::string_view> words;
  const auto add = [&words](const auto& more) { words.insert(words.end(), more.begin(), more.end()); };
  for (const auto& topic : topics()) {
    add(topic.places);
    add(topic.animals);
    add(topic.things);
    add(topic.foods);
  }
  for (const auto& need : all_needs())
    for (const auto word : {need.adjective, need.past, need.participle, need.preposition})
      if (!word.empty()) words.push_back(word);
  for (const auto* verb : {&go, &take, &give, &leave, &meet, &carry, &like}) {
    add(verb->past);
    add(verb->participle);
  }
  for (const bool cheerful : {true, false}) {
    add(feelings(cheerful));
    add(days(cheerful));
  }
  for (const auto group : {women(), men(), towns(), colours(), looks(), tastes(), connectives(), grammar()})
    add(group);
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

}  // namespace gradus::bert
