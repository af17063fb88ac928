// From text to a BERT that fills in a mask, outside the source tree.
#include <fmt/format.h>

#include "bert/bert.hpp"

int main() {
  using namespace gradus;
  const std::string text = bert::toy_corpus({.stories = 400});
  bert::WordCounter words;
  words.add(text);
  const bert::Tokenizer tokenizer(bert::train_vocab(words, {.vocab_size = 400}));
  const auto corpus =
      std::make_shared<const bert::TokenizedCorpus>(bert::tokenize_corpus(text, "toy", tokenizer));
  const auto data = std::make_shared<const bert::PretrainingData>(corpus, bert::PieceTable::of(tokenizer));

  Rng rng(1);
  bert::Config config = bert::Config::named("tiny", tokenizer.vocab().size());
  config.num_hidden_layers = 1;
  config.initializer_range = 0.05;  // what small models learn from soonest, as in gradus pretrain
  config.init.sinusoidal_positions = true;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0;
  const bert::BertForPreTraining model(config, rng);
  bert::Trainer trainer(model, tokenizer, data, nullptr,
                        {.steps = 1200, .slots = 512, .learning_rate = 2e-3, .warmup = 50}, "toy-run");
  trainer.run();
  bert::save_pretrained("toy-model", model, &tokenizer);

  const auto loaded = bert::load_for_pretraining("toy-model");
  loaded.model.eval();
  const bert::FilledText filled =
      bert::fill_mask(loaded.model, bert::load_tokenizer("toy-model"), "Tom went to the [MASK].", 3);
  for (const bert::Candidate& c : filled.masks[0].candidates) {
    fmt::print("{:5.1f} %  {}\n", 100 * c.probability, c.piece);
  }
}
