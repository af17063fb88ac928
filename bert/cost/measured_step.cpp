#include "bert/cost/measured_step.hpp"

#include <algorithm>

#include "autograd/kernels/measure/profile_listener.hpp"
#include "autograd/module_scope.hpp"
#include "autograd/storage.hpp"
#include "bert/cost/work_clock.hpp"
#include "bert/model/heads.hpp"
#include "nn/optimizers/optimizer.hpp"

namespace gradus::bert {
namespace {

using Place = std::pair<std::string, std::string>;

/// One call of a kernel. The calls of a step are the same in every step, one after another.
struct KernelCall {
  Place place;
  bool forward = false;
  double seconds = 0;
};

/// While it lives, `listener` hears of every kernel.
struct Listening {
  explicit Listening(profile::Listener listener) {
    profile::listen(std::move(listener));
    profile::measure(num_threads() == 1 ? profile::TimeOf::thread : profile::TimeOf::clock);
  }
  ~Listening() {
    profile::stop();
    profile::listen(nullptr);
    profile::measure(profile::TimeOf::clock);
  }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;
};

bool adds_bias(const std::string& kernel) { return kernel == "add_bias" || kernel == "column_sum"; }

/// The part of a linear map of the model: its product, its bias where that is a pass of its own, and the sum
/// of its input's gradient with those of others.
std::string of_linear(const std::string& name, const std::string& kernel) {
  if (kernel == "gemm") return name + ": product";
  return adds_bias(kernel) ? name + ": bias" : "gradients added up";
}

/// `path` within a layer, such as "attention.self.query".
std::string part_of_layer(const Config& config, const std::string& path, const std::string& kernel) {
  if (path == "attention") return "attention";
  if (path.starts_with("attention.self.")) {
    if (kernel == "gemm") return "query, key, value: products";
    return adds_bias(kernel) ? "query, key, value: biases" : "gradients added up";
  }
  if (path == "attention.output.dense") return of_linear("output", kernel);
  if (path == "intermediate.dense" || path == "intermediate.gate") return of_linear("feed-forward 1", kernel);
  if (path == "output.dense") return of_linear("feed-forward 2", kernel);
  if (path.empty()) {
    if (kernel.starts_with("bias_activation")) return "feed-forward: bias, " + config.hidden_act;
    return config.variant.gated && kernel == "element-wise" ? "feed-forward: gate" : "rows that a head reads";
  }
  const bool first = path.starts_with("attention.");
  const std::string of = first ? "output" : "feed-forward 2";
  if (path.ends_with("LayerNorm")) return first ? "attention: LayerNorm" : "feed-forward: LayerNorm";
  if (path.ends_with("dropout")) return of + ": dropout";
  return of + (config.variant.pre_norm ? ": sum" : ": bias, dropout, sum, LayerNorm");
}

std::string part_of_mlm_head(const Config& config, const std::string& path, const std::string& kernel) {
  if (path == ".transform.dense") return "transform: product";
  if (path == ".transform.LayerNorm") return "transform: LayerNorm";
  if (kernel.starts_with("bias_activation")) return "transform: bias, " + config.hidden_act;
  return kernel == "gemm" ? "decoder: product" : "decoder: bias";
}

}  // namespace

Place ledger_place(const Config& config, const std::string& path, const std::string& kernel) {
  const auto after = [&](const std::string& prefix) { return path.substr(prefix.size()); };
  const std::string layers = "bert.encoder.layer.", mlm = "cls.predictions";
  if (path.starts_with(layers)) {
    const size_t end = path.find('.', layers.size());
    const int64_t index = std::stoll(path.substr(layers.size(), end - layers.size()));
    return {fmt::format("layer {}", index + 1),
            part_of_layer(config, end == std::string::npos ? "" : path.substr(end + 1), kernel)};
  }
  if (path == "bert.embeddings") return {"embeddings", "tables"};
  if (path == "bert.embeddings.LayerNorm") return {"embeddings", "LayerNorm"};
  if (path == "bert.embeddings.dropout") return {"embeddings", "dropout"};
  if (path == "bert.encoder.LayerNorm") return {"last LayerNorm", "LayerNorm"};
  if (path.starts_with(mlm)) return {"MLM head", part_of_mlm_head(config, after(mlm), kernel)};
  if (path == "bert.pooler") return {"NSP head", "pooler: tanh"};
  if (path == "bert.pooler.dense") return {"NSP head", of_linear("pooler", kernel)};
  if (path == "cls.seq_relationship") return {"NSP head", of_linear("classes", kernel)};
  if (kernel.starts_with("cross_entropy")) return {"loss", "cross-entropy"};
  if (kernel == "gradient norm") return {"optimizer", "clip: norm of the gradients"};
  if (kernel == "optimizer") return {"optimizer", "AdamW"};
  if (path.empty() && kernel == "element-wise") return {"gradients", "added to the parameters'"};
  return {"other", ""};
}

PretrainingBatch random_batch(const StepSize& size, int64_t vocab_size) {
  Rng rng(1);
  PretrainingBatch batch;
  batch.rows = size.batch;
  batch.length = size.length;
  for (int64_t i = 0; i < size.batch * size.length; ++i) {
    batch.input_ids.push_back(rng.between(0, vocab_size - 1));
    batch.token_type_ids.push_back(0);
    batch.attention_mask.push_back(1);
    batch.masked_positions.push_back(i);
  }
  rng.shuffle(batch.masked_positions);
  batch.masked_positions.resize(static_cast<size_t>(size.masked));
  std::sort(batch.masked_positions.begin(), batch.masked_positions.end());
  for (const int64_t at : batch.masked_positions)
    batch.masked_labels.push_back(batch.input_ids[static_cast<size_t>(at)]);
  for (int64_t row = 0; row < size.batch; ++row) {
    batch.lengths.push_back(size.length);
    batch.next_sentence_labels.push_back(row % 2);
  }
  return batch;
}

double MeasuredStep::seconds() const {
  double sum = outside;
  for (const auto& [place, took] : parts) sum += took.forward + took.backward;
  return sum;
}

MeasuredStep measure_step(const Config& config, const StepSize& size, int64_t steps) {
  (void)step_cost(config, size);  // throws for sizes that no step has
  if (steps < 1) fail<ValueError>("measuring a step: {} steps; it takes one at least", steps);
  const int64_t held_before = memory_stats().live_bytes;
  reset_peak_memory();
  Rng rng(1);
  const BertForPreTraining model(config, rng);
  nn::AdamW optimizer(model, {.lr = 1e-4, .weight_decay = 0.01});
  const PretrainingBatch batch = random_batch(size, config.vocab_size);
  enum class Phase : uint8_t { zero, forward, backward };
  Phase phase = Phase::zero;
  std::vector<KernelCall> calls, least;
  const auto heard = [&](const char* kernel, double seconds) {
    Place place = ledger_place(config, module_path(), kernel);
    if (phase == Phase::zero) place = {"gradients", "set to 0"};
    if (phase == Phase::forward && place.first == "gradients") place = {"other", ""};
    calls.push_back({place, phase == Phase::forward, seconds});
  };
  const auto step = [&] {
    const FirstOrderOnly keep_less;  // as in training
    phase = Phase::zero;
    optimizer.zero_grad();
    phase = Phase::forward;
    Tensor loss = model.loss(batch).loss;
    phase = Phase::backward;
    loss.backward();
    loss = Tensor();
    optimizer.clipped_step(1.0);
  };
  for (int i = 0; i < 2; ++i) step();
  std::vector<double> whole;
  MeasuredStep result;
  const Listening listening(heard);
  for (int64_t i = 0; i < steps; ++i) {
    calls.clear();
    profile::start();
    const double begin = work_clock();
    step();
    whole.push_back(work_clock() - begin);
    profile::stop();
    double outside = whole.back();
    for (const KernelCall& call : calls) outside -= call.seconds;
    result.outside = i == 0 ? outside : std::min(result.outside, outside);
    if (i == 0) least = calls;
    for (size_t k = 0; k < std::min(calls.size(), least.size()); ++k)
      least[k].seconds = std::min(least[k].seconds, calls[k].seconds);
  }
  for (const KernelCall& call : least) {
    MeasuredSeconds& part = result.parts[call.place];
    (call.forward ? part.forward : part.backward) += call.seconds;
  }
  std::sort(whole.begin(), whole.end());
  result.median = whole[whole.size() / 2];
  result.fastest = whole.front();
  result.products = profile::products();
  result.memory = memory_stats().peak_bytes - held_before;
  return result;
}

}  // namespace gradus::bert
