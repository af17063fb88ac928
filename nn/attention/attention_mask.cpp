#include "nn/attention/attention_mask.hpp"

namespace gradus::nn {

Tensor padding_mask(const std::vector<int64_t>& lengths, int64_t size) {
  for (const int64_t length : lengths) {
    if (length < 0 || length > size) {
      fail<IndexError>("padding_mask: a length of {} in rows of {}", length, size);
    }
  }
  return less(arange(size).unsqueeze(0), tensor(lengths).unsqueeze(1));  // [1, T] < [B, 1] -> [B, T]
}

Tensor over_scores(const AttentionMask& mask, int rank, std::string_view layer) {
  const Tensor& allowed = mask.allowed;
  // Numbers would be added to the scores: 0 and 1 would then hide nothing.
  if (allowed.defined() && allowed.dtype() != DType::boolean) {
    fail<DTypeError>("{}: the mask must be bool, not {}", layer, name(allowed.dtype()));
  }
  if (!allowed.defined() || allowed.rank() == rank) return allowed;
  if (rank == 4 && allowed.rank() == 3) return allowed.unsqueeze(1);  // [B, S, T] -> [B, 1, S, T]
  if (allowed.rank() == 2) {                                          // [B, T] -> [B, 1, T] or [B, 1, 1, T]
    return rank == 4 ? allowed.unsqueeze(1).unsqueeze(1) : allowed.unsqueeze(1);
  }
  fail<ShapeError>("{}: a mask must be {}, not {}", layer,
                   rank == 4 ? "[B, T], [B, S, T] or [B, A, S, T]" : "[B, T] or [B, S, T]", allowed.shape());
}

}  // namespace gradus::nn
