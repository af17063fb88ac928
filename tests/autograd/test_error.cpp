#include "autograd/error.hpp"

#include "autograd/autograd.hpp"
#include "autograd/plural.hpp"
#include "support/catch.hpp"

using namespace gradus;

TEST_CASE("fail formats its text and throws the wanted kind") {
  CHECK_THROWS_AS(fail<ShapeError>("x"), ShapeError);
  CHECK_THROWS_WITH(fail<IndexError>("embedding: id {} is not below {}", 7, 5),
                    "embedding: id 7 is not below 5");
  CHECK_THROWS_AS(fail<IoError>("x"), Error);
}

TEST_CASE("a count of one has the singular") {
  CHECK(plural(1, "step") == "step");
  for (const int number : {-1, 0, 2, 11}) CHECK(plural(number, "step") == "steps");
  CHECK(plural(1.0, "minute") == "minute");
  CHECK(plural(0.5, "minute") == "minutes");
  CHECK(plural(1, "axis", "axes") == "axis");
  CHECK(plural(3, "axis", "axes") == "axes");

  CHECK_THROWS_WITH(tensor({1.0}, Shape{2}), "tensor: 1 value does not fill shape [2]");
  CHECK_THROWS_WITH(tensor({1.0, 2.0, 3.0}, Shape{2}), "tensor: 3 values do not fill shape [2]");
  CHECK_THROWS_WITH(zeros({1}).reshape({2}), "reshape: [1] has 1 element and [2] has 2");
}
