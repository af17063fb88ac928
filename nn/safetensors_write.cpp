// Writing safetensors.
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

#include "autograd/file.hpp"
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

}  // namespace

void write_safetensors(const std::filesystem::path& path, const StateDict& tensors,
                       const std::map<std::string, std::string>& metadata) {
  for (const auto& [name, x] : tensors) {
    if (!x.defined()) fail<FormatError>("{}: the tensor {} is undefined", path.string(), name);
  }
  std::vector<std::pair<std::string, Tensor>> order(tensors.begin(), tensors.end());  // by name already
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return size_of(a.second.dtype()) > size_of(b.second.dtype());
  });

  std::string text;
  try {
    if (!metadata.empty()) text += fmt::format("\"__metadata__\":{{{}}}", members(metadata));
    int64_t at = 0;
    for (const auto& [name, x] : order) {
      if (name == "__metadata__")
        fail<FormatError>("{}: a tensor cannot be called __metadata__", path.string());
      const int64_t end = at + x.numel() * size_of(x.dtype());
      text +=
          fmt::format(R"({}{}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", text.empty() ? "" : ",",
                      quoted(name), dtype_name(x.dtype()), fmt::join(x.shape(), ","), at, end);
      at = end;
    }
  } catch (const nlohmann::json::exception&) {
    fail<FormatError>("{}: a tensor's name or the metadata is not UTF-8", path.string());
  }
  text = "{" + text + "}";
  text.append((8 - text.size() % 8) % 8, ' ');

  AtomicFile file(path);
  file.write(little_endian_bytes(text.size()));
  file.write(text);
  for (const auto& [name, x] : order) {
    const Tensor dense = x.detach().contiguous();
    file.write(bytes_of(dense));
  }
  file.commit();
}

}  // namespace gradus::nn
