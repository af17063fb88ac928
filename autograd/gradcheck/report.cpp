#include "autograd/gradcheck/report.hpp"

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
    return fmt::format("{} direction{}", result.directions, result.directions == 1 ? "" : "s");
  }
  return fmt::format("{} of {} + {} dir", result.elements, result.total, result.directions);
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

void GradcheckReport::add_problem(std::string sentence) {
  verdict = Verdict::fail;
  passed = false;
  problems.push_back(std::move(sentence));
}

std::string to_string(const GradcheckReport& report) {
  size_t width = 4, shape_width = 5, place_width = 11, amount_width = 7;
  for (const GradcheckResult& r : report.inputs) {
    width = std::max(width, r.name.size());
    shape_width = std::max(shape_width, to_string(r.shape).size());
    place_width = std::max(place_width, place(r).size());
    amount_width = std::max(amount_width, amount(r).size());
  }
  std::string text =
      fmt::format("{:<{}}  {:<{}}  {:>{}}  {:>8}  {:<{}}  {:>14}  {:>14}  {:>8}  {:>8}  verdict\n", "name",
                  width, "shape", shape_width, "checked", amount_width, "error", "worst index", place_width,
                  "analytic", "numeric", "estimate", "step");
  for (const GradcheckResult& r : report.inputs) {
    text += fmt::format(
        "{:<{}}  {:<{}}  {:>{}}  {:>8.1e}  {:<{}}  {:>14.7g}  {:>14.7g}  {:>8.1e}  {:>8.1e}  {}{}\n", r.name,
        width, to_string(r.shape), shape_width, amount(r), amount_width, r.error, place(r), place_width,
        r.analytic, r.numeric, r.estimate, r.step, r.verdict == Verdict::fail ? "FAIL" : name(r.verdict),
        r.note.empty() ? "" : " (" + r.note + ")");
  }
  for (const std::string& problem : report.problems) text += fmt::format("FAIL: {}\n", problem);
  return text;
}

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
                    {"elements", r.elements}});
  }
  const Json object = {{"schema", 1},
                       {"kind", report.kind},
                       {"passed", report.passed},
                       {"verdict", name(report.verdict)},
                       {"seed", report.seed},
                       {"tensors", rows},
                       {"problems", report.problems}};
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_csv(const GradcheckReport& report) {
  std::string text =
      "name,shape,total,checked,directions,verdict,error,index,direction,analytic,numeric,estimate,step,left,"
      "right,note,elements\r\n";
  for (const GradcheckResult& r : report.inputs) {
    text += fmt::format(
        "{},{},{},{},{},{},{:.17g},{},{},{:.17g},{:.17g},{:.17g},{:.17g},{:.17g},{:.17g},{},{}\r\n",
        quoted(r.name), quoted(to_string(r.shape)), r.total, r.checked, r.directions, name(r.verdict),
        r.error, r.direction >= 0 || r.checked == 0 ? "" : quoted(to_string(r.index)),
        r.direction >= 0 ? std::to_string(r.direction) : "", r.analytic, r.numeric, r.estimate, r.step,
        r.left, r.right, quoted(r.note), r.elements);
  }
  for (const std::string& problem : report.problems) {
    text += fmt::format(",,,,,fail,,,,,,,,,,{},\r\n", quoted(problem));
  }
  return text;
}

}  // namespace gradus
