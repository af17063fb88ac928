#include "plot/heat_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "autograd/error.hpp"
#include "autograd/plural.hpp"
#include "plot/text.hpp"

namespace gradus::plot {
namespace {

/// A number on a cell must be legible on any of its shades, so they end before the strongest.
constexpr double kStrongestBehindNumbers = 0.55;

struct Scale {
  double low, high;
  bool diverging;

  /// From 0 (nothing) to 1 (strongest).
  double share(double value) const {
    const double from = diverging ? 0 : low, to = diverging && value < 0 ? low : high;
    return to == from ? 0 : std::clamp((value - from) / (to - from), 0.0, 1.0);
  }
};

Scale scale_of(const HeatMap& map) {
  double least = std::numeric_limits<double>::infinity(), greatest = -least;
  for (const double value : map.values) {
    if (!std::isfinite(value)) continue;
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
  if (!(least <= greatest)) least = 0, greatest = 1;
  Scale scale{std::min(least, 0.0), greatest, map.diverging};
  if (map.diverging) {
    scale.high = std::max(std::abs(least), std::abs(greatest));
    scale.low = -scale.high;
  }
  if (!std::isnan(map.low)) scale.low = map.low;
  if (!std::isnan(map.high)) scale.high = map.high;
  return scale;
}

double widest(const std::vector<std::string>& labels) {
  double width = 0;
  for (const std::string& label : labels) width = std::max(width, text_width(label));
  return width;
}

std::string colour_of(const Scale& scale, double value) {
  return scale.diverging && value < 0 ? "cold" : "cell";
}

}  // namespace

Picture draw(const HeatMap& map) {
  const std::size_t rows = map.rows.size(), columns = map.columns.size();
  if (rows == 0 || columns == 0) fail<ShapeError>("heat map \"{}\": there is no cell", map.title);
  if (map.values.size() != rows * columns) {
    fail<ShapeError>("heat map \"{}\": {} {} for {} {} and {} {}", map.title, map.values.size(),
                     plural(map.values.size(), "value"), rows, plural(rows, "row"), columns,
                     plural(columns, "column"));
  }
  const Scale scale = scale_of(map);
  std::vector<std::string> numbers;
  if (map.numbers) {
    for (const double value : map.values) {
      numbers.push_back(std::isnan(value) ? "" : fmt::format("{:.{}f}", value, map.decimals));
    }
  }
  const int high = map.cell > 0 ? map.cell : map.numbers ? 34 : 18;
  const int wide = std::max(high, static_cast<int>(std::ceil(widest(numbers))) + 12);
  const double column_label = widest(map.columns);
  const bool upright = column_label > wide - 4;  // does not fit above its column
  const double row_label = widest(map.rows);
  const int left =
      static_cast<int>(std::ceil(row_label)) + (row_label > 0 ? 8 : 0) + (map.row_title.empty() ? 0 : 20);
  int top = map.title.empty() ? 4 : 28;
  if (!map.column_title.empty()) top += 18;
  const int labels_end = top + (column_label == 0 ? 0
                                : upright         ? static_cast<int>(std::ceil(column_label)) + 9
                                                  : 18);

  Picture picture;
  picture.label = map.title;
  std::string& out = picture.body;
  const auto text = [&](double x, double y, std::string_view anchor, std::string_view kind,
                        std::string_view what) {
    fmt::format_to(std::back_inserter(out),
                   "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" class=\"{}\">{}</text>\n", x, y,
                   anchor, kind, escape(what));
  };
  if (!map.title.empty()) text(0, 16, "start", "title", map.title);
  const double right = left + static_cast<double>(columns) * wide;
  const double bottom = labels_end + static_cast<double>(rows) * high;
  if (!map.column_title.empty()) text((left + right) / 2, top - 4, "middle", "tick", map.column_title);
  if (!map.row_title.empty()) {
    out += fmt::format(
        "<text transform=\"translate(12 {:.1f}) rotate(-90)\" text-anchor=\"middle\" "
        "class=\"tick\">{}</text>\n",
        (labels_end + bottom) / 2, escape(map.row_title));
  }
  for (std::size_t j = 0; j < columns; ++j) {
    const double middle = left + (static_cast<double>(j) + 0.5) * wide;
    if (map.columns[j].empty()) continue;
    if (upright) {
      out += fmt::format("<text transform=\"translate({:.1f} {}) rotate(-90)\">{}</text>\n", middle + 4,
                         labels_end - 6, escape(map.columns[j]));
    } else {
      text(middle, labels_end - 6, "middle", "", map.columns[j]);
    }
  }
  for (std::size_t i = 0; i < rows; ++i) {
    const double y = labels_end + static_cast<double>(i) * high;
    if (!map.rows[i].empty()) text(left - 7, y + high / 2.0 + 4, "end", "", map.rows[i]);
    for (std::size_t j = 0; j < columns; ++j) {
      const double value = map.values[i * columns + j], x = left + static_cast<double>(j) * wide;
      if (std::isnan(value)) continue;
      const double shade = scale.share(value) * (map.numbers ? kStrongestBehindNumbers : 1);
      if (shade >= 0.005) {
        out += fmt::format(
            "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" height=\"{}\" opacity=\"{:.2f}\"/>\n",
            colour_of(scale, value), x, y, wide, high, shade);
      }
      if (map.numbers) text(x + wide / 2.0, y + high / 2.0 + 4, "middle", "", numbers[i * columns + j]);
    }
  }
  out += fmt::format("<rect class=\"frame\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n", left,
                     labels_end, right - left, bottom - labels_end);
  double end = bottom;
  if (!map.numbers) {  // the scale: ten shades between its two ends
    end = bottom + 30;
    const std::string first = number(scale.low), last = number(scale.high);
    const double x = left + text_width(first) + 6;
    text(left, end - 4, "start", "tick", first);
    for (int i = 0; i < 10; ++i) {
      const double value = scale.low + (scale.high - scale.low) * (i + 0.5) / 10;
      out += fmt::format(
          "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"8\" height=\"10\" opacity=\"{:.2f}\"/>\n",
          colour_of(scale, value), x + i * 8, end - 13, scale.share(value));
    }
    text(x + 86, end - 4, "start", "tick", last);
    picture.width = static_cast<int>(std::ceil(x + 86 + text_width(last)));
  }
  picture.width = std::max(
      {picture.width, static_cast<int>(right) + 1, static_cast<int>(std::ceil(title_width(map.title)))});
  picture.height = static_cast<int>(end) + 1;
  return picture;
}

}  // namespace gradus::plot
