// What each option of pretrain does to a step, and to the course of the run around the steps.
#include <cmath>

#include "app/option_table.hpp"

namespace gradus::test {
namespace {

const std::string position_table = "bert.embeddings.position_embeddings.weight";
const std::string word_table = "bert.embeddings.word_embeddings.weight";

/// Some rows of the position table, whose width is 16.
std::vector<float> positions(const Outcome& run, std::ptrdiff_t begin, std::ptrdiff_t end) {
  const std::vector<float> table = run.weight(position_table);
  return {table.begin() + 16 * begin, table.begin() + 16 * end};
}

double norm(const std::vector<float>& values) {
  double sum = 0;
  for (const float x : values) sum += static_cast<double>(x) * x;
  return std::sqrt(sum);
}

/// The norm of the difference of all weights.
double distance(const Outcome& one, const Outcome& other) {
  const nn::StateDict others = other.weights();
  double sum = 0;
  for (const auto& [name, weight] : one.weights()) {
    const std::vector<float> a = weight.to_vector<float>(), b = others.at(name).to_vector<float>();
    for (size_t i = 0; i < a.size(); ++i) sum += std::pow(static_cast<double>(a[i]) - b[i], 2);
  }
  return std::sqrt(sum);
}

std::vector<int64_t> evaluated_steps(const Outcome& run) {
  std::vector<int64_t> steps;
  for (const bert::MetricsRow& row : run.evaluations()) steps.push_back(row.step);
  return steps;
}

/// A row whose change shows in the learning rate of the last step.
std::function<void(const Outcome&, const Outcome&)> has_rates(double before, double after) {
  return [=](const Outcome& base, const Outcome& changed) {
    CHECK(base.last_step().learning_rate == Approx(before));
    CHECK(changed.last_step().learning_rate == Approx(after));
    CHECK((changed.weight_bytes() != base.weight_bytes()));
  };
}

}  // namespace

std::vector<OptionRow> pretrain_step_rows() {
  const Words small = small_pretraining();
  const Words four = with(small, {"--steps", "4"});
  const Words deep = with(with(with(small, {"--layers", "4"}), {"--slots", "512"}), {"--json"});
  const Words no_decay = with(small, {"--weight-decay", "0"});
  const Words fast = with(with(small, {"--steps", "1"}), {"--learning-rate", "0.01"});
  // Plain gradient descent: a clipped step is as long as the rate times the clip.
  const Words plain =
      with(with(with(no_decay, {"--steps", "1"}), {"--optimizer", "sgd"}), {"--learning-rate", "0.1"});

  return {
      // Only longer rows reach the positions from 16 on, and without decay nothing else moves them.
      {"pretrain", "--length", no_decay, with(no_decay, {"--length", "32"}),
       [](auto& base, auto& changed) {
         CHECK((positions(changed, 0, 16) != positions(base, 0, 16)));
         CHECK((positions(changed, 16, 32) != positions(base, 16, 32)));
         CHECK((positions(changed, 32, 128) == positions(base, 32, 128)));
         CHECK(changed.last_step().tokens == base.last_step().tokens);
       }},
      {"pretrain", "--slots", small, with(small, {"--slots", "128"}),
       [](auto& base, auto& changed) {
         CHECK(base.last_step().tokens == 2 * 64);
         CHECK(changed.last_step().tokens == 2 * 128);
         CHECK((changed.weight_bytes() != base.weight_bytes()));
       }},
      {"pretrain", "--accumulate", small, with(small, {"--accumulate", "3"}),
       [](auto& base, auto& changed) {
         CHECK(base.last_step().tokens == 2 * 64);
         CHECK(changed.last_step().tokens == 2 * 3 * 64);
         CHECK(changed.last_step().step == 2);
         CHECK((changed.weight_bytes() != base.weight_bytes()));
       }},
      {"pretrain", "--shards", small, with(small, {"--shards", "4"}),
       [](auto& base,
          auto& changed) {  // the same rows in four parts: other bits, and nearly the same numbers
         CHECK((changed.weight_bytes() != base.weight_bytes()));
         CHECK(changed.first_step().gradient_norm == Approx(base.first_step().gradient_norm).epsilon(1e-3));
       }},
      // Of four layers one is held at a time; weights, gradients and moments stay.
      {"pretrain", "--recompute", deep, with(deep, {"--recompute"}),
       [](auto& base, auto& changed) {
         CHECK((changed.weight_bytes() == base.weight_bytes()));
         CHECK(step_memory(changed) < 0.7 * step_memory(base));
       }},
      // These two are for several ranks (test_mpi.cpp); one is left as it is.
      {"pretrain", "--share-moments", small, with(small, {"--share-moments"}),
       [](auto& base, auto& changed) { CHECK((changed.weight_bytes() == base.weight_bytes())); }},
      {"pretrain", "--stall-minutes", small, with(small, {"--stall-minutes", "1"}),
       [](auto& base, auto& changed) { CHECK((changed.weight_bytes() == base.weight_bytes())); }},
      {"pretrain", "--optimizer", small, with(small, {"--optimizer", "sgd"}),
       [](auto& base, auto& changed) {  // which keeps one number for each weight, and Adam two
         const auto size = [](const Outcome& run) {
           return run.text("run/checkpoints/step-2/optimizer.safetensors").size();
         };
         CHECK(size(changed) < 0.7 * static_cast<double>(size(base)));
         CHECK((changed.weight_bytes() != base.weight_bytes()));
       }},
      {"pretrain", "--first-slots", four, with(four, {"--first-slots", "16"}),
       [](auto& base, auto& changed) {
         CHECK(base.last_step().tokens == 4 * 64);
         CHECK(changed.last_step().tokens < 4 * 64);  // the first of the four batches is smaller
       }},
      {"pretrain", "--ramp", with(four, {"--first-slots", "16", "--ramp", "0.1"}),
       with(four, {"--first-slots", "16", "--ramp", "1"}),
       [](auto& base, auto& changed) { CHECK(changed.last_step().tokens < base.last_step().tokens); }},
      {"pretrain", "--beta1", small, with(small, {"--beta1", "0.5"}),
       [](auto& base, auto& changed) { CHECK((changed.weight_bytes() != base.weight_bytes())); }},
      {"pretrain", "--beta2", small, with(small, {"--beta2", "0.9"}),
       [](auto& base, auto& changed) { CHECK((changed.weight_bytes() != base.weight_bytes())); }},
      {"pretrain", "--no-biases", small, with(small, {"--no-biases"}),
       [](auto& base, auto& changed) {
         const std::string bias = "bert.encoder.layer.0.output.dense.bias";
         CHECK(norm(base.weight(bias)) > 0);
         CHECK(norm(changed.weight(bias)) == 0);
         CHECK(norm(changed.weight("cls.predictions.bias")) > 0);
       }},
      {"pretrain", "--optimizer", small, with(small, {"--optimizer", "muon"}),
       [](auto& base, auto& changed) { CHECK((changed.weight_bytes() != base.weight_bytes())); }},
      {"pretrain", "--optimizer", small, with(small, {"--optimizer", "adam"}),
       [](auto& base, auto& changed) { CHECK((changed.weight_bytes() != base.weight_bytes())); }},
      {"pretrain", "--optimizer", small, with(small, {"--optimizer", "bert-adam"}),
       [](auto& base, auto& changed) { CHECK((changed.weight_bytes() != base.weight_bytes())); }},
      // The last of two steps, of a line from the rate down to 0.
      {"pretrain", "--learning-rate", small, with(small, {"--learning-rate", "0.004"}),
       has_rates(0.0005, 0.002)},
      {"pretrain", "--warmup", four, with(four, {"--warmup", "2"}), has_rates(0.00025, 0.0005)},
      {"pretrain", "--decay", small, with(small, {"--decay", "constant"}), has_rates(0.0005, 0.001)},
      {"pretrain", "--decay", four, with(four, {"--decay", "cosine"}),
       has_rates(0.00025, 0.001 * (1 - std::sqrt(0.5)) / 2)},
      {"pretrain", "--weight-decay", with(fast, {"--weight-decay", "0"}),
       with(fast, {"--weight-decay", "10"}),
       [](auto& base, auto& changed) {
         CHECK(norm(changed.weight(word_table)) < 0.95 * norm(base.weight(word_table)));
         CHECK(norm(changed.weight(word_table)) > 0.85 * norm(base.weight(word_table)));
         const std::string spared = "bert.embeddings.LayerNorm.weight";
         CHECK((changed.weight(spared) == base.weight(spared)));
       }},
      {"pretrain", "--clip", with(plain, {"--clip", "0.2"}), with(plain, {"--clip", "0.1"}),
       [](auto& base, auto& changed) {
         CHECK(changed.last_step().gradient_norm == base.last_step().gradient_norm);
         REQUIRE(base.last_step().gradient_norm > 0.2);
         // Both steps go the same way, one of 0.1 x 0.2 and one of 0.1 x 0.1.
         CHECK(distance(base, changed) == Approx(0.01).epsilon(0.01));
       }},
      {"pretrain", "--dropout", small, with(small, {"--dropout", "0.5"}),
       [](auto& base, auto& changed) {
         CHECK(changed.config().at("hidden_dropout_prob") == 0.5);
         CHECK(changed.config().at("attention_probs_dropout_prob") == 0.5);
         CHECK(changed.last_step().loss != base.last_step().loss);
         CHECK(changed.evaluations().front().loss ==
               base.evaluations().front().loss);  // made without dropout
       }},
  };
}

std::vector<OptionRow> pretrain_course_rows() {
  const Words small = small_pretraining();
  const Words four = with(small, {"--steps", "4"});
  const Words each_saved = with(four, {"--save-steps", "1"});
  const Words by_time = without(small, "--steps");

  return {
      {"pretrain", "--steps", small, with(small, {"--steps", "3"}),
       [](auto& base, auto& changed) {
         CHECK(base.last_step().step == 2);
         CHECK(changed.last_step().step == 3);
         CHECK(changed.has("run/checkpoints/step-3"));
       }},
      {"pretrain", "--minutes", with(by_time, {"--minutes", "0.0005"}), with(by_time, {"--minutes", "0.005"}),
       [](auto& base, auto& changed) {
         CHECK(base.last_step().seconds >= 0.03);
         CHECK(changed.last_step().seconds >= 0.3);
       }},
      {"pretrain",
       "--resume",
       four,
       with(four, {"--resume"}),
       [](auto& base, auto& changed) {
         CHECK(base.complains("add --resume"));
         CHECK(base.last_step().step == 2);
         CHECK(changed.last_step().step == 4);
       },
       2,
       0,
       "",
       {small}},
      {"pretrain", "--evaluations", four, with(four, {"--evaluations", "2"}),
       [](auto& base, auto& changed) {
         CHECK(evaluated_steps(base) == std::vector<int64_t>{0, 4});
         CHECK(evaluated_steps(changed) == std::vector<int64_t>{0, 2, 4});
         CHECK((changed.weight_bytes() == base.weight_bytes()));
       }},
      {"pretrain", "--evaluation-rows", small, with(small, {"--evaluation-rows", "2"}),
       [](auto& base, auto& changed) {
         CHECK(changed.evaluations().front().positions < 0.5 * base.evaluations().front().positions);
         CHECK(changed.evaluations().back().positions == base.evaluations().back().positions);
       }},
      {"pretrain", "--save-minutes", with(small, {"--keep", "9"}),
       with(with(small, {"--keep", "9"}), {"--save-minutes", "1e-9"}),
       [](auto& base, auto& changed) {
         CHECK(!base.has("run/checkpoints/step-1"));
         CHECK(changed.has("run/checkpoints/step-1"));
         CHECK((changed.weight_bytes() == base.weight_bytes()));
       }},
      {"pretrain", "--save-steps", with(four, {"--save-steps", "2"}), with(four, {"--save-steps", "3"}),
       [](auto& base, auto& changed) {
         CHECK(base.has("run/checkpoints/step-2"));
         CHECK(!base.has("run/checkpoints/step-3"));
         CHECK(changed.has("run/checkpoints/step-3"));
         CHECK(!changed.has("run/checkpoints/step-2"));
       }},
      {"pretrain", "--keep", with(each_saved, {"--keep", "1"}), with(each_saved, {"--keep", "3"}),
       [](auto& base, auto& changed) {  // and the best one, which is the last or an earlier one
         CHECK(!base.has("run/checkpoints/step-2"));
         CHECK(base.has("run/checkpoints/step-4"));
         CHECK(changed.has("run/checkpoints/step-2"));
         CHECK(changed.has("run/checkpoints/step-3"));
         CHECK(!changed.has("run/checkpoints/step-1"));
       }},
      {"pretrain", "--samples", small, with(small, {"--samples", "1"}),
       [](auto& base, auto& changed) {
         const auto blanks = [](const Outcome& run) {
           return run.json("run/samples.json").at("blanks").size();
         };
         CHECK(blanks(changed) > 0);
         CHECK(blanks(base) > blanks(changed));  // of both documents
       }},
      {"pretrain", "--workers", with(small, {"--shards", "2"}),
       with(small, {"--shards", "2", "--workers", "2"}),
       [](auto& base, auto& changed) {
         CHECK(!base.complains("workers share"));
         CHECK(changed.complains("2 workers share the 2 shards of each step"));
         CHECK((changed.weight_bytes() == base.weight_bytes()));
       }},
      {"pretrain", "--threads", with(small, {"--threads", "1"}), with(small, {"--threads", "2"}),
       [](auto& base, auto& changed) {
         CHECK(!base.complains("team of 2"));
         CHECK(changed.complains("team of 2"));
         CHECK((changed.weight_bytes() == base.weight_bytes()));
       },
       0, 0, show_teams},
      {"pretrain", "--json", small, with(small, {"--json"}),
       prints_json({"mlm_loss", "mlm_accuracy", "positions", "nsp_accuracy", "steps", "tokens", "folder"})},
  };
}

}  // namespace gradus::test

TEST_CASE("options: pretrain, each of its steps alone") {
  gradus::test::run_table(gradus::test::pretrain_step_rows());
}

TEST_CASE("options: pretrain, each of its course alone") {
  gradus::test::run_table(gradus::test::pretrain_course_rows());
}
