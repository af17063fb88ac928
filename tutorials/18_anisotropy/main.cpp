// Chapter 18: why all cosines are high, by planted vectors and in a BERT; the mean, the covariance and its
// directions by hand; four cures without learning and one with it; and when a cure hurts.
#include <fmt/format.h>

#include "bert/checkpoint/checkpoint.hpp"
#include "bert/evaluation/label_baselines.hpp"
#include "bert/evaluation/vector_cure.hpp"
#include "bert/tasks/similarity.hpp"
#include "cures.hpp"
#include "measuring.hpp"
#include "museum.hpp"
#include "nn/gradcheck.hpp"
#include "pictures.hpp"
#include "tables.hpp"
#include "tutorials/support/kit.hpp"
#include "tutorials/support/table.hpp"

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::anisotropy;

namespace {

void one_vector_added() {
  section("One vector added to all");
  const Tensor cloud = even_cloud(200, 2, 1);
  fmt::print("{:<12} {:>12} {:>26} {:>16}\n", "added", "mean cosine", "the same, with itself too",
             "squared length");
  for (const double far : {0.0, 1.0, 2.0, 4.0, 8.0}) {
    const Tensor x = cloud + tensor<double>({far, 0});
    fmt::print("{:<12} {:>12.3f} {:>26.4f} {:>16.4f}\n", fmt::format("({:.0f}, 0)", far), mean_cosine(x),
               mean(all_cosines(x)).item(), shared_part(x));
  }
  const Tensor few = even_cloud(40, 2, 1), moved = few + tensor<double>({4, 0});
  const auto says = [](const Tensor& x) { return "mean cosine " + fixed(mean_cosine(x)); };
  save_figure("cone.svg", plot::beside({draw_arrows("In all directions", says(few), few, 6.2, 1),
                                        draw_arrows("(4, 0) added to each", says(moved), moved, 6.2, 2),
                                        draw_arrows("The mean taken off", says(centred(moved)(moved)),
                                                    centred(moved)(moved), 6.2, 1)}));
}

const std::vector<std::string> axes = {"1", "2", "3"};

void turning() {
  const Tensor x = planted_cloud(1);
  section("A planted cloud");
  for (int64_t i = 0; i < 4; ++i)
    fmt::print("{:>8.2f} {:>8.2f} {:>8.2f}\n", x.at({i, 0}), x.at({i, 1}), x.at({i, 2}));
  fmt::print("...\nthe mean of all 300: {:.2f} {:.2f} {:.2f}\n", mean(x, Axes{0}).at({0}),
             mean(x, Axes{0}).at({1}), mean(x, Axes{0}).at({2}));

  section("Covariance");
  print_table("C", axes, axes, covariance(x));

  section("Turning");
  Square c{3, covariance(x).to_vector<double>()}, u{3, eye(3, DType::f64).to_vector<double>()};
  const auto print_both = [&](const std::string& title) {
    print_table(title, axes, axes, tensor(c.values, Shape{3, 3}));
  };
  const std::pair<int64_t, int64_t> pairs[] = {{0, 1}, {0, 2}, {1, 2}};
  for (const auto& [i, j] : pairs) {
    turn(c, u, i, j);
    print_both(fmt::format("axes {} and {}", i + 1, j + 1));
  }
  for (int round = 1; round < 4; ++round) {
    for (const auto& [i, j] : pairs) turn(c, u, i, j);
  }
  print_both("after 4 rounds");

  section("Directions");
  const Directions found = directions_of(covariance(x));
  for (int64_t k = 0; k < 3; ++k) {
    const Tensor d = found.vectors.select(1, k);
    fmt::print("variance {:>6.2f} along {:.2f} {:.2f} {:.2f} (or the other way)\n", found.variances.at({k}),
               std::abs(d.at({0})), std::abs(d.at({1})), std::abs(d.at({2})));
  }
  fmt::print("how far the first points along the planted one: {:.4f}\n",
             std::abs(sum(found.vectors.select(1, 0) * planted_direction()).item()));
}

void cures_planted() {
  section("Cures of the planted cloud");
  const Tensor x = planted_cloud(1);
  fmt::print("{:<22} {:>12} {:>15}   {}\n", "", "mean cosine", "mean |cosine|", "share of each direction");
  print_cloud("as it is", x);
  print_cloud("centred", centred(x)(x));
  print_cloud("1 direction removed", removed(x, 1)(x));
  print_cloud("whitened", whitened(x)(x));
  fmt::print("whitened: covariance is I to 1e-9: {}\n", off_identity(whitened(x)(x)) < 1e-9);
}

void gradients(const Handovers& world) {
  section("Gradient check");
  Rng rng(7);
  check_gradient("contrast, by both sides", [](const auto& in) { return contrast(in[0], in[1], 0.5); },
                 {randn({5, 4}, rng, DType::f64), randn({5, 4}, rng, DType::f64)});
  const Cure cure = whitened(planted_cloud(1));
  check_gradient("a cure, by the vectors", [&](const auto& in) { return cure(in[0]); },
                 {randn({4, 3}, rng, DType::f64)});
  const bert::BertForPreTraining model = small_bert(world.tokenizer, 3);
  model.to(DType::f64);
  const auto loss = [&](const auto&) {
    return contrast(text_vectors(model.bert, input_of(world.test.first, 0, 3)),
                    text_vectors(model.bert, input_of(world.test.second, 0, 3)), 0.5);
  };
  fmt::print(
      "contrast, by all tensors of the network: {}\n",
      nn::gradcheck(model.bert, loss, {}, {.directions = 2}).passed ? "agrees with differences" : "WRONG");
}

void some_pairs(const Handovers& world) {
  section("Some pairs");
  std::vector<bool> shown(6, false);
  for (const bert::ToyTextPair& pair : world.test.texts) {
    if (shown[static_cast<size_t>(pair.score)]) continue;
    shown[static_cast<size_t>(pair.score)] = true;
    fmt::print("{}  {}\n   {}\n", pair.score, pair.first, pair.second);
  }
}

// ---- A BERT ----

constexpr int64_t reading_steps = short_run ? 4 : 400, contrast_steps = short_run ? 3 : 120;
constexpr size_t fitted_to = short_run ? 200 : 3000;

void learning(const bert::BertForPreTraining& model, const Handovers& world) {
  section("Learning");
  fmt::print("{:>6} {:>7}\n", "steps", "loss");
  double recent = 0;
  pretrain(model, world, 11, reading_steps, [&](int64_t step, double loss) {
    recent += loss / (reading_steps / 4);
    if (step % (reading_steps / 4) == 0) {
      fmt::print("{:>6} {:>7.3f}\n", step, recent);
      std::fflush(stdout);
      recent = 0;
    }
  });
}

void cosines_of_pairs(const Vectors& x, const Pairs& test) {
  section("Cosines of pairs");
  const std::vector<double> raw = cosines_by_score(x.test, test),
                            cured = cosines_by_score(whitened(x.fitting)(x.test), test);
  fmt::print("{:<32}", "facts that both texts tell");
  for (int score = 0; score < 6; ++score) fmt::print(" {:>6}", score);
  fmt::print("\n{:<32}", "mean cosine, vectors as they are");
  for (const double value : raw) fmt::print(" {:>6.3f}", value);
  fmt::print("\n{:<32}", "mean cosine, whitened");
  for (const double value : cured) fmt::print(" {:>6.3f}", value);

  section("Cosines of pairs, in words");
  tell("as they are: above 0.7 for every score", *std::min_element(raw.begin(), raw.end()) > 0.7);
  tell("as they are: none and 5 facts in common are less than 0.05 apart", std::abs(raw[5] - raw[0]) < 0.05);
  tell("whitened: 5 facts are 0.2 or more above none", cured[5] > cured[0] + 0.2);

  save_figure("cosines.svg", draw_cosines(x));
}

void the_cures(const Vectors& fresh, const Vectors& x, const Pairs& test) {
  section("The cures");
  print_worth_title();
  const Worth raw = worth(x.test, test);
  print_worth("as they are", raw);
  std::vector<Worth> cured;
  for (const auto& [name, cure] : all_cures(x.fitting)) {
    cured.push_back(worth(cure(x.test), test));
    print_worth(name, cured.back());
  }
  std::vector<double> overlaps;
  for (const bert::ToyTextPair& pair : test.texts)
    overlaps.push_back(bert::word_overlap(pair.first, pair.second));
  fmt::print("without a network, by common words: Spearman {:.3f}\n", bert::spearman(overlaps, test.scores));

  section("The cures, in words");
  tell("as they are: the mean cosine is above 0.7", raw.cosine > 0.7);
  tell("as they are: Spearman is below 0.2", raw.order < 0.2);
  tell("as they are: more than 0.6 of the variance is of the form", raw.form > 0.6);
  tell("all cures: the mean cosine is within 0.05 of 0",
       std::all_of(cured.begin(), cured.end(), [](const Worth& w) { return std::abs(w.cosine) < 0.05; }));
  tell("centred: Spearman is no more than 0.1 higher", cured[0].order < raw.order + 0.1);
  tell("8 removed, whitened: less than 0.4 of it is of the form",
       std::max(cured[3].form, cured[4].form) < 0.4);
  tell("8 removed: Spearman is 0.3 or more higher", cured[3].order > raw.order + 0.3);
  tell("whitened: Spearman is 0.4 or more higher", cured[4].order > raw.order + 0.4);

  section("Before learning");
  print_worth_title();
  const Worth before = worth(fresh.test, test),
              whitened_before = worth(whitened(fresh.fitting)(fresh.test), test);
  print_worth("untrained, as they are", before);
  print_worth("untrained, whitened", whitened_before);

  section("Before learning, in words");
  tell("untrained, as they are: the mean cosine is above 0.9", before.cosine > 0.9);
  tell("untrained, as they are: less than 0.55 of the variance is of the form", before.form < 0.55);
  tell("untrained, as they are: Spearman is 0.2 or more above that after it", before.order > raw.order + 0.2);

  save_figure("spectrum.svg", draw_spectra(x));
}

/// The library on the same vectors, in the figures that `gradus similarity` prints.
void the_same_with_the_library(const Vectors& x, const Pairs& test) {
  section("The same with the library");
  bert::LabelledTexts table;
  for (const bert::ToyTextPair& pair : test.texts)
    table.rows.push_back({pair.first, pair.second, "", static_cast<double>(pair.score), 0});
  const auto n = std::ssize(test.scores);
  fmt::print("{:<30} {:<6} {}\n", "", "same", "gradus similarity MODEL PAIRS --layers 0,-1 --score ...");
  const auto line = [&](const std::string& name, const Tensor& ours, const Tensor& theirs,
                        const std::string& options) {
    const Tensor cosines = bert::cosines(theirs.slice(0, 0, n), theirs.slice(0, n, 2 * n));
    const double order =
        bert::judge_cosines(table, cosines.to_vector<double>(), bert::Detail::figures_only).value();
    const bert::Anisotropy cloud = bert::anisotropy(theirs);
    const bool same = std::abs(order - order_kept(ours, test.scores)) < 1e-6 &&
                      std::abs(cloud.mean_cosine - mean_cosine(ours)) < 0.02 &&
                      largest_gap(tensor(cloud.shares), spectrum(ours)) < 1e-9;
    fmt::print("{:<30} {:<6} {}\n", name, same, options);
  };
  line("as they are", x.test, x.test, "--cure none");
  const auto cured = [&](const std::string& name, const Cure& cure, bert::Cure kind, int64_t components,
                         const std::string& options) {
    line(name, cure(x.test), bert::VectorCure(x.fitting, kind, components)(x.test), options);
  };
  cured("centred", centred(x.fitting), bert::Cure::centre, 0, "--cure centre --fit TEXTS");
  cured("8 removed", removed(x.fitting, 8), bert::Cure::remove, 8,
        "--cure remove --components 8 --fit TEXTS");
  cured("whitened", whitened(x.fitting), bert::Cure::whiten, 0, "--cure whiten --fit TEXTS");
}

void by_contrast(const bert::BertForPreTraining& model, const Handovers& world, const Vectors& x) {
  section("By contrast");
  print_worth_title();
  const Worth raw = worth(x.test, world.test), cured = worth(whitened(x.fitting)(x.test), world.test);
  print_worth("as they are", raw);
  print_worth("whitened", cured);
  const auto taught = [&](const std::string& name, Alike alike, double dropout) {
    const bert::BertForPreTraining copy = copy_of(model, world.tokenizer, dropout);
    learn_by_contrast(copy, world, alike, 21, contrast_steps);
    const Worth one = worth(vectors_of(copy, world.test.all()), world.test);
    print_worth(name, one);
    std::fflush(stdout);
    return one;
  };
  const Worth itself = taught("each text and itself", Alike::itself, 0.1);
  const Worth pairs = taught("pairs that are alike", Alike::pairs, 0);

  section("By contrast, in words");
  tell("both: the mean cosine is below 0.3", std::max(itself.cosine, pairs.cosine) < 0.3);
  tell("pairs that are alike: Spearman is 0.4 or more higher than before", pairs.order > raw.order + 0.4);
  tell("pairs that are alike: less than 0.15 of the variance is of the form", pairs.form < 0.15);
  tell("each text and itself: Spearman is 0.05 or more below that of pairs",
       itself.order < pairs.order - 0.05);
}

void when_it_hurts(const Vectors& x, const Pairs& test) {
  section("When whitening hurts");
  fmt::print("{:<26} {:>11} {:>13} {:>10}\n", "whitening fitted to", "directions", "mean cosine", "Spearman");
  const auto line = [&](const std::string& name, const Cure& cure) {
    const Worth one = worth(cure(x.test), test);
    fmt::print("{:<26} {:>11} {:>13.3f} {:>10.3f}\n", name, cure.w.size(1), one.cosine, one.order);
    return one;
  };
  std::vector<std::pair<int64_t, double>> orders;
  for (int64_t n : {20, 49, 60, 100, 200, 1000, 3000}) {
    n = std::min(n, x.fitting.size(0));
    orders.emplace_back(n, line(fmt::format("{} texts", n), whitened(x.fitting.slice(0, 0, n))).order);
  }
  const double at_49 = orders[1].second, best = orders.back().second;
  const Tensor few = x.fitting.slice(0, 0, 49);
  const Worth kept = line("49 texts, 32 kept", whitened(few, 32));
  const Worth gone = line("49 texts, 8 removed", removed(few, 8));
  const Worth others = line(fmt::format("{} other texts", x.stories.size(0)), whitened(x.stories));
  const auto least = [](const Tensor& texts) { return directions_of(covariance(texts)).variances.at({47}); };
  fmt::print("least variance among 49 texts {:.1e}, among {} {:.1e}\n", least(few), x.fitting.size(0),
             least(x.fitting));

  section("When whitening hurts, in words");
  tell("49 texts: Spearman is 0.2 or more below that of the most texts", at_49 < best - 0.2);
  tell("49 texts: the least variance is a fifth or less", least(few) < least(x.fitting) / 5);
  tell("49 texts, 32 kept or 8 removed: 0.1 or more above whitened",
       std::min(kept.order, gone.order) > at_49 + 0.1);
  tell("texts of another kind: 0.2 or more below the most texts, too", others.order < best - 0.2);
  tell("texts of another kind: the mean cosine stays above 0.2", others.cosine > 0.2);

  save_figure(
      "few.svg",
      draw_few(orders, {{"as they are", order_kept(x.test, test.scores)},
                        {"8 directions removed", order_kept(removed(x.fitting, 8)(x.test), test.scores)}}));
}

void museum(const Vectors& x, const Pairs& test) {
  const Tensor cloud = planted_cloud(1);
  section("Museum: W transposed");
  fmt::print("{:<16} {:>12} {:>24}\n", "", "mean cosine", "largest |covariance - I|");
  for (const auto& [name, cure] : {std::pair{"x W", whitened(cloud)}, {"x W^T", with_w_transposed(cloud)}})
    fmt::print("{:<16} {:>12.3f} {:>24.3f}\n", name, mean_cosine(cure(cloud)), off_identity(cure(cloud)));

  section("Museum: a covariance that is not centred");
  fmt::print("{:<24} {:>24} {:>16}\n", "1 direction removed", "how much is planted in it", "mean |cosine|");
  const auto removed_by = [&](const char* name, const Cure& cure) {
    const Tensor along = matmul(cure.w, planted_direction().unsqueeze(1));  // what is left of it
    fmt::print("{:<24} {:>24.3f} {:>16.3f}\n", name, 1 - sum(along * along).item(), mean_size(cure(cloud)));
  };
  removed_by("of (x - m)^T (x - m)", removed(cloud, 1));
  removed_by("of x^T x", removed_uncentred(cloud, 1));

  section("Museum: fitted to the texts that are scored");
  const int64_t n = std::ssize(test.scores);
  const Tensor some = concat({x.test.slice(0, 0, 20), x.test.slice(0, n, n + 20)}, 0);  // 20 pairs
  const Tensor own = all_cosines(whitened(some)(some)), other = all_cosines(whitened(x.fitting)(some));
  const Tensor beside = 10.0 * eye(40, DType::f64);  // takes the diagonal out of min and max
  fmt::print("40 texts, whitened, fitted to these 40:     cosines from {:.4f} to {:.4f}\n",
             min(own + beside).item(), max(own - beside).item());
  tell("fitted to other texts: cosines at least 0.5 apart",
       max(other - beside).item() - min(other + beside).item() > 0.5);

  section("Museum: normalised before the mean is taken off");
  fmt::print("{:<34} {:>12} {:>18}\n", "", "mean cosine", "mean that is left");
  const auto cured = [&](const char* name, const Tensor& y) {
    fmt::print("{:<34} {:>12.3f} {:>18.3f}\n", name, mean_cosine(y), mean_that_is_left(y));
  };
  cured("as they are", cloud);
  cured("the mean taken off", centred(cloud)(cloud));
  cured("normalised, then that mean off", centred(cloud)(unit(cloud)));
}

/// With --keep: the model, the pairs of the test and the texts that cures are fitted to.
void keep(const bert::BertForPreTraining& model, const Handovers& world) {
  if (kept_folder().empty()) return;
  bert::save_pretrained(kept_folder(), model, &world.tokenizer);
  write_text_files(kept_folder(), world, fitted_to);
}

}  // namespace

int main(int argc, char** argv) {
  return run_chapter(argc, argv, [] {
    one_vector_added();
    turning();
    cures_planted();
    const Handovers world = handovers(short_run ? 600 : 10000, short_run ? 500 : 16000);
    some_pairs(world);
    gradients(world);
    const bert::BertForPreTraining fresh = small_bert(world.tokenizer, 1),
                                   model = small_bert(world.tokenizer, 1);
    learning(model, world);
    keep(model, world);
    const Vectors before = vectors_of_all(fresh, world, fitted_to),
                  x = vectors_of_all(model, world, fitted_to);
    cosines_of_pairs(x, world.test);
    the_cures(before, x, world.test);
    the_same_with_the_library(x, world.test);
    by_contrast(model, world, x);
    when_it_hurts(x, world.test);
    museum(x, world.test);
  });
}
