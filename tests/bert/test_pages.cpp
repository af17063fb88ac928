// The helpers of the pages: escaping, figures, charts.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "autograd/error.hpp"
#include "bert/chart.hpp"
#include "bert/guess.hpp"
#include "bert/html.hpp"
#include "page_checks.hpp"
#include "support/catch.hpp"

using namespace gradus::bert;
using gradus::ShapeError;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

Chart line_chart(std::vector<double> x, std::vector<double> y) {
  Chart chart;
  chart.title = "a line";
  chart.x_label = "step";
  chart.series.push_back({"first", std::move(x), std::move(y)});
  return chart;
}

}  // namespace

TEST_CASE("pages: text cannot leave its place") {
  CHECK(html::escape("<script>alert(\"a\" & 'b')</script>") ==
        "&lt;script&gt;alert(&quot;a&quot; &amp; &#39;b&#39;)&lt;/script&gt;");
  CHECK(html::escape("caf\xC3\xA9 \xE7\x95\x8C") == "caf\xC3\xA9 \xE7\x95\x8C");
  CHECK(html::escape(std::string_view("a\0b\x1Bz\tc\n", 8)) ==
        "a\xEF\xBF\xBD"
        "b\xEF\xBF\xBDz\tc\n");
  CHECK(html::escape("\xFFx\xC3") == "\xEF\xBF\xBDx\xEF\xBF\xBD");
  CHECK(html::escape("").empty());
}

TEST_CASE("pages: a JSON string cannot end its script") {
  CHECK(html::json_string("</script>") == "\"\\u003c/script\\u003e\"");
  CHECK(html::json_string("a\"b\\c&\n") == "\"a\\\"b\\\\c\\u0026\\u000a\"");
  CHECK(html::json_string("\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xA6") == "\"\\u2028\\u2029\xE2\x80\xA6\"");
  CHECK(html::json_string("\xFF") == "\"\xEF\xBF\xBD\"");
  CHECK(html::json_string("") == "\"\"");
}

TEST_CASE("pages: base64 as RFC 4648, section 10, has it") {
  const auto encoded = [](std::string_view text) {
    return html::base64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  };
  CHECK(encoded("").empty());
  CHECK(encoded("f") == "Zg==");
  CHECK(encoded("fo") == "Zm8=");
  CHECK(encoded("foo") == "Zm9v");
  CHECK(encoded("foobar") == "Zm9vYmFy");
  CHECK(encoded("\xFF\xFE\xFD") == "//79");
}

TEST_CASE("pages: figures are short and read well") {
  CHECK(html::number(3.14159) == "3.14");
  CHECK(html::number(0.001) == "0.001");
  CHECK(html::number(1e-5) == "1e-05");
  CHECK(html::number(999.4) == "999");
  CHECK(html::number(999.6) == "1,000");
  CHECK(html::number(-1234567) == "-1,234,567");
  CHECK(html::number(kNan) == "\xE2\x80\x93");
  CHECK(html::number(-kInf) == "-\xE2\x88\x9E");
  CHECK(html::percent(0.7236) == "72.4\xC2\xA0%");
  CHECK(html::percent(kNan) == "\xE2\x80\x93");
  CHECK(html::count(0) == "0");
  CHECK(html::count(999) == "999");
  CHECK(html::count(-1000) == "-1,000");
  CHECK(html::count(12288000) == "12,288,000");
  CHECK(html::duration(8.24) == "8.2\xC2\xA0s");
  CHECK(html::duration(59.97) == "1\xC2\xA0min 00\xC2\xA0s");
  CHECK(html::duration(7620) == "2\xC2\xA0h 07\xC2\xA0min");
  CHECK(html::duration(-1) == "\xE2\x80\x93");
}

TEST_CASE("pages: the frame holds its parts, escaped, and asks for nothing outside") {
  const std::string page =
      html::render({"A <b>", "x & y", "<p>body</p>\n", ".z { top: 0; }\n", "let a = 1;\n"});
  CHECK(count_of(page, "<h1>A &lt;b&gt;</h1><p class=\"soft\">x &amp; y</p>") == 1);
  CHECK(count_of(page, "<title>A &lt;b&gt;</title>") == 1);
  CHECK(count_of(page, "<p>body</p>") == 1);
  CHECK(count_of(page, "<script>\nlet a = 1;\n</script>") == 1);
  CHECK(count_of(page, "default-src 'none'") == 1);
  CHECK(outside_requests(page).empty());
  CHECK(count_of(html::render({"t", "", "", "", ""}), "<script") == 0);
}

TEST_CASE("pages: the right guess is marked, and only that one") {
  const std::vector<Guess> guesses = {{"c<p", 0.5}, {"cup", 0.25}, {"cap", kNan}};
  const std::string list = render_guesses(guesses, "cup");
  CHECK(count_of(list, "<li") == 3);
  CHECK(count_of(list, "class=\"right\"") == 1);
  CHECK(count_of(list,
                 "<li class=\"right\"><span>cup \xE2\x9C\x93</span><em>25.0\xC2\xA0%</em>"
                 "<i style=\"--p:25.0%\"></i></li>") == 1);
  CHECK(count_of(list, "c&lt;p") == 1);
  CHECK(count_of(list, "nan") == 0);
  CHECK(count_of(render_guesses({{"", 1}}, ""), "right") == 0);
}

TEST_CASE("chart: round ticks") {
  CHECK(round_ticks(0, 100, 5) == std::vector<double>{0, 20, 40, 60, 80, 100});
  CHECK(round_ticks(0, 6000, 4) == std::vector<double>{0, 2000, 4000, 6000});
  CHECK(round_ticks(-1, 1, 4) == std::vector<double>{-1, -0.5, 0, 0.5, 1});
  CHECK(round_ticks(3, 9, 3) == std::vector<double>{4, 6, 8});
  CHECK(log_ticks(1, 100) == std::vector<double>{1, 2, 5, 10, 20, 50, 100});
  CHECK(log_ticks(0.9, 20000) == std::vector<double>{1, 10, 100, 1000, 10000});
  CHECK(log_ticks(1e-9, 1e9).size() <= 7);
  CHECK(log_ticks(2.1, 2.4).size() >= 2);
}

TEST_CASE("chart: the ends of a line stand where they should") {
  Chart chart = line_chart({0, 10}, {0, 1});
  chart.series[0].name.clear();
  const std::string svg = chart_svg(chart);
  // Paths run from the y axis to 14 pixels from the right edge; y is upside down.
  const std::size_t at = svg.find(" d=\"M");
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
  const std::string svg = chart_svg(line_chart({1, 2, 3, 4, 5, 6}, {1, 2, kNan, 4, kInf, 6}));
  CHECK(count_of(svg, "M") == 3);
  CHECK(count_of(svg, "<circle") == 2);  // 4 and 6 stand alone
  CHECK(count_of(svg, "nan") == 0);
  CHECK(count_of(svg, "inf") == 0);
}

TEST_CASE("chart: a single point is a dot in the middle") {
  const std::string svg = chart_svg(line_chart({5}, {7}));
  CHECK(count_of(svg, "<circle") == 1);
  CHECK(count_of(svg, "nan") == 0);
  CHECK(count_of(svg, "<title>step 5: 7</title>") == 1);
}

TEST_CASE("chart: an empty one says so") {
  const auto series = GENERATE(std::vector<double>{}, std::vector<double>{kNan, kNan});
  Chart chart = line_chart(series, series);
  chart.guides = {{"nowhere", kNan}};
  const std::string svg = chart_svg(chart);
  CHECK(count_of(svg, "no values yet") == 1);
  CHECK(count_of(svg, "nowhere") == 0);
  CHECK(count_of(svg, "nan") == 0);
  CHECK(count_of(svg, "<path") == 0);
}

TEST_CASE("chart: a logarithmic axis leaves out what is not above zero") {
  Chart chart = line_chart({1, 10, 100, 1000}, {0, 1, 10, -1});
  chart.log_x = chart.log_y = true;
  const std::string svg = chart_svg(chart);
  CHECK(count_of(svg, "<path") == 1);
  CHECK(count_of(svg, "M") == 1);
  CHECK(count_of(svg, "nan") == 0);
  CHECK(count_of(svg, ">10</text>") == 2);  // on both axes
}

TEST_CASE("chart: guides are labelled, and close labels do not lie on each other") {
  Chart chart = line_chart({0, 1}, {0, 1});
  chart.guides = {{"lower & wider", 0.5}, {"upper", 0.505}};
  const std::string svg = chart_svg(chart);
  CHECK(count_of(svg, "class=\"guide\"") == 2);
  const auto label_y = [&](const std::string& label) {
    const std::size_t end = svg.find(">" + label + "<");
    REQUIRE(end != std::string::npos);
    const std::size_t at = svg.rfind(" y=\"", end);
    return std::stod(svg.substr(at + 4));
  };
  CHECK(label_y("lower &amp; wider") >= label_y("upper") + 12);
}

TEST_CASE("chart: many points are thinned without losing a peak") {
  std::vector<double> x, y;
  for (int i = 0; i < 100000; ++i) {
    x.push_back(i);
    y.push_back(i == 54321 ? 9 : i == 700 ? -9 : std::sin(i * 0.001));
  }
  const std::string many = chart_svg(line_chart(x, y));
  CHECK(many.size() < 20000);
  // The two peaks set the range, so the line has to reach both of its margins.
  std::vector<double> drawn;
  const std::size_t begin = many.find(" d=\"M") + 4;
  const std::string path = many.substr(begin, many.find('"', begin) - begin);
  for (std::size_t space = path.find(' '); space != std::string::npos; space = path.find(' ', space + 1)) {
    drawn.push_back(std::stod(path.substr(space + 1)));
  }
  const auto [least, greatest] = std::minmax_element(drawn.begin(), drawn.end());
  CHECK(*greatest - *least > 0.85 * 186);
  CHECK(drawn.size() < 900);
}

TEST_CASE("chart: a file of its own brings its colours") {
  Chart chart = line_chart({0, 1}, {0.2, 0.4});
  chart.percent = true;
  const std::string svg = chart_svg_file(chart);
  CHECK(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  CHECK(count_of(svg, "prefers-color-scheme: dark") == 1);
  CHECK(count_of(svg, "width=\"464\" height=\"314\"") >= 1);
  CHECK(count_of(svg, "40\xC2\xA0%") == 1);
  CHECK(outside_requests(svg).empty());
  CHECK(svg == chart_svg_file(chart));
}

TEST_CASE("chart: a size or colour that cannot be drawn is refused") {
  Chart chart = line_chart({0}, {0});
  chart.series[0].color = 5;
  CHECK_THROWS_AS(chart_svg(chart), ShapeError);
  CHECK_THROWS_WITH(chart_svg(chart), "chart \"a line\": colour 5 of series \"first\" is not 1 to 4");
  chart.width = 100;
  CHECK_THROWS_WITH(chart_svg(chart),
                    "chart \"a line\": 100 x 290 pixels are too few, 200 x 160 is the least");
}

TEST_CASE("chart: smoothing keeps a constant and skips what is not a number") {
  CHECK(smoothed({2, 2, 2}, 5) == std::vector<double>{2, 2, 2});
  // d = 1 - 2 / 4 = 0.5: (1 + 0.5 * 0) / 1.5, the NaN passed over, (3 + 0.5 * 1 + 0.25 * 0) / 1.75.
  const std::vector<double> smooth = smoothed({0, 1, kNan, 3}, 3);
  CHECK(smooth[1] == Approx(1 / 1.5));
  CHECK(smooth[2] == smooth[1]);
  CHECK(smooth[3] == Approx(3.5 / 1.75));
  CHECK(std::isnan(smoothed({kNan}, 3)[0]));
}
