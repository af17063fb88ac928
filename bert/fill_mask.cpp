#include "bert/fill_mask.hpp"

#include <algorithm>
#include <cmath>

namespace gradus::bert {
namespace {

void check_wanted(int64_t k) {
  if (k < 1) fail<Error>("fill-mask: the number of candidates must be at least 1, not {}", k);
}

}  // namespace

std::vector<Candidate> best_candidates(const std::vector<double>& probabilities, int64_t k,
                                       const Tokenizer& tokenizer) {
  check_wanted(k);
  if (std::any_of(probabilities.begin(), probabilities.end(), [](double p) { return std::isnan(p); })) {
    fail<Error>(
        "fill-mask: the model's probabilities are NaN; look at its training, or run it under "
        "DetectAnomaly to find the part");
  }
  std::vector<TokenId> order;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    const auto id = static_cast<TokenId>(i);
    // A vocabulary may be padded: ids beyond its pieces have a row in the model, but no name.
    if (id < tokenizer.vocab().size() && !tokenizer.is_special(id)) order.push_back(id);
  }
  const auto probability = [&](TokenId id) { return probabilities[static_cast<size_t>(id)]; };
  const auto first = order.begin() + std::min<int64_t>(k, static_cast<int64_t>(order.size()));
  std::partial_sort(order.begin(), first, order.end(), [&](TokenId a, TokenId b) {
    return probability(a) != probability(b) ? probability(a) > probability(b) : a < b;
  });
  std::vector<Candidate> candidates;
  for (auto id = order.begin(); id != first; ++id) {
    candidates.push_back({*id, tokenizer.vocab().piece(*id), probability(*id)});
  }
  return candidates;
}

FilledText fill_mask(const BertForPreTraining& model, const Tokenizer& tokenizer, const std::string& text,
                     int64_t k, const std::string& pair) {
  check_wanted(k);
  FilledText filled;
  filled.encoding = pair.empty() ? tokenizer.encode(text) : tokenizer.encode(text, pair);
  const std::vector<TokenId>& ids = filled.encoding.ids;
  std::vector<int64_t> positions;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] == tokenizer.special_ids().mask) positions.push_back(static_cast<int64_t>(i));
  }
  if (positions.empty()) fail<FormatError>("there is no {} in the text to fill in", kMask);

  const auto row = [](const std::vector<TokenId>& values) {
    return tensor(std::vector<int64_t>(values.begin(), values.end()),
                  Shape{1, static_cast<int64_t>(values.size())});  // [1, S]
  };
  const nn::EvalMode eval(model);
  const NoGrad no_grad;
  const PretrainingOutput out =
      model(row(ids), row(filled.encoding.token_type_ids), Tensor(), tensor(positions));
  const Tensor probabilities = softmax(out.mlm_logits).to(DType::f64);  // [n, V]
  std::vector<TokenId> best = ids;
  for (size_t i = 0; i < positions.size(); ++i) {
    const auto at = static_cast<int64_t>(i);
    MaskFilling mask{positions[i],
                     best_candidates(probabilities.select(0, at).to_vector<double>(), k, tokenizer)};
    if (!mask.candidates.empty()) best[static_cast<size_t>(mask.position)] = mask.candidates[0].id;
    filled.masks.push_back(std::move(mask));
  }
  filled.text = tokenizer.decode(best);
  return filled;
}

}  // namespace gradus::bert
