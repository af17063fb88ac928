#include "app/bench/text.hpp"

#include "app/bench/timing.hpp"
#include "app/command.hpp"
#include "bert/text/lines.hpp"
#include "bert/tokenizer/tokenizer.hpp"
#include "bert/tokenizer/wordpiece_trainer.hpp"
#include "bert/toy_world/toy_world.hpp"

namespace gradus::app {
namespace {

constexpr double seconds_of_rounds = 0.4;  // of rounds; three are made in any case

bert::Vocab learn(const std::vector<std::string>& lines, int64_t size) {
  bert::WordCounter counter;
  for (const std::string& line : lines) counter.add(line);
  bert::VocabTrainerOptions options;
  options.vocab_size = static_cast<size_t>(size);
  return bert::train_vocab(counter, options);
}

TextTiming::Tokenizing time_tokenizing(const std::vector<std::string>& lines, const bert::Vocab& vocab) {
  const bert::Tokenizer tokenizer(vocab);
  TextTiming::Tokenizing timing;
  std::vector<bert::TokenId> ids;
  timing.ids = seconds_a_call(
      [&] {
        ids.clear();
        for (const std::string& line : lines) tokenizer.tokenize(line, ids);
      },
      seconds_of_rounds);
  timing.tokens = static_cast<int64_t>(ids.size());
  std::vector<bert::Encoding> encodings(lines.size());
  timing.offsets = seconds_a_call(
      [&] {
        for (size_t i = 0; i < lines.size(); ++i) encodings[i] = tokenizer.encode(lines[i]);
      },
      seconds_of_rounds);
  return timing;
}

}  // namespace

BenchText read_text(const BenchCall& call) {
  BenchText text;
  const auto keep = [&](std::string_view line) {
    if (line.empty()) return;
    text.lines.emplace_back(line);
    text.bytes += static_cast<int64_t>(line.size()) + 1;
  };
  if (call.text.empty()) {
    text.name = "10,000 stories of the toy world";
    bert::for_each_line(bert::toy_corpus({.stories = 10000}), text.name, keep);
  } else {
    text.name = call.text.string();
    bert::for_each_line(call.text, keep);
  }
  if (text.lines.empty()) fail<FormatError>("{}: no line of it shows anything", text.name);
  text.vocab = learn(text.lines, call.vocabulary);
  return text;
}

TextTiming time_text(const BenchCall& call, const BenchText& text) {
  TextTiming timing;
  timing.name = text.name;
  timing.bytes = text.bytes;
  timing.pieces = static_cast<int64_t>(text.vocab.size());
  if (call.measures("tokenizer")) timing.tokenizing = time_tokenizing(text.lines, text.vocab);
  if (call.measures("vocabulary"))
    timing.learn = seconds_a_call([&] { learn(text.lines, call.vocabulary); }, seconds_of_rounds);
  return timing;
}

std::string to_text(const TextTiming& t) {
  std::string text = fmt::format("text: {}, {:.1f} MB, {} pieces, one thread\n", t.name,
                                 static_cast<double>(t.bytes) / 1e6, with_commas(t.pieces));
  const auto line = [&](const char* what, double seconds, const std::string& tokens) {
    text +=
        fmt::format("  {:<26} {:>9.2f} ms  {:>7.1f} MB/s{}\n", what, 1e3 * seconds, t.rate(seconds), tokens);
  };
  if (t.tokenizing) {
    const auto tokens = [&](double seconds) {
      return fmt::format("  {:>6.2f} million tokens a second",
                         static_cast<double>(t.tokenizing->tokens) / seconds / 1e6);
    };
    line("tokenising, ids only", t.tokenizing->ids, tokens(t.tokenizing->ids));
    line("tokenising, with offsets", t.tokenizing->offsets, tokens(t.tokenizing->offsets));
  }
  if (t.learn > 0) line("learning the vocabulary", t.learn, "");
  return text;
}

nlohmann::ordered_json to_json(const TextTiming& t) {
  nlohmann::ordered_json object{{"text", t.name}, {"bytes", t.bytes}, {"pieces", t.pieces}};
  if (t.learn > 0) {
    object["vocabulary_milliseconds"] = 1e3 * t.learn;
    object["vocabulary_megabytes_a_second"] = t.rate(t.learn);
  }
  if (t.tokenizing) {
    const auto tokens = static_cast<double>(t.tokenizing->tokens);
    object["tokens"] = t.tokenizing->tokens;
    object["ids_megabytes_a_second"] = t.rate(t.tokenizing->ids);
    object["ids_tokens_a_second"] = tokens / t.tokenizing->ids;
    object["offsets_megabytes_a_second"] = t.rate(t.tokenizing->offsets);
    object["offsets_tokens_a_second"] = tokens / t.tokenizing->offsets;
  }
  return object;
}

}  // namespace gradus::app
