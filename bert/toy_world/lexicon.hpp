/// @file
/// The words of the toy world.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace gradus::bert::toy {

using Word = std::string_view;

/// Where a story takes place, and what belongs there.
struct Topic {
  Word name;
  std::array<Word, 2> places;
  std::array<Word, 2> animals;
  std::array<Word, 4> things;
  std::array<Word, 3> foods;
};

/// A state that calls for an action: "hungry" for eating.
struct Need {
  Word adjective;
  Word past, participle;  ///< "ate", "eaten"
  enum Object { food, place, thing } object;
  Word preposition;  ///< before a place or thing: "slept in the barn", "played with the rope"
  bool people_only;
};

/// Ways to say the same; a story keeps to one.
struct Synonyms {
  std::array<Word, 2> past, participle;
};

inline constexpr Synonyms go{{"went", "walked"}, {"went", "walked"}};
inline constexpr Synonyms take{{"took", "grabbed"}, {"taken", "grabbed"}};
inline constexpr Synonyms give{{"gave", "handed"}, {"given", "handed"}};
inline constexpr Synonyms leave{{"left", "put"}, {"left", "put"}};
inline constexpr Synonyms meet{{"met", "saw"}, {"met", "seen"}};
inline constexpr Synonyms carry{{"carried", "brought"}, {"carried", "brought"}};
inline constexpr Synonyms like{{"liked", "loved"}, {"liked", "loved"}};

std::span<const Topic> topics();
std::span<const Need> all_needs();
std::span<const Word> women();
std::span<const Word> men();
std::span<const Word> towns();
std::span<const Word> colours();  ///< of things
std::span<const Word> looks();    ///< of animals
std::span<const Word> tastes();   ///< of foods
std::span<const Word> feelings(bool cheerful);
std::span<const Word> days(bool cheerful);
std::span<const Word> connectives();  ///< "then", "later", ...
std::span<const Word> grammar();      ///< all other words

}  // namespace gradus::bert::toy
