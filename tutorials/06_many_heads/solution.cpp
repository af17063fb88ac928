// Chapter 6, the exercises solved.
#include "exercise.hpp"

namespace gradus::tutorials {

int64_t parameters_of(int64_t H, int64_t /*A*/) {
  return 4 * (H * H + H);  // A heads of H / A numbers: A only says where the matrices are cut
}

ManyHeads reordered(const ManyHeads& all, const std::vector<int64_t>& order) {
  const int64_t D = all.query.size(0) / all.heads;
  std::vector<int64_t> places;  // of the H rows
  for (const int64_t a : order) {
    for (int64_t d = 0; d < D; ++d) places.push_back(a * D + d);
  }
  const Tensor index = tensor(places);
  // W_q, W_k and W_v make the numbers of a head in their rows; W_o reads them with its columns.
  return {all.heads, index_select(all.query, 0, index), index_select(all.key, 0, index),
          index_select(all.value, 0, index), index_select(all.output, 1, index)};
}

Tensor padding_mask_of(const std::vector<int64_t>& lengths, int64_t S) {
  const Tensor ends = tensor(lengths).unsqueeze(1);  // [B, 1]
  return less(arange(S), ends);                      // [S] and [B, 1] -> [B, S]
}

}  // namespace gradus::tutorials
