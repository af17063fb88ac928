// Line charts: axes, gaps, labels, and files of their own.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "autograd/error.hpp"
#include "plot/chart.hpp"
#include "support/catch.hpp"
#include "support/page_checks.hpp"

using namespace gradus::plot;
using gradus::ShapeError;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

Chart line_chart(std::vector<double> x, std::vector<double> y) {
  Chart chart;
  chart.title = "a line";
  chart.x_label = "step";
  chart.series.push_back({"first", std::move(x), std::move(y)});
  return chart;
}

}  // namespace

TEST_CASE("chart: round ticks") {
  CHECK(round_ticks(0, 100, 5) == std::vector<double>{0, 20, 40, 60, 80, 100});
  CHECK(round_ticks(0, 6000, 4) == std::vector<double>{0, 2000, 4000, 6000});
  CHECK(round_ticks(-1, 1, 4) == std::vector<double>{-1, -0.5, 0, 0.5, 1});
  CHECK(round_ticks(3, 9, 3) == std::vector<double>{4, 6, 8});
  CHECK(round_ticks(0, 0.3, 3).size() == 4);  // 0.3 / 0.1 is a little less than 3
  CHECK(log_ticks(1, 100) == std::vector<double>{1, 2, 5, 10, 20, 50, 100});
  CHECK(log_ticks(0.9, 20000) == std::vector<double>{1, 10, 100, 1000, 10000});
  CHECK(log_ticks(1e-9, 1e9).size() <= 7);
  CHECK(log_ticks(2.1, 2.4).size() >= 2);
}

TEST_CASE("chart: the ends of a line stand where they should") {
  Chart chart = line_chart({0, 10}, {0, 1});
  chart.series[0].name.clear();
  const std::string svg = to_svg(draw(chart));
  // Paths run from the y axis to 14 pixels from the right edge; y is upside down.
  const size_t at = svg.find(" d=\"M");
  REQUIRE(at != std::string::npos);
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  REQUIRE(std::sscanf(svg.c_str() + at, " d=\"M%lf %lfL%lf %lf\"", &x0, &y0, &x1, &y1) == 4);
  CHECK(x1 == Approx(440 - 14));
  CHECK(x0 < 60);
  CHECK(y0 == Approx(290 - 40));
  CHECK(y1 < 60);
  CHECK(count_of(svg, "<path") == 1);
  CHECK(count_of(svg, "<circle") == 0);
}

TEST_CASE("chart: what is not a number leaves a gap and no trace") {
  const std::string svg = to_svg(draw(line_chart({1, 2, 3, 4, 5, 6}, {1, 2, not_a_number, 4, infinity, 6})));
  CHECK(count_of(svg, "M") == 3);
  CHECK(count_of(svg, "<circle") == 2);  // 4 and 6 stand alone
  CHECK(count_of(svg, "nan") == 0);
  CHECK(count_of(svg, "inf") == 0);
}

TEST_CASE("chart: a single point is a dot in the middle") {
  const std::string svg = to_svg(draw(line_chart({5}, {7})));
  CHECK(count_of(svg, "<circle") == 1);
  CHECK(count_of(svg, "nan") == 0);
  CHECK(count_of(svg, "<title>step 5: 7</title>") == 1);
}

TEST_CASE("chart: an empty one says so") {
  const auto series = GENERATE(std::vector<double>{}, std::vector<double>{not_a_number, not_a_number});
  Chart chart = line_chart(series, series);
  chart.guides = {{"nowhere", not_a_number}};
  const std::string svg = to_svg(draw(chart));
  CHECK(count_of(svg, "no values yet") == 1);
  CHECK(count_of(svg, "nowhere") == 0);
  CHECK(count_of(svg, "nan") == 0);
  CHECK(count_of(svg, "<path") == 0);
}

TEST_CASE("chart: a logarithmic axis leaves out what is not above zero") {
  Chart chart = line_chart({1, 10, 100, 1000}, {0, 1, 10, -1});
  chart.log_x = chart.log_y = true;
  const std::string svg = to_svg(draw(chart));
  CHECK(count_of(svg, "<path") == 1);
  CHECK(count_of(svg, "M") == 1);
  CHECK(count_of(svg, "nan") == 0);
  CHECK(count_of(svg, ">10</text>") == 2);  // on both axes
}

TEST_CASE("chart: guides are labelled, and close labels do not lie on each other") {
  Chart chart = line_chart({0, 1}, {0, 1});
  chart.guides = {{"lower & wider", 0.5}, {"upper", 0.505}};
  const std::string svg = to_svg(draw(chart));
  CHECK(count_of(svg, "class=\"guide\"") == 2);
  const auto label_y = [&](const std::string& label) {
    const size_t end = svg.find(">" + label + "<");
    REQUIRE(end != std::string::npos);
    const size_t at = svg.rfind(" y=\"", end);
    return std::stod(svg.substr(at + 4));
  };
  CHECK(label_y("lower &amp; wider") >= label_y("upper") + 12);
}

TEST_CASE("chart: a cursor says where a step is") {
  Chart chart = line_chart({10, 20}, {0, 1});
  CHECK(count_of(to_svg(draw(chart)), "class=\"cursor\"") == 0);
  chart.cursor = true;
  const std::string svg = to_svg(draw(chart));
  const auto number_after = [&](const std::string& key) {
    return std::stod(svg.substr(svg.find(key) + key.size()));
  };
  const double zero = number_after("data-zero=\""), unit = number_after("data-unit=\"");
  // The line begins at x = 10 and ends at x = 20.
  CHECK(number_after("d=\"M") == Approx(zero + 10 * unit).margin(0.06));
  CHECK(number_after("L") == Approx(zero + 20 * unit).margin(0.06));
  chart.series[0].y = {not_a_number, not_a_number};
  CHECK(count_of(to_svg(draw(chart)), "class=\"cursor\"") == 0);
}

TEST_CASE("chart: many points are thinned without losing a peak") {
  std::vector<double> x, y;
  for (int i = 0; i < 100000; ++i) {
    x.push_back(i);
    y.push_back(i == 54321 ? 9 : i == 700 ? -9 : std::sin(i * 0.001));
  }
  const std::string many = to_svg(draw(line_chart(x, y)));
  CHECK(many.size() < 20000);
  // The two peaks set the range, so the line has to reach both of its margins.
  std::vector<double> drawn;
  const size_t begin = many.find(" d=\"M") + 4;
  const std::string path = many.substr(begin, many.find('"', begin) - begin);
  for (size_t space = path.find(' '); space != std::string::npos; space = path.find(' ', space + 1)) {
    drawn.push_back(std::stod(path.substr(space + 1)));
  }
  const auto [least, greatest] = std::minmax_element(drawn.begin(), drawn.end());
  CHECK(*greatest - *least > 0.85 * 186);
  CHECK(drawn.size() < 900);
}

TEST_CASE("chart: a file of its own brings its colours") {
  Chart chart = line_chart({0, 1}, {0.2, 0.4});
  chart.percent = true;
  const std::string svg = to_svg_file(draw(chart));
  CHECK(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  CHECK(count_of(svg, "prefers-color-scheme: dark") == 1);
  CHECK(count_of(svg, "width=\"464\" height=\"314\"") >= 1);
  CHECK(count_of(svg, "40\xC2\xA0%") == 1);
  CHECK(outside_requests(svg).empty());
  CHECK(svg == to_svg_file(draw(chart)));
}

TEST_CASE("chart: a size or colour that cannot be drawn is refused") {
  Chart chart = line_chart({0}, {0});
  chart.series[0].color = 5;
  CHECK_THROWS_AS(to_svg(draw(chart)), ShapeError);
  CHECK_THROWS_WITH(to_svg(draw(chart)), "chart \"a line\": colour 5 of series \"first\" is not 1 to 4");
  chart.width = 100;
  CHECK_THROWS_WITH(to_svg(draw(chart)),
                    "chart \"a line\": 100 x 290 pixels are too few, 200 x 160 is the least");
}

TEST_CASE("chart: smoothing keeps a constant and skips what is not a number") {
  CHECK(smoothed({2, 2, 2}, 5) == std::vector<double>{2, 2, 2});
  // d = 1 - 2 / 4 = 0.5: (1 + 0.5 * 0) / 1.5, the NaN passed over, (3 + 0.5 * 1 + 0.25 * 0) / 1.75.
  const std::vector<double> smooth = smoothed({0, 1, not_a_number, 3}, 3);
  CHECK(smooth[1] == Approx(1 / 1.5));
  CHECK(smooth[2] == smooth[1]);
  CHECK(smooth[3] == Approx(3.5 / 1.75));
  CHECK(std::isnan(smoothed({not_a_number}, 3)[0]));
}
