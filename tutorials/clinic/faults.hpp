/// @file
/// The clinic: what a patient may suffer from. Twelve of these faults are in the beds, one each; four are in
/// none, so that the last patient is not found by counting.
#pragma once

#include <array>
#include <string_view>

namespace gradus::tutorials::clinic {

enum class Fault {
  none,  ///< healthy
  answer_left_in,
  attention_over_queries,
  head_not_tied,
  labels_shifted,
  pair_labels_swapped,
  dropout_left_on,
  no_warm_up,
  padding_attended,
  pooling_mixed,
  other_vocabulary,
  mean_of_means,
  norms_decay,
  // In no bed:
  no_positions,
  gradients_pile_up,
  no_residual,
  same_masks_again,
};

/// A fault's name as a diagnosis writes it, and what is wrong in words.
struct FaultName {
  Fault fault;
  std::string_view name, meaning;
};

inline constexpr std::array<FaultName, 16> fault_names = {{
    {Fault::answer_left_in, "answer_left_in", "the pieces that are asked for still stand in the input"},
    {Fault::attention_over_queries, "attention_over_queries",
     "softmax runs over the queries, the wrong axis: each key spreads 1 over those who look"},
    {Fault::head_not_tied, "head_not_tied",
     "the head over the vocabulary is a copy of the word vectors that goes its own way"},
    {Fault::labels_shifted, "labels_shifted", "each label stands one place too far to the left"},
    {Fault::pair_labels_swapped, "pair_labels_swapped", "0 is taken for \"random\", 1 for \"is next\""},
    {Fault::dropout_left_on, "dropout_left_on", "at work, too, dropout strikes out numbers at random"},
    {Fault::no_warm_up, "no_warm_up", "the rate is at its height from the first step on"},
    {Fault::padding_attended, "padding_attended", "[PAD] is looked at as words are"},
    {Fault::pooling_mixed, "pooling_mixed", "pairs are judged by [CLS] in training, by the mean at work"},
    {Fault::other_vocabulary, "other_vocabulary", "at work the vocab.txt of another model is read"},
    {Fault::mean_of_means, "mean_of_means",
     "the loss is the mean over rows of each row's mean, whether a row asks for one word or for five"},
    {Fault::norms_decay, "norms_decay", "weight decay draws the scales of LayerNorm towards 0"},
    {Fault::no_positions, "no_positions", "no vector says where a word stands"},
    {Fault::gradients_pile_up, "gradients_pile_up", "gradients are never cleared, so old ones count again"},
    {Fault::no_residual, "no_residual", "a layer's input is not added to its output"},
    {Fault::same_masks_again, "same_masks_again", "the same words are hidden in every epoch"},
}};

}  // namespace gradus::tutorials::clinic
