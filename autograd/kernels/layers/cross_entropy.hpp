/// @file
/// Cross-entropy of logits [rows, classes] against one class a row, as torch.nn.functional.cross_entropy
/// defines it with ignore_index and label_smoothing (Szegedy et al. 2016, "Rethinking the Inception
/// architecture", section 7). T is float or double.
#pragma once

#include <cstdint>

namespace gradus::kernels {

/// loss = lse - (1 - s) logits[target] - s mean(logits), with lse = log sum_j exp(logits_j) and s =
/// `smoothing`; 0 where the target is `ignore_index`, +Inf where all logits are -Inf. Writes loss [rows] and,
/// for the backward, each row's `shift` (its largest logit) and `inverse` = 1 / sum_j exp(logits_j - shift):
/// lse itself would lose the digits of a probability beside large logits.
///
/// Returns -1, or the first row whose target is neither ignore_index nor in [0, classes); then nothing is
/// written.
template <class T>
int64_t cross_entropy(const T* logits, const int64_t* targets, int64_t ignore_index, double smoothing,
                      T* loss, T* shift, T* inverse, int64_t rows, int64_t classes);

/// dlogits_j = dloss (p_j - (1 - s) [j = target] - s / classes), p_j = exp(logits_j - shift) inverse, row by
/// row; 0 in ignored rows. dloss is [rows]: the gradient of each row's loss (1 / count everywhere for a
/// mean). dlogits may be logits. Targets must be those that the forward accepted.
template <class T>
void cross_entropy_backward(const T* logits, const int64_t* targets, const T* shift, const T* inverse,
                            const T* dloss, int64_t ignore_index, double smoothing, T* dlogits, int64_t rows,
                            int64_t classes);

}  // namespace gradus::kernels
