// Printing a tensor as NumPy prints an array (its defaults: precision 8, threshold 1000, edgeitems 3,
// linewidth 75, floatmode "maxprec"). Source of the rules: numpy/_core/arrayprint.py.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>

#include "autograd/tensor.hpp"

namespace gradus {
namespace {

constexpr size_t precision = 8;  // digits after the point
constexpr int64_t threshold = 1000, edge_items = 3;
constexpr size_t line_width = 75;

/// The shortest decimal that reads back as the same number: 0.d1d2d3... times 10^point.
struct Decimal {
  bool negative = false;
  std::string digits;  // without trailing zeros; "0" for zero
  int point = 1;
};

template <class T>
Decimal shortest(T x) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, x, std::chars_format::scientific).ptr;
  std::string_view all(text, static_cast<size_t>(end - text));
  Decimal decimal;
  if (all.front() == '-') {
    decimal.negative = true;
    all.remove_prefix(1);
  }
  const size_t e = all.find('e');
  for (const char c : all.substr(0, e)) {
    if (c != '.') decimal.digits += c;
  }
  while (decimal.digits.size() > 1 && decimal.digits.back() == '0') decimal.digits.pop_back();
  decimal.point = 1 + std::stoi(std::string(all.substr(e + 1)));
  if (x == 0) decimal.point = 1;
  return decimal;
}

/// A number cut at the point: "-12" and "5".
struct Parts {
  std::string whole, fraction;
  int exponent = 0;
};

std::string without_trailing_zeros(std::string digits) {
  digits.erase(digits.find_last_not_of('0') + 1);
  return digits;
}

/// In positional notation with at most 8 digits after the point: the shortest form if it has no more, else
/// the exact value rounded.
template <class T>
Parts positional(T x, int most_digits = static_cast<int>(precision)) {
  const Decimal d = shortest(x);
  const int length = static_cast<int>(d.digits.size());
  if (length - d.point > most_digits) {
    const std::string text = fmt::format("{:.{}f}", static_cast<double>(x), most_digits);
    const size_t point = text.find('.');
    return {text.substr(0, point), without_trailing_zeros(text.substr(point + 1)), 0};
  }
  Parts parts;
  for (int i = 0; i < d.point; ++i) parts.whole += i < length ? d.digits[static_cast<size_t>(i)] : '0';
  if (parts.whole.empty()) parts.whole = "0";
  for (int i = d.point; i < length; ++i) parts.fraction += i < 0 ? '0' : d.digits[static_cast<size_t>(i)];
  if (d.negative) parts.whole.insert(parts.whole.begin(), '-');
  if (d.digits == "0") parts.fraction.clear();
  return parts;
}

/// In scientific notation with exactly `digits` digits after the point: the exact value rounded.
template <class T>
Parts rounded_scientific(T x, size_t digits) {
  const std::string text = fmt::format("{:.{}e}", static_cast<double>(x), digits);
  const size_t e = text.find('e'), point = std::min(text.find('.'), e);
  const std::string fraction = point == e ? "" : text.substr(point + 1, e - point - 1);
  return {text.substr(0, point), fraction, std::stoi(text.substr(e + 1))};
}

/// In scientific notation, the shortest form with at most `most_digits` digits after the point.
template <class T>
Parts scientific(T x, size_t most_digits = precision) {
  const Decimal d = shortest(x);
  if (d.digits.size() - 1 > most_digits) {
    Parts parts = rounded_scientific(x, most_digits);
    parts.fraction = without_trailing_zeros(parts.fraction);
    return parts;
  }
  return {(d.negative ? "-" : "") + d.digits.substr(0, 1), d.digits.substr(1), d.point - 1};
}

std::string exponent_text(int exponent, size_t digits = 2) {
  return fmt::format("e{}{:0{}}", exponent < 0 ? '-' : '+', std::abs(exponent), digits);
}

template <class T>
using Formatter = std::function<std::string(T)>;

/// One width for all shown elements, chosen from their values.
template <class T>
Formatter<T> float_formatter(const std::vector<T>& shown) {
  T largest = 0, smallest = 0;
  for (const T x : shown) {
    if (!std::isfinite(x) || x == 0) continue;
    const T size = std::abs(x);
    largest = std::max(largest, size);
    smallest = smallest == 0 ? size : std::min(smallest, size);
  }
  // From here on a number has more digits before the point than its type can hold for sure.
  const T too_large = std::is_same_v<T, float> ? T(1e6) : T(1e8);
  const bool exponential =
      smallest != 0 && (largest >= too_large || smallest < T(0.0001) || largest / smallest > T(1000));

  size_t left = 0, right = 0, exponent_digits = 2;
  bool all_finite = true, has_negative_infinity = false;
  for (const T x : shown) {
    if (!std::isfinite(x)) {
      all_finite = false;
      has_negative_infinity = has_negative_infinity || x < 0;
      continue;
    }
    const Parts parts = exponential ? scientific(x) : positional(x);
    left = std::max(left, parts.whole.size());
    right = std::max(right, parts.fraction.size());
    exponent_digits = std::max(exponent_digits, fmt::format("{}", std::abs(parts.exponent)).size());
  }
  const size_t fraction = right;
  if (exponential) right += 2 + exponent_digits;  // "e+05" stands after the digits
  if (!all_finite) {
    const size_t after_whole = right + 1, infinity = has_negative_infinity ? 4 : 3;
    if (3 > after_whole) left = std::max(left, 3 - after_whole);
    if (infinity > after_whole) left = std::max(left, infinity - after_whole);
  }
  return [=](T x) {
    if (std::isnan(x)) return fmt::format("{:>{}}", "nan", left + right + 1);
    if (std::isinf(x)) return fmt::format("{:>{}}", x < 0 ? "-inf" : "inf", left + right + 1);
    if (exponential) {
      Parts parts = scientific(x);
      // All get the same number of digits; beyond the shortest form these are the exact value's.
      if (parts.fraction.size() < fraction) parts = rounded_scientific(x, fraction);
      return fmt::format("{:>{}}.{}{}", parts.whole, left, parts.fraction,
                         exponent_text(parts.exponent, exponent_digits));
    }
    const Parts parts = positional(x);
    return fmt::format("{:>{}}.{:<{}}", parts.whole, left, parts.fraction, right);
  };
}

/// A number on its own prints in its shortest form.
template <class T>
std::string scalar_text(T x) {
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return x < 0 ? "-inf" : "inf";
  constexpr int any = 1000;
  const double size = std::abs(static_cast<double>(x));
  const double too_large = std::is_same_v<T, float> ? 1e6 : 1e16;
  if (x == 0 || (size >= 1e-4 && size < too_large)) {
    const Parts parts = positional(x, any);
    return parts.whole + "." + (parts.fraction.empty() ? "0" : parts.fraction);
  }
  const Parts parts = scientific(x, any);
  return parts.whole + (parts.fraction.empty() ? "" : "." + parts.fraction) + exponent_text(parts.exponent);
}

/// The indices of an axis that are shown: all, or three at either end around a gap (-1).
std::vector<int64_t> shown_indices(int64_t size, bool summarize) {
  std::vector<int64_t> indices;
  const bool gap = summarize && size > 2 * edge_items;
  for (int64_t i = 0; i < (gap ? edge_items : size); ++i) indices.push_back(i);
  if (gap) indices.push_back(-1);
  for (int64_t i = size - edge_items; gap && i < size; ++i) indices.push_back(i);
  return indices;
}

template <class T>
class Printer {
 public:
  explicit Printer(const Tensor& x)
      : data_(x.data<T>()), shape_(x.shape()), strides_(x.strides()), summarize_(x.numel() > threshold) {
    std::vector<T> shown;
    collect(0, 0, shown);
    format_ = formatter(shown);
  }

  std::string print() const { return nested(0, 0, " ", line_width); }

 private:
  void collect(int axis, int64_t at, std::vector<T>& shown) const {
    if (axis == shape_.rank()) {
      shown.push_back(data_[at]);
      return;
    }
    for (const int64_t i : shown_indices(shape_[axis], summarize_)) {
      if (i >= 0) collect(axis + 1, at + i * strides_[axis], shown);
    }
  }

  static Formatter<T> formatter(const std::vector<T>& shown) {
    if constexpr (std::is_same_v<T, bool>) {
      return [](bool value) { return std::string(value ? " True" : "False"); };
    } else if constexpr (std::is_same_v<T, int64_t>) {
      size_t width = 0;
      for (const int64_t x : shown) width = std::max(width, fmt::formatted_size("{}", x));
      return [width](int64_t x) { return fmt::format("{:>{}}", x, width); };
    } else {
      return float_formatter<T>(shown);
    }
  }

  std::string nested(int axis, int64_t at, const std::string& indent, size_t width) const {
    const bool rows = axis + 1 == shape_.rank();
    std::string text = rows ? row(at, indent, width) : blocks(axis, at, indent, width);
    return "[" + text.substr(indent.size()) + "]";
  }

  /// The last axis: words separated by a space, on a new line where they would not fit.
  std::string row(int64_t at, const std::string& indent, size_t width) const {
    const int axis = shape_.rank() - 1;
    std::string text, line = indent;
    bool first = true;
    for (const int64_t i : shown_indices(shape_[axis], summarize_)) {
      const std::string word = i < 0 ? "..." : format_(data_[at + i * strides_[axis]]);
      if (!first) line += ' ';
      first = false;
      if (line.size() + word.size() > width - 1 && line.size() > indent.size()) {
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
        line = indent;
      }
      line += word;
    }
    return text + line;
  }

  std::string blocks(int axis, int64_t at, const std::string& indent, size_t width) const {
    const std::string separator(static_cast<size_t>(shape_.rank() - axis - 1), '\n');
    std::string text;
    for (const int64_t i : shown_indices(shape_[axis], summarize_)) {
      if (!text.empty()) text += separator;
      text += indent;
      text += i < 0 ? "..." : nested(axis + 1, at + i * strides_[axis], indent + " ", width - 1);
    }
    return text;
  }

  const T* data_;
  Shape shape_;
  Strides strides_;
  bool summarize_;
  Formatter<T> format_;
};

}  // namespace

std::string to_string(const Tensor& x) {
  if (!x.defined()) return "undefined";
  if (x.numel() == 0) return "[]";
  return dispatch_all(x.dtype(), [&]<class T> {
    if (x.rank() > 0) return Printer<T>(x).print();
    const T value = *x.data<T>();
    if constexpr (std::is_same_v<T, bool>) {
      return std::string(value ? "True" : "False");
    } else if constexpr (std::is_same_v<T, int64_t>) {
      return fmt::format("{}", value);
    } else {
      return scalar_text(value);
    }
  });
}

}  // namespace gradus
