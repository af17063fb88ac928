// Every subject in every layout, and every op empty, at size 1 and at sizes 1 to 17: through the registry, so
// that a new op is covered by its entry.
#include "autograd/ops.hpp"
#include "gradlab/subject.hpp"
#include "support/catch.hpp"
#include "support/op_check.hpp"

using namespace gradus;
using lab::Inputs;

namespace {

/// A dense tensor to start from, and the view of it that the subject is given.
struct Layout {
  std::string name;
  std::function<Tensor(const Tensor& x)> store;
  std::function<Tensor(const Tensor& stored, const Shape& shape)> show;
};

Tensor reversed(const Tensor& x) {
  Axes order;
  for (int axis = x.rank() - 1; axis >= 0; --axis) order.push_back(axis);
  return x.permute(order);
}

const std::vector<Layout>& layouts() {
  static const std::vector<Layout> all = {
      {"transposed", reversed, [](const Tensor& x, const Shape&) { return reversed(x); }},
      {"broadcast along the first axis", [](const Tensor& x) { return x.slice(0, 0, 1); },
       [](const Tensor& x, const Shape& shape) { return x.expand(shape); }},
      {"broadcast along the last axis", [](const Tensor& x) { return x.slice(-1, 0, 1); },
       [](const Tensor& x, const Shape& shape) { return x.expand(shape); }},
      {"every second element",
       [](const Tensor& x) {
         Shape doubled = x.shape();
         doubled[x.rank() - 1] *= 2;
         return stack({x, x * 1.01}, -1).reshape(doubled);
       },
       [](const Tensor& x, const Shape&) { return x.slice(-1, 0, x.size(-1), 2); }},
      {"the second half",
       [](const Tensor& x) {
         return concat({x * 1.01, x}, 0);
       },
       [](const Tensor& x, const Shape&) { return x.slice(0, x.size(0) / 2, x.size(0)); }},
  };
  return all;
}

/// The same function of views of other tensors.
lab::Sample seen_through(const Layout& layout, const lab::Sample& sample) {
  lab::Sample result = sample;
  std::vector<Shape> shapes;
  for (Tensor& x : result.inputs) {
    shapes.push_back(x.shape());
    x = layout.store(x).contiguous();
  }
  result.fn = [fn = sample.fn, show = layout.show, shapes](const Inputs& stored) {
    Inputs shown;
    for (size_t i = 0; i < stored.size(); ++i) shown.push_back(show(stored[i], shapes[i]));
    return fn(shown);
  };
  return result;
}

void check_right(const lab::Sample& sample, const GradcheckOptions& options) {
  const GradcheckReport report = lab::check(sample, options);
  INFO(to_string(report));
  CHECK(report.passed);
}

constexpr int64_t largest = 17;
const GradcheckOptions second_order = {.directions = 1, .sample = 2, .second_order = true};

}  // namespace

TEST_CASE("every subject's gradient is right in every layout", "[coverage]") {
  for (const lab::Subject& subject : lab::subjects()) {
    for (const Layout& layout : layouts()) {
      INFO(subject.name << ", " << layout.name);
      const lab::Sample sample = seen_through(layout, subject.sample(11));
      check_right(sample, {.directions = 1, .sample = 5});
      // Where all elements of a row are equal, LayerNorm's second derivative is rounding and nothing else.
      if (layout.name != "broadcast along the last axis") check_right(sample, second_order);
    }
  }
}

TEST_CASE("every op's gradient is right at sizes from the least to 17, in one row", "[coverage]") {
  int checked = 0;
  for (const lab::Subject& subject : lab::subjects()) {
    if (subject.group != "op") continue;
    INFO(subject.name);
    if (!subject.least_size) {
      CHECK(subject.name.find('.') != std::string::npos);  // a variant; every op itself has a free size
      continue;
    }
    const int64_t rows = subject.least_rows ? std::max<int64_t>(1, *subject.least_rows) : 1;
    for (int64_t size = std::max<int64_t>(1, *subject.least_size); size <= largest; ++size) {
      INFO("size " << size);
      const lab::Sample sample = subject.sample(static_cast<uint64_t>(size), {.rows = rows, .size = size});
      check_right(sample, {.directions = 1, .sample = 6});
      check_right(sample, second_order);
      ++checked;
    }
  }
  CHECK(checked > 80 * 15);
}

TEST_CASE("every op takes no rows and no size, and its gradients are then zero", "[coverage]") {
  for (const lab::Subject& subject : lab::subjects()) {
    for (const bool of_rows : {true, false}) {
      const std::optional<int64_t> least = of_rows ? subject.least_rows : subject.least_size;
      if (!least || *least > 0) continue;
      INFO(subject.name << (of_rows ? ", no rows" : ", no size"));
      const lab::Sample sample = subject.sample(7, of_rows ? lab::Sizes{.rows = 0} : lab::Sizes{.size = 0});
      for (const bool create_graph : {false, true}) {
        const Inputs dx = test::gradients_of(sample.fn, sample.inputs, create_graph);
        for (size_t i = 0; i < dx.size(); ++i) CHECK(dx[i].shape() == sample.inputs[i].shape());
      }
      check_right(sample, {});
      check_right(sample, second_order);
    }
  }
}

TEST_CASE("every op at one row and the least size, and at many rows", "[coverage]") {
  for (const lab::Subject& subject : lab::subjects()) {
    if (!subject.least_rows) continue;
    for (const lab::Sizes sizes : {lab::Sizes{.rows = std::max<int64_t>(1, *subject.least_rows),
                                  .size = std::max<int64_t>(1, subject.least_size.value_or(1))},
                                   lab::Sizes{.rows = largest, .size = 3}}) {
      INFO(subject.name << ", " << *sizes.rows << " rows of " << *sizes.size);
      check_right(subject.sample(5, sizes), {.directions = 1, .sample = 20});
    }
  }
}
