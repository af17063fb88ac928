/// @file
/// Small graphs without cycles, such as those of a computation: boxes in layers from left to right, arrows
/// between them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "plot/picture.hpp"

namespace gradus::plot {

struct GraphNode {
  std::string name;
  std::string value;     ///< a second line; may be empty
  std::string gradient;  ///< a third line, in another colour; may be empty
  bool strong = false;   ///< a heavier frame: the input or output that matters
};

struct GraphEdge {
  size_t from = 0, to = 0;  ///< indices of nodes
  std::string label;        ///< written at the middle of the arrow; may be empty
};

struct Graph {
  std::string title;
  std::vector<GraphNode> nodes;
  std::vector<GraphEdge> edges;
};

/// A node stands one layer to the right of the last of those it comes from. Arrows that pass a layer go
/// between its boxes. @throws GraphError when an edge names no node or the edges form a cycle.
Picture draw(const Graph& graph);

}  // namespace gradus::plot
