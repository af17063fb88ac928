/// @file
/// What `gradus bench` can be told.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace gradus::app {

struct BenchCall {
  std::vector<std::string> sizes = {"tiny", "mini"};  // with which all parts take a minute or two
  std::vector<std::string> what = parts();
  int64_t threads = 0;  // 0: one, and all
  int64_t steps = 5, vocabulary = 8192, length = 128, batch = 0;
  double dropout = 0.1;
  std::filesystem::path text, svg;
  std::string floor_of;  // a list of products, of a call that has another kernel set measured by this one
  bool kernels = false, force = false, json = false;

  static std::vector<std::string> parts() {
    return {"step", "inference", "tokenizer", "vocabulary", "tensors"};
  }
  bool measures(const std::string& part) const { return std::ranges::find(what, part) != what.end(); }
  /// Rows of a batch of training.
  int64_t rows_of(const std::string& size) const {
    return batch > 0 ? batch : size == "tiny" || size == "mini" ? 32 : 16;
  }
};

}  // namespace gradus::app
