/// @file
/// Reverse-mode autograd for single numbers, from nothing: chapter 2's own engine.
///
///     const Scalar a = variable("a", 3);
///     const Scalar b = a + a, c = b * b;
///     backward(c);                          // a.gradient() is now dc/da = 24
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <queue>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace gradus::tutorials {

/// One step of a calculation: its result, and which earlier results it used.
struct Step {
  struct Edge {
    std::shared_ptr<Step> from;
    double slope;  ///< the local derivative: by how much this step grows when `from` grows by 1
  };

  Step(std::string op_or_name, double result, std::vector<Edge> used);
  ~Step();
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  std::string op;  ///< "+", "*", "tanh"; of a variable its name
  double value;
  double gradient = 0;  ///< the derivative of the last result with respect to this step
  uint64_t number;      ///< steps count up as they are made, so a step is newer than all that it used
  std::vector<Edge> inputs;
};

inline Step::Step(std::string op_or_name, double result, std::vector<Edge> used)
    : op(std::move(op_or_name)), value(result), inputs(std::move(used)) {
  static uint64_t made = 0;
  number = made++;
}

/// Takes a long chain apart with a list of its own. Without this, the end of one step would end the step
/// before it, and so on: a recursion as deep as the chain is long.
inline Step::~Step() {
  std::vector<Edge> ending = std::move(inputs);
  while (!ending.empty()) {
    const std::shared_ptr<Step> step = std::move(ending.back().from);
    ending.pop_back();
    if (step.use_count() > 1) continue;  // somebody else still needs it
    for (Edge& edge : step->inputs) ending.push_back(std::move(edge));
    step->inputs.clear();
  }
}

/// A number that remembers how it was computed: a handle to its step.
class Scalar {
 public:
  Scalar(std::string op, double value, std::vector<Step::Edge> inputs)
      : step_(std::make_shared<Step>(std::move(op), value, std::move(inputs))) {}
  double value() const { return step_->value; }
  double gradient() const { return step_->gradient; }
  const std::shared_ptr<Step>& step() const { return step_; }

 private:
  std::shared_ptr<Step> step_;
};

inline Scalar variable(std::string name, double value) { return {std::move(name), value, {}}; }

inline Scalar operator+(const Scalar& a, const Scalar& b) {
  return {"+", a.value() + b.value(), {{a.step(), 1}, {b.step(), 1}}};
}
inline Scalar operator-(const Scalar& a, const Scalar& b) {
  return {"-", a.value() - b.value(), {{a.step(), 1}, {b.step(), -1}}};
}
inline Scalar operator*(const Scalar& a, const Scalar& b) {
  return {"*", a.value() * b.value(), {{a.step(), b.value()}, {b.step(), a.value()}}};
}
inline Scalar tanh(const Scalar& a) {
  const double y = std::tanh(a.value());
  return {"tanh", y, {{a.step(), 1 - y * y}}};
}

/// Every step that `result` was made of, newest first: a step comes before all that it used.
inline std::vector<Step*> newest_first(const Scalar& result) {
  const auto older = [](const Step* a, const Step* b) { return a->number < b->number; };
  std::priority_queue<Step*, std::vector<Step*>, decltype(older)> waiting(older);
  std::unordered_set<Step*> met;
  const auto meet = [&](Step* step) {
    if (met.insert(step).second) waiting.push(step);
  };

  std::vector<Step*> order;
  meet(result.step().get());
  while (!waiting.empty()) {
    Step* newest = waiting.top();
    waiting.pop();
    order.push_back(newest);
    for (const Step::Edge& edge : newest->inputs) meet(edge.from.get());
  }
  return order;
}

/// Fills the gradient of every step that `result` was made of: d(result)/d(step).
inline void backward(const Scalar& result) {
  const std::vector<Step*> order = newest_first(result);
  for (Step* step : order) step->gradient = 0;
  result.step()->gradient = 1;
  for (const Step* step : order) {
    for (const Step::Edge& edge : step->inputs) edge.from->gradient += edge.slope * step->gradient;
  }
}

}  // namespace gradus::tutorials
