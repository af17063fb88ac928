#include "tutorials/support/check.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "autograd/error.hpp"
#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials {
namespace {

bool is_close(double got, double want, double tolerance) {
  if (std::isnan(want)) return std::isnan(got);
  if (std::isinf(want)) return got == want;
  return std::abs(got - want) <= tolerance * std::max(1.0, std::abs(want));
}

/// Several lines, each below the other with the same indentation.
std::string indented(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string("\n               ") : std::string(1, c);
  return out;
}

std::string index_of(int64_t flat, const Shape& shape) {
  Shape index = Shape::filled(shape.rank(), 0);
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    index[axis] = flat % shape[axis];
    flat /= shape[axis];
  }
  return to_string(index);
}

}  // namespace

void Check::report(std::string_view what, bool right, const std::string& got, const std::string& want,
                   std::string_view hint) {
  if (right) {
    fmt::print("  right  {}\n", what);
    std::fflush(stdout);  // what was right so far is seen even if the next answer never comes
    return;
  }
  passed_ = false;
  fmt::print("  WRONG  {}\n         yours  {}\n", what, indented(got));
  if (!want.empty()) fmt::print("         wanted {}\n", indented(want));
  fmt::print("         hint   {}\n", hint);
}

void Check::close(std::string_view what, double got, double want, std::string_view hint, double tolerance) {
  report(what, is_close(got, want, tolerance), fmt::format("{:.8g}", got), fmt::format("{:.8g}", want), hint);
}

void Check::close(std::string_view what, const Tensor& got, const Tensor& want, std::string_view hint,
                  double tolerance) {
  if (!got.defined()) return report(what, false, "no tensor at all", "", hint);
  if (got.shape() != want.shape()) {
    return report(what, false, fmt::format("a tensor of shape {}", got.shape()),
                  fmt::format("one of shape {}", want.shape()), hint);
  }
  const std::vector<double> mine = got.detach().to(DType::f64).to_vector<double>();
  const std::vector<double> right = want.detach().to(DType::f64).to_vector<double>();
  int64_t worst = -1;
  double gap = -1;
  for (size_t i = 0; i < mine.size(); ++i) {
    if (is_close(mine[i], right[i], tolerance)) continue;
    const double here = std::abs(mine[i] - right[i]) / std::max(1.0, std::abs(right[i]));
    if (worst < 0 || here > gap || std::isnan(here)) {
      worst = static_cast<int64_t>(i);
      gap = here;
    }
  }
  if (worst < 0) return report(what, true, "", "", hint);
  if (mine.size() <= 64) return report(what, false, to_string(got), to_string(want), hint);
  const auto element = [&](double value) {
    return fmt::format("{:.8g} at {}", value, index_of(worst, want.shape()));
  };
  report(what, false, element(mine[static_cast<size_t>(worst)]), element(right[static_cast<size_t>(worst)]),
         hint);
}

void Check::that(std::string_view what, bool condition, std::string_view seen, std::string_view hint) {
  report(what, condition, std::string(seen), "", hint);
}

void Check::throws(std::string_view what, const std::function<void()>& fn, std::string_view part,
                   std::string_view hint) {
  const std::string want = fmt::format("an Error whose message has \"{}\"", part);
  try {
    fn();
  } catch (const Error& error) {
    const std::string message = error.what();
    return report(what, message.find(part) != std::string::npos, message, want, hint);
  }
  report(what, false, "nothing was thrown", want, hint);
}

bool Check::quick() { return std::getenv("GRADUS_EXERCISE") != nullptr; }

void Checks::exercise(std::string_view name, const std::function<void(Check&)>& fn) {
  const char* only = std::getenv("GRADUS_EXERCISE");
  if (only != nullptr && !name.starts_with(std::string(only) + ":")) return;
  fmt::print("{}Exercise {}\n", all_ == 0 ? "" : "\n", name);
  ++all_;
  Check check;
  try {
    fn(check);
    passed_ += check.passed();
  } catch (const Unsolved& gap) {
    fmt::print("  open   write {}\n", gap.what());
  } catch (const std::exception& error) {
    fmt::print("  WRONG  it threw: {}\n", error.what());
    fmt::print(
        "         hint   exercise.hpp has the shapes of what the function gets and gives; follow them line "
        "by line\n");
  }
}

int Checks::finish() const {
  if (passed_ == all_) {
    fmt::print("\n{}: all {} exercises pass.\n", chapter_, all_);
    return 0;
  }
  fmt::print("\n{}: {} of {} exercises pass. Edit tutorials/{}/exercise.cpp and check again.\n", chapter_,
             passed_, all_, chapter_);
  return 1;
}

}  // namespace gradus::tutorials
