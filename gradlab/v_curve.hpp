/// @file
/// The V-curve of a sweep as a picture.
#pragma once

#include <string>

#include "autograd/gradcheck/sweep.hpp"

namespace gradus::lab {

/// A complete .svg file: error against step on doubly logarithmic axes, f64 and f32, with dashed guide lines
/// of slope 2 (h^2, truncation) and -1 (eps / h, rounding) beside f64's arms.
std::string v_curve_svg_file(const Sweep& sweep, const std::string& subject);

}  // namespace gradus::lab
