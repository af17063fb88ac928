// Chapter 21: what a step has to do, counted; the roof over it; a product by hand; fused or not; and threads.
#include <fmt/format.h>

#include <algorithm>

#include "museum.hpp"
#include "on_tape.hpp"
#include "operations.hpp"
#include "pictures.hpp"
#include "sharing.hpp"
#include "tutorials/support/kit.hpp"
#include "where.hpp"

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::speed;

namespace {

/// A sentence, and whether it holds.
void tell(const std::string& claim, bool holds) { fmt::print("{:<64} {}\n", claim, holds); }

void counting() {
  const StepSizes& s = sizes_of_the_text;
  const ForwardFlops forward = forward_flops(s);
  section("A step, counted");
  fmt::print("{} rows of {}, {} places asked for; {} layers of {}; {} pieces\n", s.batch, s.length, s.masked,
             s.layers, s.hidden, s.vocabulary);
  for (const auto& [name, flops] :
       {std::pair{"projections", forward.projections}, std::pair{"feed-forward", forward.feed_forward},
        std::pair{"attention", forward.attention}, std::pair{"head", forward.head}})
    fmt::print("{:<24} {:>14}\n", name, flops);
  fmt::print("{:<24} {:>14}\n", "forward", forward.sum());
  fmt::print("{:<24} {:>14}\n", "with backward", step_flops(s));

  section("Counted and recorded");
  Training training(sizes_to_run);
  Switches late;
  late.early = false;
  profile::start();
  training.step(&late);
  profile::stop();
  const int64_t recorded = flops_of(profile::products());
  const int64_t B = sizes_to_run.batch, H = sizes_to_run.hidden;
  const int64_t verdicts = 3 * (product_work(B, H, H).flops + product_work(B, 2, H).flops);
  tell("the products of a real step have as many operations:",
       recorded - verdicts == step_flops(sizes_to_run));
}

/// Measures what the machine can do, and the operations of a step below it.
OneThread roofline() {
  section("What the machine can do");
  const OneThread machine = measure_one_thread();
  fmt::print("one thread, in registers: {:>8.1f} GFLOP/s\n", machine.flops / 1e9);
  for (size_t i = 0; i < stream_bytes.size(); ++i)
    fmt::print("arrays of {:>7} KiB:     {:>8.1f} GB/s\n", stream_bytes[i] >> 10, machine.bytes[i] / 1e9);
  fmt::print("operations a byte from which on operations decide: {:.1f} from memory, {:.1f} from the cache\n",
             machine.far().ridge(), machine.near().ridge());

  section("Counted before anything is run");
  fmt::print("{:<26} {:>12} {:>12} {:>12}\n", "", "operations", "bytes", "intensity");
  for (const Operation& one : operations_of(sizes_of_the_text))
    fmt::print("{:<26} {:>12} {:>12} {:>12.3f}\n", one.name, one.work.flops, one.work.bytes,
               one.work.intensity());

  section("Below the roof");
  const Threads one_thread(1);
  std::vector<Timed> timed;
  fmt::print("{:<26} {:>10} {:>10} {:>18}\n", "", "ms", "GFLOP/s", "% of the roof");
  for (const Operation& one : operations_of(sizes_to_run)) {
    timed.push_back({one.name, one.work, seconds_of_one(one.run, 0.005)});
    const double reached = timed.back().flops_a_second();
    fmt::print("{:<26} {:>10.3f} {:>10.1f} {:>18.0f}\n", one.name, 1e3 * timed.back().seconds, reached / 1e9,
               100 * reached / roof(machine.near(), one.work.intensity()));
  }
  save_figure("roofline.svg", draw_roofline(timed, machine));
  return machine;
}

void products(const OneThread& machine) {
  const int64_t n = short_run ? 96 : 512;
  const Sizes s{n, n, n};
  const Numbers a = random_numbers(n * n, 1), b = random_numbers(n * n, 2);
  Numbers c(a.size()), blis(a.size());
  const Threads one_thread(1);

  section("Numbers fetched for a multiply-add");
  fmt::print("along the rows:           {:.2f}\n", fetched_along_the_rows());
  fmt::print("a register tile of 4 x 16: {:.2f}\n", fetched_by_a_tile(tile_rows, tile_cols));
  fmt::print("one of 6 x 64:            {:.2f}\n", fetched_by_a_tile(6, 64));
  section("A product by hand");
  blis_product(a.data(), b.data(), blis.data(), s);
  bool same = true;
  std::vector<std::pair<std::string, double>> shares;
  const auto line = [&](const std::string& name, double seconds) {
    const double reached = static_cast<double>(product_work(n, n, n).flops) / seconds;
    shares.emplace_back(name.substr(0, name.find(':')), reached / machine.flops);
    fmt::print("{:<28} {:>10.2f} {:>10.1f} {:>12.1f}\n", name, 1e3 * seconds, reached / 1e9,
               100 * shares.back().second);
  };
  fmt::print("{:<28} {:>10} {:>10} {:>12}\n", "512 x 512 x 512", "ms", "GFLOP/s", "% of the peak");
  for (const auto& [name, product] : products_by_hand()) {
    line(name, seconds_of([&, by_hand = product] { by_hand(a.data(), b.data(), c.data(), s); },
                          product == by_columns ? 1 : 3));
    for (size_t i = 0; i < c.size(); ++i) same = same && std::abs(c[i] - blis[i]) < 1e-3F;
  }
  line("BLIS", seconds_of([&] { blis_product(a.data(), b.data(), c.data(), s); }, 5));
  shares.emplace_back("the peak", 1);
  save_figure("products.svg", draw_shares("Share of the peak, 512 x 512 x 512", shares));
  section("A product by hand, in words");
  tell("all of them agree to 0.001:", same);
}

void print_passes(const std::string& name, const std::vector<Pass>& passes) {
  fmt::print("{}\n", name);
  for (const Pass& pass : passes)
    fmt::print("  {:<36} {:>6} {:>6} {:>10}\n", pass.what, pass.reads, pass.writes,
               f32_bytes * (pass.reads + pass.writes));
  fmt::print("  {:<36} {:>6} {:>6} {:>10}\n", "", "", "", work_of(passes, 1).bytes);
}

void fusing(const OneThread& machine) {
  section("Passes: bias and GELU");
  fmt::print("{:<38} {:>6} {:>6} {:>10}\n", "for each number", "reads", "writes", "bytes");
  print_passes("forward in three", gelu_in_three);
  print_passes("forward in one", gelu_in_one);
  print_passes("backward in three", gelu_backward_in_three);
  print_passes("backward in one", gelu_backward_in_one);
  section("Passes: softmax and loss");
  fmt::print("{:<38} {:>6} {:>6} {:>10}\n", "for each score", "reads", "writes", "bytes");
  print_passes("forward in three", losing_in_three);
  print_passes("forward in one", losing_in_one);
  print_passes("backward in three", losing_backward_in_three);
  print_passes("backward in one", losing_backward_in_one);

  section("The same numbers");
  Rng rng(4);
  const Tensor x = randn({30, 50}, rng) * 2, bias = randn({50}, rng);
  const Tensor cotangent = randn({30, 50}, rng), of_rows = randn({30}, rng);
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < 30; ++i) labels.push_back(rng.between(0, 49));
  const auto both = [](const std::string& name, const auto& f, const auto& g,
                       const std::vector<Tensor>& inputs, const Tensor& v) {
    const auto run = [&](const auto& fn) {
      std::vector<Tensor> leaves, out;
      for (const Tensor& input : inputs) leaves.push_back(input.clone().requires_grad());
      out.push_back(fn(leaves));
      sum(out[0] * v).backward();
      for (const Tensor& leaf : leaves) out.push_back(leaf.grad());
      return out;
    };
    const std::vector<Tensor> one = run(f), other = run(g);
    bool same = true;
    for (size_t i = 0; i < one.size(); ++i) same = same && largest_gap(one[i], other[i]) < 2e-5;
    tell(name, same);
  };
  const auto gelu3 = [](const auto& in) { return gelu_in_three_op<float>(in[0], in[1]); };
  const auto gelu1 = [](const auto& in) { return gelu_in_one_op<float>(in[0], in[1]); };
  const auto theirs = [](const auto& in) { return bias_activation(in[0], in[1], Activation::gelu); };
  both("GELU in one pass and in three, value and gradients:", gelu1, gelu3, {x, bias}, cotangent);
  both("GELU in one pass and the library's:", gelu1, theirs, {x, bias}, cotangent);
  const auto loss3 = [&](const auto& in) { return loss_in_three_op<float>(in[0], labels); };
  const auto loss1 = [&](const auto& in) { return loss_in_one_op<float>(in[0], labels); };
  const auto their_loss = [&](const auto& in) {
    return cross_entropy(in[0], tensor(labels), {.reduction = LossReduction::none});
  };
  both("loss in one pass and in three, value and gradient:", loss1, loss3, {x}, of_rows);
  both("loss in one pass and the library's:", loss1, their_loss, {x}, of_rows);

  section("Gradient check");
  const Tensor few = randn({3, 4}, rng, DType::f64), shift = randn({4}, rng, DType::f64);
  const std::vector<int64_t> asked = {2, 0, 3};
  check_gradient("GELU in three", [](const auto& in) { return gelu_in_three_op<double>(in[0], in[1]); },
                 {few, shift});
  check_gradient("GELU in one", [](const auto& in) { return gelu_in_one_op<double>(in[0], in[1]); },
                 {few, shift});
  check_gradient("loss in three", [&](const auto& in) { return loss_in_three_op<double>(in[0], asked); },
                 {few});
  check_gradient("loss in one", [&](const auto& in) { return loss_in_one_op<double>(in[0], asked); }, {few});

  section("Passes and time");
  const Threads one_thread(1);
  fmt::print("{:<26} {:>16} {:>16} {:>10}\n", "forward and backward", "MB counted", "at least ms", "ms");
  for (const Operation& one : fused_and_not(sizes_to_run)) {
    const double seconds = seconds_of_one(one.run, 0.005);
    fmt::print("{:<26} {:>16.1f} {:>16.3f} {:>10.3f}\n", one.name, static_cast<double>(one.work.bytes) / 1e6,
               1e3 * least_seconds(machine.near(), one.work), 1e3 * seconds);
  }
}

void masked_places() {
  const StepSizes& s = sizes_of_the_text;
  section("Only the masked places");
  fmt::print("{:<28} {:>10} {:>16} {:>16}\n", "", "rows", "operations", "bytes of scores");
  for (const auto& [name, rows] :
       {std::pair{"every place", s.batch * s.length}, std::pair{"the masked ones", s.masked}})
    fmt::print("{:<28} {:>10} {:>16} {:>16}\n", name, rows, product_work(rows, s.vocabulary, s.hidden).flops,
               f32_bytes * rows * s.vocabulary);
  StepSizes all = s;
  all.masked = s.batch * s.length;
  fmt::print("a step with every place has {:.2f} times the operations\n",
             static_cast<double>(step_flops(all)) / static_cast<double>(step_flops(s)));
}

void threads() {
  section("Threads: the same bits");
  const int64_t n = short_run ? 130 : 300;
  const Numbers a = random_numbers(n * n, 1), b = random_numbers(n * n, 2);
  Numbers alone(a.size()), shared(a.size());
  in_register_tiles(a.data(), b.data(), alone.data(), {n, n, n});
  bool same = true;
  for (const int count : {1, 2, 3, 8}) {
    product_by_threads(a.data(), b.data(), shared.data(), {n, n, n}, count);
    same = same && shared == alone;
  }
  tell("the product in pieces of 64 rows, on 1, 2, 3 and 8 threads:", same);

  section("Amdahl");
  fmt::print("{:<28} {:>8} {:>8} {:>8} {:>8}\n", "threads", 2, 8, 64, 1024);
  for (const double share : {0.01, 0.05, 0.25}) {
    fmt::print("{:<28}", fmt::format("{:.0f} % are done by one", 100 * share));
    for (const double N : {2.0, 8.0, 64.0, 1024.0}) fmt::print(" {:>8.2f}", speed_up(share, N));
    fmt::print("\n");
  }

  section("Amdahl, measured");
  Together work({short_run ? 64 : 1024, 512, 128});
  const double product = seconds_of_one([&] { work.shared(1); }, 0.005),
               gelu = seconds_of_one([&] { work.alone(); }, 0.005);
  const double two = seconds_of_one(
      [&] {
        work.shared(2);
        work.alone();
      },
      0.005);
  fmt::print("a product that is shared out {:.2f} ms, a GELU that is not {:.2f} ms\n", 1e3 * product,
             1e3 * gelu);
  fmt::print("both on two threads: expected {:.2f} ms, measured {:.2f} ms\n", 1e3 * (product / 2 + gelu),
             1e3 * two);
}

void a_step(const OneThread& machine) {
  section("Each fusion on and off");
  Training training(sizes_to_run);
  const auto& all = switched_off();
  std::vector<double> least(all.size(), 1e9);
  bool same = true;
  const double theirs = training.model.loss(training.batch).loss.item();
  {
    const Threads one_thread(1);
    for (int round = 0; round < (short_run ? 1 : 4); ++round) {  // the first one warms up
      for (size_t i = 0; i < all.size(); ++i) {
        const double seconds = seconds_of_once([&] { training.step(&all[i].second); });
        if (round > 0 || short_run) least[i] = std::min(least[i], seconds);
      }
    }
  }
  const Training fresh(sizes_to_run);
  for (const auto& [name, on] : all)
    same = same && std::abs(loss_of(fresh.model, fresh.batch, on).item() - theirs) < 1e-4;
  fmt::print("{:<34} {:>10} {:>12}\n", "", "ms", "times");
  for (size_t i = 0; i < all.size(); ++i)
    fmt::print("{:<34} {:>10.1f} {:>12.2f}\n", all[i].first, 1e3 * least[i], least[i] / least[0]);
  section("Each fusion on and off, in words");
  tell("the loss is that of the library, whatever is switched off:", same);

  section("Where the milliseconds go");
  const auto on_threads = [&](int count) {
    const Threads so_many(count);
    return where_it_goes(training, short_run ? 1 : 4, count == 1);
  };
  const Where one = on_threads(1), two = on_threads(2);
  fmt::print("{:<34} {:>10} {:>12}\n", "ms", "1 thread", "2 threads");
  for (size_t i = 0; i < one.groups.size(); ++i)
    fmt::print("{:<34} {:>10.2f} {:>12.2f}\n", one.groups[i].first, 1e3 * one.groups[i].second,
               1e3 * two.groups[i].second);
  fmt::print("{:<34} {:>10.2f} {:>12.2f}\n", "the step", 1e3 * one.step, 1e3 * two.step);
  const double at_the_peak = static_cast<double>(one.flops) / machine.flops;
  fmt::print("{:<34} {:>10.2f}\n", "its products alone: the floor", 1e3 * one.floor);
  fmt::print("{:<34} {:>10.2f}\n", "its operations at the peak", 1e3 * at_the_peak);
  fmt::print(
      "one thread is at {:.0f} % of the peak; two are {:.2f} times as fast, as if {:.0f} % were done by "
      "one\n",
      100 * at_the_peak / one.step, one.step / two.step,
      100 * std::clamp(serial_share(one.step, two.step), 0.0, 1.0));
  save_figure("step.svg", draw_shares("A step of the library on one thread, as shares of its time", [&] {
                std::vector<std::pair<std::string, double>> shares;
                for (const auto& [name, seconds] : one.groups) shares.emplace_back(name, seconds / one.step);
                return shares;
              }()));
}

void museum(const OneThread& machine) {
  section("Museum: operations counted wrongly");
  const StepSizes& s = sizes_of_the_text;
  fmt::print("{:<44} {:>14} {:>8}\n", "", "counted", "of it");
  for (const auto& [name, how] : {std::pair{"as the products are", Count::right},
                                  std::pair{"a multiply-add is one", Count::multiply_adds},
                                  std::pair{"backward forgotten", Count::forward_only},
                                  std::pair{"the decoder as if it saw every place", Count::decoder_for_all}})
    fmt::print("{:<44} {:>14} {:>8.2f}\n", name, counted(s, how),
               static_cast<double>(counted(s, how)) / static_cast<double>(step_flops(s)));

  section("Museum: without warming up");
  const FirstAndSecond triads = triad_into_new_memory(short_run ? 1 << 16 : 1 << 23);
  fmt::print("the first call {:.2f} ms, the second {:.2f} ms\n", 1e3 * triads.first, 1e3 * triads.second);

  section("Museum: a loop that nobody needs");
  const Numbers x = random_numbers(short_run ? 1000 : 1'000'000, 5);
  const auto share = [&](Result result) {
    return 2 * static_cast<double>(x.size()) / seconds_of_squares(x, result) / machine.flops;
  };
  const double used = share(Result::used), unused = share(Result::unused);
  fmt::print("of the peak, with the sum used: {:.2f}; with the sum unused: {:.1f}\n", used, unused);
  section("Museum: a loop that nobody needs, in words");
  tell("the second one is above the peak:", shown(unused > 1));

  section("Museum: exp without the shift");
  const std::vector<int64_t> label = {1};
  for (const float more : {0.0F, 80.0F, 100.0F, -120.0F}) {
    const Numbers scores = {more, more + 1, more + 2};
    float loss[2], shift = 0, sum = 0;
    loss_in_one(scores.data(), label.data(), loss, &shift, &sum, 1, 3);
    loss_in_one(scores.data(), label.data(), loss + 1, &shift, &sum, 1, 3, Shift::none);
    fmt::print("scores {}, {}, {}: {:.4f}, without the shift {:.4f}\n", scores[0], scores[1], scores[2],
               loss[0], loss[1]);
  }

  section("Museum: a sum cut by threads");
  const Numbers many = random_numbers(200'000, 6);
  for (const auto& [name, cut] : {std::pair{"in pieces of 4096", Cut::fixed},
                                  std::pair{"a stretch for each thread", Cut::by_threads}}) {
    bool same = true;
    for (const int count : {2, 4, 8})
      same = same && sum_by_threads(many, count, cut) == sum_by_threads(many, 1, cut);
    tell(fmt::format("{}: the same bits on 1, 2, 4 and 8 threads:", name), same);
  }
}

}  // namespace

int main(int argc, char** argv) {
  return run_chapter(argc, argv, [] {
    counting();
    const OneThread machine = roofline();
    products(machine);
    fusing(machine);
    masked_places();
    threads();
    a_step(machine);
    museum(machine);
  });
}
