// gradus bench: the time of a pretraining step beside that of its matrix products alone, and both beside the
// most that this machine can do.
#include <algorithm>
#include <chrono>
#include <functional>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/options/options.hpp"
#include "autograd/kernels/blis_choice.hpp"
#include "autograd/kernels/gemm.hpp"
#include "autograd/kernels/gemm_floor.hpp"
#include "autograd/kernels/peak.hpp"
#include "autograd/kernels/profile.hpp"
#include "autograd/plural.hpp"
#include "autograd/threads.hpp"
#include "bert/model/heads.hpp"
#include "nn/optimizer.hpp"

namespace gradus::app {
namespace {

struct Call {
  std::vector<std::string> sizes = {"tiny", "mini", "small"};
  int64_t threads = 0, steps = 7, vocabulary = 8192, length = 128, batch = 0;
  double dropout = 0.1;
  bool kernels = false, json = false;
};

struct Timing {
  std::string size;
  int64_t batch = 0;
  double step = 0, floor = 0;           // seconds: medians
  double nominal = 0;                   // the step's nominal operations
  double gigaflops = 0;                 // of the floor
  std::vector<profile::Entry> entries;  // of one step
  double ratio() const { return step / floor; }
};

/// The machine: the most it can do, and what BLIS makes of one thread's share of it.
struct Machine {
  kernels::Peak peak, of_one;  // of all threads, and of one
  double blis = 0;             // operations a second of products on one thread
  double share_of(double flops_a_second) const { return flops_a_second / peak.flops_a_second; }
  double share_of_blis() const { return blis / of_one.flops_a_second; }
};

/// A batch of random pieces without padding, 15 % of them masked: what a step costs does not depend on the
/// words.
bert::PretrainingBatch random_batch(int64_t rows, int64_t length, int64_t vocabulary) {
  Rng rng(1);
  bert::PretrainingBatch batch;
  batch.rows = rows;
  batch.length = length;
  const auto whole = [](double number) { return static_cast<size_t>(number); };
  for (int64_t i = 0; i < rows * length; ++i) {
    batch.input_ids.push_back(rng.between(5, vocabulary - 1));
    batch.token_type_ids.push_back(i % length < length / 2 ? 0 : 1);
    batch.attention_mask.push_back(1);
    batch.masked_positions.push_back(i);
  }
  rng.shuffle(batch.masked_positions);
  batch.masked_positions.resize(whole(0.15 * static_cast<double>(rows * length)));
  std::sort(batch.masked_positions.begin(), batch.masked_positions.end());
  for (const int64_t at : batch.masked_positions)
    batch.masked_labels.push_back(batch.input_ids[static_cast<size_t>(at)]);
  for (int64_t b = 0; b < rows; ++b) {
    batch.lengths.push_back(length);
    batch.next_sentence_labels.push_back(b % 2);
  }
  return batch;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// What BLIS reaches is measured on one thread and in short products, the fastest of which counts: so another
/// process hardly lowers it, as it hardly lowers the peak.
Machine measure_machine() {
  constexpr int64_t n = 384;
  const std::vector<float> a(n * n, 0.5f), b(n * n, 0.25f);
  std::vector<float> c(n * n);
  const auto product = [&] {
    kernels::gemm<float>(1, {a.data(), n, n, n, 1}, {b.data(), n, n, n, 1}, 0,
                         kernels::Matrix<float>{c.data(), n, n, n, 1});
  };
  Machine machine;
  machine.peak = kernels::measure_peak();
  const int threads = num_threads();
  set_num_threads(1);
  product();
  double fastest = seconds_of(product);
  for (int i = 0; i < 5; ++i) {  // in turn, so that a change of the clock meets both
    const kernels::Peak peak = kernels::measure_peak(0.01);
    if (peak.flops_a_second > machine.of_one.flops_a_second) machine.of_one = peak;
    for (int j = 0; j < 4; ++j) fastest = std::min(fastest, seconds_of(product));
  }
  set_num_threads(threads);
  machine.blis = 2.0 * n * n * n / fastest;
  return machine;
}

/// The operations of a step as they are counted for every BERT, so that figures compare: forward and twice as
/// much backward, each product two operations for each number of its right side. What the program saves by
/// not computing something counts as won. `masked` positions go through the decoder.
double nominal_operations(const bert::Config& config, int64_t rows, int64_t length, int64_t masked) {
  const auto of = [](int64_t whole) { return static_cast<double>(whole); };
  const double h = of(config.hidden_size);
  return 6 * of(rows * length * config.num_hidden_layers) * (12 * h * h + 2 * of(length) * h) +
         6 * of(masked) * (h * of(config.vocab_size) + h * h);
}

Timing measure(const Call& call, const std::string& size) {
  bert::Config config = bert::Config::named(size, call.vocabulary);
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = call.dropout;
  config.max_position_embeddings = std::max<int64_t>(call.length, 128);
  Timing timing;
  timing.size = size;
  timing.batch = call.batch > 0 ? call.batch : size == "tiny" || size == "mini" ? 32 : 16;
  Rng rng(1);
  const bert::BertForPreTraining model(config, rng);
  nn::AdamW optimizer(model, {.lr = 1e-4, .weight_decay = 0.01});
  const bert::PretrainingBatch batch = random_batch(timing.batch, call.length, call.vocabulary);
  const auto step = [&] {
    optimizer.zero_grad();
    model.loss(batch).loss.backward();
    optimizer.clipped_step(1.0);
  };
  timing.nominal = nominal_operations(config, timing.batch, call.length,
                                      static_cast<int64_t>(batch.masked_positions.size()));
  for (int i = 0; i < 3; ++i) step();
  profile::start();
  step();
  timing.entries = profile::stop();
  const std::vector<profile::Product> products = profile::products();
  // Steps and floors in turn, so that a change of the machine's load meets both.
  std::vector<double> steps, floors;
  for (int64_t i = 0; i < call.steps; ++i) {
    steps.push_back(seconds_of(step));
    const kernels::GemmFloor floor = kernels::gemm_floor(products, 1);
    floors.push_back(floor.seconds);
    timing.gigaflops = floor.flops / floor.seconds / 1e9;
  }
  timing.step = median(steps);
  timing.floor = median(floors);
  return timing;
}

nlohmann::ordered_json to_json(const Timing& t, const Machine& machine) {
  nlohmann::ordered_json operations = nlohmann::ordered_json::array();
  for (const profile::Entry& e : t.entries) {
    operations.push_back({{"name", e.name}, {"calls", e.calls}, {"milliseconds", 1e3 * e.self_seconds}});
  }
  return {{"size", t.size},
          {"batch", t.batch},
          {"step_milliseconds", 1e3 * t.step},
          {"floor_milliseconds", 1e3 * t.floor},
          {"ratio", t.ratio()},
          {"floor_gigaflops", t.gigaflops},
          {"nominal_operations", t.nominal},
          {"share_of_peak", machine.share_of(t.nominal / t.step)},
          {"operations", operations}};
}

std::string to_text(const Timing& t, int64_t length, const Machine& machine) {
  std::string text = fmt::format(
      "{} ({} {} of {}): step {:.1f} ms, {:.0f} % of the peak; GEMM floor {:.1f} ms ({:.0f} GFLOP/s), "
      "ratio "
      "{:.2f}\n",
      t.size, t.batch, plural(t.batch, "row"), length, 1e3 * t.step,
      100 * machine.share_of(t.nominal / t.step), 1e3 * t.floor, t.gigaflops, t.ratio());
  for (const profile::Entry& e : t.entries) {
    if (e.self_seconds < 5e-5) continue;
    text += fmt::format("  {:<32} {:>5} {:<5} {:>8.2f} ms\n", e.name, e.calls, plural(e.calls, "call"),
                        1e3 * e.self_seconds);
  }
  return text;
}

std::string to_text(const Machine& machine) {
  return fmt::format(
      "{} {}: a peak of {:.0f} GFLOP/s, {} of {} bits\n"
      "BLIS kernels {} ({}): {:.0f} GFLOP/s on one thread, {:.0f} % of its peak\n",
      num_threads(), plural(num_threads(), "thread"), machine.peak.flops_a_second / 1e9,
      machine.peak.fused ? "fused multiply-adds" : "multiplications and additions", machine.peak.vector_bits,
      kernels::blis_kernels(), kernels::blis_choice().reason, machine.blis / 1e9,
      100 * machine.share_of_blis());
}

void run(const Call& call) {
  if (call.kernels) {
    for (const std::string& name : kernels::usable_blis_sets(kernels::this_blis_host())) print(name + "\n");
    return;
  }
  if (call.threads > 0) set_num_threads(static_cast<int>(call.threads));
  nlohmann::ordered_json sizes = nlohmann::ordered_json::array();
  const Machine machine = measure_machine();
  if (!call.json) print(to_text(machine));
  for (const std::string& size : call.sizes) {
    const Timing timing = measure(call, size);
    if (call.json) {
      sizes.push_back(to_json(timing, machine));
    } else {
      print(to_text(timing, call.length, machine));
    }
  }
  if (call.json) {
    print(nlohmann::ordered_json{{"threads", num_threads()},
                                 {"peak_gigaflops", machine.peak.flops_a_second / 1e9},
                                 {"vector_bits", machine.peak.vector_bits},
                                 {"blis_kernels", kernels::blis_kernels()},
                                 {"blis_kernels_why", kernels::blis_choice().reason},
                                 {"blis_gigaflops", machine.blis / 1e9},
                                 {"blis_share_of_peak", machine.share_of_blis()},
                                 {"sizes", sizes}});
  }
}

}  // namespace

void add_bench(CLI::App& program) {
  auto call = std::make_shared<Call>();
  CLI::App* c = add_command(program, "bench",
                            "Time a training step beside its matrix products alone and this machine's peak",
                            "gradus bench tiny --threads 1 --steps 3");
  add_choices(*c, "SIZE", call->sizes, {"tiny", "mini", "small", "medium", "base"}, "Published sizes");
  add_whole(*c, "--steps", call->steps, "Steps to time; the median counts");
  add_whole(*c, "--batch", call->batch, "Rows; the default is 32 for tiny and mini, else 16", 1, 4096);
  add_whole(*c, "--length", call->length, "Slots a row", 5, 512);
  add_whole(*c, "--vocab-size", call->vocabulary, "Pieces of the vocabulary", 10);
  add_number(*c, "--dropout", call->dropout, "Dropout", {0, 1, true, false});
  add_switch(*c, "--kernels", call->kernels,
             "Only list the kernel sets of BLIS that this processor runs: BLIS_ARCH_TYPE=NAME takes another");
  add_threads(*c, call->threads);
  add_json(*c, call->json);
  on_call(*c, [call] { run(*call); });
}

}  // namespace gradus::app
