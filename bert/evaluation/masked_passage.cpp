#include "bert/evaluation/masked_passage.hpp"

#include <algorithm>

#include "bert/text/lines.hpp"
#include "bert/text/unicode.hpp"
#include "bert/tokenizer/text_spans.hpp"

namespace gradus::bert {
namespace {

constexpr size_t fewest_pieces = 4;  // a word alone says nothing about what belongs in its place
constexpr EncodeOptions bare = {.add_special_tokens = false, .max_length = {}};

/// The words at the front of `text` that have at most `room` pieces.
std::string first_words(const std::string& text, const Tokenizer& tokenizer, size_t room) {
  const Encoding encoding = tokenizer.encode(text, bare);
  if (encoding.size() <= room) return text;
  size_t end = room;
  while (end > 0 && encoding.word_ids[end] == encoding.word_ids[end - 1]) --end;
  if (end == 0) return {};
  const std::string words = characters(text, {0, encoding.offsets[end].begin});
  return words.substr(0, words.find_last_not_of(' ') + 1);
}

/// The sentences at the front that have at most `room` pieces together, or the first words of the first.
std::string beginning_of(const std::vector<std::string>& sentences, const Tokenizer& tokenizer, size_t room) {
  std::vector<std::string> kept;
  size_t length = 0;
  for (const std::string& sentence : sentences) {
    length += tokenizer.tokenize(sentence).size();
    if (length > room) break;
    kept.push_back(sentence);
  }
  if (!kept.empty() || sentences.empty()) return joined_sentences(kept);
  return first_words(sentences.front(), tokenizer, room);
}

bool is_word(std::u32string_view chars) {
  return std::all_of(chars.begin(), chars.end(), is_letter) &&
         (chars.size() > 1 || is_cjk_ideograph(chars.front()));
}

}  // namespace

std::optional<MaskedPassage> masked_passage(const std::vector<std::string>& sentences,
                                            const Tokenizer& tokenizer, int64_t pieces) {
  constexpr int64_t added = 2;  // [CLS] and [SEP]
  const auto room = static_cast<size_t>(std::max<int64_t>(pieces - added, 0));
  const std::string text = beginning_of(sentences, tokenizer, room);
  const Encoding encoding = tokenizer.encode(text, bare);
  const size_t size = encoding.size();
  if (size < fewest_pieces || size > room) return std::nullopt;
  const TokenId unknown = tokenizer.special_ids().unk;
  const auto is_token = [&](TokenId id) { return id != unknown && tokenizer.is_special(id); };
  if (std::any_of(encoding.ids.begin(), encoding.ids.end(), is_token)) return std::nullopt;
  const std::u32string chars = decode_utf8(text);
  for (size_t i = size; i-- > 0;) {
    const bool begins = i == 0 || encoding.word_ids[i - 1] != encoding.word_ids[i];
    const bool ends = i + 1 == size || encoding.word_ids[i + 1] != encoding.word_ids[i];
    const CharSpan span = encoding.offsets[i];
    if (!begins || !ends || encoding.ids[i] == unknown) continue;
    if (!is_word(std::u32string_view(chars).substr(span.begin, span.end - span.begin))) continue;
    return MaskedPassage{replaced(text, {{span, std::string(mask_token)}}), encoding.ids[i]};
  }
  return std::nullopt;
}

std::vector<MaskedPassage> masked_passages(const std::filesystem::path& file, const Tokenizer& tokenizer,
                                           int64_t count, int64_t pieces) {
  std::vector<MaskedPassage> passages;
  std::vector<std::string> sentences;
  const auto end_document = [&] {
    if (static_cast<int64_t>(passages.size()) < count) {
      if (auto passage = masked_passage(sentences, tokenizer, pieces)) passages.push_back(*passage);
    }
    sentences.clear();
  };
  for_each_line(file, [&](std::string_view line) {
    if (line.empty()) {
      end_document();
    } else if (static_cast<int64_t>(sentences.size()) < pieces) {  // a sentence has a piece at least
      sentences.emplace_back(line);
    }
  });
  end_document();
  return passages;
}

}  // namespace gradus::bert
