// What the exercises of chapter 12 are held to.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "autograd/autograd.hpp"
#include "exercise.hpp"
#include "hiding.hpp"
#include "tutorials/support/check.hpp"

namespace {

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::masked;

void shares(Check& check) {
  const Expected few = expected_shares(0.15, 4), all = expected_shares(1, 10);
  check.close("15 % chosen: the share of [MASK]", few.as_mask, 0.12,
              "80 % of the chosen ones, which are 15 % of all");
  check.close("every word chosen: the share of [MASK]", all.as_mask, 0.8,
              "it depends on the fraction that is chosen");
  check.close(
      "15 % chosen, 4 words: changed to another word", few.changed, 0.15 * 0.1 * 0.75,
      "10 % of the chosen ones become a random word: one draw decides between the three outcomes, so it is "
      "10 % of all chosen and not of those that are no [MASK]; and a random one of 4 words is the right "
      "word itself in 1 of 4 draws: then it is not changed");
  check.close("every word chosen, 10 words: changed to another word", all.changed, 0.09,
              "of ten words nine are other ones");
  check.close(
      "4 words: seen, and right", few.right, 0.625,
      "of 20 that are seen, 10 were left as they are, and of the 10 random ones a quarter is right by "
      "chance: a share of those 20, not of all");
  check.close("10 words: seen, and right", all.right, 0.55, "(10 + 1) of 20");
  // A simulation, so that the formulas are not taken on trust: 2000 rows of 50 words.
  Rng rng(1);
  int64_t masks = 0, changed = 0;
  Row row(50);
  for (int64_t i = 0; i < 2000; ++i) {
    for (int64_t& id : row) id = signs + static_cast<int64_t>(rng.below(word_count));
    const Hidden hidden = hide(row, rng, {.fraction = 0.4});
    for (size_t k = 0; k < hidden.places.size(); ++k) {
      const int64_t seen = hidden.seen[static_cast<size_t>(hidden.places[k])];
      masks += seen == mask_id;
      changed += seen != mask_id && seen != hidden.labels[k];
    }
  }
  const Expected said = expected_shares(0.4, 21);
  check.that("100000 words of the farm, 40 % chosen, agree with it",
             std::abs(said.as_mask - static_cast<double>(masks) / 1e5) < 0.004 &&
                 std::abs(said.changed - static_cast<double>(changed) / 1e5) < 0.003,
             fmt::format("{:.4f} and {:.4f}, where {} and {} of 100000 were counted", said.as_mask,
                         said.changed, masks, changed),
             "the shares above say which one is wrong");
}

void places(Check& check) {
  const std::set<int64_t> some = {0, 1, 2, 3, 4};
  const auto ask = [&](const Row& row, double fraction, uint64_t seed) {
    Rng rng(seed);
    return places_to_guess(row, some, fraction, rng);
  };
  const Row row = {2, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 3};  // ten words between two signs
  bool words_only = true, rising = true;
  std::set<size_t> sizes;
  std::vector<int64_t> times(row.size(), 0);
  std::map<std::pair<int64_t, int64_t>, int64_t> pairs;
  for (uint64_t seed = 0; seed < 4000; ++seed) {
    const std::vector<int64_t> found = ask(row, 0.3, seed);
    sizes.insert(found.size());
    for (size_t i = 0; i < found.size(); ++i) {
      const bool inside = found[i] >= 0 && found[i] < static_cast<int64_t>(row.size());
      words_only = words_only && inside && row[static_cast<size_t>(found[i])] >= 5;
      if (inside) ++times[static_cast<size_t>(found[i])];
      if (i > 0 && found[i] == found[i - 1] + 1) ++pairs[{found[i - 1], found[i]}];
      rising = rising && (i == 0 || found[i] > found[i - 1]);
    }
  }
  check.that("no sign is ever chosen", words_only, "a place of [CLS] or [SEP], or beyond the row",
             "leave out every place whose id is among signs_of before anything is drawn");
  check.equal(
      "three of ten words, always", sizes, std::set<size_t>{3},
      "the number is fixed: round(fraction * words), where signs are no words. A coin for each place gives "
      "another number each time");
  check.that("different places, rising", rising, "a place twice, or out of order",
             "draw without putting back, and sort at the end");
  const auto [least, most] = std::minmax_element(times.begin() + 1, times.end() - 1);
  check.that("each word is chosen as often as any other", *least > 1080 && *most < 1320,
             fmt::format("in 4000 rows, from {} to {} times", *least, *most),
             "about 1200 times each: not the first ones, nor those after a random start or at a fixed step");
  const int64_t together = pairs[{4, 5}];
  check.that("and each pair of words, too", together > 200 && together < 340,
             fmt::format("neighbours 4 and 5 together in {} of 4000 rows", together),
             "about 267 times: places that lie in one run, or never touch, are not a random choice");
  Row longer = row;
  longer.resize(40, 0);
  check.equal("with padding after it: still three", ask(longer, 0.3, 1).size(), size_t{3},
              "padding is no word: it is neither chosen nor counted");
  check.equal("three words, 15 %: at least one", ask({2, 7, 8, 9, 3}, 0.15, 1).size(), size_t{1},
              "0.45 rounds to 0, and a row without a question teaches nothing");
  check.equal("18 words, 15 %: 2.7 is 3", ask(Row(18, 9), 0.15, 1).size(), size_t{3},
              "round to the nearest, not down");
  check.equal("no words, no places", ask({2, 3, 0, 0}, 0.15, 1).size(), size_t{0},
              "a row of signs alone has nothing to guess");
}

void table(Check& check) {
  Rng rng(5);
  const Tensor E = randn({6, 3}, rng, DType::f64), h = randn({4, 3}, rng, DType::f64);
  const Tensor dx = randn({5, 3}, rng, DType::f64), dz = randn({4, 6}, rng, DType::f64);
  const Tensor none_in = zeros({5, 3}, DType::f64), none_out = zeros({4, 6}, DType::f64);
  const Tensor once = tensor<int64_t>({4, 0, 2, 1, 5}), twice = tensor<int64_t>({4, 0, 4, 1, 4});
  const auto wanted = [&](const Tensor& ids, const Tensor& in, const Tensor& out) {
    const Tensor leaf = E.clone().requires_grad();
    (sum(embedding(leaf, ids) * in) + sum(matmul(h, leaf.transpose(0, 1)) * out)).backward();
    return leaf.grad();
  };
  check.close(
      "as scores alone (dx = 0)", table_gradient(6, once, none_in, h, dz), wanted(once, none_in, dz),
      "z = h E^T, so row v of dE is the sum over all rows of dz[., v] times h: dz^T h, [V, m] times [m, H]");
  check.close("as word vectors alone (dz = 0)", table_gradient(6, once, dx, h, none_out),
              wanted(once, dx, none_out),
              "row ids[i] of dE gets dx[i]; a row that is not looked up gets nothing from here");
  check.close("an id three times", table_gradient(6, twice, dx, h, none_out), wanted(twice, dx, none_out),
              "what arrives at one row is added up (chapter 2), not assigned: the last one must not win");
  check.close("both uses", table_gradient(6, twice, dx, h, dz), wanted(twice, dx, dz),
              "the two parts are added, whole: neither their mean, nor one in place of the other");
}

}  // namespace

int main() {
  Checks checks("12_masked_language_modelling");
  checks.exercise("1: how much is what", shares);
  checks.exercise("2: which places, and never padding", places);
  checks.exercise("3: a tied table gets both gradients", table);
  return checks.finish();
}
