#include "app/input/text_account.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "app/input/pretraining_text.hpp"
#include "autograd/plural.hpp"
#include "bert/data/pair_planner.hpp"
#include "bert/text/lines.hpp"

namespace gradus::app {
namespace {

/// Whether more than `limit` bytes stand without a space between them: quick, and true of every line that has
/// a word of this many characters.
bool may_have_long_word(std::string_view line, int64_t limit) {
  int64_t run = 0;
  for (const char c : line) {
    run = c == ' ' ? 0 : run + 1;
    if (run > limit) return true;
  }
  return false;
}

int64_t count_long_words(std::string_view line, const bert::Tokenizer& tokenizer) {
  const bert::NormalizedText text = tokenizer.normalizer().normalize(line);
  std::vector<bert::WordSpan> words;
  bert::split_words(text.chars, words);
  return std::ranges::count_if(
      words, [&](const bert::WordSpan& word) { return word.end - word.begin > tokenizer.max_word_chars(); });
}

std::string long_words_of(const TextAccount& account) {
  return fmt::format("{} {} longer than {} {}, and each counts as one [UNK]",
                     counted(account.long_words.value_or(0), "word"),
                     plural(account.long_words.value_or(0), "is", "are"), account.longest_word,
                     plural(account.longest_word, "character"));
}

}  // namespace

TextAccount account_of(const std::vector<std::filesystem::path>& files, const bert::TokenizedCorpus& corpus,
                       const bert::Tokenizer& tokenizer, int64_t lines) {
  TextAccount account;
  account.name = joined_names(files);
  account.documents = corpus.documents();
  account.pairing_documents = static_cast<int64_t>(bert::pairing_documents(corpus).size());
  account.sentences = corpus.sentences();
  account.tokens = corpus.tokens();
  account.longest_word = static_cast<int64_t>(tokenizer.max_word_chars());
  bert::CorpusWalk walk(corpus);
  for (int64_t d = 0; d < corpus.documents(); ++d) {
    walk.at(d);
    const bert::TokenIds ids = corpus.document(d);
    account.unknown += std::ranges::count(ids, tokenizer.special_ids().unk);
    account.maskable += std::ranges::count_if(ids, [&](int32_t id) { return !tokenizer.is_special(id); });
  }
  account.lines_without = lines - account.sentences;
  return account;
}

TextAccount account_of(const std::vector<std::filesystem::path>& files, const bert::TokenizedCorpus& corpus,
                       const bert::Tokenizer& tokenizer) {
  TextAccount account = account_of(files, corpus, tokenizer, corpus.sentences());
  account.long_words = 0;
  int64_t lines = 0;
  const auto look_at = [&](std::string_view line) {
    lines += !line.empty();
    if (account.unknown > 0 && may_have_long_word(line, account.longest_word))
      *account.long_words += count_long_words(line, tokenizer);
  };
  for (const std::filesystem::path& file : files) bert::for_each_line(file, look_at);
  account.lines_without = lines - account.sentences;
  return account;
}

std::vector<std::string> to_lines(const TextAccount& account, bool next_sentence, const std::string& advice) {
  const double share = account.unknown_share();
  const std::string pairs = next_sentence ? fmt::format(" ({} of them can give sentence pairs)",
                                                        with_commas(account.pairing_documents))
                                          : std::string();
  std::vector<std::string> lines = {fmt::format(
      "{}: {}{}, {}, {}, {:.1f} % of them [UNK]", account.name, counted(account.documents, "document"), pairs,
      counted(account.sentences, "sentence"), counted(account.tokens, "token"), 100 * share)};
  if (const int64_t alone = account.documents - account.pairing_documents; next_sentence && alone > 0) {
    lines.push_back(
        fmt::format("{}: {} of one sentence: masked pieces are learned from {}, the next sentence is not",
                    account.name, counted(alone, "document"), plural(alone, "it", "them")));
  }
  if (account.lines_without > 0) {
    lines.push_back(fmt::format("{}: {} {} no character that the tokenizer keeps, and {} left out",
                                account.name, counted(account.lines_without, "line"),
                                plural(account.lines_without, "has", "have"),
                                plural(account.lines_without, "is", "are")));
  }
  if (account.long_words.value_or(0) > 0)
    lines.push_back(fmt::format("{}: {}", account.name, long_words_of(account)));
  if (share > 0.05) {
    lines.push_back(
        fmt::format("{}: warning: the vocabulary does not know much of this text; {}", account.name, advice));
  }
  return lines;
}

nlohmann::ordered_json to_json(const std::vector<TextAccount>& accounts) {
  nlohmann::ordered_json texts = nlohmann::ordered_json::array();
  for (const TextAccount& account : accounts) {
    texts.push_back({{"name", account.name},
                     {"documents", account.documents},
                     {"documents_with_pairs", account.pairing_documents},
                     {"sentences", account.sentences},
                     {"tokens", account.tokens},
                     {"share_unknown", account.unknown_share()},
                     {"lines_left_out", account.lines_without},
                     {"words_too_long", account.long_words ? nlohmann::ordered_json(*account.long_words)
                                                           : nlohmann::ordered_json()}});
  }
  return texts;
}

void check_maskable(const TextAccount& account, std::string_view nothing, std::string_view advice) {
  if (account.maskable > 0) return;
  const std::string spaces = long_words_of(account) + ": put spaces into them";
  fail<FormatError>("{}: {} of {} {} [UNK] or other special pieces, so there is {}; {}", account.name,
                    with_commas(account.tokens), counted(account.tokens, "token"),
                    plural(account.tokens, "is", "are"), nothing,
                    account.long_words.value_or(0) > 0 ? std::string_view(spaces) : advice);
}

std::string missing_label(const bert::PretrainingData& data) {
  // A small text may miss one of the two in an epoch by chance; in twenty it does not.
  constexpr int64_t epochs = 20;
  std::array<int64_t, 2> pairs{};
  for (int64_t epoch = 0; epoch < epochs; ++epoch) {
    const std::array<int64_t, 2> more = data.count_labels(epoch);
    pairs[0] += more[0];
    pairs[1] += more[1];
    if (pairs[0] > 0 && pairs[1] > 0) return {};
  }
  return fmt::format(
      "next sentence prediction has nothing to tell apart: of {} in {} epochs none has a {} second "
      "sentence{}",
      counted(pairs[0] + pairs[1], "pair"), epochs, pairs[1] == 0 ? "random" : "true",
      pairs[1] == 0 ? ", because those of other documents read the same" : "");
}

void check_both_labels(const bert::PretrainingData& data, const std::string& name) {
  if (const std::string missing = missing_label(data); !missing.empty())
    fail<FormatError>("{}: {}; leave it out with --no-nsp", name, missing);
}

}  // namespace gradus::app
