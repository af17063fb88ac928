// How long a part of the ledger takes on a machine of given speed, and that a machine's speed is measured.
#include "bert/cost/machine_constants.hpp"

#include "support/catch.hpp"

using namespace gradus;

namespace {

/// A machine of round figures.
bert::MachineConstants machine() {
  bert::MachineConstants m;
  m.peak = 100e9;
  m.tall_products = {{64, 40e9}, {256, 80e9}};
  m.deep_products = {{64, 20e9}, {256, 40e9}};
  m.flat_products = {{64, 10e9}};
  m.bandwidth = {{1000, 100e9}, {1000000, 10e9}};
  m.arithmetic = 10e9;
  m.norm = 5e9;
  m.norm_backward = 4e9;
  m.tiles = 50e9;
  m.softmax = 2e9;
  m.softmax_backward = 1e9;
  m.call = 1e-6;
  return m;
}

}  // namespace

TEST_CASE("predicted time: a product goes by the speed of its smallest size, and by its bytes") {
  const auto seconds = [](int64_t m, int64_t n, int64_t k) {
    return bert::predicted_seconds(bert::MatrixProduct{m, n, k}, machine());
  };
  // Beyond the ends of the tables the last entries count: 10 GB/s for all of these.
  const double flops = 2.0 * 1024 * 256 * 256, bytes = 4.0 * (2 * 1024 * 256 + 256 * 256);
  CHECK(seconds(1024, 256, 256) == Approx(flops / 80e9 + bytes / 10e9 + 1e-6));
  CHECK(seconds(64, 256, 256) ==  // few rows
        Approx(2.0 * 64 * 256 * 256 / 10e9 + 4.0 * (2 * 64 * 256 + 256 * 256) / 10e9 + 1e-6));
  CHECK(seconds(256, 256, 1024) == Approx(flops / 40e9 + bytes / 10e9 + 1e-6));  // a long sum
  const double halfway = 2.0 * 1024 * 128 * 256, moved = 4.0 * (1024 * 256 + 128 * 256 + 1024 * 128);
  CHECK(seconds(1024, 128, 256) == Approx(halfway / 60e9 + moved / 10e9 + 1e-6));  // 128 lies between 64, 256
  CHECK(seconds(1024, 32, 256) ==
        Approx(halfway / 4 / 40e9 + 4.0 * (1024 * 256 + 32 * 256 + 1024 * 32) / 10e9 + 1e-6));
}

TEST_CASE("predicted time: a walk takes as long as its bytes or its operations, whichever is longer") {
  bert::CostRow row{"layer", "part", bert::CostKind::pass, {}, {}};
  row.forward = {.flops = 1e6, .bytes = 4e6, .calls = 2, .products = {}};
  row.backward = {.flops = 9e6, .bytes = 4e6, .calls = 1, .products = {}};
  const bert::PredictedSeconds seconds = bert::predicted_seconds(row, machine());
  CHECK(seconds.forward == Approx(4e-4 + 2e-6));
  CHECK(seconds.backward == Approx(9e-4 + 1e-6));
  CHECK(seconds.both() == Approx(13e-4 + 3e-6));
  row.kind = bert::CostKind::norm;  // slower operations, each direction's own
  CHECK(bert::predicted_seconds(row, machine()).forward == Approx(4e-4 + 2e-6));
  CHECK(bert::predicted_seconds(row, machine()).backward == Approx(9e6 / 4e9 + 1e-6));
}

TEST_CASE("predicted time: what fused attention does in the cache goes by speeds of its own") {
  bert::CostRow row{"layer", "scores", bert::CostKind::tile, {}, {}};
  row.forward = {.flops = 1e6, .bytes = 4e6, .calls = 1, .products = {}};
  CHECK(bert::predicted_seconds(row, machine()).forward == Approx(2e-5 + 4e-4 + 1e-6));
  row.kind = bert::CostKind::inside;
  row.forward.calls = 0;
  row.backward.flops = 1e6;
  CHECK(bert::predicted_seconds(row, machine()).forward == Approx(5e-4));
  CHECK(bert::predicted_seconds(row, machine()).backward == Approx(1e-3));
}

TEST_CASE("machine constants: all speeds are measured, and products are no faster than the peak") {
  const bert::MachineConstants m = bert::measure_machine_constants();
  for (const double speed :
       {m.peak, m.arithmetic, m.norm, m.norm_backward, m.tiles, m.softmax, m.softmax_backward}) {
    CHECK(speed > 1e6);
    CHECK(speed < 1e18);
  }
  for (const auto* table : {&m.tall_products, &m.deep_products, &m.flat_products}) {
    CHECK(table->begin()->first == 16);
    CHECK(table->rbegin()->first == 512);
    for (const auto& [size, speed] : *table) {
      INFO(size);
      CHECK(speed > 0);
      CHECK(speed < 2 * m.peak);  // the clock may rise between the two
    }
  }
  CHECK(m.bandwidth.size() >= 4);
  for (const auto& [bytes, speed] : m.bandwidth) CHECK(speed > 0);
  CHECK(m.call > 0);
}
