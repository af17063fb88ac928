/// @file
/// How two checkpoints differ, as `gradus inspect A B` says it.
#pragma once

#include <filesystem>

namespace gradus::app {

/// Prints what differs: values of the config, the vocabularies, names and shapes of tensors, and the largest
/// difference of each tensor that both have. The weights of folders are compared under the names that Gradus
/// gives them whoever wrote them, those of .safetensors files under the names that stand there.
/// @throws WrongCall for a folder and a file.
void compare_checkpoints(const std::filesystem::path& first, const std::filesystem::path& second, bool json);

}  // namespace gradus::app
