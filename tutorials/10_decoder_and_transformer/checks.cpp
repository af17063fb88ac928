// Chapter 10: checks of the exercises.
#include <limits>

#include "exercise.hpp"
#include "training.hpp"
#include "tutorials/support/check.hpp"

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::translation;

namespace {

Tensor seen(const Tensor& mask) { return mask.to(DType::f64); }

void mask(Check& check) {
  const Tensor square = newest_may_see(3, 3);
  check.equal("its dtype", std::string(square.defined() ? name(square.dtype()) : "no tensor at all"),
              std::string(name(DType::boolean)),
              "a comparison gives bool: a mask is true or false, not 1 or 0");
  if (!check.passed()) return;
  check.close("[3, 3]: each place sees itself and the past", seen(square),
              tensor<double>({1, 0, 0, 1, 1, 0, 1, 1, 1}, Shape{3, 3}),
              "1 in row i, column j means: i may look at j, and it may when j is not after i. A 1 above the "
              "diagonal "
              "is a leak; a 0 on it keeps a place from seeing itself");
  check.close("[1, 4]: one new place sees all four", seen(newest_may_see(1, 4)), ones({1, 4}, DType::f64),
              "row 0 is not place 0 here: it is place T - S");
  check.close("[2, 4]: the last two", seen(newest_may_see(2, 4)),
              tensor<double>({1, 1, 1, 0, 1, 1, 1, 1}, Shape{2, 4}), "row i is place T - S + i");
}

/// Random probabilities over five characters that depend on the prefix.
std::vector<double> babble(const std::vector<int64_t>& prefix) {
  uint64_t seed = 17;
  for (const int64_t id : prefix) seed = seed * 31 + static_cast<uint64_t>(id) + 1;
  Rng rng(seed);
  return log_softmax(randn({5}, rng, DType::f64) * 1.5).to_vector<double>();
}

/// The greatest log p of all texts of babble that begin with `prefix`, whose own is `log_p`, by trying them
/// all.
double greatest(const std::vector<int64_t>& prefix, double log_p, size_t limit) {
  if (prefix.size() == limit) return log_p;
  double best = -std::numeric_limits<double>::infinity();
  const std::vector<double> next = babble(prefix);
  for (int64_t id = 0; id < 5; ++id) {
    const double longer = log_p + next[static_cast<size_t>(id)];
    std::vector<int64_t> ids = prefix;
    ids.push_back(id);
    best = std::max(best, id == 4 ? longer : greatest(ids, longer, limit));
  }
  return best;
}

void beam(Check& check) {
  const Text one = beam_by_hand(two_letters, 1, 2, 5), two = beam_by_hand(two_letters, 2, 2, 5);
  check.equal(
      "a beam of 1 is greedy: aa", one.ids, std::vector<int64_t>{0, 0},
      "with one prefix only the likeliest next character stays, and the sign of the end is no character");
  check.equal("a beam of 2 finds b", two.ids, std::vector<int64_t>{1},
              "keep both a and b after the first step; p(b>) = 0.45 x 0.9");
  check.close("its log p holds the end", two.log_p, std::log(0.45 * 0.9),
              "add the log p of every character and of the end");
  check.that("it is ended", two.ended, "ended is false", "a text whose last character is `end` is ended");
  const Text long_greedy = greedy_by_hand(babble, 4, 6), long_one = beam_by_hand(babble, 1, 4, 6);
  check.equal("greedy = beam of 1, on five characters", long_one.ids, long_greedy.ids,
              "an ended text stays as it is and competes with the longer ones");
  check.close("and with the same log p", long_one.log_p, long_greedy.log_p, "add each log p once");
  check.close("a beam of everything finds the likeliest of all texts",
              beam_by_hand(babble, 100000, 4, 3).log_p, greatest({}, 0, 3),
              "the greatest log p of all at the end, of short texts and long ones alike: ended texts stay in "
              "the beam, "
              "and the search goes on with the others");
  const double few = beam_by_hand(babble, 3, 4, 3).log_p;
  check.that("no beam finds more than that", few <= greatest({}, 0, 3) + 1e-12,
             fmt::format("log p {} with 3 beams, {} is the greatest", few, greatest({}, 0, 3)),
             "log p is a sum, not a mean");
}

void loss(Check& check) {
  const Tensor target = tensor<int64_t>({1, 7, 8, 2, 0, 1, 9, 2, 0, 0}, Shape{2, 5});
  const Pair pair = given_and_wanted(target);
  check.close(
      "what is given", pair.given.to(DType::f64), tensor<double>({1, 7, 8, 2, 1, 9, 2, 0}, Shape{2, 4}),
      "the decoder is given the beginning: begin stays, and the last place, which it has to say, goes");
  check.close(
      "what is wanted", pair.wanted.to(DType::f64), tensor<double>({7, 8, 2, 0, 9, 2, 0, 0}, Shape{2, 4}),
      "at each place the character after the one that is given; if it is the same one, the model only "
      "learns to repeat");
  // With logits of 0 for all of V = 4 ids each log p is -log 4, whatever the padding.
  const Tensor wanted = tensor<int64_t>({3, 1, 2, 0, 1, 0, 0, 0}, Shape{2, 4});
  check.close("all alike: log 4", loss_without_padding(zeros({2, 4, 4}, DType::f64), wanted).item(),
              std::log(4),
              "a loss is positive; divide by the number of characters, which is 4 here, and not the 8 places "
              "or the 2 "
              "texts");
  Rng rng(5);
  const Tensor logits = randn({2, 4, 4}, rng, DType::f64);
  const double mine = loss_without_padding(logits, wanted).item();
  const double with_padding = -mean(gather(log_softmax(logits), 2, wanted.unsqueeze(2))).item();
  check.close(
      "random logits", mine, loss_of(logits, wanted).item(),
      std::abs(mine - with_padding) < 1e-9
          ? "the 4 places with padding are counted: they are no characters"
          : "one sum over all characters of the batch, divided by one count: a mean of each row's mean "
            "would be " +
                fmt::format("{:.4f}", loss_of(logits, wanted, Averaging::mean_of_means).item()));
  if (!check.passed() || Check::quick()) return;  // what follows trains for some seconds

  Rng init(1);
  const nn::Transformer model(small_model(), init);
  const Data data(1);
  train(model, data.known, {.steps = 500}, [&](const Batch& batch) {
    const Pair lesson = given_and_wanted(batch.target);
    return loss_without_padding(model(batch.source, lesson.given), lesson.wanted);
  });
  Rng order(5);
  const double exact = exact_match(model, data.unseen, batch_of(data.unseen, order).source);
  check.that("a Transformer trained with them writes 99 % of 500 unseen dates exactly", exact >= 0.99,
             fmt::format("{:.1f} %", 100 * exact),
             "the two functions passed alone: has anything else changed?");
}

}  // namespace

int main() {
  Checks checks("10_decoder_and_transformer");
  checks.exercise("1: the causal mask, off by nothing", mask);
  checks.exercise("2: greedy is a beam of 1", beam);
  checks.exercise("3: a loss that leads to 99 % exact", loss);
  return checks.finish();
}
