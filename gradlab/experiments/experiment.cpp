#include "gradlab/experiments/experiment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autograd/error.hpp"

namespace gradus::lab {
namespace {

std::string written(const Cell& cell, const Column& column) {
  if (const auto* words = std::get_if<std::string>(&cell)) return *words;
  const double value = std::get<double>(cell);
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return fmt::format(fmt::runtime(column.format), value);
}

/// The characters of UTF-8 text, each taken as one wide.
size_t width(const std::string& text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

std::string to_string(const Table& table) {
  std::vector<std::vector<std::string>> lines(1);
  std::vector<size_t> widths;
  std::vector<bool> is_words;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    lines[0].push_back(table.columns[c].name);
    widths.push_back(width(table.columns[c].name));
    is_words.push_back(!table.rows.empty() && std::holds_alternative<std::string>(table.rows[0][c]));
  }
  for (const std::vector<Cell>& row : table.rows) {
    lines.emplace_back();
    for (size_t c = 0; c < row.size(); ++c) {
      lines.back().push_back(written(row[c], table.columns[c]));
      widths[c] = std::max(widths[c], width(lines.back().back()));
    }
  }
  std::string text;
  for (const std::vector<std::string>& cells : lines) {
    std::string line;
    for (size_t c = 0; c < cells.size(); ++c) {
      const std::string gap(widths[c] - width(cells[c]), ' ');
      line += (c > 0 ? "   " : "") + (is_words[c] ? cells[c] + gap : gap + cells[c]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

double Outcome::fact(const std::string& name) const {
  for (const auto& [label, value] : facts) {
    if (label == name) return value;
  }
  fail<IndexError>("experiment: no fact is called '{}'", name);
}

const std::vector<Experiment>& experiments() {
  static const std::vector<Experiment> all = {step_experiment(),   depth_experiment(),   size_experiment(),
                                              gelu_experiment(),   dropout_experiment(), kink_experiment(),
                                              softmax_experiment()};
  return all;
}

const Experiment* find_experiment(const std::string& name) {
  for (const Experiment& experiment : experiments()) {
    if (experiment.name == name) return &experiment;
  }
  return nullptr;
}

std::string to_string(const Experiment& experiment, const Outcome& outcome) {
  std::string text = experiment.question + "\n\n" + to_string(outcome.table) + "\n";
  for (const std::string& sentence : outcome.conclusion) text += sentence + "\n";
  return text;
}

}  // namespace gradus::lab
