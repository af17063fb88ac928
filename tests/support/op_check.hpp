// What the tests of ops share: gradients in every layout, edge shapes, and a fused op beside its twin.
#pragma once

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "autograd/ops.hpp"

namespace gradus::test {

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

using Inputs = std::vector<Tensor>;
using Op = std::function<Tensor(const Inputs&)>;

/// Where random values lie.
struct Range {
  double low = -2, high = 2;
};

/// Values spread evenly over the range, in random order, no two close; the same for the same seed.
Tensor random_tensor(const Shape& shape, uint64_t seed, Range range = {}, DType dtype = DType::f64);

/// One tensor of each shape, with seeds of their own.
Inputs random_inputs(const std::vector<Shape>& shapes, Range range = {}, DType dtype = DType::f64);

/// gradcheck of `op` at `inputs`, first and second order, in f64.
void check_gradients(const Op& op, const Inputs& inputs);

/// The same at random inputs of these shapes that are dense, and in each of support/layouts.hpp.
void check_layouts(const Op& op, const std::vector<Shape>& shapes, Range range = {});

/// For functions of one element: check_layouts for `count` inputs of one shape, and check_gradients for
/// vectors of 0 to 17 elements, a scalar and shapes that hold a 0 or only 1s.
void check_elementwise(const Op& op, int count = 1, Range range = {});

/// No elements: the forward and both backwards run, and each gradient has its input's shape and is zero.
void check_empty(const Op& op, const std::vector<Shape>& shapes);

/// `fused` and `twin` give the same output and the same gradients, by a plain backward and by a recorded one:
/// up to `f64_bound`, and for the inputs rounded to f32 up to `f32_bound`, relative to max(1, |value|).
void check_twins(const Op& fused, const Op& twin, const Inputs& inputs, double f64_bound = 1e-12,
                 double f32_bound = 4e-6);

/// The gradients of sum(op(inputs) * v) for a fixed uneven v, one for each input of a float dtype.
Inputs gradients_of(const Op& op, const Inputs& inputs, bool create_graph = false);

/// The values, whatever the dtype.
std::vector<double> values(const Tensor& x);

/// The largest |a - b| / max(1, |b|); infinite where shapes differ or only one of two is NaN.
double difference(const Tensor& a, const Tensor& b);

}  // namespace gradus::test
