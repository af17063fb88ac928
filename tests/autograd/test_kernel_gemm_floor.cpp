#include "autograd/kernels/measure/gemm_floor.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::kernels;
using profile::Layout;

TEST_CASE("the floor of a list of products runs each of them and adds up their operations") {
  const std::vector<profile::Product> products = {
      {64, 32, 48, 1, Layout::row_major, Layout::column_major, Layout::row_major, false, 3},
      {16, 16, 200, 5, Layout::column_major, Layout::row_major, Layout::row_major, true, 1},
      {0, 4, 4, 1, Layout::row_major, Layout::row_major, Layout::row_major, false, 1}};
  const GemmFloor floor = gemm_floor(products, 3);
  CHECK(floor.flops == 3 * 2.0 * 64 * 32 * 48 + 5 * 2.0 * 16 * 16 * 200);
  REQUIRE(floor.choices.size() == 2);
  for (const auto& choice : floor.choices) {
    CHECK(choice.tiles_seconds > 0);
    CHECK(choice.blis_seconds > 0);
    CHECK(choice.tiles_win() == (choice.tiles_seconds <= choice.blis_seconds));
  }
  CHECK(floor.seconds > 0);
  CHECK(gemm_floor({}).seconds >= 0);
}
