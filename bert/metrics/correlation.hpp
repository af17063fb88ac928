/// @file
/// How two lists of numbers go together, as scipy has it.
#pragma once

#include <span>

namespace gradus::bert {

/// Pearson's correlation: the mean product of x and y, each made to mean 0 and length 1; from -1 to 1.
///
///     sum (x_i - mx)(y_i - my) / sqrt(sum (x_i - mx)^2 sum (y_i - my)^2)
///
/// NaN where one side is constant, for then it goes up with nothing, and where a number is NaN or infinite
/// (`scipy.stats.pearsonr`).
/// @throws ValueError for lists that differ in length, and for fewer than two numbers.
double pearson(std::span<const double> x, std::span<const double> y);

/// Spearman's correlation: Pearson's of the ranks, where equal numbers share the mean of their ranks; from -1
/// to 1. NaN where one side is constant, and where a number is NaN (`scipy.stats.spearmanr`).
/// @throws ValueError as pearson() does.
double spearman(std::span<const double> x, std::span<const double> y);

/// The mean of (x_i - y_i)^2, 0 or more; NaN where a number is.
/// @throws ValueError for lists that differ in length or are empty.
double mean_squared_error(std::span<const double> x, std::span<const double> y);

}  // namespace gradus::bert
