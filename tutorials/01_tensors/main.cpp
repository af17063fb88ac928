// Chapter 1: tensors, strides and BLIS. Built from memory and strides first, then with the library.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "autograd/autograd.hpp"
#include "autograd/kernels/products/gemm.hpp"
#include "autograd/threads.hpp"
#include "plot/plot.hpp"
#include "tutorials/01_tensors/tensors.hpp"
#include "tutorials/support/kit.hpp"

namespace gradus::tutorials {
namespace {

/// The numbers of a walk over rows and columns, a line a row.
void print(const Walk& walk) {
  for (int64_t i = 0; i < walk.shape[0]; ++i) {
    for (int64_t j = 0; j < walk.shape[1]; ++j) fmt::print("{:4}", walk.memory[place(walk, {i, j})]);
    fmt::print("\n");
  }
}

/// Where each number of a walk over rows and columns lies, as a picture.
plot::Picture places(const std::string& title, const Walk& walk) {
  plot::HeatMap map;
  map.title = title;
  map.decimals = 0;
  map.low = 0;
  map.high = 11;
  for (int64_t i = 0; i < walk.shape[0]; ++i) map.rows.push_back(fmt::format("{}", i));
  for (int64_t j = 0; j < walk.shape[1]; ++j) map.columns.push_back(fmt::format("{}", j));
  for (int64_t i = 0; i < walk.shape[0]; ++i) {
    for (int64_t j = 0; j < walk.shape[1]; ++j)
      map.values.push_back(static_cast<double>(place(walk, {i, j})));
  }
  return plot::draw(map);
}

void memory_and_strides() {
  section("Twelve numbers");
  std::vector<float> memory = {10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33};
  const Walk x{memory.data(), {3, 4}, {4, 1}, 0};
  fmt::print("shape {}, strides {}, offset {}\n", x.shape, x.strides, x.offset);
  print(x);
  fmt::print("x[2, 1] lies at 0 + 2 * 4 + 1 * 1 = {} and is {}\n", place(x, {2, 1}),
             x.memory[place(x, {2, 1})]);

  section("Transposed");
  const Walk xt = transposed(x, 0, 1);
  fmt::print("shape {}, strides {}, offset {}\n", xt.shape, xt.strides, xt.offset);
  print(xt);

  section("A slice");
  const Walk middle = sliced(x, 1, 1, 3);
  fmt::print("shape {}, strides {}, offset {}\n", middle.shape, middle.strides, middle.offset);
  print(middle);

  section("Stride 0");
  const Walk row = repeated(sliced(x, 0, 1, 2), 0, 3);
  fmt::print("shape {}, strides {}, offset {}\n", row.shape, row.strides, row.offset);
  print(row);

  save_figure("places.svg",
              plot::beside({places("x", x), places("x transposed", xt), places("columns 1 and 2", middle),
                            places("row 1, three times", row)}));
}

void the_library() {
  section("The library's tensor");
  const Tensor x = tensor<float>({10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33}, Shape{3, 4});
  const Tensor xt = x.transpose(0, 1);
  const Tensor middle = x.slice(1, 1, 3);
  const Tensor row = x.slice(0, 1, 2).expand({3, 4});
  for (const Tensor& view : {x, xt, middle, row}) {
    fmt::print("shape {}, strides {}, offset {}, shares memory: {}\n", view.shape(), view.strides(),
               view.offset(), view.shares_memory_with(x));
  }

  section("When a view is not enough");
  const Tensor flat = x.reshape({12}), flat_t = xt.reshape({12});
  fmt::print("x reshaped to [12]: shares memory: {}\n", flat.shares_memory_with(x));
  fmt::print("its transpose reshaped to [12]: shares memory: {}\n", flat_t.shares_memory_with(x));
  fmt::print("{}\n", flat_t);
}

void a_product() {
  section("A product by three loops");
  std::vector<float> a = {1, 2, 3, 4, 5, 6}, b = {1, 0, 2, 1, 0, 3}, c(4);
  product({a.data(), {2, 3}, {3, 1}, 0}, {b.data(), {3, 2}, {2, 1}, 0}, {c.data(), {2, 2}, {2, 1}, 0});
  print({c.data(), {2, 2}, {2, 1}, 0});
  const Tensor y = matmul(tensor(a, Shape{2, 3}), tensor(b, Shape{3, 2}));
  fmt::print("{}\n", y);
  fmt::print("largest gap: {}\n", largest_gap(y, tensor(c, Shape{2, 2})));

  section("The same product, transposed by strides");
  // b^T a^T = (a b)^T: both operands and the result are walked the other way, and no number moves.
  const Walk at = transposed({a.data(), {2, 3}, {3, 1}, 0}, 0, 1);
  const Walk bt = transposed({b.data(), {3, 2}, {2, 1}, 0}, 0, 1);
  product(bt, at, {c.data(), {2, 2}, {2, 1}, 0});
  print({c.data(), {2, 2}, {2, 1}, 0});
}

/// Billions of multiplications and additions a second of an n x n product that takes `seconds`.
double gflops(int64_t n, double seconds) { return 2e-9 * static_cast<double>(n * n * n) / seconds; }

void speed() {
  section("Three loops against BLIS");
  plot::Chart chart;
  chart.title = "Product of two n x n matrices, GFLOP/s";
  chart.x_label = "n";
  chart.log_x = chart.log_y = true;
  chart.width = 560;
  chart.series = {{"loops i, j, k", {}, {}, 2, true},
                  {"loops i, k, j", {}, {}, 3, true},
                  {"BLIS, 1 thread", {}, {}, 1, true}};
  fmt::print("{:>5} {:>14} {:>14} {:>15}\n", "n", "loops i, j, k", "loops i, k, j", "BLIS, 1 thread");
  Rng rng(1);
  const int threads = num_threads();
  set_num_threads(1);
  for (const int64_t n : {32, 64, 128, 256, 512}) {
    const Tensor a = randn({n, n}, rng), b = randn({n, n}, rng);
    Tensor c = empty({n, n});
    float* out = c.mutable_data<float>();
    const double ijk =
        gflops(n, seconds_of([&] { product_ijk(a.data<float>(), b.data<float>(), out, n); }, 5));
    const double ikj =
        gflops(n, seconds_of([&] { product_ikj(a.data<float>(), b.data<float>(), out, n); }, 5));
    // BLIS itself: matmul() does the smallest products without it, and on some processors others.
    const auto product_by_blis = [&] {
      kernels::gemm_plain<float>(1, 1, {a.data<float>(), n, n, n, 1}, {b.data<float>(), n, n, n, 1}, 0,
                                 kernels::Matrix<float>{out, n, n, n, 1});
    };
    const double blis = gflops(n, seconds_of(product_by_blis, 20));
    fmt::print("{:>5} {:>14.2f} {:>14.2f} {:>15.2f}\n", n, ijk, ikj, blis);
    const double rates[] = {ijk, ikj, blis};
    for (size_t i = 0; i < 3; ++i) {
      chart.series[i].x.push_back(static_cast<double>(n));
      chart.series[i].y.push_back(rates[i]);
    }
  }
  set_num_threads(threads);
  save_figure("speed.svg", plot::draw(chart));
}

void any_strides() {
  section("A transposed operand costs no copy");
  Rng rng(2);
  const Tensor a = randn({256, 256}, rng), b = randn({256, 256}, rng);
  const Tensor bt = b.transpose(0, 1);
  reset_peak_memory();
  const int64_t before = memory_stats().live_bytes;
  const Tensor y = matmul(a, bt);
  fmt::print("the result has {} bytes\n", y.numel() * 4);
  fmt::print("memory at the peak: {} bytes more than before\n", memory_stats().peak_bytes - before);
  fmt::print("same as with a copy of b: {}\n", largest_gap(y, matmul(a, bt.contiguous())) < 1e-3);
}

void museum() {
  section("The bug museum: x + x^T in place");
  for (const bool aliased : {false, true}) {
    std::vector<float> memory = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    const Walk x{memory.data(), {3, 3}, {3, 1}, 0};
    add_transposed(x, aliased);
    const Tensor sum = tensor(memory, Shape{3, 3});
    fmt::print("{}:\n{}\n", aliased ? "reading x while it changes" : "reading a copy", sum);
    fmt::print("symmetric: {}\n", largest_gap(sum, sum.transpose(0, 1)) == 0);
  }
}

}  // namespace
}  // namespace gradus::tutorials

int main(int argc, char** argv) {
  using namespace gradus::tutorials;
  return run_chapter(argc, argv, [] {
    memory_and_strides();
    the_library();
    a_product();
    speed();
    any_strides();
    museum();
  });
}
