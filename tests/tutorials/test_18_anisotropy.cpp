// Chapter 18: the mean cosine is the squared length of the mean; directions, cures and the loss by contrast
// are the library's and have the right gradient; `gradus similarity` gives the chapter's numbers; on any seed
// the cures do what the text says; its bugs are caught.
#include <fstream>
#include <nlohmann/json.hpp>

#include "bert/checkpoint/checkpoint.hpp"
#include "bert/evaluation/vector_cure.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/run_program.hpp"
#include "support/temporary_folder.hpp"
#include "support/training_seed.hpp"
#include "tutorials/18_anisotropy/cures.hpp"
#include "tutorials/18_anisotropy/museum.hpp"
#include "tutorials/18_anisotropy/network.hpp"

using namespace gradus;
using namespace gradus::test;
using namespace gradus::tutorials::anisotropy;

namespace {

/// Vectors whose columns go together in an uneven way, away from the origin.
Tensor mixed_cloud(int64_t count, int64_t width, uint64_t seed) {
  return matmul(random_normal({count, width}, seed), random_normal({width, width}, seed + 100)) + 2.0;
}

Tensor products(const Tensor& x) { return matmul(x, x.transpose(0, 1)); }

}  // namespace

TEST_CASE("18: the mean cosine, each vector with itself too, is the squared length of the mean unit vector",
          "[tutorials]") {
  for (const uint64_t seed : {1, 2, 3}) {
    const Tensor x = mixed_cloud(40, 5, seed);
    CHECK(mean(all_cosines(x)).item() == Approx(shared_part(x)).epsilon(1e-12));
    double sum = 0;
    for (int64_t i = 0; i < 40; ++i)
      for (int64_t j = 0; j < i; ++j) sum += all_cosines(x).at({i, j}) / (40 * 39 / 2);
    CHECK(mean_cosine(x) == Approx(sum).epsilon(1e-9));
  }
  CHECK(mean_cosine(tensor<double>({1, 0, 0, 2, -3, 0}, Shape{3, 2})) == Approx(-1.0 / 3));
}

TEST_CASE("18: one vector added to all raises the mean cosine from 0 towards 1, on any seed", "[tutorials]") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const Tensor cloud = even_cloud(200, 2, seed);
    CHECK(std::abs(mean_cosine(cloud)) < 0.05);
    CHECK(mean_cosine(cloud + tensor<double>({4, 0})) > 0.85);
    CHECK(mean_cosine(cloud + tensor<double>({8, 0})) > 0.95);
  }
}

TEST_CASE("18: Jacobi's directions put a covariance together again, largest first", "[tutorials]") {
  for (const int64_t width : {1, 2, 3, 8, 30}) {
    INFO(width);
    const Tensor c = covariance(mixed_cloud(60, width, 7));
    const Directions found = directions_of(c);
    const Tensor u = found.vectors, d = found.variances;
    const double size = max(abs(c)).item();
    CHECK(worst_difference(matmul(u * d, u.transpose(0, 1)), c) < 1e-12 * size);
    CHECK(worst_difference(matmul(u.transpose(0, 1), u), eye(width, DType::f64)) < 1e-12);
    for (int64_t k = 1; k < width; ++k) CHECK(d.at({k - 1}) >= d.at({k}));
  }
  const Directions even = directions_of(eye(4, DType::f64) * 3.0);  // nothing to turn
  CHECK(even.variances.to_vector<double>() == std::vector<double>(4, 3.0));
  const Directions equal = directions_of(tensor<double>({2, 1, 1, 2}, Shape{2, 2}));  // c_ii = c_jj
  CHECK(worst_difference(equal.variances, tensor<double>({3, 1})) < 1e-12);
}

TEST_CASE("18: the planted direction is found, and each cure does its part, on any seed", "[tutorials]") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const Tensor x = planted_cloud(seed);
    const Tensor first = directions_of(covariance(x)).vectors.select(1, 0);
    CHECK(std::abs(sum(first * planted_direction()).item()) > 0.995);
    const auto size = [](const Tensor& y) {
      const auto n = static_cast<double>(y.size(0));
      return (sum(abs(all_cosines(y))).item() - n) / (n * n - n);
    };
    CHECK(mean_cosine(x) > 0.35);
    CHECK(std::abs(mean_cosine(centred(x)(x))) < 0.05);
    CHECK(size(centred(x)(x)) > 0.85);
    CHECK(std::abs(mean_cosine(whitened(x)(x))) < 0.02);
    CHECK(size(whitened(x)(x)) < 0.6);
    CHECK(spectrum(removed(x, 1)(x)).at({2}) < 1e-12);
    CHECK(worst_difference(covariance(whitened(x)(x)), eye(3, DType::f64)) < 1e-9);
  }
}

TEST_CASE("18: the cures and the spectrum by hand are the library's", "[tutorials]") {
  const Tensor x = mixed_cloud(90, 7, 4), others = mixed_cloud(9, 7, 5);
  const auto compare = [&](const Cure& ours, bert::Cure kind, int64_t components) {
    const bert::VectorCure theirs(x, kind, components);
    CHECK(worst_difference(ours.m, theirs.mean) < 1e-12);
    REQUIRE(ours.w.shape() == theirs.matrix.shape());
    CHECK(worst_difference(products(ours(others)), products(theirs(others))) < 1e-8);
  };
  compare(centred(x), bert::Cure::centre, 0);
  for (const int64_t count : {1, 3, 6}) compare(removed(x, count), bert::Cure::remove, count);
  for (const int64_t kept : {0, 1, 4, 7}) compare(whitened(x, kept), bert::Cure::whiten, kept);
  const Tensor flat = concat({x, x.slice(1, 0, 2)}, 1);  // two directions have no variance
  const bert::VectorCure theirs(flat, bert::Cure::whiten, 0);
  CHECK(whitened(flat).w.shape() == Shape{9, 7});
  CHECK(theirs.matrix.shape() == Shape{9, 7});
  CHECK(worst_difference(spectrum(x), tensor(bert::anisotropy(x).shares)) < 1e-10);
  CHECK(bert::anisotropy(x).mean_cosine == Approx(mean_cosine(x)).margin(0.02));
}

TEST_CASE("18: the loss by contrast is that of the library's two towers", "[tutorials]") {
  const Handovers world = handovers(60);
  bert::LabelledTexts table;
  table.file = "pairs.tsv";
  table.has_pairs = true;
  for (const bert::ToyTextPair& pair : world.training.texts)
    table.rows.push_back({pair.first, pair.second, "", static_cast<double>(pair.score), 0});
  const bert::BertForPreTraining model = small_bert(world.tokenizer, 3);
  bert::SimilarityOptions options;
  options.loss = bert::SimilarityLoss::contrastive;
  options.temperature = 0.1;
  options.alike_from = 5;
  const bert::Similarity task(bert::SentenceEncoder(model.bert), world.tokenizer, table, table, options);
  Rows u, v;
  for (size_t i = 0; i < world.training.scores.size(); ++i) {
    if (world.training.scores[i] < 5) continue;
    u.push_back(world.training.first[i]);
    v.push_back(world.training.second[i]);
  }
  REQUIRE(task.rows() == std::ssize(u));
  REQUIRE(u.size() >= 4);
  std::vector<int64_t> all(u.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
  CHECK(contrast(vectors_of(model, u), vectors_of(model, v), 0.1).item() ==
        Approx(task.loss(all).item()).epsilon(1e-4));
}

TEST_CASE("18: the loss by contrast and the cures have the right gradient", "[tutorials]") {
  const Tensor u = random_normal({4, 3}, 1), v = random_normal({4, 3}, 2);
  for (const bool second_order : {false, true}) {
    INFO(second_order);
    const GradcheckOptions options{.second_order = second_order};
    CHECK(gradcheck([](const auto& in) { return contrast(in[0], in[1], 0.5); }, {u, v}, options).passed);
    CHECK(gradcheck([](const auto& in) { return row_cosines(in[0], in[1]); }, {u, v}, options).passed);
    CHECK(gradcheck([](const auto& in) { return covariance(in[0]); }, {u}, options).passed);
    const Cure cure = whitened(mixed_cloud(20, 3, 3));
    CHECK(gradcheck([&](const auto& in) { return cure(in[0]); }, {u}, options).passed);
  }
}

TEST_CASE("18: whitened by themselves, width + 1 vectors or fewer all have the cosine -1 / (n - 1)",
          "[tutorials]") {
  for (const int64_t n : {2, 5, 12, 13}) {
    INFO(n);
    const Tensor x = mixed_cloud(n, 12, static_cast<uint64_t>(n));
    const Tensor y = whitened(x)(x);
    CHECK(y.size(1) == std::min<int64_t>(n - 1, 12));
    const Tensor wanted = eye(n, DType::f64) + (eye(n, DType::f64) - 1.0) / static_cast<double>(n - 1);
    CHECK(worst_difference(all_cosines(y), wanted) < 1e-6);
  }
}

TEST_CASE("18: pairs have scores 0 to 5, the test has none of the training, and no text is cut",
          "[tutorials]") {
  const Handovers world = handovers(600);
  CHECK(world.training.texts.size() == 480);
  CHECK(world.test.texts.size() == 60);
  CHECK(world.test.all().size() == 120);
  std::vector<int> counts(6, 0);
  for (const double score : world.test.scores) ++counts[static_cast<size_t>(score)];
  CHECK(counts == std::vector<int>(6, 10));
  for (const Rows& rows : {world.training.all(), world.test.all(), world.stories}) {
    for (const bert::TextRow& row : rows) {
      CHECK(row.ids.size() <= 40);
      CHECK(row.ids.front() == world.tokenizer.special_ids().cls);
      CHECK(std::ranges::count(row.ids, world.tokenizer.special_ids().unk) == 0);
    }
  }
}

TEST_CASE("18: the order that cosines keep is Spearman's, of the first half of the vectors with the second",
          "[tutorials]") {
  const Tensor vectors = tensor<double>({1, 0, 1, 0, 1, 0, 1, 3, 1, 2, 1, 1}, Shape{6, 2});
  CHECK(order_kept(vectors, {1, 2, 3}) == Approx(1));
  CHECK(order_kept(vectors, {3, 2, 1}) == Approx(-1));
  CHECK(order_kept(vectors, {2, 1, 3}) == Approx(0.5));
}
