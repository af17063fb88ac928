/// @file
/// What a run of `gradus pretrain` begins with: its tokenizer and the shape of its model.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/pretrain/pretrain_options.hpp"
#include "bert/model/config.hpp"
#include "bert/tokenizer/tokenizer.hpp"
#include "parallel/world.hpp"

namespace gradus::app {

/// That of the checkpoint with which a run goes on, that of --from, that of --vocab, or one that is learned
/// from the text; `notes` gets what should be said of the latter, which the first
/// rank learns for all.
/// @throws WrongCall when the options for it contradict each other or what is there.
bert::Tokenizer tokenizer_of(const PretrainCall& call, const std::optional<std::filesystem::path>& checkpoint,
                             std::vector<std::string>& notes, parallel::World& world);

/// That of --from, or the one that the call names, for `vocabulary` pieces.
/// @throws WrongCall that names the option for what no model can have, or the model of --from has not.
bert::Config make_config(const PretrainCall& call, int64_t vocabulary);

}  // namespace gradus::app
