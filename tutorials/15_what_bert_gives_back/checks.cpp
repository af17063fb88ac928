// What the exercises of chapter 15 are held to.
#include <limits>

#include "autograd/autograd.hpp"
#include "exercise.hpp"
#include "tutorials/support/check.hpp"

namespace {

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::gives_back;

void pooled(Check& check) {
  const Tensor one = tensor<double>({0.5, 1, 7, 8, 9, 9}, Shape{1, 3, 2});  // [CLS] is (0.5, 1)
  const Tensor swapped = tensor<double>({0, 2, 0, 0}, Shape{2, 2}), none = zeros({2}, DType::f64);
  check.close(
      "[CLS] (0.5, 1), and a W whose first row is (0, 2)", pooled_vector(one, swapped, none),
      tanh(tensor<double>({2, 0}, Shape{1, 2})),
      "the first token's vector alone; number i of the result is row i of W times it, so it is x W^T and "
      "not x W; and tanh at the very end");
  check.close("the same with the bias (1, -1)", pooled_vector(one, swapped, tensor<double>({1, -1})),
              tanh(tensor<double>({3, -1}, Shape{1, 2})), "the bias is added before tanh");
  Rng rng(3);
  const Tensor x = randn({3, 5, 4}, rng, DType::f64), w = randn({4, 4}, rng, DType::f64),
               b = randn({4}, rng, DType::f64);
  const Tensor got = pooled_vector(x, w, b);
  check.equal("the shape for x [3, 5, 4]", got.shape(), Shape{3, 4}, "one vector for each of the 3 texts");
  check.close("random numbers", got, tanh(linear(x.select(1, 0), w, b)),
              "tanh(W x[CLS] + b) for each text by itself");
  Tensor changed = x.clone();
  changed.slice(1, 1, 5).copy_(randn({3, 4, 4}, rng, DType::f64));
  check.close("the other tokens' vectors changed", pooled_vector(changed, w, b), got,
              "only [CLS], the first token, has a say here: the others have been heard by the layers before");
}

void mean_of(Check& check) {
  const Tensor x = tensor<double>({1, 10, 3, 20, 50, 60, 5, 5, 7, 7, 9, 12}, Shape{2, 3, 2});
  const Tensor all = ones({2, 3}, DType::boolean);
  const Tensor some = less(tensor<int64_t>({0, 1, 2, 0, 2, 2}, Shape{2, 3}), 2.0);  // 2 real ones, and 1
  check.close("no padding", mean_without_padding(x, all), tensor<double>({18, 30, 7, 8}, Shape{2, 2}),
              "then it is the mean over the three places, for each text and each column by itself");
  check.close(
      "two real tokens, and one", mean_without_padding(x, some), tensor<double>({2, 15, 5, 5}, Shape{2, 2}),
      "padding is not added up, and not counted: divide by the 2 and the 1 real tokens, not by S = 3, and "
      "each text by its own number");
  Tensor loud = x.clone();
  loud.select(1, 2).copy_(full({2, 2}, 1e9, DType::f64));
  check.close("a large number where padding is", mean_without_padding(loud, some),
              tensor<double>({2, 15, 5, 5}, Shape{2, 2}), "what stands at padding has no part in the sum");
  Tensor nothing = x.clone();
  nothing.select(1, 2).copy_(full({2, 2}, std::numeric_limits<double>::quiet_NaN(), DType::f64));
  check.close("not a number where padding is", mean_without_padding(nothing, some),
              tensor<double>({2, 15, 5, 5}, Shape{2, 2}),
              "0 times NaN is NaN: put a 0 where padding is, in place of multiplying by 0");
  Rng rng(4);
  const Tensor leaf = randn({2, 3, 2}, rng, DType::f64).requires_grad();
  sum(mean_without_padding(leaf, some)).backward();
  check.close(
      "the gradient by the vectors", leaf.grad(),
      tensor<double>({0.5, 0.5, 0.5, 0.5, 0, 0, 1, 1, 0, 0, 0, 0}, Shape{2, 3, 2}),
      "a real token's share is 1 / (how many are real), that of padding is 0, and the tape must not be cut");
}

void states(Check& check) {
  const auto network = [](int64_t layers) {
    std::vector<Tensor> all;
    for (int64_t i = 0; i <= layers; ++i)
      all.push_back(full({1, 2, 1}, static_cast<double>(1 << i), DType::f64));
    return all;  // 1, 2, 4, 8, ...
  };
  const auto filled = [](double value) { return full({1, 2, 1}, value, DType::f64); };
  for (const int64_t layers : {int64_t{4}, int64_t{6}}) {
    const ChosenStates got = choose_states(network(layers));
    const double last = static_cast<double>(1 << layers);
    const std::string of = fmt::format("{} layers: ", layers);
    check.equal(of + "how many", got.layers, layers,
                "there is one state more than layers: the embeddings come first");
    check.close(of + "what enters the first", got.enters_first, filled(1),
                "no layer has touched the embeddings: they are state 0");
    check.close(of + "what leaves the first", got.leaves_first, filled(2),
                "layer 1 makes state 1 of state 0");
    check.close(of + "what leaves the last", got.leaves_last, filled(last),
                "the last of the states is the last layer's, number L, not L - 1");
    check.close(of + "the sum of the last four", got.last_four, filled(last + last / 2 + last / 4 + last / 8),
                "states L, L - 1, L - 2 and L - 3, each once, added and not averaged");
  }
}

}  // namespace

int main() {
  Checks checks("15_what_bert_gives_back");
  checks.exercise("1: the pooled vector", pooled);
  checks.exercise("2: a mean without padding", mean_of);
  checks.exercise("3: one state more than layers", states);
  return checks.finish();
}
