#include "bert/tokenizer/piece_trie.hpp"

#include <bit>
#include <utility>

#include "bert/text/unicode.hpp"

namespace gradus::bert {
namespace {

constexpr uint32_t begin_root = 0;
constexpr uint32_t continue_root = 1;

uint64_t edge_key(uint32_t node, char32_t c) { return uint64_t{node} << 21 | c; }

}  // namespace

PieceTrie::PieceTrie(const Vocab& vocab) : id_at_(2, -1) {
  edges_.resize(64);
  shift_ = 64 - std::countr_zero(edges_.size());
  for (TokenId id = 0; id < vocab.size(); ++id) {
    const std::u32string piece = decode_utf8(vocab.piece(id));
    insert(begin_root, piece, id);
    if (vocab.piece(id).starts_with(continuation_prefix)) {
      insert(continue_root, std::u32string_view(piece).substr(continuation_prefix.size()), id);
    }
  }
}

PieceTrie::Match PieceTrie::longest(std::u32string_view text, bool continues) const {
  Match best;
  if (edges_.empty()) return best;
  uint32_t node = continues ? continue_root : begin_root;
  for (size_t i = 0; i < text.size(); ++i) {
    const Edge& edge = edges_[slot(edge_key(node, text[i]))];
    if (edge.key == free_slot) break;
    node = edge.child;
    if (id_at_[node] >= 0) best = {id_at_[node], i + 1};
  }
  return best;
}

/// Where the key is, or the free place where it would go: linear probing from a multiplicative hash.
size_t PieceTrie::slot(uint64_t key) const {
  const size_t mask = edges_.size() - 1;
  size_t at = (key * 0x9E3779B97F4A7C15u) >> shift_;
  while (edges_[at].key != key && edges_[at].key != free_slot) at = (at + 1) & mask;
  return at;
}

void PieceTrie::insert(uint32_t root, std::u32string_view piece, TokenId id) {
  if (piece.empty()) return;  // "##" alone continues nothing
  uint32_t node = root;
  for (const char32_t c : piece) {
    if (2 * (used_ + 1) > edges_.size()) grow();
    Edge& edge = edges_[slot(edge_key(node, c))];
    if (edge.key == free_slot) {
      edge = {edge_key(node, c), static_cast<uint32_t>(id_at_.size())};
      id_at_.push_back(-1);
      ++used_;
    }
    node = edge.child;
  }
  id_at_[node] = id;
}

void PieceTrie::grow() {
  const std::vector<Edge> old = std::exchange(edges_, std::vector<Edge>(edges_.size() * 2));
  --shift_;
  for (const Edge& edge : old) {
    if (edge.key != free_slot) edges_[slot(edge.key)] = edge;
  }
}

}  // namespace gradus::bert
