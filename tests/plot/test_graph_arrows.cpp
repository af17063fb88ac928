// Arrows of a graph: two between the same boxes stand apart, and a label has room between its boxes.
#include <string>
#include <vector>

#include "plot/graph.hpp"
#include "plot/text.hpp"
#include "support/catch.hpp"

using namespace gradus::plot;

namespace {

/// The numbers after each `before` in `text`.
std::vector<double> numbers_after(const std::string& text, const std::string& before) {
  std::vector<double> numbers;
  for (size_t at = text.find(before); at != std::string::npos; at = text.find(before, at + 1)) {
    numbers.push_back(std::stod(text.substr(at + before.size())));
  }
  return numbers;
}

}  // namespace

TEST_CASE("two arrows between the same boxes begin and end apart, each with its label") {
  Graph graph;
  graph.nodes = {{"a", "value 3", "gradient 24"}, {"b", "value 6", "gradient 12"}};
  graph.edges = {{0, 1, "1"}, {0, 1, "1"}};
  const std::string twice = draw(graph).body;
  graph.edges = {{0, 1, "1"}};
  const std::string once = draw(graph).body;

  const auto starts = [](const std::string& body) {  // "M40.0 53.0C...": the y of each arrow's begin
    std::vector<double> y;
    const std::string arrow = "class=\"arrow\" d=\"M";
    for (size_t at = body.find(arrow); at != std::string::npos; at = body.find(arrow, at + 1)) {
      y.push_back(std::stod(body.substr(body.find(' ', at + arrow.size()))));
    }
    return y;
  };
  REQUIRE(starts(once).size() == 1);
  REQUIRE(starts(twice).size() == 2);
  CHECK(starts(twice)[1] - starts(twice)[0] >= 14);
  CHECK((starts(twice)[0] + starts(twice)[1]) / 2 == Approx(starts(once)[0]).margin(0.1));
}

TEST_CASE("the gap between two layers is wide enough for the widest label in it") {
  const std::string label = "a label that is long";
  Graph graph;
  graph.nodes = {{"a", "", ""}, {"b", "", ""}, {"c", "", ""}};
  graph.edges = {{0, 1, label}, {1, 2, ""}};
  const std::string body = draw(graph).body;
  const std::vector<double> left = numbers_after(body, "rx=\"6\"/>\n<text x=\"");  // the middle of each box
  REQUIRE(left.size() == 3);
  CHECK(left[1] - left[0] > text_width(label, 11) + 34);  // 34: a small box
  CHECK(left[2] - left[1] < left[1] - left[0]);
}
