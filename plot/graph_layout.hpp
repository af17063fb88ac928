/// @file
/// Where the nodes of a graph stand: layers from left to right (Sugiyama, Tagawa and Toda 1981).
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace gradus::plot::detail {

/// The layer of each of `nodes` nodes: the length of the longest path that leads to it.
/// @throws GraphError when an edge names no node or the edges form a cycle.
std::vector<int> layers_of(size_t nodes, const std::vector<std::pair<size_t, size_t>>& edges);

/// The order of the nodes within each layer, from top to bottom, with few crossings: the barycentre rule,
/// swept back and forth. Every edge must lead to the next layer.
std::vector<std::vector<size_t>> order_of(const std::vector<int>& layers,
                                          const std::vector<std::pair<size_t, size_t>>& edges);

}  // namespace gradus::plot::detail
