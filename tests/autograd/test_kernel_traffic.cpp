// The bytes that operations report.
#include "autograd/kernels/measure/traffic.hpp"

#include <functional>
#include <map>

#include "autograd/kernels/measure/profile.hpp"
#include "autograd/kernels/products/gemm.hpp"
#include "autograd/ops.hpp"
#include "autograd/random.hpp"
#include "support/catch.hpp"

using namespace gradus;

namespace {

/// The bytes of `name` in `work`.
int64_t bytes_in(const std::string& name, const std::function<void()>& work) {
  profile::start();
  work();
  profile::stop();
  return profile::bytes_of(name);
}

}  // namespace

TEST_CASE("traffic: bytes belong to the innermost scope, and to none when the profile is off") {
  profile::add_bytes(1);
  CHECK(profile::bytes_of("inner") == 0);
  profile::start();
  profile::add_bytes(2);  // within no scope
  {
    const ProfileScope outer("outer");
    profile::add_bytes(10);
    {
      const ProfileScope inner("inner");
      profile::add_elements<double>(3);
      profile::add_bytes(1);
    }
    profile::add_elements<float>(5);
  }
  { const ProfileScope inner("inner"); }
  profile::stop();
  profile::add_bytes(100);
  CHECK(profile::bytes_of("outer") == 30);
  CHECK(profile::bytes_of("inner") == 25);
  CHECK(profile::bytes_of("none") == 0);
  profile::start();
  profile::stop();
  CHECK(profile::bytes_of("outer") == 0);
}

TEST_CASE("traffic: an operation reports each number that it reads and each that it writes, once") {
  Rng rng(1);
  const Tensor x = randn({6, 10}, rng);
  constexpr int64_t all = 6 * 10 * 4;
  CHECK(bytes_in("softmax", [&] { softmax(x, 1); }) == 2 * all);
  CHECK(bytes_in("gemm", [&] { matmul(x, x.transpose(0, 1)); }) == 2 * all + 6 * 6 * 4);
  const Tensor wide = randn({6, 10}, rng).to(DType::f64);
  CHECK(bytes_in("softmax", [&] { softmax(wide, 1); }) == 4 * all);
  const Tensor q = randn({2, 3, 5, 8}, rng), k = randn({2, 3, 7, 8}, rng);
  CHECK(bytes_in("attention", [&] { scaled_dot_product_attention(q, k, k); }) ==
        2 * 3 * 8 * (2 * 5 + 2 * 7) * 4);
}

TEST_CASE("traffic: backward reports its own") {
  Rng rng(1);
  Tensor x = randn({6, 10}, rng);
  x.requires_grad();
  const Tensor y = softmax(x, 1);
  CHECK(bytes_in("softmax backward", [&] { sum(y).backward(); }) == 3 * 6 * 10 * 4);
}
