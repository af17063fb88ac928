#include "app/bench/step.hpp"

#include <algorithm>
#include <limits>

#include "app/bench/timing.hpp"
#include "autograd/kernels/measure/profile.hpp"
#include "autograd/kernels/measure/traffic.hpp"
#include "autograd/plural.hpp"
#include "bert/cost/measured_step.hpp"
#include "bert/model/heads.hpp"
#include "nn/optimizers/optimizer.hpp"

namespace gradus::app {
namespace {

std::vector<Operation> operations_of(const std::vector<profile::Entry>& entries) {
  std::vector<Operation> operations;
  for (const profile::Entry& e : entries)
    operations.push_back({e.name, e.calls, e.self_seconds, e.flops, profile::bytes_of(e.name)});
  return operations;
}

/// "12.3 MB  10.1 GB/s", and what the memory could do; or the rate of an operation that is made of products.
std::string rate_of(const Operation& operation, const Limits& limits) {
  if (operation.flops > 0)
    return fmt::format("{:>7.0f} GFLOP/s, {:>3.0f} % of the peak", operation.flops / operation.seconds / 1e9,
                       100 * limits.share_of(operation.flops / operation.seconds));
  if (operation.bytes == 0) return "";
  const double rate = static_cast<double>(operation.bytes) / operation.seconds;
  const double share = rate / limits.memory.bytes_a_second;
  return fmt::format("{:>7.1f} MB, {:>5.1f} GB/s, {}", static_cast<double>(operation.bytes) / 1e6, rate / 1e9,
                     share > 1 ? "more than memory's" : fmt::format("{:>3.0f} % of memory's", 100 * share));
}

std::string sets_text(const FloorOverSets& floor) {
  std::string text;
  for (const SetFloor& set : floor.sets) {
    text += fmt::format("{}{} {:.1f} ms ({})", text.empty() ? "" : ", ", set.name, 1e3 * set.seconds,
                        set.fastest);
  }
  return text.empty() ? ""
                      : "  the products by kernels (and how many kinds each is fastest of): " + text + "\n";
}

}  // namespace

double StepTiming::rest() const {
  double seconds = profiled;
  for (const Operation& operation : operations) seconds -= operation.seconds;
  return seconds;
}

StepTiming time_step(const BenchCall& call, const std::string& size, const Limits& limits) {
  bert::Config config = bert::Config::named(size, call.vocabulary);
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = call.dropout;
  config.max_position_embeddings = std::max<int64_t>(call.length, 128);
  StepTiming timing;
  timing.size = size;
  timing.limits = limits;
  timing.batch = call.rows_of(size);
  timing.length = call.length;
  Rng rng(1);
  const bert::BertForPreTraining model(config, rng);
  nn::AdamW optimizer(model, {.lr = 1e-4, .weight_decay = 0.01});
  bert::StepSize rows{.batch = timing.batch, .length = timing.length};
  rows.masked = rows.batch * rows.length * 15 / 100;
  const bert::PretrainingBatch batch = bert::random_batch(rows, call.vocabulary);
  const auto step = [&] {
    const FirstOrderOnly keep_less;  // as in training
    optimizer.zero_grad();
    const Tensor loss = model.loss(batch).loss;  // and let go of the logits
    loss.backward();
    optimizer.clipped_step(1.0);
  };
  timing.nominal = bert::nominal_flops(config, rows);
  step();
  timing.profiled = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 3; ++i) {  // of which the quickest tells of the operations
    profile::start();
    const double seconds = seconds_of(step);
    const std::vector<profile::Entry> entries = profile::stop();
    if (seconds >= timing.profiled) continue;
    timing.profiled = seconds;
    timing.operations = operations_of(entries);
  }
  const std::vector<profile::Product> products = profile::products();
  // Steps and floors in turn, so that a change of the machine's load meets both.
  OwnFloor own(products);
  timing.flops = own.flops();
  std::vector<double> steps, floors;
  for (int64_t i = 0; i < call.steps; ++i) {
    steps.push_back(seconds_of(step));
    floors.push_back(own.round());
  }
  timing.step = median(steps);
  timing.own_floor = median(floors);
  timing.sets = floor_over_sets(products, 5e-4 * static_cast<double>(call.steps));
  return timing;
}

std::string to_text(const StepTiming& t) {
  std::string text = fmt::format(
      "{} ({} {} of {}), {} {}: step {:.1f} ms, {:.0f} % of the peak; "
      "GEMM floor {:.1f} ms ({:.0f} GFLOP/s), ratio {:.2f}\n",
      t.size, t.batch, plural(t.batch, "row"), t.length, t.limits.threads, plural(t.limits.threads, "thread"),
      1e3 * t.step, 100 * t.share_of_peak(), 1e3 * t.floor(), t.flops / t.floor() / 1e9, t.ratio());
  text += sets_text(t.sets);
  for (const Operation& operation : t.operations) {
    if (operation.seconds < 5e-5) continue;
    text +=
        fmt::format("  {:<28} {:>5} {:<5} {:>8.2f} ms  {}\n", operation.name, operation.calls,
                    plural(operation.calls, "call"), 1e3 * operation.seconds, rate_of(operation, t.limits));
  }
  return text + fmt::format("  in no operation {:>31.2f} ms\n", 1e3 * t.rest());
}

nlohmann::ordered_json to_json(const StepTiming& t) {
  using Json = nlohmann::ordered_json;
  Json operations = Json::array(), sets = Json::array();
  for (const Operation& operation : t.operations) {
    operations.push_back({{"name", operation.name},
                          {"calls", operation.calls},
                          {"milliseconds", 1e3 * operation.seconds},
                          {"flops", operation.flops},
                          {"bytes", operation.bytes}});
  }
  for (const SetFloor& set : t.sets.sets)
    sets.push_back({{"name", set.name}, {"milliseconds", 1e3 * set.seconds}, {"fastest_of", set.fastest}});
  return {{"size", t.size},
          {"threads", t.limits.threads},
          {"batch", t.batch},
          {"length", t.length},
          {"step_milliseconds", 1e3 * t.step},
          {"floor_milliseconds", 1e3 * t.floor()},
          {"own_floor_milliseconds", 1e3 * t.own_floor},
          {"ratio", t.ratio()},
          {"floor_gigaflops", t.flops / t.floor() / 1e9},
          {"nominal_operations", t.nominal},
          {"share_of_peak", t.share_of_peak()},
          {"floor_share_of_peak", t.floor_share_of_peak()},
          {"kernel_sets", sets},
          {"profiled_milliseconds", 1e3 * t.profiled},
          {"operations", operations}};
}

}  // namespace gradus::app
