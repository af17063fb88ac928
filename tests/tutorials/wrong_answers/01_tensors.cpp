// What readers may answer in chapter 1, wrong and right.
#include "tutorials/01_tensors/exercise.hpp"

#include <algorithm>
#include <functional>

#include "tests/tutorials/wrong_answers/answers.hpp"

#define permuted_strides right_permuted_strides
#define repeated_strides right_repeated_strides
#define subtract_first_row right_subtract_first_row
#include "tutorials/01_tensors/solution.cpp"
#undef permuted_strides
#undef repeated_strides
#undef subtract_first_row

namespace gradus::tutorials {
namespace {

const Answers<decltype(permuted_strides)> permuted(
    1, right_permuted_strides,
    {{"the inverse order", "not the other way round",
      [](const Strides& strides, const Axes& order) {
        Strides result = strides;
        for (int i = 0; i < order.rank(); ++i) result[static_cast<int>(order[i])] = strides[i];
        return result;
      }},
     {"unchanged", "walk the old tensor", [](const Strides& strides, const Axes&) { return strides; }},
     {"always from back to front", "here none does",
      [](const Strides& strides, const Axes&) {
        Strides result;
        for (int i = strides.rank() - 1; i >= 0; --i) result.push_back(strides[i]);
        return result;
      }},
     {"sorted as in a contiguous tensor", "or are sorted",
      [](const Strides& strides, const Axes&) {
        Strides result = strides;
        std::sort(result.begin(), result.end(), std::greater<>());
        return result;
      }},
     {"by index", accepted, [](const Strides& strides, const Axes& order) {
        Strides result = strides;
        for (int i = 0; i < result.rank(); ++i) result[i] = strides[static_cast<int>(order[i])];
        return result;
      }}});

/// A walk over the axes of `to`; `stride` gets the axis of `shape`, negative where it has none.
template <class F>
Strides for_each_axis(const Shape& shape, const Shape& to, const F& stride) {
  Strides result;
  for (int axis = 0; axis < to.rank(); ++axis) {
    result.push_back(stride(axis - (to.rank() - shape.rank()), axis));
  }
  return result;
}

const Answers<decltype(repeated_strides)> repeated(
    2, right_repeated_strides,
    {{"0 for every size of 1", "an axis of size 1 that stays 1 does not repeat",
      [](const Shape& shape, const Strides& strides, const Shape& to) {
        return for_each_axis(shape, to,
                             [&](int old, int) { return old < 0 || shape[old] == 1 ? 0 : strides[old]; });
      }},
     {"aligned in front", "align the shapes at the back",
      [](const Shape& shape, const Strides& strides, const Shape& to) {
        Strides result;
        for (int axis = 0; axis < to.rank(); ++axis) {
          const bool own = axis < shape.rank() && shape[axis] == to[axis];
          result.push_back(own ? strides[axis] : 0);
        }
        return result;
      }},
     {"0 for missing axes only", "with stride 4 the second row would be read from beyond the first",
      [](const Shape& shape, const Strides& strides, const Shape& to) {
        return for_each_axis(shape, to, [&](int old, int) { return old < 0 ? 0 : strides[old]; });
      }},
     {"the strides of a contiguous tensor", "the tensor may be a view",
      [](const Shape& shape, const Strides&, const Shape& to) {
        const Strides dense = contiguous_strides(shape);
        return for_each_axis(shape, to, [&](int old, int axis) {
          return old < 0 || (shape[old] == 1 && to[axis] != 1) ? 0 : dense[old];
        });
      }},
     {"0 where the sizes differ", accepted, [](const Shape& shape, const Strides& strides, const Shape& to) {
        return for_each_axis(shape, to, [&](int old, int axis) {
          return old >= 0 && shape[old] == to[axis] ? strides[old] : 0;
        });
      }}});

void subtract(const Tensor& x, const Tensor& first, int64_t begin) {
  for (int64_t i = begin; i < x.size(0); ++i) x.slice(0, i, i + 1).add_(first, -1);
}

const Answers<decltype(subtract_first_row)> subtracted(
    3, right_subtract_first_row,
    {{"as it stands in exercise.cpp", "It is a view of x",
      [](Tensor x) { subtract(x, x.slice(0, 0, 1), 0); }},
     {"contiguous() for a copy", "also after contiguous()",
      [](Tensor x) { subtract(x, x.slice(0, 0, 1).contiguous(), 0); }},
     {"row 0 left out", "row 0 with the others", [](Tensor x) { subtract(x, x.slice(0, 0, 1), 1); }},
     {"x copied, and the copy changed", "and not a copy of it",
      [](Tensor x) {
        const Tensor first = x.slice(0, 0, 1);
        x = x.clone();
        subtract(x, first, 0);
      }},
     {"the rows of a contiguous x", "keep to rows of the view",
      [](Tensor x) { subtract(x.contiguous(), x.slice(0, 0, 1).clone(), 0); }},
     {"from the last row to the first", accepted, [](Tensor x) {
        for (int64_t i = x.size(0); i-- > 0;) x.slice(0, i, i + 1).add_(x.slice(0, 0, 1), -1);
      }}});

}  // namespace

Strides permuted_strides(const Strides& strides, const Axes& order) { return permuted(strides, order); }

Strides repeated_strides(const Shape& shape, const Strides& strides, const Shape& to) {
  return repeated(shape, strides, to);
}

void subtract_first_row(Tensor x) { subtracted(std::move(x)); }

}  // namespace gradus::tutorials
