#include "bert/tokenizer/tokenizer.hpp"

#include <algorithm>
#include <utility>

#include "autograd/error.hpp"
#include "bert/text/unicode.hpp"

namespace gradus::bert {
namespace {

void append(Encoding& to, const Encoding& from, TokenId type) {
  const auto join = [](auto& a, const auto& b) { a.insert(a.end(), b.begin(), b.end()); };
  join(to.pieces, from.pieces);
  join(to.ids, from.ids);
  to.token_type_ids.resize(to.ids.size(), type);
  join(to.offsets, from.offsets);
  join(to.special_tokens_mask, from.special_tokens_mask);
  join(to.word_ids, from.word_ids);
}

void truncate(Encoding& encoding, size_t length) {
  if (encoding.size() <= length) return;
  encoding.pieces.resize(length);
  encoding.ids.resize(length);
  encoding.token_type_ids.resize(length);
  encoding.offsets.resize(length);
  encoding.special_tokens_mask.resize(length);
  encoding.word_ids.resize(length);
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

/// The rules by which Hugging Face joins English punctuation again. They see one piece at a time.
void clean_up(std::string& piece) {
  static constexpr std::pair<std::string_view, std::string_view> cleanup_rules[] = {
      {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},   {" n't", "n't"},
      {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [from, to] : cleanup_rules) replace_all(piece, from, to);
}

}  // namespace

std::pair<size_t, size_t> longest_first(size_t first, size_t second, size_t room) {
  if (first + second <= room) return {first, second};
  const bool swapped = first > second;
  size_t shorter = std::min(first, second);
  size_t longer = shorter > room ? shorter : std::max(shorter, room - shorter);
  if (shorter + longer > room) {
    shorter = room / 2;
    longer = shorter + room % 2;
  }
  return swapped ? std::pair(longer, shorter) : std::pair(shorter, longer);
}

Tokenizer::Tokenizer(Vocab vocab, BertNormalizer normalizer, size_t max_word_chars,
                     std::vector<std::string> extra_specials, std::vector<std::string> added_words)
    : vocab_(std::move(vocab)),
      normalizer_(normalizer),
      max_word_chars_(max_word_chars),
      extra_specials_(std::move(extra_specials)),
      special_ids_(vocab_.special_ids()),
      trie_(vocab_),
      added_words_(std::move(added_words)) {
  for (const std::string_view token : {pad_token, unk_token, cls_token, sep_token, mask_token}) {
    specials_.push_back({std::string(token), vocab_.id(token)});
  }
  for (const std::string& token : extra_specials_) specials_.push_back({token, vocab_.id(token)});
  std::stable_sort(specials_.begin(), specials_.end(),
                   [](const Special& a, const Special& b) { return a.text.size() > b.text.size(); });
  for (const Special& special : specials_) {
    if (special_starts_.find(special.text[0]) == std::string::npos) special_starts_ += special.text[0];
  }
  if (added_words_.empty()) return;
  std::vector<std::string> normalized;  // where two become one, the first counts
  for (const std::string& word : added_words_) {
    std::string form = encode_utf8(normalizer_.normalize(word).chars);
    const TokenId id = vocab_.id(word);
    if (form.empty() || std::find(normalized.begin(), normalized.end(), form) != normalized.end()) continue;
    normalized.push_back(std::move(form));
    added_word_ids_.push_back(id);
  }
  word_trie_ = PieceTrie(Vocab(std::move(normalized), "added words"));
}

bool Tokenizer::is_special(TokenId id) const {
  return std::any_of(specials_.begin(), specials_.end(), [id](const Special& s) { return s.id == id; });
}

std::pair<size_t, const Tokenizer::Special*> Tokenizer::next_special(std::string_view text,
                                                                     size_t from) const {
  while ((from = text.find_first_of(special_starts_, from)) != std::string_view::npos) {
    for (const Special& special : specials_) {
      if (text.substr(from).starts_with(special.text)) return {from, &special};
    }
    ++from;
  }
  return {text.size(), nullptr};
}

std::pair<size_t, PieceTrie::Match> Tokenizer::next_added_word(std::u32string_view chars, size_t from) const {
  if (!added_word_ids_.empty()) {
    for (; from < chars.size(); ++from) {
      const PieceTrie::Match match = word_trie_.longest(chars.substr(from), false);
      if (match.length > 0) return {from, match};
    }
  }
  return {chars.size(), {}};
}

bool Tokenizer::cut_up(std::u32string_view word, std::vector<Cut>& cuts) const {
  cuts.clear();
  if (word.size() > max_word_chars_) return false;
  size_t begin = 0;
  do {
    const PieceTrie::Match match = trie_.longest(word.substr(begin), begin > 0);
    if (match.length == 0) return false;
    cuts.push_back({match.id, begin, begin + match.length});
    begin += match.length;
  } while (begin < word.size());
  return true;
}

/// One walk through a text: special tokens, between them added words, between these words, and their pieces.
template <class Sink>
class Tokenizer::Walk {
 public:
  Walk(const Tokenizer& tokenizer, Sink sink) : tokenizer_(tokenizer), sink_(sink) {}

  void text(std::string_view text) {
    for (size_t from = 0; from < text.size();) {
      const auto [at, special] = tokenizer_.next_special(text, from);
      stretch(text.substr(from, at - from));
      from = at;
      if (special == nullptr) continue;
      special_token(*special);
      from += special->text.size();
    }
  }

 private:
  void special_token(const Special& special) {
    const auto length = static_cast<uint32_t>(count_code_points(special.text));
    sink_(special.id, passed_, passed_ + length, word_id_++);
    passed_ += length;
  }

  /// Text without special tokens.
  void stretch(std::string_view text) {
    tokenizer_.normalizer_.normalize(text, normalized_);
    const size_t size = normalized_.chars.size();
    for (size_t done = 0; done < size;) {
      const auto [place, added] = tokenizer_.next_added_word(normalized_.chars, done);
      words(done, place);
      done = place + added.length;
      if (added.length == 0) continue;
      piece(tokenizer_.added_word_ids_[static_cast<size_t>(added.id)], place, done);
      ++word_id_;
    }
    passed_ += static_cast<uint32_t>(count_code_points(text));
  }

  /// Normalised characters without added words.
  void words(size_t begin, size_t end) {
    words_.clear();
    split_words(chars(begin, end), words_);
    for (const WordSpan& span : words_) {
      word(begin + span.begin, begin + span.end);
      ++word_id_;
    }
  }

  void word(size_t begin, size_t end) {
    if (!tokenizer_.cut_up(chars(begin, end), cuts_)) return piece(tokenizer_.special_ids_.unk, begin, end);
    for (const Cut& cut : cuts_) piece(cut.id, begin + cut.begin, begin + cut.end);
  }

  /// The normalised characters begin ... end - 1 are a piece. Its place is that of the original's.
  void piece(TokenId id, size_t begin, size_t end) {
    sink_(id, passed_ + normalized_.source[begin], passed_ + normalized_.source[end - 1] + 1, word_id_);
  }

  std::u32string_view chars(size_t begin, size_t end) const {
    return std::u32string_view(normalized_.chars).substr(begin, end - begin);
  }

  const Tokenizer& tokenizer_;
  Sink sink_;
  uint32_t passed_ = 0;  // characters of the original before this stretch
  int32_t word_id_ = 0;
  NormalizedText normalized_;  // these three keep their memory from stretch to stretch
  std::vector<WordSpan> words_;
  std::vector<Cut> cuts_;
};

template <class Sink>
void Tokenizer::each_piece(std::string_view text, Sink sink) const {
  Walk<Sink>(*this, sink).text(text);
}

std::vector<TokenId> Tokenizer::tokenize(std::string_view text) const {
  std::vector<TokenId> ids;
  tokenize(text, ids);
  return ids;
}

void Tokenizer::tokenize(std::string_view text, std::vector<TokenId>& ids) const {
  each_piece(text, [&ids](TokenId id, uint32_t, uint32_t, int32_t) { ids.push_back(id); });
}

Encoding Tokenizer::encode_bare(std::string_view text) const {
  Encoding out;
  each_piece(text, [&out](TokenId id, uint32_t begin, uint32_t end, int32_t word) {
    out.ids.push_back(id);
    out.offsets.push_back({begin, end});
    out.word_ids.push_back(word);
  });
  out.pieces.reserve(out.size());
  for (const TokenId id : out.ids) out.pieces.push_back(vocab_.piece(id));
  out.token_type_ids.assign(out.size(), 0);
  out.special_tokens_mask.assign(out.size(), false);
  return out;
}

Encoding Tokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  return assemble(encode_bare(text), std::nullopt, options);
}

Encoding Tokenizer::encode(std::string_view text, std::string_view pair, const EncodeOptions& options) const {
  return assemble(encode_bare(text), encode_bare(pair), options);
}

Encoding Tokenizer::assemble(Encoding first, std::optional<Encoding> second,
                             const EncodeOptions& options) const {
  if (options.max_length) {
    const size_t added = !options.add_special_tokens ? 0 : second ? 3 : 2;
    if (*options.max_length < added) {
      fail<ValueError>("encode: max_length {} leaves no room for the {} special tokens", *options.max_length,
                       added);
    }
    const auto [keep, keep_second] =
        longest_first(first.size(), second ? second->size() : 0, *options.max_length - added);
    truncate(first, keep);
    if (second) truncate(*second, keep_second);
  }
  Encoding out;
  const auto add_special = [&](TokenId id, TokenId type) {
    if (!options.add_special_tokens) return;
    out.pieces.push_back(vocab_.piece(id));
    out.ids.push_back(id);
    out.token_type_ids.push_back(type);
    out.offsets.emplace_back();
    out.special_tokens_mask.push_back(true);
    out.word_ids.push_back(-1);
  };
  add_special(special_ids_.cls, 0);
  append(out, first, 0);
  add_special(special_ids_.sep, 0);
  if (second) {
    append(out, *second, 1);
    add_special(special_ids_.sep, 1);
  }
  return out;
}

std::string Tokenizer::decode(std::span<const TokenId> ids, const DecodeOptions& options) const {
  std::string out;
  bool is_first = true;
  for (const TokenId id : ids) {
    std::string_view text = vocab_.piece(id);
    if (options.skip_special_tokens && is_special(id)) continue;
    const bool continues = !is_first && text.starts_with(continuation_prefix);
    if (continues) text.remove_prefix(continuation_prefix.size());
    std::string piece = is_first || continues ? "" : " ";
    piece += text;
    if (options.clean_up) clean_up(piece);
    out += piece;
    is_first = false;
  }
  return out;
}

}  // namespace gradus::bert
