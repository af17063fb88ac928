/// @file
/// A picture of what each worker has after each round: how many workers' parts are added up in each piece.
#pragma once

#include <fmt/format.h>

#include "plot/plot.hpp"
#include "workers.hpp"

namespace gradus::tutorials::many_workers {

/// [round][worker][piece], before the first round and after each: every part is 1, so a sum counts its parts.
inline std::vector<std::vector<Flat>> counts_by_round(int64_t workers, Way way) {
  const auto N = static_cast<size_t>(workers);
  std::vector<std::vector<Flat>> of_worker(N);
  parallel::run_ranks(workers, [&](parallel::World& world) {
    std::vector<Flat>& mine = of_worker[static_cast<size_t>(world.rank())];
    Flat counts(N, 1);
    Talk talk{.world = world, .before_exchange = [&] { mine.push_back(counts); }};
    sum_by(way, talk, counts);
    mine.push_back(counts);
  });
  std::vector<std::vector<Flat>> by_round(of_worker[0].size(), std::vector<Flat>(N));
  for (size_t worker = 0; worker < N; ++worker)
    for (size_t round = 0; round < by_round.size(); ++round)
      by_round[round][worker] = of_worker[worker][round];
  return by_round;
}

inline plot::Picture draw_rounds(const std::string& name, int64_t workers, Way way) {
  std::vector<plot::Picture> maps;
  for (const std::vector<Flat>& state : counts_by_round(workers, way)) {
    plot::HeatMap map;
    map.title = maps.empty() ? name : fmt::format("round {}", maps.size());
    map.decimals = 0;
    map.cell = 22;
    map.low = 0;
    map.high = static_cast<double>(workers);
    map.columns = std::vector<std::string>(static_cast<size_t>(workers));
    for (size_t worker = 0; worker < state.size(); ++worker) {
      map.rows.push_back(maps.empty() ? fmt::format("worker {}", worker) : "");
      map.values.insert(map.values.end(), state[worker].begin(), state[worker].end());
    }
    maps.push_back(plot::draw(map));
  }
  return plot::beside(maps, 12);
}

}  // namespace gradus::tutorials::many_workers
