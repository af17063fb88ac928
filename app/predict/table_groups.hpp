/// @file
/// The figures of --score, of all rows and of groups of them by other columns of the table, or by other keys
/// of the questions.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/predict/predict_call.hpp"
#include "autograd/tensor.hpp"
#include "bert/metrics/findings.hpp"

namespace gradus::app {

/// What each row has in the column of a name. @throws FormatError where there is none.
using Columns = std::function<std::vector<std::string>(const std::string& name)>;

/// The columns of bert::LabelledTexts, or the keys of bert::Questions, which must outlive them.
template <class Rows>
Columns columns_of(const Rows& rows) {
  return [&rows](const std::string& name) { return rows.column(name); };
}

/// @throws FormatError where the column of --by or --together is not there.
void check_columns(const PredictCall& call, const Columns& columns);

/// Whether the largest logit of each row is the right one: said [N, C], truth [N].
std::vector<bool> right_rows(const Tensor& said, const std::vector<int64_t>& truth);

/// Prints the findings; with --by the figure that decides for each value of that column, which `of_rows`
/// counts; with --together the share of groups all of whose rows `are_right`.
void print_groups(const PredictCall& call, const Columns& columns, const bert::Findings& findings,
                  const std::vector<bool>& are_right,
                  const std::function<bert::Findings(const std::vector<int64_t>& rows)>& of_rows);

}  // namespace gradus::app
