#include "bert/evaluation/fill_mask.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bert/text/unicode.hpp"
#include "bert/tokenizer/text_spans.hpp"

namespace gradus::bert {
namespace {

void check_wanted(int64_t k) {
  if (k < 1) fail<ValueError>("fill-mask: the number of candidates must be at least 1, not {}", k);
}

/// A vocabulary may be padded: ids beyond its pieces have a row in the model, but no name.
bool can_be_guessed(TokenId id, const Tokenizer& tokenizer) {
  return id >= 0 && id < tokenizer.vocab().size() && !tokenizer.is_special(id);
}

/// What is there in the text in place of [MASK], where somebody meant it: `[mask]`, `<mask>`, three
/// underscores or more; or nothing.
std::string meant_as_mask(const std::string& text) {
  std::string lower = text;
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  for (const std::string form : {"[mask]", "[ mask ]", "[masked]", "<mask>", "(mask)", "{mask}", "___"}) {
    const size_t at = lower.find(form);
    if (at == std::string::npos) continue;
    const size_t end = form == "___" ? lower.find_first_not_of('_', at) : at + form.size();
    return text.substr(at, end - at);
  }
  return {};
}

std::vector<int64_t> mask_positions(const Encoding& encoding, TokenId mask, const std::string& text) {
  std::vector<int64_t> positions;
  for (size_t i = 0; i < encoding.size(); ++i) {
    if (encoding.ids[i] == mask) positions.push_back(static_cast<int64_t>(i));
  }
  if (!positions.empty()) return positions;
  const std::string meant = meant_as_mask(text);
  fail<FormatError>("there is no {} in the text to fill in{}", mask_token,
                    meant.empty() ? "" : fmt::format("; write it so in place of '{}'", meant));
}

Answer answer_of(const std::vector<double>& probabilities, TokenId id, const Tokenizer& tokenizer) {
  if (!can_be_guessed(id, tokenizer)) fail<IndexError>("fill-mask: {} is no piece that can be guessed", id);
  const double own = probabilities[static_cast<size_t>(id)];
  Answer answer{{id, tokenizer.vocab().piece(id), own}, 1};
  for (size_t i = 0; i < probabilities.size(); ++i) {
    const auto other = static_cast<TokenId>(i);
    const bool before = probabilities[i] > own || (probabilities[i] == own && other < id);
    answer.rank += before && can_be_guessed(other, tokenizer);
  }
  return answer;
}

/// The text of one segment with the best guesses in its gaps, each between `open` and `close`.
std::string with_guesses(const std::string& text, const FilledText& filled, TokenId segment,
                         const std::string& open, const std::string& close) {
  std::vector<Replacement> guesses;
  const std::u32string chars = decode_utf8(text);
  uint32_t done = 0;
  for (const MaskFilling& mask : filled.masks) {
    const auto at = static_cast<size_t>(mask.position);
    if (filled.encoding.token_type_ids[at] != segment || mask.candidates.empty()) continue;
    CharSpan span = filled.encoding.offsets[at];
    std::string piece = mask.candidates[0].piece;
    if (piece.starts_with(continuation_prefix)) {
      piece.erase(0, continuation_prefix.size());
      while (span.begin > done && is_white_space(chars[span.begin - 1])) --span.begin;
    }
    done = span.end;
    guesses.push_back({span, open + piece + close});
  }
  return replaced(text, guesses);
}

std::vector<std::string> unknown_words(const std::string& text, const std::string& pair,
                                       const Encoding& encoding, TokenId unknown) {
  std::vector<std::string> words;
  for (size_t i = 0; i < encoding.size(); ++i) {
    if (encoding.ids[i] != unknown) continue;
    const std::string word = characters(encoding.token_type_ids[i] == 0 ? text : pair, encoding.offsets[i]);
    const bool is_new = std::find(words.begin(), words.end(), word) == words.end();
    if (is_new && word != unk_token) words.push_back(word);
  }
  return words;
}

}  // namespace

std::vector<TokenId> target_pieces(const std::vector<std::string>& words, const Tokenizer& tokenizer) {
  std::vector<TokenId> pieces;
  for (const std::string& word : words) {
    std::vector<TokenId> ids = tokenizer.tokenize(word);
    const auto as_written = tokenizer.vocab().find(word);
    if (as_written) ids = {*as_written};
    if (ids.size() > 1) {
      std::string parts;
      for (const TokenId id : ids) parts += " " + tokenizer.vocab().piece(id);
      fail<ValueError>("the target '{}' is {} pieces,{}, and a gap takes one", word, ids.size(), parts);
    }
    if (ids.empty() || (!as_written && ids[0] == tokenizer.special_ids().unk)) {
      fail<ValueError>("the target '{}' is not in the vocabulary", word);
    }
    if (!can_be_guessed(ids[0], tokenizer)) fail<ValueError>("the target '{}' is never guessed", word);
    if (std::find(pieces.begin(), pieces.end(), ids[0]) == pieces.end()) pieces.push_back(ids[0]);
  }
  return pieces;
}

std::vector<Candidate> best_candidates(const std::vector<double>& probabilities, int64_t k,
                                       const Tokenizer& tokenizer, const std::vector<TokenId>& targets) {
  check_wanted(k);
  if (std::any_of(probabilities.begin(), probabilities.end(), [](double p) { return std::isnan(p); })) {
    fail<Error>(
        "the model's probabilities are NaN: take an earlier checkpoint, or run it under DetectAnomaly to "
        "find the "
        "part");
  }
  std::vector<TokenId> order;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    const auto id = static_cast<TokenId>(i);
    const bool wanted = targets.empty() || std::find(targets.begin(), targets.end(), id) != targets.end();
    if (wanted && can_be_guessed(id, tokenizer)) order.push_back(id);
  }
  const auto probability = [&](TokenId id) { return probabilities[static_cast<size_t>(id)]; };
  const auto first = order.begin() + std::min<int64_t>(k, static_cast<int64_t>(order.size()));
  std::partial_sort(order.begin(), first, order.end(), [&](TokenId a, TokenId b) {
    return probability(a) != probability(b) ? probability(a) > probability(b) : a < b;
  });
  std::vector<Candidate> candidates;
  for (auto id = order.begin(); id != first; ++id) {
    candidates.push_back({*id, tokenizer.vocab().piece(*id), probability(*id)});
  }
  return candidates;
}

FilledText fill_mask(const BertForPreTraining& model, const Tokenizer& tokenizer, const std::string& text,
                     int64_t k, const std::string& pair, const std::vector<TokenId>& answers,
                     const std::vector<TokenId>& targets) {
  check_wanted(k);
  FilledText filled;
  filled.encoding = pair.empty() ? tokenizer.encode(text) : tokenizer.encode(text, pair);
  const SpecialIds& special = tokenizer.special_ids();
  const std::vector<int64_t> positions = mask_positions(filled.encoding, special.mask, text + " " + pair);
  const auto length = static_cast<int64_t>(filled.encoding.ids.size());
  const int64_t most = model.bert.config.max_position_embeddings;
  if (length > most)
    fail<IndexError>(
        "the text has {} pieces with [CLS] and [SEP], and the model takes {} at most; shorten it around "
        "its {}",
        length, most, mask_token);

  const auto row = [](const std::vector<TokenId>& values) {
    return tensor(std::vector<int64_t>(values.begin(), values.end()),
                  Shape{1, static_cast<int64_t>(values.size())});  // [1, S]
  };
  const nn::EvalMode eval(model);
  const NoGrad no_grad;
  const PretrainingOutput out =
      model(row(filled.encoding.ids), row(filled.encoding.token_type_ids), Tensor(), tensor(positions));
  const Tensor probabilities = softmax(out.mlm_logits).to(DType::f64);  // [n, V]
  for (size_t i = 0; i < positions.size(); ++i) {
    const std::vector<double> of_mask = probabilities.select(0, static_cast<int64_t>(i)).to_vector<double>();
    MaskFilling mask{positions[i], best_candidates(of_mask, k, tokenizer, targets), {}};
    if (i < answers.size()) mask.answer = answer_of(of_mask, answers[i], tokenizer);
    filled.masks.push_back(std::move(mask));
  }
  filled.text = with_guesses(text, filled, 0, "", "");
  filled.marked = with_guesses(text, filled, 0, "[", "]");
  filled.pair = with_guesses(pair, filled, 1, "", "");
  filled.marked_pair = with_guesses(pair, filled, 1, "[", "]");
  filled.unknown = unknown_words(text, pair, filled.encoding, special.unk);
  return filled;
}

}  // namespace gradus::bert
