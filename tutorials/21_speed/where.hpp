/// @file
/// Chapter 21: where the milliseconds of a step go, by the library's own profile.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "autograd/kernels/measure/gemm_floor.hpp"
#include "autograd/kernels/measure/profile.hpp"
#include "timing.hpp"
#include "tiny_bert.hpp"

namespace gradus::tutorials::speed {

/// A model, its optimiser and a batch: what a step needs.
struct Training {
  StepSizes sizes;
  Rng rng;
  bert::BertForPreTraining model;
  nn::AdamW optimizer;
  bert::PretrainingBatch batch;
  explicit Training(const StepSizes& s, uint64_t seed = 1)
      : sizes(s),
        rng(seed),
        model(config_of(s), rng),
        optimizer(model, {.lr = 1e-4}),
        batch(random_batch(s, seed)) {}

  /// One step with the loss written out above; or, with no switches, with the library's own.
  void step(const Switches* on) {
    optimizer.zero_grad();
    (on != nullptr ? loss_of(model, batch, *on) : model.loss(batch).loss).backward();
    optimizer.clipped_step(1);
  }
};

struct Where {
  double step = 0;   ///< seconds, the least of some
  double floor = 0;  ///< of its products alone, back to back, if it is wanted
  int64_t flops = 0;
  std::vector<std::pair<std::string, double>> groups;  ///< seconds by kind of work, in the order of the text
};

/// Names of the library's scopes, and the kind of work that each belongs to. What has no row here is "the
/// rest".
inline const std::map<std::string, std::string>& kinds_of_work() {
  static const std::map<std::string, std::string> kinds = {{"gemm", "matrix products"},
                                                           {"attention", "attention"},
                                                           {"attention backward", "attention"},
                                                           {"bias_activation", "bias + GELU"},
                                                           {"bias_activation backward", "bias + GELU"},
                                                           {"residual_layer_norm", "LayerNorm"},
                                                           {"residual_layer_norm backward", "LayerNorm"},
                                                           {"layer_norm", "LayerNorm"},
                                                           {"layer_norm backward", "LayerNorm"},
                                                           {"cross_entropy", "loss"},
                                                           {"cross_entropy backward", "loss"},
                                                           {"optimizer", "optimiser"},
                                                           {"gradient norm", "optimiser"}};
  return kinds;
}

/// Seconds by kind of work, in the order of the text.
inline std::vector<std::pair<std::string, double>> groups_of(const std::vector<profile::Entry>& entries,
                                                             double of_all) {
  std::map<std::string, double> seconds;
  double known = 0;
  for (const profile::Entry& entry : entries) {
    const auto kind = kinds_of_work().find(entry.name);
    if (kind == kinds_of_work().end()) continue;
    seconds[kind->second] += entry.self_seconds;
    known += entry.self_seconds;
  }
  std::vector<std::pair<std::string, double>> groups;
  for (const std::string kind :
       {"matrix products", "attention", "bias + GELU", "LayerNorm", "loss", "optimiser"})
    groups.emplace_back(kind, seconds[kind]);
  groups.emplace_back("the rest", of_all - known);
  return groups;
}

/// The library's step, on the current threads. The floor is wanted on one thread only: it also tries BLIS's
/// own threads, which wait for each other, so that a busy machine makes them very slow.
inline Where where_it_goes(Training& training, int rounds, bool with_floor) {
  Where where;
  const auto step = [&] { training.step(nullptr); };
  step();
  profile::start();
  step();
  profile::stop();
  const std::vector<profile::Product> products = profile::products();
  where.flops = flops_of(products);
  where.step = where.floor = 1e9;
  for (int round = 0; round < rounds; ++round) {  // in turn, so that a busy moment meets both
    profile::start();
    const double seconds = seconds_of_once(step);
    const std::vector<profile::Entry> entries = profile::stop();
    if (with_floor) where.floor = std::min(where.floor, kernels::gemm_floor(products, 1).seconds);
    if (seconds > where.step) continue;
    where.step = seconds;
    where.groups = groups_of(entries, seconds);
  }
  return where;
}

}  // namespace gradus::tutorials::speed
