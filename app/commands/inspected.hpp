/// @file
/// What `gradus inspect` finds at a path: the parts of a checkpoint.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bert/model/config.hpp"
#include "bert/tokenizer/tokenizer.hpp"
#include "nn/safetensors.hpp"

namespace gradus::app {

/// One safetensors file. Only its header is read, so that a large model is shown at once.
struct Weights {
  std::filesystem::path path;
  std::uintmax_t bytes = 0;
  std::map<std::string, nn::SafetensorsFile::Entry> tensors;
  std::map<std::string, std::string> metadata;

  int64_t numbers() const {
    int64_t sum = 0;
    for (const auto& [name, entry] : tensors) sum += entry.shape.numel();
    return sum;
  }
};

/// What was found. A part that the folder does not have is empty.
struct Contents {
  std::optional<bert::Config> config;
  std::optional<bert::Tokenizer> tokenizer;
  std::vector<Weights> weights;
};

/// Reads a checkpoint's folder, or one .safetensors file. @throws FormatError for a folder that holds none of
/// it, and as the parts are read.
Contents read_contents(const std::filesystem::path& path);

nlohmann::ordered_json config_json(const bert::Config& config);
nlohmann::ordered_json tokenizer_json(const bert::Tokenizer& tokenizer);

}  // namespace gradus::app
