// The exercises of chapter 14. Replace each unsolved<...>(...) by your answer, then:
//
//     ./learn 14 check
#include "exercise.hpp"

#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials::pretraining {

std::vector<double> overfit(const bert::BertForPreTraining& model, const bert::PretrainingBatch& batch,
                            int64_t steps, double rate) {
  return unsolved<std::vector<double>>("the loss before each of the steps");
}

SavedRun saved(const Run& run) {
  return unsolved<SavedRun>("weights, moments, random state and step, none of which changes any more");
}

void resume(Run& run, const SavedRun& from) { return unsolved<void>("the same four put back"); }

std::vector<double> between(const std::vector<std::vector<int64_t>>& sentences, int64_t vocabulary,
                            int64_t left, int64_t right) {
  return unsolved<std::vector<double>>("a probability for each word, which sum to 1");
}

}  // namespace gradus::tutorials::pretraining
