#include "bert/inspection/word_vectors.hpp"

#include "autograd/error.hpp"
#include "autograd/ops.hpp"
#include "bert/model/heads.hpp"
#include "bert/tasks/tag_rows.hpp"

namespace gradus::bert {

std::vector<LabelledVectors> word_vectors(const Bert& model, const Tokenizer& tokenizer,
                                          const TaggedSentences& sentences, WordLabel label,
                                          const std::function<void()>& check_stop) {
  const TagRows rows = tag_rows(tokenizer, sentences, {.max_length = model.config.max_position_embeddings});
  const auto layers = static_cast<size_t>(model.config.num_hidden_layers);
  std::vector<std::vector<Tensor>> parts(layers + 1);  // of each layer, [n, H] of a batch
  std::vector<LabelledVectors> all(layers + 1);
  const nn::EvalMode eval(model);
  const NoGrad no_grad;
  for_batches_by_length(rows.rows, [&](std::span<const int64_t> some, std::span<const TextRow* const> batch) {
    if (check_stop) check_stop();
    const TaskInput input = to_input(batch, tokenizer.special_ids().pad);
    const std::vector<Tensor> states =
        model(input.ids, input.token_type_ids, input.attention_mask, {.hidden_states = true}).hidden_states;
    std::vector<int64_t> places;
    for (size_t i = 0; i < some.size(); ++i) {
      for (const RowWord& at : rows.words[static_cast<size_t>(some[i])]) {
        const TaggedSentence& sentence = sentences.sentences[static_cast<size_t>(at.sentence)];
        const auto word = static_cast<size_t>(at.word);
        if (label == WordLabel::tag && sentence.tags.empty())
          fail<FormatError>("{}, line {}: the sentence has no tags", sentences.file.string(), sentence.line);
        places.push_back(static_cast<int64_t>(i) * input.ids.size(1) + at.slot);
        all[0].labels.push_back(label == WordLabel::tag ? sentence.tags[word] : std::to_string(word + 1));
        all[0].words.push_back(sentence.words[word]);
      }
    }
    for (size_t layer = 0; layer <= layers; ++layer)
      parts[layer].push_back(gather_rows(states[layer], tensor(places)));
  });
  if (all[0].labels.empty()) fail<FormatError>("{}: no word has a piece", sentences.file.string());
  for (size_t layer = 0; layer <= layers; ++layer) {
    all[layer].labels = all[0].labels;
    all[layer].words = all[0].words;
    all[layer].vectors = concat(parts[layer], 0);
  }
  return all;
}

}  // namespace gradus::bert
