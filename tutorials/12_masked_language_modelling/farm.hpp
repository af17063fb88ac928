/// @file
/// Chapter 12's language: "the dog in the barn says woof", or "in the barn the dog says woof". Who says what
/// is fixed; who is where is drawn for each sentence.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "autograd/error.hpp"
#include "autograd/random.hpp"

namespace gradus::tutorials::masked {

/// A row of ids: [CLS], words, [SEP].
using Row = std::vector<int64_t>;

/// All tokens; a token's id is its place here. The first five are the signs.
inline const std::vector<std::string> tokens = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the",   "in",
                                                "says",  "dog",   "cat",   "cow",   "duck",   "sheep", "frog",
                                                "woof",  "meow",  "moo",   "quack", "baa",    "croak", "barn",
                                                "yard",  "field", "pond",  "lane",  "shed"};
inline constexpr int64_t pad_id = 0, cls_id = 2, sep_id = 3, mask_id = 4, signs = 5;

inline constexpr int64_t word_count = 21;  ///< tokens that are no signs

inline int64_t vocabulary_size() { return static_cast<int64_t>(tokens.size()); }
inline const std::string& token(int64_t id) { return tokens[static_cast<size_t>(id)]; }
inline int64_t id_of(const std::string& word) {
  const auto found = std::find(tokens.begin(), tokens.end(), word);
  if (found == tokens.end()) fail<ValueError>("'{}' is no word of the farm", word);
  return found - tokens.begin();
}

/// What a word can be guessed from: nothing but its place among the others, the sound, the animal, or
/// nothing.
enum class Kind { small, animal, sound, place };
inline const std::vector<std::pair<std::string, Kind>> kinds = {
    {"the, in, says", Kind::small}, {"animal", Kind::animal}, {"sound", Kind::sound}, {"where", Kind::place}};
inline Kind kind_of(int64_t id) {
  if (id < id_of("dog")) return Kind::small;
  if (id < id_of("woof")) return Kind::animal;
  return id < id_of("barn") ? Kind::sound : Kind::place;
}

inline Row row_of(const std::vector<std::string>& words) {
  Row row = {cls_id};
  for (const std::string& word : words) row.push_back(id_of(word));
  row.push_back(sep_id);
  return row;
}

/// A sentence in ids, with [CLS] and [SEP]: nine of them.
inline Row sentence(Rng& rng) {
  const uint64_t who = rng.below(6), where = rng.below(6);
  const std::string animal = tokens[8 + who], sound = tokens[14 + who], place = tokens[20 + where];
  if (rng.below(2) == 0) return row_of({"the", animal, "in", "the", place, "says", sound});
  return row_of({"in", "the", place, "the", animal, "says", sound});
}

inline std::vector<Row> sentences(int64_t count, uint64_t seed) {
  Rng rng(seed);
  std::vector<Row> all;
  for (int64_t i = 0; i < count; ++i) all.push_back(sentence(rng));
  return all;
}

inline std::string text_of(const Row& row) {
  std::string text;
  for (const int64_t id : row) text += (text.empty() ? "" : " ") + token(id);
  return text;
}

}  // namespace gradus::tutorials::masked
