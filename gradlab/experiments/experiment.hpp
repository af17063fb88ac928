/// @file
/// Experiments with gradients. Each asks one question, measures, draws what it found, and concludes from the
/// figures of this very run.
///
///     const lab::Outcome found = lab::find_experiment("gelu")->run({.seed = 1});
///     fmt::print("{}", lab::to_string(found.table));
///     write_file_atomically("gelu.svg", plot::to_svg_file(found.picture));
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "plot/picture.hpp"

namespace gradus::lab {

struct Column {
  std::string name;
  std::string format = "{:.1e}";  ///< of the numbers in it, as fmt takes it
};

/// Words or a number.
using Cell = std::variant<std::string, double>;

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  ///< as many cells each as there are columns
};

/// Lines with the names first; columns of numbers are aligned at the right, those of words at the left. What
/// is no number is written NaN, and infinities inf and -inf.
std::string to_string(const Table& table);

/// What an experiment found.
struct Outcome {
  Table table;
  std::vector<std::pair<std::string, double>> facts;  ///< the figures that the conclusion is made of
  std::vector<std::string> conclusion;                ///< sentences
  plot::Picture picture;

  /// The fact called `name`. @throws IndexError when there is none.
  double fact(const std::string& name) const;
};

struct ExperimentOptions {
  uint64_t seed = 1;             ///< of values, weights and cotangents
  std::string subject = "gelu";  ///< what the experiment "step" differentiates: a name of lab::subjects()
};

struct Experiment {
  std::string name;      ///< "step"
  std::string question;  ///< one sentence
  int seconds = 1;       ///< about what it takes on two cores
  std::function<Outcome(const ExperimentOptions&)> run;
};

/// All experiments, in the order of docs/experiments.md.
const std::vector<Experiment>& experiments();
/// The one called `name`; null if there is none.
const Experiment* find_experiment(const std::string& name);

/// Question, table and conclusion, as the program prints them.
std::string to_string(const Experiment& experiment, const Outcome& outcome);

// One file each.
Experiment step_experiment();
Experiment depth_experiment();
Experiment size_experiment();
Experiment gelu_experiment();
Experiment dropout_experiment();
Experiment kink_experiment();
Experiment softmax_experiment();

}  // namespace gradus::lab
