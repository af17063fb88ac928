#include "bert/tasks/chosen.hpp"

#include <numeric>

#include "autograd/ops.hpp"

namespace gradus::bert {

Figure Chosen::accuracy(Detail detail) const {
  Figure figure = figure_of("accuracy", truth.size(), detail, [&](std::span<const size_t> which) {
    double right = 0;
    for (const size_t i : which) right += truth[i] == said[i];
    return right / static_cast<double>(which.size());
  });
  bound_certainty(figure, std::ssize(truth), detail);
  return figure;
}

Figure Chosen::loss() const {
  const double sum = std::accumulate(losses.begin(), losses.end(), 0.0);
  return {"loss", sum / static_cast<double>(losses.size())};
}

std::vector<size_t> Chosen::worst() const {
  std::vector<bool> is_wrong;
  for (size_t i = 0; i < truth.size(); ++i) is_wrong.push_back(truth[i] != said[i]);
  return worst_of(losses, is_wrong);
}

Chosen chosen_beside(std::vector<int64_t> truth, const Tensor& logits) {
  const Tensor losses = cross_entropy(logits.to(DType::f64), tensor(truth),
                                      {.reduction = LossReduction::none});  // [N, C] -> [N]
  return {std::move(truth), argmax(logits, -1).to_vector<int64_t>(), losses.to_vector<double>()};
}

}  // namespace gradus::bert
