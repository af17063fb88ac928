// Chapter 21: what is counted is what the products do; the products by hand are right at every size; fused
// and in passes are the library's, with the right gradients; each switch leaves the loss as it is; pieces
// give the same bits on any number of threads; the bugs are caught. Nothing here asks a clock how fast
// anything is.
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/sanitized.hpp"
#include "support/training_seed.hpp"
#include "tutorials/21_speed/museum.hpp"
#include "tutorials/21_speed/on_tape.hpp"
#include "tutorials/21_speed/operations.hpp"
#include "tutorials/21_speed/pictures.hpp"
#include "tutorials/21_speed/sharing.hpp"
#include "tutorials/21_speed/where.hpp"

using namespace gradus;
using namespace gradus::test;
using namespace gradus::tutorials::speed;

namespace {

constexpr StepSizes small{
    .batch = 3, .length = 16, .hidden = 32, .layers = 2, .vocabulary = 70, .masked = 11};
constexpr uint64_t seeds_tried = is_sanitized ? 1 : 4;

Numbers by_the_book(const Numbers& a, const Numbers& b, Sizes s) {
  Numbers c(static_cast<size_t>(s.m * s.n));
  for (int64_t i = 0; i < s.m; ++i) {
    for (int64_t j = 0; j < s.n; ++j) {
      double sum = 0;
      for (int64_t p = 0; p < s.k; ++p)
        sum += static_cast<double>(a[static_cast<size_t>(i * s.k + p)]) *
               static_cast<double>(b[static_cast<size_t>(p * s.n + j)]);
      c[static_cast<size_t>(i * s.n + j)] = static_cast<float>(sum);
    }
  }
  return c;
}

double worst(const Numbers& a, const Numbers& b) {
  double gap = a.size() == b.size() ? 0 : 1e9;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const double off = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    gap = off <= gap ? gap : off;  // a NaN stays
  }
  return gap;
}

/// f's value, and its gradients for the cotangent v.
std::vector<Tensor> value_and_gradients(const std::function<Tensor(const std::vector<Tensor>&)>& f,
                                        const std::vector<Tensor>& inputs, const Tensor& v) {
  std::vector<Tensor> leaves, out;
  for (const Tensor& input : inputs) leaves.push_back(input.clone().requires_grad());
  out.push_back(f(leaves));
  sum(out[0] * v).backward();
  for (const Tensor& leaf : leaves) out.push_back(leaf.grad());
  return out;
}

void check_same(const std::vector<Tensor>& a, const std::vector<Tensor>& b, double tolerance) {
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) CHECK(worst_difference(a[i], b[i]) < tolerance);
}

int64_t recorded_flops(const StepSizes& s, const Switches* on) {
  tutorials::speed::Training training(s);
  profile::start();
  training.step(on);
  profile::stop();
  return flops_of(profile::products());
}

}  // namespace

TEST_CASE("21: the formula counts every operation of a step's products", "[tutorials]") {
  CHECK(forward_flops(sizes_of_the_text).sum() == 1267531776);
  CHECK(step_flops(sizes_of_the_text) == 3 * forward_flops(sizes_of_the_text).sum());
  const std::vector<StepSizes> some = {
      small, {.batch = 2, .length = 32, .hidden = 64, .layers = 1, .vocabulary = 40, .masked = 5}};
  for (const StepSizes& s : some) {
    Switches late;
    late.early = false;
    const int64_t verdicts =
        3 * (product_work(s.batch, s.hidden, s.hidden).flops + product_work(s.batch, 2, s.hidden).flops);
    CHECK(recorded_flops(s, &late) == step_flops(s) + verdicts);
    Switches every;
    every.early = every.gathered = false;
    CHECK(recorded_flops(s, &every) == counted(s, Count::decoder_for_all) + verdicts);
    const Switches all_on;
    CHECK(recorded_flops(s, &all_on) < step_flops(s));
    CHECK(recorded_flops(s, nullptr) == recorded_flops(s, &all_on));  // the library's own
  }
}

TEST_CASE("21: work is counted as the text says", "[tutorials]") {
  CHECK(product_work(2, 3, 5).flops == 60);
  CHECK(product_work(2, 3, 5).bytes == 4 * (10 + 15 + 6));
  CHECK(work_of(gelu_in_three, 10).bytes == 280);
  CHECK(work_of(gelu_in_one, 10).bytes == 120);
  CHECK(work_of(gelu_backward_in_three, 10).bytes == 360);
  CHECK(work_of(gelu_backward_in_one, 10).bytes == 120);
  CHECK(work_of(losing_in_three, 10).bytes == 280);
  CHECK(work_of(losing_in_one, 10).bytes == 40);
  CHECK(work_of(losing_backward_in_three, 10).bytes == 240);
  CHECK(work_of(losing_backward_in_one, 10).bytes == 80);
  const Machine machine{100, 10};
  CHECK(machine.ridge() == 10);
  CHECK(roof(machine, 2) == 20);
  CHECK(roof(machine, 10) == 100);
  CHECK(roof(machine, 50) == 100);
  CHECK(least_seconds(machine, {200, 10}) == 2);
  CHECK(least_seconds(machine, {200, 50}) == 5);
  CHECK(speed_up(0, 8) == 8);
  CHECK(speed_up(1, 8) == 1);
  CHECK(speed_up(0.05, 64) == Approx(15.42).epsilon(1e-3));
  CHECK(serial_share(10, 10 / speed_up(0.3, 2)) == Approx(0.3));
  CHECK(fetched_by_a_tile(4, 32) == Approx(36.0 / 128));
}

TEST_CASE("21: all products by hand are the product, at every size and whatever c held", "[tutorials]") {
  for (const Sizes& s : {Sizes{1, 1, 1}, Sizes{4, 32, 7}, Sizes{5, 33, 65}, Sizes{3, 300, 70},
                         Sizes{67, 31, 129}, Sizes{64, 64, 64}, Sizes{6, 5, 0}}) {
    const Numbers a = random_numbers(s.m * s.k, 1), b = random_numbers(s.k * s.n, 2),
                  want = by_the_book(a, b, s);
    Numbers c(want.size());
    for (const auto& [name, product] : products_by_hand()) {
      INFO(name << " " << s.m << " x " << s.n << " x " << s.k);
      std::fill(c.begin(), c.end(), std::numeric_limits<float>::quiet_NaN());
      product(a.data(), b.data(), c.data(), s);
      CHECK(worst(c, want) < 1e-4);
    }
    blis_product(a.data(), b.data(), c.data(), s);
    CHECK(worst(c, want) < 1e-4);
  }
}

TEST_CASE("21: GELU in one pass is GELU in three and the library's, with the right gradients",
          "[tutorials]") {
  for (uint64_t seed = 0; seed < seeds_tried; ++seed) {
    Rng rng(training_seed(seed + 1));
    const Tensor x = randn({7, 19}, rng) * 3, bias = randn({19}, rng), v = randn({7, 19}, rng);
    const auto one =
        value_and_gradients([](const auto& in) { return gelu_in_one_op<float>(in[0], in[1]); }, {x, bias}, v);
    check_same(one,
               value_and_gradients([](const auto& in) { return gelu_in_three_op<float>(in[0], in[1]); },
                                   {x, bias}, v),
               2e-5);
    check_same(
        one,
        value_and_gradients([](const auto& in) { return bias_activation(in[0], in[1], Activation::gelu); },
                            {x, bias}, v),
        2e-5);
    const Tensor few = randn({3, 4}, rng, DType::f64), shift = randn({4}, rng, DType::f64);
    CHECK(
        gradcheck([](const auto& in) { return gelu_in_one_op<double>(in[0], in[1]); }, {few, shift}).passed);
    CHECK(gradcheck([](const auto& in) { return gelu_in_three_op<double>(in[0], in[1]); }, {few, shift})
              .passed);
  }
  // The slope may be written over x.
  Numbers x = random_numbers(12, 1), y(12), slope(12), again(12);
  const Numbers bias = random_numbers(4, 2);
  bias_gelu_in_one(x.data(), bias.data(), y.data(), slope.data(), 3, 4);
  bias_gelu_in_one(x.data(), bias.data(), again.data(), x.data(), 3, 4);
  CHECK(again == y);
  CHECK(x == slope);
}

TEST_CASE("21: the loss in one pass is that in three and the library's, with the right gradient",
          "[tutorials]") {
  for (uint64_t seed = 0; seed < seeds_tried; ++seed) {
    Rng rng(training_seed(seed + 1));
    const Tensor scores = randn({6, 23}, rng) * 5, v = randn({6}, rng);
    std::vector<int64_t> labels;
    for (int64_t i = 0; i < 6; ++i) labels.push_back(rng.between(0, 22));
    const auto one = value_and_gradients([&](const auto& in) { return loss_in_one_op<float>(in[0], labels); },
                                         {scores}, v);
    check_same(one,
               value_and_gradients([&](const auto& in) { return loss_in_three_op<float>(in[0], labels); },
                                   {scores}, v),
               2e-5);
    check_same(one,
               value_and_gradients(
                   [&](const auto& in) {
                     return cross_entropy(in[0], tensor(labels), {.reduction = LossReduction::none});
                   },
                   {scores}, v),
               2e-5);
    const Tensor few = randn({3, 5}, rng, DType::f64);
    const std::vector<int64_t> asked = {4, 0, 2};
    CHECK(gradcheck([&](const auto& in) { return loss_in_one_op<double>(in[0], asked); }, {few}).passed);
    CHECK(gradcheck([&](const auto& in) { return loss_in_three_op<double>(in[0], asked); }, {few}).passed);
  }
}

TEST_CASE("21: the loss and its gradients are the library's, whatever is switched off", "[tutorials]") {
  Rng rng(training_seed(1));
  const bert::BertForPreTraining model(config_of(small), rng);
  const bert::PretrainingBatch batch = random_batch(small, training_seed(2));
  nn::AdamW optimizer(model, {.lr = 1});  // for its zeros
  const auto gradients = [&](const auto& loss_now) {
    optimizer.zero_grad();
    const Tensor loss = loss_now();
    loss.backward();
    std::vector<Tensor> all = {loss.detach()};
    for (const auto& [name, parameter] : model.named_parameters()) all.push_back(parameter.grad().clone());
    return all;
  };
  const std::vector<Tensor> theirs = gradients([&] { return model.loss(batch).loss; });
  CHECK(switched_off().size() == 9);
  for (const auto& [name, on] : switched_off()) {
    INFO(name);
    check_same(gradients([&] { return loss_of(model, batch, on); }), theirs, 1e-5);
  }
}

TEST_CASE("21: pieces give the same bits on any number of threads, and stretches by thread do not",
          "[tutorials]") {
  const Sizes s{150, 70, 90};
  const Numbers a = random_numbers(s.m * s.k, 1), b = random_numbers(s.k * s.n, 2);
  Numbers alone(static_cast<size_t>(s.m * s.n)), shared(alone.size());
  in_register_tiles(a.data(), b.data(), alone.data(), s);
  for (const int threads : {1, 2, 3, 8}) {
    product_by_threads(a.data(), b.data(), shared.data(), s, threads);
    CHECK(shared == alone);
    std::vector<std::atomic<int>> calls(37);
    share_out(37, threads, [&](int64_t piece) { ++calls[static_cast<size_t>(piece)]; });
    CHECK(std::all_of(calls.begin(), calls.end(), [](const auto& count) { return count == 1; }));
  }
  for (uint64_t seed = 0; seed < 8; ++seed) {
    const Numbers x = random_numbers(200'000, training_seed(seed + 6));
    const float fixed = sum_by_threads(x, 1);
    bool other = false;
    for (const int threads : {2, 4, 8}) {
      CHECK(sum_by_threads(x, threads) == fixed);
      other = other || sum_by_threads(x, threads, Cut::by_threads) != sum_by_threads(x, 1, Cut::by_threads);
    }
    CHECK(other);
  }
}

TEST_CASE("21 museum: operations counted wrongly, and exp without the shift", "[tutorials]") {
  const StepSizes& s = sizes_of_the_text;
  CHECK(2 * counted(s, Count::multiply_adds) == counted(s, Count::right));
  CHECK(3 * counted(s, Count::forward_only) == counted(s, Count::right));
  CHECK(counted(s, Count::decoder_for_all) > 2 * counted(s, Count::right));
  const std::vector<int64_t> label = {1};
  const auto loss = [&](float more, Shift shift) {
    const Numbers scores = {more, more + 1, more + 2};
    float lost = 0, off = 0, sum = 0;
    loss_in_one(scores.data(), label.data(), &lost, &off, &sum, 1, 3, shift);
    return lost;
  };
  const double right = std::log(1 + std::exp(1.0) + std::exp(2.0)) - 1;
  for (const float more : {0.0F, 80.0F, 100.0F, -120.0F, 1000.0F})
    CHECK(loss(more, Shift::largest) == Approx(right).epsilon(1e-4));
  CHECK(loss(80, Shift::none) == Approx(right).epsilon(1e-4));
  CHECK(loss(100, Shift::none) == std::numeric_limits<float>::infinity());
  CHECK(loss(-120, Shift::none) == -std::numeric_limits<float>::infinity());
}

TEST_CASE("21: what is measured is there, and every kind of work has its row", "[tutorials]") {
  const Threads one(1);
  tutorials::speed::Training training(small);
  const Where where = where_it_goes(training, 1, true);
  CHECK(where.step > 0);
  CHECK(where.floor > 0);
  CHECK(where.flops == recorded_flops(small, nullptr));
  REQUIRE(where.groups.size() == 7);
  double all = 0;
  for (const auto& [kind, seconds] : where.groups) {
    INFO(kind);
    CHECK(seconds >= 0);
    all += seconds;
  }
  CHECK(all == Approx(where.step));
  int runs = 0;
  CHECK(seconds_of_one([&] { ++runs; }, 1e-7) > 0);
  CHECK(runs > 4);
  OneThread machine;
  machine.flops = 1e11;
  machine.bytes = {2e11, 1e11, 5e10, 1e10};
  CHECK(machine.near().bytes == 2e11);
  CHECK(machine.far().bytes == 1e10);
  const plot::Picture picture = draw_roofline({{"one", {100, 50}, 1e-9}, {"two", {100, 2}, 1e-8}}, machine);
  CHECK(picture.body.find("2  two") != std::string::npos);
  CHECK(operations_of(small).size() == 9);
}
