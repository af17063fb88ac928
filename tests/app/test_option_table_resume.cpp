// What --resume lets a call say otherwise than the run was begun with: every option of pretrain stands in one
// of two lists, and what may not change is refused by its name.
#include <algorithm>
#include <set>

#include "app/option_table.hpp"

using namespace gradus::test;

namespace {

namespace fs = std::filesystem;

/// Runs of four steps whose last checkpoint is gone, so that they go on from the second.
class Runs {
 public:
  /// The calls with which runs are begun: one names its text and vocabulary, one takes them from the training
  /// text, one keeps its capitals, one begins with another's weights, one is of a published size, and one is
  /// trained by time.
  static Words begin(const std::string& kind) {
    const Words named = with(with(small_pretraining(), {"--steps", "4"}), {"--save-steps", "2"});
    if (kind == "named") return named;
    if (kind == "from") return with(named, {"--from", "../model"});
    if (kind == "sized") return without(without(named, "--layers"), "--hidden");
    if (kind == "timed")
      return with(without(without(named, "--steps"), "--save-steps"), {"--minutes", "0.0005"});
    const Words own = without(without(named, "--vocab"), "--held-out");
    if (kind == "cased") return with(own, {"--cased"});
    return with(own, {"--vocab-size", "150"});
  }

  /// A copy of such a run in a folder of its own, which is returned.
  fs::path copy(const std::string& kind) {
    const fs::path first = begun(kind), place = world_.path() / ("copy" + std::to_string(copies_++));
    fs::create_directory(place);
    fs::copy(first, place, fs::copy_options::recursive);
    return place;
  }

  /// The weights with which the run ended before its last checkpoint was taken away.
  std::string last_weights(const std::string& kind) {
    return gradus::read_file(begun(kind) / "whole/model.safetensors");
  }

 private:
  /// The folder in which the run was begun.
  fs::path begun(const std::string& kind) {
    const Outcome& run = world_.call(begin(kind));
    INFO(run.result.errors);
    REQUIRE(run.result.exit_code == 0);
    if (!fs::exists(run.folder / "whole")) {
      fs::create_directory(run.folder / "whole");
      fs::copy_file(run.folder / "run/model.safetensors", run.folder / "whole/model.safetensors");
      if (kind != "timed") fs::remove_all(run.folder / "run/checkpoints/step-4");
    }
    return run.folder;
  }

  OptionWorld world_;
  int copies_ = 0;
};

/// A call under --resume that says one option otherwise than the run was begun with.
struct Otherwise {
  Words said;                   ///< the option and what it is now; {"--from"} alone: left out, or a switch
  std::string begun = "named";  ///< which run it is
  std::set<std::string> named = {};  ///< what a refusal names, where that is not this option alone

  std::string option() const { return said.front(); }
  Words call() const {
    Words call = Runs::begin(begun);
    if (option() == "--save-minutes") call = without(call, "--save-steps");  // one of the two
    const bool had_it = std::ranges::find(call, option()) != call.end();
    if (option() == "TEXT") {
      call[1] = said[1];
    } else {
      call = said.size() == 1 && had_it ? without(call, option()) : with(call, said);
    }
    call.emplace_back("--resume");
    return call;
  }
};

/// What a run may not say otherwise.
const std::vector<Otherwise>& fixed_options() {
  static const std::vector<Otherwise> options = {
      {{"TEXT", "../toy/held-out.txt"}},
      {{"--out", "nowhere"}, "named", {"--resume"}},  // where there is no run
      {{"--held-out", "../toy/train.txt"}},
      {{"--held-out", "../toy/held-out.txt"}, "own"},
      {{"--held-out-fraction", "0.2"}, "own"},
      {{"--vocab", "../letters.txt"}},
      {{"--vocab", "../letters.txt"}, "cased"},
      {{"--vocab-size", "140"}, "own"},
      {{"--vocab-size", "160"}, "own"},
      {{"--alphabet", "50"}, "own"},
      {{"--cased"}, "own"},
      {{"--google"}, "own"},
      {{"--block-sentences", "3"}},
      {{"--block-sentences", "3"}, "own"},
      {{"--steps", "3"}},
      {{"--steps"}, "named", {"--steps", "--minutes"}},
      {{"--minutes", "0.0004"}, "timed"},
      {{"--from", "../model"}},
      {{"--from", "../other"}, "from"},
      {{"--from"}, "from"},
      {{"--size", "mini"}, "sized"},
      {{"--layers", "2"}},
      {{"--hidden", "128"}},
      {{"--heads", "2"}},
      {{"--intermediate", "32"}},
      {{"--positions", "64"}},
      {{"--activation", "relu"}},
      {{"--dropout", "0.1"}},
      {{"--init-std", "0.02"}},
      {{"--no-sinusoids"}},
      {{"--output-from-value"}},
      {{"--length", "32"}},
      {{"--slots", "128"}, "named", {"--slots", "--accumulate"}},
      {{"--accumulate", "2"}, "named", {"--slots", "--accumulate"}},
      {{"--shards", "2"}},
      {{"--optimizer", "sgd"}},
      {{"--warmup", "1"}},
      {{"--decay", "cosine"}},
      {{"--weight-decay", "0.02"}},
      {{"--clip", "2"}},
      {{"--masked", "0.2"}},
      {{"--masked-at-end", "0.2"}},
      {{"--pre-norm"}},
      {{"--gated"}},
      {{"--first-slots", "32"}},
      {{"--ramp", "0.2"}, "named", {"--ramp", "--first-slots"}},  // it says nothing alone
      {{"--pack"}},
      {{"--beta1", "0.8"}},
      {{"--beta2", "0.98"}},
      {{"--no-biases"}},
      {{"--nearby-negatives", "0.4"}},
      {{"--short-rows", "0.2"}},
      {{"--whole-words"}},
      {{"--no-nsp"}},
      {{"--seed", "2"}},
      {{"--seed", "2"}, "own"},
  };
  return options;
}

/// What a run may say otherwise, and goes on with the same bits.
const std::vector<Otherwise>& free_options() {
  static const std::vector<Otherwise> options = {
      {{"--evaluations", "2"}},
      {{"--evaluation-rows", "2"}},
      {{"--save-minutes", "1e-9"}},
      {{"--save-steps", "1"}},
      {{"--keep", "5"}},
      {{"--samples", "1"}},
      {{"--map-above", "0"}},
      {{"--threads", "2"}},
      {{"--workers", "1"}},
      {{"--recompute"}},
      {{"--share-moments"}},
      {{"--stall-minutes", "1"}},
      {{"--json"}},
      // Left out, these are as they were.
      {{"--vocab"}},
      {{"--vocab-size"}, "own"},
      {{"--cased"}, "cased"},
      {{"--warmup"}},
  };
  return options;
}

/// What a run may say otherwise, and says that it does.
const std::vector<std::pair<Otherwise, std::string>>& told_options() {
  static const std::vector<std::pair<Otherwise, std::string>> options = {
      {{{"--steps", "6"}}, "the run goes on to 6 steps instead of 4"},
      {{{"--minutes", "0.02"}, "timed"}, "the run goes on to 0.02 minutes instead of 0.0005"},
      {{{"--learning-rate", "0.002"}}, "the run goes on with another learning rate, 0.002"},
  };
  return options;
}

/// The options that a sentence names, but for the advice to name another folder.
std::set<std::string> named_options(const std::string& sentence) {
  const std::string text = sentence.substr(0, sentence.find("; resume it as it was begun"));
  std::set<std::string> names;
  for (size_t at = 0; (at = text.find("--", at)) != std::string::npos;) {
    const size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-", at);
    names.insert(text.substr(at, end - at));
    at = end == std::string::npos ? text.size() : end;
  }
  if (text.find(" TEXT: ") != std::string::npos) names.insert("TEXT");
  return names;
}

std::string line_of(const Words& words) {
  std::string line;
  for (const std::string& word : words) line += " " + word;
  return line;
}

}  // namespace

TEST_CASE("options: --resume refuses what a run may not change by its name, and leaves the folder alone") {
  Runs runs;
  for (const Otherwise& row : fixed_options()) {
    const fs::path place = runs.copy(row.begun);
    const auto before = content_of(place);
    const ProgramResult result = call_gradus(place, row.call());
    INFO("gradus" << line_of(row.call()) << "\n" << result.errors);
    CHECK(result.exit_code == 2);
    CHECK(result.out == "");
    CHECK(std::ranges::count(result.errors, '\n') == 1);
    CHECK(named_options(result.errors) == (row.named.empty() ? std::set{row.option()} : row.named));
    CHECK((content_of(place) == before));
  }
}

TEST_CASE("options: --resume goes on with the same bits where what is said otherwise does not change them") {
  Runs runs;
  for (const Otherwise& row : free_options()) {
    const fs::path place = runs.copy(row.begun);
    const ProgramResult result = call_gradus(place, row.call());
    INFO("gradus" << line_of(row.call()) << "\n" << result.errors);
    CHECK(result.exit_code == 0);
    CHECK(result.errors.find("the run is finished already") == std::string::npos);
    CHECK((gradus::read_file(place / "run/model.safetensors") == runs.last_weights(row.begun)));
    // And once more: what was left out is not forgotten.
    fs::remove_all(place / "run/checkpoints/step-4");
    const ProgramResult again = call_gradus(place, with(Runs::begin(row.begun), {"--resume"}));
    INFO(again.errors);
    CHECK(again.exit_code == 0);
    CHECK((gradus::read_file(place / "run/model.safetensors") == runs.last_weights(row.begun)));
  }
}

TEST_CASE("options: --resume says what a run goes on with instead") {
  Runs runs;
  for (const auto& [row, sentence] : told_options()) {
    const fs::path place = runs.copy(row.begun);
    const ProgramResult result = call_gradus(place, row.call());
    INFO("gradus" << line_of(row.call()) << "\n" << result.errors);
    CHECK(result.exit_code == 0);
    CHECK(result.errors.find(sentence) != std::string::npos);
    CHECK((gradus::read_file(place / "run/model.safetensors") != runs.last_weights(row.begun)));
  }
}

TEST_CASE("options: each of pretrain is in the lists of what a resumed run may and may not change") {
  std::set<std::string> in_lists = {"-h,--help", "--resume"}, listed;
  for (const Otherwise& row : fixed_options()) in_lists.insert(row.option());
  for (const Otherwise& row : free_options()) in_lists.insert(row.option());
  for (const auto& [row, sentence] : told_options()) in_lists.insert(row.option());
  for (const std::string& option : listed_options("pretrain")) listed.insert(option);
  CHECK(in_lists == listed);
}
