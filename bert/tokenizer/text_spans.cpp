#include "bert/tokenizer/text_spans.hpp"

#include "autograd/error.hpp"
#include "bert/text/unicode.hpp"

namespace gradus::bert {
namespace {

void check_span(CharSpan span, size_t begin, size_t length) {
  if (span.begin < begin || span.end < span.begin || span.end > length) {
    fail<IndexError>("text: characters {} to {} are not a stretch of what is left, {} to {}", span.begin,
                     span.end, begin, length);
  }
}

}  // namespace

std::string characters(std::string_view text, CharSpan span) {
  const std::u32string chars = decode_utf8(text);
  check_span(span, 0, chars.size());
  return encode_utf8(std::u32string_view(chars).substr(span.begin, span.end - span.begin));
}

std::string replaced(std::string_view text, const std::vector<Replacement>& replacements) {
  const std::u32string decoded = decode_utf8(text);
  const std::u32string_view chars = decoded;
  std::string out;
  size_t done = 0;
  for (const Replacement& replacement : replacements) {
    check_span(replacement.span, done, chars.size());
    out += encode_utf8(chars.substr(done, replacement.span.begin - done)) + replacement.by;
    done = replacement.span.end;
  }
  return out + encode_utf8(chars.substr(done));
}

bool is_written_without_spaces(char32_t c) {
  const bool kana_and_punctuation = c >= 0x3000 && c <= 0x30FF, full_width = c >= 0xFF00 && c <= 0xFFEF;
  return is_cjk_ideograph(c) || kana_and_punctuation || full_width;
}

std::string joined_sentences(const std::vector<std::string>& sentences) {
  std::u32string text;
  for (const std::string& sentence : sentences) {
    const std::u32string next = decode_utf8(sentence);
    if (next.empty()) continue;
    const bool bare =
        text.empty() || is_written_without_spaces(text.back()) || is_written_without_spaces(next.front());
    if (!bare) text += U' ';
    text += next;
  }
  return encode_utf8(text);
}

}  // namespace gradus::bert
