/// @file
/// What the experiments share: fitted slopes, f32 gradients beside f64 ones, and the lines of their pictures.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "autograd/gradcheck/report.hpp"
#include "nn/module.hpp"
#include "plot/chart.hpp"

namespace gradus::lab {

/// 2^-23: the distance from 1 to the next f32.
inline constexpr double eps32 = std::numeric_limits<float>::epsilon();

/// The slope of the least-squares line through (log x, log y), so y ~ x^slope. Points with a number that is
/// not above zero or not finite are left out; NaN for fewer than three others.
double log_slope(const std::vector<double>& x, const std::vector<double>& y);

/// sqrt(mean of squares); 0 of none.
double root_mean_square(const std::vector<double>& values);

/// exp(mean of logarithms): the average of errors that differ by factors.
double geometric_mean(const std::vector<double>& values);

/// |g32 - g64| / |g64| in units of eps32, with the lengths of whole gradients: by the input, and by all
/// parameters together.
struct F32Error {
  double input = 0, parameters = 0;
};

/// Computes the gradient of sum(fn(x) * v), v a random cotangent, once in f32 and once in f64 at the same
/// values. `fn` runs `module`, whose parameters are f32 before and after, as x is.
F32Error f32_gradient_error(const nn::Module& module, const std::function<Tensor(const Tensor&)>& fn,
                            const Tensor& x, uint64_t seed);

plot::ChartSeries curve(const std::string& name, int color, const std::vector<double>& x,
                        const std::vector<double>& y);

/// A thin dashed line y = c x^power through (x[at], y[at]), drawn where it is between `low` and `high`.
plot::ChartSeries guide(const std::string& name, int color, const std::vector<double>& x,
                        const std::vector<double>& y, size_t at, double power, double low = 0,
                        double high = std::numeric_limits<double>::infinity());

/// "pass", "kink", "FAIL", ... : the verdict of a check whose failures should stand out.
std::string loud(Verdict verdict);

}  // namespace gradus::lab
