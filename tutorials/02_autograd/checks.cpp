// What the exercises of chapter 2 are held to.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>

#include <fmt/format.h>

#include "tutorials/02_autograd/exercise.hpp"
#include "tutorials/02_autograd/other_walks.hpp"
#include "tutorials/support/check.hpp"

namespace gradus::tutorials {
namespace {

/// Does `fn` come to its end? It runs in a process of its own, so that a stack that overflows ends only that.
bool comes_to_its_end(const std::function<void()>& fn) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    fn();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

Scalar chain(const Scalar& x, int steps) {
  Scalar y = x;
  for (int i = 0; i < steps; ++i) y = y + x;
  return y;
}

void check_diamond(Check& check) {
  for (const double a : {3.0, -0.5}) {
    const DiamondGradients got = diamond_gradients(a);
    // What fitted a = 3 and fits no other number is a number, not a formula.
    const std::string once = a == 3 ? "" : "the numbers of a = 3 will not do: write formulas in a. ";
    check.close(fmt::format("dc/dc at a = {}", a), got.dc_dc, 1,
                once + "not c: when c grows by 1, by how much does c grow?");
    check.close(fmt::format("dc/db at a = {}", a), got.dc_db, 4 * a,
                once + "c = b * b uses b twice: add what arrives along both arrows, b and b");
    check.close(fmt::format("dc/da at a = {}", a), got.dc_da, 8 * a,
                once + "b = a + a uses a twice, and each arrow carries the whole of dc/db");
  }
}

bool differ(double a, double b) { return std::abs(a - b) > 1e-6 * std::max(1.0, std::abs(a)); }

void check_breadth_first(Check& check) {
  const Scalar a = variable("a", 3);
  const Scalar result = breaks_breadth_first(a);
  const std::vector<Step*> steps = newest_first(result);
  const bool uses_a =
      steps.size() > 1 && std::find(steps.begin(), steps.end(), a.step().get()) != steps.end();
  check.that("the result is made from a", uses_a,
             steps.size() > 1 ? "a result that does not use a" : "a result without steps",
             "use +, -, * or tanh on the a that the function gets");
  if (!uses_a) return;
  backward(result);
  const double right = a.gradient();
  backward_breadth_first(result);
  const double wrong = a.gradient();
  const bool finite = std::isfinite(right) && std::isfinite(wrong);
  check.that("the gradients are numbers", finite, fmt::format("{} and {}", right, wrong),
             "infinity and NaN differ from everything and show nothing: use smaller numbers");
  if (!finite) return;
  check.that(
      "breadth first gets d(result)/da wrong", differ(right, wrong),
      right == wrong ? fmt::format("{} both ways", right)
                     : fmt::format("{:.17g} and {:.17g}, which rounding alone explains", right, wrong),
      "let one step, made from a and not a itself, be reached by a short way and by a longer one, so "
      "that it leaves the queue before the longer way has arrived: a has no inputs to pass anything on "
      "to too early, and in a graph whose ways are of equal length nobody is early");
}

/// Fills every gradient below `result` with a number that no walk leaves there.
void spoil(const Scalar& result) {
  for (Step* step : newest_first(result)) step->gradient = 1000;
}

void check_own_backward(Check& check) {
  const Scalar a = variable("a", 3);
  const Scalar b = a + a, c = b * b;
  backward_of_your_own(c);
  check.close("dc/dc of the diamond", c.gradient(), 1, "the result's own gradient is 1");
  check.close("dc/db of the diamond", b.gradient(), 12, "6 arrives twice: add, do not assign");
  check.close("dc/da of the diamond", a.gradient(), 24, "a must wait until b has all of its gradient");
  backward_of_your_own(c);
  check.close("dc/da, backward run again", a.gradient(), 24,
              "set every gradient to 0 before you begin: what the last call left is still there");
  spoil(c);
  backward_of_your_own(c);
  check.close("dc/da, after somebody wrote 1000 into every gradient", a.gradient(), 24,
              "set every gradient to 0 before you begin, and walk at every call: do not leave a graph alone "
              "because it looks done");

  const Scalar u = variable("u", 0.5);
  const Scalar v = u * u;
  const Scalar w = v + tanh(v * u) * v;
  backward(w);
  const double right = u.gradient();
  spoil(w);
  backward_of_your_own(w);
  check.close("ways of different length", u.gradient(), right,
              "a step passes on its gradient only after every step that uses it has done so");

#ifdef __SANITIZE_ADDRESS__
  const int steps = 200000;  // where a call takes far more of the stack, and a step far more time
#else
  const int steps = 1000000;
#endif
  const auto long_chain = [] { backward_of_your_own(chain(variable("x", 1), steps)); };
  const bool ended = comes_to_its_end(long_chain);
  check.that("a chain of a million steps comes to its end", ended, "the program was ended by the system",
             "a function that calls itself a million times overflows the stack: keep a list of your own");
  if (!ended) return;
  const Scalar x = variable("x", 1);
  backward_of_your_own(chain(x, steps));
  check.close("its gradient", x.gradient(), steps + 1,
              fmt::format("x is used {} times with slope 1", steps + 1));
}

}  // namespace
}  // namespace gradus::tutorials

int main() {
  using namespace gradus::tutorials;
  Checks checks("02_autograd");
  checks.exercise("1: the gradient of b = a + a, c = b * b", check_diamond);
  checks.exercise("2: what breaks without the order", check_breadth_first);
  checks.exercise("3: a chain of a million", check_own_backward);
  return checks.finish();
}
