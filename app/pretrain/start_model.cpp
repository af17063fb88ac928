#include "app/pretrain/start_model.hpp"

#include "app/runs/run_settings.hpp"
#include "autograd/plural.hpp"
#include "bert/checkpoint/checkpoint.hpp"

namespace gradus::app {
void StartChecks::add(const std::string& option, const std::string& problem) {
  problems_ +=
      fmt::format("{}{}: the model in '{}' {}", problems_.empty() ? "" : "; ", option, folder_, problem);
}

void StartChecks::finish() const {
  if (!problems_.empty()) fail<WrongCall>("{}; leave it out, or begin without --from", problems_);
}

StartModel start_model(const std::filesystem::path& from, const bert::Config& config, uint64_t seed) {
  Rng rng = Rng(seed).split(0);
  if (from.empty()) return {bert::BertForPreTraining(config, rng), {}, "fresh weights"};
  bert::Checkpoint checkpoint = bert::read_checkpoint(from);
  const std::string settings =
      "the weights " + checked_fingerprint(checkpoint.weights, fmt::format("--from '{}'", from.string()));
  if (const int64_t more = config.vocab_size - checkpoint.config.vocab_size; more > 0) {
    bert::extend_vocabulary(checkpoint, config.vocab_size, rng);
    checkpoint.warnings.push_back(fmt::format("'{}': fresh weights stand for the {} {} that --vocab has more",
                                              from.string(), more, plural(more, "piece")));
  }
  bert::Config tied_or_not = config;  // the weights tell whether the decoder has a table of its own
  tied_or_not.tie_word_embeddings = checkpoint.config.tie_word_embeddings;
  const bert::BertForPreTraining model = bert::model_to_load(checkpoint, [&] {
    Rng again = rng;
    return bert::BertForPreTraining(tied_or_not, again);
  });
  bert::load_weights(checkpoint, model);
  return {model, checkpoint.warnings, settings};
}

}  // namespace gradus::app
