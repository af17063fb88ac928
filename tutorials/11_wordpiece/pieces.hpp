/// @file
/// Chapter 11, the second half: words to pieces with a table that is given, and how such a table is learnt.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "words.hpp"

namespace gradus::tutorials::wordpiece {

/// Pieces and their numbers: a piece's id is its place in the list.
class PieceTable {
 public:
  PieceTable() = default;
  PieceTable(std::initializer_list<std::string> pieces) {
    for (const std::string& piece : pieces) add(piece);
  }

  /// The id of `piece`, which is added at the end if it is new.
  int64_t add(const std::string& piece) {
    const auto [place, is_new] = ids_.emplace(piece, size());
    if (is_new) pieces_.push_back(piece);
    return place->second;
  }
  bool has(const std::string& piece) const { return ids_.contains(piece); }
  int64_t id(const std::string& piece) const { return ids_.at(piece); }
  int64_t size() const { return static_cast<int64_t>(pieces_.size()); }
  const std::vector<std::string>& pieces() const { return pieces_; }

 private:
  std::vector<std::string> pieces_;
  std::map<std::string, int64_t> ids_;
};

/// The five signs that every table of BERT begins with.
inline const std::vector<std::string> signs = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

/// Called for each piece that is looked up, with whether the table has it.
using Watch = std::function<void(const std::string& piece, bool found)>;

/// How a word is cut. `forget_marks` is a bug of the museum: the rest of a word is looked up as if a word
/// began there.
struct CutOptions {
  bool forget_marks = false;
  Watch watch = {};
};

/// A word as pieces, each the longest that fits; [UNK] alone if at some place none does.
inline std::vector<std::string> greedy_pieces(const Text& word, const PieceTable& table,
                                              const CutOptions& options = {}) {
  std::vector<std::string> pieces;
  for (size_t begin = 0, end = 0; begin < word.size(); begin = end) {
    std::string piece;
    for (end = word.size(); end > begin; --end) {
      const bool continues = begin > 0 && !options.forget_marks;
      piece = (continues ? "##" : "") + utf8_of(word.substr(begin, end - begin));
      if (options.watch) options.watch(piece, table.has(piece));
      if (table.has(piece)) break;
    }
    if (end == begin) return {"[UNK]"};
    pieces.push_back(piece);
  }
  return pieces;
}

/// A whole text as pieces.
inline std::vector<std::string> pieces_of(std::string_view utf8, const PieceTable& table,
                                          const Stages& stages = {}, const CutOptions& options = {}) {
  std::vector<std::string> all;
  for (const Text& word : words_of(utf8, stages)) {
    for (const std::string& piece : greedy_pieces(word, table, options)) all.push_back(piece);
  }
  return all;
}

/// How many of them are [UNK].
inline int64_t unknown_among(const std::vector<std::string>& pieces) {
  return std::count(pieces.begin(), pieces.end(), "[UNK]");
}

/// Each word of a text and how often it stands there, sorted.
using Counts = std::map<std::string, int64_t>;
inline Counts counted(std::string_view utf8) {
  Counts counts;
  for (const Text& word : words_of(utf8)) ++counts[utf8_of(word)];
  return counts;
}

/// A word as it is cut at the moment, and how often it stands in the text.
struct CutWord {
  std::vector<std::string> pieces;
  int64_t count = 0;
};

inline std::vector<std::string> characters_as_pieces(const std::string& word) {
  std::vector<std::string> pieces;
  for (const char32_t c : characters_of(word)) pieces.push_back((pieces.empty() ? "" : "##") + utf8_of({c}));
  return pieces;
}

/// Two neighbours as one piece: `un` and `##aff` are `unaff`, `##a` and `##ff` are `##aff`.
inline std::string joined(const std::string& left, const std::string& right) {
  return left + right.substr(2);  // what stands on the right continues a word
}

/// Joins `left` and `right` wherever they stand side by side in the word, from its front.
inline void merge_in(CutWord& word, const std::string& left, const std::string& right) {
  std::vector<std::string> out;
  for (size_t i = 0; i < word.pieces.size(); ++i) {
    const bool here = word.pieces[i] == left && i + 1 < word.pieces.size() && word.pieces[i + 1] == right;
    out.push_back(here ? joined(left, right) : word.pieces[i]);
    if (here) ++i;
  }
  word.pieces = out;
}

/// One step of learning.
struct MergeStep {
  std::string left, right, piece;
  int64_t count = 0;
};

struct Learnt {
  PieceTable table;
  std::vector<MergeStep> log;
  std::vector<CutWord> words;  ///< as they are cut at the end
};

/// The most frequent pair of neighbours; among equals, the one with the smaller ids. Its count is 0 when
/// there is no pair.
inline MergeStep most_frequent_pair(const std::vector<CutWord>& words, const PieceTable& table) {
  std::map<std::pair<int64_t, int64_t>, int64_t> counts;
  for (const CutWord& word : words) {
    for (size_t i = 1; i < word.pieces.size(); ++i) {
      counts[{table.id(word.pieces[i - 1]), table.id(word.pieces[i])}] += word.count;
    }
  }
  MergeStep best;
  for (const auto& [pair, count] : counts) {  // smaller ids come first
    if (count <= best.count) continue;
    best.left = table.pieces()[static_cast<size_t>(pair.first)];
    best.right = table.pieces()[static_cast<size_t>(pair.second)];
    best.count = count;
  }
  return best;
}

/// Learns a table of at most `size` pieces: the signs, the alphabet, then merges while a pair stands in the
/// text twice or more. The alphabet is kept whole, even where it is larger than `size`.
inline Learnt learn(const Counts& counts, int64_t size) {
  Learnt learnt;
  PieceTable& table = learnt.table;
  for (const std::string& sign : signs) table.add(sign);
  std::map<char32_t, bool> alphabet;
  for (const auto& [word, count] : counts) {
    for (const char32_t c : characters_of(word)) alphabet[c] = true;
  }
  for (const auto& [c, used] : alphabet) table.add(utf8_of({c}));
  for (const auto& [word, count] : counts) {
    learnt.words.push_back({characters_as_pieces(word), count});
    for (const std::string& piece : learnt.words.back().pieces) table.add(piece);
  }
  while (table.size() < size) {
    MergeStep step = most_frequent_pair(learnt.words, table);
    if (step.count < 2) break;
    step.piece = joined(step.left, step.right);
    table.add(step.piece);
    for (CutWord& word : learnt.words) merge_in(word, step.left, step.right);
    learnt.log.push_back(step);
  }
  return learnt;
}

}  // namespace gradus::tutorials::wordpiece
