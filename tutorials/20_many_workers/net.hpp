/// @file
/// Chapter 20's network and its batch: 64 places of a text, of which some are asked for, cut into shards.
#pragma once

#include <cmath>
#include <vector>

#include "autograd/engine.hpp"
#include "autograd/ops.hpp"
#include "parallel/range.hpp"

namespace gradus::tutorials::many_workers {

using Flat = std::vector<float>;  ///< a gradient, or all parameters, as one row of numbers
using parallel::Range;            ///< a begin and an end

inline constexpr int64_t not_asked = -100;  ///< the label of a place where nothing is asked
inline constexpr int64_t most_shards = 8, places_of_shard = 8;

struct Sizes {
  int64_t inputs = 64, hidden = 128, classes = 16;
};

/// A matrix [hidden, inputs], its bias, a matrix [classes, hidden], its bias.
using Net = std::vector<Tensor>;

inline Net fresh_net(uint64_t seed, const Sizes& sizes = {}, DType dtype = DType::f32) {
  Rng rng(seed);
  const auto matrix = [&](int64_t out, int64_t in) {
    return randn({out, in}, rng, dtype) * (1 / std::sqrt(static_cast<double>(in)));
  };
  Net net = {matrix(sizes.hidden, sizes.inputs), zeros({sizes.hidden}, dtype),
             matrix(sizes.classes, sizes.hidden), zeros({sizes.classes}, dtype)};
  for (Tensor& w : net) w = w.detach().requires_grad();
  return net;
}

struct Batch {
  Tensor x;       ///< [places, inputs]
  Tensor labels;  ///< [places], or not_asked
};

/// Places whose vectors are a class's own vector and noise; of shard s `asked[s]` places are asked for.
inline Batch batch_of(const std::vector<int64_t>& asked, Rng& rng, const Sizes& sizes = {},
                      DType dtype = DType::f32) {
  Rng of_classes(99);
  std::vector<double> own(static_cast<size_t>(sizes.classes * sizes.inputs)), x;
  for (double& number : own) number = 2 * of_classes.uniform() - 1;
  std::vector<int64_t> labels;
  for (const int64_t count : asked) {
    for (int64_t place = 0; place < places_of_shard; ++place) {
      const int64_t label = rng.between(0, sizes.classes - 1);
      labels.push_back(place < count ? label : not_asked);
      for (int64_t i = 0; i < sizes.inputs; ++i)
        x.push_back(own[static_cast<size_t>(label * sizes.inputs + i)] + 2 * rng.uniform() - 1);
    }
  }
  const auto places = static_cast<int64_t>(labels.size());
  return {tensor(x, Shape{places, sizes.inputs}).to(dtype), tensor(labels)};
}

/// The batch of the text, whose shards are asked for 6, 1, 4, 8, 2, 0, 3 and 5 places.
inline const std::vector<int64_t> uneven = {6, 1, 4, 8, 2, 0, 3, 5};
inline Batch first_batch(uint64_t seed = 7) {
  Rng rng(seed);
  return batch_of(uneven, rng);
}

/// Shard s of `shards`: neighbouring places.
inline Batch shard_of(const Batch& batch, int64_t s, int64_t shards) {
  const int64_t places = batch.x.size(0), begin = s * places / shards, end = (s + 1) * places / shards;
  return {batch.x.slice(0, begin, end), batch.labels.slice(0, begin, end)};
}

inline int64_t asked_in(const Batch& batch) {
  int64_t count = 0;
  for (const int64_t label : batch.labels.to_vector<int64_t>()) count += label != not_asked;
  return count;
}

/// What each place costs, -log p(label), and 0 where nothing is asked: [places].
inline Tensor costs(const Batch& batch, const Net& net) {
  const Tensor hidden = tanh(linear(batch.x, net[0], net[1]));
  const Tensor said = log_softmax(linear(hidden, net[2], net[3]));  // [places, classes]
  const Tensor nothing = equal(batch.labels, tensor<int64_t>({not_asked}));
  const Tensor label = masked_fill(batch.labels, nothing, 0);  // some class that exists
  return -masked_fill(gather(said, 1, label.unsqueeze(1)).squeeze(1), nothing, 0);
}

/// The gradient of weight * (the sum of all costs) in one row.
inline Flat gradient_of(const Batch& batch, const Net& net, double weight) {
  Flat flat;
  for (const Tensor& g : grad({sum(costs(batch, net)) * weight}, net)) {
    const Flat part = g.to_vector<float>();
    flat.insert(flat.end(), part.begin(), part.end());
  }
  return flat;
}

}  // namespace gradus::tutorials::many_workers
