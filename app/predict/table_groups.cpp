#include "app/predict/table_groups.hpp"

#include <algorithm>
#include <map>

#include "app/command.hpp"
#include "app/finetune/task_run.hpp"
#include "autograd/ops.hpp"

namespace gradus::app {
namespace {

/// The rows by what they have in a column.
std::map<std::string, std::vector<int64_t>> rows_by(const Columns& columns, const std::string& column) {
  const std::vector<std::string> values = columns(column);
  std::map<std::string, std::vector<int64_t>> rows;
  for (size_t i = 0; i < values.size(); ++i) rows[values[i]].push_back(static_cast<int64_t>(i));
  return rows;
}

}  // namespace

void check_columns(const PredictCall& call, const Columns& columns) {
  for (const std::string* column : {&call.by, &call.together})
    if (!column->empty()) columns(*column);
}

std::vector<bool> right_rows(const Tensor& said, const std::vector<int64_t>& truth) {
  const std::vector<int64_t> guesses = argmax(said, -1).to_vector<int64_t>();
  std::vector<bool> right;
  for (size_t i = 0; i < truth.size(); ++i) right.push_back(guesses[i] == truth[i]);
  return right;
}

void print_groups(const PredictCall& call, const Columns& columns, const bert::Findings& findings,
                  const std::vector<bool>& are_right,
                  const std::function<bert::Findings(const std::vector<int64_t>&)>& of_rows) {
  nlohmann::ordered_json object = to_json(findings, {});
  std::string text = to_text(findings, {});
  if (!call.by.empty()) {
    object["by"] = nlohmann::ordered_json::object();
    for (const auto& [value, rows] : rows_by(columns, call.by)) {
      const bert::Findings part = of_rows(rows);
      object["by"][value] = part.value();
      text += fmt::format("{:<20} {:.3f}   {} where {} is so, of {}\n", "  " + value, part.value(),
                          part.figures.front().name, call.by, counted(part.examples, "example"));
    }
  }
  if (!call.together.empty()) {
    const auto groups = rows_by(columns, call.together);
    const auto is_right = [&](int64_t row) { return are_right[static_cast<size_t>(row)]; };
    double right = 0;
    for (const auto& [name, rows] : groups) right += std::ranges::all_of(rows, is_right);
    const double share = right / static_cast<double>(groups.size());
    object["together"] = share;
    text += fmt::format("{:<20} {:.3f}   share of {} of the same {} with every row right\n", "together",
                        share, counted(std::ssize(groups), "group"), call.together);
  }
  for (const bert::Finding& wrong : findings.worst)
    object["worst"].push_back(
        {{"text", wrong.text}, {"label", wrong.truth}, {"said", wrong.said}, {"loss", wrong.loss}});
  call.json ? print(object) : print(text);
}

}  // namespace gradus::app
