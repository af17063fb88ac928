#include "app/pretrain/start_model.hpp"

#include <bit>
#include <cmath>

#include "autograd/plural.hpp"
#include "bert/checkpoint/checkpoint.hpp"

namespace gradus::app {
namespace {

/// A hash of every weight (FNV-1a, a number at a time).
/// @throws FormatError that names the first weight of the model in `folder` that is NaN or infinite.
std::string checked_fingerprint(const nn::StateDict& weights, const std::filesystem::path& folder) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const auto& [name, weight] : weights) {
    for (const float value : weight.to(DType::f32).to_vector<float>()) {
      if (!std::isfinite(value)) {
        fail<FormatError>(
            "--from '{}': {} holds {}, so its weights are of no use; take an earlier checkpoint",
            folder.string(), name, value);
      }
      hash = (hash ^ std::bit_cast<uint32_t>(value)) * 0x100000001b3;
    }
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace

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
  const std::string settings = "the weights " + checked_fingerprint(checkpoint.weights, from);
  if (const int64_t more = config.vocab_size - checkpoint.config.vocab_size; more > 0) {
    bert::extend_vocabulary(checkpoint, config.vocab_size, rng);
    checkpoint.warnings.push_back(fmt::format("'{}': fresh weights stand for the {} {} that --vocab has more",
                                              from.string(), more, plural(more, "piece")));
  }
  bert::Config tied_or_not = config;  // the weights tell whether the decoder has a table of its own
  tied_or_not.tie_word_embeddings = checkpoint.config.tie_word_embeddings;
  const bert::BertForPreTraining model(tied_or_not, rng);
  bert::load_weights(checkpoint, model);
  return {model, checkpoint.warnings, settings};
}

}  // namespace gradus::app
