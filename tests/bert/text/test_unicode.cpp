#include "bert/text/unicode.hpp"

#include <fstream>
#include <sstream>
#include <string>

#include "autograd/error.hpp"
#include "bert/tokenizer/normalizer.hpp"
#include "support/catch.hpp"

using namespace gradus::bert;
using gradus::FormatError;

namespace {

const std::string fixtures_folder = GRADUS_FIXTURES "/tokenizer/";

std::u32string parse_hexes(const std::string& field, char32_t same) {
  if (field == "=") return {same};
  std::u32string out;
  std::istringstream parts(field);
  for (std::string part; std::getline(parts, part, '.');) {
    out.push_back(static_cast<char32_t>(std::stoul(part, nullptr, 16)));
  }
  return out;
}

std::string normalized(const BertNormalizer& normalizer, std::string_view text) {
  return encode_utf8(normalizer.normalize(text).chars);
}

}  // namespace

TEST_CASE("every code point goes to UTF-8 and back") {
  std::string text;
  int right = 0;
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c == 0xD800) c = 0xE000;
    text.clear();
    append_utf8(text, c);
    const std::u32string back = decode_utf8(text);
    if (back.size() != 1 || back[0] != c || count_code_points(text) != 1)
      FAIL("code point " << std::hex << +c);
    ++right;
  }
  CHECK(right == 0x110000 - 0x800);
}

TEST_CASE("invalid UTF-8 is refused at its first bad byte") {
  struct Case {
    std::string text, message;
  };
  const Case cases[] = {
      {"ab\xff", "text is not UTF-8: byte 0xFF at offset 2"},
      {"\x80", "text is not UTF-8: byte 0x80 at offset 0"},
      {"a\xc3", "text is not UTF-8: byte 0xC3 at offset 1"},
      {"\xc0\xaf", "text is not UTF-8: byte 0xC0 at offset 0"},
      {"\xc1\xbf", "text is not UTF-8: byte 0xC1 at offset 0"},
      {"\xe0\x80\xaf", "text is not UTF-8: byte 0xE0 at offset 0"},
      {"x\xed\xa0\x80", "text is not UTF-8: byte 0xED at offset 1"},
      {"\xf0\x80\x80\x80", "text is not UTF-8: byte 0xF0 at offset 0"},
      {"\xf4\x90\x80\x80", "text is not UTF-8: byte 0xF4 at offset 0"},
      {"\xf5\x80\x80\x80", "text is not UTF-8: byte 0xF5 at offset 0"},
      {"\xe2\x82z", "text is not UTF-8: byte 0xE2 at offset 0"},
  };
  for (const Case& c : cases) {
    CHECK_THROWS_AS(decode_utf8(c.text), FormatError);
    CHECK_THROWS_WITH(decode_utf8(c.text), c.message);
    CHECK_THROWS_WITH(BertNormalizer{}.normalize(c.text), c.message);
  }
}

TEST_CASE("a file that is not UTF-8 is refused by name and line") {
  CHECK_NOTHROW(check_utf8_file("", "a.txt"));
  CHECK_NOTHROW(check_utf8_file("é\n\nb", "a.txt"));
  CHECK_THROWS_WITH(check_utf8_file("one\ntwo\nthr\xe9\x65\n", "a.txt"),
                    "a.txt: line 3 is not UTF-8: byte 0xE9 at its offset 3");
  CHECK_THROWS_WITH(check_utf8_file("\xc3\n", "a.txt"),
                    "a.txt: line 1 is not UTF-8: byte 0xC3 at its offset 0");
  CHECK_THROWS_WITH(check_utf8_file("a\n\xc3", "a.txt"),
                    "a.txt: line 2 is not UTF-8: byte 0xC3 at its offset 0");
}

TEST_CASE("the class of every code point is the reference's") {
  std::ifstream file(fixtures_folder + "unicode_classes.txt");
  REQUIRE(file);
  std::string line;
  std::getline(file, line);
  int compared = 0;
  while (std::getline(file, line)) {
    std::istringstream row(line);
    char32_t first = 0, last = 0;
    std::string kind;
    unsigned long a = 0, b = 0;
    row >> std::hex >> a >> b >> kind;
    first = static_cast<char32_t>(a);
    last = static_cast<char32_t>(b);
    if (kind == "?") continue;
    for (char32_t c = first; c <= last; ++c, ++compared) {
      std::string ours;
      ours += is_dropped(c) ? 'D' : is_white_space(c) ? 'S' : 'K';
      ours += is_white_space(c) ? 'S' : is_punctuation(c) ? 'P' : 'L';
      ours += is_cjk_ideograph(c) ? 'C' : '-';
      if (ours != kind)
        FAIL_CHECK("U+" << std::hex << static_cast<unsigned>(c) << " " << ours << " for " << kind);
    }
  }
  CHECK(compared > 250'000);
}

TEST_CASE("decomposition and lower case are the reference's") {
  std::ifstream file(fixtures_folder + "unicode_maps.txt");
  REQUIRE(file);
  std::string line;
  std::getline(file, line);
  const BertNormalizer strip{false, false, true, false};
  const BertNormalizer lower{false, false, false, true};
  int compared = 0;
  for (; std::getline(file, line); ++compared) {
    std::istringstream row(line);
    std::string code, stripped, lowered;
    row >> code >> stripped >> lowered;
    if (lowered.empty()) {  // stripped to nothing
      lowered = stripped;
      stripped.clear();
    }
    const auto c = static_cast<char32_t>(std::stoul(code, nullptr, 16));
    const std::string text = encode_utf8(std::u32string(1, c));
    if (strip.normalize(text).chars != parse_hexes(stripped, c)) FAIL_CHECK("stripping U+" << code);
    if (lower.normalize(text).chars != parse_hexes(lowered, c)) FAIL_CHECK("lower case of U+" << code);
  }
  CHECK(compared > 4'000);
}

TEST_CASE("marks of different classes come out in the order of NFD") {
  // Spacing marks (Mc) stay where accents are stripped, so that their order shows. Classes of the Unicode
  // Character Database 15: U+302E and U+302F 224, U+1D165 and U+1D166 216, U+1D16D 226, U+1D16E 216.
  const BertNormalizer strip{false, false, true, false};
  const auto stripped = [&](const std::u32string& text) { return strip.normalize(encode_utf8(text)).chars; };
  CHECK(stripped(U"a\u302E\U0001D165b") == U"a\U0001D165\u302Eb");
  CHECK(stripped(U"a\U0001D16D\u302F\U0001D16E") == U"a\U0001D16E\u302F\U0001D16D");
  CHECK(stripped(U"a\U0001D16D\u0301\U0001D165") == U"a\U0001D165\U0001D16D");  // one that goes between them
  CHECK(stripped(U"\U0001D166\U0001D165") == U"\U0001D166\U0001D165");          // of one class: as they stood
  CHECK(stripped(U"\u302Ea\U0001D165") == U"\u302Ea\U0001D165");                // a letter parts two runs
  // Their sources rise all the same.
  const NormalizedText moved = strip.normalize(encode_utf8(U"a\u302E\U0001D165b"));
  CHECK(moved.source == std::vector<uint32_t>{0, 1, 2, 3});
}

TEST_CASE("Hangul syllables come apart into their letters") {
  const BertNormalizer strip{false, false, true, false};
  int right = 0;
  for (char32_t c = 0xAC00; c <= 0xD7A3; ++c) {  // The Unicode Standard, section 3.12
    const char32_t index = c - 0xAC00;
    std::u32string expected = {0x1100 + index / 588, 0x1161 + index % 588 / 28};
    if (index % 28 != 0) expected.push_back(0x11A7 + index % 28);
    if (strip.normalize(encode_utf8(std::u32string(1, c))).chars != expected)
      FAIL_CHECK("U+" << std::hex << +c);
    else
      ++right;
  }
  CHECK(right == 11172);
}

TEST_CASE("the normaliser's stages can be switched one by one") {
  CHECK(normalized({}, "HäLLo") == "hallo");
  CHECK(normalized({.strip_accents = false}, "HäLLo") == "hällo");
  CHECK(normalized({.strip_accents = true, .lowercase = false}, "HäLLo") == "HaLLo");
  CHECK(normalized({.lowercase = false}, "HäLLo") == "HäLLo");
  CHECK(normalized({.lowercase = false}, "HeLLo") == "HeLLo");
  CHECK(normalized({}, "HeLLo") == "hello");
  CHECK(normalized({.clean_text = false}, "a\tb\u200bc") == "a\tb\u200bc");
  CHECK(normalized({}, "a\tb\u200bc") == "a bc");
  CHECK(normalized({}, "ah博推zz") == "ah 博  推 zz");
  CHECK(normalized({.handle_chinese_chars = false}, "ah博推zz") == "ah博推zz");
  CHECK(normalized({}, "İ") == "i");
  CHECK(normalized({.strip_accents = false}, "İ") == "i\u0307");
  CHECK(normalized({}, "ΑΣ") == "ασ");
}

TEST_CASE("sources point back to the original's characters") {
  const NormalizedText text = BertNormalizer{}.normalize("é\u200b博İe\u0301x");
  CHECK(encode_utf8(text.chars) == "e 博 iex");
  CHECK(text.source == std::vector<uint32_t>{0, 2, 2, 2, 3, 4, 6});
}

TEST_CASE("words are split at white space and round punctuation") {
  std::vector<WordSpan> words;
  split_words(U"  ab, c!? ", words);
  CHECK(words == std::vector<WordSpan>{{2, 4}, {4, 5}, {6, 7}, {7, 8}, {8, 9}});
  words.clear();
  split_words(U"", words);
  CHECK(words.empty());
  split_words(U"a\u2028b\u00a0c\u2014d", words);
  CHECK(words.size() == 5);
}
