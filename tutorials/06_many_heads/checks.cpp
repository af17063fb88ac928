// Chapter 6: checks of the exercises.
#include "exercise.hpp"
#include "nn/attention/multi_head.hpp"
#include "tutorials/support/check.hpp"
#include "tutorials/support/kit.hpp"

using namespace gradus;
using namespace gradus::tutorials;

namespace {

std::string about_count(int64_t got, int64_t H, int64_t A) {
  const int64_t matrix = H * H;
  if (got == 4 * matrix) return "each projection has a bias too";
  if (got == 3 * (matrix + H)) return "there is a fourth projection: W_o, after the heads";
  if (A > 1 && got == 4 * (matrix + H) * A) {
    return "a head does not have matrices of its own: it owns some rows of the four";
  }
  if (got == 4 * (H * (H / A) + H / A)) return "that is one head; the others have rows of the matrices too";
  return "count one projection of H numbers to H numbers, its bias with it; the heads only cut it";
}

void parameters(Check& check) {
  Rng rng(1);
  for (const auto& [H, A] : {std::pair<int64_t, int64_t>{8, 1}, {8, 2}, {8, 8}, {12, 4}}) {
    const int64_t mine = parameters_of(H, A);
    check.equal(fmt::format("H = {}, {} head{}", H, A, A == 1 ? "" : "s"), mine,
                nn::MultiHeadAttention(H, A, rng).num_parameters(), about_count(mine, H, A));
  }
  check.equal("BERT-base: H = 768, 12 heads", parameters_of(768, 12), int64_t{2362368},
              about_count(parameters_of(768, 12), 768, 12));
}

void order_of_heads(Check& check) {
  struct Case {
    int64_t H;
    std::vector<int64_t> order;
  };
  for (const Case& one : {Case{6, {2, 0, 1}}, Case{8, {1, 0}}}) {
    const int64_t H = one.H, A = static_cast<int64_t>(one.order.size());
    const std::string size = fmt::format("H = {}, {} heads: ", H, A);
    const ManyHeads all = random_heads(H, A, 1);
    Rng rng(2);
    const Tensor x = randn({2, 4, H}, rng, DType::f64);
    const ManyHeads mine = reordered(all, one.order);
    check.equal(size + "the number of heads", mine.heads, all.heads, "it stays");
    for (const Tensor* w : {&mine.query, &mine.key, &mine.value, &mine.output}) {
      const Shape shape = w->defined() ? w->shape() : Shape{};
      check.equal(size + "the shape of each matrix", shape, Shape{H, H},
                  "head a owns D = H / A rows, not one: all of them move together");
      if (shape != Shape{H, H}) return;
    }
    const ManySteps before = all_at_once(x, all), after = all_at_once(x, mine);
    std::vector<int64_t> back(one.order.size());
    for (size_t a = 0; a < back.size(); ++a)
      back[static_cast<size_t>(one.order[a])] = static_cast<int64_t>(a);
    const bool turned = largest_gap(after.weights, index_select(before.weights, 1, tensor(back))) < 1e-9;
    check.close(size + "head a looks as head order[a] did", after.weights,
                index_select(before.weights, 1, tensor(one.order)),
                turned && back != one.order
                    ? "that is the way back: head a of the result is head order[a] of the old ones"
                    : "head a owns the rows a D ... a D + D - 1 of W_q and W_k: they move together");
    check.close(
        size + "the output is what it was", after.output, before.output,
        "two matrices are left: W_v makes the numbers of a head, W_o reads them. Which of the two has "
        "a head in its rows, which in its columns?");
  }
}

/// What is wrong with a mask, if it is a known mistake.
std::string about_mask(const Tensor& mask, const Tensor& want) {
  const auto is = [&](const Tensor& other) {
    return largest_gap(mask.to(DType::f64), other.to(DType::f64)) == 0;
  };
  if (is(logical_not(want))) return "turned round: true is where a key may be SEEN, the padding is false";
  const Tensor one_more =
      concat({full({want.size(0), 1}, 1, DType::boolean), want.slice(1, 0, want.size(1) - 1)}, 1);
  if (is(one_more)) return "one place too far: the words of a sentence of 3 stand at 0, 1 and 2";
  return "each sentence has its own length, and the words stand in front";
}

void masks(Check& check) {
  const std::vector<int64_t> lengths = {3, 5, 1};
  const Tensor mask = padding_mask_of(lengths, 5);
  const Shape shape = mask.defined() ? mask.shape() : Shape{};
  check.equal("its shape", shape, Shape{3, 5}, "a row for each sentence, a column for each word");
  if (shape != Shape{3, 5}) return;
  check.equal("its dtype", std::string(name(mask.dtype())), std::string(name(DType::boolean)),
              "a comparison gives a bool tensor, and the layer takes no other mask");
  if (!check.passed()) return;
  const Tensor want =
      tensor<int64_t>({1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0}, Shape{3, 5}).to(DType::boolean);
  Rng rng(3);
  const nn::MultiHeadAttention layer(8, 2, rng, {.dropout = 0});
  const Tensor x = randn({3, 5, 8}, rng);
  const Tensor y = layer(x, {.allowed = mask});
  for (int64_t b = 0; b < 3; ++b) {
    const int64_t length = lengths[static_cast<size_t>(b)];
    check.close(fmt::format("sentence {}, of length {}, is as if it were alone", b, length),
                y.slice(0, b, b + 1).slice(1, 0, length), layer(x.slice(0, b, b + 1).slice(1, 0, length)),
                about_mask(mask, want));
  }
  check.close("two sentences of 6 words at most", padding_mask_of({2, 4}, 6).to(DType::f64),
              tensor<double>({1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0}, Shape{2, 6}),
              "S columns, however long the longest sentence is");
}

}  // namespace

int main() {
  Checks checks("06_many_heads");
  checks.exercise("1: parameters do not depend on the heads", parameters);
  checks.exercise("2: heads in another order", order_of_heads);
  checks.exercise("3: padding changes nothing", masks);
  return checks.finish();
}
