#include "autograd/error.hpp"
#include "support/catch.hpp"

using namespace gradus;

TEST_CASE("fail formats its text and throws the wanted kind") {
  CHECK_THROWS_AS(fail<ShapeError>("x"), ShapeError);
  CHECK_THROWS_WITH(fail<IndexError>("embedding: id {} is not below {}", 7, 5),
                    "embedding: id 7 is not below 5");
  CHECK_THROWS_AS(fail<IoError>("x"), Error);
}
