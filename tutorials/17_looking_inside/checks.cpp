// What the exercises of chapter 17 are held to.
#include "autograd/autograd.hpp"
#include "exercise.hpp"
#include "tutorials/support/check.hpp"

namespace {

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::looking_inside;

/// Sentences of three tokens, of which the first looks: its weights on the second and the third, for each
/// sentence and head.
Observed seen_by(const std::vector<std::vector<std::pair<double, double>>>& sentences) {
  const auto count = static_cast<int64_t>(sentences.size()),
             heads = static_cast<int64_t>(sentences[0].size());
  Observed seen{zeros({count, heads, 3, 3}, DType::f64), {}, {}, {}};
  for (int64_t n = 0; n < count; ++n) {
    for (int64_t a = 0; a < heads; ++a) {
      const auto [second, third] = sentences[static_cast<size_t>(n)][static_cast<size_t>(a)];
      // The other two rows and the columns say the opposite.
      seen.maps.select(0, n).select(0, a).copy_(tensor<double>(
          {1 - second - third, second, third, third, 1 - second - third, second, second, third, 0},
          Shape{3, 3}));
    }
    seen.from.push_back(0);
    seen.right.push_back(1);
    seen.wrong.push_back(2);
  }
  return seen;
}

void choosing(Check& check) {
  using Two = std::vector<std::pair<double, double>>;
  const Two first_finds = {{0.5, 0.1}, {0.1, 0.5}}, second_finds = {{0.1, 0.5}, {0.5, 0.1}};
  const Observed validation = seen_by({first_finds, first_finds, second_finds}),
                 test = seen_by({first_finds, second_finds, second_finds, second_finds});
  const ChosenHead got = choose_head(validation, test);
  check.equal(
      "head 0 finds two of three, head 1 one of three", got.head, 0,
      "the choice is made on the validation, whatever the test says: there head 1 finds more. Token q "
      "looks by row q of a map");
  check.close(
      "then head 0's score", got.score, 0.25,
      "of the test, where the chosen head finds one sentence in four: the two thirds that made it the "
      "best are no score any more");
  const ChosenHead other = choose_head(test, validation);
  check.equal("the two sets changed over", other.head, 1, "now head 1 finds three of four");
  check.close("then head 1's score", other.score, 1.0 / 3, "one of the three sentences of the test");

  const ChosenHead sure = choose_head(seen_by({{{0.9, 0.0}, {0.3, 0.2}}, {{0.1, 0.2}, {0.3, 0.2}}}),
                                      seen_by({{{0.9, 0.1}, {0.2, 0.6}}}));
  check.equal("head 0 is very sure of one sentence, head 1 finds both", sure.head, 1,
              "sentences are counted; how large a weight is does not matter, only which of two is larger");
  check.close("head 1 misses the only sentence of the test", sure.score, 0.0,
              "the score is that of the chosen head, not the best on the test");
  const ChosenHead elsewhere =
      choose_head(seen_by({{{0.1, 0.2}, {0.2, 0.1}}}), seen_by({{{0.2, 0.2}, {0.2, 0.1}}, {{0, 0}, {0, 0}}}));
  check.equal("most of the look goes elsewhere", elsewhere.head, 1,
              "the right place against the wrong one; other places do not count");
  check.close("0.2 against 0.1, and 0 against 0", elsewhere.score, 0.75, "equal looks are half a find");
  check.equal("two heads that find as many", choose_head(seen_by({{{0.2, 0.1}, {0.3, 0.1}}}), test).head, 0,
              "of equal ones the first");

  // Nouns at places 0 and 1, "it" at 2, the adjective at 3. Noun 1 looks at the adjective in head 0 of this
  // layer, and "it" looks at noun 1 in head 1.
  Observed hops{zeros({1, 2, 4, 4}, DType::f64), {1}, {3}, {0}};
  hops.maps.select(1, 0).select(1, 1).copy_(tensor<double>({0.1, 0.1, 0.1, 0.7}));
  hops.maps.select(1, 1).select(1, 2).copy_(tensor<double>({0.1, 0.6, 0.2, 0.1}));
  check.equal("from a noun to the adjective, rather than to the other noun", choose_head(hops, hops).head, 0,
              "row 1 of a map is where token 1 looks");
  hops.from = {2}, hops.right = {1}, hops.wrong = {0};
  check.equal("from \"it\" to one noun, rather than to the other", choose_head(hops, hops).head, 1,
              "row 2 of a map is where token 2 looks");
}

void taking_away(Check& check) {
  // Two heads of two numbers, one token each in two sentences; W_o passes them on, and doubles the second's.
  const Tensor each = tensor<double>({1, 2, 3, 4, 5, 6, 7, 8}, Shape{2, 2, 1, 2});
  const Tensor wo = tensor<double>({1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 1, 0, 0, 0, 2}, Shape{4, 4}),
               bo = tensor<double>({0, 0, 0, 9});
  const std::string hint =
      "what the head has gathered is 0 then: not a mean, the others are not made larger, and the bias b_o, "
      "which is nobody's, stays";
  check.close("without the first head", without_head(each, 0, wo, bo),
              tensor<double>({0, 0, 10, 17, 0, 0, 22, 25}, Shape{2, 1, 4}), hint);
  check.close("without the second head", without_head(each, 1, wo, bo),
              tensor<double>({1, 2, 0, 9, 5, 6, 0, 9}, Shape{2, 1, 4}), hint);
  check.close("what was given, afterwards", each, tensor<double>({1, 2, 3, 4, 5, 6, 7, 8}, Shape{2, 2, 1, 2}),
              "the heads' own numbers were changed: take a copy, or the head is gone for ever");
  check.close("W_o, afterwards", wo,
              tensor<double>({1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 1, 0, 0, 0, 2}, Shape{4, 4}),
              "W_o itself was changed: take a copy, or the head is gone for ever");
  Rng rng(3);
  const Tensor many = randn({2, 3, 4, 2}, rng, DType::f64), w = randn({5, 6}, rng, DType::f64),
               b = randn({5}, rng, DType::f64);
  Tensor columns = w.clone();
  columns.slice(1, 2, 4).fill_(0);
  check.close("random numbers, three heads, four tokens", without_head(many, 1, w, b),
              linear(many.transpose(1, 2).reshape({2, 4, 6}), columns, b),
              "side by side means that the numbers of one token's heads stand in one row: [B, A, S, D] has "
              "the heads before the tokens");
}

void luck(Check& check) {
  const Luck same = left_by_luck(10, 10), other = left_by_luck(2, 10);
  check.close("ten animals and ten foods, the kind known", same.of_the_kind, 0.1,
              "whichever kind it is, one of ten is right");
  check.close(
      "two animals and ten foods, the kind known", other.of_the_kind, 0.3,
      "half of the sentences have one chance in two, half one in ten: the mean of the two chances, not "
      "the chance among the mean number of nouns");
  check.close("two animals and ten foods, the two nouns known", other.of_the_two, 0.5,
              "a sentence has two nouns, one of them is right, however many there are elsewhere");
  check.close("two animals and ten foods, nothing known", other.of_all, 1.0 / 12,
              "one of twelve is right in every sentence, whatever its kind");
  check.close("ten animals and ten foods, nothing known", same.of_all, 0.05, "one of twenty");
}

void arriving(Check& check) {
  const Tensor maps = tensor<double>({0.25, 0.75, 0.5, 0.5, 1, 0, 0.5, 0.5}, Shape{2, 2, 2});
  // Head 0: values (3, 4) and (0, 0). Head 1: (1, 0) and (0, 2), and W_o throws its first number away.
  const Tensor values = tensor<double>({3, 4, 0, 0, 1, 0, 0, 2}, Shape{2, 2, 2});
  const Tensor wo = tensor<double>({1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, -3}, Shape{3, 4});
  const Tensor got = what_arrives(maps, values, wo);
  check.equal("the shape for two heads and two tokens", got.shape(), Shape{2, 2, 2},
              "a number for each head and each pair of tokens");
  check.close(
      "head 0: values (3, 4) and (0, 0)", got.select(0, 0), tensor<double>({1.25, 0, 2.5, 0}, Shape{2, 2}),
      "0.25 times (3, 4) is 1.25 long; of a value of zeros nothing arrives, however large its weight. "
      "Row q is who looks, column k whose value it is");
  check.close("head 1: W_o throws its first number away", got.select(0, 1),
              tensor<double>({0, 0, 0, 3}, Shape{2, 2}),
              "after W_o (1, 0) is (0, 0, 0), and (0, 2) is (0, 0, -6): a head's own columns of W_o, and the "
              "length after them, which is never below 0");
  Rng rng(5);
  const Tensor m = softmax(randn({3, 4, 4}, rng, DType::f64)), v = randn({3, 4, 2}, rng, DType::f64),
               w = randn({5, 6}, rng, DType::f64);
  std::vector<double> lengths;
  for (int64_t a = 0; a < 3; ++a)
    for (int64_t q = 0; q < 4; ++q)
      for (int64_t k = 0; k < 4; ++k) {
        double square = 0;
        for (int64_t h = 0; h < 5; ++h) {
          double one = 0;
          for (int64_t d = 0; d < 2; ++d) one += w.at({h, 2 * a + d}) * v.at({a, k, d});
          square += one * one;
        }
        lengths.push_back(m.at({a, q, k}) * std::sqrt(square));
      }
  check.close("random numbers, three heads, four tokens", what_arrives(m, v, w),
              tensor(lengths, Shape{3, 4, 4}),
              "the root of the sum of the squares, times the weight (not its square)");
}

}  // namespace

int main() {
  Checks checks("17_looking_inside");
  checks.exercise("1: choose a head, score it on others", choosing);
  checks.exercise("2: without a head, and what luck leaves", [](Check& check) {
    taking_away(check);
    luck(check);
  });
  checks.exercise("3: a map that misleads", arriving);
  return checks.finish();
}
