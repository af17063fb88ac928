#include "bert/tokenizer/normalizer.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>
#include <utility>

#include "bert/text/unicode.hpp"

namespace gradus::bert {
namespace {

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

/// A stage that reads one character and emits none, one or several, each with the same source.
template <class Emit>
void each_char(NormalizedText& text, Emit emit) {
  NormalizedText out;
  out.chars.reserve(text.chars.size() + 16);
  out.source.reserve(text.chars.size() + 16);
  for (size_t i = 0; i < text.chars.size(); ++i) {
    emit(text.chars[i], out.chars);
    out.source.resize(out.chars.size(), text.source[i]);
  }
  text = std::move(out);
}

void clean(NormalizedText& text, bool google) {
  each_char(text, [google](char32_t c, std::u32string& out) {
    if (!is_dropped(c) || (google && is_private_use(c))) out.push_back(is_white_space(c) ? U' ' : c);
  });
}

void set_ideographs_apart(NormalizedText& text, bool google) {
  const auto is_apart = [google](char32_t c) {
    return is_cjk_ideograph(c) || (google && c >= 0x2B820 && c <= 0x2B91F);
  };
  if (std::none_of(text.chars.begin(), text.chars.end(), is_apart)) return;
  each_char(text, [&](char32_t c, std::u32string& out) {
    if (is_apart(c)) {
      out.append({U' ', c, U' '});
    } else {
      out.push_back(c);
    }
  });
}

/// One character of a decomposition; `starts` marks the first of each.
struct Part {
  char32_t c;
  bool starts;
};

/// Puts each run of marks into the order of their combining classes, as NFD asks.
void order_marks(std::vector<Part>& parts) {
  const auto combines = [](const Part& part) { return part.c >= 0x300 && combining_class(part.c) != 0; };
  const auto by_class = [](const Part& a, const Part& b) {
    return combining_class(a.c) < combining_class(b.c);
  };
  for (auto first = parts.begin(); first != parts.end();) {
    first = std::find_if(first, parts.end(), combines);
    const auto last = std::find_if_not(first, parts.end(), combines);
    std::stable_sort(first, last, by_class);
    first = last;
  }
}

void strip_marks(NormalizedText& text) {
  std::vector<Part> parts;
  parts.reserve(text.chars.size());
  std::u32string decomposed;
  for (const char32_t c : text.chars) {
    decomposed.clear();
    append_decomposition(decomposed, c);
    for (size_t k = 0; k < decomposed.size(); ++k) parts.push_back({decomposed[k], k == 0});
  }
  order_marks(parts);

  // A part that starts a decomposition takes the next source in line, so that sources rise whatever the
  // order of the marks; the parts after it share it. So a spacing mark (Mc) that changes its place among
  // other marks is given a neighbour's source, and the same neighbour's as in Hugging Face.
  NormalizedText out;
  out.chars.reserve(parts.size());
  out.source.reserve(parts.size());
  size_t next = 0;
  for (const Part& part : parts) {
    next += part.starts;
    if (part.c >= 0x300 && is_nonspacing_mark(part.c)) continue;
    out.chars.push_back(part.c);
    out.source.push_back(text.source[next - (next > 0)]);
  }
  text = std::move(out);
}

void lower(NormalizedText& text) {
  each_char(text, [](char32_t c, std::u32string& out) { append_lower_case(out, c); });
}

/// Whether the Σ at `i` ends a word: a cased letter stands before it and none after it, whatever marks and
/// the like stand between (Unicode, Final_Sigma).
bool ends_word(std::u32string_view text, size_t i) {
  const auto is_cased_after_skipping = [&](auto at, auto end) {
    at = std::find_if_not(at, end, is_case_ignorable);
    return at != end && is_cased(*at);
  };
  const auto here = text.begin() + static_cast<std::ptrdiff_t>(i);
  return is_cased_after_skipping(std::make_reverse_iterator(here), text.rend()) &&
         !is_cased_after_skipping(here + 1, text.end());
}

void lower_words(NormalizedText& text) {
  std::vector<bool> is_final(text.chars.size());
  for (size_t i = 0; i < text.chars.size(); ++i)
    is_final[i] = text.chars[i] == U'\u03A3' && ends_word(text.chars, i);
  size_t i = 0;
  each_char(text, [&](char32_t c, std::u32string& out) {
    if (is_final[i++]) {
      out.push_back(U'\u03C2');
    } else {
      append_lower_case(out, c);
    }
  });
}

/// What the stages make of each ASCII character; 0x80 for one that is dropped.
constexpr unsigned char dropped_character = 0x80;
std::array<unsigned char, 128> ascii_table(bool clean_text, bool lowercase) {
  std::array<unsigned char, 128> table{};
  for (unsigned char c = 0; c < 128; ++c) {
    table[c] = c;
    if (lowercase && c >= 'A' && c <= 'Z') table[c] = static_cast<unsigned char>(c + 32);
    if (clean_text && is_white_space(c)) table[c] = ' ';
    if (clean_text && is_dropped(c)) table[c] = dropped_character;
  }
  return table;
}

/// All four stages at once for text that is only ASCII, which most text is.
void normalize_ascii(std::string_view text, const std::array<unsigned char, 128>& table,
                     NormalizedText& out) {
  out.chars.resize(text.size());
  out.source.resize(text.size());
  size_t used = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const unsigned char c = table[static_cast<unsigned char>(text[i])];
    out.chars[used] = c;
    out.source[used] = static_cast<uint32_t>(i);
    used += c != dropped_character;
  }
  out.chars.resize(used);
  out.source.resize(used);
}

/// How a character takes part in splitting, for the ASCII ones.
enum Role : unsigned char { letter, space, punctuation };
std::array<Role, 128> ascii_roles() {
  std::array<Role, 128> roles{};
  for (char32_t c = 0; c < 128; ++c) {
    roles[c] = is_white_space(c) ? space : is_punctuation(c) ? punctuation : letter;
  }
  return roles;
}

Role role_of(char32_t c) {
  static const std::array<Role, 128> ascii = ascii_roles();
  if (c < 128) return ascii[c];
  return is_white_space(c) ? space : is_punctuation(c) ? punctuation : letter;
}

}  // namespace

void BertNormalizer::normalize(std::string_view text, NormalizedText& out) const {
  if (is_ascii(text)) {
    static const std::array<std::array<unsigned char, 128>, 4> tables = {
        ascii_table(false, false), ascii_table(false, true), ascii_table(true, false),
        ascii_table(true, true)};
    normalize_ascii(text, tables[clean_text * 2 + lowercase], out);
    return;
  }
  out.chars.clear();
  decode_utf8(text, out.chars);
  out.source.resize(out.chars.size());
  std::iota(out.source.begin(), out.source.end(), 0u);
  if (clean_text) clean(out, google);
  if (handle_chinese_chars) set_ideographs_apart(out, google);
  if (lowercase && google) lower_words(out);
  if (strips_accents()) strip_marks(out);
  if (lowercase && !google) lower(out);
}

NormalizedText BertNormalizer::normalize(std::string_view text) const {
  NormalizedText out;
  normalize(text, out);
  return out;
}

void split_words(std::u32string_view text, std::vector<WordSpan>& words) {
  const auto size = static_cast<uint32_t>(text.size());
  for (uint32_t i = 0; i < size;) {
    const Role role = role_of(text[i]);
    const uint32_t begin = i++;
    if (role == space) continue;
    if (role == letter) {
      while (i < size && role_of(text[i]) == letter) ++i;
    }
    words.push_back({begin, i});
  }
}

}  // namespace gradus::bert
