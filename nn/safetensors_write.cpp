// Writing safetensors.
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

#include "nn/safetensors.hpp"

namespace gradus::nn {
namespace {

const char* dtype_name(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return "F32";
    case DType::f64:
      return "F64";
    case DType::i64:
      return "I64";
    default:
      return "BOOL";
  }
}

std::string little_endian_bytes(uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i) & 255u);
  return bytes;
}

/// The bytes of a dense tensor as they lie in memory, which is little-endian wherever Gradus runs.
std::string_view bytes_of(const Tensor& x) {
  static_assert(std::endian::native == std::endian::little);
  return dispatch_all(x.dtype(), [&]<class T> {
    return std::string_view(reinterpret_cast<const char*>(x.data<T>()),
                            static_cast<size_t>(x.numel() * size_of(x.dtype())));
  });
}

// The header is put together as text: an object of nlohmann's library needs memory even to be destroyed, and
// ends the program where there is none.
std::string quoted(const std::string& text) { return nlohmann::json(text).dump(); }

std::string members(const std::map<std::string, std::string>& strings) {
  std::string text;
  for (const auto& [name, value] : strings)
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", quoted(name), quoted(value));
  return text;
}

std::string header(const std::filesystem::path& path, const std::vector<TensorEntry>& order,
                   const std::map<std::string, std::string>& metadata) {
  std::string text;
  try {
    if (!metadata.empty()) text += fmt::format("\"__metadata__\":{{{}}}", members(metadata));
    int64_t at = 0;
    for (const auto& [name, dtype, shape] : order) {
      if (name == "__metadata__")
        fail<FormatError>("{}: a tensor cannot be called __metadata__", path.string());
      const int64_t end = at + shape.numel() * size_of(dtype);
      text +=
          fmt::format(R"({}{}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", text.empty() ? "" : ",",
                      quoted(name), dtype_name(dtype), fmt::join(shape, ","), at, end);
      at = end;
    }
  } catch (const nlohmann::json::exception&) {
    fail<FormatError>("{}: a tensor's name or the metadata is not UTF-8", path.string());
  }
  text = "{" + text + "}";
  text.append((8 - text.size() % 8) % 8, ' ');
  return little_endian_bytes(text.size()) + text;
}

}  // namespace

std::vector<TensorEntry> in_file_order(std::vector<TensorEntry> entries) {
  std::ranges::sort(entries, [](const TensorEntry& a, const TensorEntry& b) {
    const int64_t of_a = size_of(a.dtype), of_b = size_of(b.dtype);
    return of_a != of_b ? of_a > of_b : a.name < b.name;
  });
  return entries;
}

SafetensorsWriter::SafetensorsWriter(const std::filesystem::path& path, std::vector<TensorEntry> entries,
                                     const std::map<std::string, std::string>& metadata)
    : entries_(in_file_order(std::move(entries))), file_(path) {
  file_.write(header(path, entries_, metadata));
}

void SafetensorsWriter::write(const Tensor& value) {
  if (written_ == entries_.size()) fail<Error>("safetensors: all {} tensors are written already", written_);
  const TensorEntry& entry = entries_[written_];
  if (value.dtype() != entry.dtype)
    fail<DTypeError>("safetensors: {} is {} and was said to be {}", entry.name, name(value.dtype()),
                     name(entry.dtype));
  if (value.shape() != entry.shape)
    fail<ShapeError>("safetensors: {} is {} and was said to be {}", entry.name, value.shape(), entry.shape);
  const Tensor dense = value.detach().contiguous();
  file_.write(bytes_of(dense));
  ++written_;
}

void SafetensorsWriter::commit() {
  if (written_ < entries_.size()) fail<Error>("safetensors: {} is not written", entries_[written_].name);
  file_.commit();
}

void write_safetensors(const std::filesystem::path& path, const StateDict& tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::vector<TensorEntry> entries;
  for (const auto& [name, x] : tensors) {
    if (!x.defined()) fail<FormatError>("{}: the tensor {} is undefined", path.string(), name);
    entries.push_back({name, x.dtype(), x.shape()});
  }
  SafetensorsWriter file(path, entries, metadata);
  for (const TensorEntry& entry : in_file_order(entries)) file.write(tensors.at(entry.name));
  file.commit();
}

}  // namespace gradus::nn
