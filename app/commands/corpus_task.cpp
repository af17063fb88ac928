#include "app/commands/corpus_task.hpp"

#include <algorithm>
#include <memory>

#include "app/command.hpp"
#include "app/terminal/progress.hpp"
#include "autograd/file.hpp"
#include "bert/toy_world/task_baselines.hpp"

namespace gradus::app {
namespace fs = std::filesystem;
namespace {

struct Made {
  std::vector<bert::ToyTaskFile> files;
  bert::TaskBaselines baselines;
};

template <class Set>
Made made(const Set& set) {
  return {bert::to_files(set), bert::baselines_of(set)};
}

Made make(const CorpusTask& call) {
  const bert::ToyTaskOptions options{call.examples, static_cast<uint64_t>(call.seed)};
  if (call.task == "topic") return made(bert::toy_topic_task(options));
  if (call.task == "sentiment") return made(bert::toy_sentiment_task(options));
  if (call.task == "entities") return made(bert::toy_entities_task(options));
  if (call.task == "questions") return made(bert::toy_questions_task(options));
  if (call.task == "similarity") return made(bert::toy_similarity_task(options));
  return made(bert::toy_coreference_task(options));
}

/// The files that a call writes, before they are made.
std::vector<fs::path> paths_of(const CorpusTask& call) {
  const std::string extension = call.task == "entities"    ? ".conll"
                                : call.task == "questions" ? ".json"
                                                           : ".tsv";
  std::vector<fs::path> paths;
  for (const std::string part : {"train", "validation", "test"})
    paths.push_back(call.out / (part + extension));
  return paths;
}

/// A line for each baseline, a column for each kind.
std::string table(const bert::TaskBaselines& baselines) {
  const std::string title = baselines.measure + " on the test";
  size_t width = title.size();
  for (const auto& figure : baselines.figures) width = std::max(width, figure.name.size());
  std::string text = fmt::format("{:<{}}  {:>8}", title, width, "all");
  for (const auto& [kind, value] : baselines.figures.front().by_kind) text += fmt::format("  {:>8}", kind);
  text += '\n';
  for (const auto& figure : baselines.figures) {
    text += fmt::format("{:<{}}  {:>8.3f}", figure.name, width, figure.all);
    for (const auto& [kind, value] : figure.by_kind) text += fmt::format("  {:>8.3f}", value);
    text += '\n';
  }
  return text;
}

nlohmann::ordered_json json_of(const bert::TaskBaselines& baselines) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& figure : baselines.figures) {
    nlohmann::ordered_json kinds = nlohmann::ordered_json::object();
    for (const auto& [kind, value] : figure.by_kind) kinds[kind] = value;
    list.push_back({{"name", figure.name}, {"all", figure.all}, {"by_kind", kinds}});
  }
  return list;
}

}  // namespace

void write_task(const CorpusTask& call) {
  if (call.out.extension() == ".txt")
    fail<WrongCall>("--task needs a folder as --out, not the file {}", call.out.string());
  if (call.task == "coreference" && call.examples % 2 != 0)
    fail<WrongCall>("--examples {} makes no pairs, which coreference comes in; take an even number",
                    call.examples);
  const std::vector<fs::path> paths = paths_of(call);
  for (const fs::path& path : paths) refuse_to_overwrite(path, call.force);
  Made set;
  {
    Progress progress("making examples");
    progress.update(-1, "and what simple guesses reach");
    set = make(call);
  }
  make_folder(call.out);
  std::vector<std::unique_ptr<AtomicFile>> files;
  for (size_t i = 0; i < paths.size(); ++i) {
    files.push_back(std::make_unique<AtomicFile>(paths[i]));
    files.back()->write(set.files[i].bytes);
  }
  for (const auto& file : files) file->commit();

  if (call.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (size_t i = 0; i < paths.size(); ++i)
      list.push_back({{"path", paths[i].string()}, {"examples", set.files[i].examples}});
    return print({{"kind", "toy"},
                  {"task", call.task},
                  {"seed", call.seed},
                  {"files", list},
                  {"measure", set.baselines.measure},
                  {"baselines", json_of(set.baselines)}});
  }
  std::string text;
  for (size_t i = 0; i < paths.size(); ++i)
    text += fmt::format("{}: {}\n", paths[i].string(), counted(set.files[i].examples, "example"));
  print(text + table(set.baselines));
}

}  // namespace gradus::app
