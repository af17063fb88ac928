/// @file
/// metrics.csv: the course of a training run, a row for every report of the trainer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::bert {

/// One row. A figure that does not apply or is not known is NaN, and its cell is empty. Losses are means in
/// nats, accuracies are fractions.
struct MetricsRow {
  enum class Kind { train, eval };
  static constexpr double not_measured = std::numeric_limits<double>::quiet_NaN();

  Kind kind = Kind::train;                    ///< train: since the last such row; eval: on held-out text
  int64_t step = 0;                           ///< optimizer steps done
  int64_t tokens = 0;                         ///< token slots read so far, padding included
  double seconds = 0;                         ///< of training so far, across resumed runs
  double loss = not_measured;                 ///< mlm_loss + nsp_loss
  double mlm_loss = not_measured;             ///< mean over the masked positions
  double nsp_loss = not_measured;             ///< mean over the pairs
  double mlm_accuracy = not_measured;         ///< share of the masked positions
  double nsp_accuracy = not_measured;         ///< share of the pairs
  double nsp_accuracy_next = not_measured;    ///< of the pairs that follow each other
  double nsp_accuracy_random = not_measured;  ///< of those that do not
  double perplexity = not_measured;           ///< exp(mlm_loss)
  double positions = not_measured;            ///< masked positions counted
  double pairs = not_measured;                ///< pairs counted
  double learning_rate = not_measured;
  double gradient_norm = not_measured;  ///< global L2 norm before clipping
  double tokens_per_second = not_measured;
};

/// The first line of the file. Columns keep their names and order; a later version may only add at the end.
std::string_view metrics_header();

/// `row` as one line, without its end. Every number is the shortest text that reads back as the same bits.
std::string to_csv(const MetricsRow& row);

/// Reads the rows of `path`. A last line without an end, which a killed run may leave, is passed over.
/// @throws IoError when it cannot be read; FormatError naming file and line when the header differs, a line
///         has another number of cells, or a cell is not what its column holds.
std::vector<MetricsRow> read_metrics_csv(const std::filesystem::path& path);

/// Writes metrics.csv row by row; each row is on its way to the disk when `append` returns.
class MetricsWriter {
 public:
  /// Without `resumed_step` the file starts empty. With it, the run continues from a checkpoint of that step:
  /// rows of later steps, which will be made again, are dropped and the others kept; with `evaluates_again`
  /// an evaluation of that very step is dropped too. A missing file starts empty. The file is replaced as a
  /// whole or not at all.
  /// @throws IoError, FormatError as read_metrics_csv.
  explicit MetricsWriter(std::filesystem::path path, std::optional<int64_t> resumed_step = std::nullopt,
                         bool evaluates_again = false);

  /// @throws IoError when the row cannot be written.
  void append(const MetricsRow& row);

  /// All rows of the file, kept ones first.
  const std::vector<MetricsRow>& rows() const { return rows_; }

 private:
  std::filesystem::path path_;
  std::vector<MetricsRow> rows_;
  std::ofstream file_;
};

}  // namespace gradus::bert
