/// @file
/// The toy world: a small seeded world of people, animals, things, foods and places, told as stories.
///
/// A story is a simulation: who is where, who holds what, who needs what. Each sentence tells one fact of it,
/// in the active or the passive, with names or pronouns, plainly or by negation. So a masked word can be
/// inferred from what happened before, which counts of neighbouring words cannot do, and every sentence comes
/// with its fact and its mentions, from which labels can be derived.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::bert {

enum class EntityKind { person, animal, thing, food, place, town };

/// Someone or something in a story.
struct ToyEntity {
  EntityKind kind;
  std::string_view noun;       ///< "tom", "horse", "barn"
  std::string_view adjective;  ///< "red"; empty for people, places and towns
  bool female = false;         ///< of people
};

/// What a sentence says. The comment names subject, object and other.
enum class ToyRelation {
  from,      ///< a person comes from a town
  at,        ///< someone or something is in a place
  met,       ///< a person met a person, in a place
  moved,     ///< someone went to a place; other: what was carried along
  followed,  ///< an animal followed a person to a place
  took,      ///< a person took a thing, in a place
  gave,      ///< a person gave a thing to a person (other)
  left,      ///< a person left a thing in a place
  has,       ///< a person holds a thing
  likes,     ///< a person likes a thing or an animal
  needs,     ///< someone is hungry, tired, ... (see ToyFact::word)
  helped,    ///< someone did what ends the need; object: what it took (food, place, thing)
  feels,     ///< a person is glad, sad, ...
  day,       ///< the day was good or bad for two people
  home       ///< a person went home to a town
};

/// One fact; entities by their number in ToyStory::entities, -1 where there is none.
struct ToyFact {
  ToyRelation relation = ToyRelation::at;
  int subject = -1, object = -1, other = -1;
  bool negated = false;
  std::string_view word = {};  ///< the adjective of needs, helped, feels and day
  bool operator==(const ToyFact&) const = default;
};

/// Words [begin, end) of a sentence stand for an entity.
struct ToyMention {
  int entity = -1;
  int begin = 0, end = 0;
  bool pronoun = false;
};

struct ToySentence {
  std::vector<std::string_view> words;  ///< lower-case, the last one a full stop
  std::vector<ToyMention> mentions;
  ToyFact fact;
  bool passive = false;
  std::string text() const;  ///< "Tom took the red rope."
};

struct ToyStory {
  int topic = 0;         ///< 0 to toy_topics() - 1: farm, kitchen, harbour, ...
  bool cheerful = true;  ///< the mood of its feelings and of its day
  std::vector<ToyEntity> entities;
  std::vector<ToySentence> sentences;  ///< 5 to 9
};

struct ToyWorldOptions {
  int64_t stories = 20000;
  uint64_t seed = 1;
  /// Held-out stories put together people, and things and colours, that never meet in the other stories.
  bool held_out = false;
  /// This many stories in a row share a topic: a random sentence from a story nearby is about the same
  /// things.
  int64_t stories_per_topic = 16;
};

int toy_topics();
std::string_view toy_topic_name(int topic);

/// Story `index` of the world. It depends on the seed, the index and `held_out` only.
ToyStory toy_story(const ToyWorldOptions& options, int64_t index);

/// All stories as a corpus: a sentence a line, an empty line between stories.
std::string toy_corpus(const ToyWorldOptions& options = {});

/// Every word that a story may hold, sorted.
std::vector<std::string_view> toy_vocabulary();

}  // namespace gradus::bert
