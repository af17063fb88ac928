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
constexpr double strongest_under_numbers = 0.55;

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

void check(const HeatMap& map) {
  const size_t rows = map.rows.size(), columns = map.columns.size();
  if (rows == 0 || columns == 0) fail<ShapeError>("heat map \"{}\": there is no cell", map.title);
  if (map.values.size() != rows * columns) {
    fail<ShapeError>("heat map \"{}\": {} {} for {} {} and {} {}", map.title, map.values.size(),
                     plural(map.values.size(), "value"), rows, plural(rows, "row"), columns,
                     plural(columns, "column"));
  }
}

/// What stands in the cells; empty texts for empty cells, and nothing at all without numbers.
std::vector<std::string> numbers_of(const HeatMap& map) {
  std::vector<std::string> numbers;
  if (!map.numbers) return numbers;
  for (const double value : map.values) {
    numbers.push_back(std::isnan(value) ? "" : fmt::format("{:.{}f}", value, map.decimals));
  }
  return numbers;
}

/// Where the cells lie, and how large one is.
struct Grid {
  int wide, high, left, top;
  double right, bottom;
  bool upright;  // the columns' labels, which do not fit above their columns

  double x(size_t column) const { return left + static_cast<double>(column) * wide; }
  double y(size_t row) const { return top + static_cast<double>(row) * high; }
};

/// The title's line, then that of the columns' title.
int titles_end(const HeatMap& map) {
  return (map.title.empty() ? 4 : 28) + (map.column_title.empty() ? 0 : 18);
}

Grid grid_of(const HeatMap& map, const std::vector<std::string>& numbers) {
  Grid grid{};
  grid.high = map.cell > 0 ? map.cell : map.numbers ? 34 : 18;
  grid.wide = std::max(grid.high, static_cast<int>(std::ceil(widest(numbers))) + 12);
  const double column_label = widest(map.columns), row_label = widest(map.rows);
  grid.upright = column_label > grid.wide - 4;
  grid.left =
      static_cast<int>(std::ceil(row_label)) + (row_label > 0 ? 8 : 0) + (map.row_title.empty() ? 0 : 20);
  grid.top = titles_end(map) + (column_label == 0 ? 0
                                : grid.upright    ? static_cast<int>(std::ceil(column_label)) + 9
                                                  : 18);
  grid.right = grid.x(map.columns.size());
  grid.bottom = grid.y(map.rows.size());
  return grid;
}

void draw_text(std::string& out, double x, double y, std::string_view anchor, std::string_view kind,
               std::string_view what) {
  fmt::format_to(std::back_inserter(out),
                 "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" class=\"{}\">{}</text>\n", x, y, anchor,
                 kind, escape(what));
}

void draw_titles(std::string& out, const HeatMap& map, const Grid& grid) {
  if (!map.title.empty()) draw_text(out, 0, 16, "start", "title", map.title);
  if (!map.column_title.empty()) {
    draw_text(out, (grid.left + grid.right) / 2, titles_end(map) - 4, "middle", "tick", map.column_title);
  }
  if (map.row_title.empty()) return;
  out += fmt::format(
      "<text transform=\"translate(12 {:.1f}) rotate(-90)\" text-anchor=\"middle\" "
      "class=\"tick\">{}</text>\n",
      (grid.top + grid.bottom) / 2, escape(map.row_title));
}

void draw_column_labels(std::string& out, const HeatMap& map, const Grid& grid) {
  for (size_t j = 0; j < map.columns.size(); ++j) {
    const double middle = grid.left + (static_cast<double>(j) + 0.5) * grid.wide;
    if (map.columns[j].empty()) continue;
    if (grid.upright) {
      out += fmt::format("<text transform=\"translate({:.1f} {}) rotate(-90)\">{}</text>\n", middle + 4,
                         grid.top - 6, escape(map.columns[j]));
    } else {
      draw_text(out, middle, grid.top - 6, "middle", "", map.columns[j]);
    }
  }
}

void draw_rows(std::string& out, const HeatMap& map, const Grid& grid, const Scale& scale,
               const std::vector<std::string>& numbers) {
  const size_t columns = map.columns.size();
  for (size_t i = 0; i < map.rows.size(); ++i) {
    const double y = grid.y(i), base = y + grid.high / 2.0 + 4;
    if (!map.rows[i].empty()) draw_text(out, grid.left - 7, base, "end", "", map.rows[i]);
    for (size_t j = 0; j < columns; ++j) {
      const double value = map.values[i * columns + j], x = grid.x(j);
      if (std::isnan(value)) continue;
      const double shade = scale.share(value) * (map.numbers ? strongest_under_numbers : 1);
      if (shade >= 0.005) {
        out += fmt::format(
            "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" height=\"{}\" opacity=\"{:.2f}\"/>\n",
            colour_of(scale, value), x, y, grid.wide, grid.high, shade);
      }
      if (map.numbers) draw_text(out, x + grid.wide / 2.0, base, "middle", "", numbers[i * columns + j]);
    }
  }
  out += fmt::format("<rect class=\"frame\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n", grid.left,
                     grid.top, grid.right - grid.left, grid.bottom - grid.top);
}

/// Ten shades between the two ends of the scale, with `end` below them. Returns where it ends at the right.
double draw_scale(std::string& out, const Scale& scale, int left, double end) {
  const std::string first = number(scale.low), last = number(scale.high);
  const double x = left + text_width(first) + 6;
  draw_text(out, left, end - 4, "start", "tick", first);
  for (int i = 0; i < 10; ++i) {
    const double value = scale.low + (scale.high - scale.low) * (i + 0.5) / 10;
    out += fmt::format(
        "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"8\" height=\"10\" opacity=\"{:.2f}\"/>\n",
        colour_of(scale, value), x + i * 8, end - 13, scale.share(value));
  }
  draw_text(out, x + 86, end - 4, "start", "tick", last);
  return x + 86 + text_width(last);
}

}  // namespace

Picture draw(const HeatMap& map) {
  check(map);
  const Scale scale = scale_of(map);
  const std::vector<std::string> numbers = numbers_of(map);
  const Grid grid = grid_of(map, numbers);

  Picture picture;
  picture.label = map.title;
  draw_titles(picture.body, map, grid);
  draw_column_labels(picture.body, map, grid);
  draw_rows(picture.body, map, grid, scale, numbers);
  double end = grid.bottom;
  if (!map.numbers) {
    end += 30;
    picture.width = static_cast<int>(std::ceil(draw_scale(picture.body, scale, grid.left, end)));
  }
  picture.width = std::max(
      {picture.width, static_cast<int>(grid.right) + 1, static_cast<int>(std::ceil(title_width(map.title)))});
  picture.height = static_cast<int>(end) + 1;
  return picture;
}

}  // namespace gradus::plot
