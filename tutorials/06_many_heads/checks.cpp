// Chapter 6: checks of the exercises.
#include "exercise.hpp"
#include "nn/multi_head.hpp"
#include "tutorials/support/check.hpp"

using namespace gradus;
using namespace gradus::tutorials;

namespace {

void parameters(Check& check) {
  Rng rng(1);
  for (const int64_t A : {1, 2, 8}) {
    check.equal(
        fmt::format("H = 8, {} head{}", A, A == 1 ? "" : "s"), parameters_of(8, A),
        nn::MultiHeadAttention(8, A, rng).num_parameters(),
        "each of the four projections has a matrix [H, H] and a bias [H], however it is cut into heads");
  }
  check.equal("BERT-base: H = 768, 12 heads", parameters_of(768, 12), int64_t{2362368}, "4 (H H + H)");
}

void order_of_heads(Check& check) {
  const ManyHeads all = random_heads(6, 3, 1);
  Rng rng(2);
  const Tensor x = randn({2, 4, 6}, rng, DType::f64);
  const std::vector<int64_t> order = {2, 0, 1};
  const ManyHeads mine = reordered(all, order);
  check.equal("the number of heads", mine.heads, all.heads, "it stays");
  const ManySteps before = all_at_once(x, all), after = all_at_once(x, mine);
  check.close("head a looks as head order[a] did", after.weights,
              index_select(before.weights, 1, tensor(order)),
              "head a owns the rows a D ... a D + D - 1 of W_q and W_k: they move together");
  check.close("the output is what it was", after.output, before.output,
              "W_v has a head's numbers in its rows, W_o in its columns");
}

void masks(Check& check) {
  const std::vector<int64_t> lengths = {3, 5, 1};
  const Tensor mask = padding_mask_of(lengths, 5);
  check.equal("its shape", mask.shape(), Shape{3, 5}, "a row for each sentence, a column for each word");
  check.equal("its dtype", std::string(name(mask.dtype())), std::string(name(DType::boolean)),
              "`less` compares two i64 tensors and gives a bool one; shapes [S] and [B, 1] broadcast");
  Rng rng(3);
  const nn::MultiHeadAttention layer(8, 2, rng, {.dropout = 0});
  const Tensor x = randn({3, 5, 8}, rng);
  const Tensor y = layer(x, {.allowed = mask});
  for (int64_t b = 0; b < 3; ++b) {
    const int64_t length = lengths[static_cast<size_t>(b)];
    check.close(fmt::format("sentence {}, of length {}, is as if it were alone", b, length),
                y.slice(0, b, b + 1).slice(1, 0, length), layer(x.slice(0, b, b + 1).slice(1, 0, length)),
                "true where s < lengths[b]");
  }
}

}  // namespace

int main() {
  Checks checks("06_many_heads");
  checks.exercise("1: parameters do not depend on the heads", parameters);
  checks.exercise("2: heads in another order", order_of_heads);
  checks.exercise("3: padding changes nothing", masks);
  return checks.finish();
}
