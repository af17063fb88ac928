// The time of one kind of product.
#include "autograd/kernels/measure/product_time.hpp"

#include <chrono>

#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::kernels;
using profile::Layout;

namespace {

const profile::Product batch{48,    32, 64, 3, Layout::row_major, Layout::column_major, Layout::row_major,
                             false, 1};

/// How many single products `work` makes.
int64_t products_in(auto&& work) {
  profile::start();
  work();
  profile::stop();
  int64_t products = 0;
  for (const profile::Product& product : profile::products()) products += product.calls * product.batch;
  return products;
}

}  // namespace

TEST_CASE("the time of a product is that of the fastest of three calls or more, after one to warm up") {
  ProductTimer timer;
  double least = 0;
  CHECK(products_in([&] { least = timer.least(batch, ProductWay::tiles); }) == 4 * 3);
  CHECK(least > 0);
  const auto begin = std::chrono::steady_clock::now();
  CHECK(products_in([&] { least = timer.least(batch, ProductWay::tiles, 0.02); }) > 4 * 3);
  CHECK(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() >= 0.02);
  CHECK(least < 0.02);
}

TEST_CASE("a product that is hopeless is tried once, and with BLIS's own threads only one of its batch") {
  ProductTimer timer;
  double slow = 0;
  CHECK(products_in([&] { slow = timer.least_unless(0, batch, ProductWay::tiles, 1); }) == 1 * 3);
  CHECK(slow > 0);
  CHECK(products_in([&] { timer.least_unless(1e9, batch, ProductWay::tiles); }) == 4 * 3);
  // (The profile does not see what BLIS does by itself, so a long time has to tell that it was not spent.)
  profile::Product many = batch;
  many.batch = 1 << 14;
  const auto begin = std::chrono::steady_clock::now();
  slow = timer.least_unless(0, many, ProductWay::blis, 1);
  CHECK(slow > 1e-9 * static_cast<double>(many.batch));
  CHECK(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() < 1);
}

TEST_CASE("products of f64 and those of BLIS's own threads are timed, too") {
  ProductTimer timer;
  profile::Product product = batch;
  product.is_double = true;
  product.a = Layout::column_major;
  CHECK(timer.least(product, ProductWay::tiles) > 0);
  CHECK(timer.least(product, ProductWay::blis) > 0);
  CHECK(timer.least_unless(0, batch, ProductWay::blis) > 0);
}
