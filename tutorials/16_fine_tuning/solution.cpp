// The exercises of chapter 16, solved.
#include "exercise.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "autograd/ops.hpp"

namespace gradus::tutorials::fine_tuning {

// Slot 0 is [CLS]; from there on each word moves the place by its pieces.
std::vector<int64_t> first_piece_labels(const std::vector<int64_t>& pieces, const std::vector<int64_t>& tags,
                                        int64_t slots) {
  std::vector<int64_t> labels(static_cast<size_t>(slots), -100);
  int64_t slot = 1;
  for (size_t word = 0; word < pieces.size(); ++word) {
    if (pieces[word] > 0) labels[static_cast<size_t>(slot)] = tags[word];
    slot += pieces[word];
  }
  return labels;
}

// All pairs, so that no best start can be beside an end that lies before it.
AnswerSlots answer_slots(const std::vector<double>& start, const std::vector<double>& end, int64_t begin,
                         int64_t longest, double threshold) {
  const auto slots = static_cast<int64_t>(start.size());
  AnswerSlots best;
  double most = -std::numeric_limits<double>::infinity();
  for (int64_t first = begin; first < slots; ++first) {
    for (int64_t last = first; last < std::min(first + longest, slots); ++last) {
      const double score = start[static_cast<size_t>(first)] + end[static_cast<size_t>(last)];
      if (score > most) {
        best = {first, last};
        most = score;
      }
    }
  }
  return start[0] + end[0] > most + threshold ? AnswerSlots{} : best;
}

// The point at the end of a name keeps layer 1 apart from layers 10 and 11.
int64_t freeze_first(const nn::Module& model, int64_t layers) {
  std::vector<std::string> frozen = {"bert.embeddings."};
  for (int64_t i = 0; i < layers; ++i) frozen.push_back("bert.encoder.layer." + std::to_string(i) + ".");
  int64_t moving = 0;
  for (const auto& [name, parameter] : model.named_parameters()) {
    bool stays = false;
    for (const std::string& part : frozen) stays = stays || name.starts_with(part);
    if (stays) {
      Tensor(parameter).requires_grad(false);
    } else {
      moving += parameter.numel();
    }
  }
  return moving;
}

}  // namespace gradus::tutorials::fine_tuning
