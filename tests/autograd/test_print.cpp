#include <cstdlib>
#include <fstream>
#include <sstream>

#include "autograd/autograd.hpp"
#include "support/catch.hpp"

using namespace gradus;

namespace {

struct Case {
  std::string name, expected;
  Tensor x;
};

Shape parse_sizes(const std::string& text) {
  Shape shape;
  std::istringstream in(text);
  for (std::string size; std::getline(in, size, ',');) shape.push_back(std::stoll(size));
  return shape;
}

Tensor parse_values(const std::string& line, const std::string& dtype, const Shape& shape) {
  std::vector<double> numbers;
  std::vector<int64_t> integers;
  std::istringstream in(line);
  for (std::string value; in >> value;) {
    if (dtype == "i64" || dtype == "bool") {
      integers.push_back(std::stoll(value));
    } else {
      numbers.push_back(std::strtod(value.c_str(), nullptr));
    }
  }
  if (dtype == "i64") return tensor(integers, shape);
  if (dtype == "bool") return tensor(std::vector<bool>(integers.begin(), integers.end()), shape);
  const Tensor x = tensor(numbers, shape);
  return dtype == "f32" ? x.to(DType::f32) : x;
}

/// The cases of fixtures/numpy/print.txt; scripts/reference/print_fixtures.py says how they are written.
std::vector<Case> read_cases() {
  std::ifstream file(GRADUS_FIXTURES "/numpy/print.txt");
  std::vector<Case> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("== ", 0) == 0) {
      std::istringstream head(line.substr(3));
      std::string name, dtype, sizes, values;
      head >> name >> dtype >> sizes;
      std::getline(file, values);
      cases.push_back({name, "", parse_values(values, dtype, parse_sizes(sizes))});
    } else {
      std::string& expected = cases.back().expected;
      if (!expected.empty()) expected += '\n';
      expected += line;
    }
  }
  return cases;
}

}  // namespace

TEST_CASE("a tensor prints as NumPy prints it", "[print]") {
  const std::vector<Case> cases = read_cases();
  CHECK(cases.size() > 70);
  for (const Case& c : cases) {
    INFO(c.name);
    CHECK("\n" + to_string(c.x) == "\n" + c.expected);
  }
}

TEST_CASE("what is a thousandfold and no more prints without exponents", "[print]") {
  CHECK(to_string(tensor({1.0, 1000.0})) == "[   1. 1000.]");
  CHECK(to_string(tensor({1.0, 1001.0})) == "[1.000e+00 1.001e+03]");
}

TEST_CASE("a view prints what it shows", "[print]") {
  const Tensor x = arange(6).reshape({2, 3}).transpose(0, 1);
  CHECK(to_string(x) == "[[0 3]\n [1 4]\n [2 5]]");
  CHECK(to_string(ones({1}).expand({3})) == "[1. 1. 1.]");
  CHECK(fmt::format("{}", tensor({1.5f})) == "[1.5]");
  CHECK(to_string(Tensor()) == "undefined");
  CHECK(to_string(ones({2}).requires_grad()) == "[1. 1.]");
}
