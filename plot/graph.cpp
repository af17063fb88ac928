#include "plot/graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "plot/graph_layout.hpp"
#include "plot/text.hpp"

namespace gradus::plot {
namespace {

constexpr double line_height = 16, box_padding = 8, between_layers = 44, between_boxes = 18;
constexpr double label_size = 11, beside_label = 26, flat_height = 10;

using Edge = std::pair<size_t, size_t>;

/// A node, or a bend of an arrow that passes a layer.
struct Box {
  double x = 0, y = 0, width = 0, height = 0;  // x, y: the middle
};

/// Where the parts of a graph stand.
struct Layout {
  std::vector<Edge> edges;
  std::vector<Box> boxes;                  // the nodes, then the bends
  std::vector<int> layers;                 // of each box
  std::vector<std::vector<size_t>> order;  // the boxes of each layer, from top to bottom
  std::vector<std::vector<size_t>> paths;  // of each edge: a box in every layer from its first to its last
  double top = 0, width = 0, height = 0;
};

Box box_of(const GraphNode& node) {
  Box box;
  int lines = 0;
  for (const std::string* text : {&node.name, &node.value, &node.gradient}) {
    if (text->empty()) continue;
    box.width = std::max(box.width, text_width(*text) + 2 * box_padding + 4);
    ++lines;
  }
  box.width = std::max(box.width, 34.0);
  box.height = std::max(lines, 1) * line_height + 2 * box_padding - 2;
  return box;
}

std::string drawn(const GraphNode& node, const Box& box) {
  std::string out = fmt::format(
      "<rect class=\"box{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"6\"/>\n",
      node.strong ? " strong" : "", box.x - box.width / 2, box.y - box.height / 2, box.width, box.height);
  double y = box.y - box.height / 2 + box_padding + 11;
  const auto line = [&](const std::string& text, std::string_view kind) {
    if (text.empty()) return;
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\" class=\"{}\">{}</text>\n",
                       box.x, y, kind, escape(text));
    y += line_height;
  };
  line(node.name, "name");
  line(node.value, "");
  line(node.gradient, "gradient");
  return out;
}

/// Inputs stand just before what uses them first, not at the far left.
void move_inputs(std::vector<int>& layers, const std::vector<Edge>& edges) {
  for (size_t node = 0; node < layers.size(); ++node) {
    bool is_input = true;
    int first = -1;
    for (const auto& [from, to] : edges) {
      if (to == node) is_input = false;
      if (from == node && (first < 0 || layers[to] < first)) first = layers[to];
    }
    if (is_input && first > 0) layers[node] = first - 1;
  }
}

/// An arrow that passes layers gets a bend in each of them.
void add_bends(Layout& all) {
  std::vector<Edge> steps;
  for (const auto& [from, to] : all.edges) {
    std::vector<size_t> path = {from};
    for (int layer = all.layers[from] + 1; layer < all.layers[to]; ++layer) {
      path.push_back(all.boxes.size());
      all.boxes.push_back({0, 0, 0, 10});
      all.layers.push_back(layer);
    }
    path.push_back(to);
    for (size_t i = 0; i + 1 < path.size(); ++i) steps.emplace_back(path[i], path[i + 1]);
    all.paths.push_back(std::move(path));
  }
  all.order = detail::order_of(all.layers, steps);
}

double height_of(const Layout& all, const std::vector<size_t>& layer) {
  double height = -between_boxes;
  for (const size_t box : layer) height += all.boxes[box].height + between_boxes;
  return height;
}

/// The room in front of each layer. Labels stand there, and it is as wide as its widest label needs.
std::vector<double> gaps_of(const Layout& all, const Graph& graph) {
  const auto alone = [&](size_t node) {
    return all.order[static_cast<size_t>(all.layers[node])].size() == 1;
  };
  std::vector<double> gaps(all.order.size(), between_layers);
  for (size_t e = 0; e < all.edges.size(); ++e) {
    const auto [from, to] = all.edges[e];
    if (all.layers[to] != all.layers[from] + 1) continue;
    double& gap = gaps[static_cast<size_t>(all.layers[to])];
    const double label = text_width(graph.edges[e].label, label_size);
    const bool level = alone(from) && alone(to);  // the label stands above the arrow
    gap = std::max(gap, level ? label + beside_label : 2 * (label + label_size));
  }
  return gaps;
}

/// Layers from left to right, each in the middle of the tallest one's height.
void place_boxes(Layout& all, const std::vector<double>& gaps) {
  for (const auto& layer : all.order) all.height = std::max(all.height, height_of(all, layer));
  double x = 0;
  for (size_t l = 0; l < all.order.size(); ++l) {
    const auto& layer = all.order[l];
    if (l > 0) x += gaps[l];
    double widest = 0;
    for (const size_t box : layer) widest = std::max(widest, all.boxes[box].width);
    double y = all.top + (all.height - height_of(all, layer)) / 2;
    for (const size_t box : layer) {
      all.boxes[box].x = x + widest / 2;
      all.boxes[box].y = y + all.boxes[box].height / 2;
      y += all.boxes[box].height + between_boxes;
    }
    x += widest;
  }
  all.width = x;
}

Layout layout_of(const Graph& graph) {
  Layout all;
  for (const GraphEdge& edge : graph.edges) all.edges.emplace_back(edge.from, edge.to);
  all.layers = detail::layers_of(graph.nodes.size(), all.edges);
  move_inputs(all.layers, all.edges);
  for (const GraphNode& node : graph.nodes) all.boxes.push_back(box_of(node));
  add_bends(all);
  all.top = graph.title.empty() ? 4 : 32;
  place_boxes(all, gaps_of(all, graph));
  return all;
}

/// Where an arrow begins, at the right of a box, and where it ends, at the left of another.
struct Ends {
  double start_x, start_y, end_x, end_y;
};

/// Several arrows into one box end apart from each other; several between the same two boxes begin apart as
/// well, so that each keeps its own line and label.
Ends ends_of(const Layout& all, size_t e) {
  const std::vector<size_t>& path = all.paths[e];
  const auto before_last = [&](size_t edge) {
    return all.boxes[all.paths[edge][all.paths[edge].size() - 2]].y;
  };
  size_t arrows = 0, mine = 0, twins = 0, twin = 0;
  bool any_twins = false;
  for (size_t other = 0; other < all.edges.size(); ++other) {
    if (all.edges[other].second != all.edges[e].second) continue;
    const double y = before_last(other), own = before_last(e);
    if (y < own || (y == own && other < e)) ++mine;
    ++arrows;
    if (all.edges[other].first == all.edges[e].first) {
      if (other < e) ++twin;
      ++twins;
    }
    for (size_t third = 0; third < other; ++third) any_twins |= all.edges[third] == all.edges[other];
  }
  const Box &first = all.boxes[path.front()], &last = all.boxes[path.back()];
  const double spread = std::min(any_twins ? 22.0 : 14.0, (last.height - 10) / static_cast<double>(arrows));
  const auto apart = [&](size_t i, size_t n) {
    return (static_cast<double>(i) - static_cast<double>(n - 1) / 2) * spread;
  };
  return {.start_x = first.x + first.width / 2,
          .start_y = first.y + apart(twin, twins),
          .end_x = last.x - last.width / 2,
          .end_y = last.y + apart(mine, arrows)};
}

/// A curve from box to box of the path, and a head.
std::string arrow(const Layout& all, const std::vector<size_t>& path, const Ends& ends) {
  double from_x = ends.start_x, from_y = ends.start_y;
  std::string d = fmt::format("M{:.1f} {:.1f}", from_x, from_y);
  for (size_t i = 1; i < path.size(); ++i) {
    const bool last = i + 1 == path.size();
    const double to_x = last ? ends.end_x - 6 : all.boxes[path[i]].x;
    const double to_y = last ? ends.end_y : all.boxes[path[i]].y;
    const double half = (from_x + to_x) / 2;
    fmt::format_to(std::back_inserter(d), "C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", half, from_y, half,
                   to_y, to_x, to_y);
    from_x = to_x;
    from_y = to_y;
  }
  return fmt::format(
      "<path class=\"arrow\" d=\"{}\"/>\n<path class=\"head\" d=\"M{:.1f} {:.1f}l-8 -4v8z\"/>\n", d,
      ends.end_x, ends.end_y);
}

/// Above a flat arrow; on the upper side of a steep one, which is at the right when it goes down.
std::string label_of(const GraphEdge& edge, const Ends& ends) {
  if (edge.label.empty()) return "";
  struct Side {
    double right, up;
    std::string_view anchor;
  };
  const double down = ends.end_y - ends.start_y;
  const Side side = std::abs(down) < flat_height ? Side{0, 4, "middle"}
                    : down > 0                   ? Side{5, 2, "start"}
                                                 : Side{-5, 2, "end"};
  return fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" class=\"small guide-label\">{}</text>\n",
      (ends.start_x + ends.end_x) / 2 + side.right, (ends.start_y + ends.end_y) / 2 - side.up, side.anchor,
      escape(edge.label));
}

}  // namespace

Picture draw(const Graph& graph) {
  const Layout all = layout_of(graph);
  Picture picture;
  picture.label = graph.title;
  std::string& out = picture.body;
  if (!graph.title.empty()) {
    out += fmt::format("<text x=\"0\" y=\"16\" class=\"title\">{}</text>\n", escape(graph.title));
  }
  std::string labels;  // above everything else
  for (size_t e = 0; e < all.edges.size(); ++e) {
    const Ends ends = ends_of(all, e);
    out += arrow(all, all.paths[e], ends);
    labels += label_of(graph.edges[e], ends);
  }
  for (size_t node = 0; node < graph.nodes.size(); ++node) {
    out += drawn(graph.nodes[node], all.boxes[node]);
  }
  out += labels;
  picture.width = static_cast<int>(std::ceil(std::max({all.width, title_width(graph.title), 1.0}))) + 1;
  picture.height = static_cast<int>(std::ceil(all.top + all.height)) + 1;
  return picture;
}

}  // namespace gradus::plot
