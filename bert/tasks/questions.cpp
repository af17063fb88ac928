#include "bert/tasks/questions.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "bert/text/json_node.hpp"
#include "bert/text/unicode.hpp"

namespace gradus::bert {
namespace {

bool is_blank(std::u32string_view text) { return std::ranges::all_of(text, is_white_space); }

/// As a message quotes it: its beginning where it is long.
std::string shown(std::u32string_view text) {
  constexpr size_t longest = 60;
  return text.size() <= longest ? encode_utf8(text) : encode_utf8(text.substr(0, longest)) + "...";
}

/// Where the questions of a file stand, one after the other.
class QuestionLines {
 public:
  explicit QuestionLines(const std::filesystem::path& file) : text_(read_file(file)) {}

  /// The line of the next "id": `id`; 0 if it is written in another way, as with \u escapes.
  int64_t next(const std::string& id) {
    const std::string written = nlohmann::json(id).dump();
    for (size_t at = text_.find(key, from_); at != std::string::npos; at = text_.find(key, at + 1)) {
      const size_t value = text_.find_first_not_of(" \t\r\n:", at + key.size());
      if (value == std::string::npos || text_.compare(value, written.size(), written) != 0) continue;
      line_ += std::count(text_.begin() + static_cast<std::ptrdiff_t>(from_),
                          text_.begin() + static_cast<std::ptrdiff_t>(value), '\n');
      from_ = value;
      return line_;
    }
    return 0;
  }

 private:
  static constexpr std::string_view key = "\"id\"";
  std::string text_;
  size_t from_ = 0;
  int64_t line_ = 1;
};

/// `where` names file and question.
GoldAnswer read_answer(const JsonNode& node, std::u32string_view context, const std::string& where) {
  GoldAnswer answer{node.at("text").text(), node.at("answer_start").whole()};
  const std::u32string text = decode_utf8(answer.text);
  if (is_blank(text)) fail<FormatError>("{}: an answer is empty", where);
  if (answer.begin < 0 || answer.begin >= std::ssize(context))
    fail<FormatError>(
        "{}: the answer '{}' begins at character {}, and the context has the characters 0 to {}", where,
        shown(text), answer.begin, std::ssize(context) - 1);
  const std::u32string_view there = context.substr(static_cast<size_t>(answer.begin), text.size());
  if (there == text) return answer;
  const size_t found = context.find(text);
  fail<FormatError>("{}: at character {} of the context stands '{}', not the answer '{}', which is {}", where,
                    answer.begin, shown(there), shown(text),
                    found == context.npos ? "nowhere in it" : fmt::format("at character {}", found));
}

/// The answers of the question `node`.
std::vector<GoldAnswer> read_answers(const JsonNode& node, std::u32string_view context,
                                     const std::string& where) {
  std::vector<GoldAnswer> answers;
  for (const JsonNode& answer : node.at("answers").items())
    answers.push_back(read_answer(answer, context, where));
  if (!node.has("is_impossible")) return answers;
  const bool is_impossible = node.at("is_impossible").boolean();
  if (is_impossible && !answers.empty())
    fail<FormatError>("{}: is_impossible is true, but there {} {}", where, answers.size() == 1 ? "is" : "are",
                      answers.size() == 1 ? "an answer" : fmt::format("{} answers", answers.size()));
  if (!is_impossible && answers.empty())
    fail<FormatError>("{}: is_impossible is false, but there is no answer", where);
  return answers;
}

/// The keys of a question that say nothing to the task, and hold one value.
std::map<std::string, std::string> other_keys(const JsonNode& question) {
  std::map<std::string, std::string> others;
  for (const auto& [key, value] : question.value().items()) {
    if (key == "id" || key == "question" || key == "answers") continue;
    if (value.is_string())
      others[key] = value.get<std::string>();
    else if (value.is_number() || value.is_boolean())
      others[key] = value.dump();
  }
  return others;
}

}  // namespace

std::vector<std::string> Questions::column(const std::string& key) const {
  std::vector<std::string> values;
  for (const Question& question : questions) {
    const auto found = question.others.find(key);
    if (found == question.others.end()) {
      std::vector<std::string> keys;
      for (const auto& [name, value] : question.others) keys.push_back(name);
      fail<FormatError>(
          "{}, question '{}': there is no key '{}' with one value; {}", file.string(), question.id, key,
          keys.empty() ? "the question has none beside what the task needs"
                       : fmt::format("there {} {}", keys.size() == 1 ? "is" : "are", fmt::join(keys, ", ")));
    }
    values.push_back(found->second);
  }
  return values;
}

Questions read_questions(const std::filesystem::path& file, bool with_answers) {
  const nlohmann::json content = parse_json_file(file);
  Questions all{file, with_answers, {}, {}};
  QuestionLines lines(file);
  std::set<std::string> ids;
  const auto read_paragraph = [&](const JsonNode& paragraph) {
    all.contexts.push_back(paragraph.at("context").text());
    const std::u32string context = decode_utf8(all.contexts.back());
    for (const JsonNode& node : paragraph.at("qas").items()) {
      Question question{node.at("id").text(), node.at("question").text(), all.contexts.size() - 1};
      const int64_t line = lines.next(question.id);
      const std::string where = fmt::format("{}{}, question '{}'", file.string(),
                                            line > 0 ? fmt::format(":{}", line) : "", question.id);
      if (!ids.insert(question.id).second) fail<FormatError>("{}: another question has the same id", where);
      if (is_blank(decode_utf8(question.text))) fail<FormatError>("{}: the question is empty", where);
      if (is_blank(context)) fail<FormatError>("{}: its context is empty", where);
      if (with_answers) question.answers = read_answers(node, context, where);
      question.others = other_keys(node);
      all.questions.push_back(std::move(question));
    }
  };
  for (const JsonNode& article : JsonNode(file.string(), content).at("data").items())
    for (const JsonNode& paragraph : article.at("paragraphs").items()) read_paragraph(paragraph);
  if (all.questions.empty()) fail<FormatError>("{}: holds no question", file.string());
  return all;
}

}  // namespace gradus::bert
