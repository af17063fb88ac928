/// @file
/// How a model is trained, whatever it learns: how long, in which steps, and what is written along the way.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nn/optimizers/optimizer.hpp"
#include "nn/optimizers/schedule.hpp"
#include "parallel/gradient_sum.hpp"
#include "parallel/world.hpp"

namespace gradus::bert {

struct LoopOptions {
  int64_t steps = 0;   ///< how long to train: this many steps, or
  double minutes = 0;  ///< this many minutes of training time (evaluation and saving not counted)
  double learning_rate = 1e-3;
  nn::Schedule::Kind decay = nn::Schedule::Kind::linear;
  int64_t warmup = 200;     ///< steps
  double warmup_share = 1;  ///< a run by minutes warms up for at most this share of them
  double weight_decay = 0.01;
  double beta1 = 0.9, beta2 = 0.999;            ///< of the Adam family, and of AdamW beside Muon
  double clip = 1;                              ///< the most that the global norm of the gradient may be
  std::string optimizer = "adamw";              ///< adamw, bert-adam, adam, muon or sgd
  std::vector<nn::ParameterGroup> groups = {};  ///< parameters that learn at rates of their own
  uint64_t seed = 1;
  /// Equal stretches of the run, with an evaluation between two of them, beside the first and the last.
  int64_t evaluations = 10;
  int64_t evaluation_rows = 256;  ///< rows of each evaluation along the way; 0: all
  int64_t final_rows = 0;         ///< rows of the last one; 0: the whole held-out text
  /// The run ends after this many evaluations in a row that are no better than the best before them; 0: never
  /// before its time.
  int64_t patience = 0;
  /// Whether the run leaves the model of its best evaluation, not that of its last step.
  bool ends_with_best = false;
  double save_minutes = 1;    ///< time between checkpoints, or
  int64_t save_steps = 0;     ///< steps between them
  int64_t keep = 2;           ///< how many of the newest checkpoints are kept, beside the best one
  int64_t report_every = 10;  ///< steps between two calls of LoopEvents::step
  /// Parts of a step that are computed one after the other, or on several ranks, with the same sum of their
  /// gradients: a power of two for several ranks. They save memory, and are a setting of the run: a sum has
  /// other bits when it is cut in another way. 0: as the learner says, or 1.
  int64_t shards = 0;
  std::shared_ptr<parallel::World> world = parallel::alone();  ///< the ranks that share the work
  /// How much of the gradient goes on its way to other ranks at once.
  int64_t bucket_bytes = parallel::GradientSumOptions().bucket_bytes;
  /// Each rank keeps the optimiser's moments of its own part of the model only; the bits are the same.
  bool share_moments = false;
  bool recompute = false;  ///< the insides of layers are computed again in backward; the bits are the same
  std::string settings{};  ///< says how the run was called: only a run with the same line can resume it
  /// Another line with which a checkpoint may be resumed: for callers that know what of it may change.
  std::string also_resumes{};
};

/// @throws Error that names the first option that makes no sense.
void check(const LoopOptions& options);

}  // namespace gradus::bert
