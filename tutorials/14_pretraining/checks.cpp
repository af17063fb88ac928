// What the exercises of chapter 14 are held to.
#include <numeric>

#include "exercise.hpp"
#include "learning.hpp"
#include "tutorials/support/check.hpp"

namespace {

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::pretraining;

const Reading& reading() {
  static const Reading one = read_stories(300);
  return one;
}

/// One layer of 32 numbers a token.
bert::BertForPreTraining tiny_bert(uint64_t seed, DType dtype) {
  bert::Config config;
  config.vocab_size = reading().tokenizer.vocab().size();
  config.hidden_size = 32;
  config.num_hidden_layers = 1;
  config.num_attention_heads = 4;
  config.intermediate_size = 64;
  config.max_position_embeddings = 24;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0;
  config.initializer_range = 0.1;
  Rng rng(seed);
  bert::BertForPreTraining model(config, rng);
  model.to(dtype);
  return model;
}

// ---- Overfit one batch ----

enum class Mistake { none, gradients_stay, no_clipping, new_optimiser, no_backward, after_the_step };

/// The losses of a loop with one mistake, or with none.
std::vector<double> losses_with(Mistake mistake, const bert::BertForPreTraining& model,
                                const bert::PretrainingBatch& batch, int64_t steps, double rate) {
  auto optimizer = std::make_unique<nn::AdamW>(model, nn::AdamOptions{.lr = rate});
  std::vector<double> losses;
  for (int64_t step = 0; step < steps; ++step) {
    if (mistake == Mistake::new_optimiser)
      optimizer = std::make_unique<nn::AdamW>(model, nn::AdamOptions{.lr = rate});
    if (mistake != Mistake::gradients_stay) optimizer->zero_grad();
    const Tensor loss = model.loss(batch).loss;
    if (mistake != Mistake::no_backward) loss.backward();
    losses.push_back(loss.item());
    if (mistake == Mistake::no_clipping) {
      optimizer->step();
    } else if (mistake != Mistake::no_backward) {
      optimizer->clipped_step(1.0);
    }
    if (mistake == Mistake::after_the_step) losses.back() = model.loss(batch).loss.item();
  }
  return losses;
}

bool same(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::abs(a[i] - b[i]) > 1e-6) return false;
  }
  return true;
}

void overfitting(Check& check) {
  constexpr int64_t steps = 60;
  constexpr double rate = 0.01;
  const auto data = rows_of(reading().training, reading(), 22);
  const bert::PretrainingBatch batch = Batches(*data).next(8);
  const auto wanted = [&](Mistake mistake) {
    return losses_with(mistake, tiny_bert(1, DType::f64), batch, steps, rate);
  };
  const std::vector<double> right = wanted(Mistake::none);
  const bert::BertForPreTraining model = tiny_bert(1, DType::f64);
  const std::vector<double> got = overfit(model, batch, steps, rate);
  check.equal("sixty steps: how many losses", static_cast<int64_t>(got.size()), steps,
              "one for each step, and no more");
  if (got.size() != static_cast<size_t>(steps)) return;
  check.that("the losses are those before the steps", !same(got, wanted(Mistake::after_the_step)),
             "those after them",
             "item() of the loss that backward() was called on, not of one that is computed after the step");
  check.close("the first loss", got[0], right[0],
              "that of the model as it came: the mean over the words plus the mean over the pairs, each "
              "once; with words "
              "alone the pairs would stay at ln 2 for ever");
  check.that("something is learnt", !same(got, wanted(Mistake::no_backward)), "the same loss again and again",
             "backward() makes the gradient, and the optimiser's step moves the weights; both are needed");
  check.that("old gradients are gone", !same(got, wanted(Mistake::gradients_stay)),
             "the losses of a loop that never clears them",
             "backward() adds to what is there: zero_grad() before it, in every step");
  check.that("one optimiser for all steps", !same(got, wanted(Mistake::new_optimiser)),
             "the losses of a loop that makes an optimiser in each step",
             "its moments remember the steps before: make it once, before the loop");
  check.that("long gradients are shortened", !same(got, wanted(Mistake::no_clipping)),
             "the losses of a loop without clipping", "clipped_step(1.0) in place of step()");
  check.close("the second loss", got[1], right[1],
              "one step of nn::AdamW with the given rate, on the same batch");
  check.close("the sixth loss", got[5], right[5],
              "every step on the same batch and with the same rate: nothing rises or falls here");
  // By then the gradient is shorter than 1, and is to be taken as it is: Adam alone would not notice another
  // bound as long as every gradient is cut to it.
  check.close(
      "the sixtieth loss", got[59], right[59],
      "a gradient is shortened where its length is above 1, to 1, and left alone else: clipped_step(1.0)");
  const std::vector<double> many = overfit(tiny_bert(2, DType::f32), batch, 120, rate);
  check.that("120 steps on 8 rows", !many.empty() && many.back() < 0.1,
             fmt::format("a loss of {:.2f} at the end", many.empty() ? 0 : many.back()),
             "one batch can be learnt by heart, so the loss must come near 0");
}

// ---- Resume ----

Run fresh_run(uint64_t seed) {
  const bert::BertForPreTraining model = tiny_bert(seed, DType::f32);
  return {model, nn::AdamW(model, {.lr = 0.01}), Rng(seed + 10), 0};
}

/// One step: rows by chance, a rate that falls with the steps.
void advance(Run& run, const bert::PretrainingData& data) {
  static const bert::EpochPlan plan = data.plan_epoch(0);
  const auto row = static_cast<int64_t>(run.rng.below(static_cast<uint64_t>(plan.size() - 4)));
  run.optimizer.zero_grad();
  run.model.loss(data.batch(plan, row, 4)).loss.backward();
  run.optimizer.set_learning_rate(0.01 / static_cast<double>(1 + run.step));
  run.optimizer.clipped_step(1.0);
  ++run.step;
}
void advance(Run& run, const bert::PretrainingData& data, int steps) {
  for (int i = 0; i < steps; ++i) advance(run, data);
}

/// All numbers of a state, one after the other.
std::vector<double> numbers(const nn::StateDict& state) {
  std::vector<double> all;
  for (const auto& [name, tensor] : state) {
    const std::vector<double> some = tensor.to(DType::f64).to_vector<double>();
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

void resuming(Check& check) {
  const auto data = rows_of(reading().training, reading(), 22);
  Run run = fresh_run(1);
  advance(run, *data, 3);
  const SavedRun from = saved(run);
  const std::vector<double> weights = numbers(run.model.state_dict()),
                            moments = numbers(run.optimizer.state_dict());
  const Rng::State state = run.rng.state();
  check.that("saved: the weights", numbers(from.weights) == weights, "others, or none", "model.state_dict()");
  check.that("saved: the moments", numbers(from.moments) == moments, "others, or none",
             "optimizer.state_dict(), in which its own count of steps stands, too");
  check.that(
      "saved: the random state", from.rng == state, "another one",
      "rng.state() as it is now: a generator that begins again draws the rows of the first steps again");
  check.equal("saved: the step", from.step, int64_t{3}, "the finished steps; the rate follows from them");
  advance(run, *data, 3);
  check.that("saved, while the run goes on",
             numbers(from.weights) == weights && numbers(from.moments) == moments,
             "numbers that have changed with the run",
             "state_dict() shares memory with its owner: clone() each tensor");

  // Another run with a past of its own, made to go on with what was saved.
  SavedRun kept = from;
  kept.rng = state;
  kept.step = 3;
  Run other = fresh_run(2);
  advance(other, *data, 2);
  resume(other, kept);
  check.that("resumed: the weights", numbers(other.model.state_dict()) == numbers(kept.weights), "others",
             "model.load_state_dict");
  check.that(
      "resumed: the moments", numbers(other.optimizer.state_dict()) == numbers(kept.moments), "others",
      "optimizer.load_state_dict: without them Adam starts anew, and the next steps are of another size");
  check.that("resumed: the random state", other.rng.state() == state, "another one",
             "Rng::from_state: else the next rows and masks are others");
  check.equal("resumed: the step", other.step, int64_t{3}, "else the rate is that of another step");
  advance(other, *data, 3);
  check.that("three steps later, the run that went on and the one resumed",
             numbers(other.model.state_dict()) == numbers(run.model.state_dict()), "other bits",
             "the checks above say what was not put back");
}

// ---- Two neighbours ----

void neighbours(Check& check) {
  // 0 the, 1 cat, 2 sat, 3 dog, 4 ran
  const std::vector<std::vector<int64_t>> text = {{0, 1, 2}, {0, 3, 4}, {0, 1, 4}, {1, 2}, {3, 3, 4}};
  const auto asked = [&](int64_t left, int64_t right) {
    std::vector<double> p = between(text, 5, left, right);
    p.resize(5);
    return p;
  };
  const auto row = [](const std::vector<double>& p) { return tensor(p, Shape{5}); };
  const std::vector<double> frequency = {4 / 19.0, 4 / 19.0, 3 / 19.0, 4 / 19.0, 4 / 19.0};
  const auto from = [&](const std::vector<double>& times, double all) {  // p(w | neighbour)
    std::vector<double> p(5);
    for (size_t w = 0; w < 5; ++w) p[w] = (times[w] + frequency[w]) / (all + 1);
    return p;
  };
  const std::vector<double> after_0 = from({0, 2, 0, 1, 0}, 3), before_2 = from({0, 2, 0, 0, 0}, 2),
                            before_4 = from({0, 1, 0, 2, 0}, 3);
  const auto both = [&](const std::vector<double>& left, const std::vector<double>& right) {
    std::vector<double> p(5);
    double sum = 0;
    for (size_t w = 0; w < 5; ++w) sum += p[w] = left[w] * right[w] / frequency[w];
    for (double& one : p) one /= sum;
    return p;
  };
  check.equal("how many probabilities", static_cast<int64_t>(between(text, 5, 0, 2).size()), int64_t{5},
              "one for each word of the vocabulary");
  check.close("nothing known", row(asked(-1, -1)), row(frequency),
              "without neighbours it is p(w) = (n(w) + 1) / (N + vocabulary): p(w) p(w) / p(w)");
  check.close("after 'the'", row(asked(0, -1)), row(both(after_0, frequency)),
              "n(l, w) counts w right AFTER l; an unknown right neighbour cancels against p(w)");
  check.close("before 'ran'", row(asked(-1, 4)), row(both(frequency, before_4)),
              "for the right neighbour count the words right BEFORE it");
  check.close(
      "after 'sat', which ends its sentences", row(asked(2, -1)), row(frequency),
      "nothing stands after it: sentences are not joined, and what was never seen falls back on p(w)");
  const std::vector<double> p = asked(0, 4);
  check.close("'the' ... 'ran': the sum", std::accumulate(p.begin(), p.end(), 0.0), 1,
              "divide by the sum over all words, so that it is a probability");
  check.close("'the' ... 'ran'", row(p), row(both(after_0, before_4)),
              "both neighbours multiplied, and p(w) divided out once: else frequent words are counted twice");
  check.close("'the' ... 'sat'", row(asked(0, 2)), row(both(after_0, before_2)),
              "the share of what was never seen is p(w), not 0: one 0 would settle the product");
}

}  // namespace

int main() {
  Checks checks("14_pretraining");
  checks.exercise("1: overfit one batch", overfitting);
  checks.exercise("2: resume bit for bit", resuming);
  checks.exercise("3: the bar of two neighbours", neighbours);
  return checks.finish();
}
