#include "autograd/kernels/measure/gemm_floor.hpp"

#include <algorithm>
#include <chrono>

#include "autograd/kernels/measure/product_time.hpp"

namespace gradus::kernels {

namespace {

template <class Body>
double seconds_of(Body&& body) {
  const auto begin = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

bool is_empty(const profile::Product& p) { return p.batch * p.m * p.n * p.k == 0; }

}  // namespace

GemmFloor gemm_floor(const std::vector<profile::Product>& products, int rounds) {
  GemmFloor floor;
  ProductTimer timer;
  for (const auto& product : products) {
    if (is_empty(product)) continue;
    floor.flops += product.flops() * static_cast<double>(product.calls);
    const double tiles = timer.least(product, ProductWay::tiles);
    floor.choices.push_back({product, tiles, timer.least_unless(1.2 * tiles, product, ProductWay::blis)});
  }
  std::vector<double> times;
  for (int round = 0; round < std::max(1, rounds); ++round) {
    times.push_back(seconds_of([&] {
      for (const auto& choice : floor.choices) {
        const ProductWay way = choice.tiles_win() ? ProductWay::tiles : ProductWay::blis;
        for (int64_t i = 0; i < choice.product.calls; ++i) timer.call(choice.product, way);
      }
    }));
  }
  std::sort(times.begin(), times.end());
  floor.seconds = times[times.size() / 2];
  return floor;
}

}  // namespace gradus::kernels
