// The exercises of chapter 9. Replace each unsolved<...>(...) by your answer, then:
//
//     ./learn 9 check
#include "tutorials/09_feed_forward_and_encoder/exercise.hpp"

#include "autograd/ops.hpp"
#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials {

int64_t widest_gated(int64_t hidden, int64_t intermediate) {
  return unsolved<int64_t>("the width I', from the counts of both");
}

double largest_gelu_gap() { return unsolved<double>("the largest gap among very many x"); }

int64_t bert_parameters(const bert::Config& config) {
  return unsolved<int64_t>("the sum of embeddings, layers and pooler, from the sizes in the config");
}

}  // namespace gradus::tutorials
