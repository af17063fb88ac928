/// @file
/// Chapter 16's checks that catch its bugs: tags counted at every piece, an answer that ends before it
/// begins, padding that can be an answer, and a body that was not loaded.
#pragma once

#include "tuning.hpp"

namespace gradus::tutorials::fine_tuning {

/// Entity F1 of what somebody `said`, by words; with the bug by pieces, each with its word's tag.
inline double entity_f1(const std::string& sentence, const Words& truth, const Words& said, bool by_pieces) {
  std::vector<Words> both;  // the truth, and what was said
  const std::vector<int32_t> word_of = tokenizer().encode(sentence, {.add_special_tokens = false}).word_ids;
  for (const Words* all : {&truth, &said}) {
    both.push_back(by_pieces ? Words{} : *all);
    for (const int32_t word : word_of)
      if (by_pieces) both.back().push_back((*all)[static_cast<size_t>(word)]);
  }
  return bert::score_entities(std::span(both).first(1), std::span(both).last(1)).all.f1();
}

/// The share of questions whose best start lies behind their best end, each taken by itself.
inline double crossing(const bert::BertForQuestionAnswering& model, const std::vector<Asked>& examples) {
  const NoGrad no_tape;
  Some<Asked> all;
  for (const Asked& one : examples) all.push_back(&one);
  const Tensor best = argmax(AnswerTask{}.scores(model, all), 1);  // [B, 2]
  return mean(greater(best.select(1, 0), best.select(1, 1)).to(DType::f64)).item();
}

/// The loss of one question with `padding` more slots after it. With the bug softmax is over all slots.
inline double padded_loss(const bert::BertForQuestionAnswering& model, const Asked& one, int64_t padding,
                          bool bug) {
  const NoGrad no_tape;
  bert::TaskInput input = bert::to_input(std::vector{&one.row.text}, tokenizer().special_ids().pad);
  for (Tensor* part : {&input.ids, &input.token_type_ids, &input.attention_mask})
    *part = pad(*part, 1, 0, padding);  // [PAD] is 0, and so is "not looked at"
  const Tensor real = bug ? ones(input.ids.shape(), DType::boolean) : real_of(input);
  const Tensor scores = span_scores(vectors_of(model.bert, input).last_hidden, real, model.qa_outputs.weight,
                                    model.qa_outputs.bias);
  return span_loss(scores, tensor(std::vector{one.span.first}), tensor(std::vector{one.span.last})).item();
}

/// Loads a whole pretrained model into a body: its names begin with "bert.", those of a body do not. With the
/// bug they are taken as they are.
inline nn::LoadReport load_by_name(const bert::BertForPreTraining& trained, const bert::Bert& into,
                                   bool bug) {
  nn::StateDict state;
  for (const auto& [name, weight] : trained.state_dict()) {
    const std::string prefix = "bert.";
    state[!bug && name.starts_with(prefix) ? name.substr(prefix.size()) : name] = weight;
  }
  return into.load_state_dict(state, /*strict=*/false);
}

}  // namespace gradus::tutorials::fine_tuning
