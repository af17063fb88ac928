/// @file
/// Chapter 17's map that misleads and its museum: a head chosen and scored on the same sentences, a mean over
/// padding, a baseline that has the answer in it.
#pragma once

#include "heads.hpp"
#include "shares.hpp"

namespace gradus::tutorials::looking_inside {

/// The same network, with memory of its own.
inline bert::BertForPreTraining copy_of(const bert::BertForPreTraining& model) {
  Rng rng(0);
  bert::BertForPreTraining copy(model.bert.config, rng);
  copy.to(model.cls.predictions.bias.dtype());
  copy.load_state_dict(model.state_dict());
  return copy;
}

/// Makes every value of a head 0: its rows of W_v and b_v. Queries and keys, and so its map, stay.
inline void empty_values(const bert::Bert& model, const bert::HeadName& head) {
  const NoGrad no_tape;
  const nn::Linear& value = model.encoder.layers[static_cast<size_t>(head.layer)].attention.value;
  const int64_t width = model.config.head_size(), first = head.head * width;
  value.weight.detach().slice(0, first, first + width).fill_(0);
  value.bias.detach().slice(0, first, first + width).fill_(0);
}

/// How the best of all heads of networks that have learnt nothing seem to do, and how they do: the mean over
/// `networks` of the share of finds on the few sentences that chose the head, and on others.
struct ByLuck {
  double chosen_on = 0, others = 0;
};
inline ByLuck best_untrained(int64_t networks, int64_t sentences) {
  const NoGrad no_tape;
  const std::vector<Case> all = cases_of(Part::validation), others = cases_of(Part::test);
  ByLuck luck;
  for (int64_t i = 0; i < networks; ++i) {
    const bert::BertForPreTraining model = small_bert(500 + static_cast<uint64_t>(i), 4, 8);
    Rng rng(static_cast<uint64_t>(i));
    std::vector<Case> few;
    for (int64_t n = 0; n < sentences; ++n) few.push_back(all[rng.below(all.size())]);
    const ByHead chosen_on = finds_noun(look_at(model.bert, few), few);
    const bert::HeadName best = best_of(chosen_on);
    luck.chosen_on += of(chosen_on, best) / static_cast<double>(networks);
    luck.others += of(finds_noun(look_at(model.bert, others), others), best) / static_cast<double>(networks);
  }
  return luck;
}

/// How much the tokens of a sentence look at [CLS] in a head of the first layer, on average, when `padding`
/// places follow it: over the real tokens, or over all rows of the map.
inline double mean_look_at_first(const bert::Bert& model, const Case& one, int64_t padding,
                                 bool over_padding) {
  const NoGrad no_tape;
  const auto length = std::ssize(one.row);
  Ids row = one.row;
  row.resize(one.row.size() + static_cast<size_t>(padding), pad_id);
  const Tensor real = less(arange(length + padding, DType::i64), static_cast<double>(length)).unsqueeze(0);
  const Tensor map = look(model, embedded_row(model, row), real).maps[0].select(0, 0).select(0, 0);  // [S, S]
  return mean(map.select(1, 0).slice(0, 0, over_padding ? length + padding : length)).item();
}

}  // namespace gradus::tutorials::looking_inside
