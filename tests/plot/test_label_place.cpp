// The labels of guides: never over a curve.
#include "plot/label_place.hpp"

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "plot/chart.hpp"
#include "plot/text.hpp"
#include "support/catch.hpp"
#include "support/page_checks.hpp"

using namespace gradus::plot;
using detail::Box;
using detail::free_place;
using detail::touches;

TEST_CASE("label: what touches a box") {
  const Box box{10, 10, 20, 20};
  CHECK(touches({{0, 0}, {30, 30}}, box));
  CHECK(touches({{15, 15}, {15, 15}}, box));
  CHECK(touches({{15, 0}, {15, 30}}, box));
  CHECK(touches({{20, 25}, {25, 5}}, {10, 10, 22, 20}));
  CHECK_FALSE(touches({{0, 15}, {9, 15}}, box));
  CHECK_FALSE(touches({{0, 25}, {30, 25}}, box));
  CHECK_FALSE(touches({{5, 5}, {5, 5}}, box));
  CHECK_FALSE(touches({{0, 19}, {40, 45}}, box));  // the corner is missed
}

TEST_CASE("label: the place farthest right that is free, above the line first") {
  const Box room{0, 0, 200, 100};
  const auto at = [&](std::vector<detail::Segment> curves, double y = 50) {
    const auto place = free_place(room, y, 40, 12, curves, {});
    return place ? std::vector<double>{place->left, place->top} : std::vector<double>{};
  };
  CHECK(at({}) == std::vector<double>{160, 33});
  CHECK(at({{{170, 0}, {170, 45}}}) == std::vector<double>{160, 52});      // above is taken
  CHECK(at({{{170, 0}, {170, 100}}}) == std::vector<double>{120, 33});     // both: further left
  CHECK(at({}, 5) == std::vector<double>{160, 7});                         // no room above
  CHECK(at({{{170, 0}, {170, 92}}}, 95) == std::vector<double>{120, 78});  // no room below
  CHECK(at({{{0, 40}, {200, 40}}, {{0, 60}, {200, 60}}}).empty());
  const auto second = free_place(room, 52, 40, 12, {}, {{160, 33, 200, 48}});
  REQUIRE(second);
  CHECK(second->top == 54);
}

TEST_CASE("chart: the label of a guide lies over no curve, whatever the curve does") {
  std::mt19937 draw_number(1);
  std::uniform_real_distribution<double> uniform(0, 1);
  int labelled = 0, in_legend = 0;
  for (int trial = 0; trial < 200; ++trial) {
    Chart chart;
    chart.title = "trial";
    chart.percent = true;
    for (int s = 0; s < 3; ++s) {
      ChartSeries series;
      series.markers = s == 0;
      const double end = uniform(draw_number), noise = trial % 4 == 3 ? 1 : 0.1 * uniform(draw_number);
      for (int i = 0; i < 60; ++i) {
        series.x.push_back(i);
        series.y.push_back(end * (1 - std::exp(-i / 15.0)) + noise * uniform(draw_number));
      }
      chart.series.push_back(series);
    }
    chart.guides = {{"two neighbours", uniform(draw_number)}, {"frequency", uniform(draw_number)}};
    const std::string svg = to_svg(draw(chart));
    std::vector<Box> labels;
    for (size_t at = svg.find("guide-label"); at != std::string::npos; at = svg.find("guide-label", at + 1)) {
      double x = 0, y = 0;
      const size_t text = svg.rfind("<text", at);
      REQUIRE(std::sscanf(svg.c_str() + text, "<text x=\"%lf\" y=\"%lf\"", &x, &y) == 2);
      const size_t begin = svg.find('>', at) + 1;
      labels.push_back({x - text_width(svg.substr(begin, svg.find('<', begin) - begin)), y - 10, x, y + 2});
    }
    labelled += static_cast<int>(labels.size());
    in_legend += static_cast<int>(count_of(svg, ">two neighbours (") + count_of(svg, ">frequency ("));
    CHECK(labels.size() + count_of(svg, ">two neighbours (") + count_of(svg, ">frequency (") == 2);
    for (size_t at = svg.find(" d=\"M"); at != std::string::npos; at = svg.find(" d=\"M", at + 1)) {
      detail::Segment segment;
      const char* text = svg.c_str() + at + 4;
      for (int read = 0; *text == 'M' || *text == 'L'; text += read) {
        const bool begins = *text == 'M';
        REQUIRE(std::sscanf(text + 1, "%lf %lf%n", &segment.to.x, &segment.to.y, &read) == 2);
        ++read;
        if (!begins) {
          for (const Box& label : labels) CHECK_FALSE(touches(segment, label));
        }
        segment.from = segment.to;
      }
    }
  }
  CHECK(labelled > 200);
  CHECK(in_legend > 10);
}
