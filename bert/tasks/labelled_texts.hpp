/// @file
/// Texts with a label or a number each, as tasks keep them: a table with tabs, its columns named in the first
/// line.
///
///     text<TAB>label                       pair<TAB>...
///     a dull day<TAB>bad
///     not at all dull<TAB>good
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace gradus::bert {

struct LabelledText {
  std::string text, pair;                ///< the pair is empty where there are single texts
  std::string label;                     ///< empty where the file has no labels
  double number = 0;                     ///< the label, where it is a number
  int64_t line = 0;                      ///< of the file, from 1
  std::vector<std::string> others = {};  ///< what stands in the other columns
};

enum class LabelKind {
  none,   ///< a file to be predicted: a column of labels is not needed, and not looked at
  name,   ///< one of some names
  number  ///< a finite number
};

struct LabelledTexts {
  std::filesystem::path file;
  bool has_pairs = false;
  std::vector<LabelledText> rows;
  std::vector<std::string> other_columns = {};  ///< their names

  /// Every label that is there, each once, sorted as text.
  std::vector<std::string> labels() const;
  /// What each row has in the column of this name. @throws FormatError that lists those that there are.
  std::vector<std::string> column(const std::string& name) const;
};

/// Reads a table. Its first line names the columns, in any order: `text` (or sentence, sentence1, first,
/// premise, question), for pairs `pair` (or sentence2, second, hypothesis, answer), and `label` (or score).
/// Other columns are kept as they are. White space around a value does not count. Empty lines are skipped.
/// @throws IoError; FormatError that names file and line: a column that is missing or there twice, a line
/// with
///         another number of columns, a text or label that is empty, a label that is no finite number where
///         one is wanted, bytes that are not UTF-8, a file without a row.
LabelledTexts read_labelled_texts(const std::filesystem::path& file, LabelKind kind);

}  // namespace gradus::bert
