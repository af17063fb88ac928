/// @file
/// The many names that one BERT has had in checkpoint files, made into one. Used inside the library only.
#pragma once

#include <string>
#include <string_view>

#include "bert/checkpoint/checkpoint.hpp"

namespace gradus::bert {

/// The name that Gradus has for the tensor that a file calls `name`: "embeddings.LayerNorm.gamma" is
/// "bert.embeddings.LayerNorm.weight". What wrapper_prefix finds is left out. Empty for what no model needs,
/// such as position_ids.
std::string canonical_name(std::string name);

/// What PyTorch puts before every name when a wrapped model is saved: "module." (DataParallel and its kin),
/// "_orig_mod." (torch.compile), "model." (a model that is a member of another, as Lightning has it), or
/// several. Empty for other names.
std::string_view wrapper_prefix(std::string_view name);

/// Settles which decoder the MLM head has. Takes cls.predictions.decoder.* out of the weights where they are
/// aliases; else leaves the weight there and sets tie_word_embeddings to false.
void resolve_decoder(Checkpoint& checkpoint);

/// Cuts the tables of a vocabulary that was padded to a multiple of 8 down to the config's vocab_size.
void cut_padded_vocabulary(Checkpoint& checkpoint);

/// Compares the tables and the number of layers with the config.
/// @throws FormatError that names the file and both sizes.
void check_sizes(const Checkpoint& checkpoint);

}  // namespace gradus::bert
