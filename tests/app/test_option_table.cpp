// Every option of every command has a row in the table, and every row an option.
#include <algorithm>

#include "app/option_table.hpp"

using namespace gradus::test;

namespace {

std::vector<OptionRow> all_rows() {
  std::vector<OptionRow> rows;
  for (const auto& part :
       {corpus_rows,        vocab_rows,           tokenize_rows,      pretrain_text_rows, pretrain_model_rows,
        pretrain_step_rows, pretrain_course_rows, evaluate_rows,      fill_mask_rows,     embed_rows,
        attention_rows,     finetune_rows,        finetune_step_rows, predict_rows,       similarity_rows,
        probe_rows,         bench_rows,           inspect_rows,       gradcheck_rows,     experiment_rows}) {
    std::ranges::move(part(), std::back_inserter(rows));
  }
  return rows;
}

const std::string help = "-h,--help";

}  // namespace

TEST_CASE("options: each that --help lists has a row in the table, and each row is of one that it lists") {
  Words listed, in_table;
  for (const std::string& command : command_names()) {
    const Words options = listed_options(command);
    CHECK(std::ranges::count(options, help) == 1);
    for (const std::string& option : options)
      if (option != help) listed.push_back(command + " " + option);
  }
  for (const OptionRow& row : all_rows()) in_table.push_back(row.command + " " + row.option);
  CHECK(listed.size() > 90);
  const auto only_in = [](const Words& some, const Words& others) {
    Words rest;
    for (const std::string& word : some)
      if (std::ranges::find(others, word) == others.end()) rest.push_back(word);
    return rest;
  };
  CHECK(only_in(listed, in_table) == Words{});
  CHECK(only_in(in_table, listed) == Words{});
  CHECK(listed_options("") == Words{"--version", help});
}

TEST_CASE("options: --help and --version print on standard output and do nothing else") {
  const TemporaryFolder folder;
  const auto call = [&](const Words& words) {
    const ProgramResult result = call_gradus(folder.path(), words);
    CHECK(result.exit_code == 0);
    CHECK(result.errors == "");
    CHECK(std::filesystem::is_empty(folder.path()));
    return result.out;
  };
  CHECK(call({"--version"}) == "gradus " GRADUS_VERSION "\n");
  CHECK(call({"-h"}) == call({"--help"}));
  for (const std::string& command : command_names()) {
    const std::string text = call({command, "--help"});
    CHECK(text == call({command, "-h"}));
    CHECK(text.find("\nUsage: gradus " + command + " [OPTIONS]") != std::string::npos);
    CHECK(text.find("\nExample:\n  gradus ") != std::string::npos);
  }
}
