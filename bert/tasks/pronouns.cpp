#include "bert/tasks/pronouns.hpp"

#include <algorithm>
#include <cctype>

#include "autograd/error.hpp"
#include "autograd/ops.hpp"
#include "bert/checkpoint/checkpoint.hpp"
#include "bert/evaluation/label_baselines.hpp"
#include "bert/tasks/chosen.hpp"
#include "parallel/share_out.hpp"

namespace gradus::bert {
namespace {

/// ASCII letters made small: "The dog" at the beginning of a text is "the dog".
std::string small(std::string text) {
  for (char& letter : text)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return text;
}

bool is_letter(char byte) { return std::isalpha(static_cast<unsigned char>(byte)) != 0; }

/// Where `part` stands in `text` as whole words; the last place if `last`, else the first.
size_t find_words(const std::string& text, const std::string& part, bool last) {
  size_t found = std::string::npos;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    const size_t end = at + part.size();
    if ((at > 0 && is_letter(text[at - 1])) || (end < text.size() && is_letter(text[end]))) continue;
    found = at;
    if (!last) break;
  }
  return found;
}

/// The pieces of the first `bytes` of a text as characters: offsets count those.
size_t characters_in(const std::string& text, size_t bytes) {
  return static_cast<size_t>(std::count_if(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bytes),
                                           [](char byte) { return (byte & 0xC0) != 0x80; }));
}

TokenId first_piece_of_last_word(const Tokenizer& tokenizer, const PronounCase& one,
                                 const std::string& noun) {
  const std::string word = noun.substr(noun.find_last_of(' ') + 1);
  const std::vector<TokenId> pieces = tokenizer.tokenize(word);
  if (pieces.empty()) fail<FormatError>("{}: the noun '{}' has no piece", one.where, noun);
  return pieces.front();
}

std::vector<const TextRow*> chosen(const std::vector<PronounRow>& rows, std::span<const int64_t> which) {
  std::vector<const TextRow*> some;
  for (const int64_t row : which) some.push_back(&rows[static_cast<size_t>(row)].row);
  return some;
}

/// The MLM logits at the pronouns, [n, V].
Tensor logits_at(const BertForPreTraining& model, const std::vector<PronounRow>& rows,
                 std::span<const int64_t> which, TokenId pad) {
  const TaskInput input = to_input(chosen(rows, which), pad);
  const int64_t length = input.ids.size(1);
  std::vector<int64_t> places;
  for (size_t i = 0; i < which.size(); ++i)
    places.push_back(static_cast<int64_t>(i) * length + rows[static_cast<size_t>(which[i])].place);
  return model(input.ids, input.token_type_ids, input.attention_mask, tensor(places)).mlm_logits;
}

}  // namespace

std::vector<PronounCase> pronoun_cases(const LabelledTexts& texts, bool with_labels) {
  const std::vector<std::string> first = texts.column("first_noun"), second = texts.column("second_noun");
  std::vector<PronounCase> cases;
  for (size_t i = 0; i < texts.rows.size(); ++i) {
    const LabelledText& row = texts.rows[i];
    const std::string where = fmt::format("{}, line {}", texts.file.string(), row.line);
    if (with_labels && row.label != "first" && row.label != "second")
      fail<FormatError>("{}: the label '{}' is neither first nor second", where, row.label);
    cases.push_back({row.text, first[i], second[i], row.label != "second", where});
  }
  return cases;
}

std::vector<size_t> pieces_of(const Encoding& encoding, const PronounCase& one, const std::string& part,
                              bool last) {
  const std::string& text = one.text;
  const size_t at = find_words(small(text), small(part), last);
  if (at == std::string::npos) fail<FormatError>("{}: there is no '{}' in '{}'", one.where, part, text);
  const size_t from = characters_in(text, at), to = characters_in(text, at + part.size());
  std::vector<size_t> pieces;
  for (size_t i = 0; i < encoding.size(); ++i)
    if (!encoding.special_tokens_mask[i] && encoding.offsets[i].begin >= from &&
        encoding.offsets[i].end <= to)
      pieces.push_back(i);
  if (pieces.empty()) fail<FormatError>("{}: no piece of '{}' is '{}' alone", one.where, text, part);
  return pieces;
}

std::vector<PronounRow> pronoun_rows(const Tokenizer& tokenizer, const std::vector<PronounCase>& cases,
                                     const std::string& pronoun, int64_t positions) {
  std::vector<PronounRow> rows;
  for (const PronounCase& one : cases) {
    const Encoding encoding = tokenizer.encode(one.text);
    if (std::ssize(encoding.ids) > positions)
      fail<FormatError>("{}: the text has {} pieces with [CLS] and [SEP], and the model takes {} at most",
                        one.where, encoding.size(), positions);
    for (const std::string* noun : {&one.first, &one.second}) pieces_of(encoding, one, *noun, false);
    PronounRow row{{encoding.ids, std::ssize(encoding.ids)},
                   static_cast<int64_t>(pieces_of(encoding, one, pronoun, true).front()),
                   first_piece_of_last_word(tokenizer, one, one.first),
                   first_piece_of_last_word(tokenizer, one, one.second)};
    if (row.first == row.second)
      fail<FormatError>("{}: '{}' and '{}' begin with the same piece, so the model cannot name one of them",
                        one.where, one.first, one.second);
    rows.push_back(std::move(row));
  }
  return rows;
}

Tensor name_pronouns(const BertForPreTraining& model, const std::vector<PronounRow>& rows, TokenId pad,
                     const Scoring& scoring) {
  const nn::EvalMode eval(model);
  const NoGrad no_grad;
  std::vector<double> said;
  constexpr int64_t at_once = 64;
  const auto compute = [&](int64_t piece) {
    std::vector<int64_t> some;
    for (int64_t i = piece * at_once; i < std::min((piece + 1) * at_once, std::ssize(rows)); ++i)
      some.push_back(i);
    const Tensor logits = logits_at(model, rows, some, pad).to(DType::f64);
    std::vector<double> pairs;
    for (const int64_t i : some) {
      const PronounRow& row = rows[static_cast<size_t>(i)];
      const Tensor of_row = logits.select(0, i - piece * at_once);
      pairs.push_back(of_row.select(0, row.first).item());
      pairs.push_back(of_row.select(0, row.second).item());
    }
    return pairs;
  };
  parallel::share_out(
      *scoring.world, (std::ssize(rows) + at_once - 1) / at_once, compute,
      [&](int64_t, std::span<const double> pairs) { said.insert(said.end(), pairs.begin(), pairs.end()); },
      scoring.check_stop);
  return tensor(said, Shape{std::ssize(rows), 2});
}

Findings judge_pronouns(const std::vector<PronounCase>& cases, const Tensor& said, Detail detail) {
  std::vector<int64_t> truth;
  for (const PronounCase& one : cases) truth.push_back(one.first_is_right ? 0 : 1);
  const Chosen chosen = chosen_beside(std::move(truth), said);
  Findings found{.examples = std::ssize(cases), .figures = {chosen.accuracy(detail), chosen.loss()}};
  if (detail == Detail::figures_only) return found;
  const auto noun = [&](size_t i, int64_t which) { return which == 0 ? cases[i].first : cases[i].second; };
  for (const size_t i : chosen.worst())
    found.worst.push_back(
        {cases[i].text, noun(i, chosen.truth[i]), noun(i, chosen.said[i]), chosen.losses[i]});
  return found;
}

Pronouns::Pronouns(BertForPreTraining model, Tokenizer tokenizer, std::vector<PronounCase> training,
                   std::vector<PronounCase> validation, const std::string& pronoun)
    : model_(std::move(model)),
      tokenizer_(std::move(tokenizer)),
      training_(std::move(training)),
      validation_(std::move(validation)),
      training_rows_(
          pronoun_rows(tokenizer_, training_, pronoun, model_.bert.config.max_position_embeddings)),
      validation_rows_(
          pronoun_rows(tokenizer_, validation_, pronoun, model_.bert.config.max_position_embeddings)) {}

void Pronouns::save(const std::filesystem::path& folder) const {
  save_pretrained(folder, model_, &tokenizer_);
}

std::pair<int64_t, int64_t> Pronouns::slots_and_pieces(std::span<const int64_t> rows) const {
  return count_slots(chosen(training_rows_, rows));
}

Tensor Pronouns::loss(std::span<const int64_t> rows) const {
  std::vector<int64_t> nouns;
  for (const int64_t row : rows) {
    const auto i = static_cast<size_t>(row);
    nouns.push_back(training_rows_[i].right(training_[i].first_is_right));
  }
  return cross_entropy(logits_at(model_, training_rows_, rows, tokenizer_.special_ids().pad), tensor(nouns));
}

Findings Pronouns::score(const Scoring& scoring, Detail detail) const {
  const Tensor said = name_pronouns(model_, validation_rows_, tokenizer_.special_ids().pad, scoring);
  return judge_pronouns(validation_, said, detail);
}

Baselines Pronouns::baselines() const {
  std::vector<std::string> first, second;
  std::vector<bool> is_first;
  for (const PronounCase& one : training_) {
    first.push_back(one.first);
    second.push_back(one.second);
    is_first.push_back(one.first_is_right);
  }
  const NounPreference preference(first, second, is_first);
  double firsts = 0, preferred = 0;
  for (const PronounCase& one : validation_) {
    firsts += one.first_is_right;
    preferred += preference.prefers_first(one.first, one.second) == one.first_is_right;
  }
  const auto count = static_cast<double>(validation_.size());
  return {{"always the first noun", firsts / count}, {"noun preference", preferred / count}};
}

}  // namespace gradus::bert
