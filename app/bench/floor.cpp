#include "app/bench/floor.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/bench/another_kernel_set.hpp"
#include "app/bench/timing.hpp"
#include "app/command.hpp"
#include "autograd/kernels/measure/product_time.hpp"
#include "autograd/kernels/products/blis_choice.hpp"
#include "autograd/kernels/products/gemm.hpp"
#include "autograd/threads.hpp"

namespace gradus::app {
namespace {

using Json = nlohmann::json;

constexpr double hopeless = 1.5;  // times the fastest so far: a product that takes longer is not made again

Json list_of(const std::vector<profile::Product>& products, const std::vector<double>& fastest,
             double seconds) {
  Json kinds = Json::array();
  for (size_t i = 0; i < products.size(); ++i) {
    const profile::Product& p = products[i];
    const double limit = std::min(1e6, hopeless * fastest[i]);  // JSON has no infinity
    kinds.push_back({p.m, p.n, p.k, p.batch, p.a, p.b, p.c, p.is_double, limit});
  }
  return {{"threads", num_threads()}, {"seconds", seconds}, {"kinds", kinds}};
}

/// The seconds of one call of each kind under one set.
std::optional<std::vector<double>> times_under(const std::string& set,
                                               const std::vector<profile::Product>& products,
                                               const std::vector<double>& fastest, double seconds) {
  const auto text = output_under(set, {"bench", "--floor-of", list_of(products, fastest, seconds).dump()});
  if (!text) {
    print_error(fmt::format("gradus bench: BLIS's kernels {} could not be timed\n", set));
    return std::nullopt;
  }
  return Json::parse(*text).get<std::vector<double>>();
}

/// That of this process, then the others. None where BLIS was left to choose among sets that are not known.
std::vector<std::string> sets_to_time() {
  std::vector<std::string> sets = kernels::usable_blis_sets(kernels::this_blis_host());
  const auto own = std::ranges::find(sets, kernels::blis_kernels());
  if (own == sets.end()) return {};
  std::rotate(sets.begin(), own, own + 1);
  return sets;
}

}  // namespace

double OwnFloor::round() {
  return seconds_of([&] {
    for (const kernels::FloorChoice& choice : choices_.choices) {
      const auto way = choice.tiles_win() ? kernels::ProductWay::tiles : kernels::ProductWay::blis;
      for (int64_t i = 0; i < choice.product.calls; ++i) timer_.call(choice.product, way);
    }
  });
}

FloorOverSets floor_over_sets(const std::vector<profile::Product>& all, double seconds) {
  std::vector<profile::Product> products;
  for (const profile::Product& p : all)
    if (p.flops() > 0) products.push_back(p);
  FloorOverSets floor;
  std::vector<double> fastest(products.size(), std::numeric_limits<double>::infinity());
  std::vector<size_t> winner(products.size());
  const auto seconds_of_all = [&](const std::vector<double>& times) {
    double sum = 0;
    for (size_t i = 0; i < times.size(); ++i) sum += times[i] * static_cast<double>(products[i].calls);
    return sum;
  };
  const auto beat = [&](const std::vector<double>& times, size_t set) {
    for (size_t i = 0; i < products.size(); ++i) {
      if (times[i] >= fastest[i]) continue;
      fastest[i] = times[i];
      winner[i] = set;
    }
  };
  const std::vector<std::string> sets = sets_to_time();
  std::vector<double> own;
  for (const std::string& set : sets) {
    const auto times = times_under(set, products, fastest, seconds);
    if (!times && own.empty()) return floor;  // without its own there is nothing to compare with
    if (!times) continue;
    if (own.empty()) own = *times;
    beat(*times, floor.sets.size());
    floor.sets.push_back({set, seconds_of_all(*times), 0});
  }
  if (floor.sets.empty() || products.empty()) return floor;
  // Its own once more: of many draws the least is less, and the others have had several.
  if (const auto times = times_under(sets.front(), products, fastest, seconds)) {
    for (size_t i = 0; i < own.size(); ++i) own[i] = std::min(own[i], (*times)[i]);
    beat(own, 0);
    floor.sets.front().seconds = seconds_of_all(own);
  }
  for (const size_t set : winner) ++floor.sets[set].fastest;
  floor.gain = seconds_of_all(fastest) / floor.sets.front().seconds;
  return floor;
}

std::string floor_of_list(const std::string& list) {
  std::vector<double> times;
  try {
    const Json call = Json::parse(list);
    set_num_threads(call.at("threads"));
    const double seconds = call.at("seconds");
    kernels::ProductTimer timer;
    timer.call({64, 64, 64}, kernels::ProductWay::tiles);  // what BLIS does at its first call is no product's
    for (const Json& kind : call.at("kinds")) {
      const profile::Product p{kind.at(0), kind.at(1), kind.at(2), kind.at(3),
                               kind.at(4), kind.at(5), kind.at(6), kind.at(7)};
      const double limit = kind.at(8),
                   tiles = timer.least_unless(limit, p, kernels::ProductWay::tiles, seconds);
      times.push_back(tiles);
      if (tiles > limit) continue;
      const double most = std::min(limit, 1.2 * tiles);
      times.back() = std::min(tiles, timer.least_unless(most, p, kernels::ProductWay::blis, seconds));
    }
  } catch (const Json::exception& error) {
    fail<WrongCall>("--floor-of is for gradus bench itself, and this is not what it writes: {}",
                    error.what());
  }
  return Json(times).dump() + "\n";
}

}  // namespace gradus::app
