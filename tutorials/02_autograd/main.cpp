// Chapter 2: reverse-mode autograd. An engine for single numbers from nothing, then Gradus's engine for
// tensors.
#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "autograd/autograd.hpp"
#include "autograd/node.hpp"
#include "plot/plot.hpp"
#include "tutorials/02_autograd/autograd.hpp"
#include "tutorials/02_autograd/other_walks.hpp"
#include "tutorials/02_autograd/softplus.hpp"
#include "tutorials/support/kit.hpp"

namespace gradus::tutorials {
namespace {

/// What the picture and the tables call a step: x for a variable, b = a + a for a step with a given name.
using Names = std::map<const Step*, std::string>;

std::string name_of(const Names& names, const Step* step) {
  const auto entry = names.find(step);
  return entry == names.end() ? step->op : entry->second;
}

/// The graph as a picture: each step with its value and its gradient, each arrow with its slope.
plot::Picture draw_graph(const std::string& title, const Scalar& result, const Names& names) {
  plot::Graph graph;
  graph.title = title;
  const std::vector<Step*> order = newest_first(result);
  std::map<const Step*, size_t> place;
  for (auto step = order.rbegin(); step != order.rend(); ++step) {
    place.emplace(*step, graph.nodes.size());
    const std::string name = name_of(names, *step);
    const bool is_input = (*step)->inputs.empty();
    graph.nodes.push_back({is_input ? name : fmt::format("{} ({})", name, (*step)->op),
                           fmt::format("value {:.4g}", (*step)->value),
                           fmt::format("gradient {:.4g}", (*step)->gradient), is_input});
    for (const Step::Edge& edge : (*step)->inputs) {
      graph.edges.push_back({place.at(edge.from.get()), place.at(*step), fmt::format("{:.4g}", edge.slope)});
    }
  }
  return plot::draw(graph);
}

void print_steps(const Scalar& result, const Names& names) {
  const std::vector<Step*> order = newest_first(result);
  for (auto step = order.rbegin(); step != order.rend(); ++step) {
    const std::string op = (*step)->inputs.empty() ? "input" : (*step)->op;
    fmt::print("{:<6} {:<5} {:8.4f}", name_of(names, *step), op, (*step)->value);
    for (const Step::Edge& edge : (*step)->inputs) {
      fmt::print("   from {} with slope {:.4f}", name_of(names, edge.from.get()), edge.slope);
    }
    fmt::print("\n");
  }
}

/// What each step sends to the steps that it used; the gradients are there already.
void print_backward(const Scalar& result, const Names& names) {
  for (const Step* step : newest_first(result)) {
    fmt::print("{} has the gradient {:.4f}\n", name_of(names, step), step->gradient);
    for (const Step::Edge& edge : step->inputs) {
      fmt::print("    and sends {:.4f} * {:.4f} = {:.4f} to {}\n", edge.slope, step->gradient,
                 edge.slope * step->gradient, name_of(names, edge.from.get()));
    }
  }
}

void nudge() {
  section("Nudge a number");
  const auto f = [](double a) {
    const double b = a + a;
    return b * b;
  };
  const double h = 0.001;
  fmt::print("f(3)                    = {:.6f}\n", f(3));
  fmt::print("f(3.001)                = {:.6f}\n", f(3 + h));
  fmt::print("(f(3.001) - f(3)) / h   = {:.6f}\n", (f(3 + h) - f(3)) / h);
}

void diamond() {
  section("The steps");
  const Scalar a = variable("a", 3);
  const Scalar b = a + a;
  const Scalar c = b * b;
  const Names names = {{a.step().get(), "a"}, {b.step().get(), "b"}, {c.step().get(), "c"}};
  print_steps(c, names);

  section("Backward");
  backward(c);
  print_backward(c, names);
  save_figure("diamond.svg", draw_graph("b = a + a, c = b * b", c, names));

  section("Without the order");
  backward_depth_first(c);
  fmt::print("depth first:    dc/db = {:4}, dc/da = {:4}\n", b.gradient(), a.gradient());
  backward_breadth_first(c);
  fmt::print("breadth first:  dc/db = {:4}, dc/da = {:4}\n", b.gradient(), a.gradient());
  backward(c);
  fmt::print("newest first:   dc/db = {:4}, dc/da = {:4}\n", b.gradient(), a.gradient());
}

/// a, then `depth` steps that each double the one before: there are two ways down from every step.
Scalar doubled(const Scalar& a, int depth) {
  Scalar result = a;
  for (int i = 0; i < depth; ++i) result = result + result;
  return result;
}

void paths() {
  section("Paths and edges");
  fmt::print("doublings   gradient   edges walked path by path   edges walked in order\n");
  for (const int depth : {1, 2, 3, 10, 20}) {
    const Scalar a = variable("a", 1);
    const Scalar result = doubled(a, depth);
    const uint64_t walked = backward_by_paths(result);
    const double by_paths = a.gradient();
    backward(result);
    if (by_paths != a.gradient()) fail("two right ways gave {} and {}", by_paths, a.gradient());
    fmt::print("{:9}   {:8}   {:25}   {:21}\n", depth, a.gradient(), walked, count_edges(result));
  }
}

void neuron() {
  section("A neuron");
  const Scalar w = variable("w", 0.5), x = variable("x", 2), b = variable("b", -0.5);
  const Scalar target = variable("target", 1);
  const Scalar wx = w * x;
  const Scalar s = wx + b;
  const Scalar y = tanh(s);
  const Scalar error = y - target;
  const Scalar loss = error * error;
  const Names names = {{wx.step().get(), "w x"},      {s.step().get(), "s"},       {y.step().get(), "y"},
                       {error.step().get(), "error"}, {loss.step().get(), "loss"}, {w.step().get(), "w"},
                       {x.step().get(), "x"},         {b.step().get(), "b"}};
  print_steps(loss, names);

  section("The neuron's gradients");
  backward(loss);
  fmt::print("dloss/dw = {:.6f}\n", w.gradient());
  fmt::print("dloss/dx = {:.6f}\n", x.gradient());
  fmt::print("dloss/db = {:.6f}\n", b.gradient());
  save_figure("neuron.svg", draw_graph("loss = (tanh(w x + b) - target)²", loss, names));

  section("The same neuron in Gradus");
  Tensor tw = scalar(0.5, DType::f64).requires_grad();
  Tensor tx = scalar(2, DType::f64).requires_grad();
  Tensor tb = scalar(-0.5, DType::f64).requires_grad();
  const Tensor terror = tanh(tw * tx + tb) - 1.0;
  const Tensor tloss = terror * terror;
  tloss.backward();
  fmt::print("dloss/dw = {:.6f}\n", tw.grad().item());
  fmt::print("dloss/dx = {:.6f}\n", tx.grad().item());
  fmt::print("dloss/db = {:.6f}\n", tb.grad().item());
  const double gap = std::abs(tw.grad().item() - w.gradient()) + std::abs(tx.grad().item() - x.gradient()) +
                     std::abs(tb.grad().item() - b.gradient());
  fmt::print("apart by less than 1e-15: {}\n", gap < 1e-15);
}

void learning() {
  section("What the gradient is for");
  double w = 0.5, b = -0.5;
  for (int step = 0; step <= 5; ++step) {
    const Scalar sw = variable("w", w), sb = variable("b", b);
    const Scalar error = tanh(sw * variable("x", 2) + sb) - variable("target", 1);
    const Scalar loss = error * error;
    backward(loss);
    fmt::print("step {}: w = {:7.4f}, b = {:7.4f}, loss = {:.4f}\n", step, w, b, loss.value());
    w -= 0.1 * sw.gradient();
    b -= 0.1 * sb.gradient();
  }
}

/// The ops below `result` on Gradus's tape, oldest first, numbered from 0.
void print_tape(const Tensor& result) {
  std::map<uint64_t, const Node*> tape;  // by creation order
  std::vector<const Node*> open{result.node().get()};
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    if (!tape.emplace(node->order, node).second) continue;
    for (const Node::Edge& edge : node->edges) open.push_back(edge.to.get());
  }
  std::map<const Node*, size_t> number;
  for (const auto& [order, node] : tape) {
    number.emplace(node, number.size());
    fmt::print("{}: {}", number.at(node), node->is_leaf ? "leaf" : node->op);
    for (const Node::Edge& edge : node->edges)
      fmt::print(", gradient {} to {}", edge.shape, number.at(edge.to.get()));
    fmt::print("\n");
  }
}

void a_layer() {
  section("A layer on the tape");
  Tensor w = tensor({0.5, -1.0, 0.25, 1.0, 0.0, -0.5}, Shape{2, 3}).requires_grad();  // [2, 3]
  Tensor b = tensor({0.1, -0.2}).requires_grad();                                     // [2]
  const Tensor x = tensor({1.0, 2.0, 3.0});                                           // [3]
  const Tensor y = tanh(matmul(w, x) + b);                                            // [2]
  const Tensor loss = sum(y * y);                                                     // []
  print_tape(loss);

  section("The layer's gradients");
  loss.backward();
  fmt::print("dw =\n{}\ndb = {}\n", w.grad(), b.grad());
  fmt::print("x asked for none: {}\n", x.grad().defined() ? "has one" : "has none");
}

void own_op() {
  section("Three ops or one");
  Tensor x = tensor({-1.0, 0.0, 2.0}).requires_grad();
  fmt::print("composed:\n");
  print_tape(softplus_composed(x));
  fmt::print("own op:\n");
  print_tape(softplus(x));

  section("The own op's gradient");
  const Tensor y = softplus(x);
  sum(y).backward();
  fmt::print("softplus(x) = {}\n", y.detach());
  fmt::print("its slope   = {}\n", x.grad());
  fmt::print("sigmoid(x)  = {}\n", sigmoid(x.detach()));

  section("Checked");
  check_gradient("softplus", [](const auto& in) { return softplus(in[0]); }, {x});
  check_gradient("its gradient", [](const auto& in) { return softplus(in[0]); }, {x}, {.second_order = true});
}

/// x + x + ... + x: `steps` additions, one after the other.
Scalar chain(const Scalar& x, int steps) {
  Scalar y = x;
  for (int i = 0; i < steps; ++i) y = y + x;
  return y;
}

void a_million() {
  section("A recursion is as deep as the chain");
  for (const int steps : {10, 100, 1000, 10000}) {
    Depth depth;
    sorted_by_recursion(chain(variable("x", 1), steps), depth);
    fmt::print("{:6} steps: {:6} calls deep\n", steps, depth.calls);
  }

  section("The stack it needs");
  Depth depth;
  sorted_by_recursion(chain(variable("x", 1), 10000), depth);
  const double bytes = static_cast<double>(depth.bytes) / static_cast<double>(depth.calls);
  fmt::print("a call takes {:.0f} bytes, so a million calls take {:.0f} MB\n", bytes, bytes);

  section("A chain of a million");
  const Scalar x = variable("x", 1);
  {
    const Scalar y = chain(x, 1000000);
    backward(y);
    fmt::print("by hand:  dy/dx = {}\n", x.gradient());
  }
  Tensor tx = scalar(1, DType::f64).requires_grad();
  {
    Tensor ty = tx;
    for (int i = 0; i < 1000000; ++i) ty = ty + tx;
    ty.backward();
  }
  fmt::print("Gradus:   dy/dx = {}\n", tx.grad().item());
}

void museum() {
  section("Assigned instead of accumulated");
  const Scalar a = variable("a", 3);
  const Scalar b = a + a, c = b * b;
  backward_assigned(c);
  fmt::print("dc/da = {}, but a nudge of a gives 24\n", a.gradient());
  const Scalar p = variable("p", 3), q = variable("q", 5);
  backward_assigned(p * q);
  fmt::print("d(p q)/dp = {}, d(p q)/dq = {}: right, since each is used once\n", p.gradient(), q.gradient());

  section("The gradient that was not cleared");
  for (const bool clears : {true, false}) {
    Tensor w = scalar(1, DType::f64).requires_grad();
    fmt::print("{:<22}", clears ? "cleared every step:" : "never cleared:");
    for (int step = 0; step < 8; ++step) {
      if (clears) w.clear_grad();
      const Tensor loss = w * w;
      loss.backward();
      const NoGrad no_grad;
      w.add_(w.grad(), -0.25);  // w -= 0.25 dloss/dw
      fmt::print(" {:7.4f}", w.item());
    }
    fmt::print("\n");
  }
}

}  // namespace
}  // namespace gradus::tutorials

int main(int argc, char** argv) {
  using namespace gradus::tutorials;
  return run_chapter(argc, argv, [] {
    nudge();
    diamond();
    paths();
    neuron();
    learning();
    a_layer();
    own_op();
    a_million();
    museum();
  });
}
