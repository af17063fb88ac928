#include "app/finetune/sweep.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

#include "app/command.hpp"
#include "app/runs/run_folder.hpp"
#include "autograd/file.hpp"
#include "autograd/plural.hpp"
#include "bert/report/html.hpp"
#include "bert/text/staged_folder.hpp"

namespace gradus::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* result_file = "result.json";
constexpr double failed = -std::numeric_limits<double>::infinity();  // the figure of a run that broke

/// One run of a sweep.
struct Run {
  FinetuneCall call;
  size_t setting;  // of `tried`
};

std::string name_of(const FinetuneCall& call) {
  return fmt::format("rate-{}-epochs-{}-batch-{}-seed-{}", call.loop.learning_rate, call.epochs, call.batch,
                     call.seed);
}

template <class Value>
std::vector<Value> or_one(const std::vector<Value>& tried, Value otherwise) {
  return tried.empty() ? std::vector<Value>{otherwise} : tried;
}

/// The runs of the call, seeds last.
std::vector<Run> runs_of(const FinetuneCall& call, std::vector<Tried>& tried) {
  std::vector<Run> runs;
  for (const double rate : or_one(call.rates, call.loop.learning_rate))
    for (const int64_t epochs : or_one(call.epoch_counts, call.epochs))
      for (const int64_t batch : or_one(call.batches, call.batch)) {
        tried.push_back({rate, epochs, batch});
        for (const int64_t seed : or_one(call.seeds, call.seed)) {
          Run run{call, tried.size() - 1};
          run.call.loop.learning_rate = rate;
          run.call.epochs = epochs;
          run.call.batch = batch;
          run.call.seed = seed;
          run.call.out = call.out / "runs" / name_of(run.call);
          settle(run.call);
          runs.push_back(std::move(run));
        }
      }
  return runs;
}

/// What a finished run of this folder came to.
std::optional<double> finished_value(const fs::path& folder) {
  if (!fs::exists(folder / result_file)) return std::nullopt;
  return nlohmann::json::parse(read_file(folder / result_file)).at("value").get<double>();
}

/// Makes the run, or goes on with it, unless it is finished.
double value_of(FinetuneCall call, std::string& measure, Progress& progress) {
  if (const std::optional<double> value = finished_value(call.out)) return *value;
  call.resume = fs::exists(call.out / "checkpoints");
  TaskResult result;
  try {
    result = run_task(call, progress);
  } catch (const WrongCall&) {
    throw;
  } catch (const IoError&) {
    throw;
  } catch (const Error& error) {  // such as a rate at which the loss is infinite; the others may do
    progress.say(fmt::format("this run failed, and counts as the worst: {}", error.what()));
    return failed;
  }
  measure = result.findings.figures.front().name;
  const double value = result.findings.value();
  write_file_atomically(call.out / result_file,
                        nlohmann::ordered_json{{"measure", measure}, {"value", value}}.dump() + "\n");
  return value;
}

/// Copies what a run left, without its checkpoints.
void copy_run(const fs::path& run, const fs::path& out) {
  bert::write_folder(out, [&](const fs::path& place) {
    for (const auto& entry : fs::directory_iterator(run))
      if (entry.is_regular_file()) fs::copy_file(entry.path(), place / entry.path().filename());
  });
}

std::string page(const SweepResult& result) {
  std::string rows;
  for (const Tried& tried : result.tried) {
    rows += fmt::format("<tr><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>",
                        tried.rate, tried.epochs, tried.batch);
    for (const double value : {tried.mean(), tried.lowest(), tried.highest()})
      rows += fmt::format("<td class=\"n\">{:.4f}</td>", value);
    rows += "</tr>\n";
  }
  bert::html::Page page;
  page.title = "What was tried";
  page.subtitle = fmt::format("{} on the validation examples, over {}; the first is kept: {}", result.measure,
                              counted(std::ssize(result.tried.front().values), "seed"), result.best_run);
  page.body =
      "<div class=\"scroll\"><table><thead><tr><th class=\"n\">learning rate</th><th class=\"n\">epochs</th>"
      "<th class=\"n\">batch</th><th class=\"n\">mean</th><th class=\"n\">lowest</th><th "
      "class=\"n\">highest</th></tr></thead><tbody>\n" +
      rows + "</tbody></table></div>\n";
  return bert::html::render(page);
}

template <class Value>
bool has_twice(std::vector<Value> values) {
  std::ranges::sort(values);
  return std::ranges::adjacent_find(values) != values.end();
}

void check_sweep(const FinetuneCall& call) {
  if (call.validation.empty() && call.validation_fraction == 0)
    fail<WrongCall>(
        "a sweep chooses on validation examples; give --validation or a --validation-fraction above 0");
  for (const auto& [option, twice] :
       {std::pair("--try-rates", has_twice(call.rates)),
        std::pair("--try-epochs", has_twice(call.epoch_counts)),
        std::pair("--try-batches", has_twice(call.batches)), std::pair("--try-seeds", has_twice(call.seeds))})
    if (twice)
      fail<WrongCall>("{} has a value twice, and would make the same run again; leave it out", option);
}

}  // namespace

double Tried::mean() const {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}
double Tried::lowest() const { return *std::ranges::min_element(values); }
double Tried::highest() const { return *std::ranges::max_element(values); }

bool is_sweep(const FinetuneCall& call) {
  return !call.rates.empty() || !call.epoch_counts.empty() || !call.batches.empty() || !call.seeds.empty();
}

SweepResult run_sweep(const FinetuneCall& call, Progress& progress) {
  check_sweep(call);
  if (!fs::exists(call.out / "runs")) {
    checkpoint_to_resume(call.out, RunKind::finetuning, false);  // refuses a folder with another model
  } else if (!call.resume) {
    fail<WrongCall>("--out '{}' holds a sweep already; add --resume to go on with it, or name another folder",
                    call.out.string());
  }
  SweepResult result;
  const std::vector<Run> runs = runs_of(call, result.tried);
  std::vector<double> values;
  for (size_t i = 0; i < runs.size(); ++i) {
    progress.say(fmt::format("run {} of {}: {}", i + 1, runs.size(), runs[i].call.out.filename().string()));
    values.push_back(value_of(runs[i].call, result.measure, progress));
    result.tried[runs[i].setting].values.push_back(values.back());
  }
  size_t best = 0;
  for (size_t i = 1; i < runs.size(); ++i) {
    const auto key = [&](size_t run) {
      return std::pair(result.tried[runs[run].setting].mean(), values[run]);
    };
    if (key(i) > key(best)) best = i;
  }
  if (values[best] == failed) fail<Error>("every run of the sweep failed; try smaller rates");
  const fs::path best_run = runs[best].call.out;
  result.best_run = best_run.filename().string();
  result.measure = nlohmann::json::parse(read_file(best_run / result_file)).at("measure").get<std::string>();
  std::ranges::stable_sort(result.tried, std::ranges::greater{}, &Tried::mean);
  copy_run(best_run, call.out);
  write_file_atomically(call.out / "sweep.tsv", to_text(result));
  write_file_atomically(call.out / "sweep.html", page(result));
  return result;
}

std::string to_text(const SweepResult& result) {
  std::string text = "learning rate\tepochs\tbatch\tmean\tlowest\thighest\n";
  for (const Tried& tried : result.tried)
    text += fmt::format("{}\t{}\t{}\t{:.4f}\t{:.4f}\t{:.4f}\n", tried.rate, tried.epochs, tried.batch,
                        tried.mean(), tried.lowest(), tried.highest());
  return text;
}

nlohmann::ordered_json to_json(const SweepResult& result) {
  nlohmann::ordered_json tried = nlohmann::ordered_json::array();
  for (const Tried& one : result.tried)
    tried.push_back({{"learning_rate", one.rate},
                     {"epochs", one.epochs},
                     {"batch", one.batch},
                     {"mean", one.mean()},
                     {"lowest", one.lowest()},
                     {"highest", one.highest()}});
  return {{"measure", result.measure}, {"tried", tried}, {"best_run", result.best_run}};
}

}  // namespace gradus::app
