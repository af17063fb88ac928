// Reading safetensors.
#include "nn/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <system_error>

#include "autograd/file.hpp"
#include "autograd/lfs_pointer.hpp"
#include "autograd/plural.hpp"

namespace gradus::nn {
namespace {

using nlohmann::json;

constexpr uint64_t max_header_bytes = 100'000'000;  // the reference implementation's limit
constexpr size_t max_tensors = 1'000'000;
constexpr int max_depth = 3;  // the file, a tensor, its shape

constexpr std::string_view readable = "F64, F32, F16, BF16, I64, I32, I16, I8, U8 and BOOL can be read";

/// Bytes of one element of a dtype that we read, or that the format has besides.
std::optional<uint64_t> element_bytes(const std::string& dtype) {
  if (dtype == "F64" || dtype == "I64" || dtype == "U64" || dtype == "C64") return 8;
  if (dtype == "F32" || dtype == "I32" || dtype == "U32") return 4;
  if (dtype == "F16" || dtype == "BF16" || dtype == "I16" || dtype == "U16") return 2;
  if (dtype == "I8" || dtype == "U8" || dtype == "BOOL" || dtype.starts_with("F8_")) return 1;
  return std::nullopt;
}

bool is_readable(const std::string& dtype) {
  return dtype != "U64" && dtype != "C64" && dtype != "U32" && dtype != "U16" && !dtype.starts_with("F8_");
}

/// JSON in which no name comes twice in an object, and not too deep. (A plain parse keeps the last of two.)
json parse_strictly(const std::string& text, const std::string& file) {
  std::vector<std::set<std::string>> names;
  const auto check = [&](int depth, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::object_start || event == json::parse_event_t::array_start) {
      if (depth >= max_depth) fail<FormatError>("{}: the header is nested too deeply", file);
    }
    if (event == json::parse_event_t::object_start) names.emplace_back();
    if (event == json::parse_event_t::object_end) names.pop_back();
    if (event == json::parse_event_t::key && !names.back().insert(value.get<std::string>()).second) {
      fail<FormatError>("{}: the name \"{}\" comes twice in the header", file, value.get<std::string>());
    }
    return true;
  };
  try {
    return json::parse(text, check);
  } catch (const json::exception&) {
    fail<FormatError>("{}: the header is not valid JSON in UTF-8", file);
  }
}

/// "tensor \"x\" of FILE", for messages.
std::string label(const std::string& file, const std::string& name) {
  return fmt::format("{}: tensor \"{}\"", file, name);
}

const json& member(const json& object, const char* key, const std::string& where) {
  const auto found = object.find(key);
  if (found == object.end()) fail<FormatError>("{} has no {}", where, key);
  return *found;
}

Shape parse_shape(const json& sizes, const std::string& where) {
  if (!sizes.is_array()) fail<FormatError>("{}: the shape is not a list", where);
  if (sizes.size() > Shape::max_rank) {
    fail<FormatError>("{} has {} dimensions; at most {} are supported", where, sizes.size(),
                      static_cast<int>(Shape::max_rank));
  }
  Shape shape;
  int64_t product = 1;  // with 1 for a size of 0, so that strides cannot overflow either
  for (const json& size : sizes) {
    if (!size.is_number_unsigned() || size.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) {
      fail<FormatError>("{}: {} is not a size", where, size.dump());
    }
    const int64_t n = size.get<int64_t>();
    if (__builtin_mul_overflow(product, std::max<int64_t>(n, 1), &product) || product > INT64_MAX / 8) {
      fail<FormatError>("{}: the shape {} is too large", where, sizes.dump());
    }
    shape.push_back(n);
  }
  return shape;
}

SafetensorsFile::Entry parse_entry(const json& object, const std::string& where) {
  if (!object.is_object()) fail<FormatError>("{} is not described by an object", where);
  SafetensorsFile::Entry entry;
  const json& dtype = member(object, "dtype", where);
  if (!dtype.is_string()) fail<FormatError>("{}: the dtype is not a string", where);
  entry.dtype = dtype.get<std::string>();
  const auto bytes = element_bytes(entry.dtype);
  if (!bytes) {
    fail<FormatError>("{} has the dtype {}; {}", where, entry.dtype, readable);
  }
  entry.shape = parse_shape(member(object, "shape", where), where);
  const json& offsets = member(object, "data_offsets", where);
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned()) {
    fail<FormatError>("{}: data_offsets is not a pair of whole numbers", where);
  }
  entry.begin = offsets[0].get<uint64_t>();
  entry.end = offsets[1].get<uint64_t>();
  const uint64_t wanted = static_cast<uint64_t>(entry.shape.numel()) * *bytes;
  if (entry.end < entry.begin || entry.end - entry.begin != wanted) {
    fail<FormatError>("{}: data_offsets [{}, {}] do not hold the {} {} of {} {}", where, entry.begin,
                      entry.end, wanted, plural(wanted, "byte"), entry.dtype, entry.shape);
  }
  return entry;
}

/// The data must be covered from 0 to its end, one tensor after the other.
void check_layout(const std::map<std::string, SafetensorsFile::Entry>& entries, uint64_t data_bytes,
                  const std::string& file) {
  std::vector<std::pair<std::pair<uint64_t, uint64_t>, const std::string*>> order;
  order.reserve(entries.size());
  for (const auto& [name, entry] : entries) order.push_back({{entry.begin, entry.end}, &name});
  std::sort(order.begin(), order.end());
  uint64_t at = 0;
  for (const auto& [range, name] : order) {
    if (range.first != at) {
      fail<FormatError>("{} begins at byte {} of the data, where {} is expected", label(file, *name),
                        range.first, at);
    }
    at = range.second;
  }
  if (at != data_bytes) {
    fail<FormatError>("{}: the tensors need {} {} of data, and the file has {}", file, at, plural(at, "byte"),
                      data_bytes);
  }
}

uint64_t little_endian(const char* bytes, int count) {
  uint64_t value = 0;
  for (int i = count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

float from_half(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16, exponent = half >> 10 & 31u,
                 fraction = half & 1023u;
  if (exponent == 0) {  // zero and the numbers below 2^-14: fraction * 2^-24, exactly
    const float value = static_cast<float>(fraction) * 0x1p-24f;
    return sign != 0 ? -value : value;
  }
  const uint32_t wide = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

/// out[i] = decode(the i-th group of `width` bytes), which holds on machines of either byte order.
template <class T, class Decode>
Tensor decoded(const Shape& shape, const std::string& bytes, int width, Decode decode) {
  Tensor x = empty(shape, dtype_of<T>);
  T* out = x.mutable_data<T>();
  const char* in = bytes.data();
  for (int64_t i = 0, n = x.numel(); i < n; ++i) out[i] = decode(little_endian(in + i * width, width));
  return x;
}

Tensor decode(const SafetensorsFile::Entry& entry, const std::string& bytes) {
  const std::string& dtype = entry.dtype;
  const Shape& shape = entry.shape;
  if (dtype == "F64") {
    return decoded<double>(shape, bytes, 8, [](uint64_t v) { return std::bit_cast<double>(v); });
  }
  if (dtype == "F32") {
    return decoded<float>(shape, bytes, 4,
                          [](uint64_t v) { return std::bit_cast<float>(static_cast<uint32_t>(v)); });
  }
  if (dtype == "F16") {
    return decoded<float>(shape, bytes, 2, [](uint64_t v) { return from_half(static_cast<uint16_t>(v)); });
  }
  if (dtype == "BF16") {
    return decoded<float>(shape, bytes, 2,
                          [](uint64_t v) { return std::bit_cast<float>(static_cast<uint32_t>(v) << 16); });
  }
  if (dtype == "BOOL") return decoded<bool>(shape, bytes, 1, [](uint64_t v) { return v != 0; });
  if (dtype == "U8") {
    return decoded<int64_t>(shape, bytes, 1, [](uint64_t v) { return static_cast<int64_t>(v); });
  }
  const int width = static_cast<int>(*element_bytes(dtype));  // I64, I32, I16, I8: two's complement
  return decoded<int64_t>(shape, bytes, width, [width](uint64_t v) {
    const int shift = 64 - 8 * width;
    return static_cast<int64_t>(v << shift) >> shift;
  });
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : path_(path) {
  const std::string file = path.string();
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) fail<IoError>("cannot read {}: there is no such file", file);
  if (std::filesystem::is_directory(status))
    fail<IoError>("cannot read {}: it is a folder, not a file", file);
  if (!std::filesystem::is_regular_file(status))
    fail<IoError>("cannot read {}: it is not a plain file", file);
  const uint64_t size = std::filesystem::file_size(path, error);
  stream_.open(path, std::ios::binary);
  if (error || !stream_) fail<IoError>("cannot read {}: it cannot be opened", file);

  if (size < 8)
    fail<FormatError>("{}: {} {} too few for a safetensors file", file, size,
                      plural(size, "byte is", "bytes are"));
  char prefix[8];
  if (!stream_.read(prefix, 8)) fail<IoError>("cannot read {}", file);
  const uint64_t header_bytes = little_endian(prefix, 8);
  if (size < 4096) refuse_lfs_pointer(read_file(path), file);
  if (header_bytes > max_header_bytes) {
    fail<FormatError>(
        "{}: this is no safetensors file, or a damaged one: its header would have {} bytes, and at most {} "
        "are "
        "allowed",
        file, header_bytes, max_header_bytes);
  }
  if (header_bytes > size - 8) {
    fail<FormatError>("{}: the header needs {} bytes, and the file has {} after the first 8", file,
                      header_bytes, size - 8);
  }
  std::string header(header_bytes, '\0');
  if (!stream_.read(header.data(), static_cast<std::streamsize>(header_bytes))) {
    fail<IoError>("cannot read {}", file);
  }
  data_begin_ = 8 + header_bytes;
  parse_header(header, size - data_begin_);
}

void SafetensorsFile::parse_header(const std::string& header, uint64_t data_bytes) {
  const std::string file = path_.string();
  if (!header.starts_with('{')) fail<FormatError>("{}: the header does not begin with {{", file);
  const json root = parse_strictly(header, file);
  if (root.size() > max_tensors) {
    fail<FormatError>("{}: {} tensors are more than the {} that are allowed", file, root.size(), max_tensors);
  }
  for (const auto& [name, value] : root.items()) {
    if (name != "__metadata__") {
      entries_.emplace(name, parse_entry(value, label(file, name)));
      continue;
    }
    if (!value.is_object()) fail<FormatError>("{}: __metadata__ is not an object", file);
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) fail<FormatError>("{}: \"{}\" in __metadata__ is not a string", file, key);
      metadata_.emplace(key, text.get<std::string>());
    }
  }
  check_layout(entries_, data_bytes, file);
}

bool SafetensorsFile::can_read(const Entry& entry) { return is_readable(entry.dtype); }

Tensor SafetensorsFile::read(const std::string& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) fail<FormatError>("{}: there is no tensor \"{}\"", path_.string(), name);
  const Entry& entry = found->second;
  if (!can_read(entry)) {
    fail<FormatError>("{}: tensor \"{}\" has the dtype {}; {}", path_.string(), name, entry.dtype, readable);
  }
  std::string bytes(entry.end - entry.begin, '\0');
  stream_.clear();
  stream_.seekg(static_cast<std::streamoff>(data_begin_ + entry.begin));
  if (!stream_.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    fail<IoError>("cannot read {}: tensor \"{}\" ends too early", path_.string(), name);
  }
  return decode(entry, bytes);
}

StateDict SafetensorsFile::read_all() {
  StateDict state;
  for (const auto& [name, entry] : entries_) state.emplace(name, read(name));
  return state;
}

StateDict read_safetensors(const std::filesystem::path& path) { return SafetensorsFile(path).read_all(); }

}  // namespace gradus::nn
