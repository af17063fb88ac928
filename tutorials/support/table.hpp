/// @file
/// A matrix with the names of its rows and columns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "autograd/tensor.hpp"

namespace gradus::tutorials {

/// Prints `x` [rows, columns] as a table, every number with `decimals` places:
///
///     weights   All    is  well
///     All      0.40  0.40  0.20
///
/// With no `columns`, the first line holds the title only. A number that rounds to 0 is printed without a
/// sign. @throws ShapeError when the names are not as many as the rows or columns.
void print_table(std::string_view title, const std::vector<std::string>& rows,
                 const std::vector<std::string>& columns, const Tensor& x, int decimals = 2);

/// `value` with `decimals` places; never "-0.00".
std::string fixed(double value, int decimals = 2);

}  // namespace gradus::tutorials
