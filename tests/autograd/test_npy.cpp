#include "autograd/npy.hpp"

#include <fstream>

#include "autograd/autograd.hpp"
#include "autograd/file.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;

namespace {

const std::string fixtures = GRADUS_FIXTURES "/numpy/";

/// Without the flush to disk of write_file_atomically, which hundreds of files would wait for.
void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace

TEST_CASE("NumPy's files are read", "[npy]") {
  const std::vector<float> thirds{0, 1.f / 3, 2.f / 3, 1, 4.f / 3, 5.f / 3};
  for (const char* name : {"row_major.npy", "column_major.npy"}) {
    const Tensor x = read_npy(fixtures + name);
    CHECK(x.shape() == Shape{2, 3});
    CHECK(x.is_contiguous());
    CHECK(x.to_vector<float>() == thirds);
  }
  CHECK(read_npy(fixtures + "int32.npy").to_vector<int64_t>() == std::vector<int64_t>{1, -2});
  CHECK(read_npy(fixtures + "bools.npy").to_vector<bool>() == std::vector<bool>{true, false});
  CHECK(read_npy(fixtures + "scalar.npy").item() == 2.5);
  CHECK(read_npy(fixtures + "scalar.npy").rank() == 0);
  CHECK(read_npy(fixtures + "version2.npy").to_vector<int64_t>() == std::vector<int64_t>{0, 1, 2});
}

TEST_CASE("what is written is read again, byte for byte as NumPy would write it", "[npy]") {
  const TemporaryFolder folder;
  const auto path = folder / "x.npy";
  Rng rng(1);
  for (const Tensor& x :
       {randn({2, 3, 4}, rng), randn({5}, rng, DType::f64), arange(7).reshape({7, 1}), scalar(3),
        tensor({true, false, true}), zeros({0, 2}), arange(6).reshape({2, 3}).transpose(0, 1)}) {
    write_npy(path, x);
    const Tensor y = read_npy(path);
    CHECK(y.dtype() == x.dtype());
    CHECK(y.shape() == x.shape());
    CHECK(to_string(y) == to_string(x));
  }
  write_npy(path, read_npy(fixtures + "row_major.npy"));
  CHECK(read_file(path) == read_file(fixtures + "row_major.npy"));
  write_npy(path, read_npy(fixtures + "bools.npy"));
  CHECK(read_file(path) == read_file(fixtures + "bools.npy"));
  write_npy(path, read_npy(fixtures + "scalar.npy"));
  CHECK(read_file(path) == read_file(fixtures + "scalar.npy"));
}

TEST_CASE("a file that is not a .npy array is refused by name", "[npy]") {
  const TemporaryFolder folder;
  const auto path = folder / "bad.npy";
  const std::string file = path.string();
  const auto refused = [&](const std::string& bytes, const std::string& message) {
    write_bytes(path, bytes);
    CHECK_THROWS_WITH(read_npy(path), file + ": " + message);
    CHECK_THROWS_AS(read_npy(path), FormatError);
  };
  const auto with_header = [](const std::string& header, const std::string& data = "") {
    return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0' + header + data;
  };
  const char* bad_header = "the header is not that of a .npy array";
  refused("", "this is not a .npy file");
  refused("PK\x03\x04 and more than ten bytes", "this is not a .npy file");
  refused(std::string("\x93NUMPY\x09\x00\x00\x00", 10), ".npy version 9 is not known; 1, 2 and 3 are");
  refused(std::string("\x93NUMPY\x01\x00\xff\x00{", 11), "the file ends inside its header");
  refused(std::string("\x93NUMPY\x02\x00\xff\x00", 10), "the file ends inside its header");
  refused(with_header("hello"), bad_header);
  refused(with_header("{'descr': '<f4'}"), bad_header);
  refused(with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}"), bad_header);
  refused(with_header("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}"), bad_header);
  refused(with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x"), bad_header);
  refused(with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}"),
          "the array has more than 8 dimensions");
  refused(with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}"),
          "the shape is too large");
  refused(with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "1234"),
          "an array [2] of <f4 needs 8 bytes of data, and the file has 4");
  CHECK_THROWS_WITH(
      read_npy(fixtures + "big_endian.npy"),
      fixtures + "big_endian.npy: elements of type >f8; <f4, <f8, <i8, <i4 and |b1 can be read");
  CHECK_THROWS_WITH(read_npy(fixtures + "int8.npy"),
                    fixtures + "int8.npy: elements of type |i1; <f4, <f8, <i8, <i4 and |b1 can be read");
  CHECK_THROWS_AS(read_npy(folder / "missing.npy"), IoError);
}

TEST_CASE("every truncation of a .npy file is refused", "[npy]") {
  const TemporaryFolder folder;
  const auto path = folder / "cut.npy";
  const std::string whole = read_file(fixtures + "row_major.npy");
  for (size_t length = 0; length < whole.size(); ++length) {
    write_bytes(path, whole.substr(0, length));
    CHECK_THROWS_AS(read_npy(path), FormatError);
  }
}
