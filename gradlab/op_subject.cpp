#include "gradlab/op_subject.hpp"

#include <algorithm>

#include "autograd/ops.hpp"

namespace gradus::lab {
namespace {

using Kind = Dimension::Kind;

Shape filled(const Pattern& pattern, const Sizes& sizes) {
  Shape shape;
  for (const Dimension& dimension : pattern) {
    const std::optional<int64_t> wanted = dimension.kind == Kind::rows   ? sizes.rows
                                          : dimension.kind == Kind::size ? sizes.size
                                                                         : std::nullopt;
    shape.push_back(wanted.value_or(dimension.number));
  }
  return shape;
}

std::optional<int64_t> least(const std::vector<Pattern>& patterns, Kind kind, int64_t number) {
  const auto is_it = [kind](const Dimension& dimension) { return dimension.kind == kind; };
  for (const Pattern& pattern : patterns) {
    if (std::any_of(pattern.begin(), pattern.end(), is_it)) return number;
  }
  return {};
}

}  // namespace

Subject op_subject(const std::string& name, const std::vector<Pattern>& patterns, Function fn,
                   const OpTraits& traits) {
  const auto make = [patterns, fn = std::move(fn), traits](uint64_t seed, const Sizes& sizes) {
    Inputs inputs;
    for (size_t i = 0; i < patterns.size(); ++i) {
      inputs.push_back(spread(filled(patterns[i], sizes), traits.stream * seed + i, traits.low, traits.high));
    }
    return Sample{fn, inputs};
  };
  return {name,
          "op",
          make,
          traits.smooth,
          least(patterns, Kind::rows, traits.least_rows),
          least(patterns, Kind::size, traits.least_size)};
}

Tensor stripes(const Shape& shape) {
  std::vector<bool> bits;
  for (int64_t i = 0; i < shape.numel(); ++i) bits.push_back(i / 2 % 2 == 0);
  return tensor(bits, shape);
}

Tensor both(const std::pair<Tensor, Tensor>& results) {
  const auto& [first, second] = results;
  return concat({first.reshape({first.numel()}), second.reshape({second.numel()})}, 0);
}

}  // namespace gradus::lab
