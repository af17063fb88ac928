/// @file
/// Chapter 11's checks that catch its bugs, and what has a gradient at all.
#pragma once

#include <set>

#include "autograd/ops.hpp"
#include "pieces.hpp"

namespace gradus::tutorials::wordpiece {

/// The words that pieces stand for: a piece with `##` goes on with the word before it.
inline std::vector<std::string> words_from(const std::vector<std::string>& pieces) {
  std::vector<std::string> words;
  for (const std::string& piece : pieces) {
    if (piece.starts_with("##") && !words.empty()) {
      words.back() += piece.substr(2);
    } else {
      words.push_back(piece);
    }
  }
  return words;
}

/// How many of the words of a text do not come back from their pieces as they were.
inline int64_t words_lost(std::string_view utf8, const PieceTable& table, const CutOptions& options = {}) {
  int64_t lost = 0;
  for (const Text& word : words_of(utf8)) {
    const std::vector<std::string> back = words_from(greedy_pieces(word, table, options));
    lost += back != std::vector<std::string>{utf8_of(word)};
  }
  return lost;
}

/// The ids of pieces, as a tensor [n].
inline Tensor ids_of(const std::vector<std::string>& pieces, const PieceTable& table) {
  std::vector<int64_t> ids;
  for (const std::string& piece : pieces) ids.push_back(table.id(piece));
  return tensor(ids);
}

/// One row of the table of vectors [V, H] for each id [n]: [n, H]. A one-hot row times the table, without the
/// product.
inline Tensor rows_of(const Tensor& vectors, const Tensor& ids) { return embedding(vectors, ids); }

/// The numbers of the rows of a gradient [V, H] that are not 0.
inline std::set<int64_t> rows_that_move(const Tensor& gradient) {
  std::set<int64_t> rows;
  const Tensor largest = max(abs(gradient), Axes{1});
  for (int64_t row = 0; row < gradient.size(0); ++row) {
    if (largest.at({row}) > 0) rows.insert(row);
  }
  return rows;
}

}  // namespace gradus::tutorials::wordpiece
