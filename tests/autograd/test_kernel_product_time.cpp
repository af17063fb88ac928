// The time of one kind of product.
#include "autograd/kernels/product_time.hpp"

#include <chrono>

#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::kernels;
using profile::Layout;

namespace {

const profile::Product single{48,    32, 64, 3, Layout::row_major, Layout::column_major, Layout::row_major,
                              false, 1};

/// How often `work` makes the product.
int64_t calls_in(auto&& work) {
  profile::start();
  work();
  profile::stop();
  int64_t calls = 0;
  for (const profile::Product& product : profile::products()) {
    CHECK(product.same_kind(single));
    calls += product.calls;
  }
  return calls;
}

}  // namespace

TEST_CASE("the time of a product is that of the fastest of three calls or more, after one to warm up") {
  ProductTimer timer;
  double least = 0;
  CHECK(calls_in([&] { least = timer.least(single, ProductWay::tiles); }) == 4);
  CHECK(least > 0);
  const auto begin = std::chrono::steady_clock::now();
  CHECK(calls_in([&] { least = timer.least(single, ProductWay::tiles, 0.02); }) > 4);
  CHECK(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() >= 0.02);
  CHECK(least < 0.02);
}

TEST_CASE("a product that is hopeless is made once") {
  ProductTimer timer;
  double slow = 0;
  CHECK(calls_in([&] { slow = timer.least_unless(0, single, ProductWay::tiles, 1); }) == 1);
  CHECK(slow > 0);
  CHECK(calls_in([&] { timer.least_unless(1e9, single, ProductWay::tiles); }) == 5);
}

TEST_CASE("products of f64 and those of BLIS's own threads are timed, too") {
  ProductTimer timer;
  profile::Product product = single;
  product.is_double = true;
  product.a = Layout::column_major;
  CHECK(timer.least(product, ProductWay::tiles) > 0);
  CHECK(timer.least(product, ProductWay::blis) > 0);
  CHECK(timer.least_unless(0, single, ProductWay::blis) > 0);
}
