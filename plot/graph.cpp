#include "plot/graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "plot/graph_layout.hpp"
#include "plot/text.hpp"

namespace gradus::plot {
namespace {

constexpr double kLine = 16, kPadding = 8, kBetweenLayers = 44, kBetweenBoxes = 18;
constexpr double kLabelSize = 11, kBesideLabel = 26, kFlat = 10;

/// A node, or a bend of an arrow that passes a layer.
struct Box {
  double x = 0, y = 0, width = 0, height = 0;  // x, y: the middle
};

Box box_of(const GraphNode& node) {
  Box box;
  int lines = 0;
  for (const std::string* text : {&node.name, &node.value, &node.gradient}) {
    if (text->empty()) continue;
    box.width = std::max(box.width, text_width(*text) + 2 * kPadding + 4);
    ++lines;
  }
  box.width = std::max(box.width, 34.0);
  box.height = std::max(lines, 1) * kLine + 2 * kPadding - 2;
  return box;
}

std::string drawn(const GraphNode& node, const Box& box) {
  std::string out = fmt::format(
      "<rect class=\"box{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"6\"/>\n",
      node.strong ? " strong" : "", box.x - box.width / 2, box.y - box.height / 2, box.width, box.height);
  double y = box.y - box.height / 2 + kPadding + 11;
  const auto line = [&](const std::string& text, std::string_view kind) {
    if (text.empty()) return;
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\" class=\"{}\">{}</text>\n",
                       box.x, y, kind, escape(text));
    y += kLine;
  };
  line(node.name, "name");
  line(node.value, "");
  line(node.gradient, "gradient");
  return out;
}

}  // namespace

Picture draw(const Graph& graph) {
  std::vector<std::pair<std::size_t, std::size_t>> edges;
  for (const GraphEdge& edge : graph.edges) edges.emplace_back(edge.from, edge.to);
  std::vector<int> layers = detail::layers_of(graph.nodes.size(), edges);

  // An input stands just before what uses it first, not at the far left.
  for (std::size_t node = 0; node < graph.nodes.size(); ++node) {
    bool is_input = true;
    int first = -1;
    for (const auto& [from, to] : edges) {
      if (to == node) is_input = false;
      if (from == node && (first < 0 || layers[to] < first)) first = layers[to];
    }
    if (is_input && first > 0) layers[node] = first - 1;
  }

  // An arrow that passes layers gets a bend in each of them.
  std::vector<Box> boxes;
  for (const GraphNode& node : graph.nodes) boxes.push_back(box_of(node));
  std::vector<std::vector<std::size_t>> paths;
  std::vector<std::pair<std::size_t, std::size_t>> steps;
  for (const auto& [from, to] : edges) {
    std::vector<std::size_t> path = {from};
    for (int layer = layers[from] + 1; layer < layers[to]; ++layer) {
      path.push_back(boxes.size());
      boxes.push_back({0, 0, 0, 10});
      layers.push_back(layer);
    }
    path.push_back(to);
    for (std::size_t i = 0; i + 1 < path.size(); ++i) steps.emplace_back(path[i], path[i + 1]);
    paths.push_back(std::move(path));
  }
  const auto order = detail::order_of(layers, steps);

  const double top = graph.title.empty() ? 4 : 32;
  double tallest = 0, x = 0;
  const auto height_of = [&](const std::vector<std::size_t>& layer) {
    double height = -kBetweenBoxes;
    for (const std::size_t node : layer) height += boxes[node].height + kBetweenBoxes;
    return height;
  };
  for (const auto& layer : order) tallest = std::max(tallest, height_of(layer));
  // Labels stand in the gaps between layers, and a gap is as wide as its widest label needs.
  std::vector<double> gaps(order.size(), kBetweenLayers);  // in front of each layer
  for (std::size_t e = 0; e < edges.size(); ++e) {
    if (layers[edges[e].second] != layers[edges[e].first] + 1) continue;
    double& gap = gaps[static_cast<std::size_t>(layers[edges[e].second])];
    const double label = text_width(graph.edges[e].label, kLabelSize);
    const auto alone = [&](std::size_t node) {
      return order[static_cast<std::size_t>(layers[node])].size() == 1;
    };
    const bool level = alone(edges[e].first) && alone(edges[e].second);  // the label stands above the arrow
    gap = std::max(gap, level ? label + kBesideLabel : 2 * (label + kLabelSize));
  }
  for (std::size_t l = 0; l < order.size(); ++l) {
    const auto& layer = order[l];
    if (l > 0) x += gaps[l];
    double widest = 0;
    for (const std::size_t node : layer) widest = std::max(widest, boxes[node].width);
    double y = top + (tallest - height_of(layer)) / 2;
    for (const std::size_t node : layer) {
      boxes[node].x = x + widest / 2;
      boxes[node].y = y + boxes[node].height / 2;
      y += boxes[node].height + kBetweenBoxes;
    }
    x += widest;
  }

  Picture picture;
  picture.label = graph.title;
  std::string& out = picture.body;
  if (!graph.title.empty()) {
    out += fmt::format("<text x=\"0\" y=\"16\" class=\"title\">{}</text>\n", escape(graph.title));
  }
  std::string labels;
  for (std::size_t e = 0; e < paths.size(); ++e) {
    const std::vector<std::size_t>& path = paths[e];
    // Several arrows into one box end apart from each other; several between the same two boxes begin apart
    // as well, so that each keeps its own line and label.
    std::size_t arrows = 0, mine = 0, twins = 0, twin = 0;
    bool any_twins = false;
    for (std::size_t other = 0; other < edges.size(); ++other) {
      if (edges[other].second != edges[e].second) continue;
      const double y = boxes[paths[other][paths[other].size() - 2]].y, own = boxes[path[path.size() - 2]].y;
      if (y < own || (y == own && other < e)) ++mine;
      ++arrows;
      if (edges[other].first == edges[e].first) {
        if (other < e) ++twin;
        ++twins;
      }
      for (std::size_t third = 0; third < other; ++third) any_twins |= edges[third] == edges[other];
    }
    const Box& last = boxes[path.back()];
    const double spread = std::min(any_twins ? 22.0 : 14.0, (last.height - 10) / static_cast<double>(arrows));
    const double end_y = last.y + (static_cast<double>(mine) - static_cast<double>(arrows - 1) / 2) * spread;
    const double end_x = last.x - last.width / 2;
    double from_x = boxes[path[0]].x + boxes[path[0]].width / 2, from_y = boxes[path[0]].y;
    from_y += (static_cast<double>(twin) - static_cast<double>(twins - 1) / 2) * spread;
    const double start_x = from_x, start_y = from_y;
    std::string d = fmt::format("M{:.1f} {:.1f}", from_x, from_y);
    for (std::size_t i = 1; i < path.size(); ++i) {
      const bool ends = i + 1 == path.size();
      const double to_x = ends ? end_x - 6 : boxes[path[i]].x, to_y = ends ? end_y : boxes[path[i]].y;
      const double half = (from_x + to_x) / 2;
      fmt::format_to(std::back_inserter(d), "C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", half, from_y, half,
                     to_y, to_x, to_y);
      from_x = to_x;
      from_y = to_y;
    }
    out += fmt::format(
        "<path class=\"arrow\" d=\"{}\"/>\n<path class=\"head\" d=\"M{:.1f} {:.1f}l-8 -4v8z\"/>\n", d, end_x,
        end_y);
    if (!graph.edges[e].label.empty()) {
      // Above a flat arrow; on the upper side of a steep one, which is at the right when it goes down.
      const double down = end_y - start_y;
      const bool flat = std::abs(down) < kFlat;
      labels += fmt::format(
          "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" class=\"small guide-label\">{}</text>\n",
          (start_x + end_x) / 2 + (flat       ? 0
                                   : down > 0 ? 5
                                              : -5),
          (start_y + end_y) / 2 - (flat ? 4 : 2),
          flat       ? "middle"
          : down > 0 ? "start"
                     : "end",
          escape(graph.edges[e].label));
    }
  }
  for (std::size_t node = 0; node < graph.nodes.size(); ++node) out += drawn(graph.nodes[node], boxes[node]);
  out += labels;
  picture.width = static_cast<int>(std::ceil(std::max({x, title_width(graph.title), 1.0}))) + 1;
  picture.height = static_cast<int>(std::ceil(top + std::max(tallest, 0.0))) + 1;
  return picture;
}

}  // namespace gradus::plot
