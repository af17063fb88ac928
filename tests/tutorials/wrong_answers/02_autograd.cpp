// What readers may answer in chapter 2, wrong and right.
#include "tutorials/02_autograd/exercise.hpp"

#include <limits>
#include <unordered_set>

#include "tests/tutorials/wrong_answers/answers.hpp"
#include "tutorials/02_autograd/other_walks.hpp"

#define diamond_gradients right_diamond_gradients
#define breaks_breadth_first right_breaks_breadth_first
#define backward_of_your_own right_backward_of_your_own
#include "tutorials/02_autograd/solution.cpp"
#undef diamond_gradients
#undef breaks_breadth_first
#undef backward_of_your_own

namespace gradus::tutorials {
namespace {

using Gradients = DiamondGradients;

const Answers<decltype(diamond_gradients)> diamond(
    1, right_diamond_gradients,
    {{"the numbers of a = 3", "the numbers of a = 3 will not do",
      [](double) {
        return Gradients{1, 12, 24};
      }},
     {"one arrow from c to b", "c = b * b uses b twice",
      [](double a) {
        return Gradients{1, 2 * a, 4 * a};
      }},
     {"one arrow from b to a", "each arrow carries the whole of dc/db",
      [](double a) {
        return Gradients{1, 4 * a, 4 * a};
      }},
     {"the value of c", "not c: when c grows by 1",
      [](double a) {
        return Gradients{4 * a * a, 4 * a, 8 * a};
      }},
     {"step by step", accepted, [](double a) {
        const double b = a + a, dc_db = b + b;
        return Gradients{1, dc_db, dc_db + dc_db};
      }}});

const Answers<decltype(breaks_breadth_first)> breaks(
    2, right_breaks_breadth_first,
    {{"a short and a long way to a itself", "made from a and not a itself",
      [](const Scalar& a) { return a * a + a; }},
     {"the diamond", "nobody is early",
      [](const Scalar& a) {
        const Scalar b = a + a;
        return b * b;
      }},
     {"a alone", "a result without steps", [](const Scalar& a) { return a; }},
     {"another variable", "a result that does not use a",
      [](const Scalar&) { return right_breaks_breadth_first(variable("b", 3)); }},
     {"a gradient that is no number", "infinity and NaN differ from everything",
      [](const Scalar& a) { return a * variable("b", std::numeric_limits<double>::quiet_NaN()); }},
     {"0.1 + 0.2 + 0.3 in two orders", "which rounding alone explains",
      [](const Scalar& a) {
        const Scalar x = a * variable("", 0.1), y = a * variable("", 0.2), z = a * variable("", 0.3);
        return x + (y + z);
      }},
     {"by tanh", accepted, [](const Scalar& a) {
        const Scalar b = tanh(a * a * variable("", 0.1));
        return b - tanh(tanh(b));
      }}});

/// The order of a recursion that lists all that a step used before the step itself.
void list_inputs_first(Step* step, std::unordered_set<Step*>& met, std::vector<Step*>& order) {
  if (!met.insert(step).second) return;
  for (const Step::Edge& edge : step->inputs) list_inputs_first(edge.from.get(), met, order);
  order.push_back(step);
}

void by_recursion(const Scalar& result) {
  std::unordered_set<Step*> met;
  std::vector<Step*> order;
  list_inputs_first(result.step().get(), met, order);
  for (Step* step : order) step->gradient = 0;
  result.step()->gradient = 1;
  for (auto step = order.rbegin(); step != order.rend(); ++step) {
    for (const Step::Edge& edge : (*step)->inputs) edge.from->gradient += edge.slope * (*step)->gradient;
  }
}

/// The same order by a list of its own: each step stands on it with the number of its inputs looked at.
void by_a_list(const Scalar& result) {
  std::unordered_set<Step*> met{result.step().get()};
  std::vector<std::pair<Step*, size_t>> open{{result.step().get(), 0}};
  std::vector<Step*> order;
  while (!open.empty()) {
    auto& [step, looked_at] = open.back();
    if (looked_at == step->inputs.size()) {
      order.push_back(step);
      open.pop_back();
      continue;
    }
    Step* from = step->inputs[looked_at++].from.get();
    if (met.insert(from).second) open.emplace_back(from, 0);
  }
  for (Step* step : order) step->gradient = 0;
  result.step()->gradient = 1;
  for (auto step = order.rbegin(); step != order.rend(); ++step) {
    for (const Step::Edge& edge : (*step)->inputs) edge.from->gradient += edge.slope * (*step)->gradient;
  }
}

const Answers<decltype(backward_of_your_own)> own(
    3, right_backward_of_your_own,
    {{"an empty walk after the first call", "do not leave a graph alone because it looks done",
      [](const Scalar& result) {
        if (result.gradient() == 0) backward(result);
      }},
     {"breadth first", "only after every step that uses it has done so", backward_breadth_first},
     {"depth first", "a must wait until b has all of its gradient", backward_depth_first},
     {"a function that calls itself", "overflows the stack", by_recursion},
     {"assigned, not added", "6 arrives twice: add, do not assign", backward_assigned},
     {"nothing set to 0", "what the last call left is still there",
      [](const Scalar& result) {
        result.step()->gradient = 1;
        for (const Step* step : newest_first(result)) {
          for (const Step::Edge& edge : step->inputs) edge.from->gradient += edge.slope * step->gradient;
        }
      }},
     {"depth first, sorted by a list", accepted, by_a_list}});

}  // namespace

DiamondGradients diamond_gradients(double a) { return diamond(a); }
Scalar breaks_breadth_first(const Scalar& a) { return breaks(a); }
void backward_of_your_own(const Scalar& result) { own(result); }

}  // namespace gradus::tutorials
