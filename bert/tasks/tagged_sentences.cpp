#include "bert/tasks/tagged_sentences.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include "autograd/error.hpp"
#include "autograd/plural.hpp"
#include "bert/metrics/entities.hpp"
#include "bert/text/lines.hpp"

namespace gradus::bert {
namespace {

constexpr size_t most_bytes = 1'000'000;  // of a line
constexpr std::string_view document_start = "-DOCSTART-";

std::vector<std::string_view> split_at_blanks(std::string_view line) {
  constexpr std::string_view separators = " \t";
  std::vector<std::string_view> columns;
  for (size_t begin = line.find_first_not_of(separators); begin != std::string_view::npos;) {
    const size_t end = std::min(line.find_first_of(separators, begin), line.size());
    columns.push_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(separators, end);
  }
  return columns;
}

/// The sentences of one file, word by word.
class Reader {
 public:
  Reader(TaggedSentences& sentences, TagColumn column) : all_(sentences), column_(column) {}

  void read(std::string_view line) {
    ++line_;
    if (line.size() > most_bytes)
      refuse(fmt::format("has {} bytes, and a word and its tag have at most {}", line.size(), most_bytes));
    const std::vector<std::string_view> columns = split_at_blanks(line);
    if (columns.empty() || columns[0] == document_start) {
      is_inside_ = false;
      return;
    }
    if (columns_ == 0) columns_ = columns.size();
    if (columns.size() != columns_)
      refuse(fmt::format("has {} {}, and the first word has {}", columns.size(),
                         plural(columns.size(), "column"), columns_));
    if (!is_inside_) all_.sentences.push_back({.words = {}, .line = line_});
    TaggedSentence& sentence = all_.sentences.back();
    if (column_ != TagColumn::none) sentence.tags.push_back(tag_of(columns, sentence));
    sentence.words.emplace_back(columns[0]);
    is_inside_ = true;
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    fail<FormatError>("{}, line {}: {}", all_.file.string(), line_, what);
  }

  /// The tag of the word that comes after those of `sentence`.
  std::string tag_of(const std::vector<std::string_view>& columns, const TaggedSentence& sentence) const {
    if (columns.size() < 2)
      refuse(fmt::format("'{}' has no tag; a line holds a word and its tag", columns[0]));
    std::string tag(columns.back());
    if (!is_entity_tag(tag)) refuse(fmt::format("the tag '{}' is none of O, B-type and I-type", tag));
    if (tag[0] != 'I') return tag;
    const std::string type = tag.substr(2), before = sentence.tags.empty() ? "" : sentence.tags.back();
    if (before.size() > 2 && before.substr(2) == type) return tag;
    if (column_ == TagColumn::iob1) return "B-" + type;
    refuse(fmt::format(
        "{} {}; an entity begins with B-{}, but for IOB1, which finetune and predict read with --iob1", tag,
        before.empty() ? "begins a sentence" : "follows " + before, type));
  }

  TaggedSentences& all_;
  TagColumn column_;
  int64_t line_ = 0;
  size_t columns_ = 0;  // of the first word
  bool is_inside_ = false;
};

}  // namespace

int64_t TaggedSentences::words() const {
  int64_t words = 0;
  for (const TaggedSentence& sentence : sentences) words += std::ssize(sentence.words);
  return words;
}

std::vector<std::string> TaggedSentences::labels() const {
  std::set<std::string> all;
  for (const TaggedSentence& sentence : sentences) all.insert(sentence.tags.begin(), sentence.tags.end());
  return {all.begin(), all.end()};
}

TaggedSentences read_tagged_sentences(const std::filesystem::path& file, TagColumn column) {
  TaggedSentences sentences{file, {}};
  Reader reader(sentences, column);
  for_each_line(file, [&](std::string_view line) { reader.read(line); });
  if (sentences.sentences.empty()) fail<FormatError>("{}: holds no word", file.string());
  return sentences;
}

}  // namespace gradus::bert
