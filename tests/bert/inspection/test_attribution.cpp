// Gradient times input, integrated gradients and their completeness; heads that are taken away.
#include "bert/inspection/attribution.hpp"

#include <cmath>

#include "autograd/ops.hpp"
#include "bert/inspection/ablation.hpp"
#include "bert/model/heads.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"
#include "support/error_text.hpp"

using namespace gradus;
using namespace gradus::bert;
using test::error_text;
using test::largest_difference;

namespace {

Bert small_bert() {
  Rng rng(1);
  return {test::small_config(), rng};
}

const Tensor some_ids = tensor<int64_t>({2, 5, 9, 7, 3}, Shape{1, 5});
const Tensor some_types = zeros({1, 5}, DType::i64);

/// The first number of the pooled vector.
FromEmbeddings pooled_number(const Bert& model) {
  return [&model](const Tensor& x) {
    return model.pooler->of_first(encoded(model, x).select(1, 0)).select(1, 0);
  };
}

}  // namespace

TEST_CASE("quadrature: Gauss and Legendre's points are exact for polynomials of degree 2 n - 1") {
  for (const int64_t steps : {1, 2, 3, 7, 32}) {
    const QuadratureRule rule = gauss_legendre(steps);
    for (int64_t degree = 0; degree <= 2 * steps - 1; ++degree) {
      double sum = 0;
      for (size_t i = 0; i < rule.points.size(); ++i)
        sum += rule.weights[i] * std::pow(rule.points[i], static_cast<double>(degree));
      CHECK(sum == Approx(1 / static_cast<double>(degree + 1)).epsilon(1e-12));
    }
  }
  CHECK(error_text([] { gauss_legendre(0); }) == "0 steps of a quadrature; take 1 to 512");
}

TEST_CASE("attribution: of a linear output both ways give w x, of a square 2 x x and x x") {
  const Tensor x = tensor<double>({1, 2, -1, 3}, Shape{1, 2, 2}), zero = zeros({1, 2, 2}, DType::f64);
  const auto linear_output = [](const Tensor& v) { return sum(v * 3.0, Axes{1, 2}); };
  CHECK(gradient_times_input(linear_output, x).by_token == std::vector<double>{9, 6});
  CHECK(integrated_gradients(linear_output, x, zero, 1).by_token == std::vector<double>{9, 6});
  const auto square = [](const Tensor& v) { return sum(v * v, Axes{1, 2}); };
  CHECK(gradient_times_input(square, x).by_token == std::vector<double>{10, 20});
  const Attribution integrated = integrated_gradients(square, x, zero, 2);
  CHECK(integrated.by_token[0] == Approx(5));
  CHECK(integrated.by_token[1] == Approx(10));
  CHECK(integrated.gap() == Approx(0).margin(1e-12));
}

TEST_CASE("attribution: of a BERT the shares of integrated gradients add up, and more steps close the gap") {
  const Bert model = small_bert();
  const nn::EvalMode eval(model);
  const Tensor x = embeddings_of(model, some_ids, some_types).to(DType::f32);
  const Tensor baseline = embeddings_of(model, tensor<int64_t>({2, 4, 4, 4, 3}, Shape{1, 5}), some_types);
  const FromEmbeddings output = pooled_number(model);
  const Attribution few = integrated_gradients(output, x, baseline, 1);
  const Attribution many = integrated_gradients(output, x, baseline, 40);
  CHECK(many.output ==
        Approx(model(some_ids, some_types).pooled.to(DType::f64).to_vector<double>()[0]).epsilon(1e-5));
  CHECK(std::abs(many.output - many.baseline_output) > 1e-3);
  CHECK(std::abs(many.gap()) < 1e-4);
  CHECK(std::abs(few.gap()) > 5 * std::abs(many.gap()));
  // What stands in both, [CLS] and [SEP], has no share.
  CHECK(many.by_token[0] == 0);
  CHECK(many.by_token[4] == 0);
  CHECK(many.by_token[1] != 0);
}

TEST_CASE("attribution: shapes that do not fit are refused") {
  const Tensor x = zeros({1, 2, 3}), two = zeros({2, 2, 3});
  const auto output = [](const Tensor& v) { return sum(v, Axes{1, 2}); };
  CHECK(error_text([&] { gradient_times_input(output, two); }) ==
        "attribution: the embeddings of one text are wanted, [1, S, H], not [2, 2, 3]");
  CHECK(error_text([&] {
          integrated_gradients(output, x, zeros({1, 3, 3}), 4);
        }) == "integrated gradients: x [1, 2, 3] and its baseline [1, 3, 3] differ in shape");
  CHECK(
      error_text([&] { gradient_times_input([](const Tensor& v) { return v; }, x); }) ==
      "attribution: the output of embeddings [1, 2, 3] is [1, 2, 3], and must be a number for each version");
}

TEST_CASE("ablation: a head that is taken away adds nothing, and is back afterwards bit for bit") {
  const Bert model = small_bert();
  const nn::EvalMode eval(model);
  const NoGrad no_grad;
  const Tensor whole = model(some_ids, some_types).last_hidden;
  const Tensor x = embeddings_of(model, some_ids, some_types);
  const nn::MultiHeadAttention& attention = model.encoder.layers[0].attention;
  const Tensor heads = attention.attend(x, x);  // [1, S, H], the heads side by side
  {
    const HeadAblation without(model, {{0, 1}});
    const int64_t width = model.config.hidden_size / model.config.num_attention_heads;
    Tensor cut = heads.clone();
    cut.slice(2, width, 2 * width).copy_(zeros({1, 5, width}));
    CHECK(largest_difference(attention(x), linear(cut, attention.output.weight, attention.output.bias)) <
          1e-6);
    CHECK(largest_difference(model(some_ids, some_types).last_hidden, whole) > 1e-3);
    const HeadAblation more(model, {{0, 1}, {1, 2}});
  }
  CHECK(largest_difference(model(some_ids, some_types).last_hidden, whole) == 0);
  CHECK(all_heads(model).size() == 6);
  CHECK(all_heads(model)[4] == HeadName{1, 1});
  CHECK(error_text([&] {
          HeadAblation(model, {{2, 0}});
        }) == "there is no head 0 in layer 2: the model has 2 layers of 3 heads, counted from 0");
}
