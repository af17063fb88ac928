// What the exercises of chapter 13 are held to.
#include <cmath>

#include "autograd/autograd.hpp"
#include "exercise.hpp"
#include "judging.hpp"
#include "pairs.hpp"
#include "tutorials/support/check.hpp"

namespace {

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::next_sentence;

void shares(Check& check) {
  const Expected some = expected_shares(20, 80, 0.1, 6), none = expected_shares(0, 50, 0, 2);
  check.close("20 lonely stories, 80 others: random without care", some.careless, 0.6,
              "the 20 have no true B: the coin is not asked, all 20 are random, and 40 of the 80; a share of "
              "all 100");
  check.close("no lonely story: random without care", none.careless, 0.5, "then the coin alone decides");
  check.close(
      "one draw in ten reads like the true B: random with care", some.careful, 0.45,
      "where the coin says random, one in ten becomes a true pair: they leave one half of the share for the "
      "other, and lonely stories make no pair at all, so they have no part in it");
  check.close("no draw reads like the true B: random with care", none.careful, 0.5,
              "then the coin alone decides");
  check.close("six names: right verdicts", some.right, 11.0 / 12,
              "the true half is all right; of the random half, one in six has the same name by chance and is "
              "taken for "
              "true");
  check.close("two names: right verdicts", none.right, 0.75, "half of the random half is wrong");
  // Counted, so that the formulas are not taken on trust.
  const std::vector<Story> all = stories(20000, 31);
  Rng rng(32);
  const auto random = [](const std::vector<Pair>& pairs) {
    double count = 0;
    for (const Pair& pair : pairs) count += pair.label == is_random;
    return count / static_cast<double>(pairs.size());
  };
  const double counted = random(pairs_of(all, false, rng));
  const auto lonely = std::count_if(all.begin(), all.end(), [](const Story& s) { return s.size() == 1; });
  const double said = expected_shares(lonely, static_cast<int64_t>(all.size()) - lonely, 0, 6).careless;
  check.that("20000 stories of the chapter agree with it", std::abs(said - counted) < 0.02,
             fmt::format("{:.3f}, where {:.3f} was counted", said, counted),
             "the shares above say which one is wrong");
}

void loss(Check& check) {
  constexpr int64_t none = -100;
  const Tensor nothing_known = zeros({4, 2}, DType::f64);
  const Tensor both = tensor<int64_t>({0, 1, 1, 0}), some = tensor<int64_t>({none, 0, 1, none});
  Rng rng(7);
  const Tensor logits = randn({4, 2}, rng, DType::f64) * 2;
  const auto wanted = [](const Tensor& z, const Tensor& labels) {
    const Tensor leaf = z.clone().requires_grad();
    const Tensor mean_loss = verdict_loss(leaf, labels);
    mean_loss.backward();
    return LossAndGradient{mean_loss.item(), leaf.grad()};
  };
  check.close(
      "nothing known: the loss", loss_and_gradient(nothing_known, both).loss, std::log(2.0),
      "both answers have p = 1/2, so it is ln 2 = 0.6931 (the natural logarithm), and the mean of four such "
      "rows, not their sum");
  check.close(
      "nothing known: the gradient", loss_and_gradient(nothing_known, both).gradient,
      tensor<double>({-0.125, 0.125, 0.125, -0.125, 0.125, -0.125, -0.125, 0.125}, Shape{4, 2}),
      "p less 1 at the label, p at the other, and divided by the 4 rows: the score of the right label has to "
      "rise, so its derivative is below 0");
  check.close("four labels: the loss", loss_and_gradient(logits, both).loss, wanted(logits, both).loss,
              "p(label) = e^z[label] / (e^z[0] + e^z[1]) within its row; label 0 belongs to the first score");
  check.close("four labels: the gradient", loss_and_gradient(logits, both).gradient,
              wanted(logits, both).gradient,
              "of each row (p - 1 at the label, p at the other), divided by the 4 rows");
  check.close(
      "two labels of four: the loss", loss_and_gradient(logits, some).loss, wanted(logits, some).loss,
      "a row without a label does not count, above and below the line: divide by 2; and label 0 is a label");
  check.close("two labels of four: the gradient", loss_and_gradient(logits, some).gradient,
              wanted(logits, some).gradient,
              "a row without a label has the gradient 0; the others are divided by the 2 that have one");
}

void whole(Check& check) {
  Rng rng(8);
  const Tensor words = randn({6, 5}, rng, DType::f64), pairs = randn({4, 2}, rng, DType::f64);
  const Tensor asked = tensor<int64_t>({0, 3, 0, 0, 1, 0});
  const auto loss_of = [&](const Tensor& w, const Tensor& p, const Tensor& labels) {
    return whole_loss(w, asked, p, labels);
  };
  const auto right = [&](const Tensor& w, const Tensor& p, const Tensor& labels) {
    return verdict_loss(w, asked, 0) + verdict_loss(p, labels);
  };
  const Tensor ones = tensor<int64_t>({1, 1, 1, 1}), zero = tensor<int64_t>({0, 0, 0, 0}),
               mixed = tensor<int64_t>({0, 1, 1, 0});
  check.close(
      "all pairs random", loss_of(words, pairs, ones).item(), right(words, pairs, ones).item(),
      "two means, added: over the 2 words that are asked (labels that are 0 are left out), and over all 4 "
      "pairs; not one mean over everything, nor half of the sum");
  check.close("pairs of both kinds", loss_of(words, pairs, mixed).item(), right(words, pairs, mixed).item(),
              "a pair's label 0 means 'is next': leaving out 0 is a rule for the words alone");
  check.close("all pairs true", loss_of(words, pairs, zero).item(), right(words, pairs, zero).item(),
              "four pairs with the label 0 are four questions");
  const auto gradients = [&](const auto& loss) {
    const Tensor w = words.clone().requires_grad(), p = pairs.clone().requires_grad();
    loss(w, p, mixed).backward();
    return std::pair{w.grad(), p.grad()};
  };
  const auto [w, p] = gradients(loss_of);
  const auto [right_w, right_p] = gradients(right);
  check.close("the gradient by the words", w, right_w, "a place that is not asked has the gradient 0");
  check.close("the gradient by the pairs", p, right_p, "every pair has a gradient, whatever its label");
}

}  // namespace

int main() {
  Checks checks("13_next_sentence");
  checks.exercise("1: why not exactly half", shares);
  checks.exercise("2: the first loss is ln 2", loss);
  checks.exercise("3: one ignored label for two losses", whole);
  return checks.finish();
}
