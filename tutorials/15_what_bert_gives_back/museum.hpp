/// @file
/// Chapter 15's folder, and its checks that catch bugs: a mean over padding, a pooler that was never trained,
/// and dropout left on.
#pragma once

#include <stdlib.h>

#include <filesystem>

#include "bert/checkpoint/checkpoint.hpp"
#include "giving.hpp"
#include "meaning.hpp"

namespace gradus::tutorials::gives_back {

/// The vocabulary as a tokenizer: every word is one piece.
inline bert::Tokenizer tokenizer() { return bert::Tokenizer(bert::Vocab(tokens)); }

/// A folder that is removed at the end, unless it is to be kept.
class ModelFolder {
 public:
  explicit ModelFolder(std::filesystem::path kept) : path_(std::move(kept)), is_kept_(!path_.empty()) {
    if (is_kept_) return;
    std::string name = (std::filesystem::temp_directory_path() / "gradus-cranes-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) fail<IoError>("cannot make a folder like {}", name);
    path_ = name;
  }
  ModelFolder(const ModelFolder&) = delete;
  ModelFolder& operator=(const ModelFolder&) = delete;
  ~ModelFolder() {
    std::error_code unused;
    if (!is_kept_) std::filesystem::remove_all(path_, unused);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  bool is_kept_;
};

/// Whether two models have the same parameters, bit for bit.
inline bool same_weights(const nn::Module& a, const nn::Module& b) {
  const auto left = a.named_parameters(), right = b.named_parameters();
  if (left.size() != right.size()) return false;
  for (size_t i = 0; i < left.size(); ++i) {
    if (left[i].first != right[i].first) return false;
    if (left[i].second.to_vector<float>() != right[i].second.to_vector<float>()) return false;
  }
  return true;
}

/// ids [1, S] with `padding` places more, and which of them are real.
struct Padded {
  Tensor ids, real;
};
inline Padded padded(Ids row, int64_t padding) {
  const auto length = static_cast<int64_t>(row.size());
  row.resize(row.size() + static_cast<size_t>(padding), pad_id);
  const Tensor places = arange(length + padding, DType::i64);
  return {tensor(row).unsqueeze(0), less(places, static_cast<double>(length)).unsqueeze(0)};
}

/// The first number of the mean of a text's vectors, when `padding` places follow the text.
inline double mean_when_padded(const bert::Bert& model, int64_t padding, bool with_padding) {
  const NoGrad no_tape;
  const Padded text = padded(row_of({{cranes_id, thing_of(bird, 0)}}), padding);
  const Tensor x = give_back(model, text.ids, text.real).states.back();
  return (with_padding ? mean_of_all(x) : mean_of_real(x, text.real)).at({0, 0});
}

/// The parameters that a loss on hidden words does not reach: their gradient is 0, or there is none.
inline std::vector<std::string> not_reached(const bert::BertForPreTraining& model,
                                            const bert::PretrainingBatch& batch) {
  for (const auto& [name, parameter] : model.named_parameters()) Tensor(parameter).clear_grad();
  model.loss(batch).mlm_loss.backward();
  std::vector<std::string> names;
  for (const auto& [name, parameter] : model.named_parameters()) {
    const Tensor gradient = parameter.grad();
    if (!gradient.defined() || max(abs(gradient)).item() == 0) names.push_back(name);
  }
  return names;
}

/// Whether the same text gives the same vectors twice.
inline bool same_twice(const bert::Bert& model) {
  const NoGrad no_tape;
  const Tensor ids = tensor(row_of({{cranes_id, thing_of(bird, 0)}})).unsqueeze(0);
  const Tensor once = model(ids).last_hidden, again = model(ids).last_hidden;
  return max(abs(once - again)).item() == 0;
}

}  // namespace gradus::tutorials::gives_back
