#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "bert/toy_world/tasks.hpp"

namespace gradus::bert {
namespace {

/// The three files; `write` makes the bytes of one.
template <class Example, class Write>
std::vector<ToyTaskFile> three_files(const ToySplits<Example>& set, const std::string& extension,
                                     Write&& write) {
  std::vector<ToyTaskFile> files;
  const auto add = [&](const std::string& name, const std::vector<Example>& examples) {
    files.push_back({name + extension, write(examples), std::ssize(examples)});
  };
  add("train", set.train);
  add("validation", set.validation);
  add("test", set.test);
  return files;
}

template <class Example, class Row>
std::vector<ToyTaskFile> tables(const ToySplits<Example>& set, const std::string& names, Row&& row) {
  return three_files(set, ".tsv", [&](const std::vector<Example>& examples) {
    std::string bytes = names + '\n';
    for (const Example& example : examples) bytes += row(example) + '\n';
    return bytes;
  });
}

}  // namespace

std::vector<std::string> toy_task_names() {
  return {"topic", "sentiment", "entities", "questions", "similarity", "coreference"};
}

std::vector<ToyTaskFile> to_files(const ToySplits<ToyText>& set) {
  return tables(set, "text\tlabel\tkind",
                [](const ToyText& e) { return fmt::format("{}\t{}\t{}", e.text, e.label, e.kind); });
}

std::vector<ToyTaskFile> to_files(const ToySplits<ToyTextPair>& set) {
  return tables(set, "first\tsecond\tscore",
                [](const ToyTextPair& e) { return fmt::format("{}\t{}\t{}", e.first, e.second, e.score); });
}

std::vector<ToyTaskFile> to_files(const ToySplits<ToyCoreference>& set) {
  return tables(set, "text\tfirst_noun\tsecond_noun\tlabel\ttype\tpair_id", [](const ToyCoreference& e) {
    return fmt::format("{}\t{}\t{}\t{}\t{}\t{}", e.text, e.first, e.second, e.label, e.type, e.pair);
  });
}

std::vector<ToyTaskFile> to_files(const ToySplits<ToyTagged>& set) {
  return three_files(set, ".conll", [](const std::vector<ToyTagged>& examples) {
    std::string bytes;
    for (const ToyTagged& e : examples) {
      for (size_t i = 0; i < e.words.size(); ++i) bytes += e.words[i] + ' ' + e.tags[i] + '\n';
      bytes += '\n';
    }
    return bytes;
  });
}

std::vector<ToyTaskFile> to_files(const ToySplits<ToyQuestion>& set) {
  return three_files(set, ".json", [](const std::vector<ToyQuestion>& examples) {
    using Json = nlohmann::ordered_json;
    Json paragraphs = Json::array();
    for (const ToyQuestion& e : examples) {
      Json answers = Json::array();
      if (e.answer_start >= 0) answers.push_back({{"text", e.answer}, {"answer_start", e.answer_start}});
      const Json qa = {{"id", e.id},
                       {"question", e.question},
                       {"answers", answers},
                       {"is_impossible", e.answer_start < 0},
                       {"kind", e.kind}};
      paragraphs.push_back({{"context", e.context}, {"qas", Json::array({qa})}});
    }
    Json data = Json::array();
    data.push_back({{"title", "the toy world"}, {"paragraphs", paragraphs}});
    return Json{{"version", "v2.0"}, {"data", data}}.dump(1) + '\n';
  });
}

}  // namespace gradus::bert
