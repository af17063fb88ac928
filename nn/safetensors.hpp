/// @file
/// The safetensors format (https://github.com/huggingface/safetensors): tensors by name, without code.
///
/// Eight bytes hold N, little-endian; then N bytes of JSON with the dtype, shape and place of each tensor;
/// then the data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "autograd/file.hpp"
#include "nn/module.hpp"

namespace gradus::nn {

/// A safetensors file that has been checked and is read tensor by tensor.
///
///     SafetensorsFile file("model.safetensors");
///     Tensor weight = file.read("bert.pooler.dense.weight");
///
/// The whole header is checked before anything is allocated for data: sizes without overflow, UTF-8, JSON, no
/// name twice, known dtypes, and data that covers the file from its beginning to its end without gap or
/// overlap.
class SafetensorsFile {
 public:
  /// What the header says of one tensor.
  struct Entry {
    std::string dtype;  ///< as the file has it: "F32", "BF16", ...
    Shape shape;
    uint64_t begin = 0, end = 0;  ///< bytes, from the beginning of the data
  };

  /// Opens and checks the file. @throws IoError if it cannot be read; FormatError that names the file, the
  /// tensor and what is wrong.
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::map<std::string, Entry>& entries() const { return entries_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  bool contains(const std::string& name) const { return entries_.contains(name); }

  /// Whether `read` takes a tensor of this dtype. The format has others, such as F8_E4M3 and U64.
  static bool can_read(const Entry& entry);

  /// One tensor: F32, F16 and BF16 become f32, F64 f64, I64, I32, I16, I8 and U8 i64, BOOL bool.
  /// @throws FormatError if the file has no such tensor, or it is of another dtype; IoError if it cannot be
  /// read.
  Tensor read(const std::string& name);

  StateDict read_all();  ///< Every tensor.

 private:
  void parse_header(const std::string& header, uint64_t data_bytes);

  std::filesystem::path path_;
  std::ifstream stream_;
  uint64_t data_begin_ = 0;
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::string> metadata_;
};

/// All tensors of a file. @throws as SafetensorsFile does.
StateDict read_safetensors(const std::filesystem::path& path);

/// The order of tensors in a file: by falling size of an element, and then by name.
std::vector<TensorEntry> in_file_order(std::vector<TensorEntry> entries);

/// A file that is written tensor by tensor, all or nothing (see AtomicFile), so that not all of them need be
/// in memory at once: f32 as F32, f64 as F64, i64 as I64, bool as BOOL.
///
///     SafetensorsWriter file(path, entries);
///     for (const TensorEntry& entry : in_file_order(entries)) file.write(state.at(entry.name));
///     file.commit();
class SafetensorsWriter {
 public:
  /// Hugging Face's files have the metadata {"format": "pt"}. @throws IoError if the file cannot be written,
  /// FormatError for a name that is not UTF-8 or is "__metadata__".
  SafetensorsWriter(const std::filesystem::path& path, std::vector<TensorEntry> entries,
                    const std::map<std::string, std::string>& metadata = {});
  /// The next tensor in file order. @throws ShapeError or DTypeError if it is not as its entry says.
  void write(const Tensor& value);
  /// Makes it the file at `path`. @throws Error if a tensor is missing.
  void commit();

 private:
  std::vector<TensorEntry> entries_;  // in file order
  size_t written_ = 0;
  AtomicFile file_;
};

/// Writes `tensors` with a SafetensorsWriter. @throws as that does, and FormatError for an undefined tensor.
void write_safetensors(const std::filesystem::path& path, const StateDict& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace gradus::nn
