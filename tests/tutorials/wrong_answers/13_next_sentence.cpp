// What readers may answer in chapter 13, wrong and right.
#include "tutorials/13_next_sentence/exercise.hpp"

#include "tests/tutorials/wrong_answers/answers.hpp"

#define expected_shares right_expected_shares
#define loss_and_gradient right_loss_and_gradient
#define whole_loss right_whole_loss
#include "tutorials/13_next_sentence/solution.cpp"
#undef expected_shares
#undef loss_and_gradient
#undef whole_loss

namespace gradus::tutorials::next_sentence {
namespace {

const Answers<decltype(expected_shares)> shares(
    1, right_expected_shares,
    {{"the coin is asked always", "the coin is not asked",
      [](int64_t lonely, int64_t others, double alike, int64_t names) {
        Expected wrong = right_expected_shares(lonely, others, alike, names);
        wrong.careless = 0.5;
        return wrong;
      }},
     {"lonely stories count as true", "all 20 are random",
      [](int64_t lonely, int64_t others, double alike, int64_t names) {
        Expected wrong = right_expected_shares(lonely, others, alike, names);
        wrong.careless = 1 - wrong.careless;
        return wrong;
      }},
     {"a number, not a share", "a share of all 100",
      [](int64_t lonely, int64_t others, double alike, int64_t names) {
        Expected wrong = right_expected_shares(lonely, others, alike, names);
        wrong.careless *= static_cast<double>(lonely + others);
        return wrong;
      }},
     {"what reads alike stays random", "one in ten becomes a true pair",
      [](int64_t lonely, int64_t others, double alike, int64_t names) {
        Expected wrong = right_expected_shares(lonely, others, alike, names);
        wrong.careful = 0.5;
        return wrong;
      }},
     {"what reads alike is thrown away", "becomes a true pair",
      [](int64_t lonely, int64_t others, double alike, int64_t names) {
        Expected wrong = right_expected_shares(lonely, others, alike, names);
        wrong.careful = (1 - alike) / (2 - alike);
        return wrong;
      }},
     {"lonely stories among the careful pairs", "they have no part in it",
      [](int64_t lonely, int64_t others, double alike, int64_t names) {
        Expected wrong = right_expected_shares(lonely, others, alike, names);
        wrong.careful *= static_cast<double>(others) / static_cast<double>(lonely + others);
        return wrong;
      }},
     {"names tell all", "one in six has the same name by chance",
      [](int64_t lonely, int64_t others, double alike, int64_t names) {
        Expected wrong = right_expected_shares(lonely, others, alike, names);
        wrong.right = 1;
        return wrong;
      }},
     {"one in six of all pairs is wrong", "the true half is all right",
      [](int64_t lonely, int64_t others, double alike, int64_t names) {
        Expected wrong = right_expected_shares(lonely, others, alike, names);
        wrong.right = 1 - 1.0 / static_cast<double>(names);
        return wrong;
      }},
     {"counted in halves", accepted, [](int64_t lonely, int64_t others, double alike, int64_t names) {
        const double stories = static_cast<double>(lonely + others), n = static_cast<double>(names);
        return Expected{0.5 + 0.5 * static_cast<double>(lonely) / stories, 0.5 - alike / 2,
                        0.5 + (n - 1) / (2 * n)};
      }}});

const Answers<decltype(loss_and_gradient)> loss(
    2, right_loss_and_gradient,
    {{"in bits", "the natural logarithm",
      [](const Tensor& z, const Tensor& labels) {
        LossAndGradient wrong = right_loss_and_gradient(z, labels);
        wrong.loss /= std::log(2.0);
        return wrong;
      }},
     {"a sum", "not their sum",
      [](const Tensor& z, const Tensor& labels) {
        LossAndGradient wrong = right_loss_and_gradient(z, labels);
        double asked = 0;
        for (int64_t row = 0; row < z.size(0); ++row) asked += labels.at({row}) >= 0;
        return LossAndGradient{wrong.loss * asked, wrong.gradient * asked};
      }},
     {"the gradient is not divided", "divided by the 4 rows",
      [](const Tensor& z, const Tensor& labels) {
        LossAndGradient wrong = right_loss_and_gradient(z, labels);
        double asked = 0;
        for (int64_t row = 0; row < z.size(0); ++row) asked += labels.at({row}) >= 0;
        wrong.gradient = wrong.gradient * asked;
        return wrong;
      }},
     {"up the slope", "its derivative is below 0",
      [](const Tensor& z, const Tensor& labels) {
        LossAndGradient wrong = right_loss_and_gradient(z, labels);
        wrong.gradient = -wrong.gradient;
        return wrong;
      }},
     {"the labels turned round", "label 0 belongs to the first score",
      [](const Tensor& z, const Tensor& labels) {
        LossAndGradient wrong = right_loss_and_gradient(z, labels);
        std::vector<int64_t> other = labels.to_vector<int64_t>();
        for (int64_t& label : other) label = label < 0 ? label : 1 - label;
        wrong.loss = right_loss_and_gradient(z, tensor(other)).loss;
        return wrong;
      }},
     {"divided by all rows", "a row without a label does not count",
      [](const Tensor& z, const Tensor& labels) {
        LossAndGradient wrong = right_loss_and_gradient(z, labels);
        double asked = 0;
        for (int64_t row = 0; row < z.size(0); ++row) asked += labels.at({row}) >= 0;
        const double share = asked / static_cast<double>(z.size(0));
        return LossAndGradient{wrong.loss * share, wrong.gradient * share};
      }},
     {"without a label is label 0", "a row without a label does not count",
      [](const Tensor& z, const Tensor& labels) {
        std::vector<int64_t> other = labels.to_vector<int64_t>();
        for (int64_t& label : other) label = std::max<int64_t>(label, 0);
        return right_loss_and_gradient(z, tensor(other));
      }},
     {"a gradient for every row", "has the gradient 0",
      [](const Tensor& z, const Tensor& labels) {
        LossAndGradient wrong = right_loss_and_gradient(z, labels);
        std::vector<int64_t> other = labels.to_vector<int64_t>();
        for (int64_t& label : other) label = std::max<int64_t>(label, 0);
        wrong.gradient = right_loss_and_gradient(z, tensor(other)).gradient;
        return wrong;
      }},
     {"by softmax and a table of ones", accepted, [](const Tensor& z, const Tensor& labels) {
        const Tensor asked = logical_not(equal(labels, tensor<int64_t>({-100}))).to(z.dtype()).unsqueeze(1);
        const Tensor wanted = equal(tensor<int64_t>({0, 1}).unsqueeze(0), labels.unsqueeze(1)).to(z.dtype());
        return LossAndGradient{-sum(log_softmax(z) * wanted).item() / sum(asked).item(),
                               (softmax(z) - wanted) * asked / sum(asked)};
      }}});

/// The mean over the rows whose label is not `left_out`.
Tensor mean_but(const Tensor& logits, const Tensor& labels, int64_t left_out) {
  const Tensor asked = logical_not(equal(labels, tensor<int64_t>({left_out}))).to(logits.dtype());
  const Tensor said = gather(log_softmax(logits), 1, labels.unsqueeze(1)).squeeze(1);
  return -sum(said * asked) / sum(asked);
}

const Answers<decltype(whole_loss)> whole(
    3, right_whole_loss,
    {{"one ignored label for both", "leaving out 0 is a rule for the words alone",
      [](const Tensor& w, const Tensor& asked, const Tensor& p, const Tensor& labels) {
        return mean_but(w, asked, 0) + mean_but(p, labels, 0);
      }},
     {"nothing is left out", "labels that are 0 are left out",
      [](const Tensor& w, const Tensor& asked, const Tensor& p, const Tensor& labels) {
        return mean_but(w, asked, -100) + mean_but(p, labels, -100);
      }},
     {"words divided by all places", "over the 2 words that are asked",
      [](const Tensor& w, const Tensor& asked, const Tensor& p, const Tensor& labels) {
        const Tensor one = logical_not(equal(asked, tensor<int64_t>({0}))).to(w.dtype());
        return mean_but(w, asked, 0) * mean(one) + mean_but(p, labels, -100);
      }},
     {"half of the sum", "nor half of the sum",
      [](const Tensor& w, const Tensor& asked, const Tensor& p, const Tensor& labels) {
        return right_whole_loss(w, asked, p, labels) / 2;
      }},
     {"one mean over everything", "not one mean over everything",
      [](const Tensor& w, const Tensor& asked, const Tensor& p, const Tensor& labels) {
        const Tensor words = sum(logical_not(equal(asked, tensor<int64_t>({0}))).to(w.dtype()));
        const auto pairs = static_cast<double>(p.size(0));
        return (mean_but(w, asked, 0) * words + mean_but(p, labels, -100) * pairs) / (words + pairs);
      }},
     {"a score of 0 for a pair that is next", "leaving out 0 is a rule for the words alone",
      [](const Tensor& w, const Tensor& asked, const Tensor& p, const Tensor& labels) {
        const Tensor said = gather(log_softmax(p), 1, labels.unsqueeze(1)).squeeze(1);
        return mean_but(w, asked, 0) - mean(said * labels.to(p.dtype()));
      }},
     {"the pairs alone", "two means, added",
      [](const Tensor&, const Tensor&, const Tensor& p, const Tensor& labels) {
        return mean_but(p, labels, -100);
      }},
     {"only a number for the words", "a place that is not asked has the gradient 0",
      [](const Tensor& w, const Tensor& asked, const Tensor& p, const Tensor& labels) {
        return mean_but(w, asked, 0).detach() + mean_but(p, labels, -100);
      }},
     {"asked words picked first", accepted,
      [](const Tensor& w, const Tensor& asked, const Tensor& p, const Tensor& labels) {
        std::vector<int64_t> places, words;
        const std::vector<int64_t> all = asked.to_vector<int64_t>();
        for (size_t i = 0; i < all.size(); ++i) {
          if (all[i] == 0) continue;
          places.push_back(static_cast<int64_t>(i));
          words.push_back(all[i]);
        }
        const Tensor rows = index_select(w, 0, tensor(places));
        return -mean(gather(log_softmax(rows), 1, tensor(words).unsqueeze(1))) -
               mean(gather(log_softmax(p), 1, labels.unsqueeze(1)));
      }}});

}  // namespace

Expected expected_shares(int64_t lonely, int64_t others, double alike, int64_t names) {
  return shares(lonely, others, alike, names);
}
LossAndGradient loss_and_gradient(const Tensor& logits, const Tensor& labels) { return loss(logits, labels); }
Tensor whole_loss(const Tensor& word_logits, const Tensor& word_labels, const Tensor& pair_logits,
                  const Tensor& pair_labels) {
  return whole(word_logits, word_labels, pair_logits, pair_labels);
}

}  // namespace gradus::tutorials::next_sentence
