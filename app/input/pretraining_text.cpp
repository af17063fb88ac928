#include "app/input/pretraining_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "app/command.hpp"
#include "bert/data/pair_planner.hpp"
#include "bert/model/config.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"

namespace gradus::app {

bert::Tokenizer open_tokenizer(const std::filesystem::path& path, const TokenizerRules& rules) {
  if (std::filesystem::is_directory(path)) return bert::load_tokenizer(path);
  return rules.tokenizer(bert::Vocab::load(path));
}

std::string joined_names(const std::vector<std::filesystem::path>& files) {
  std::string names;
  for (const std::filesystem::path& file : files) names += (names.empty() ? "" : ", ") + file.string();
  return names;
}

void check_pairs(const bert::TokenizedCorpus& corpus, const std::string& name) {
  const size_t documents = bert::pairing_documents(corpus).size();
  if (documents >= 2) return;
  fail<FormatError>(
      "{}: next sentence prediction needs two documents of two sentences, and this text has {}; put an empty "
      "line between documents, cut it into some with --block-sentences, or leave it out with --no-nsp",
      name, documents);
}

bert::CorpusSplit hold_out(bert::TokenizedCorpus corpus, double fraction, uint64_t seed, bool pairs,
                           const SelectDocuments& select) {
  const auto will_do = [&](const std::vector<int64_t>& part) {
    const auto has_pair = [&](int64_t d) { return corpus.end_sentence(d) - corpus.first_sentence(d) >= 2; };
    return pairs ? std::ranges::count_if(part, has_pair) >= 2 : !part.empty();
  };
  const int64_t documents = corpus.documents();
  // What is drawn may be too short for pairs: then more is held out, up to the half.
  int64_t held = std::max<int64_t>(std::llround(fraction * static_cast<double>(documents)), pairs ? 2 : 1);
  for (; held <= documents / 2; held *= 2) {
    const bert::DocumentSplit split =
        bert::draw_split(documents, static_cast<double>(held) / static_cast<double>(documents), seed);
    if (will_do(split.training) && will_do(split.held_out))
      return {select(corpus, split.training), select(corpus, split.held_out)};
  }
  return {std::move(corpus), {}};
}

std::vector<bert::LengthStage> parse_lengths(const std::string& text) {
  const auto wrong = [&] {
    fail<WrongCall>(
        "--length '{}' is not of the form 64 or 32:0.5,64:0.8,128 (slots, and the share of the "
        "run up to which they hold)",
        text);
  };
  std::vector<bert::LengthStage> stages;
  const char *at = text.data(), *const end = text.data() + text.size();
  double before = 0;
  for (;;) {
    bert::LengthStage stage{1, 0};
    auto result = std::from_chars(at, end, stage.length);
    if (result.ec == std::errc::invalid_argument) wrong();
    const bool is_too_long = result.ec != std::errc() || stage.length > bert::Config::largest;
    if (is_too_long || stage.length < 5) {
      fail<WrongCall>("--length '{}': a row has at {} slots", text,
                      is_too_long ? fmt::format("most {}", bert::Config::largest) : "least 5");
    }
    at = result.ptr;
    if (at != end && *at == ':') {
      result = std::from_chars(at + 1, end, stage.until);
      if (result.ec != std::errc()) wrong();
      at = result.ptr;
    }
    if (!(stage.until > before && stage.until <= 1)) wrong();
    before = stage.until;
    stages.push_back(stage);
    if (at == end) break;
    if (*at++ != ',') wrong();
  }
  if (before != 1) wrong();
  return stages;
}

}  // namespace gradus::app
