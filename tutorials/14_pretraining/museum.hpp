/// @file
/// Chapter 14's checks that catch its bugs: a decay that goes through the moments, and an exam with dropout
/// on.
#pragma once

#include "learning.hpp"

namespace gradus::tutorials::pretraining {

/// A weight of 1 that the loss does not need: its gradient is 0, so the decay alone moves it. With the bug
/// the decay is added to the gradient, as in torch.optim.Adam, and goes through the moments.
inline double decayed(double decay, bool bug, int64_t steps = 10, double rate = 0.01) {
  const Tensor weight = tensor<double>({1}).requires_grad();
  OurAdamW optimizer({{"weight", weight}});
  for (int64_t step = 0; step < steps; ++step) {
    optimizer.clear();
    sum((bug ? weight * weight * (decay / 2) : weight * 0.0)).backward();
    optimizer.step(rate, 1.0, bug ? 0 : decay);
  }
  return weight.item();
}

/// The loss of one batch, asked for twice. `in_training`: dropout is on, as it is while the model learns.
inline std::pair<double, double> examined_twice(const Reading& reading, bool in_training) {
  const bert::BertForPreTraining model = small_bert(reading, 3, 0.1, 0.1);
  model.train(in_training);
  const auto data = rows_of(reading.training, reading, 22);
  const bert::PretrainingBatch batch = Batches(*data).next(8);
  const NoGrad no_tape;
  const auto loss = [&] {
    const Losses both = losses_of(model, batch);
    return (both.words + both.pairs).item();
  };
  const double first = loss();
  return {first, loss()};
}

}  // namespace gradus::tutorials::pretraining
