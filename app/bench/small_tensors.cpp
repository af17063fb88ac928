#include "app/bench/small_tensors.hpp"

#include "app/bench/timing.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops.hpp"
#include "autograd/plural.hpp"
#include "autograd/random.hpp"
#include "autograd/threads.hpp"
#include "nn/linear.hpp"
#include "nn/optimizers/optimizer.hpp"

namespace gradus::app {
namespace {

constexpr double seconds_each = 0.05;

class OneThread {
 public:
  OneThread() { set_num_threads(1); }
  ~OneThread() { set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_ = num_threads();
};

MatmulTiming time_matmul(int64_t n) {
  Rng rng(1);
  Tensor a = randn({n, n}, rng), b = randn({n, n}, rng);
  MatmulTiming timing;
  timing.n = n;
  timing.plain = seconds_a_call([&] { matmul(a, b); }, seconds_each);
  a.requires_grad(), b.requires_grad();
  timing.recorded = seconds_a_call([&] { matmul(a, b); }, seconds_each);
  timing.backward = seconds_a_call(
      [&] {
        a.clear_grad(), b.clear_grad();
        sum(matmul(a, b)).backward();
      },
      seconds_each);
  return timing;
}

ChainTiming time_chain(int64_t numbers) {
  Rng rng(1);
  Tensor x = randn({numbers}, rng), w = randn({numbers}, rng), b = randn({numbers}, rng);
  x.requires_grad(), w.requires_grad(), b.requires_grad();
  const auto work = [&] {
    x.clear_grad(), w.clear_grad(), b.clear_grad();
    Tensor y = x;
    for (int i = 0; i < 5; ++i) y = tanh(y * w + b);
    sum(y).backward();
  };
  return {numbers, seconds_a_call(work, seconds_each)};
}

struct Mlp : nn::Module {
  explicit Mlp(Rng& rng)
      : first(child("first", nn::Linear(64, 128, rng))), second(child("second", nn::Linear(128, 10, rng))) {}
  Tensor operator()(const Tensor& x) const { return second(relu(first(x))); }
  const nn::Linear first, second;
};

double time_mlp() {
  Rng rng(1);
  const Mlp model(rng);
  nn::AdamW optimizer(model, {.lr = 1e-4});
  const Tensor x = randn({32, 64}, rng);
  std::vector<int64_t> classes;
  for (int64_t i = 0; i < 32; ++i) classes.push_back(i % 10);
  const Tensor targets = tensor(classes);
  return seconds_a_call(
      [&] {
        optimizer.zero_grad();
        cross_entropy(model(x), targets).backward();
        optimizer.step();
      },
      seconds_each);
}

}  // namespace

double MatmulTiming::share_of_peak(double seconds, const kernels::Peak& peak) const {
  const auto side = static_cast<double>(n);
  return 2 * side * side * side / seconds / peak.flops_a_second;
}

TensorTimings time_small_tensors(const Machine& machine) {
  const OneThread one;
  TensorTimings timings;
  timings.peak = machine.of_one;
  for (const int64_t n : {8, 16, 32, 64, 128, 256}) timings.products.push_back(time_matmul(n));
  for (const int64_t numbers : {1, 16, 256}) timings.chains.push_back(time_chain(numbers));
  timings.mlp_step = time_mlp();
  return timings;
}

std::string to_text(const TensorTimings& t) {
  std::string text = "small tensors, one thread\n  matmul      not recorded     recorded  and backward\n";
  for (const MatmulTiming& product : t.products) {
    text += fmt::format("  {:>3} x {:<3} {:>11.3f} us {:>9.3f} us {:>10.3f} us  {:>5.1f} % of the peak\n",
                        product.n, product.n, 1e6 * product.plain, 1e6 * product.recorded,
                        1e6 * product.backward, 100 * product.share_of_peak(product.plain, t.peak));
  }
  for (const ChainTiming& chain : t.chains) {
    text += fmt::format("  {} operations on {} {}, forward and backward: {:.0f} ns each\n",
                        ChainTiming::operations, chain.numbers, plural(chain.numbers, "number"),
                        1e9 * chain.seconds / ChainTiming::operations);
  }
  return text + fmt::format("  a step of an MLP, 32 rows, 64 -> 128 -> 10: {:.1f} us\n", 1e6 * t.mlp_step);
}

nlohmann::ordered_json to_json(const TensorTimings& t) {
  using Json = nlohmann::ordered_json;
  Json products = Json::array(), chains = Json::array();
  for (const MatmulTiming& product : t.products) {
    products.push_back({{"size", product.n},
                        {"nanoseconds", 1e9 * product.plain},
                        {"recorded_nanoseconds", 1e9 * product.recorded},
                        {"backward_nanoseconds", 1e9 * product.backward},
                        {"share_of_peak", product.share_of_peak(product.plain, t.peak)}});
  }
  for (const ChainTiming& chain : t.chains) {
    chains.push_back({{"numbers", chain.numbers},
                      {"operations", ChainTiming::operations},
                      {"nanoseconds_an_operation", 1e9 * chain.seconds / ChainTiming::operations}});
  }
  return {{"matmul", products}, {"chains", chains}, {"mlp_step_microseconds", 1e6 * t.mlp_step}};
}

}  // namespace gradus::app
