/// @file
/// Which of several was chosen, beside which is right: labels, choices, nouns.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/tensor.hpp"
#include "bert/metrics/findings.hpp"

namespace gradus::bert {

struct Chosen {
  std::vector<int64_t> truth, said;  ///< numbers of classes
  std::vector<double> losses;        ///< cross entropy of each

  Figure accuracy(Detail detail) const;
  Figure loss() const;                ///< the mean, without an interval
  std::vector<size_t> worst() const;  ///< wrong ones as worst_of has them
};

/// The largest of each row of logits [N, C], beside `truth`. @throws as cross_entropy.
Chosen chosen_beside(std::vector<int64_t> truth, const Tensor& logits);

}  // namespace gradus::bert
