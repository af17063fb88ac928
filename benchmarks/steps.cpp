// Training steps of a published size and nothing else, for what a whole process needs of the machine: memory,
// pages, calls of the system.
//
//     bench_steps SIZE STEPS THREADS
//
// The step is that of `gradus bench`: 32 rows of 128 (16 from small on), a vocabulary of 8,192, dropout 0.1.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "autograd/storage.hpp"
#include "autograd/threads.hpp"
#include "bert/cost/measured_step.hpp"
#include "bert/model/heads.hpp"
#include "nn/optimizers/optimizer.hpp"

using namespace gradus;

namespace {

constexpr int warm = 3;  // steps, after which nothing is new

rusage usage() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return used;
}

void run(const std::string& size, int steps, int threads) {
  set_num_threads(threads);
  bert::Config config = bert::Config::named(size, 8192);
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.1;
  config.max_position_embeddings = 128;
  Rng rng(1);
  const bert::BertForPreTraining model(config, rng);
  nn::AdamW optimizer(model, {.lr = 1e-4, .weight_decay = 0.01});
  bert::StepSize rows{.batch = size == "tiny" || size == "mini" ? 32 : 16, .length = 128};
  rows.masked = rows.batch * rows.length * 15 / 100;
  const bert::PretrainingBatch batch = bert::random_batch(rows, config.vocab_size);
  int64_t faults = 0, blocks = 0;
  const FirstOrderOnly keep_less;  // as in training
  for (int i = 0; i < steps; ++i) {
    optimizer.zero_grad();
    const Tensor loss = model.loss(batch).loss;  // and let go of the logits
    loss.backward();
    optimizer.clipped_step(1.0);
    if (i + 1 == warm) faults = usage().ru_minflt, blocks = memory_stats().system_allocations;
  }
  const rusage end = usage();
  fmt::print(
      "{{\"size\": \"{}\", \"threads\": {}, \"minor_faults_a_step\": {:.1f}, \"blocks_from_system\": {}, "
      "\"tensor_bytes\": {}, \"most_memory_bytes\": {}}}\n",
      size, threads, static_cast<double>(end.ru_minflt - faults) / std::max(1, steps - warm),
      memory_stats().system_allocations - blocks, memory_stats().peak_bytes, end.ru_maxrss * 1024);
}

int number(std::string_view text) {
  int value = 0;
  const bool read = std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc();
  return read ? value : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const int steps = argc == 4 ? number(argv[2]) : 0, threads = argc == 4 ? number(argv[3]) : 0;
  if (steps < warm || threads < 1) {
    fmt::print(stderr, "usage: bench_steps SIZE STEPS THREADS, with at least {} steps\n", warm);
    return 2;
  }
  try {
    run(argv[1], steps, threads);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_steps: {}\n", error.what());
    return 1;
  }
  return 0;
}
