// The exercises of chapter 2, solved.
#include <unordered_map>

#include "tutorials/02_autograd/exercise.hpp"

namespace gradus::tutorials {

DiamondGradients diamond_gradients(double a) {
  // c = b * b uses b twice: dc/db = b + b = 2 (a + a). b = a + a uses a twice: dc/da = 2 dc/db.
  return {1, 4 * a, 8 * a};
}

Scalar breaks_breadth_first(const Scalar& a) {
  // b is one step from the result and also two steps, through b * b. The short way brings b to the front of
  // the queue, and it passes on what it has before the long way has arrived.
  const Scalar b = a + a;
  return b + b * b;
}

void backward_of_your_own(const Scalar& result) {
  // Kahn's way (1962): count for each step how many edges will still bring it something. A step whose count
  // has come to zero has its whole gradient, and may pass it on.
  std::unordered_map<Step*, int> missing{{result.step().get(), 0}};
  std::vector<Step*> open{result.step().get()};
  while (!open.empty()) {
    Step* step = open.back();
    open.pop_back();
    step->gradient = 0;
    for (const Step::Edge& edge : step->inputs) {
      if (missing[edge.from.get()]++ == 0) open.push_back(edge.from.get());
    }
  }

  result.step()->gradient = 1;
  open.push_back(result.step().get());
  while (!open.empty()) {
    const Step* step = open.back();
    open.pop_back();
    for (const Step::Edge& edge : step->inputs) {
      edge.from->gradient += edge.slope * step->gradient;
      if (--missing[edge.from.get()] == 0) open.push_back(edge.from.get());
    }
  }
}

}  // namespace gradus::tutorials
