// What a view of a tensor should be: a shape, and for each of its indices the element of the base that it
// shows. Every step is the plain definition in whole numbers of 128 bits, so nothing overflows, and nothing
// is stored, so a view may have 2^62 elements.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "autograd/shape.hpp"

namespace gradus::test {

__extension__ typedef __int128 Wide;  // which ISO C++ does not know
using Index = std::vector<int64_t>;

/// The product of all sizes, with 1 for those that are 0; empty if one is negative or it is 2^63 or more.
inline std::optional<int64_t> countable(const std::vector<Wide>& sizes) {
  Wide product = 1;
  for (const Wide size : sizes) {
    if (size < 0 || size > INT64_MAX) return std::nullopt;
    product *= size == 0 ? 1 : size;
    if (product > INT64_MAX) return std::nullopt;
  }
  return static_cast<int64_t>(product);
}

inline bool is_countable(const Shape& shape) {
  return countable(std::vector<Wide>(shape.begin(), shape.end())).has_value();
}

inline int64_t flat_index(const Index& index, const Shape& shape) {
  Wide flat = 0;
  for (int i = 0; i < shape.rank(); ++i) flat = flat * shape[i] + index[static_cast<size_t>(i)];
  return static_cast<int64_t>(flat);
}

inline Index unflatten(int64_t flat, const Shape& shape) {
  Index index(static_cast<size_t>(shape.rank()));
  for (int i = shape.rank() - 1; i >= 0; --i) {
    index[static_cast<size_t>(i)] = flat % shape[i];
    flat /= shape[i];
  }
  return index;
}

/// Each view is empty where the call must be refused.
struct ViewModel {
  Shape shape;
  std::function<int64_t(const Index&)> source;  ///< the base's row-major position of the element at an index

  static ViewModel of(const Shape& shape) {
    return {shape, [shape](const Index& index) { return flat_index(index, shape); }};
  }

  std::optional<size_t> axis(int64_t wanted, int extra = 0) const {
    const int64_t rank = shape.rank() + extra;
    if (wanted < -rank || wanted >= rank) return std::nullopt;
    return static_cast<size_t>(wanted < 0 ? wanted + rank : wanted);
  }

  std::optional<ViewModel> permute(const Axes& order) const {
    if (order.rank() != shape.rank()) return std::nullopt;
    std::vector<size_t> from;
    ViewModel y;
    for (const int64_t wanted : order) {
      const auto a = axis(wanted);
      if (!a || std::find(from.begin(), from.end(), *a) != from.end()) return std::nullopt;
      from.push_back(*a);
      y.shape.push_back(shape[static_cast<int>(*a)]);
    }
    y.source = [source = source, from](const Index& index) {
      Index old(index.size());
      for (size_t i = 0; i < from.size(); ++i) old[from[i]] = index[i];
      return source(old);
    };
    return y;
  }

  std::optional<ViewModel> transpose(int64_t a, int64_t b) const {
    const auto first = axis(a), second = axis(b);
    if (!first || !second) return std::nullopt;
    Axes order;
    for (int i = 0; i < shape.rank(); ++i) order.push_back(i);
    std::swap(order[static_cast<int>(*first)], order[static_cast<int>(*second)]);
    return permute(order);
  }

  std::optional<ViewModel> slice(int64_t wanted, int64_t begin, int64_t end, int64_t step) const {
    const auto a = axis(wanted);
    if (!a || step < 1) return std::nullopt;
    const Wide size = shape[static_cast<int>(*a)];
    const Wide from = begin < 0 ? begin + size : Wide(begin), to = end < 0 ? end + size : Wide(end);
    if (from < 0 || to > size || from > to) return std::nullopt;
    ViewModel y = *this;
    y.shape[static_cast<int>(*a)] = static_cast<int64_t>((to - from + step - 1) / step);
    y.source = [source = source, a = *a, from, step](const Index& index) {
      Index old = index;
      old[a] = static_cast<int64_t>(from + Wide(index[a]) * step);
      return source(old);
    };
    return y;
  }

  std::optional<ViewModel> select(int64_t wanted, int64_t index) const {
    const auto a = axis(wanted);
    if (!a) return std::nullopt;
    const Wide size = shape[static_cast<int>(*a)], place = index < 0 ? index + size : Wide(index);
    if (place < 0 || place >= size) return std::nullopt;
    const auto i = static_cast<int64_t>(place);
    return slice(wanted, i, i + 1, 1)->squeeze(wanted);
  }

  std::optional<ViewModel> squeeze(int64_t wanted) const {
    const auto a = axis(wanted);
    if (!a || shape[static_cast<int>(*a)] != 1) return std::nullopt;
    ViewModel y = *this;
    y.shape.erase(static_cast<int>(*a));
    y.source = [source = source, a = *a](Index index) {
      index.insert(index.begin() + static_cast<std::ptrdiff_t>(a), 0);
      return source(index);
    };
    return y;
  }

  std::optional<ViewModel> unsqueeze(int64_t wanted) const {
    const auto a = axis(wanted, 1);
    if (!a || shape.rank() == Shape::max_rank) return std::nullopt;
    ViewModel y = *this;
    y.shape.insert(static_cast<int>(*a), 1);
    y.source = [source = source, a = *a](Index index) {
      index.erase(index.begin() + static_cast<std::ptrdiff_t>(a));
      return source(index);
    };
    return y;
  }

  std::optional<ViewModel> expand(const Shape& wanted) const {
    const int lead = wanted.rank() - shape.rank();
    if (lead < 0) return std::nullopt;
    ViewModel y{wanted, {}};
    for (int i = 0; i < wanted.rank(); ++i) {
      const int64_t own = i < lead ? 1 : shape[i - lead];
      if (wanted[i] == -1 && i >= lead) y.shape[i] = own;
      if (y.shape[i] < 0 || (own != 1 && own != y.shape[i])) return std::nullopt;
    }
    if (!is_countable(y.shape)) return std::nullopt;
    y.source = [source = source, shape = shape, lead](const Index& index) {
      Index old(index.begin() + lead, index.end());
      for (int i = 0; i < shape.rank(); ++i) {
        if (shape[i] == 1) old[static_cast<size_t>(i)] = 0;
      }
      return source(old);
    };
    return y;
  }

  std::optional<ViewModel> reshape(const Shape& wanted) const {
    std::vector<Wide> known;
    int unknown = -1;
    for (int i = 0; i < wanted.rank(); ++i) {
      if (wanted[i] == -1 && unknown < 0) {
        unknown = i;
      } else {
        known.push_back(wanted[i]);
      }
    }
    const auto product = countable(known);
    if (!product) return std::nullopt;
    ViewModel y{wanted, {}};
    const bool empty = std::find(known.begin(), known.end(), 0) != known.end();
    if (unknown >= 0) {
      if (empty || shape.numel() % *product != 0) return std::nullopt;
      y.shape[unknown] = shape.numel() / *product;
    }
    if (!is_countable(y.shape) || y.shape.numel() != shape.numel()) return std::nullopt;
    y.source = [source = source, from = shape, to = y.shape](const Index& index) {
      return source(unflatten(flat_index(index, to), from));
    };
    return y;
  }
};

}  // namespace gradus::test
