// dropout.
#include <cmath>

#include "autograd/engine.hpp"
#include "support/catch.hpp"
#include "support/op_check.hpp"

using namespace gradus;
using namespace gradus::test;

TEST_CASE("dropout: zeros a share p and scales the rest by 1 / (1 - p)", "[ops]") {
  const Tensor x = ones({100, 100}, DType::f64);
  for (const double p : {0.1, 0.5, 0.9}) {
    double kept = 0;
    for (const double y : values(dropout(x, p, 3))) {
      CHECK((y == 0 || y == Approx(1 / (1 - p)).epsilon(1e-14)));
      kept += y != 0;
    }
    // Five standard deviations of a binomial count.
    CHECK(std::abs(kept - 1e4 * (1 - p)) < 5 * std::sqrt(1e4 * p * (1 - p)));
  }
}

TEST_CASE("dropout: p of 0 and 1", "[ops]") {
  const Tensor x = random_tensor({3, 4}, 1);
  CHECK(difference(dropout(x, 0, 5), x) == 0);
  CHECK(values(dropout(x, 1, 5)) == std::vector<double>(12, 0));
  CHECK(values(gradients_of([](const Inputs& in) { return dropout(in[0], 1, 5); }, {x})[0]) ==
        std::vector<double>(12, 0));
}

TEST_CASE("dropout: the mask is a function of the seed and the element's index", "[ops]") {
  const Tensor x = random_tensor({64, 64}, 2, {1, 2});
  CHECK(difference(dropout(x, 0.5, 7), dropout(x, 0.5, 7)) == 0);
  CHECK(difference(dropout(x, 0.5, 7), dropout(x, 0.5, 8)) > 0);
  // Element (i, j) of a transposed view is dropped as element (i, j) of a dense copy is.
  const Tensor view = x.transpose(0, 1);
  CHECK(difference(dropout(view, 0.5, 7), dropout(view.clone(), 0.5, 7)) == 0);
  const Tensor kept = equal(dropout(x, 0.5, 7), zeros({}, DType::f64));
  const Tensor kept_f32 = equal(dropout(x.to(DType::f32), 0.5, 7), zeros({}));
  CHECK(kept.to_vector<bool>() == kept_f32.to_vector<bool>());
}

TEST_CASE("dropout: an element that is dropped passes no NaN on", "[ops]") {
  for (const double y : values(dropout(full({64}, not_a_number), 1, 1))) CHECK(y == 0);
}

TEST_CASE("dropout: gradients use the forward's mask", "[ops][gradient]") {
  check_elementwise([](const Inputs& x) { return dropout(x[0], 0.4, 11); });
  check_elementwise([](const Inputs& x) { return dropout(x[0] * x[0], 0.4, 11); });
}

TEST_CASE("dropout: misuse is named", "[ops][misuse]") {
  CHECK_THROWS_WITH(dropout(ones({1}), -0.1, 1), "dropout: the dropout probability -0.1 is outside [0, 1]");
  CHECK_THROWS_WITH(dropout(ones({1}), 1.1, 1), "dropout: the dropout probability 1.1 is outside [0, 1]");
  CHECK_THROWS_WITH(dropout(ones({1}), not_a_number, 1),
                    "dropout: the dropout probability nan is outside [0, 1]");
  CHECK_THROWS_WITH(dropout(arange(3), 0.5, 1), "dropout: takes f32 or f64, not i64");
  CHECK_THROWS_AS(dropout(ones({1}), 1.1, 1), ValueError);
}
