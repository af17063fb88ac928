#include "bert/training/trainer.hpp"

#include <algorithm>

#include "autograd/plural.hpp"
#include "bert/checkpoint/checkpoint.hpp"

namespace gradus::bert {
namespace {

namespace fs = std::filesystem;

int64_t shards_of(const TrainerOptions& options) {
  return options.shards > 0 ? options.shards : options.accumulate;
}

TrainerOptions with_shards(TrainerOptions options) {
  options.shards = shards_of(options);
  return options;
}

void check_rows(const TrainerOptions& options, const Config& config) {
  if (options.lengths.empty() || options.lengths.back().until < 1) {
    fail<Error>("the last stage of the row lengths must reach the end of the run");
  }
  if (!(options.ramp > 0)) fail<Error>("ramp is {}, and must be above 0", options.ramp);
  if (!(options.masked_at_end >= 0 && options.masked_at_end < 1))
    fail<Error>("masked_at_end is {}, and must be from 0 up to 1", options.masked_at_end);
  for (const LengthStage& stage : options.lengths) {
    if (stage.length < 5)
      fail<Error>("the length of rows is {}, and must be a number from 5 on", stage.length);
    if (stage.length > config.max_position_embeddings) {
      fail<Error>("rows of {} slots are longer than the {} positions of the model", stage.length,
                  config.max_position_embeddings);
    }
  }
  if (options.slots < 1 || options.accumulate < 1)
    fail<Error>("a step needs at least one slot and one batch");
  const int64_t fewest =
      options.accumulate * std::max<int64_t>(1, options.slots / options.lengths.back().length);
  if (shards_of(options) > fewest)
    fail<Error>("a step of {} {} cannot be cut into {} shards; take larger batches or fewer shards", fewest,
                plural(fewest, "row"), shards_of(options));
  if (options.first_slots < 0 || options.first_slots > options.slots)
    fail<Error>("batches begin with {} slots, and must begin with at most the {} of the others",
                options.first_slots, options.slots);
}

/// The biases of the encoder are no longer trained: those of its linear maps and of its LayerNorms.
void freeze_biases(const BertForPreTraining& model) {
  for (const auto& [name, parameter] : model.bert.encoder.named_parameters())
    if (name.ends_with("bias")) Tensor(parameter).requires_grad(false);
}

/// What the loop says, with the figures of pretraining.
LoopEvents with_figures(const PretrainingLearner& learner, TrainerEvents events) {
  LoopEvents loop{.step = {},
                  .evaluation = {},
                  .saving = {},
                  .saved = std::move(events.saved),
                  .stop = std::move(events.stop)};
  if (events.step)
    loop.step = [&learner, tell = std::move(events.step)](const LoopReport& report) {
      tell(learner.with_figures(report));
    };
  if (events.evaluation)
    loop.evaluation = [&learner, tell = std::move(events.evaluation)](const LoopReport& report) {
      tell(learner.with_figures(report), learner.evaluation());
    };
  return loop;
}

}  // namespace

PretrainingLearner::PretrainingLearner(BertForPreTraining model, Tokenizer tokenizer,
                                       std::shared_ptr<const PretrainingData> training,
                                       std::shared_ptr<const PretrainingData> held_out,
                                       const TrainerOptions& options)
    : model_(std::move(model)),
      tokenizer_(std::move(tokenizer)),
      reader_(std::move(training)),
      held_out_(std::move(held_out)),
      options_(options) {
  bert::check(options_);
  check_rows(options_, model_.bert.config);
  if (!options_.train_biases) freeze_biases(model_);
  if (held_out_) held_out_rows_ = held_out_->plan_epoch(0, options_.lengths.back().length).size();
}

/// The rows of a step and the gradient of its loss.
double PretrainingLearner::forward_backward(TrainingState& state, bool with_figures, ShardedStep& step,
                                            const std::function<void()>& check_stop) {
  const int64_t length = row_length(options_, state);
  const int64_t rows = options_.accumulate * std::max<int64_t>(1, batch_slots(options_, state) / length);
  const double masked = masked_fraction(options_, state, reader_.options().masked_fraction);
  loss_ =
      backward_step(model_, reader_.next(state, length, rows, masked, step), with_figures, step, check_stop);
  if (with_figures) {
    mlm_accuracy_ = loss_.mlm_accuracy();
    nsp_accuracy_ = loss_.nsp_accuracy();
  }
  return loss_.loss();
}

StepReport PretrainingLearner::with_figures(const LoopReport& report) const {
  StepReport full;
  static_cast<LoopReport&>(full) = report;
  full.mlm_loss = loss_.mlm_loss;
  full.nsp_loss = loss_.nsp_loss;
  full.mlm_accuracy = mlm_accuracy_;
  full.nsp_accuracy = nsp_accuracy_;
  return full;
}

double PretrainingLearner::evaluate(int64_t rows, parallel::World& world,
                                    const std::function<void()>& check_stop) {
  const int64_t length = options_.lengths.back().length;
  const EvaluationOptions how{.rows = rows,
                              .batch_rows = std::max<int64_t>(1, 2048 / length),
                              .length = length,
                              .before_batch = check_stop,
                              .world = &world};
  evaluation_ = bert::evaluate(model_, *held_out_, how, options_.baseline);
  return evaluation_.loss();
}

void PretrainingLearner::go_on_from(const TrainingState& state, const fs::path& file) {
  const bool has_read = state.length != 0 || state.step != 0;
  if (has_read &&
      std::ranges::find(options_.lengths, state.length, &LengthStage::length) == options_.lengths.end())
    refuse_state(file, "length", std::to_string(state.length), "one of those that the run has");
  go_to(state);
  if (has_read && state.index > reader_.rows())
    refuse_state(file, "index", std::to_string(state.index),
                 fmt::format("at most {}, the rows of its epoch", reader_.rows()));
}

void PretrainingLearner::save(const fs::path& place) const { save_pretrained(place, model_, &tokenizer_); }

Trainer::Trainer(BertForPreTraining model, Tokenizer tokenizer,
                 std::shared_ptr<const PretrainingData> training,
                 std::shared_ptr<const PretrainingData> held_out, const TrainerOptions& options,
                 fs::path folder, TrainerEvents events)
    : learner_(std::move(model), std::move(tokenizer), std::move(training), std::move(held_out), options),
      loop_(learner_, with_shards(options), std::move(folder), with_figures(learner_, std::move(events))) {}

std::optional<Evaluation> Trainer::final_evaluation() {
  if (!loop_.final_score()) return std::nullopt;
  return learner_.evaluation();
}

}  // namespace gradus::bert
