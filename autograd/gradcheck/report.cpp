#include "autograd/gradcheck/report.hpp"
#include "autograd/plural.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace gradus {
namespace {

using Json = nlohmann::ordered_json;

/// JSON knows no infinity and no NaN.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(); }

std::vector<int64_t> list(const Shape& shape) { return {shape.begin(), shape.end()}; }

/// Where the worst is: "[1, 3]", "direction 2", or nothing for a tensor without elements.
std::string place(const GradcheckResult& result) {
  if (result.direction >= 0) return fmt::format("direction {}", result.direction);
  return result.checked == 0 ? "" : to_string(result.index);
}

/// "12 of 12", "3 directions", "20 of 500 + 2 dir".
std::string amount(const GradcheckResult& result) {
  if (result.directions == 0) return fmt::format("{} of {}", result.elements, result.total);
  if (result.elements == 0) {
    return fmt::format("{} {}", result.directions, plural(result.directions, "direction"));
  }
  return fmt::format("{} of {} + {} dir", result.elements, result.total, result.directions);
}

/// The columns of a report as text, as wide as they have to be.
class Table {
 public:
  explicit Table(const GradcheckReport& report) : is_f32_(report.kind == "f32 against f64") {
    for (const GradcheckResult& r : report.inputs) {
      name_ = std::max(name_, r.name.size());
      shape_ = std::max(shape_, to_string(r.shape).size());
      place_ = std::max(place_, place(r).size());
      amount_ = std::max(amount_, amount(r).size());
    }
  }

  std::string head() const {
    const std::string begin =
        fmt::format("{:<{}}  {:<{}}  {:>{}}  ", "name", name_, "shape", shape_, "checked", amount_);
    if (is_f32_) {
      return begin + fmt::format("{:>11}  {:>7}  {:<{}}  {:>14}  {:>14}  {:>8}  verdict\n", "error/eps32",
                                 "allowed", "worst index", place_, "f32", "f64", "step");
    }
    return begin + fmt::format("{:>8}  {:<{}}  {:>14}  {:>14}  {:>8}  {:>8}  verdict\n", "error",
                               "worst index", place_, "analytic", "numeric", "estimate", "step");
  }

  std::string row(const GradcheckResult& r) const {
    const std::string begin = fmt::format("{:<{}}  {:<{}}  {:>{}}  ", r.name, name_, to_string(r.shape),
                                          shape_, amount(r), amount_);
    const std::string end = fmt::format("{}{}\n", r.verdict == Verdict::fail ? "FAIL" : name(r.verdict),
                                        r.note.empty() ? "" : " (" + r.note + ")");
    if (is_f32_) {
      return begin +
             fmt::format("{:>11.2g}  {:>7.2g}  {:<{}}  {:>14.7g}  {:>14.7g}  {:>8.1e}  ", r.in_eps32,
                         r.allowed_eps32, place(r), place_, r.analytic, r.numeric, r.step) +
             end;
    }
    return begin +
           fmt::format("{:>8.1e}  {:<{}}  {:>14.7g}  {:>14.7g}  {:>8.1e}  {:>8.1e}  ", r.error, place(r),
                       place_, r.analytic, r.numeric, r.estimate, r.step) +
           end;
  }

 private:
  bool is_f32_;
  size_t name_ = 4, shape_ = 5, place_ = 11, amount_ = 7;
};

/// "input 0: 3 of 12 elements wrong; the worst is [1, 2], where input 0[1] = 0.5 1.5 -2".
std::string what_is_wrong(const GradcheckResult& r) {
  const int64_t looked_at = r.elements + r.directions, wrong = r.counts[3], unknown = r.counts[2];
  std::string text = fmt::format("{}: {} of {} {} wrong", r.name, wrong, looked_at,
                                 r.elements == 0    ? "directions"
                                 : r.directions > 0 ? "elements and directions"
                                                    : "elements");
  if (unknown > 0) text += fmt::format(", {} inconclusive", unknown);
  if (!r.inputs.empty()) text += fmt::format("; the worst is {}, where {}", place(r), r.inputs);
  return text + "\n";
}

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

}  // namespace

std::string_view name(Verdict verdict) {
  constexpr std::string_view names[] = {"pass", "kink", "inconclusive", "fail"};
  return names[static_cast<size_t>(verdict)];
}

void GradcheckReport::add(GradcheckResult result) {
  verdict = std::max(verdict, result.verdict);
  passed = passed && result.passed;
  inputs.push_back(std::move(result));
}

std::array<int64_t, 4> GradcheckReport::counts() const {
  std::array<int64_t, 4> found{};
  for (const GradcheckResult& r : inputs) ++found[static_cast<size_t>(r.verdict)];
  return found;
}

void GradcheckReport::add_problem(std::string sentence) {
  verdict = Verdict::fail;
  passed = false;
  problems.push_back(std::move(sentence));
}

std::string to_string(const std::array<int64_t, 4>& counts) {
  return fmt::format("{} passed, {} at a kink, {} inconclusive, {} failed", counts[0], counts[1], counts[2],
                     counts[3]);
}

std::string to_string(const GradcheckReport& report) {
  Table table(report);
  std::string text = table.head();
  for (const GradcheckResult& r : report.inputs) text += table.row(r);
  for (const GradcheckResult& r : report.inputs) {
    if (!r.passed) text += what_is_wrong(r);
  }
  for (const std::string& problem : report.problems) text += fmt::format("FAIL: {}\n", problem);
  return text;
}

namespace {

Json counts_of(const GradcheckReport& report) {
  Json object;
  const std::array<int64_t, 4> counts = report.counts();
  for (const Verdict verdict : {Verdict::pass, Verdict::kink, Verdict::inconclusive, Verdict::fail})
    object[std::string(name(verdict))] = counts[static_cast<size_t>(verdict)];
  return object;
}

}  // namespace

std::string to_json(const GradcheckReport& report) {
  Json rows = Json::array();
  for (const GradcheckResult& r : report.inputs) {
    rows.push_back({{"name", r.name},
                    {"shape", list(r.shape)},
                    {"total", r.total},
                    {"checked", r.checked},
                    {"directions", r.directions},
                    {"verdict", name(r.verdict)},
                    {"error", number(r.error)},
                    {"index", r.direction >= 0 || r.checked == 0 ? Json() : Json(list(r.index))},
                    {"direction", r.direction >= 0 ? Json(r.direction) : Json()},
                    {"analytic", number(r.analytic)},
                    {"numeric", number(r.numeric)},
                    {"estimate", number(r.estimate)},
                    {"step", number(r.step)},
                    {"left", number(r.left)},
                    {"right", number(r.right)},
                    {"note", r.note},
                    {"elements", r.elements},
                    {"kinks", r.counts[1]},
                    {"inconclusive", r.counts[2]},
                    {"wrong", r.counts[3]},
                    {"allowed", number(r.allowed)},
                    {"in_eps32", number(r.in_eps32)},
                    {"allowed_eps32", number(r.allowed_eps32)},
                    {"inputs", r.inputs}});
  }
  const Json object = {{"schema", 1},
                       {"kind", report.kind},
                       {"passed", report.passed},
                       {"verdict", name(report.verdict)},
                       {"seed", report.seed},
                       {"tensors", rows},
                       {"problems", report.problems},
                       {"counts", counts_of(report)}};
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_csv(const GradcheckReport& report) {
  std::string text =
      "name,shape,total,checked,directions,verdict,error,index,direction,analytic,numeric,estimate,step,left,"
      "right,note,elements,kinks,inconclusive,wrong,allowed,in_eps32,allowed_eps32,inputs\r\n";
  for (const GradcheckResult& r : report.inputs) {
    text += fmt::format(
        "{},{},{},{},{},{},{:.17g},{},{},{:.17g},{:.17g},{:.17g},{:.17g},{:.17g},{:.17g},{},{},{},{},{},{:."
        "17g},{:.17g},{:.17g},{}\r\n",
        quoted(r.name), quoted(to_string(r.shape)), r.total, r.checked, r.directions, name(r.verdict),
        r.error, r.direction >= 0 || r.checked == 0 ? "" : quoted(to_string(r.index)),
        r.direction >= 0 ? std::to_string(r.direction) : "", r.analytic, r.numeric, r.estimate, r.step,
        r.left, r.right, quoted(r.note), r.elements, r.counts[1], r.counts[2], r.counts[3], r.allowed,
        r.in_eps32, r.allowed_eps32, quoted(r.inputs));
  }
  for (const std::string& problem : report.problems) {
    text += fmt::format(",,,,,fail,,,,,,,,,,{},,,,,,,,\r\n", quoted(problem));
  }
  return text;
}

}  // namespace gradus
