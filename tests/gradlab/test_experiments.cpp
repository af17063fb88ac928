// What docs/experiments.md says, asserted from the experiments' own figures.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "autograd/random.hpp"
#include "autograd/threads.hpp"
#include "gradlab/experiments/experiment.hpp"
#include "gradlab/experiments/measure.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"

using namespace gradus;

namespace {

/// Every experiment is run once.
const lab::Outcome& found(const std::string& name) {
  static std::map<std::string, lab::Outcome> all;
  set_num_threads(1);  // the arrays are small, and tests run side by side
  if (!all.contains(name)) all[name] = lab::find_experiment(name)->run({});
  return all[name];
}

double fact(const std::string& name, const std::string& label) { return found(name).fact(label); }

}  // namespace

TEST_CASE("experiments have names, questions, tables, conclusions and pictures", "[experiment]") {
  CHECK(lab::experiments().size() == 7);
  CHECK(lab::find_experiment("deph") == nullptr);
  std::set<std::string> names;
  int64_t number = 0;
  for (const lab::Experiment& experiment : lab::experiments()) {
    INFO(experiment.name);
    CHECK(names.insert(experiment.name).second);
    CHECK(experiment.question.ends_with("?"));
    if (!test::is_taken(number++)) continue;  // each has a test of its own below
    const Rng::State before = default_rng().state();
    const lab::Outcome& outcome = found(experiment.name);
    CHECK(default_rng().state() == before);
    CHECK(outcome.table.rows.size() >= 4);
    for (const auto& row : outcome.table.rows) CHECK(row.size() == outcome.table.columns.size());
    CHECK(!outcome.conclusion.empty());
    CHECK(outcome.picture.width > 400);
    CHECK(outcome.picture.body.find("<path") != std::string::npos);
    const std::string text = to_string(experiment, outcome);
    CHECK(text.starts_with(experiment.question + "\n\n"));
    // Narrow enough for a page.
    size_t widest = 0;
    for (size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
      widest = std::max(widest, end - begin);
    CHECK(widest <= 92);
    CHECK(text.find("nan") == std::string::npos);
    CHECK_THROWS_WITH(outcome.fact("colour"), "experiment: no fact is called 'colour'");
  }
}

TEST_CASE("experiment step: the slopes of theory, and a ladder that beats every step", "[experiment]") {
  CHECK(fact("step", "truncation_slope") == Approx(2.0).margin(0.2));
  CHECK(fact("step", "roundoff_slope") == Approx(-1.0).margin(0.3));
  CHECK(fact("step", "one_sided_slope") == Approx(1.0).margin(0.1));
  CHECK(fact("step", "best_error_one_sided") > 10 * fact("step", "best_error_f64"));
  CHECK(fact("step", "ladder_error") < fact("step", "best_error_f64"));
  CHECK(fact("step", "best_error_f32") > 1e4 * fact("step", "best_error_f64"));
  CHECK(fact("step", "worst_underestimate") < 10);  // ten times the estimate is what gradcheck allows
}

TEST_CASE("experiment step takes any subject", "[experiment]") {
  const lab::Experiment& step = *lab::find_experiment("step");
  const lab::Outcome layer = step.run({.seed = 2, .subject = "LayerNorm"});
  CHECK(layer.fact("truncation_slope") == Approx(2.0).margin(0.2));
  CHECK(layer.fact("ladder_error") < 1e-9);
  CHECK(step.run({.subject = "relu"}).conclusion[0].starts_with("The error is no V"));
  CHECK_THROWS_WITH(step.run({.subject = "gelo"}), "experiment step: there is no subject 'gelo'");
}

TEST_CASE("experiment depth: encoders lose little, chaos loses everything", "[experiment]") {
  CHECK(fact("depth", "post_norm_deepest") < 200);
  CHECK(fact("depth", "pre_norm_deepest") < 200);
  CHECK(fact("depth", "post_norm_slope") < 1.2);
  CHECK(fact("depth", "pre_norm_slope") < 1.2);
  CHECK(fact("depth", "calm_slope") < 1.5);
  CHECK(fact("depth", "wild_factor_per_layer") > 1.05);
  CHECK(fact("depth", "wild_deepest") > 20 * fact("depth", "pre_norm_deepest"));
}

TEST_CASE("experiment size: a loop errs like sqrt(K), a layer by no more", "[experiment]") {
  CHECK(fact("size", "loop_slope") == Approx(0.5).margin(0.1));
  CHECK(fact("size", "product_slope") < 0.65);
  for (const std::string slope :
       {"length_input_slope", "length_parameters_slope", "width_input_slope", "width_parameters_slope"}) {
    INFO(slope);
    CHECK(fact("size", slope) < 0.6);
    CHECK(fact("size", slope) > -0.4);
  }
}

TEST_CASE("experiment gelu: the gaps, and who sees a mixed backward", "[experiment]") {
  CHECK(fact("gelu", "value_gap") == Approx(4.73e-4).epsilon(0.01));
  CHECK(fact("gelu", "slope_gap") > fact("gelu", "value_gap"));
  CHECK(fact("gelu", "slope_gap") < 2e-3);
  CHECK(fact("gelu", "caught_by_gradus") == 100);
  CHECK(fact("gelu", "caught_by_direction") == 100);
  CHECK(fact("gelu", "caught_by_torch_fast") < 50);
  CHECK(fact("gelu", "caught_by_f32") == 0);  // both of its gradients are wrong alike
  CHECK(fact("gelu", "share_caught_by_gradus") > 0.95);
  CHECK(fact("gelu", "share_caught_by_torch") < 0.7);
}

TEST_CASE("experiment dropout: without the saved state only noise is left", "[experiment]") {
  CHECK(fact("dropout", "replayed_best") < 1e-9);
  CHECK(fact("dropout", "not_replayed_best") > 0.1 * fact("dropout", "gradient"));
  CHECK(fact("dropout", "not_replayed_slope") == Approx(-1.0).margin(0.05));
  CHECK(fact("dropout", "noise_over_theory") == Approx(1.0).margin(0.15));
  CHECK(fact("dropout", "gradcheck_passes") == 1);
  CHECK(fact("dropout", "gradcheck_refuses") == 1);
}

TEST_CASE("experiment kink: no false failure, and no free pass", "[experiment]") {
  const auto pass = static_cast<double>(Verdict::pass), kink = static_cast<double>(Verdict::kink),
             fail = static_cast<double>(Verdict::fail);
  CHECK(fact("kink", "central_at_corner") == 0.5);
  CHECK(fact("kink", "relu at 0: gradus") == kink);
  CHECK(fact("kink", "relu at 0: torch") == fail);
  CHECK(fact("kink", "relu at 1e-07: gradus") <= kink);
  CHECK(fact("kink", "relu at 1e-07: torch") == fail);
  CHECK(fact("kink", "relu at 0.1: gradus") == pass);
  CHECK(fact("kink", "relu at 0.1: torch") == pass);
  CHECK(fact("kink", "abs at 0: gradus") == kink);
  CHECK(fact("kink", "relu, slope 1.5 at 0: gradus") == fail);
  CHECK(fact("kink", "false_failures_gradus") == 0);
  CHECK(fact("kink", "false_failures_torch") > 0.5 * fact("kink", "trials"));
}

TEST_CASE("experiment softmax: where exp overflows, and what the largest logit saves", "[experiment]") {
  CHECK(fact("softmax", "exp_end") == Approx(88.7228).margin(0.001));
  CHECK(fact("softmax", "upper") < fact("softmax", "exp_end"));
  CHECK(fact("softmax", "upper") > 86);
  CHECK(fact("softmax", "lower") < -75);
  CHECK(fact("softmax", "reciprocal_gradient_end") < 55);
  CHECK(fact("softmax", "reciprocal_gradient_nan") > fact("softmax", "reciprocal_gradient_end") + 20);
  CHECK(fact("softmax", "worst_softmax") < 20);
}

TEST_CASE("experiments measure: a fitted slope", "[experiment]") {
  CHECK(lab::log_slope({1, 2, 4, 8}, {3, 12, 48, 192}) == Approx(2.0));
  CHECK(lab::log_slope({1, 2, 4, 8}, {5, 2.5, 1.25, NAN}) == Approx(-1.0));
  CHECK(std::isnan(lab::log_slope({1, 2}, {1, 2})));
  CHECK(lab::root_mean_square({3, 4}) == Approx(std::sqrt(12.5)));
  CHECK(lab::geometric_mean({2, 8}) == Approx(4));
}

TEST_CASE("experiments: a table is aligned, and says NaN and inf", "[experiment]") {
  const lab::Table table{
      {{"what"}, {"x", "{:.2f}"}},
      {{std::string("one"), 1.0}, {std::string("four"), -INFINITY}, {std::string(""), -NAN}}};
  CHECK(to_string(table) == "what      x\none    1.00\nfour   -inf\n        NaN\n");
}
