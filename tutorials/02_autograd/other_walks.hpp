/// @file
/// Other ways back through the graph: too slow, too deep, or wrong. Chapter 2 measures what each one costs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_set>
#include <vector>

#include "tutorials/02_autograd/autograd.hpp"

namespace gradus::tutorials {

inline void clear_gradients(const Scalar& result) {
  for (Step* step : newest_first(result)) step->gradient = 0;
}

// ---- Right, but slow: one walk for every path ----

/// Adds to each step what arrives along one path, then walks on. Returns the number of edges walked.
inline uint64_t walk_paths(Step& step, double arriving) {
  step.gradient += arriving;
  uint64_t walked = 0;
  for (const Step::Edge& edge : step.inputs) walked += 1 + walk_paths(*edge.from, arriving * edge.slope);
  return walked;
}

/// Right gradients; the returned number of edges walked doubles with every step that uses its input twice.
inline uint64_t backward_by_paths(const Scalar& result) {
  clear_gradients(result);
  return walk_paths(*result.step(), 1);
}

/// The edges that `backward` walks: each one once.
inline uint64_t count_edges(const Scalar& result) {
  uint64_t edges = 0;
  for (const Step* step : newest_first(result)) edges += step->inputs.size();
  return edges;
}

// ---- Wrong: each step passes on what it has when it is met ----

inline void pass_on_at_once(Step& step, std::unordered_set<Step*>& met) {
  met.insert(&step);
  for (const Step::Edge& edge : step.inputs) {
    edge.from->gradient += edge.slope * step.gradient;
    if (!met.contains(edge.from.get())) pass_on_at_once(*edge.from, met);
  }
}

/// Depth first: a step passes on its gradient as soon as the first part of it has arrived. Wrong wherever
/// another part arrives later.
inline void backward_depth_first(const Scalar& result) {
  clear_gradients(result);
  result.step()->gradient = 1;
  std::unordered_set<Step*> met;
  pass_on_at_once(*result.step(), met);
}

/// Breadth first: steps wait in a queue, in the order in which they were met. Right for some graphs, by luck.
inline void backward_breadth_first(const Scalar& result) {
  clear_gradients(result);
  result.step()->gradient = 1;
  std::deque<Step*> queue{result.step().get()};
  std::unordered_set<Step*> met{result.step().get()};
  while (!queue.empty()) {
    const Step* step = queue.front();
    queue.pop_front();
    for (const Step::Edge& edge : step->inputs) {
      edge.from->gradient += edge.slope * step->gradient;
      if (met.insert(edge.from.get()).second) queue.push_back(edge.from.get());
    }
  }
}

/// The bug museum: `=` where `+=` belongs. Only the part that arrives last survives.
inline void backward_assigned(const Scalar& result) {
  const std::vector<Step*> order = newest_first(result);
  result.step()->gradient = 1;
  for (const Step* step : order) {
    for (const Step::Edge& edge : step->inputs) edge.from->gradient = edge.slope * step->gradient;
  }
}

// ---- Right order, but deep: the function calls itself ----

/// What a recursion used: how many calls lay on the stack at once, and how many bytes they took.
struct Depth {
  size_t calls = 0;
  size_t bytes = 0;
};

inline void list_after_inputs(Step* step, std::unordered_set<Step*>& met, std::vector<Step*>& order,
                              size_t calls, const char* bottom, Depth& deepest) {
  const char* here = static_cast<const char*>(__builtin_frame_address(0));
  deepest.calls = std::max(deepest.calls, calls);
  deepest.bytes = std::max(deepest.bytes, static_cast<size_t>(bottom - here));
  met.insert(step);
  for (const Step::Edge& edge : step->inputs) {
    if (met.contains(edge.from.get())) continue;
    list_after_inputs(edge.from.get(), met, order, calls + 1, bottom, deepest);
  }
  order.push_back(step);
}

/// A topological sort as textbooks have it: list every input, then the step itself; read the list backwards.
/// As right as newest_first, but the stack must hold one call for each step of the longest chain.
inline std::vector<Step*> sorted_by_recursion(const Scalar& result, Depth& deepest) {
  std::unordered_set<Step*> met;
  std::vector<Step*> order;
  const char* bottom = static_cast<const char*>(__builtin_frame_address(0));
  list_after_inputs(result.step().get(), met, order, 1, bottom, deepest);
  std::reverse(order.begin(), order.end());
  return order;
}

}  // namespace gradus::tutorials
