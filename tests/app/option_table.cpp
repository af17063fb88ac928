#include "app/option_table.hpp"

#include <sys/resource.h>

#include <algorithm>

#include "bert/toy_world/toy_world.hpp"
#include "nn/safetensors.hpp"
#include "support/sanitized.hpp"

namespace gradus::test {
namespace {

namespace fs = std::filesystem;

/// Of all programs that were called and have ended.
double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string line_of(const Words& words) {
  std::string line;
  for (const std::string& word : words) line += " " + word;
  return line;
}

std::vector<bert::MetricsRow> metrics_of(const Outcome& outcome, bert::MetricsRow::Kind kind) {
  std::vector<bert::MetricsRow> rows = bert::read_metrics_csv(outcome.folder / "run/metrics.csv");
  std::erase_if(rows, [&](const bert::MetricsRow& row) { return row.kind != kind; });
  return rows;
}

/// Sentences of the toy world, without empty lines between the stories.
std::string lines_without_documents(int64_t count) {
  std::string text;
  for (int64_t story = 0; count > 0; ++story) {
    for (const bert::ToySentence& sentence : bert::toy_story({}, story).sentences)
      if (count-- > 0) text += sentence.text() + "\n";
  }
  return text;
}

/// A vocabulary in which every word is spelt.
std::string letters() {
  std::string text = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n.\n,\n?\n";
  for (char c = 'a'; c <= 'z'; ++c) text += std::string(1, c) + "\n##" + c + "\n";
  return text;
}

bool is_option(const std::string& word) { return word.starts_with("--"); }

/// Labelled texts: glad or sad, and 0, 1, 2 in turn as their kind.
std::string moods(int64_t count) {
  std::string table = "text\tlabel\tkind\n";
  for (int64_t i = 0; i < count; ++i)
    table +=
        fmt::format("{} was {}{}.\t{}\t{}\n", i % 3 == 0 ? "Tom" : "Anna", i % 5 == 0 ? "not " : "",
                    i % 2 == 0 ? "happy" : "hungry", (i % 2 == 0) != (i % 5 == 0) ? "glad" : "sad", i % 3);
  return table;
}

/// Pairs of texts with a score from 0 to 2.
std::string scored_pairs(int64_t count) {
  std::string table = "text\tpair\tscore\n";
  for (int64_t i = 0; i < count; ++i)
    table += fmt::format("Tom was {}.\t{} was hungry in the barn.\t{}\n", i % 2 == 0 ? "hungry" : "happy",
                         i % 3 == 0 ? "Tom" : "Anna", (i % 2 == 0) + (i % 3 == 0));
  return table;
}

/// Questions of SQuAD's shape: one with an answer, one without.
std::string questions() {
  return R"({"data":[{"paragraphs":[{"context":"Tom was hungry. Anna went home.","qas":[)"
         R"({"id":"1","question":"Who was hungry?","kind":"told","answers":[{"text":"Tom","answer_start":0}]},)"
         R"({"id":"2","question":"Who was happy?","kind":"not told","answers":[]}]}]}]})";
}

/// Texts in which "it", and "that", may mean the dog or what it saw.
std::string nouns(int64_t count) {
  std::string table = "text\tfirst_noun\tsecond_noun\tlabel\n";
  for (int64_t i = 0; i < count; ++i)
    table += fmt::format("The dog saw the {} in that barn because it was hungry.\tthe dog\tthe {}\t{}\n",
                         i % 2 == 0 ? "pear" : "egg", i % 2 == 0 ? "pear" : "egg",
                         i % 3 == 0 ? "first" : "second");
  return table;
}

}  // namespace

const std::string show_teams = "OMP_DISPLAY_AFFINITY=TRUE OMP_AFFINITY_FORMAT='team of %N'";

std::string Outcome::text(const std::string& name) const { return read_file(folder / name); }
nlohmann::json Outcome::json() const { return nlohmann::json::parse(result.out); }

double step_memory(const Outcome& run) { return run.json().at("step_memory_bytes"); }

bert::MetricsRow Outcome::first_step() const {
  const auto rows = metrics_of(*this, bert::MetricsRow::Kind::train);
  REQUIRE(!rows.empty());
  return rows.front();
}
bert::MetricsRow Outcome::last_step() const {
  const auto rows = metrics_of(*this, bert::MetricsRow::Kind::train);
  REQUIRE(!rows.empty());
  return rows.back();
}
std::vector<bert::MetricsRow> Outcome::evaluations() const {
  return metrics_of(*this, bert::MetricsRow::Kind::eval);
}
nn::StateDict Outcome::weights() const { return nn::read_safetensors(folder / "run/model.safetensors"); }
std::vector<float> Outcome::weight(const std::string& name) const {
  return nn::SafetensorsFile(folder / "run/model.safetensors").read(name).to_vector<float>();
}
Words Outcome::checkpoints() const {
  Words names;
  for (const auto& entry : fs::directory_iterator(folder / "run/checkpoints"))
    names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

Words without(const Words& call, const std::string& option) {
  Words rest;
  bool inside = false;
  for (const std::string& word : call) {
    if (is_option(word)) inside = word == option;
    if (!inside) rest.push_back(word);
  }
  return rest;
}

Words with(Words call, const Words& option) {
  call = without(call, option.front());
  call.insert(call.end(), option.begin(), option.end());
  return call;
}

Words small_pretraining() {
  return {"pretrain",
          "../toy/train.txt",
          "--held-out",
          "../toy/held-out.txt",
          "--vocab",
          "../vocab.txt",
          "--out",
          "run",
          "--steps",
          "2",
          "--layers",
          "1",
          "--hidden",
          "16",
          "--length",
          "16",
          "--slots",
          "64",
          "--warmup",
          "0",
          "--evaluations",
          "0",
          "--evaluation-rows",
          "8"};
}

OptionWorld::OptionWorld() {
  write(path() / "lines.txt", lines_without_documents(60));
  write(path() / "letters.txt", letters());
  const Words small = small_pretraining();
  const auto make = [&](const Words& arguments) {
    const fs::path place = folder_.path() / "make";
    fs::create_directories(place);
    const ProgramResult result = call_gradus(place, arguments);
    INFO(line_of(arguments) << "\n" << result.errors);
    REQUIRE(result.exit_code == 0);
  };
  make({"corpus", "toy", "--out", "../toy", "--stories", "40"});
  make({"vocab", "../toy/train.txt", "--size", "150", "--out", "../vocab.txt"});
  make(with(with(small, {"--out", "../model"}), {"--steps", "1"}));
  make(with(with(with(small, {"--out", "../other"}), {"--steps", "1"}), {"--seed", "2"}));
  write(path() / "moods.tsv", moods(24));
  write(path() / "pairs.tsv", scored_pairs(24));
  write(path() / "others.tsv", "text\tpair\nTom\tAnna\n");
  write(path() / "nouns.tsv", nouns(8));
  std::string kinds = moods(24);  // with other labels
  for (size_t at = kinds.find("glad"); at != std::string::npos; at = kinds.find("glad", at + 4))
    if (at % 3 == 0) kinds.replace(at, 4, "sad");
  write(path() / "kinds.tsv", kinds);
  make({"finetune", "classification", "../model", "../moods.tsv", "--out", "../moods", "--epochs", "10",
        "--learning-rate", "3e-3"});
  write(path() / "old.conll",
        "Tom I-PER\nwent O\nhome O\n\nWhere O\nwas O\nAnna I-PER\n\nIt O\nwas O\nTom I-PER\n");
  write(path() / "questions.json", questions());
  make({"finetune", "entities", "../model", "../old.conll", "--iob1", "--out", "../tags", "--epochs", "1"});
  make({"finetune", "questions", "../model", "../questions.json", "--out", "../answers", "--epochs", "1"});
  make({"similarity", "../model", "../pairs.tsv", "--score", "--cure", "centre", "--save",
        "../centre.safetensors"});
}

const Outcome& OptionWorld::call(const Words& arguments, const std::string& environment,
                                 const std::vector<Words>& before) {
  std::string key = environment + line_of(arguments);
  for (const Words& words : before) key += "\nafter" + line_of(words);
  if (const auto made = made_.find(key); made != made_.end()) return made->second;
  const fs::path folder = folder_.path() / std::to_string(made_.size());
  fs::create_directory(folder);
  for (const Words& words : before) {
    const ProgramResult result = call_gradus(folder, words);
    INFO("before:" << line_of(words) << "\n" << result.errors);
    REQUIRE(result.exit_code == 0);
  }
  const double began = processor_seconds();
  const ProgramResult result = call_gradus(folder, arguments, environment);
  return made_.emplace(key, Outcome{result, folder, processor_seconds() - began}).first->second;
}

void run_table(const std::vector<OptionRow>& rows) {
  OptionWorld world;
  int64_t number = 0;
  for (const OptionRow& row : rows) {
    if (!is_taken(number++)) continue;  // the release build holds all
    INFO("the row of " << row.command << " " << row.option);
    INFO("gradus" << line_of(row.base));
    INFO("gradus" << line_of(row.changed));
    REQUIRE(row.base != row.changed);
    if (is_option(row.option)) {
      REQUIRE(without(row.base, row.option) == without(row.changed, row.option));
    } else {  // the words that are no option and belong to none
      const auto options_of = [](const Words& call) {
        return Words(std::ranges::find_if(call, is_option), call.end());
      };
      REQUIRE(options_of(row.base) == options_of(row.changed));
    }
    const Outcome &base = world.call(row.base, row.environment, row.before),
                  &changed = world.call(row.changed, row.environment, row.before);
    INFO("first: exit code " << base.result.exit_code << "\n" << base.result.out << base.result.errors);
    INFO("then: exit code " << changed.result.exit_code << "\n"
                            << changed.result.out << changed.result.errors);
    CHECK(base.result.exit_code == row.base_code);
    CHECK(changed.result.exit_code == row.changed_code);
    if (base.result.exit_code != row.base_code || changed.result.exit_code != row.changed_code) continue;
    row.check(base, changed);
  }
}

std::function<void(const Outcome&, const Outcome&)> prints_json(const Words& keys) {
  return [keys](const Outcome& base, const Outcome& changed) {
    CHECK(!nlohmann::json::accept(base.result.out));
    REQUIRE(nlohmann::json::accept(changed.result.out));
    CHECK(std::ranges::count(changed.result.out, '\n') == 1);  // one object, on one line
    for (const std::string& key : keys)
      CHECK((key + (changed.json().contains(key) ? "" : " is missing")) == key);
  };
}

Words listed_options(const std::string& command) {
  Words call = {GRADUS_PROGRAM};
  if (!command.empty()) call.push_back(command);
  call.push_back("--help");
  std::istringstream lines(run_program(call).out);
  Words names;
  bool listing = false;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(" ")) listing = line == "Arguments:" || line == "Options:";
    if (!listing || line.size() < 3 || line.substr(0, 2) != "  " || line[2] == ' ') continue;
    names.push_back(line.substr(2, line.find(' ', 2) - 2));
  }
  return names;
}

}  // namespace gradus::test
