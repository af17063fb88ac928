// Chapter 3: its differences against theory, its estimate against the true error, its planted bugs.
#include <cmath>
#include <limits>

#include "autograd/autograd.hpp"
#include "support/catch.hpp"
#include "tutorials/03_gradient_checking/differences.hpp"
#include "tutorials/03_gradient_checking/planted.hpp"

using namespace gradus;
using namespace gradus::tutorials;

namespace {

constexpr auto cube = [](auto x) { return x * x * x; };

double gap(const Tensor& a, const Tensor& b) { return max(abs(a - b)).item(); }

}  // namespace

TEST_CASE("03 differences of x^3 at 1 are 3 + 3h + h^2 and 3 + h^2") {
  for (const double h : {0.5, 0.125, 0.0625}) {  // exact in binary
    CHECK(forward_difference(cube, 1.0, h) == 3 + 3 * h + h * h);
    CHECK(central_difference(cube, 1.0, h) == 3 + h * h);
    CHECK(central_difference(cube, 1.0F, static_cast<float>(h)) == static_cast<float>(3 + h * h));
  }
}

TEST_CASE("03 the arms of the V: truncation falls with h^2, rounding stays below eps / h") {
  const auto error = [](double h) { return std::abs(central_difference(cube, 1.0, h) - 3) / 3; };
  const double slope = std::log(error(0.07) / error(0.0007)) / std::log(100.0);
  CHECK(slope == Approx(2).margin(0.01));
  double h = 0.7e-6;
  for (int i = 0; i < 22; ++i, h /= 2) CHECK(error(h) < 2 * std::numeric_limits<double>::epsilon() / h);
  CHECK(error(1e-5) < 1e-10);
  CHECK(error(1e-12) > 1e-6);
  CHECK(error(1e-1) > 1e-3);
  CHECK(forward_difference(cube, 1.0F, 1e-8F) == 0);
}

TEST_CASE("03 the estimate is the error of the narrower difference, and the extrapolated value is better") {
  const auto check = [](const auto& f, double x, double right) {
    for (const double h : {0.1, 0.05}) {
      const Measured measured = extrapolated(f, x, h);
      const double narrow = std::abs(central_difference(f, x, h / 2) - right);
      CHECK(measured.estimate == Approx(narrow).epsilon(0.05));
      CHECK(std::abs(measured.value - right) < measured.estimate / 20);
    }
  };
  check([](double x) { return std::exp(x); }, 1.0, std::exp(1.0));
  check([](double x) { return std::sin(x); }, 0.4, std::cos(0.4));
  check([](double x) { return std::tanh(x); }, 0.3, 1 - std::tanh(0.3) * std::tanh(0.3));
  check([](double x) { return 1 / x; }, 2.0, -0.25);
}

TEST_CASE("03 each column of the table removes a power of h^2") {
  // Of a polynomial of degree 7 the error has the powers h^2, h^4 and h^6, and the fourth column has none.
  const auto f = [](double x) { return std::pow(x, 7); };
  const auto table = extrapolation_table(f, 1.0, 0.5, 4);
  REQUIRE(table.size() == 4);
  for (size_t i = 0; i < 4; ++i) REQUIRE(table[i].size() == i + 1);
  CHECK(std::abs(table[3][0] - 7) > 1e-2);
  CHECK(std::abs(table[3][1] - 7) > 1e-4);
  CHECK(std::abs(table[3][2] - 7) > 1e-7);
  CHECK(std::abs(table[3][3] - 7) < 1e-12);
}

TEST_CASE("03 the cotangent has both signs, and no entry near 0") {
  Rng rng(5);
  const std::vector<double> v = uneven_cotangent({40}, rng).to_vector<double>();
  int negative = 0;
  for (const double entry : v) {
    CHECK(std::abs(entry) >= 0.5);
    CHECK(std::abs(entry) <= 2);
    negative += entry < 0;
  }
  CHECK(negative > 5);
  CHECK(negative < 35);
}

TEST_CASE("03 the chapter's checker agrees with backward on ops of the library") {
  Rng rng(6);
  const Tensor x = randn({3, 4}, rng, DType::f64);
  const Tensor w = randn({4, 2}, rng, DType::f64);
  const std::vector<TensorFunction> functions = {
      [](const Tensor& in) { return tanh(in); }, [](const Tensor& in) { return softmax(in); },
      [&](const Tensor& in) { return matmul(in, w); }, [](const Tensor& in) { return sum(in, Axes{0}); }};
  for (const TensorFunction& fn : functions) {
    const Tensor v = uneven_cotangent(fn(x).shape(), rng);
    CHECK(gap(backward_gradient(fn, x, v), measured_gradient(fn, x, v)) < 1e-9);
  }
}

TEST_CASE("03 museum: the sum as cotangent sees one softmax bug of three, an uneven one sees all") {
  const Tensor x = tensor({0.5, -1.0, 2.0});
  Rng rng(1);
  const Tensor even = ones({3}, DType::f64), uneven = uneven_cotangent({3}, rng);
  const auto caught = [&](SoftmaxBug bug, const Tensor& v) {
    const auto fn = [bug](const Tensor& in) { return planted_softmax(in, bug); };
    return gap(backward_gradient(fn, x, v), measured_gradient(fn, x, v)) > 1e-8;
  };
  const auto library = [&](SoftmaxBug bug) {
    return gradcheck([bug](const auto& in) { return planted_softmax(in[0], bug); }, {x}).passed;
  };
  for (const SoftmaxBug bug : {SoftmaxBug::sum_missing, SoftmaxBug::factor_missing, SoftmaxBug::sign}) {
    CHECK(caught(bug, uneven));
    CHECK(caught(bug, even) == (bug == SoftmaxBug::sum_missing));
    CHECK(!library(bug));
  }
  CHECK(!caught(SoftmaxBug::none, uneven));
  CHECK(library(SoftmaxBug::none));
}

TEST_CASE("03 the unplanted softmax passes in every layout, to second order") {
  Rng rng(9);
  const auto fn = [](const std::vector<Tensor>& in) { return planted_softmax(in[0], SoftmaxBug::none); };
  const auto repeated = [](const std::vector<Tensor>& in) {
    return planted_softmax(in[0].expand({3, 5}), SoftmaxBug::none);
  };
  const auto passes = [](const auto& function, const Tensor& x) {
    return gradcheck(function, {x}).passed && gradcheck(function, {x}, {.second_order = true}).passed;
  };
  CHECK(passes(fn, randn({2, 5}, rng, DType::f64)));
  CHECK(passes(fn, randn({5, 2}, rng, DType::f64).transpose(0, 1)));
  CHECK(passes(repeated, randn({1, 5}, rng, DType::f64)));
  CHECK(passes(fn, randn({3, 1}, rng, DType::f64)));
  CHECK(passes(fn, empty({0, 4}, DType::f64)));
}

TEST_CASE("03 museum: mixed forms of GELU pass a tolerance of 1e-3 and fail gradcheck") {
  const Tensor x = tensor({-2.0, -1.0, -0.25, 0.5, 1.5, 2.5});
  const Tensor v = ones({6}, DType::f64);
  const auto mixed = [](const Tensor& in) { return gelu_with_mixed_forms(in); };
  const double apart = gap(backward_gradient(mixed, x, v), measured_gradient(mixed, x, v));
  CHECK(apart > 1e-4);
  CHECK(apart < 1e-3);
  CHECK(!gradcheck([](const auto& in) { return gelu_with_mixed_forms(in[0]); }, {x}).passed);
  CHECK(gradcheck([](const auto& in) { return gelu(in[0]); }, {x}).passed);
  CHECK(gradcheck([](const auto& in) { return gelu_tanh(in[0]); }, {x}).passed);
}

TEST_CASE("03 ReLU at 0 is a kink and not a failure") {
  const GradcheckReport report =
      gradcheck([](const auto& in) { return relu(in[0]); }, {scalar(0, DType::f64)});
  CHECK(report.verdict == Verdict::kink);
  CHECK(report.passed);
}
