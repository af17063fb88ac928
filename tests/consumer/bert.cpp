// From text to a BERT that fills in a mask, outside the source tree. What is asked of it holds on any
// processor and with any seed: rounding alone decides which of several likely words comes first.
#include <fmt/format.h>

#include <cstdlib>
#include <set>

#include "bert/bert.hpp"

namespace {

// Where someone can go in the toy world.
const std::set<std::string> place_names = {"barn",  "field",  "kitchen", "pantry", "boat", "pier",
                                           "cave",  "cabin",  "library", "hall",   "shed", "orchard",
                                           "tower", "cellar", "stall",   "square"};

bool must(bool holds, const char* what) {
  if (!holds) fmt::print("wrong: {}\n", what);
  return holds;
}

}  // namespace

int main() {
  using namespace gradus;
  const char* asked = std::getenv("GRADUS_TEST_SEED");
  const uint64_t seed = asked == nullptr ? 1 : std::strtoull(asked, nullptr, 10);

  const std::string text = bert::toy_corpus({.stories = 400});
  bert::WordCounter words;
  words.add(text);
  const bert::Tokenizer tokenizer(bert::train_vocab(words, {.vocab_size = 400}));
  const auto corpus =
      std::make_shared<const bert::TokenizedCorpus>(bert::tokenize_corpus(text, "toy", tokenizer));
  const auto data =
      std::make_shared<const bert::PretrainingData>(corpus, bert::MaskingVocabulary::of(tokenizer));

  Rng rng(seed);
  bert::Config config = bert::Config::named("tiny", tokenizer.vocab().size());
  config.num_hidden_layers = 1;
  config.initializer_range = 0.05;  // what small models learn from soonest, as in gradus pretrain
  config.init.sinusoidal_positions = true;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0;
  const bert::BertForPreTraining model(config, rng);
  const double before = bert::evaluate(model, *data, {.rows = 200}).mlm_loss();
  bert::TrainerOptions options;
  options.steps = 2400;
  options.slots = 512;
  options.learning_rate = 2e-3;
  options.warmup = 50;
  options.seed = seed;
  bert::Trainer trainer(model, tokenizer, data, nullptr, options, "toy-run");
  trainer.run();
  const double after = bert::evaluate(model, *data, {.rows = 200}).mlm_loss();
  bert::save_pretrained("toy-model", model, &tokenizer);

  const auto loaded = bert::load_for_pretraining("toy-model");
  loaded.model.eval();
  const bert::FilledText filled = bert::fill_mask(loaded.model, bert::load_tokenizer("toy-model"),
                                                  "Tom went to the [MASK].", tokenizer.vocab().size());
  const std::vector<bert::Candidate>& candidates = filled.masks[0].candidates;
  double of_places = 0;
  int64_t first_place = -1;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (i < 5) fmt::print("{:5.1f} %  {}\n", 100 * candidates[i].probability, candidates[i].piece);
    if (place_names.count(candidates[i].piece) == 0) continue;
    of_places += candidates[i].probability;
    if (first_place < 0) first_place = static_cast<int64_t>(i);
  }
  fmt::print("a place is guess {}, all places together {:.0f} %; loss {:.2f}, before training {:.2f}\n",
             first_place + 1, 100 * of_places, after, before);
  const bool right = must(first_place >= 0 && first_place < 5, "no place is among the first five guesses") &
                     must(of_places > 0.5, "the places together do not outweigh the rest") &
                     must(after < 0.6 * before, "the loss has not fallen by two fifths");
  fmt::print("{}", right ? "all holds\n" : "");
  return right ? 0 : 1;
}
