// Every subject in every layout, and every op empty, at size 1 and at sizes 1 to 17: through the registry, so
// that a new op is covered by its entry.
#include "autograd/ops.hpp"
#include "gradlab/subject.hpp"
#include "support/catch.hpp"
#include "support/layouts.hpp"
#include "support/op_check.hpp"
#include "support/sanitized.hpp"

using namespace gradus;
using lab::Inputs;
using test::Layout;

namespace {

/// The same function of views of other tensors.
lab::Sample seen_through(const Layout& layout, const lab::Sample& sample) {
  lab::Sample result = sample;
  result.inputs = test::stored(layout, sample.inputs);
  result.fn = [fn = sample.fn, &layout, shapes = test::shapes_of(sample.inputs)](const Inputs& stored) {
    return fn(test::shown(layout, stored, shapes));
  };
  return result;
}

void check_right(const lab::Sample& sample, const GradcheckOptions& options) {
  const GradcheckReport report = lab::check(sample, options);
  INFO(to_string(report));
  CHECK(report.passed);
}

constexpr int64_t largest = 17;
const GradcheckOptions second_order = {.directions = 1, .sample = test::elements(2), .second_order = true};

}  // namespace

TEST_CASE("every subject's gradient is right in every layout", "[coverage]") {
  int64_t pair = 0;
  for (const lab::Subject& subject : lab::subjects()) {
    for (const Layout& layout : test::layouts()) {
      if (!test::is_taken(pair++)) continue;
      INFO(subject.name << ", " << layout.name);
      const lab::Sample sample = seen_through(layout, subject.sample(11));
      check_right(sample, {.directions = 1, .sample = test::elements(5)});
      if (!layout.equal_rows) check_right(sample, second_order);
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
      check_right(sample, {.directions = 1, .sample = test::elements(6)});
      if (test::is_taken(size)) check_right(sample, second_order);
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
      check_right(subject.sample(5, sizes), {.directions = 1, .sample = test::elements(20)});
    }
  }
}
