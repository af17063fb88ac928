#include "bert/report/metrics_csv.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <system_error>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "autograd/plural.hpp"
#include "autograd/system_reason.hpp"

namespace gradus::bert {
namespace {

constexpr std::string_view csv_header =
    "step,kind,tokens,seconds,loss,mlm_loss,nsp_loss,mlm_accuracy,nsp_accuracy,nsp_accuracy_next,"
    "nsp_accuracy_random,perplexity,positions,pairs,learning_rate,gradient_norm,tokens_per_second";

/// The columns after `tokens`, in the header's order.
constexpr std::array row_figures = {&MetricsRow::seconds,
                                    &MetricsRow::loss,
                                    &MetricsRow::mlm_loss,
                                    &MetricsRow::nsp_loss,
                                    &MetricsRow::mlm_accuracy,
                                    &MetricsRow::nsp_accuracy,
                                    &MetricsRow::nsp_accuracy_next,
                                    &MetricsRow::nsp_accuracy_random,
                                    &MetricsRow::perplexity,
                                    &MetricsRow::positions,
                                    &MetricsRow::pairs,
                                    &MetricsRow::learning_rate,
                                    &MetricsRow::gradient_norm,
                                    &MetricsRow::tokens_per_second};
constexpr size_t cells_per_row = 3 + row_figures.size();

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> cells;
  for (;;) {
    const size_t comma = line.find(',');
    cells.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

/// Where a cell stands, for messages.
struct Place {
  const std::filesystem::path& path;
  size_t line;
  std::string_view column;
};

template <class T>
T parse(std::string_view cell, const Place& place) {
  T value{};
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc{} || end != cell.data() + cell.size()) {
    fail<FormatError>("{}, line {}: {} \"{}\" is not a{} number", place.path.string(), place.line,
                      place.column, cell, std::is_integral_v<T> ? " whole" : "");
  }
  return value;
}

MetricsRow parse_row(std::string_view text, const std::filesystem::path& path, size_t line) {
  static const std::vector<std::string_view> columns = split(csv_header);
  const std::vector<std::string_view> cells = split(text);
  if (cells.size() != cells_per_row) {
    fail<FormatError>("{}, line {}: {} {}, {} are wanted", path.string(), line, cells.size(),
                      plural(cells.size(), "cell"), cells_per_row);
  }
  const auto place = [&](size_t column) { return Place{path, line, columns[column]}; };
  MetricsRow row;
  row.step = parse<int64_t>(cells[0], place(0));
  if (cells[1] != "train" && cells[1] != "eval") {
    fail<FormatError>("{}, line {}: kind \"{}\" is neither train nor eval", path.string(), line, cells[1]);
  }
  row.kind = cells[1] == "train" ? MetricsRow::Kind::train : MetricsRow::Kind::eval;
  row.tokens = parse<int64_t>(cells[2], place(2));
  for (size_t i = 0; i < row_figures.size(); ++i) {
    const std::string_view cell = cells[3 + i];
    row.*row_figures[i] = cell.empty() ? MetricsRow::not_measured : parse<double>(cell, place(3 + i));
  }
  return row;
}

}  // namespace

std::string_view metrics_header() { return csv_header; }

std::string to_csv(const MetricsRow& row) {
  std::string line =
      fmt::format("{},{},{}", row.step, row.kind == MetricsRow::Kind::train ? "train" : "eval", row.tokens);
  for (const auto figure : row_figures) {
    line += ',';
    if (!std::isnan(row.*figure)) line += fmt::format("{}", row.*figure);
  }
  return line;
}

std::vector<MetricsRow> read_metrics_csv(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  std::string_view text = bytes;
  std::vector<MetricsRow> rows;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos && number > 1) break;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (number > 1) {
      rows.push_back(parse_row(line, path, number));
    } else if (line != csv_header) {
      fail<FormatError>("{}, line 1: the columns are not those of metrics.csv, \"{}\"", path.string(),
                        csv_header);
    }
  }
  return rows;
}

MetricsWriter::MetricsWriter(std::filesystem::path path, std::optional<int64_t> resumed_step,
                             bool evaluates_again)
    : path_(std::move(path)) {
  if (resumed_step && std::filesystem::exists(path_)) {
    rows_ = read_metrics_csv(path_);
    std::erase_if(rows_, [&](const MetricsRow& row) {
      const bool is_made_again =
          evaluates_again && row.step == *resumed_step && row.kind == MetricsRow::Kind::eval;
      return row.step > *resumed_step || is_made_again;
    });
  }
  std::string text = std::string(csv_header) + '\n';
  for (const MetricsRow& row : rows_) text += to_csv(row) + '\n';
  write_file_atomically(path_, text);
  file_.open(path_, std::ios::app | std::ios::binary);
  if (!file_) fail<IoError>("cannot write {}: {}", path_.string(), system_reason(errno));
}

void MetricsWriter::append(const MetricsRow& row) {
  errno = 0;
  file_ << to_csv(row) + '\n' << std::flush;
  if (!file_) fail<IoError>("cannot write {}: {}", path_.string(), system_reason(errno));
  rows_.push_back(row);
}

}  // namespace gradus::bert
