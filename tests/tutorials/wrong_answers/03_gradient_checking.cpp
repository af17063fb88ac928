// What readers may answer in chapter 3, wrong and right.
#include "tutorials/03_gradient_checking/exercise.hpp"

#include "tests/tutorials/wrong_answers/answers.hpp"

#define best_step right_best_step
#define cubed right_cubed
#define centred right_centred
#define scaled_rows right_scaled_rows
#define logistic right_logistic
#define has_corner right_has_corner
#include "tutorials/03_gradient_checking/solution.cpp"
#undef best_step
#undef cubed
#undef centred
#undef scaled_rows
#undef logistic
#undef has_corner

namespace gradus::tutorials {
namespace {

const Answers<decltype(best_step)> best(
    1, right_best_step,
    {{"where both arms are equal", "there both arms are equally high",
      [](double curvature, double rounding) { return std::cbrt(rounding / curvature); }},
     {"that of the forward difference", "that of the forward difference",
      [](double curvature, double rounding) { return std::sqrt(rounding / curvature); }},
     {"the usual 1e-5", "no one step fits all", [](double, double) { return 1e-5; }},
     {"the step that fits the first numbers", "no one step fits all", [](double, double) { return 1.0; }},
     {"by halving an interval", accepted, [](double curvature, double rounding) {
        double low = 1e-12, high = 1e3;  // the sum falls at low and rises at high
        for (int i = 0; i < 200; ++i) {
          const double h = std::sqrt(low * high);
          (2 * curvature * h > rounding / (h * h) ? high : low) = h;
        }
        return low;
      }}});

const Answers<decltype(cubed)> cubes(
    2, right_cubed,
    {{"cubed without dy", "where is dy?",
      [](const Tensor& x) {
        return record("cubed", x.detach() * x.detach() * x.detach(),
                      wrt(x, [x = saved(x)](const Tensor&) { return x.get() * x * 3.0; }));
      }},
     {"cubed, the derivative off the tape", "do not detach what it uses",
      [](const Tensor& x) {
        return record("cubed", x.detach() * x.detach() * x.detach(),
                      wrt(x, [x = x.detach()](const Tensor& dy) { return dy * x * x * 3.0; }));
      }},
     {"the forward made to fit the backward", "the forward was right",
      [](const Tensor& x) { return x * x * 3.0; }},
     {"made of other ops", accepted, [](const Tensor& x) { return x * x * x; }}});

Tensor centred_with(const Tensor& x, Tensor (*backward)(const Tensor&)) {
  return record("centred", x.detach() - mean(x.detach(), Axes{-1}, true), wrt(x, backward));
}

const Answers<decltype(centred)> centres(
    2, right_centred,
    {{"one path of two", "two paths, two parts",
      [](const Tensor& x) { return centred_with(x, [](const Tensor& dy) { return dy; }); }},
     {"only what x[i] does to y[i]", "two paths, two parts",
      [](const Tensor& x) {
        return centred_with(
            x, [](const Tensor& dy) { return dy * (1 - 1.0 / static_cast<double>(dy.size(-1))); });
      }},
     {"the mean of all rows", "two paths, two parts",
      [](const Tensor& x) { return centred_with(x, [](const Tensor& dy) { return dy - mean(dy); }); }},
     {"rows of three numbers only", "whatever the length of a row",
      [](const Tensor& x) {
        return centred_with(x, [](const Tensor& dy) { return dy - sum(dy, Axes{-1}, true) / 3.0; });
      }},
     {"the same op on what arrives", accepted,
      [](const Tensor& x) { return centred_with(x, [](const Tensor& dy) { return right_centred(dy); }); }}});

const Answers<decltype(scaled_rows)> scales(
    2, right_scaled_rows,
    {{"summed down the columns", "over which axis must its parts be added?",
      [](const Tensor& x, const Tensor& s) {
        return record("scaled_rows", x.detach() * s.detach().unsqueeze(1),
                      wrt(x, [s = saved(s)](const Tensor& dy) { return dy * s.get().unsqueeze(1); }),
                      wrt(s, [x = saved(x)](const Tensor& dy) { return sum(dy * x, Axes{0}); }));
      }},
     {"the mean for the sum", "over which axis must its parts be added?",
      [](const Tensor& x, const Tensor& s) {
        return record("scaled_rows", x.detach() * s.detach().unsqueeze(1),
                      wrt(x, [s = saved(s)](const Tensor& dy) { return dy * s.get().unsqueeze(1); }),
                      wrt(s, [x = saved(x)](const Tensor& dy) { return mean(dy * x, Axes{1}); }));
      }}});

const Answers<decltype(logistic)> logistics(
    2, right_logistic, {{"the right one changed", "this one was right: put it back", [](const Tensor& x) {
                           return record(
                               "logistic", sigmoid(x.detach()),
                               wrt(x, [](const Tensor& dy, const Tensor& p) { return dy * p * p; }));
                         }}});

using Function = std::function<double(double)>;
double left_slope(const Function& f, double x, double h) { return (f(x) - f(x - h)) / h; }
double right_slope(const Function& f, double x, double h) { return (f(x + h) - f(x)) / h; }
double slope_gap(const Function& f, double x, double h) {
  return std::abs(right_slope(f, x, h) - left_slope(f, x, h));
}

const Answers<decltype(has_corner)> corners(
    3, right_has_corner,
    {{"rounding taken for a corner", "a gap that rounding explains is no corner",
      [](const Function& f, double x) { return slope_gap(f, x, 1e-6) > 0.5 * slope_gap(f, x, 1e-5); }},
     {"slopes that are not equal", "a gap that rounding explains is no corner",
      [](const Function& f, double x) { return left_slope(f, x, 1e-7) != right_slope(f, x, 1e-7); }},
     {"a gap of a fixed size", "not how large it is",
      [](const Function& f, double x) { return slope_gap(f, x, 1e-7) > 0.1; }},
     {"a wide step", "steps must not reach it",
      [](const Function& f, double x) { return slope_gap(f, x, 0.01) > 0.01; }},
     {"one step, whatever the bend", "the gap is 100 h",
      [](const Function& f, double x) { return slope_gap(f, x, 1e-4) > 1e-3; }},
     {"slopes of opposite sign", "makes no corner",
      [](const Function& f, double x) { return left_slope(f, x, 1e-6) * right_slope(f, x, 1e-6) < 0; }},
     {"the mean of both slopes is 0", "their mean, 0, says nothing",
      [](const Function& f, double x) {
        return std::abs(left_slope(f, x, 1e-6) + right_slope(f, x, 1e-6)) > 1e-3;
      }},
     {"the gap by three steps", accepted, [](const Function& f, double x) {
        double last = slope_gap(f, x, 1e-4);
        for (const double h : {3e-5, 1e-5, 3e-6, 1e-6}) {
          const double here = slope_gap(f, x, h);
          if (here < 0.7 * last && h < 5e-6) return false;
          last = here;
        }
        return last > 1e-5;
      }}});

}  // namespace

double best_step(double curvature, double rounding) { return best(curvature, rounding); }
Tensor cubed(const Tensor& x) { return cubes(x); }
Tensor centred(const Tensor& x) { return centres(x); }
Tensor scaled_rows(const Tensor& x, const Tensor& s) { return scales(x, s); }
Tensor logistic(const Tensor& x) { return logistics(x); }
bool has_corner(const Function& f, double x) { return corners(f, x); }

}  // namespace gradus::tutorials
