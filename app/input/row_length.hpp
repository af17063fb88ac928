/// @file
/// How long a row may be that a fine-tuned model reads.
#pragma once

#include <filesystem>

#include "bert/tasks/text_rows.hpp"

namespace gradus::app {

/// `fit` as the model in this folder, of so many positions, can take it: a max_length that was not said
/// becomes shorter. @throws WrongCall for one that was said and is longer.
bert::FitOptions fit_for(const std::filesystem::path& model, int64_t positions, bert::FitOptions fit,
                         bool is_said);

}  // namespace gradus::app
