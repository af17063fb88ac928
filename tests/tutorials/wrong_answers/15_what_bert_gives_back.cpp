// What readers may answer in chapter 15, wrong and right.
#include "tutorials/15_what_bert_gives_back/exercise.hpp"

#include "tests/tutorials/wrong_answers/answers.hpp"

#define pooled_vector right_pooled_vector
#define mean_without_padding right_mean_without_padding
#define choose_states right_choose_states
#include "tutorials/15_what_bert_gives_back/solution.cpp"
#undef pooled_vector
#undef mean_without_padding
#undef choose_states

namespace gradus::tutorials::gives_back {
namespace {

const Answers<decltype(pooled_vector)> pooled(
    1, right_pooled_vector,
    {{"tanh forgotten", "and tanh at the very end",
      [](const Tensor& x, const Tensor& w, const Tensor& b) { return linear(x.select(1, 0), w, b); }},
     {"tanh first", "and tanh at the very end",
      [](const Tensor& x, const Tensor& w, const Tensor& b) { return linear(tanh(x.select(1, 0)), w, b); }},
     {"the matrix not turned", "it is x W^T",
      [](const Tensor& x, const Tensor& w, const Tensor& b) { return tanh(matmul(x.select(1, 0), w) + b); }},
     {"the bias forgotten", "the bias is added before tanh",
      [](const Tensor& x, const Tensor& w, const Tensor&) { return tanh(linear(x.select(1, 0), w)); }},
     {"the bias after tanh", "the bias is added before tanh",
      [](const Tensor& x, const Tensor& w, const Tensor& b) { return tanh(linear(x.select(1, 0), w)) + b; }},
     {"the last token", "the first token's vector alone",
      [](const Tensor& x, const Tensor& w, const Tensor& b) {
        return tanh(linear(x.select(1, x.size(1) - 1), w, b));
      }},
     {"the mean of all tokens", "only [CLS], the first token, has a say",
      [](const Tensor& x, const Tensor& w, const Tensor& b) { return tanh(linear(mean(x, Axes{1}), w, b)); }},
     {"every token", "one vector for each of the 3 texts",
      [](const Tensor& x, const Tensor& w, const Tensor& b) { return tanh(linear(x, w, b)); }},
     {"the first text alone", "one vector for each of the 3 texts",
      [](const Tensor& x, const Tensor& w, const Tensor& b) {
        return tanh(linear(x.select(0, 0).slice(0, 0, 1), w, b));
      }},
     {"all tokens, then the first", accepted, [](const Tensor& x, const Tensor& w, const Tensor& b) {
        return tanh(matmul(x, w.transpose(0, 1)) + b).select(1, 0);
      }}});

const Answers<decltype(mean_without_padding)> means(
    2, right_mean_without_padding,
    {{"padding counts", "padding is not added up",
      [](const Tensor& x, const Tensor&) { return mean(x, Axes{1}); }},
     {"divided by S", "not by S = 3",
      [](const Tensor& x, const Tensor& real) {
        return sum(where(real.unsqueeze(2), x, 0), Axes{1}) / static_cast<double>(x.size(1));
      }},
     {"a sum", "then it is the mean over the three places",
      [](const Tensor& x, const Tensor& real) { return sum(where(real.unsqueeze(2), x, 0), Axes{1}); }},
     {"divided by all real tokens of the batch", "each text by its own number",
      [](const Tensor& x, const Tensor& real) {
        return sum(where(real.unsqueeze(2), x, 0), Axes{1}) / sum(real.to(x.dtype()));
      }},
     {"padding added up, though not counted", "what stands at padding has no part in the sum",
      [](const Tensor& x, const Tensor& real) {
        return sum(x, Axes{1}) / sum(real.to(x.dtype()), Axes{1}, true);
      }},
     {"padding times 0", "0 times NaN is NaN",
      [](const Tensor& x, const Tensor& real) {
        const Tensor counts = real.to(x.dtype()).unsqueeze(2);
        return sum(x * counts, Axes{1}) / sum(counts, Axes{1});
      }},
     {"along the texts", "for each text and each column by itself",
      [](const Tensor& x, const Tensor& real) {
        return mean(where(real.unsqueeze(2), x, 0), Axes{0}).slice(0, 0, x.size(0));
      }},
     {"the tape is cut", "the tape must not be cut",
      [](const Tensor& x, const Tensor& real) {
        const Tensor right = right_mean_without_padding(x, real);
        return right.detach() + 0.0 * sum(where(real.unsqueeze(2), x, 0));
      }},
     {"text by text", accepted, [](const Tensor& x, const Tensor& real) {
        std::vector<Tensor> rows;
        for (int64_t b = 0; b < x.size(0); ++b) {
          std::vector<int64_t> places;
          for (int64_t s = 0; s < x.size(1); ++s) {
            if (real.at({b, s}) != 0) places.push_back(s);
          }
          rows.push_back(mean(index_select(x.select(0, b), 0, tensor(places)), Axes{0}));
        }
        return stack(rows, 0);
      }}});

const Answers<decltype(choose_states)> states(
    3, right_choose_states,
    {{"as many layers as states", "one state more than layers",
      [](const std::vector<Tensor>& all) {
        ChosenStates wrong = right_choose_states(all);
        wrong.layers = static_cast<int64_t>(all.size());
        return wrong;
      }},
     {"state 0 leaves the first layer", "layer 1 makes state 1 of state 0",
      [](const std::vector<Tensor>& all) {
        ChosenStates wrong = right_choose_states(all);
        wrong.leaves_first = all[0];
        return wrong;
      }},
     {"state 1 enters the first layer", "they are state 0",
      [](const std::vector<Tensor>& all) {
        ChosenStates wrong = right_choose_states(all);
        wrong.enters_first = all[1];
        return wrong;
      }},
     {"state L - 1 leaves the last", "number L, not L - 1",
      [](const std::vector<Tensor>& all) {
        ChosenStates wrong = right_choose_states(all);
        wrong.leaves_last = all[all.size() - 2];
        return wrong;
      }},
     {"the four before the last", "states L, L - 1, L - 2 and L - 3",
      [](const std::vector<Tensor>& all) {
        ChosenStates wrong = right_choose_states(all);
        const size_t last = all.size() - 1;
        wrong.last_four = all[last - 1] + all[last - 2] + all[last - 3] + all[last - 4];
        return wrong;
      }},
     {"five of them", "each once",
      [](const std::vector<Tensor>& all) {
        ChosenStates wrong = right_choose_states(all);
        wrong.last_four = wrong.last_four + all[all.size() - 5];
        return wrong;
      }},
     {"a mean of four", "added and not averaged",
      [](const std::vector<Tensor>& all) {
        ChosenStates wrong = right_choose_states(all);
        wrong.last_four = wrong.last_four / 4;
        return wrong;
      }},
     {"the sum of all but the embeddings", "states L, L - 1, L - 2 and L - 3",
      [](const std::vector<Tensor>& all) {
        ChosenStates wrong = right_choose_states(all);
        Tensor sum = all[1];
        for (size_t i = 2; i < all.size(); ++i) sum = sum + all[i];
        wrong.last_four = sum;
        return wrong;
      }},
     {"stacked and summed", accepted, [](const std::vector<Tensor>& all) {
        const auto count = static_cast<int64_t>(all.size());
        const Tensor together = stack(all, 0);
        return ChosenStates{count - 1, together.select(0, 0), together.select(0, 1), together.select(0, -1),
                            sum(together.slice(0, count - 4, count), Axes{0})};
      }}});

}  // namespace

Tensor pooled_vector(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return pooled(x, weight, bias);
}
Tensor mean_without_padding(const Tensor& x, const Tensor& real) { return means(x, real); }
ChosenStates choose_states(const std::vector<Tensor>& all) { return states(all); }

}  // namespace gradus::tutorials::gives_back
