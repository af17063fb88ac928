/// @file
/// A table with a row for every option of every command: two calls that differ in this option alone, and what
/// that has to change.
///
/// The options themselves are read from --help, so that a new one without a row fails
/// (test_option_table.cpp). The rows stand beside the test cases that run them, in test_option_table_*.cpp.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/program.hpp"
#include "bert/report/metrics_csv.hpp"
#include "nn/module.hpp"
#include "support/catch.hpp"
#include "support/page_checks.hpp"

namespace gradus::test {

using Words = std::vector<std::string>;

/// What a call said, and the folder in which it was made, with all that it wrote.
struct Outcome {
  ProgramResult result;
  std::filesystem::path folder;
  double seconds = 0;  ///< of processors' time

  bool has(const std::string& name) const { return std::filesystem::exists(folder / name); }
  /// A file's bytes; what is wrong of it is a failure of the test.
  std::string text(const std::string& name) const;
  nlohmann::json json(const std::string& name) const { return nlohmann::json::parse(text(name)); }
  nlohmann::json json() const;  ///< of standard output
  bool says(const std::string& part) const { return result.out.find(part) != std::string::npos; }
  bool complains(const std::string& part) const { return result.errors.find(part) != std::string::npos; }

  // Of a run of pretrain with --out run:
  bert::MetricsRow first_step() const;  ///< the first row of training steps
  bert::MetricsRow last_step() const;
  std::vector<bert::MetricsRow> evaluations() const;
  nn::StateDict weights() const;
  std::vector<float> weight(const std::string& name) const;
  std::string weight_bytes() const { return text("run/model.safetensors"); }
  nlohmann::json config() const { return json("run/config.json"); }
  Words checkpoints() const;  ///< the names, such as step-2
};

/// What option does: `changed` says it, or says it otherwise, and is like `base` in all else. `check` gets
/// what both calls left; it makes its own CHECKs. Both calls have to succeed, unless `base_code` or
/// `changed_code` is another exit code.
struct OptionRow {
  std::string command, option;
  Words base, changed;
  std::function<void(const Outcome& base, const Outcome& changed)> check;
  int base_code = 0, changed_code = 0;
  std::string environment = {};    ///< shell text in front of both calls
  std::vector<Words> before = {};  ///< calls made in the same folder before either
};

/// A call with another value of an option, with one more option, or with a switch.
Words with(Words call, const Words& option);
/// A call without an option and its values.
Words without(const Words& call, const std::string& option);

/// A folder with what the rows read: toy/train.txt, toy/held-out.txt (38 and 2 small stories), vocab.txt,
/// letters.txt (a vocabulary of letters), lines.txt (60 lines without an empty one), moods.tsv (24 texts with
/// labels and kinds), pairs.tsv (24 pairs with scores), others.tsv (one pair), nouns.tsv (8 texts with a
/// pronoun), kinds.tsv (moods.tsv with other labels), centre.safetensors (a cure), old.conll
/// (three sentences as IOB1), questions.json (two questions), the models `model` and
/// `other`, of a step each, and `moods`, `tags` and `answers`, fine-tuned on them. Calls are made in folders
/// of their own beside these, so they are called ../toy/train.txt.
class OptionWorld {
 public:
  OptionWorld();
  const std::filesystem::path& path() const { return folder_.path(); }
  /// Makes a call in a fresh folder. Equal ones are made once.
  const Outcome& call(const Words& arguments, const std::string& environment = "",
                      const std::vector<Words>& before = {});

 private:
  TemporaryFolder folder_;
  std::map<std::string, Outcome> made_;
};

/// A call of pretrain that takes a moment: a model of one layer, two steps, its text and vocabulary named.
Words small_pretraining();

/// Runs the rows and checks that each changes one option.
void run_table(const std::vector<OptionRow>& rows);

/// What every command's --json has to do: the plain call prints no JSON, and this one an object with `keys`.
std::function<void(const Outcome&, const Outcome&)> prints_json(const Words& keys);

/// Of a training with --json: the most bytes that its tensors held within a step.
double step_memory(const Outcome& run);

/// In front of a call whose threads are to be counted: OpenMP then says "team of N" whenever N work together.
extern const std::string show_teams;

// The rows by their subject.
std::vector<OptionRow> corpus_rows();
std::vector<OptionRow> vocab_rows();
std::vector<OptionRow> tokenize_rows();
std::vector<OptionRow> pretrain_text_rows();
std::vector<OptionRow> pretrain_model_rows();
std::vector<OptionRow> pretrain_step_rows();
std::vector<OptionRow> pretrain_course_rows();
std::vector<OptionRow> evaluate_rows();
std::vector<OptionRow> fill_mask_rows();
std::vector<OptionRow> embed_rows();
std::vector<OptionRow> attention_rows();
std::vector<OptionRow> finetune_rows();
std::vector<OptionRow> finetune_step_rows();
std::vector<OptionRow> predict_rows();
std::vector<OptionRow> similarity_rows();
std::vector<OptionRow> probe_rows();
std::vector<OptionRow> bench_rows();
std::vector<OptionRow> inspect_rows();
std::vector<OptionRow> gradcheck_rows();
std::vector<OptionRow> experiment_rows();

/// The options and arguments that --help of a command lists, in its order: "--out", "TEXT". Without a
/// command, those of the program.
Words listed_options(const std::string& command);

}  // namespace gradus::test
