// Anisotropy figures, and the cures that are fitted to vectors.
#include "bert/evaluation/vector_cure.hpp"

#include <cmath>
#include <numeric>

#include "autograd/file.hpp"
#include "autograd/ops.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"
#include "support/error_text.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;
using namespace gradus::bert;
using test::error_text;
using test::largest_difference;

namespace {

/// A cloud around `far` on the first axis, with a spread of its own along each axis.
Tensor cloud(int64_t count, double far, const std::vector<double>& spread, uint64_t seed) {
  Rng rng(seed);
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i)
    for (size_t c = 0; c < spread.size(); ++c)
      values.push_back((c == 0 ? far : 0) + spread[c] * rng.normal());
  return tensor(values, Shape{count, std::ssize(spread)});
}

Tensor covariance(const Tensor& x) {
  const Tensor centred = x - mean(x, Axes{0});
  return matmul(centred.transpose(0, 1), centred) / static_cast<double>(x.size(0));
}

Tensor identity(int64_t n) {
  Tensor eye = zeros({n, n}, DType::f64);
  for (int64_t i = 0; i < n; ++i) eye.select(0, i).select(0, i).copy_(ones({}, DType::f64));
  return eye;
}

}  // namespace

TEST_CASE("anisotropy: a cloud far from the origin has cosines near 1, one around it near 0") {
  const std::vector<double> even(5, 1.0);
  CHECK(anisotropy(cloud(400, 0, even, 1)).mean_cosine == Approx(0).margin(0.03));
  CHECK(anisotropy(cloud(400, 10, even, 1)).mean_cosine > 0.9);
  CHECK(anisotropy(tensor<double>({1, 0, 0, 1, 1, 0, 0, 1}, Shape{4, 2}), 20'000).mean_cosine ==
        Approx(1.0 / 3).margin(0.02));
}

TEST_CASE("anisotropy: shares of the directions sum to 1, the largest first") {
  const Anisotropy found = anisotropy(tensor<double>({3, 0, 0, 1, 3, 0, 0, -1}, Shape{4, 2}));
  REQUIRE(found.shares.size() == 2);
  CHECK(found.shares[0] == Approx(0.9));
  CHECK(found.shares[1] == Approx(0.1));
}

TEST_CASE("cure: whitened vectors have mean 0 and the identity as their covariance") {
  const Tensor x = cloud(300, 7, {3, 1, 0.2, 0.5}, 2);
  const VectorCure cure(x, Cure::whiten, 0);
  const Tensor y = cure(x);
  CHECK(largest_difference(mean(y, Axes{0}), zeros({4}, DType::f64)) < 1e-9);
  CHECK(largest_difference(covariance(y), identity(4)) < 1e-9);
  const Tensor some = VectorCure(x, Cure::whiten, 2)(x);
  CHECK(some.shape() == Shape{300, 2});
  CHECK(largest_difference(covariance(some), identity(2)) < 1e-9);
}

TEST_CASE("cure: a direction without any variance is left out of the whitening") {
  const Tensor x = cloud(50, 1, {1, 0, 2}, 3);
  CHECK(VectorCure(x, Cure::whiten, 0)(x).shape() == Shape{50, 2});
}

TEST_CASE("cure: remove takes a planted direction out and leaves the others as they are") {
  const Tensor x = cloud(300, 7, {5, 1, 0.5}, 4);
  const Tensor y = VectorCure(x, Cure::remove, 1)(x);
  CHECK(y.shape() == x.shape());
  const Anisotropy after = anisotropy(y);
  CHECK(after.shares.back() < 1e-12);
  CHECK(largest_difference(covariance(y).slice(0, 1, 3).slice(1, 1, 3),
                           covariance(x).slice(0, 1, 3).slice(1, 1, 3)) < 0.2);
  const Tensor none = VectorCure(x, Cure::remove, 0)(x);
  CHECK(largest_difference(none, VectorCure(x, Cure::centre, 0)(x)) < 1e-12);
  CHECK(largest_difference(none, x - mean(x, Axes{0})) < 1e-12);
}

TEST_CASE("cure: what is fitted to some vectors is used for others, and kept in a file") {
  const Tensor x = cloud(100, 3, {2, 1, 0.5}, 5), other = cloud(10, 3, {2, 1, 0.5}, 6);
  const VectorCure cure(x, Cure::whiten, 2);
  const Tensor wanted = matmul(other - mean(x, Axes{0}), cure.matrix);
  CHECK(largest_difference(cure(other), wanted) < 1e-12);
  CHECK(cure(other.to(DType::f32)).dtype() == DType::f32);
  const TemporaryFolder folder;
  const auto file = folder.path() / "cure.safetensors";
  cure.save(file);
  CHECK(largest_difference(VectorCure::load(file)(other), wanted) < 1e-12);
  write_file_atomically(file, "no");
  CHECK(!error_text([&] { VectorCure::load(file); }).empty());
}

TEST_CASE("cure: what cannot be fitted is refused") {
  const Tensor x = cloud(10, 3, {2, 1, 0.5}, 5);
  CHECK(error_text([&] { VectorCure(x, Cure::remove, 3); }) ==
        "all 3 directions of the vectors cannot be removed; nothing would be left");
  CHECK(error_text([&] { VectorCure(x, Cure::remove, 4); }) == "4 directions of vectors that have 3");
  CHECK(error_text([&] {
          VectorCure(ones({4, 2}), Cure::whiten, 0);
        }) == "all vectors are the same, so there is no direction in them");
  CHECK(error_text([&] {
          VectorCure(ones({1, 2}), Cure::whiten, 0);
        }) == "vectors [1, 2]: at least two are wanted, as [N, H]");
  CHECK(error_text([] { cure_by_name("bleach"); }) ==
        "'bleach' is no cure of vectors; choose centre, remove or whiten");
}
