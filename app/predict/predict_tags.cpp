// The tags that a model gives to words, and how good they are.
#include "app/command.hpp"
#include "app/finetune/task_run.hpp"
#include "app/input/row_length.hpp"
#include "app/input/task_folder.hpp"
#include "app/predict/predict_call.hpp"
#include "app/terminal/progress.hpp"
#include "bert/metrics/entities.hpp"
#include "bert/tasks/tagging.hpp"
#include "bert/text/unicode.hpp"
#include "bert/tokenizer/normalizer.hpp"

namespace gradus::app {
namespace {

/// A word and its tag a line; or an object for each sentence, with its entities.
std::string shown(const PredictCall& call, const bert::TaggedSentences& sentences,
                  const std::vector<std::vector<std::string>>& tags) {
  std::string out;
  for (size_t s = 0; s < tags.size(); ++s) {
    const std::vector<std::string>& words = sentences.sentences[s].words;
    if (call.json) {
      nlohmann::ordered_json entities = nlohmann::ordered_json::array();
      for (const bert::EntitySpan& span : bert::entity_spans(tags[s])) {
        const std::vector<std::string> own(words.begin() + static_cast<std::ptrdiff_t>(span.first),
                                           words.begin() + static_cast<std::ptrdiff_t>(span.end));
        entities.push_back({{"type", span.type}, {"first", span.first}, {"end", span.end}, {"words", own}});
      }
      const nlohmann::ordered_json object{{"words", words}, {"tags", tags[s]}, {"entities", entities}};
      out += object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
      continue;
    }
    for (size_t w = 0; w < words.size(); ++w) out += words[w] + " " + tags[s][w] + "\n";
    out += "\n";
  }
  return out;
}

/// The words of a text that nobody has split: as BERT splits, each mark and each ideograph alone, but with
/// their capitals and accents.
std::vector<std::string> words_in(const std::string& text) {
  const bert::BertNormalizer as_written{.strip_accents = false, .lowercase = false};
  const std::u32string chars = as_written.normalize(text).chars;
  std::vector<bert::WordSpan> spans;
  bert::split_words(chars, spans);
  std::vector<std::string> words;
  for (const bert::WordSpan& span : spans)
    words.push_back(bert::encode_utf8(std::u32string_view(chars).substr(span.begin, span.end - span.begin)));
  return words;
}

bert::TaggedSentences sentences_of(const PredictCall& call) {
  if (call.file.empty()) return {"--text", {{.words = words_in(call.text), .line = 1}}};
  const bert::TagColumn column = !call.score ? bert::TagColumn::none
                                 : call.iob1 ? bert::TagColumn::iob1
                                             : bert::TagColumn::iob2;
  return bert::read_tagged_sentences(call.file, column);
}

}  // namespace

void predict_tags(const PredictCall& call) {
  if (!call.by.empty() || !call.together.empty())
    fail<WrongCall>("--by and --together are for tables and questions, and {} gives tags to words",
                    call.model.string());
  const auto [tokenizer, model] = open_task<bert::BertForTokenClassification>("predict", call.model);
  const bert::TaggedSentences sentences = sentences_of(call);
  const bert::FitOptions fit =
      fit_for(call.model, model.bert.config.max_position_embeddings, call.fit, call.said_length);
  const bert::TagRows rows = bert::tag_rows(tokenizer, sentences, fit);
  for (const std::string& note : bert::notes_of_words(sentences.file.string(), rows, fit))
    print_error(fmt::format("gradus predict: {}\n", note));
  Progress progress("predicting");
  const Tensor said = bert::tag(model, rows, tokenizer.special_ids().pad, [&] { progress.update(-1); });
  progress.clear();
  if (!call.score) return print(shown(call, sentences, bert::said_tags(model.task, rows, said)));
  const bert::Findings findings = bert::judge_tags(model.task, sentences, rows, said, bert::Detail::all);
  call.json ? print(to_json(findings, {})) : print(to_text(findings, {}));
}

}  // namespace gradus::app
