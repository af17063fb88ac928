// Chapter 18: the mean cosine is the squared length of the mean; directions, cures and the loss by contrast
// are the library's and have the right gradient; `gradus similarity` gives the chapter's numbers; on any seed
// the cures do what the text says; its bugs are caught.
#include <map>
#include <nlohmann/json.hpp>

#include "bert/checkpoint/checkpoint.hpp"
#include "bert/evaluation/vector_cure.hpp"
#include "bert/tasks/similarity.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/run_program.hpp"
#include "support/temporary_folder.hpp"
#include "support/training_seed.hpp"
#include "tutorials/18_anisotropy/measuring.hpp"
#include "tutorials/18_anisotropy/museum.hpp"

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
    CHECK(size(centred(x)(x)) > 0.75);
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
  const Handovers world = handovers(60, 20);
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
  const auto last = [&](const Rows& rows) {  // the library's towers take the last state alone
    return bert::encode(task.model(), rows, world.tokenizer.special_ids().pad);
  };
  CHECK(contrast(last(u), last(v), 0.1).item() == Approx(task.loss(all).item()).epsilon(1e-4));
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
  const Handovers world = handovers(600, 200);
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

#ifdef GRADUS_PROGRAM
TEST_CASE("18: `gradus similarity` with the chapter's folder and files gives what is computed by hand",
          "[tutorials]") {
  const Handovers world = handovers(400, 100);
  const bert::BertForPreTraining model = small_bert(world.tokenizer, 3);
  const TemporaryFolder home;
  const std::filesystem::path folder = home / "handovers";
  bert::save_pretrained(folder, model, &world.tokenizer);
  write_text_files(folder, world, 150);
  const Vectors x = vectors_of_all(model, world, 100);
  const Tensor fitting = vectors_of(model, fitting_texts(world, 150));
  const auto check = [&](const std::string& cure, const std::vector<std::string>& options,
                         const Tensor& ours) {
    INFO(cure);
    std::vector<std::string> call = {
        GRADUS_PROGRAM, "similarity", folder.string(), (folder / "pairs.tsv").string(),
        "--layers",     "0,-1",       "--score",       "--json",
        "--cure",       cure,         "--fit",         (folder / "texts.txt").string()};
    call.insert(call.end(), options.begin(), options.end());
    const ProgramResult result = run_program(call);
    INFO(result.errors);
    REQUIRE(result.exit_code == 0);
    const auto object = nlohmann::json::parse(result.out);
    const auto& raw = object.at("as they are");
    CHECK(raw.at("figures").at("Spearman").at("value").get<double>() ==
          Approx(order_kept(x.test, world.test.scores)).margin(2e-3));
    const auto& cured = object.at(cure);
    CHECK(cured.at("figures").at("Spearman").at("value").get<double>() ==
          Approx(order_kept(ours, world.test.scores)).margin(2e-3));
    CHECK(cured.at("mean_cosine").get<double>() == Approx(mean_cosine(ours)).margin(0.02));
  };
  check("centre", {}, centred(fitting)(x.test));
  check("remove", {"--components", "8"}, removed(fitting, 8)(x.test));
  check("whiten", {}, whitened(fitting)(x.test));
}
#endif

TEST_CASE(
    "18: after learning all cosines are high and say nothing, cures and contrast make them say something",
    "[tutorials]") {
  const Handovers world = is_sanitized ? handovers(600, 500) : handovers();
  const int64_t steps = is_sanitized ? 2 : 400, contrast_steps = is_sanitized ? 2 : 120;
  const bert::BertForPreTraining fresh = small_bert(world.tokenizer, training_seed(1)),
                                 model = small_bert(world.tokenizer, training_seed(1));
  pretrain(model, world, training_seed(11), steps);
  const bert::BertForPreTraining alone = copy_of(model, world.tokenizer, 0.1),
                                 paired = copy_of(model, world.tokenizer, 0);
  learn_by_contrast(alone, world, Alike::itself, training_seed(21), contrast_steps);
  learn_by_contrast(paired, world, Alike::pairs, training_seed(21), contrast_steps);
  const Worth itself = worth(vectors_of(alone, world.test.all()), world.test),
              pairs = worth(vectors_of(paired, world.test.all()), world.test);
  const Vectors before = vectors_of_all(fresh, world, 200),
                x = vectors_of_all(model, world, is_sanitized ? 200 : 3000);
  CHECK(std::isfinite(itself.order + pairs.order));
  if (is_sanitized) return;  // so few steps show nothing
  const Worth raw = worth(x.test, world.test);
  CHECK(raw.cosine > 0.7);
  CHECK(raw.order < 0.2);
  CHECK(raw.form > 0.6);
  CHECK(worth(before.test, world.test).form < 0.55);
  CHECK(worth(before.test, world.test).cosine > 0.9);
  CHECK(worth(before.test, world.test).order > raw.order + 0.2);
  std::map<std::string, double> orders;
  for (const auto& [name, cure] : all_cures(x.fitting)) {
    INFO(name);
    const Worth cured = worth(cure(x.test), world.test);
    CHECK(std::abs(cured.cosine) < 0.05);
    orders[name] = cured.order;
    if (name == "8 removed" || name == "whitened") CHECK(cured.form < 0.4);
  }
  CHECK(orders.at("centred") < raw.order + 0.1);
  CHECK(orders.at("8 removed") > raw.order + 0.3);
  CHECK(orders.at("whitened") > raw.order + 0.4);

  const std::vector<double> by_score = cosines_by_score(x.test, world.test),
                            cured = cosines_by_score(whitened(x.fitting)(x.test), world.test);
  CHECK(std::ranges::min(by_score) > 0.7);
  CHECK(std::abs(by_score[5] - by_score[0]) < 0.05);
  CHECK(cured[5] > cured[0] + 0.2);

  const Tensor few = x.fitting.slice(0, 0, 49);
  const double at_49 = worth(whitened(few)(x.test), world.test).order;
  CHECK(at_49 < orders.at("whitened") - 0.2);
  CHECK(worth(whitened(few, 32)(x.test), world.test).order > at_49 + 0.1);
  CHECK(worth(removed(few, 8)(x.test), world.test).order > at_49 + 0.1);
  CHECK(directions_of(covariance(few)).variances.at({47}) <
        directions_of(covariance(x.fitting)).variances.at({47}) / 5);
  const Worth of_stories = worth(whitened(x.stories)(x.test), world.test);
  CHECK(of_stories.order < orders.at("whitened") - 0.2);
  CHECK(of_stories.cosine > 0.2);

  CHECK(itself.cosine < 0.3);
  CHECK(pairs.cosine < 0.3);
  CHECK(pairs.order > raw.order + 0.4);
  CHECK(pairs.form < 0.15);
  CHECK(itself.order < pairs.order - 0.05);
}

TEST_CASE("18 museum: W transposed, a covariance not centred, fitted to what is scored, normalised too early",
          "[tutorials]") {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    INFO(seed);
    const Tensor cloud = planted_cloud(seed);
    CHECK(off_identity(whitened(cloud)(cloud)) < 1e-9);
    CHECK(off_identity(with_w_transposed(cloud)(cloud)) > 10);
    CHECK(std::abs(mean_cosine(with_w_transposed(cloud)(cloud))) < 0.05);  // the mean cosine does not tell
    const auto left = [](const Cure& cure) {
      const Tensor along = matmul(cure.w, planted_direction().unsqueeze(1));
      return sum(along * along).item();
    };
    CHECK(left(removed(cloud, 1)) < 0.01);
    CHECK(left(removed_uncentred(cloud, 1)) > 0.1);
    const Tensor moved = cloud + tensor<double>({-20, 5, 1});
    CHECK(worst_difference(removed(moved, 1)(moved), removed(cloud, 1)(cloud)) < 1e-9);
    CHECK(worst_difference(removed_uncentred(moved, 1)(moved), removed_uncentred(cloud, 1)(cloud)) > 1);
    CHECK(mean_that_is_left(centred(cloud)(cloud)) < 1e-9);
    CHECK(mean_that_is_left(centred(cloud)(unit(cloud))) > 0.9);
    CHECK(mean_cosine(centred(cloud)(unit(cloud))) > 0.9);
  }
}

TEST_CASE("18: the form of a text is what is left without its facts, and decides all of a vector or nothing",
          "[tutorials]") {
  CHECK(form_of("In the hall, Rosa got the red cup from Tom.") == "in got from ");
  CHECK(form_of("Oscar was in the tower. He gave the yellow sword to Nina.") ==
        form_of("Nina was in the hall. She gave the red cup to Tom."));
  CHECK(form_of("Tom had the cup. In the hall, Rosa grabbed it from him.") ==
        form_of("Rosa had the cup. In the hall, Tom grabbed it from her."));
  const std::vector<std::string> forms = {"a", "a", "b", "b"};
  CHECK(told_by_form(tensor<double>({1, 2, 1, 2, 5, 0, 5, 0}, Shape{4, 2}), forms) == Approx(1));
  CHECK(told_by_form(tensor<double>({1, 0, 2, 0, 1, 0, 2, 0}, Shape{4, 2}), forms) ==
        Approx(0).margin(1e-12));
  CHECK(told_by_form(tensor<double>({0, 0, 2, 0, 2, 0, 4, 0}, Shape{4, 2}), forms) == Approx(0.5));
}
