/// @file
/// Chapter 17's language: anything may eat anything, and "hungry" or "fresh" says which of the two is meant.
#pragma once

#include <string>
#include <vector>

#include "autograd/random.hpp"

namespace gradus::tutorials::looking_inside {

/// Ids of tokens.
using Ids = std::vector<int64_t>;

/// All tokens; a token's id is its place here. The first five are the signs. Every noun goes with "a", so
/// none begins with a vowel.
inline const std::vector<std::string> tokens = {
    "[PAD]",   "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a",      "the",    "ate",  "was",   "eaten", "by",
    "because", "it",    "once",  "then",  "now",    "hungry", "greedy", "thin", "fresh", "sweet", "ripe",
    "dog",     "food",  "cat",   "bread", "hen",    "corn",   "fox",    "cake", "frog",  "plum",  "goat",
    "rice",    "cow",   "ham",   "pig",   "jam",    "bear",   "nut",    "wolf", "pear",  "rat",   "bean",
    "duck",    "lemon", "deer",  "soup",  "mouse",  "leaf",   "horse",  "fig",  "crow",  "melon", "mole",
    "leek",    "sheep", "berry", "goose", "cheese", "rabbit", "carrot"};
inline constexpr int64_t pad_id = 0, cls_id = 2, sep_id = 3, mask_id = 4, signs = 5;
inline constexpr int64_t a_id = 5, the_id = 6, ate_id = 7, was_id = 8, eaten_id = 9, by_id = 10,
                         because_id = 11, it_id = 12, first_opening = 13, first_adjective = 16,
                         first_noun = 22;
inline constexpr int64_t openings = 3, adjectives = 3, nouns = 40;

/// What "it" may be: who eats, or what is eaten. Three adjectives say each.
enum Role : int64_t { eater, eaten };

inline int64_t vocabulary_size() { return static_cast<int64_t>(tokens.size()); }
inline int64_t noun_id(int64_t number) { return first_noun + number; }
/// Animals and foods take turns in the table. Nothing in the language tells them apart.
inline bool is_animal(int64_t id) { return (id - first_noun) % 2 == 0; }
inline int64_t adjective_of(Role role, int64_t number) {
  return first_adjective + role * adjectives + number;
}

inline std::string text_of(const Ids& row) {
  std::string text;
  for (const int64_t id : row) text += (text.empty() ? "" : " ") + tokens[static_cast<size_t>(id)];
  return text;
}

/// Who ate what (numbers of two nouns), which of the two forms says it, and what is said before.
struct Meal {
  int64_t who, what;
  bool turned;       ///< "the food was eaten by a dog" in place of "a dog ate the food"
  Ids opening = {};  ///< such as "then once"
};

inline Ids words_of(const Meal& meal) {
  const int64_t who = noun_id(meal.who), what = noun_id(meal.what);
  Ids words = meal.opening;
  const Ids rest = meal.turned ? Ids{the_id, what, was_id, eaten_id, by_id, a_id, who}
                               : Ids{a_id, who, ate_id, the_id, what};
  words.insert(words.end(), rest.begin(), rest.end());
  return words;
}

/// [CLS] ... [SEP]
inline Ids row_of(const Ids& words) {
  Ids row = {cls_id};
  row.insert(row.end(), words.begin(), words.end());
  row.push_back(sep_id);
  return row;
}

/// A sentence with "it": its row, what "it" means, and the places of the words that matter.
struct Case {
  Ids row;
  Role meant;
  int64_t it, adjective;
  int64_t nouns[2];  ///< the places of who eats and of what is eaten

  int64_t right() const { return nouns[meant]; }
  int64_t wrong() const { return nouns[1 - meant]; }
  int64_t id_at(int64_t place) const { return row[static_cast<size_t>(place)]; }
  int64_t answer() const { return id_at(right()); }  ///< the noun itself
};

/// "a dog ate the food because it was hungry", with an adjective of the role that is meant.
inline Case case_of(const Meal& meal, Role meant, int64_t adjective) {
  Ids words = words_of(meal);
  const auto before = std::ssize(meal.opening) + 1, end = std::ssize(words);
  words.insert(words.end(), {because_id, it_id, was_id, adjective_of(meant, adjective)});
  Case one{row_of(words), meant, end + 2, end + 4, {before + 1, before + 4}};
  if (meal.turned) one.nouns[eater] = before + 6, one.nouns[eaten] = before + 1;
  return one;
}

/// Which part a noun is for: six for the test, "dog" and "food" among them, six for the validation, and the
/// others for the training.
enum class Part { test, validation, training };
inline constexpr int64_t kept_nouns = 6;
inline Part part_of(int64_t noun) {
  return noun < kept_nouns ? Part::test : noun < 2 * kept_nouns ? Part::validation : Part::training;
}

/// All sentences with "it" whose two nouns are of this part, without an opening. One with "hungry" is
/// followed by the same with "fresh".
inline std::vector<Case> cases_of(Part part) {
  std::vector<Case> all;
  for (int64_t who = 0; who < nouns; ++who)
    for (int64_t what = 0; what < nouns; ++what)
      for (const bool turned : {false, true})
        for (int64_t adjective = 0; adjective < adjectives; ++adjective)
          for (const Role meant : {eater, eaten})
            if (who != what && part_of(who) == part && part_of(what) == part)
              all.push_back(case_of({who, what, turned}, meant, adjective));
  return all;
}

}  // namespace gradus::tutorials::looking_inside
