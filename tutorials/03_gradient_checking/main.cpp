// Chapter 3: gradient checking. Differences from nothing, their error, and then the library's gradcheck.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "autograd/autograd.hpp"
#include "plot/plot.hpp"
#include "tutorials/03_gradient_checking/differences.hpp"
#include "tutorials/03_gradient_checking/planted.hpp"
#include "tutorials/support/kit.hpp"

namespace gradus::tutorials {
namespace {

/// x^3 has the derivative 3 at x = 1, and its differences can be worked out with a pencil.
constexpr auto cube = [](auto x) { return x * x * x; };

void two_differences() {
  section("Forward and central");
  fmt::print("     h   forward       central\n");
  for (const double h : {0.1, 0.01, 0.001}) {
    fmt::print("{:6}   {:.8f}    {:.8f}\n", h, forward_difference(cube, 1.0, h),
               central_difference(cube, 1.0, h));
  }
}

/// The relative error of both differences of x^3 at 1, in the arithmetic of T, at h = 0.7, 0.35, 0.175, ...
template <class T>
struct Sweep {
  std::vector<double> h, forward, central;

  explicit Sweep(int steps) : h(size_t(steps)), forward(h), central(h) {
    T step = static_cast<T>(0.7);
    for (size_t i = h.size(); i-- > 0; step /= 2) {
      const T one = 1;
      h[i] = static_cast<double>(step);
      forward[i] = std::abs(static_cast<double>(forward_difference(cube, one, step)) - 3) / 3;
      central[i] = std::abs(static_cast<double>(central_difference(cube, one, step)) - 3) / 3;
    }
  }
};

/// The V of one arithmetic, with what theory says of both of its arms.
template <class T>
plot::Picture v_curve(const std::string& title, int steps) {
  const Sweep<T> sweep(steps);
  const double epsilon = std::numeric_limits<T>::epsilon();
  plot::Chart chart;
  chart.title = title;
  chart.x_label = "step h";
  chart.log_x = chart.log_y = true;
  chart.width = 460;
  chart.height = 340;
  chart.series = {{.name = "forward", .x = sweep.h, .y = sweep.forward, .color = 2},
                  {.name = "central", .x = sweep.h, .y = sweep.central, .color = 1}};
  plot::ChartSeries line{.name = "", .x = {}, .y = {}, .color = 3, .dashed = true};
  const auto guide = [&](const std::string& name, int color, const auto& error) {
    line.name = name;
    line.color = color;
    line.x.clear();
    line.y.clear();
    for (const double h : sweep.h) {
      if (error(h) < epsilon / 30 || error(h) > 1) continue;
      line.x.push_back(h);
      line.y.push_back(error(h));
    }
    chart.series.push_back(line);
  };
  guide("theory: h", 2, [](double h) { return h; });
  guide("theory: h²/3", 1, [](double h) { return h * h / 3; });
  guide("rounding: ε/h", 3, [=](double h) { return epsilon / h; });
  return plot::draw(chart);
}

void the_v() {
  section("Smaller is not always better");
  fmt::print("relative errors of the derivative of x^3 at 1\n");
  fmt::print("             in f64               in f32\n");
  fmt::print("     h   forward  central    forward  central\n");
  double h = 1;
  for (int i = 1; i <= 14; ++i) {
    h /= 10;
    const auto error = [](double slope) { return std::abs(slope - 3) / 3; };
    const float h32 = static_cast<float>(h);
    fmt::print("{:.0e}   {:.1e}  {:.1e}    {:.1e}  {:.1e}\n", h, error(forward_difference(cube, 1.0, h)),
               error(central_difference(cube, 1.0, h)),
               error(static_cast<double>(forward_difference(cube, 1.0F, h32))),
               error(static_cast<double>(central_difference(cube, 1.0F, h32))));
  }
  save_figure("v_curve.svg", plot::beside({v_curve<double>("f64: relative error by step", 46),
                                           v_curve<float>("f32: relative error by step", 23)}));
}

void estimates() {
  section("The error tells itself");
  const auto f = [](double x) { return std::exp(x); };
  const double right = std::exp(1.0);
  fmt::print("     h   D(h/2) is off by   estimate   extrapolated is off by\n");
  for (const double h : {0.4, 0.2, 0.1}) {
    const Measured measured = extrapolated(f, 1.0, h);
    fmt::print("{:6}   {:17.2e}   {:.2e}   {:22.2e}\n", h,
               std::abs(central_difference(f, 1.0, h / 2) - right), measured.estimate,
               std::abs(measured.value - right));
  }

  section("A table of extrapolations");
  fmt::print("errors of the derivative of exp at 1\n");
  double h = 0.8;
  for (const std::vector<double>& row : extrapolation_table(f, 1.0, h, 4)) {
    fmt::print("h = {:<4}", h);
    for (const double value : row) fmt::print("  {:.0e}", std::abs(value - right));
    fmt::print("\n");
    h /= 2;
  }
}

void the_cotangent() {
  section("Check a softmax by hand");
  const Tensor x = tensor({0.5, -1.0, 2.0});
  const Tensor v = tensor({1.0, -2.0, 0.5});
  const auto fn = [](const Tensor& in) { return planted_softmax(in, SoftmaxBug::none); };
  fmt::print("softmax(x) = {}\n", softmax(x));
  fmt::print("backward   = {}\n", backward_gradient(fn, x, v));
  fmt::print("measured   = {}\n", measured_gradient(fn, x, v));

  section("Who sees the bug?");
  Rng rng(1);
  const Tensor ones_v = ones({3}, DType::f64), uneven = uneven_cotangent({3}, rng);
  const auto verdict = [&](SoftmaxBug bug, const Tensor& cotangent) {
    const auto planted = [bug](const Tensor& in) { return planted_softmax(in, bug); };
    const double gap =
        largest_gap(backward_gradient(planted, x, cotangent), measured_gradient(planted, x, cotangent));
    return gap < 1e-8 ? "passes" : "caught";
  };
  fmt::print("backward                    checked with .sum()   with an uneven v\n");
  const auto line = [&](const std::string& formula, SoftmaxBug bug) {
    fmt::print("{:<27} {:<21} {}\n", formula, verdict(bug, ones_v), verdict(bug, uneven));
  };
  line("p (dy - sum(p dy))   right", SoftmaxBug::none);
  line("p dy                 wrong", SoftmaxBug::sum_missing);
  line("dy - sum(p dy)       wrong", SoftmaxBug::factor_missing);
  line("-p (dy - sum(p dy))  wrong", SoftmaxBug::sign);
}

void the_library() {
  section("The library's gradcheck");
  const Tensor x = tensor({0.5, -1.0, 2.0, 1.0, 0.0, -0.5}, Shape{2, 3});
  const auto right = [](const std::vector<Tensor>& in) { return planted_softmax(in[0], SoftmaxBug::none); };
  const auto wrong = [](const std::vector<Tensor>& in) {
    return planted_softmax(in[0], SoftmaxBug::factor_missing);
  };
  fmt::print("{}", to_string(gradcheck(right, {x})));
  fmt::print("\n{}", to_string(gradcheck(wrong, {x})));

  section("Your own formula in five lines");
  const auto my_formula = [](const std::vector<Tensor>& in) { return tanh(in[0]) * in[1]; };
  const Tensor a = tensor({0.3, -0.7}), b = tensor({1.5, 2.0});
  const GradcheckReport report = gradcheck(my_formula, {a, b});
  fmt::print("verdict: {}\n", name(report.verdict));

  section("The chapter's own ops, checked");
  check_gradient("softmax", right, {x});
  check_gradient("its gradient", right, {x}, {.second_order = true});
}

void directions() {
  section("All elements along one direction");
  Rng rng(2);
  const Tensor x = randn({1000}, rng, DType::f64);
  for (const SoftmaxBug bug : {SoftmaxBug::none, SoftmaxBug::factor_missing}) {
    const auto fn = [bug](const std::vector<Tensor>& in) { return planted_softmax(in[0], bug); };
    const GradcheckReport report = gradcheck(fn, {x}, {.directions = 1});
    fmt::print("{}: {} elements, {} direction, {}\n", bug == SoftmaxBug::none ? "right" : "wrong",
               report.inputs[0].total, report.inputs[0].directions, name(report.verdict));
  }
}

/// f at a corner, at 0: how far its slopes to the right and to the left are apart.
template <class F>
double gap_of_slopes(const F& f, double h) {
  return std::abs((f(h) - f(0.0)) / h - (f(0.0) - f(-h)) / h);
}

void the_corner() {
  const auto corner = [](double x) { return x > 0 ? x : 0.0; };
  const auto bend = [](double x) { return x * x; };
  section("ReLU at 0");
  for (const double h : {0.1, 0.01, 0.001}) {
    fmt::print("h = {:<5}   left {:4.2f}   right {:4.2f}   central {:4.2f}\n", h,
               forward_difference(corner, 0.0, -h) + 0.0, forward_difference(corner, 0.0, h),
               central_difference(corner, 0.0, h));
  }
  Tensor x = scalar(0, DType::f64).requires_grad();
  relu(x).backward();
  fmt::print("backward says {}\n", x.grad().item());
  const GradcheckReport report =
      gradcheck([](const auto& in) { return relu(in[0]); }, {scalar(0, DType::f64)});
  fmt::print("gradcheck says {}, passed: {}\n", name(report.verdict), report.passed);

  plot::Chart chart;
  chart.title = "Right slope minus left slope, at 0";
  chart.x_label = "step h";
  chart.log_x = chart.log_y = true;
  chart.series = {{.name = "ReLU: a corner", .x = {}, .y = {}, .color = 2, .markers = true},
                  {.name = "x²: smooth", .x = {}, .y = {}, .color = 1, .markers = true}};
  double h = 1e-4;
  for (int i = 0; i < 8; ++i, h *= 4) {
    chart.series[0].x.push_back(h);
    chart.series[0].y.push_back(gap_of_slopes(corner, h));
    chart.series[1].x.push_back(h);
    chart.series[1].y.push_back(gap_of_slopes(bend, h));
  }
  save_figure("corner.svg", plot::draw(chart));
}

void museum() {
  section("The forms that were mixed");
  const Tensor x = tensor({-2.0, -1.0, -0.25, 0.5, 1.5, 2.5});
  const auto mixed = [](const Tensor& in) { return gelu_with_mixed_forms(in); };
  const Tensor v = ones(x.shape(), DType::f64);
  fmt::print("backward   = {}\n", backward_gradient(mixed, x, v));
  fmt::print("measured   = {}\n", measured_gradient(mixed, x, v));
  const double gap = largest_gap(backward_gradient(mixed, x, v), measured_gradient(mixed, x, v));
  fmt::print("apart by at most {:.1e}\n", gap);
  fmt::print("a tolerance of 1e-3: {}\n", gap < 1e-3 ? "passes" : "caught");
  const auto for_library = [](const std::vector<Tensor>& in) { return gelu_with_mixed_forms(in[0]); };
  fmt::print("gradcheck:           {}\n", name(gradcheck(for_library, {x}).verdict));
}

}  // namespace
}  // namespace gradus::tutorials

int main(int argc, char** argv) {
  using namespace gradus::tutorials;
  return run_chapter(argc, argv, [] {
    two_differences();
    the_v();
    estimates();
    the_cotangent();
    the_library();
    directions();
    the_corner();
    museum();
  });
}
