/// @file
/// The figures of --score, of all rows and of groups of them by other columns of the table.
#pragma once

#include <functional>
#include <vector>

#include "app/predict/predict_call.hpp"
#include "autograd/tensor.hpp"
#include "bert/metrics/findings.hpp"
#include "bert/tasks/labelled_texts.hpp"

namespace gradus::app {

/// @throws FormatError where the table lacks the column of --by or --together.
void check_columns(const PredictCall& call, const bert::LabelledTexts& texts);

/// Whether the largest logit of each row is the right one: said [N, C], truth [N].
std::vector<bool> right_rows(const Tensor& said, const std::vector<int64_t>& truth);

/// Prints the findings; with --by the figure that decides for each value of that column, which `of_rows`
/// counts; with --together the share of groups all of whose rows `are_right`.
void print_groups(const PredictCall& call, const bert::LabelledTexts& texts, const bert::Findings& findings,
                  const std::vector<bool>& are_right,
                  const std::function<bert::Findings(const std::vector<int64_t>& rows)>& of_rows);

}  // namespace gradus::app
