// Folders of small models: those of the fixtures, and a copy that a test may change.
#pragma once

#include <filesystem>
#include <string>

#include "bert/checkpoint/checkpoint.hpp"
#include "nn/safetensors.hpp"
#include "support/bert_helpers.hpp"
#include "support/temporary_folder.hpp"

namespace gradus::test {

inline const std::filesystem::path model_fixtures = GRADUS_FIXTURES "/bert";

/// A copy of the f32 fixture whose tensors can be changed.
struct ModelFolder {
  TemporaryFolder home;
  std::filesystem::path path = home / "model";
  nn::StateDict tensors = nn::read_safetensors(model_fixtures / "f32" / "model.safetensors");

  ModelFolder() {
    std::filesystem::create_directory(path);
    std::filesystem::copy_file(model_fixtures / "f32" / "config.json", path / "config.json");
  }
  void rename(const std::string& from, const std::string& to) {
    tensors[to] = tensors.at(from);
    tensors.erase(from);
  }
  void write() const { nn::write_safetensors(path / "model.safetensors", tensors, {{"format", "pt"}}); }
  bert::Loaded<bert::BertForPreTraining> load() const {
    write();
    return bert::load_for_pretraining(path);
  }
  /// The message that loading ends with, from the folder's name on.
  std::string error() const {
    try {
      bert::load_for_pretraining(path);
    } catch (const Error& e) {
      return tail(e.what());
    }
    return "none";
  }
  std::string tail(const std::string& text) const { return text.substr(path.string().size()); }
};

/// Whether both have the same tensors under the same names.
inline bool same(const nn::StateDict& a, const nn::StateDict& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, value] : a) {
    if (!b.contains(name) || largest_difference(value, b.at(name)) != 0) return false;
  }
  return true;
}

}  // namespace gradus::test
