#include "autograd/npy.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <string_view>

#include "autograd/file.hpp"
#include "autograd/plural.hpp"

namespace gradus {
namespace {

static_assert(std::endian::native == std::endian::little, "the values are copied as they lie in memory");
constexpr std::string_view magic = "\x93NUMPY";

struct Header {
  std::string descr;
  bool fortran_order = false;
  Shape shape;
};

/// Reads the header: a Python dict, as {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }.
class HeaderReader {
 public:
  HeaderReader(std::string_view text, const std::string& file) : rest_(text), file_(file) {}

  Header read() {
    Header header;
    bool has_descr = false, has_order = false, has_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr") {
        header.descr = quoted();
        has_descr = true;
      } else if (key == "fortran_order") {
        header.fortran_order = boolean();
        has_order = true;
      } else if (key == "shape") {
        header.shape = tuple();
        has_shape = true;
      } else {
        bad();
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (!rest_.empty() || !has_descr || !has_order || !has_shape) bad();
    return header;
  }

 private:
  [[noreturn]] void bad() const { fail<FormatError>("{}: the header is not that of a .npy array", file_); }

  void skip_space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n')) rest_.remove_prefix(1);
  }
  bool accept(char c) {
    skip_space();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) bad();
  }
  std::string quoted() {
    const char quote = accept('\'') ? '\'' : '"';
    if (quote == '"') expect('"');
    const size_t end = rest_.find(quote);
    if (end == std::string_view::npos) bad();
    std::string text(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return text;
  }
  bool boolean() {
    skip_space();
    for (const std::string_view word : {"True", "False"}) {
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      return word == "True";
    }
    bad();
  }
  int64_t whole_number() {
    skip_space();
    int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc() || value < 0) bad();
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return value;
  }
  Shape tuple() {
    Shape shape;
    int64_t product = 1;
    expect('(');
    while (!accept(')')) {
      const int64_t size = whole_number();
      if (shape.rank() == Shape::max_rank) {
        fail<FormatError>("{}: the array has more than {} dimensions", file_,
                          static_cast<int>(Shape::max_rank));
      }
      if (__builtin_mul_overflow(product, std::max<int64_t>(size, 1), &product) || product > INT64_MAX / 8) {
        fail<FormatError>("{}: the shape is too large", file_);
      }
      shape.push_back(size);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }

  std::string_view rest_;
  const std::string& file_;
};

/// The values of the file, as elements From, into a tensor of To.
template <class From, class To>
Tensor load(std::string_view bytes, const Header& header, const std::string& file) {
  // In column-major order the array is the transpose of a row-major one with the sizes reversed.
  Shape shape = header.shape;
  if (header.fortran_order) std::reverse(shape.begin(), shape.end());
  const uint64_t wanted = static_cast<uint64_t>(shape.numel()) * sizeof(From);
  if (bytes.size() != wanted) {
    fail<FormatError>("{}: an array {} of {} needs {} {} of data, and the file has {}", file, header.shape,
                      header.descr, wanted, plural(wanted, "byte"), bytes.size());
  }
  Tensor x = empty(shape, dtype_of<To>);
  To* out = x.mutable_data<To>();
  for (size_t i = 0; i < bytes.size() / sizeof(From); ++i) {
    From value;
    std::memcpy(&value, bytes.data() + i * sizeof(From), sizeof(From));
    out[i] = static_cast<To>(value);
  }
  if (!header.fortran_order) return x;
  Axes reversed;
  for (int i = shape.rank(); i-- > 0;) reversed.push_back(i);
  return x.permute(reversed).contiguous();
}

}  // namespace

Tensor read_npy(const std::filesystem::path& path) {
  const std::string file = path.string();
  const std::string all = read_file(path);
  std::string_view rest = all;
  if (!rest.starts_with(magic) || rest.size() < 10) fail<FormatError>("{}: this is not a .npy file", file);
  const int version = static_cast<unsigned char>(rest[6]);
  if (version < 1 || version > 3) {
    fail<FormatError>("{}: .npy version {} is not known; 1, 2 and 3 are", file, version);
  }
  const size_t count = version == 1 ? 2 : 4;  // bytes that hold the header's length
  size_t length = 0;
  for (size_t i = count; i-- > 0 && rest.size() >= 8 + count;) {
    length = length << 8 | static_cast<unsigned char>(rest[8 + i]);
  }
  if (rest.size() < 8 + count || length > rest.size() - 8 - count) {
    fail<FormatError>("{}: the file ends inside its header", file);
  }
  const Header header = HeaderReader(rest.substr(8 + count, length), file).read();
  rest.remove_prefix(8 + count + length);
  if (header.descr == "<f4") return load<float, float>(rest, header, file);
  if (header.descr == "<f8") return load<double, double>(rest, header, file);
  if (header.descr == "<i8") return load<int64_t, int64_t>(rest, header, file);
  if (header.descr == "<i4") return load<int32_t, int64_t>(rest, header, file);
  if (header.descr == "|b1") return load<uint8_t, bool>(rest, header, file);
  fail<FormatError>("{}: elements of type {}; <f4, <f8, <i8, <i4 and |b1 can be read", file, header.descr);
}

void write_npy(const std::filesystem::path& path, const Tensor& x) {
  const Tensor dense = x.detach().contiguous();
  constexpr std::string_view types[] = {"<f4", "<f8", "<i8", "|b1"};
  std::string sizes;
  for (const int64_t size : x.shape()) sizes += fmt::format("{}, ", size);
  if (x.rank() > 1) sizes.erase(sizes.size() - 2);
  if (x.rank() == 1) sizes.pop_back();
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                   types[static_cast<size_t>(x.dtype())], sizes);
  header.append(63 - (10 + header.size()) % 64, ' ');  // so that the data begins at a multiple of 64
  header += '\n';

  AtomicFile file(path);
  file.write(magic);
  const char prefix[] = {1, 0, static_cast<char>(header.size() & 255), static_cast<char>(header.size() >> 8)};
  file.write({prefix, sizeof prefix});
  file.write(header);
  dispatch_all(x.dtype(), [&]<class T> {
    file.write({reinterpret_cast<const char*>(dense.data<T>()), static_cast<size_t>(x.numel()) * sizeof(T)});
  });
  file.commit();
}

}  // namespace gradus
