// The exercises of chapter 14, solved.
#include "exercise.hpp"

namespace gradus::tutorials::pretraining {

std::vector<double> overfit(const bert::BertForPreTraining& model, const bert::PretrainingBatch& batch,
                            int64_t steps, double rate) {
  nn::AdamW optimizer(model, {.lr = rate});
  std::vector<double> losses;
  for (int64_t step = 0; step < steps; ++step) {
    optimizer.zero_grad();
    const Tensor loss = model.loss(batch).loss;
    loss.backward();
    losses.push_back(loss.item());
    optimizer.clipped_step(1.0);
  }
  return losses;
}

// A copy that shares no memory.
static nn::StateDict copied(const nn::StateDict& state) {
  nn::StateDict copy;
  for (const auto& [name, tensor] : state) copy[name] = tensor.clone();
  return copy;
}

SavedRun saved(const Run& run) {
  return {copied(run.model.state_dict()), copied(run.optimizer.state_dict()), run.rng.state(), run.step};
}

void resume(Run& run, const SavedRun& from) {
  run.model.load_state_dict(from.weights);
  run.optimizer.load_state_dict(from.moments);
  run.rng = Rng::from_state(from.rng);
  run.step = from.step;
}

std::vector<double> between(const std::vector<std::vector<int64_t>>& sentences, int64_t vocabulary,
                            int64_t left, int64_t right) {
  const auto size = static_cast<size_t>(vocabulary);
  std::vector<double> alone(size, 1), after(size, 0), before(size, 0);
  double words = static_cast<double>(vocabulary), all_after = 0, all_before = 0;
  for (const std::vector<int64_t>& sentence : sentences) {
    for (size_t i = 0; i < sentence.size(); ++i) {
      ++alone[static_cast<size_t>(sentence[i])];
      ++words;
      if (i > 0 && sentence[i - 1] == left) ++after[static_cast<size_t>(sentence[i])], ++all_after;
      if (i + 1 < sentence.size() && sentence[i + 1] == right) {
        ++before[static_cast<size_t>(sentence[i])];
        ++all_before;
      }
    }
  }
  std::vector<double> p(size);
  double sum = 0;
  for (size_t w = 0; w < size; ++w) {
    const double frequency = alone[w] / words;
    const double by_left = left < 0 ? frequency : (after[w] + frequency) / (all_after + 1);
    const double by_right = right < 0 ? frequency : (before[w] + frequency) / (all_before + 1);
    p[w] = by_left * by_right / frequency;
    sum += p[w];
  }
  for (double& one : p) one /= sum;
  return p;
}

}  // namespace gradus::tutorials::pretraining
