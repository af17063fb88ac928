/// @file
/// Workers that are threads of this program: each has a part of the shards, and all get the sum.
#pragma once

#include <algorithm>

#include "parallel/thread_world.hpp"
#include "shards.hpp"
#include "tree.hpp"

namespace gradus::tutorials::many_workers {

enum class Way { one_for_all, ring, tree };

/// Worker 0 adds up for all, and tells the others.
template <class T>
void sum_by_one(Talk& talk, std::vector<T>& values) {
  if (talk.rank() > 0) {
    talk.send<T>(0, values);
    talk.receive<T>(0, values);
    return;
  }
  std::vector<T> theirs(values.size());
  for (int64_t r = 1; r < talk.size(); ++r) {
    talk.receive<T>(r, theirs);
    for (size_t i = 0; i < values.size(); ++i) values[i] = values[i] + theirs[i];
  }
  for (int64_t r = 1; r < talk.size(); ++r) talk.send<T>(r, values);
}

template <class T>
void sum_by(Way way, Talk& talk, std::vector<T>& values) {
  if (way == Way::one_for_all) return sum_by_one(talk, values);
  return way == Way::ring ? sum_around_ring(talk, values) : sum_along_tree(talk, values);
}

/// What the workers have in the end, and what the one that sends most has sent.
template <class T>
struct Summed {
  std::vector<std::vector<T>> of_worker;
  int64_t most_messages = 0, most_numbers = 0;
};

/// A thread for each part. Each begins with its part, and in the end has the sum of all.
template <class T>
Summed<T> sum_of(const std::vector<std::vector<T>>& parts, Way way) {
  Summed<T> summed{.of_worker = parts};
  std::vector<int64_t> messages(parts.size()), numbers(parts.size());
  parallel::run_ranks(std::ssize(parts), [&](parallel::World& world) {
    Talk talk{world};
    const auto r = static_cast<size_t>(world.rank());
    sum_by(way, talk, summed.of_worker[r]);
    messages[r] = talk.messages;
    numbers[r] = talk.numbers;
  });
  summed.most_messages = *std::ranges::max_element(messages);
  summed.most_numbers = *std::ranges::max_element(numbers);
  return summed;
}

/// A worker's own shards, one after the other: in turn for a ring, along the tree for the tree.
inline Flat own_sum(const std::vector<Flat>& own, Way way) {
  if (way != Way::tree) return in_turn(own);
  Counter counter;
  for (const Flat& shard : own) counter.push(shard);
  return counter.waiting().front();
}

/// The shards shared out to so many workers, neighbours to one worker. What worker 0 has in the end.
inline Flat shared_out(const std::vector<Flat>& shards, int64_t workers, Way way) {
  std::vector<Flat> parts;
  const auto own = static_cast<std::ptrdiff_t>(shards.size()) / workers;
  for (int64_t w = 0; w < workers; ++w)
    parts.push_back(own_sum({shards.begin() + w * own, shards.begin() + (w + 1) * own}, way));
  return sum_of(parts, way).of_worker.front();
}

}  // namespace gradus::tutorials::many_workers
