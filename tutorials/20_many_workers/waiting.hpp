/// @file
/// What waits for what: a step's backward, layer by layer, and the buckets that go out meanwhile. Times are
/// whole numbers, so that a step can be drawn as a table.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "plot/plot.hpp"

namespace gradus::tutorials::many_workers {

struct Course {
  int64_t layers = 6;
  std::vector<int64_t> backward = {2};  ///< of each worker: its time for a layer
  int64_t bucket = 1;                   ///< layers in a bucket; they divide the layers
  int64_t message = 0, sending = 1;     ///< a bucket takes: message + (its layers) * sending
  bool waits = false;                   ///< nothing is sent before backward has ended
};

/// A text for each worker and one for the line between them: at each time the layer at work (of a bucket, the
/// first one that was ready), or a point. The last layer has its gradient first.
struct Timeline {
  std::vector<std::string> workers;
  std::string line;
  int64_t end = 0;
};

inline Timeline timeline_of(const Course& course) {
  Timeline timeline;
  const int64_t slowest = *std::ranges::max_element(course.backward), all = course.layers * slowest;
  for (int64_t done = 0; done < course.layers; done += course.bucket) {
    // A bucket can go when its last layer is ready, on all workers, and the bucket before it is through.
    const int64_t ready = course.waits ? all : (done + course.bucket) * slowest;
    const int64_t begin = std::max(ready, timeline.end);
    timeline.end = begin + course.message + course.bucket * course.sending;
    timeline.line.resize(static_cast<size_t>(begin), '.');
    timeline.line.resize(static_cast<size_t>(timeline.end), static_cast<char>('0' + course.layers - done));
  }
  for (const int64_t time : course.backward) {
    std::string worker;
    for (int64_t layer = course.layers; layer >= 1; --layer)
      worker += std::string(static_cast<size_t>(time), static_cast<char>('0' + layer));
    worker.resize(static_cast<size_t>(timeline.end), '.');
    timeline.workers.push_back(worker);
  }
  return timeline;
}

using Rows = std::vector<std::pair<std::string, std::string>>;  ///< names, and what stands in them

inline void print_rows(const Rows& rows) {
  for (const auto& [name, row] : rows) fmt::print("  {:<12}{}\n", name, row);
}

/// The rows as a table of colours up to time `end`: strong are the last layers, which come first.
inline plot::Picture draw_rows(const std::string& title, const Rows& rows, size_t end) {
  plot::HeatMap map;
  map.title = title;
  map.decimals = 0;
  map.cell = 26;
  for (size_t time = 0; time < end; ++time) map.columns.push_back(time % 5 == 0 ? std::to_string(time) : "");
  for (const auto& [name, row] : rows) {
    map.rows.push_back(name);
    for (size_t time = 0; time < end; ++time) {
      const bool idle = time >= row.size() || row[time] == '.';
      map.values.push_back(idle ? std::numeric_limits<double>::quiet_NaN() : row[time] - '0');
    }
  }
  return plot::draw(map);
}

/// The chance that at least one of N workers is slow in a step, if each is in a share `p` of its steps.
inline double some_slow(double p, int64_t N) { return 1 - std::pow(1 - p, static_cast<double>(N)); }

}  // namespace gradus::tutorials::many_workers
