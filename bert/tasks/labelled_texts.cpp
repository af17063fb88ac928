#include "bert/tasks/labelled_texts.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <string_view>

#include "autograd/error.hpp"
#include "autograd/plural.hpp"
#include "bert/text/lines.hpp"

namespace gradus::bert {
namespace {

constexpr std::array<std::string_view, 6> text_names = {"text",  "sentence", "sentence1",
                                                        "first", "premise",  "question"};
constexpr std::array<std::string_view, 5> pair_names = {"pair", "sentence2", "second", "hypothesis",
                                                        "answer"};
constexpr std::array<std::string_view, 2> label_names = {"label", "score"};

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \r") - begin + 1);
}

std::vector<std::string_view> columns_of(std::string_view line) {
  std::vector<std::string_view> columns;
  for (size_t begin = 0; begin <= line.size();) {
    const size_t end = std::min(line.find('\t', begin), line.size());
    columns.push_back(trimmed(line.substr(begin, end - begin)));
    begin = end + 1;
  }
  return columns;
}

/// Which columns hold what.
struct Header {
  size_t columns = 0;
  std::optional<size_t> text, pair, label;

  bool is_other(size_t column) const { return column != text && column != pair && column != label; }
};

template <size_t n>
std::optional<size_t> place_of(const std::vector<std::string_view>& columns,
                               const std::array<std::string_view, n>& names, const std::string& file) {
  std::optional<size_t> found;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (std::ranges::find(names, columns[i]) == names.end()) continue;
    if (found)
      fail<FormatError>("{}, line 1: the columns '{}' and '{}' say the same; leave one of them out", file,
                        columns[*found], columns[i]);
    found = i;
  }
  return found;
}

Header header_of(std::string_view line, const std::string& file, LabelKind kind) {
  const std::vector<std::string_view> columns = columns_of(line);
  Header header{columns.size(), place_of(columns, text_names, file), place_of(columns, pair_names, file),
                place_of(columns, label_names, file)};
  const char* missing = !header.text ? "text" : kind != LabelKind::none && !header.label ? "label" : nullptr;
  if (missing != nullptr)
    fail<FormatError>(
        "{}, line 1: names no column '{}'; the first line holds the names of the columns, with a tab between "
        "two: text, for pairs also pair, and label",
        file, missing);
  return header;
}

double number_of(std::string_view label, const std::string& where) {
  double value = 0;
  const auto [end, error] = std::from_chars(label.data(), label.data() + label.size(), value);
  if (error != std::errc() || end != label.data() + label.size() || !std::isfinite(value))
    fail<FormatError>("{}: '{}' is no number, such as 3.5", where, label);
  constexpr double most = 1e6;  // its square is a loss
  if (std::abs(value) > most)
    fail<FormatError>("{}: '{}' is too large a number to learn; divide all of them by the same one", where,
                      label);
  return value;
}

}  // namespace

std::vector<std::string> LabelledTexts::labels() const {
  std::set<std::string> all;
  for (const LabelledText& row : rows) all.insert(row.label);
  return {all.begin(), all.end()};
}

std::vector<std::string> LabelledTexts::column(const std::string& name) const {
  const auto found = std::ranges::find(other_columns, name);
  if (found == other_columns.end())
    fail<FormatError>("{}: has no column '{}' beside text and label; there {} {}", file.string(), name,
                      other_columns.size() == 1 ? "is" : "are",
                      other_columns.empty() ? "none" : fmt::format("{}", fmt::join(other_columns, ", ")));
  const auto index = static_cast<size_t>(found - other_columns.begin());
  std::vector<std::string> values;
  for (const LabelledText& row : rows) values.push_back(row.others[index]);
  return values;
}

LabelledTexts read_labelled_texts(const std::filesystem::path& file, LabelKind kind) {
  LabelledTexts texts;
  texts.file = file;
  std::optional<Header> header;
  int64_t line_number = 0;
  for_each_line(
      file,
      [&](std::string_view line) {
        ++line_number;
        const std::string where = fmt::format("{}, line {}", file.string(), line_number);
        if (line.empty()) return;
        if (!header) {
          header = header_of(line, file.string(), kind);
          texts.has_pairs = header->pair.has_value();
          const std::vector<std::string_view> names = columns_of(line);
          for (size_t i = 0; i < names.size(); ++i)
            if (header->is_other(i)) texts.other_columns.emplace_back(names[i]);
          return;
        }
        const std::vector<std::string_view> columns = columns_of(line);
        if (columns.size() != header->columns)
          fail<FormatError>("{}: has {} {}, and the first line names {}", where, columns.size(),
                            plural(columns.size(), "column"), header->columns);
        const auto value = [&](const char* name, size_t column) {
          if (columns[column].empty()) fail<FormatError>("{}: the {} is empty", where, name);
          return columns[column];
        };
        LabelledText row;
        row.line = line_number;
        row.text = value("text", *header->text);
        if (header->pair) row.pair = value("second text", *header->pair);
        if (kind != LabelKind::none) row.label = value("label", *header->label);
        if (kind == LabelKind::number) row.number = number_of(row.label, where);
        for (size_t i = 0; i < columns.size(); ++i)
          if (header->is_other(i)) row.others.emplace_back(columns[i]);
        texts.rows.push_back(std::move(row));
      },
      AroundLines::is_kept);
  if (texts.rows.empty()) fail<FormatError>("{}: holds no row below the names of its columns", file.string());
  return texts;
}

}  // namespace gradus::bert
