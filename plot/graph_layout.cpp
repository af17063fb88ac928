#include "plot/graph_layout.hpp"

#include <algorithm>

#include "autograd/error.hpp"
#include "autograd/plural.hpp"

namespace gradus::plot::detail {

using Edges = std::vector<std::pair<size_t, size_t>>;

std::vector<int> layers_of(size_t nodes, const Edges& edges) {
  for (const auto& [from, to] : edges) {
    if (from >= nodes || to >= nodes)
      fail<GraphError>("graph: edge {} to {} of {} {}", from, to, nodes, plural(nodes, "node"));
  }
  std::vector<int> layers(nodes, 0);
  // Without a cycle no path has more than `nodes` nodes, so the layers settle within that many rounds.
  for (size_t round = 0; round <= nodes; ++round) {
    bool changed = false;
    for (const auto& [from, to] : edges) {
      if (layers[to] > layers[from]) continue;
      layers[to] = layers[from] + 1;
      changed = true;
    }
    if (!changed) return layers;
  }
  fail<GraphError>("graph: its edges form a cycle");
}

std::vector<std::vector<size_t>> order_of(const std::vector<int>& layers, const Edges& edges) {
  const int count = layers.empty() ? 0 : *std::max_element(layers.begin(), layers.end()) + 1;
  std::vector<std::vector<size_t>> order(static_cast<size_t>(count));
  std::vector<double> place(layers.size());
  for (size_t node = 0; node < layers.size(); ++node) {
    auto& layer = order[static_cast<size_t>(layers[node])];
    place[node] = static_cast<double>(layer.size());
    layer.push_back(node);
  }
  const auto sweep = [&](std::vector<size_t>& layer, bool forward) {
    std::vector<std::pair<double, size_t>> wanted;
    for (const size_t node : layer) {
      double sum = 0;
      int neighbours = 0;
      for (const auto& [from, to] : edges) {
        if ((forward ? to : from) != node) continue;
        sum += place[forward ? from : to];
        ++neighbours;
      }
      wanted.emplace_back(neighbours > 0 ? sum / neighbours : place[node], node);
    }
    std::stable_sort(wanted.begin(), wanted.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (size_t i = 0; i < layer.size(); ++i) {
      layer[i] = wanted[i].second;
      place[layer[i]] = static_cast<double>(i) - static_cast<double>(layer.size() - 1) / 2;
    }
  };
  for (int round = 0; round < 4; ++round) {
    for (auto& layer : order) sweep(layer, true);
    for (auto layer = order.rbegin(); layer != order.rend(); ++layer) sweep(*layer, false);
  }
  return order;
}

}  // namespace gradus::plot::detail
