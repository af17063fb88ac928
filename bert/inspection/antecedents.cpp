#include "bert/inspection/antecedents.hpp"

#include <algorithm>

#include "autograd/error.hpp"
#include "bert/report/model_attention.hpp"

namespace gradus::bert {
std::vector<HeadScore> antecedent_scores(const Bert& model, const Tokenizer& tokenizer,
                                         const std::vector<PronounCase>& cases, const std::string& pronoun,
                                         const std::function<void()>& check_stop) {
  if (cases.empty()) fail<ValueError>("there is no text with a pronoun");
  std::vector<HeadScore> scores;
  for (const HeadName& head : all_heads(model)) scores.push_back({head, 0});
  for (const PronounCase& one : cases) {
    if (check_stop) check_stop();
    const Encoding encoding = tokenizer.encode(one.text);
    const size_t from = pieces_of(encoding, one, pronoun, true).front();
    const std::vector<size_t> first = pieces_of(encoding, one, one.first, false),
                              second = pieces_of(encoding, one, one.second, false);
    const AttentionPage page = model_attention(model, encoding);  // weights [L, A, S, S]
    const size_t size = encoding.size();
    for (size_t h = 0; h < scores.size(); ++h) {
      const auto look = [&](const std::vector<size_t>& pieces) {
        double sum = 0;
        for (const size_t piece : pieces)
          sum += static_cast<double>(page.weights[(h * size + from) * size + piece]);
        return sum;
      };
      const double at_first = look(first), at_second = look(second);
      const double right = one.first_is_right ? at_first - at_second : at_second - at_first;
      scores[h].accuracy += (right > 0 ? 1 : right == 0 ? 0.5 : 0) / static_cast<double>(cases.size());
    }
  }
  return scores;
}

const HeadScore& best_head(const std::vector<HeadScore>& scores) {
  return *std::ranges::max_element(scores, {}, &HeadScore::accuracy);
}

}  // namespace gradus::bert
