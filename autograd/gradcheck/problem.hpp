/// @file
/// For the gradient checkers: what is checked, made into functions of plain numbers.
///
/// A Claim has outputs (many numbers), weights for them, and for each tensor the gradient that backward
/// claims for L = sum of outputs * weights. Its outputs are those of the function itself (first order), or
/// the function's gradients (second order); the checks need not know which.
#pragma once

#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "autograd/gradcheck.hpp"
#include "autograd/random.hpp"

namespace gradus::gradchecking {

using Named = std::vector<std::pair<std::string, Tensor>>;
using Numbers = std::vector<double>;

/// Puts the default generator back on leaving, and to the same state before each evaluation.
class ReplayedGenerator {
 public:
  ReplayedGenerator() : state_(default_rng().state()) {}
  ~ReplayedGenerator() { rewind(); }
  ReplayedGenerator(const ReplayedGenerator&) = delete;
  ReplayedGenerator& operator=(const ReplayedGenerator&) = delete;
  void rewind() const { default_rng() = Rng::from_state(state_); }

 private:
  Rng::State state_;
};

/// The function and the tensors that it reads. `tensors` are leaves of one float dtype.
struct Problem {
  std::function<Tensor()> fn;
  Named tensors;
  const ReplayedGenerator& generator;

  Tensor run() const;  ///< The output, recorded.
  std::vector<Tensor> leaves() const;
};

struct Claim {
  std::function<Numbers()> outputs;
  Numbers weights;
  std::vector<Numbers> gradients;          ///< one for each tensor
  double largest_input = 0;                ///< the largest |value| of all tensors
  std::vector<bool> unused;                ///< the outputs do not depend on this tensor
  std::vector<std::string> problems = {};  ///< what is wrong with the backward as a whole
  std::string asymmetry = {};              ///< what is wrong with it, unless all is lost in rounding
  /// How the gradients change, a few times each, where the values and cotangents are off by rounding:
  /// backward knows them no better. Measured when first asked for.
  std::function<const std::vector<std::vector<Numbers>>&()> rounding;
};

/// @throws GraphError when the output depends on no tensor, and when it comes out differently the second
/// time.
Claim first_order(const Problem& problem, Rng& rng);
Claim second_order(const Problem& problem, Rng& rng);

/// The gradients, computed again with round(v) in place of each cotangent v.
using GradientsAt = std::function<std::vector<Numbers>(const std::function<Tensor(const Tensor&)>& round)>;

/// For each of `gradients`: its changes in a few trials where every value and every cotangent moves up or
/// down by two roundings. None for a backward that gives other gradients when it is called again.
std::vector<std::vector<Numbers>> rounding_of(const Problem& problem, const std::vector<Numbers>& gradients,
                                              const GradientsAt& gradients_at);

/// @throws Error for options out of range, or of which some would be dropped.
void refuse_bad_options(const GradcheckOptions& options);
/// @throws GraphError for tensors that need no gradient, are no dense leaves, or share memory.
void refuse_bad_tensors(const Named& tensors);
/// @throws GraphError for inputs that overlap in memory or repeat elements: one could not change alone. Views
/// that interleave without a common element are taken.
void refuse_aliases(const Named& inputs);

/// Inputs made ready: float ones copied to f64 leaves with names, others as they are.
struct CheckedInputs {
  explicit CheckedInputs(const std::vector<Tensor>& inputs);
  std::vector<Tensor> all;
  Named named;  ///< the float ones: "input 0", "input 2", ...
};

/// While it lives, the tensors' handles lead to copies, of another dtype or with other values; then to what
/// they led to before.
class ConvertedLeaves {
 public:
  ConvertedLeaves(const Named& tensors, DType dtype);
  /// convert(x) gives the values; it gets x detached.
  ConvertedLeaves(const Named& tensors, const std::function<Tensor(const Tensor&)>& convert);
  ~ConvertedLeaves();
  ConvertedLeaves(const ConvertedLeaves&) = delete;
  ConvertedLeaves& operator=(const ConvertedLeaves&) = delete;

 private:
  std::vector<std::pair<Tensor, std::shared_ptr<TensorImpl>>> before_;
};

/// Puts the tensors' values back on leaving, also if the function throws.
class KeptValues {
 public:
  explicit KeptValues(Named tensors);
  ~KeptValues();
  KeptValues(const KeptValues&) = delete;
  KeptValues& operator=(const KeptValues&) = delete;

 private:
  Named tensors_;
  std::vector<Numbers> kept_;
};

/// Entries of both signs with magnitudes in [0.5, 2].
Tensor cotangent(const Shape& shape, Rng& rng, DType dtype = DType::f64);

Numbers numbers(const Tensor& x);  ///< All elements in row-major order, as doubles.
Numbers numbers_or_zeros(const Tensor& gradient, int64_t count);
void assign(Tensor x, const Numbers& values);  ///< Puts values of row-major order into a leaf.
inline bool is_same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }
double largest(const Numbers& values);  ///< The largest |value|; 0 for none. NaN counts as infinite.
Shape position(const Shape& shape, int64_t flat);  ///< The index of the flat-th element in row-major order.

/// "input 0[1] = 0.5 -1 2; input 1 = 3": the numbers of tensor `at` beside `index`, along its last axis, and
/// all of any other tensor that has few.
std::string values_around(const Named& tensors, size_t at, const Shape& index);

/// What the checks under `options` find. Each returns one row a tensor.
GradcheckReport check_by_differences(const Problem& problem, const GradcheckOptions& options);
GradcheckReport check_f32_against_f64(const Problem& problem, const GradcheckOptions& options);
GradcheckReport check_by_rules(const Problem& problem, const GradcheckOptions& options);

}  // namespace gradus::gradchecking
