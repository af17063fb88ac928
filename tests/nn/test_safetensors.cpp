#include "nn/safetensors.hpp"

#include <cmath>
#include <fstream>
#include <limits>

#include "autograd/file.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;
using namespace gradus::nn;

namespace {

const std::string types = GRADUS_FIXTURES "/nn/types.safetensors";

std::string with_header(const std::string& header, const std::string& data = "") {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 255);
  return bytes + header + data;
}

/// Without the flush to disk of write_file_atomically, which hundreds of files would wait for.
void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// Counts whether the bytes load or are refused with a FormatError; anything else is thrown on.
void load_or_refuse(const std::filesystem::path& path, const std::string& bytes, int& loaded, int& refused) {
  write_bytes(path, bytes);
  try {
    read_safetensors(path);
    ++loaded;
  } catch (const FormatError&) {
    ++refused;
  }
}

}  // namespace

TEST_CASE("a file of Python's safetensors is read, every dtype", "[safetensors]") {
  SafetensorsFile file(types);
  CHECK(file.metadata() == std::map<std::string, std::string>{{"format", "pt"}, {"note", "ü"}});
  CHECK(file.entries().size() == 13);
  CHECK(file.entries().at("bf16").dtype == "BF16");
  const StateDict all = file.read_all();
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> values{0, -0.f, 1, -1.5, 3.140625, 65504, 6e-8f, 0x1p-14f, inf, -inf};
  const std::vector<float> half = all.at("f16").to_vector<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    INFO(i);
    CHECK(half[i] == (i == 6 ? 0x1p-24f : values[i]));  // 6e-8 is nearest to the smallest half
    CHECK(std::signbit(half[i]) == std::signbit(values[i]));
  }
  const std::vector<float> brain = all.at("bf16").to_vector<float>();
  CHECK(brain[4] == 3.140625f);
  CHECK(brain[5] == 65536);
  CHECK(brain[9] == -inf);
  CHECK(all.at("f32").at({2}) == 1.f / 3);
  CHECK(all.at("f64").at({2}) == 1.0 / 3);
  CHECK(all.at("f64").dtype() == DType::f64);
  CHECK(all.at("i64").to_vector<int64_t>() == std::vector<int64_t>{0, -1, int64_t{1} << 62, INT64_MIN});
  CHECK(all.at("i32").to_vector<int64_t>() == std::vector<int64_t>{0, -1, INT32_MAX, INT32_MIN});
  CHECK(all.at("i16").to_vector<int64_t>() == std::vector<int64_t>{0, -1, INT16_MAX, INT16_MIN});
  CHECK(all.at("i8").to_vector<int64_t>() == std::vector<int64_t>{0, -1, 127, -128});
  CHECK(all.at("u8").to_vector<int64_t>() == std::vector<int64_t>{0, 1, 127, 255});
  CHECK(all.at("bool").to_vector<bool>() == std::vector<bool>{true, false, false, true});
  CHECK(all.at("scalar").shape() == Shape{});
  CHECK(all.at("scalar").item() == 2.5);
  CHECK(all.at("empty").shape() == Shape{0, 3});
  CHECK(all.at("matrix ü").at({1, 2}) == 5);
  CHECK(file.contains("empty"));
  CHECK_THROWS_WITH(file.read("nothing"), types + ": there is no tensor \"nothing\"");
}

TEST_CASE("what is written is read again", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder / "model.safetensors";
  Rng rng(1);
  const StateDict state{{"b.weight", randn({3, 4}, rng)},
                        {"a", randn({2}, rng, DType::f64)},
                        {"ids", arange(5)},
                        {"flags", tensor({true, false, true})},
                        {"turned \"ü\"", arange(6).reshape({2, 3}).transpose(0, 1)},
                        {"one", scalar(7)},
                        {"none", zeros({2, 0})}};
  write_safetensors(path, state, {{"format", "pt"}});
  SafetensorsFile file(path);
  CHECK(file.metadata().at("format") == "pt");
  for (const auto& [name, x] : state) {
    INFO(name);
    const Tensor y = file.read(name);
    CHECK(y.dtype() == x.dtype());
    CHECK(y.shape() == x.shape());
    CHECK(to_string(y) == to_string(x));
  }
  // Wide elements first, then by name, so that every tensor is aligned.
  CHECK(file.entries().at("a").begin == 0);
  CHECK(file.entries().at("ids").begin == 16);
  CHECK(file.entries().at("flags").end == file.entries().at("one").end + 3);
  const std::string bytes = read_file(path);
  CHECK(static_cast<unsigned char>(bytes[0]) % 8 == 0);
  CHECK(bytes.substr(8, 16) == "{\"__metadata__\":");

  write_safetensors(path, {});
  CHECK(SafetensorsFile(path).entries().empty());
  CHECK_THROWS_WITH(write_safetensors(path, {{"__metadata__", ones({1})}}),
                    path.string() + ": a tensor cannot be called __metadata__");
  CHECK_THROWS_WITH(write_safetensors(path, {{"\xff", ones({1})}}),
                    path.string() + ": a tensor's name or the metadata is not UTF-8");
  CHECK(SafetensorsFile(path).entries().empty());  // the old file is still there
  CHECK_THROWS_AS(write_safetensors(folder / "no" / "x.safetensors", {}), IoError);
}

TEST_CASE("what is written has the bytes that Python's safetensors writes", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder / "same.safetensors";
  const std::string theirs = GRADUS_FIXTURES "/nn/written.safetensors";
  SafetensorsFile file(theirs);
  CHECK(file.entries().size() == 6);
  write_safetensors(path, file.read_all(), file.metadata());
  CHECK(read_file(path) == read_file(theirs));
}

TEST_CASE("a tensor of a dtype that is not read stands in no other's way", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder / "odd.safetensors";
  write_bytes(path, with_header("{\"odd\":{\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[0,4]},"
                                "\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
                                std::string("\1\2\3\4\0\0\x80\x3f", 8)));
  SafetensorsFile file(path);
  CHECK(file.read("x").item() == 1);
  CHECK(SafetensorsFile::can_read(file.entries().at("x")));
  CHECK(!SafetensorsFile::can_read(file.entries().at("odd")));
  const std::string refusal =
      path.string() +
      ": tensor \"odd\" has the dtype F8_E4M3; F64, F32, F16, BF16, I64, I32, I16, I8, "
      "U8 and BOOL can be read";
  CHECK_THROWS_WITH(file.read("odd"), refusal);
  CHECK_THROWS_WITH(read_safetensors(path), refusal);
}

TEST_CASE("a bad safetensors file is refused with the reason", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder / "bad.safetensors";
  const std::string file = path.string();
  const auto refused = [&](const std::string& bytes, const std::string& message) {
    write_bytes(path, bytes);
    CHECK_THROWS_WITH(SafetensorsFile(path), file + ": " + message);
    CHECK_THROWS_AS(SafetensorsFile(path), FormatError);
  };
  const auto tensor_x = [&](const std::string& description, const std::string& data = "") {
    return with_header("{\"x\":" + description + "}", data);
  };
  refused("", "0 bytes are too few for a safetensors file");
  refused("1234567", "7 bytes are too few for a safetensors file");
  refused(
      "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 17560000\n",
      "is a git-lfs pointer, which stands for the file and is not it; fetch the file with git lfs pull, or "
      "download it again");
  refused(std::string("\x10\0\0\0\0\0\0\0{}", 10),
          "the header needs 16 bytes, and the file has 2 after the first 8");
  refused(std::string("\xff\xff\xff\xff\xff\xff\xff\xff", 8),
          "this is no safetensors file, or a damaged one: its header would have 18446744073709551615 bytes, "
          "and at most 100000000 are allowed");
  refused(std::string("\x01\xe1\xf5\x05\0\0\0\0", 8),
          "this is no safetensors file, or a damaged one: its header would have 100000001 bytes, and at most "
          "100000000 are allowed");
  refused(with_header(""), "the header does not begin with {");
  refused(with_header(" {}"), "the header does not begin with {");
  refused(with_header("[]"), "the header does not begin with {");
  refused(with_header("{"), "the header is not valid JSON in UTF-8");
  refused(with_header("{} {}"), "the header is not valid JSON in UTF-8");
  refused(with_header("{\"\xff\":1}"), "the header is not valid JSON in UTF-8");
  refused(tensor_x("{\"shape\":[[[[[[1]]]]]]}"), "the header is nested too deeply");
  refused(with_header("{\"x\":1,\"x\":2}"), "the name \"x\" comes twice in the header");
  refused(tensor_x("{\"dtype\":\"F32\",\"dtype\":\"F64\"}"), "the name \"dtype\" comes twice in the header");
  refused(with_header("{\"__metadata__\":[]}"), "__metadata__ is not an object");
  refused(with_header("{\"__metadata__\":{\"a\":1}}"), "\"a\" in __metadata__ is not a string");
  refused(tensor_x("3"), "tensor \"x\" is not described by an object");
  refused(tensor_x("{}"), "tensor \"x\" has no dtype");
  refused(tensor_x("{\"dtype\":4}"), "tensor \"x\": the dtype is not a string");
  refused(tensor_x("{\"dtype\":\"F7\"}"),
          "tensor \"x\" has the dtype F7; F64, F32, F16, BF16, I64, I32, I16, I8, U8 and BOOL can be read");
  refused(tensor_x("{\"dtype\":\"F32\"}"), "tensor \"x\" has no shape");
  refused(tensor_x("{\"dtype\":\"F32\",\"shape\":2}"), "tensor \"x\": the shape is not a list");
  refused(tensor_x("{\"dtype\":\"F32\",\"shape\":[-1]}"), "tensor \"x\": -1 is not a size");
  refused(tensor_x("{\"dtype\":\"F32\",\"shape\":[1.5]}"), "tensor \"x\": 1.5 is not a size");
  refused(tensor_x("{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1]}"),
          "tensor \"x\" has 9 dimensions; at most 8 are supported");
  refused(tensor_x("{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296]}"),
          "tensor \"x\": the shape [4294967296,4294967296] is too large");
  refused(tensor_x("{\"dtype\":\"F32\",\"shape\":[0,4294967296,4294967296]}"),
          "tensor \"x\": the shape [0,4294967296,4294967296] is too large");
  refused(tensor_x("{\"dtype\":\"F32\",\"shape\":[1]}"), "tensor \"x\" has no data_offsets");
  refused(tensor_x("{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}", "1234"),
          "tensor \"x\": data_offsets is not a pair of whole numbers");
  refused(tensor_x("{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}", "1234"),
          "tensor \"x\": data_offsets is not a pair of whole numbers");
  refused(tensor_x("{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}", "1234"),
          "tensor \"x\": data_offsets [4, 0] do not hold the 4 bytes of F32 [1]");
  refused(tensor_x("{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}", "1234"),
          "tensor \"x\": data_offsets [0, 4] do not hold the 8 bytes of F32 [2]");
  refused(tensor_x("{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]}", "1234"),
          "tensor \"x\" begins at byte 2 of the data, where 0 is expected");
  refused(tensor_x("{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}", "1234"),
          "the tensors need 2 bytes of data, and the file has 4");
  refused(tensor_x("{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[0,5]}", "1234"),
          "the tensors need 5 bytes of data, and the file has 4");
  refused(with_header("{\"x\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
                      "\"y\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[1,4]}}",
                      "1234"),
          "tensor \"y\" begins at byte 1 of the data, where 2 is expected");

  const std::string missing = (folder / "missing").string();
  CHECK_THROWS_WITH(SafetensorsFile(missing), "cannot read " + missing + ": there is no such file");
  CHECK_THROWS_WITH(SafetensorsFile(folder.path()),
                    "cannot read " + folder.path().string() + ": it is a folder, not a file");
  CHECK_THROWS_WITH(SafetensorsFile("/dev/null"), "cannot read /dev/null: it is not a plain file");
}

TEST_CASE("every truncation and every changed byte loads or is refused", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder / "fuzz.safetensors";
  write_safetensors(path, {{"w", arange(3, DType::f32)}, {"flag", tensor({true})}}, {{"k", "v"}});
  const std::string whole = read_file(path);
  int loaded = 0, refused = 0;
  for (size_t length = 0; length < whole.size(); ++length) {
    load_or_refuse(path, whole.substr(0, length), loaded, refused);
  }
  CHECK(loaded == 0);
  CHECK(refused == static_cast<int>(whole.size()));
  Rng rng(5);
  for (size_t at = 0; at < whole.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      load_or_refuse(path, changed, loaded, refused);
    }
    std::string changed = whole;
    for (int i = 0; i < 3; ++i) changed[rng.below(whole.size())] = static_cast<char>(rng.below(256));
    load_or_refuse(path, changed, loaded, refused);
  }
  CHECK(loaded > 0);  // a changed value or name is a file like any other
  CHECK(refused > static_cast<int>(whole.size()));
}

TEST_CASE("an undefined tensor is not written, and is named", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder / "x.safetensors";
  CHECK_THROWS_WITH(write_safetensors(path, {{"a", ones({1})}, {"b", Tensor()}}),
                    path.string() + ": the tensor b is undefined");
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a safetensors file is written tensor by tensor, in the order of the file, all or nothing",
          "[safetensors]") {
  const TemporaryFolder folder;
  const std::filesystem::path whole = folder / "whole.safetensors", parts = folder / "parts.safetensors";
  const StateDict state = {
      {"b", ones({2, 3})}, {"a", zeros({4})}, {"step", tensor(std::vector<int64_t>{7}, Shape{})}};
  const std::vector<TensorEntry> entries = {
      {"b", DType::f32, {2, 3}}, {"a", DType::f32, {4}}, {"step", DType::i64, Shape{}}};
  write_safetensors(whole, state);
  {
    SafetensorsWriter file(parts, entries);
    std::vector<std::string> order;
    for (const TensorEntry& entry : in_file_order(entries)) {
      order.push_back(entry.name);
      file.write(state.at(entry.name));
    }
    CHECK(order == std::vector<std::string>{"step", "a", "b"});
    CHECK_THROWS_WITH(file.write(ones({1})), "safetensors: all 3 tensors are written already");
    CHECK_FALSE(std::filesystem::exists(parts));
    file.commit();
  }
  CHECK(read_file(parts) == read_file(whole));
  SafetensorsWriter file(folder / "third.safetensors", entries);
  CHECK_THROWS_WITH(file.write(ones({4})), "safetensors: step is f32 and was said to be i64");
  file.write(state.at("step"));
  CHECK_THROWS_WITH(file.write(ones({5})), "safetensors: a is [5] and was said to be [4]");
  CHECK_THROWS_WITH(file.commit(), "safetensors: a is not written");
}
