/// @file
/// How two lists of numbers go together, as scipy has it.
#pragma once

#include <span>
#include <vector>

namespace gradus::bert {

/// Pearson's correlation: the mean product of x and y, each made to mean 0 and length 1; from -1 to 1.
///
///     sum (x_i - mx)(y_i - my) / sqrt(sum (x_i - mx)^2 sum (y_i - my)^2)
///
/// NaN where one side is constant, for then it goes up with nothing, and where a number is NaN or infinite
/// (`scipy.stats.pearsonr`).
/// @throws ValueError for lists that differ in length, and for fewer than two numbers.
double pearson(std::span<const double> x, std::span<const double> y);

/// The rank of each number from 1 on, the smallest first; equal ones share the mean of their ranks.
std::vector<double> ranks(std::span<const double> x);

/// Spearman's correlation: Pearson's of the ranks, where equal numbers share the mean of their ranks; from -1
/// to 1. NaN where one side is constant, and where a number is NaN (`scipy.stats.spearmanr`).
/// @throws ValueError as pearson() does.
double spearman(std::span<const double> x, std::span<const double> y);

/// The mean of (x_i - y_i)^2, 0 or more; NaN where a number is.
/// @throws ValueError for lists that differ in length or are empty.
double mean_squared_error(std::span<const double> x, std::span<const double> y);

/// The share of the variance that `said` explains: 1 - sum (t_i - s_i)^2 / sum (t_i - mean t)^2; 1 at most,
/// and below 0 where the mean says more. 0 where all of `truth` is the same (unlike scikit-learn's r2_score,
/// which then gives 1 for a perfect answer).
/// @throws ValueError as mean_squared_error() does.
double r_squared(std::span<const double> truth, std::span<const double> said);

}  // namespace gradus::bert
