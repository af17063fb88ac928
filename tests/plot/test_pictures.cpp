// Heat maps, bars, graphs, and pictures put together.
#include <limits>
#include <string>

#include "autograd/error.hpp"
#include "plot/plot.hpp"
#include "support/catch.hpp"
#include "support/page_checks.hpp"

using namespace gradus::plot;
using gradus::GraphError;
using gradus::ShapeError;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

HeatMap small_map() {
  HeatMap map;
  map.title = "a & b";
  map.rows = {"All", "is"};
  map.columns = {"x", "y"};
  map.values = {0, 0.5, 1, not_a_number};
  return map;
}

Graph small_graph() {
  // a -> b -> c, and a -> c past b.
  return {"g",
          {{"a", "1", "dy 3"}, {"b", "", ""}, {"c", "2", "", true}},
          {{0, 1, ""}, {1, 2, "twice"}, {0, 2, ""}}};
}

/// The number that stands after `name="` in the `n`-th element that has `part`.
double attribute(const std::string& svg, const std::string& part, const std::string& name, int n = 0) {
  size_t at = svg.find(part);
  for (; n > 0 && at != std::string::npos; --n) at = svg.find(part, at + 1);
  REQUIRE(at != std::string::npos);
  return std::stod(svg.substr(svg.find(name + "=\"", at) + name.size() + 2));
}

}  // namespace

TEST_CASE("heat map: a cell for each value, its number in it") {
  const Picture picture = draw(small_map());
  CHECK(picture.label == "a & b");
  CHECK(count_of(picture.body, ">a &amp; b</text>") == 1);
  CHECK(count_of(picture.body, "class=\"cell\"") == 2);  // 0 has no colour, NaN no cell
  CHECK(count_of(picture.body, ">0.00</text>") == 1);
  CHECK(count_of(picture.body, ">0.50</text>") == 1);
  CHECK(count_of(picture.body, ">1.00</text>") == 1);
  CHECK(count_of(picture.body, "nan") == 0);
  // Behind a number no shade is strong; twice the value is twice the shade.
  const double half = attribute(picture.body, "class=\"cell\"", "opacity");
  const double full = attribute(picture.body, "class=\"cell\"", "opacity", 1);
  CHECK(full == Approx(0.55));
  CHECK(half == Approx(full / 2).margin(0.006));
}

TEST_CASE("heat map: two colours meet at 0") {
  HeatMap map = small_map();
  map.diverging = true;
  map.numbers = false;
  map.values = {-2, 0, 1, 2};
  const std::string body = draw(map).body;
  // Three cells and ten of the scale below.
  CHECK(count_of(body, "class=\"cold\"") == 1 + 5);
  CHECK(count_of(body, "class=\"cell\"") == 2 + 5);
  CHECK(attribute(body, "class=\"cold\"", "opacity") == 1);
  CHECK(attribute(body, "class=\"cell\"", "opacity") == 0.5);
  CHECK(count_of(body, ">-2</text>") == 1);
  CHECK(count_of(body, ">2</text>") == 1);
}

TEST_CASE("heat map: wide labels stand upright and stay inside") {
  HeatMap map = small_map();
  map.columns = {"a rather long word", "y"};
  const Picture upright = draw(map), flat = draw(small_map());
  CHECK(count_of(upright.body, "rotate(-90)\">a rather long word") == 1);
  CHECK(count_of(flat.body, "rotate") == 0);
  CHECK(upright.height > flat.height + 80);
}

TEST_CASE("heat map: what cannot be drawn is refused") {
  HeatMap map = small_map();
  map.values.pop_back();
  CHECK_THROWS_WITH(draw(map), "heat map \"a & b\": 3 values for 2 rows and 2 columns");
  CHECK_THROWS_AS(draw(HeatMap{}), ShapeError);
}

TEST_CASE("bars: they stand on 0 and are as long as their values") {
  Bars bars;
  bars.title = "b";
  bars.groups = {"one", "two"};
  bars.series = {{"up", {1, 2}, 1}, {"down", {-1, not_a_number}, 2}};
  const std::string body = draw(bars).body;
  CHECK(count_of(body, "<title>") == 3);  // no bar for NaN
  CHECK(count_of(body, "nan") == 0);
  const std::string first = "class=\"bar c1\"", second = "class=\"bar c2\"";  // the legend's come first
  const double one = attribute(body, first, "height", 1), two = attribute(body, first, "height", 2);
  CHECK(two == Approx(2 * one).margin(0.2));
  CHECK(attribute(body, first, "y", 1) + one == Approx(attribute(body, second, "y", 1)).margin(0.2));
  CHECK(attribute(body, second, "height", 1) == Approx(one).margin(0.2));
}

TEST_CASE("bars: what cannot be drawn is refused") {
  Bars bars;
  bars.title = "b";
  CHECK_THROWS_WITH(draw(bars), "bars \"b\": there is nothing to draw");
  bars.groups = {"one"};
  bars.series = {{"s", {1, 2}, 1}};
  CHECK_THROWS_WITH(draw(bars), "bars \"b\": series \"s\" has 2 values for 1 group");
  bars.series = {{"s", {1}, 5}};
  CHECK_THROWS_WITH(draw(bars), "bars \"b\": colour 5 of series \"s\" is not 1 to 4");
  bars.width = 10;
  CHECK_THROWS_AS(draw(bars), ShapeError);
}

TEST_CASE("graph: a box for each node, an arrow for each edge, layers from left to right") {
  const Picture picture = draw(small_graph());
  CHECK(count_of(picture.body, "class=\"box") == 3);
  CHECK(count_of(picture.body, "class=\"box strong\"") == 1);
  CHECK(count_of(picture.body, "class=\"arrow\"") == 3);
  CHECK(count_of(picture.body, "class=\"head\"") == 3);
  CHECK(count_of(picture.body, "class=\"gradient\">dy 3<") == 1);
  CHECK(count_of(picture.body, ">twice<") == 1);
  const double a = attribute(picture.body, "class=\"box", "x"),
               b = attribute(picture.body, "class=\"box", "x", 1);
  const double c = attribute(picture.body, "class=\"box", "x", 2);
  CHECK(a < b);
  CHECK(b < c);
  CHECK(c + attribute(picture.body, "class=\"box", "width", 2) <= picture.width);
}

TEST_CASE("graph: the arrow past a layer goes around its box") {
  const Picture picture = draw(small_graph());
  // Its bend and b's box share a layer, so they are apart from each other.
  const std::string& body = picture.body;
  const double top = attribute(body, "class=\"box", "y", 1);
  const double bottom = top + attribute(body, "class=\"box", "height", 1);
  size_t at = body.find("class=\"arrow\"");
  for (int i = 0; i < 2; ++i) at = body.find("class=\"arrow\"", at + 1);
  const std::string path = body.substr(at, body.find("/>", at) - at);
  CHECK(count_of(path, "C") == 2);
  const size_t second = path.rfind('C');
  const double bend = std::stod(path.substr(path.rfind(' ', second - 1)));
  CHECK((bend < top || bend > bottom));
}

TEST_CASE("graph: one that cannot be drawn is refused") {
  Graph graph = small_graph();
  graph.edges.push_back({2, 0, ""});
  CHECK_THROWS_WITH(draw(graph), "graph: its edges form a cycle");
  graph.edges.back() = {0, 3, ""};
  CHECK_THROWS_WITH(draw(graph), "graph: edge 0 to 3 of 3 nodes");
  CHECK_THROWS_AS(draw(graph), GraphError);
  CHECK(draw(Graph{}).body.empty());
}

TEST_CASE("pictures: beside and below each other") {
  const Picture a{100, 50, "a", "<a/>\n"}, b{60, 80, "b", "<b/>\n"};
  const Picture row = beside({a, b}, 10), column = below({a, b}, 10);
  CHECK(row.width == 170);
  CHECK(row.height == 80);
  CHECK(row.label == "a; b");
  CHECK(count_of(row.body, "translate(110 0)") == 1);
  CHECK(column.width == 100);
  CHECK(column.height == 140);
  CHECK(count_of(column.body, "translate(0 60)") == 1);
  const std::string file = to_svg_file(row);
  CHECK(count_of(file, "prefers-color-scheme: dark") == 1);
  CHECK(count_of(file, "aria-label=\"a; b\"") == 1);
  CHECK(outside_requests(file).empty());
}
