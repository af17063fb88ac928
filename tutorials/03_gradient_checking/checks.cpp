// What the exercises of chapter 3 are held to.
#include <cmath>

#include "autograd/gradcheck.hpp"
#include "autograd/ops.hpp"
#include "tutorials/03_gradient_checking/exercise.hpp"
#include "tutorials/support/check.hpp"

namespace gradus::tutorials {
namespace {

/// What is wrong with a step that is not the best, as far as its size tells.
std::string about_step(double h, double curvature, double rounding) {
  const auto is = [&](double other) { return std::abs(h - other) < 1e-6 * other; };
  if (is(std::cbrt(rounding / curvature))) {
    return "there both arms are equally high; their sum is least where one falls as fast as the other rises";
  }
  if (is(std::sqrt(rounding / curvature)) || is(std::sqrt(2 * rounding / curvature)) ||
      is(std::sqrt(rounding / (2 * curvature)))) {
    return "the root of an error curvature * h, that of the forward difference; here h is squared";
  }
  return "it depends on both numbers, so no one step fits all: where is the derivative of the sum of both "
         "arms 0?";
}

void check_best_step(Check& check) {
  const auto error = [](double c, double r, double h) { return c * h * h + r / h; };
  for (const auto& [curvature, rounding] :
       {std::pair(1.0, 2.0), std::pair(0.5, 1e-16), std::pair(3.0, 1e-7)}) {
    const double h = best_step(curvature, rounding);
    const std::string what = fmt::format("curvature {}, rounding {}", curvature, rounding);
    const double here = error(curvature, rounding, h);
    const bool wide = error(curvature, rounding, h * 1.01) < here,
               narrow = error(curvature, rounding, h / 1.01) < here;
    check.that(what, h > 0 && !wide && !narrow,
               fmt::format("h = {:.4g}: the error is less at a {} step", h, wide ? "larger" : "smaller"),
               about_step(h, curvature, rounding));
  }
}

/// The check of one op, with what gradcheck saw as the answer to a reader who is still looking.
void check_op(Check& check, std::string_view op, const std::function<Tensor(const std::vector<Tensor>&)>& fn,
              const std::vector<Tensor>& inputs, std::string_view hint) {
  for (const bool second_order : {false, true}) {
    const GradcheckReport report = gradcheck(fn, inputs, {.second_order = second_order});
    std::string seen = report.problems.empty() ? "" : report.problems[0];
    for (const GradcheckResult& result : report.inputs) {
      if (result.passed) continue;
      seen = fmt::format("{} is wrong at {}: backward {:.6g}, measured {:.6g}", result.name, result.index,
                         result.analytic, result.numeric);
      break;
    }
    check.that(fmt::format("{}: the gradient{}", op, second_order ? "'s own gradient" : ""), report.passed,
               seen,
               second_order ? "write the derivative in Gradus's ops, and do not detach what it uses" : hint);
    if (!report.passed) return;
  }
}

void check_bugs(Check& check) {
  const Tensor square = tensor({0.5, -1.0, 2.0, 1.5, 0.25, -0.75, 1.0, -2.0, 3.0}, Shape{3, 3});
  const Tensor wide = tensor({0.5, -1.0, 2.0, 1.5, 0.25, -0.75, 1.0, -2.0}, Shape{2, 4});
  for (const Tensor& x : {square, wide}) {
    const Tensor s = tensor({2.0, -1.0, 0.5}).slice(0, 0, x.size(0));
    const std::string shape = to_string(x.shape());
    const auto same = [&](std::string_view op, const Tensor& got, const Tensor& want) {
      check.close(fmt::format("{} {}: the value", op, shape), got, want,
                  "the forward was right: put it back");
    };
    same("cubed", cubed(x), x * x * x);
    same("centred", centred(x), x - mean(x, Axes{-1}, true));
    same("scaled_rows", scaled_rows(x, s), x * s.unsqueeze(1));
    same("logistic", logistic(x), sigmoid(x));
    check_op(
        check, "cubed " + shape, [](const auto& in) { return cubed(in[0]); }, {x},
        "a derivative is the local slope times what arrives: where is dy?");
    check_op(
        check, "centred " + shape, [](const auto& in) { return centred(in[0]); }, {x},
        "x[0] appears in every y of its row, by way of the mean: two paths, two parts, whatever the length "
        "of "
        "a row");
    check_op(
        check, "scaled_rows " + shape, [](const auto& in) { return scaled_rows(in[0], in[1]); }, {x, s},
        "s[i] is used by all of row i: over which axis must its parts be added?");
    check_op(
        check, "logistic " + shape, [](const auto& in) { return logistic(in[0]); }, {x},
        "this one was right: put it back");
    if (!check.passed()) return;  // a matrix of another shape would only say the same again
  }
}

void check_corner(Check& check) {
  const auto expect = [&](std::string_view what, bool want, double x, const std::function<double(double)>& f,
                          std::string_view hint) {
    const bool got = has_corner(f, x);
    check.that(what, got == want, got ? "a corner" : "no corner", hint);
  };
  const auto relu = [](double x) { return x > 0 ? x : 0.0; };
  expect("ReLU at 0 has one", true, 0, relu, "left slope 0, right slope 1");
  expect(
      "|x| at 0 has one", true, 0, [](double x) { return std::abs(x); },
      "left slope -1, right slope 1; their mean, 0, says nothing");
  expect(
      "2 |x - 1| + x^2 at 1 has one", true, 1, [](double x) { return 2 * std::abs(x - 1) + x * x; },
      "the slopes are 0 and 4: compare them with each other, not with 0");
  expect(
      "0.01 |x| at 0 has one", true, 0, [](double x) { return 0.01 * std::abs(x); },
      "a flat corner: ask whether the gap stays when h shrinks, not how large it is");
  expect(
      "x^2 at 0 has none", false, 0, [](double x) { return x * x; },
      "the slopes meet as h shrinks: that one falls and the other rises makes no corner");
  expect(
      "50 x^2 at 1 has none", false, 1, [](double x) { return 50 * x * x; },
      "strongly bent, but smooth: the gap is 100 h");
  expect(
      "tanh(1000 x) at 0.001 has none", false, 0.001, [](double x) { return std::tanh(1000 * x); },
      "smooth when seen from near: take smaller steps");
  expect("ReLU at 0.001 has none", false, 0.001, relu, "the corner is beside x: steps must not reach it");
  expect(
      "x |x| at 0 has none", false, 0, [](double x) { return x * std::abs(x); },
      "it has |x| in it, and yet both slopes go to 0");
  // Of a straight line only rounding is left of the gap, and it grows as h shrinks. Each line rounds
  // otherwise.
  std::string seen;
  for (int i = 1; i < 20 && seen.empty(); ++i) {
    const double slope = 0.3 * i, x = 0.1 * i;
    if (has_corner([=](double at) { return slope * at + 1; }, x)) {
      seen = fmt::format("a corner in {:.1f} x + 1 at {:.1f}", slope, x);
    }
  }
  check.that("19 straight lines have none", seen.empty(), seen,
             "rounding gives two slopes that differ a little, and more for smaller h: a gap that rounding "
             "explains is no corner, whether it stays or grows");
}

}  // namespace
}  // namespace gradus::tutorials

int main() {
  using namespace gradus::tutorials;
  Checks checks("03_gradient_checking");
  checks.exercise("1: the best step", check_best_step);
  checks.exercise("2: find three planted bugs", check_bugs);
  checks.exercise("3: ReLU at 0", check_corner);
  return checks.finish();
}
