/// @file
/// The longest piece of a vocabulary that a word begins with, in one walk along the word.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "bert/tokenizer/vocab.hpp"

namespace gradus::bert {

/// Two prefix trees over code points: one of the pieces that begin a word, and one of those that continue it
/// (without their `##`). An edge lies in a flat hash table under (node, character), so a step costs one
/// look-up whatever the size of the alphabet.
class PieceTrie {
 public:
  PieceTrie() = default;
  explicit PieceTrie(const Vocab& vocab);

  struct Match {
    TokenId id = -1;
    size_t length = 0;  ///< In characters; 0 when no piece matches.
  };

  /// The longest piece at the front of `text`, among those that begin (or continue) a word.
  Match longest(std::u32string_view text, bool continues) const;

 private:
  struct Edge {
    uint64_t key = free_slot;
    uint32_t child = 0;
  };
  static constexpr uint64_t free_slot = ~uint64_t{0};

  size_t slot(uint64_t key) const;
  void insert(uint32_t root, std::u32string_view piece, TokenId id);
  void grow();

  std::vector<Edge> edges_;  // a power of two of them, at most half in use
  size_t used_ = 0;
  int shift_ = 0;
  std::vector<TokenId> id_at_;  // by node: the piece that ends there, or -1
};

}  // namespace gradus::bert
