#include "plot/chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "autograd/error.hpp"
#include "plot/chart_axis.hpp"
#include "plot/label_place.hpp"
#include "plot/text.hpp"

namespace gradus::plot {
namespace {

using detail::ChartAxis;

constexpr double font_size = 12;
constexpr double legend_row_height = 18;

size_t length(const ChartSeries& series) { return std::min(series.x.size(), series.y.size()); }

/// The indices to draw: all, or for many points the least and the greatest of each of `buckets` runs of
/// points, so that no peak is lost. A point that is not drawable stands for its run if the run has no other.
std::vector<size_t> thinned(const ChartSeries& series, const ChartAxis& axis, size_t buckets) {
  const size_t n = length(series);
  std::vector<size_t> kept;
  for (size_t b = 0; b < std::min(buckets, n); ++b) {
    const size_t first = b * n / std::min(buckets, n), end = (b + 1) * n / std::min(buckets, n);
    size_t low = first, high = first;
    for (size_t i = first; i < end; ++i) {
      if (!axis.holds(series.y[i])) continue;
      if (!axis.holds(series.y[low]) || series.y[i] < series.y[low]) low = i;
      if (!axis.holds(series.y[high]) || series.y[i] > series.y[high]) high = i;
    }
    kept.push_back(std::min(low, high));
    if (low != high) kept.push_back(std::max(low, high));
  }
  // The two ends say where the run began and stands now.
  if (!kept.empty() && kept.front() != 0) kept.insert(kept.begin(), 0);
  if (!kept.empty() && kept.back() != n - 1) kept.push_back(n - 1);
  return kept;
}

class Drawing {
 public:
  explicit Drawing(const Chart& chart)
      : chart_(chart), x_(chart.log_x, false, chart.whole_x), y_(chart.log_y, chart.percent, false) {
    if (chart.width < 200 || chart.height < 160) {
      fail<ShapeError>("chart \"{}\": {} x {} pixels are too few, 200 x 160 is the least", chart.title,
                       chart.width, chart.height);
    }
    for (const ChartSeries& series : chart.series) {
      if (series.color < 1 || series.color > 4) {
        fail<ShapeError>("chart \"{}\": colour {} of series \"{}\" is not 1 to 4", chart.title, series.color,
                         series.name);
      }
      for (size_t i = 0; i < length(series); ++i) {
        if (!x_.holds(series.x[i]) || !y_.holds(series.y[i])) continue;
        x_.include(series.x[i]);
        y_.include(series.y[i]);
      }
    }
    empty_ = x_.empty();
    for (const ChartGuide& guide : chart.guides) y_.include(guide.y);
    x_.settle(std::max(2, chart.width / 90), 0);
    y_.settle(std::max(2, chart.height / 60), 0.06);
  }

  std::string body() {
    // A guide whose label finds no free place goes into the legend, which may need another row then.
    std::vector<size_t> in_legend;
    std::string out;
    do {
      out = text_at(0, 16, "start", "title", chart_.title);
      const double legend_end = legend(out, in_legend);
      top_ = legend_end + 14;
      bottom_ = chart_.height - (chart_.x_label.empty() ? 24 : 40);
      double widest = 0;
      for (const double tick : y_.ticks()) widest = std::max(widest, text_width(y_.label(tick), font_size));
      left_ = widest + 8;
      right_ = chart_.width - 14;
      x_.place(left_, right_);
      y_.place(bottom_, top_);
      axes(out);
      curves_.clear();
      for (const ChartSeries& series : chart_.series) line(out, series);
    } while (!guides(out, in_legend));
    if (chart_.cursor && !chart_.log_x && !empty_) {
      out += fmt::format(
          "<line class=\"cursor\" visibility=\"hidden\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" "
          "y2=\"{2:.1f}\" data-zero=\"{3:.4f}\" data-unit=\"{4:.8g}\"/>\n",
          left_, top_, bottom_, x_.pixel(0), x_.pixel(1) - x_.pixel(0));
    }
    if (empty_) out += text_at((left_ + right_) / 2, (top_ + bottom_) / 2, "middle", "", "no values yet");
    return out;
  }

 private:
  /// Draws the legend, as many entries a row as fit, and gives back where it ends. `guides` are those that
  /// have an entry.
  double legend(std::string& out, const std::vector<size_t>& guides) const {
    double x = 0, y = 16;
    bool any = false;
    const auto entry = [&](const std::string& name, const std::string& kind) {
      const double width = 24 + text_width(name, font_size) + 14;
      if (!any || x + width > chart_.width + 14) {
        x = 0;
        y += legend_row_height + (any ? 0 : 4);
        any = true;
      }
      out +=
          fmt::format("<line x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" class=\"{3}\"/>\n",
                      x, x + 18, y - 4, kind);
      out += text_at(x + 24, y, "start", "", name);
      x += width;
    };
    for (const ChartSeries& series : chart_.series) {
      if (series.name.empty()) continue;
      entry(series.name, fmt::format("line c{}{}", series.color, series.dashed ? " dashed" : ""));
    }
    for (const size_t i : guides) {
      const ChartGuide& guide = chart_.guides[i];
      entry(fmt::format("{} ({})", guide.label, chart_.percent ? percent(guide.y) : number(guide.y)),
            "guide");
    }
    return y;
  }

  void axes(std::string& out) const {
    for (const double tick : y_.ticks()) {
      const double y = y_.pixel(tick);
      out += fmt::format("<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" class=\"grid\"/>\n",
                         left_, right_, y, y);
      out += text_at(left_ - 6, y + 4, "end", "tick", y_.label(tick));
    }
    out += fmt::format("<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" class=\"axis\"/>\n",
                       left_, right_, bottom_, bottom_);
    if (empty_) return;
    for (const double tick : x_.ticks()) {
      const std::string label = x_.label(tick);
      // A label at the very end would be cut off there.
      const double half = text_width(label, font_size) / 2;
      const double x = std::min(x_.pixel(tick), chart_.width - half);
      out += text_at(x, bottom_ + 16, "middle", "tick", label);
    }
    out += text_at((left_ + right_) / 2, bottom_ + 34, "middle", "tick", chart_.x_label);
  }

  void line(std::string& out, const ChartSeries& series) {
    const auto buckets = static_cast<size_t>(std::max(1.0, right_ - left_));
    std::string path;
    std::vector<size_t> dots;
    size_t run = 0;  // points of the current run without a gap
    size_t last = 0;
    detail::Point before{};
    const auto end_run = [&] {
      if (run == 1) dots.push_back(last);  // one point alone makes no line
      run = 0;
    };
    for (const size_t i : thinned(series, y_, buckets)) {
      if (!x_.holds(series.x[i]) || !y_.holds(series.y[i])) {
        end_run();
        continue;
      }
      const detail::Point point{x_.pixel(series.x[i]), y_.pixel(series.y[i])};
      fmt::format_to(std::back_inserter(path), "{}{:.1f} {:.1f}", run == 0 ? "M" : "L", point.x, point.y);
      curves_.push_back({run == 0 ? point : before, point});
      before = point;
      ++run;
      last = i;
      if (series.markers) dots.push_back(i);
    }
    if (series.markers) run = 0;  // already dotted
    end_run();
    if (path.empty()) return;
    out += fmt::format("<path class=\"line c{}{}{}\" d=\"{}\"/>\n", series.color,
                       series.faint ? " faint" : "", series.dashed ? " dashed" : "", path);
    for (const size_t i : dots) {
      out += fmt::format(
          "<circle class=\"dot c{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"><title>{}</title></circle>\n",
          series.color, x_.pixel(series.x[i]), y_.pixel(series.y[i]), dots.size() > 40 ? 2 : 3,
          escape(fmt::format("{} {}: {}", chart_.x_label, number(series.x[i], 6),
                             chart_.percent ? percent(series.y[i]) : number(series.y[i], 4))));
    }
  }

  /// Guides from the top down, each with its label right above or below it where nothing else is. False if
  /// one finds no such place; it is added to `in_legend` then.
  bool guides(std::string& out, std::vector<size_t>& in_legend) const {
    std::vector<size_t> order;
    for (size_t i = 0; i < chart_.guides.size(); ++i) {
      if (y_.holds(chart_.guides[i].y)) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(),
                     [this](size_t a, size_t b) { return chart_.guides[a].y > chart_.guides[b].y; });
    std::vector<detail::Box> taken;
    for (const size_t i : order) {
      const ChartGuide& guide = chart_.guides[i];
      const double y = y_.pixel(guide.y);
      out += fmt::format("<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" class=\"guide\"/>\n",
                         left_, right_, y, y);
      if (std::find(in_legend.begin(), in_legend.end(), i) != in_legend.end()) continue;
      std::vector<detail::Box> others = taken;  // the labels so far, and the other guides themselves
      for (const ChartGuide& other : chart_.guides) {
        if (&other != &guide && y_.holds(other.y))
          others.push_back({left_, y_.pixel(other.y), right_, y_.pixel(other.y)});
      }
      const auto place = detail::free_place({left_ + 4, top_, right_, bottom_}, y,
                                            text_width(guide.label, font_size), font_size, curves_, others);
      if (!place) {
        in_legend.push_back(i);
        return false;
      }
      taken.push_back(*place);
      out += text_at(place->right, place->bottom - 3, "end", "guide-label", guide.label);
    }
    return true;
  }

  const Chart& chart_;
  ChartAxis x_, y_;
  bool empty_ = false;
  std::vector<detail::Segment> curves_;  // all that is drawn of the series, in pixels
  double left_ = 0, right_ = 0, top_ = 0, bottom_ = 0;
};

}  // namespace

std::vector<double> smoothed(const std::vector<double>& y, double span) {
  const double decay = 1 - 2 / (std::max(span, 1.0) + 1);
  std::vector<double> smooth;
  smooth.reserve(y.size());
  double sum = 0, weight = 0;
  for (const double value : y) {
    if (std::isfinite(value)) {
      sum = decay * sum + value;
      weight = decay * weight + 1;
    }
    smooth.push_back(weight > 0 ? sum / weight : value);
  }
  return smooth;
}

Picture draw(const Chart& chart) { return {chart.width, chart.height, chart.title, Drawing(chart).body()}; }

}  // namespace gradus::plot
