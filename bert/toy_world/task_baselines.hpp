/// @file
/// What simple guesses reach on the test of each labelled set of the toy world.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bert/toy_world/tasks.hpp"

namespace gradus::bert {

/// One guess: what it reaches on the whole test, and on the examples of each kind.
struct BaselineFigure {
  std::string name;
  double all = 0;
  std::vector<std::pair<std::string, double>> by_kind;  ///< in the order of the alphabet
};

struct TaskBaselines {
  std::string measure;  ///< "accuracy", "entity F1", "exact match", "Spearman's rank correlation"
  std::vector<BaselineFigure> figures;
};

/// Accuracy of the most frequent label, and of bags of words and of words and pairs (BagOfWords).
TaskBaselines baselines_of(const ToySplits<ToyText>& set);
/// F1 of whole entities of FrequentTags; an I- that goes on nothing begins one, as seqeval counts. By type.
TaskBaselines baselines_of(const ToySplits<ToyTagged>& set);
/// Exact match of "no answer", and of LastAnswer.
TaskBaselines baselines_of(const ToySplits<ToyQuestion>& set);
/// Spearman's (1904) correlation of word_overlap with the score, equal ones with their mean rank.
TaskBaselines baselines_of(const ToySplits<ToyTextPair>& set);
/// Accuracy of the most frequent label, of NounPreference and of BagOfWords on the text with both candidates,
/// by type; kind `pairs` is the share of pairs of which both rows are right.
TaskBaselines baselines_of(const ToySplits<ToyCoreference>& set);

}  // namespace gradus::bert
