// The exercises of chapter 17, solved.
#include "exercise.hpp"

#include "autograd/ops.hpp"

namespace gradus::tutorials::looking_inside {

namespace {

/// The share of sentences that a head finds.
double found(const Observed& seen, int64_t head) {
  double finds = 0;
  for (size_t n = 0; n < seen.from.size(); ++n) {
    const auto weight = [&](int64_t k) {
      return seen.maps.at({static_cast<int64_t>(n), head, seen.from[n], k});
    };
    const double more = weight(seen.right[n]) - weight(seen.wrong[n]);
    finds += more > 0 ? 1 : more == 0 ? 0.5 : 0;
  }
  return finds / static_cast<double>(seen.from.size());
}

}  // namespace

// The test has no say in the choice, and the validation none in the score.
ChosenHead choose_head(const Observed& validation, const Observed& test) {
  int64_t best = 0;
  for (int64_t head = 1; head < validation.maps.size(1); ++head)
    if (found(validation, head) > found(validation, best)) best = head;
  return {best, found(test, best)};
}

// 0 is what a head adds that is not there; the bias is not the head's.
Tensor without_head(const Tensor& each, int64_t head, const Tensor& wo, const Tensor& bo) {
  Tensor left = each.clone();
  left.select(1, head).fill_(0);
  const Tensor side_by_side =
      left.transpose(1, 2).reshape({left.size(0), left.size(2), left.size(1) * left.size(3)});
  return linear(side_by_side, wo, bo);
}

// Half of the sentences have the one chance, half the other.
Luck left_by_luck(int64_t animals, int64_t foods) {
  const auto a = static_cast<double>(animals), f = static_cast<double>(foods);
  return {(1 / a + 1 / f) / 2, 0.5, 1 / (a + f)};
}

// The weight is a number, so it can be multiplied by the length in the end.
Tensor what_arrives(const Tensor& maps, const Tensor& values, const Tensor& wo) {
  const int64_t width = values.size(2);
  std::vector<Tensor> heads;
  for (int64_t head = 0; head < maps.size(0); ++head) {
    const Tensor own = wo.slice(1, head * width, (head + 1) * width);            // [H, D]
    const Tensor carried = matmul(values.select(0, head), own.transpose(0, 1));  // [S, H]
    const Tensor lengths = sqrt(sum(carried * carried, Axes{1}));                // [S], of the keys
    heads.push_back(maps.select(0, head) * lengths.unsqueeze(0));
  }
  return stack(heads, 0);
}

}  // namespace gradus::tutorials::looking_inside
