#include "bert/report/task_history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bert/text/json_node.hpp"

namespace gradus::bert {
namespace {

using json = nlohmann::ordered_json;

json number(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

double number_at(const JsonNode& node) { return node.value().is_null() ? TaskMoment::none : node.number(); }

}  // namespace

void TaskHistory::add(TaskMoment moment) {
  std::erase_if(moments, [&](const TaskMoment& old) {
    return old.step == moment.step && old.is_evaluation() == moment.is_evaluation();
  });
  moments.push_back(std::move(moment));
}

void TaskHistory::go_back_to(int64_t step) {
  std::erase_if(moments, [&](const TaskMoment& moment) { return moment.step > step; });
}

std::string TaskHistory::to_json() const {
  json list = json::array();
  for (const TaskMoment& moment : moments) {
    json figures = json::array();
    for (const double figure : moment.figures) figures.push_back(number(figure));
    list.push_back({{"step", moment.step},
                    {"seconds", moment.seconds},
                    {"loss", number(moment.loss)},
                    {"learning_rate", number(moment.learning_rate)},
                    {"gradient_norm", number(moment.gradient_norm)},
                    {"figures", figures}});
  }
  return json{{"figures", names}, {"moments", list}}.dump() + "\n";
}

TaskHistory read_task_history(const std::filesystem::path& file) {
  const nlohmann::json content = parse_json_file(file);
  const JsonNode root(file.string(), content);
  TaskHistory history;
  for (const JsonNode& name : root.at("figures").items()) history.names.push_back(name.text());
  for (const JsonNode& node : root.at("moments").items()) {
    TaskMoment moment;
    moment.step = node.at("step").whole();
    moment.seconds = node.at("seconds").number();
    moment.loss = number_at(node.at("loss"));
    moment.learning_rate = number_at(node.at("learning_rate"));
    moment.gradient_norm = number_at(node.at("gradient_norm"));
    for (const JsonNode& figure : node.at("figures").items()) moment.figures.push_back(number_at(figure));
    if (moment.is_evaluation() && moment.figures.size() != history.names.size())
      node.at("figures").refuse(
          fmt::format("a list as long as that of their names, {}", history.names.size()));
    history.moments.push_back(std::move(moment));
  }
  return history;
}

std::string TaskHistory::to_csv() const {
  std::string text = "step,kind,seconds,loss,learning_rate,gradient_norm";
  for (const std::string& name : names) text += "," + name;
  text += '\n';
  const auto add = [&text](double value) {
    text += ',';
    if (!std::isnan(value)) text += fmt::format("{}", value);
  };
  for (const TaskMoment& moment : moments) {
    text += fmt::format("{},{}", moment.step, moment.is_evaluation() ? "eval" : "train");
    for (const double value : {moment.seconds, moment.loss, moment.learning_rate, moment.gradient_norm})
      add(value);
    for (size_t i = 0; i < names.size(); ++i)
      add(moment.is_evaluation() ? moment.figures[i] : TaskMoment::none);
    text += '\n';
  }
  return text;
}

}  // namespace gradus::bert
