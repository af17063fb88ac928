/// @file
/// A fine-tuned model's folder as the commands open it.
#pragma once

#include <filesystem>
#include <string>

#include "app/command.hpp"
#include "app/input/model_files.hpp"
#include "bert/tasks/task_files.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"

namespace gradus::app {

template <class Model>
struct OpenedTask {
  bert::Tokenizer tokenizer;
  Model model;
};

/// The tokenizer and the model, which must fit each other, with a line on standard error for each thing that
/// should be known of the loading. Model is one of bert/tasks/task_models.hpp.
/// @throws as bert::load_tokenizer, bert::load_task and check_vocabulary.
template <class Model>
OpenedTask<Model> open_task(const std::string& command, const std::filesystem::path& folder) {
  bert::Tokenizer tokenizer = bert::load_tokenizer(folder);
  bert::Loaded<Model> loaded = bert::load_task<Model>(folder);
  for (const std::string& warning : loaded.warnings)
    print_error(fmt::format("gradus {}: {}\n", command, warning));
  check_vocabulary(command, tokenizer, loaded.model.bert.config);
  return {std::move(tokenizer), std::move(loaded.model)};
}

}  // namespace gradus::app
