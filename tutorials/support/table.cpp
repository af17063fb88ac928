#include "tutorials/support/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autograd/error.hpp"

namespace gradus::tutorials {

std::string fixed(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  // What is left of a small negative number is 0, and 0 has no sign.
  if (text.starts_with('-') && text.find_first_of("123456789") == std::string::npos && !std::isinf(value)) {
    text.erase(0, 1);
  }
  return text;
}

void print_table(std::string_view title, const std::vector<std::string>& rows,
                 const std::vector<std::string>& columns, const Tensor& x, int decimals) {
  const auto count = static_cast<int64_t>(rows.size());
  const bool fits = x.rank() == 2 && x.size(0) == count &&
                    (columns.empty() || x.size(1) == static_cast<int64_t>(columns.size()));
  if (!fits) {
    fail<ShapeError>("print_table: {} row names and {} column names for {}", rows.size(), columns.size(),
                     x.shape());
  }
  const std::vector<double> numbers = x.detach().to(DType::f64).to_vector<double>();
  const auto width = static_cast<size_t>(x.size(1));

  size_t left = title.size();
  for (const std::string& name : rows) left = std::max(left, name.size());
  std::vector<std::string> cells;
  size_t cell = 0;
  for (const double number : numbers) cells.push_back(fixed(number, decimals));
  for (const std::string& text : cells) cell = std::max(cell, text.size());
  for (const std::string& name : columns) cell = std::max(cell, name.size());

  std::string head = fmt::format("{:<{}}", title, left);
  for (const std::string& name : columns) head += fmt::format("  {:>{}}", name, cell);
  fmt::print("{}\n", head.substr(0, head.find_last_not_of(' ') + 1));
  for (size_t i = 0; i < rows.size(); ++i) {
    fmt::print("{:<{}}", rows[i], left);
    for (size_t j = 0; j < width; ++j) fmt::print("  {:>{}}", cells[i * width + j], cell);
    fmt::print("\n");
  }
}

}  // namespace gradus::tutorials
