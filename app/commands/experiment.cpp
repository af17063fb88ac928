// gradus experiment: experiments with gradients, each with its table, its conclusion and its picture.

#include "gradlab/experiments/experiment.hpp"
#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/options/call_error.hpp"
#include "app/options/options.hpp"
#include "autograd/file.hpp"
#include "autograd/threads.hpp"
#include "gradlab/subject.hpp"

namespace gradus::app {
namespace {

using Json = nlohmann::ordered_json;

struct ExperimentCall {
  std::string name;
  std::string subject = "gelu";
  bool has_subject = false;
  std::filesystem::path plot, plot_folder;
  int64_t seed = 1, threads = 1;
  bool json = false;
};

void list_experiments(const ExperimentCall& call) {
  if (call.json) {
    Json list = Json::array();
    for (const lab::Experiment& experiment : lab::experiments()) {
      list.push_back(
          {{"name", experiment.name}, {"question", experiment.question}, {"seconds", experiment.seconds}});
    }
    return print(Json{{"schema", 1}, {"experiments", list}});
  }
  std::string text;
  for (const lab::Experiment& experiment : lab::experiments())
    text += fmt::format("{:<9} {} ({} s)\n", experiment.name, experiment.question, experiment.seconds);
  print(text + "gradus experiment NAME runs one and draws it; gradus experiment all runs them all.\n");
}

std::vector<const lab::Experiment*> chosen_experiments(const std::string& name) {
  std::vector<const lab::Experiment*> chosen;
  std::vector<std::string> known = {"all"};
  for (const lab::Experiment& experiment : lab::experiments()) {
    known.push_back(experiment.name);
    if (name == experiment.name || name == "all") chosen.push_back(&experiment);
  }
  if (chosen.empty()) {
    const std::string near = nearest(name, known);
    fail<WrongCall>("there is no experiment '{}'; {}", name,
                    near.empty() ? "gradus experiment lists them" : fmt::format("did you mean '{}'?", near));
  }
  return chosen;
}

std::string checked_subject(const ExperimentCall& call) {
  if (call.name != "step") fail<WrongCall>("--subject belongs to the experiment step");
  if (lab::find_subject(call.subject) != nullptr) return call.subject;
  std::vector<std::string> known;
  for (const lab::Subject& subject : lab::subjects()) known.push_back(subject.name);
  const std::string near = nearest(call.subject, known);
  fail<WrongCall>("--subject: there is no subject '{}'; {}", call.subject,
                  near.empty() ? "gradus gradcheck lists them" : fmt::format("did you mean '{}'?", near));
}

Json json_of(const lab::Experiment& experiment, const lab::Outcome& outcome,
             const std::filesystem::path& picture) {
  const auto number = [](double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); };
  Json columns = Json::array(), rows = Json::array(), facts = Json::object();
  for (const lab::Column& column : outcome.table.columns) columns.push_back(column.name);
  for (const std::vector<lab::Cell>& cells : outcome.table.rows) {
    Json row = Json::array();
    for (const lab::Cell& cell : cells) {
      const auto* words = std::get_if<std::string>(&cell);
      row.push_back(words != nullptr ? Json(*words) : number(std::get<double>(cell)));
    }
    rows.push_back(row);
  }
  for (const auto& [name, value] : outcome.facts) facts[name] = number(value);
  return {{"name", experiment.name},
          {"question", experiment.question},
          {"columns", columns},
          {"rows", rows},
          {"facts", facts},
          {"conclusion", outcome.conclusion},
          {"picture", picture.string()}};
}

void run(const ExperimentCall& call) {
  set_num_threads(static_cast<int>(call.threads));
  if (call.name.empty()) {
    if (!call.plot.empty() || !call.plot_folder.empty() || call.has_subject)
      fail<WrongCall>("name an experiment, or all; gradus experiment lists them");
    return list_experiments(call);
  }
  const std::vector<const lab::Experiment*> chosen = chosen_experiments(call.name);
  if (call.name == "all" && !call.plot.empty())
    fail<WrongCall>("--plot names one picture; give a folder by --plot-dir for all of them");
  if (!call.plot.empty() && !call.plot_folder.empty())
    fail<WrongCall>("--plot and --plot-dir do not go together");
  lab::ExperimentOptions options;
  options.seed = static_cast<uint64_t>(call.seed);
  if (call.has_subject) options.subject = checked_subject(call);
  if (!call.plot_folder.empty()) make_folder(call.plot_folder);

  Json results = Json::array();
  for (const lab::Experiment* experiment : chosen) {
    const lab::Outcome outcome = experiment->run(options);
    const std::filesystem::path picture =
        call.plot.empty() ? call.plot_folder / (experiment->name + ".svg") : call.plot;
    write_file_atomically(picture, plot::to_svg_file(outcome.picture));
    if (call.json) {
      results.push_back(json_of(*experiment, outcome, picture));
      continue;
    }
    const bool is_first = experiment == chosen.front();
    if (call.name == "all") print(fmt::format("{}== {} ==\n", is_first ? "" : "\n", experiment->name));
    print(to_string(*experiment, outcome));
    print_error(fmt::format("gradus experiment: {} is drawn\n", picture.string()));
  }
  if (call.json) print(Json{{"schema", 1}, {"seed", call.seed}, {"experiments", results}});
}

}  // namespace

void add_experiment(CLI::App& program) {
  auto call = std::make_shared<ExperimentCall>();
  CLI::App* c = add_command(program, "experiment", "Experiments with gradients, each with a picture",
                            "gradus experiment\n"
                            "gradus experiment depth\n"
                            "gradus experiment step --subject tanh --plot v.svg\n"
                            "gradus experiment kink --seed 2 --json\n"
                            "gradus experiment all --plot-dir pictures");
  add_text(*c, "NAME", call->name, "", "Which one, or all; none: list them");
  add_path(*c, "--plot", call->plot, "FILE",
           "The picture; NAME.svg in this folder if it is left out. Replaced");
  add_path(*c, "--plot-dir", call->plot_folder, "FOLDER",
           "A folder for the pictures, made if it is not there");
  const Option subject = add_text(*c, "--subject", call->subject, "NAME",
                                  "What the experiment step looks at: one of gradus gradcheck's list");
  add_whole(*c, "--seed", call->seed, "Of values, weights and cotangents", 0);
  add_threads(*c, call->threads, "Threads: the arrays are small, so more seldom help");
  add_json(*c, call->json);
  on_call(*c, [call, subject] {
    call->has_subject = subject.is_given();
    run(*call);
  });
}

}  // namespace gradus::app
