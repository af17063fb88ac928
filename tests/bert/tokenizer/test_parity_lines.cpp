// Gradus and Hugging Face's tokenizers on generated lines: a sample is a fixture, and scripts/reference/
// tokenizer_lines.py compares a million with the hidden case "[.parity_lines]".
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "autograd/file.hpp"
#include "bert/text/unicode.hpp"
#include "bert/tokenizer/tokenizer.hpp"
#include "support/catch.hpp"

using namespace gradus::bert;
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr std::pair<const char*, bool> settings[] = {{"uncased", true}, {"cased", false}};
const std::string fixtures_folder = GRADUS_FIXTURES "/tokenizer/";

BertNormalizer with_case(bool lowercase) {
  BertNormalizer normalizer;
  normalizer.lowercase = lowercase;
  return normalizer;
}

/// The words of `text` with a space between two of them.
std::string words_of(const BertNormalizer& normalizer, std::string_view text) {
  const NormalizedText normalized = normalizer.normalize(text);
  std::vector<WordSpan> words;
  split_words(normalized.chars, words);
  std::string out;
  for (const WordSpan& word : words) {
    out += out.empty() ? "" : " ";
    out += encode_utf8(std::u32string_view(normalized.chars).substr(word.begin, word.end - word.begin));
  }
  return out;
}

const std::string late = "\u302e";  // a mark that normalisation puts after nearly all others

/// What became of `c` between two letters, behind `before`, as the fixture writes it.
std::string effect(const BertNormalizer& normalizer, char32_t c, const std::string& before) {
  const std::string self = encode_utf8(std::u32string(1, c));
  const std::string words = words_of(normalizer, "a" + before + self + "b");
  if (words == "a" + self + "b") return "K";
  if (words == "a" + self + late + "b") return "M";
  if (words == "ab") return "D";
  if (words == "a b") return "S";
  if (words == "a " + self + " b") return "P";
  std::string out;
  const std::u32string chars = decode_utf8(words);
  for (size_t i = 1; i + 1 < chars.size(); ++i) {
    std::ostringstream hex;
    hex << std::hex << std::uppercase << static_cast<unsigned>(chars[i]);
    out += (i > 1 ? "." : "") + (chars[i] == U' ' ? "_" : hex.str());
  }
  return out;
}

void append(std::string& to, int32_t number) {
  to.append(reinterpret_cast<const char*>(&number), sizeof number);
}

/// Texts as tokenizer_lines.py writes them: four bytes of length, then the text.
template <class Sink>
void each_text(std::string_view data, Sink sink) {
  while (!data.empty()) {
    uint32_t length = 0;
    REQUIRE(data.size() >= sizeof length);
    data.copy(reinterpret_cast<char*>(&length), sizeof length);
    REQUIRE(data.size() - sizeof length >= length);
    sink(data.substr(sizeof length, length));
    data.remove_prefix(sizeof length + length);
  }
}

}  // namespace

TEST_CASE("generated lines of every script have the reference's ids and offsets") {
  std::ifstream file(fixtures_folder + "lines.jsonl");
  REQUIRE(file);
  std::string line;
  REQUIRE(std::getline(file, line));
  const Vocab vocab(json::parse(line).at("vocab").get<std::vector<std::string>>());
  const Tokenizer uncased(vocab, with_case(true)), cased(vocab, with_case(false));
  int compared = 0;
  for (; std::getline(file, line); ++compared) {
    const json row = json::parse(line);
    INFO(line);
    for (const auto& [setting, lowercase] : settings) {
      const Encoding encoding =
          (lowercase ? uncased : cased).encode(row["text"].get<std::string>(), {.add_special_tokens = false});
      CHECK(encoding.ids == row[setting]["ids"].get<std::vector<TokenId>>());
      std::vector<uint32_t> offsets;
      for (const CharSpan& span : encoding.offsets) offsets.insert(offsets.end(), {span.begin, span.end});
      CHECK(offsets == row[setting]["offsets"].get<std::vector<uint32_t>>());
      for (size_t i = 0; i < encoding.size(); ++i) CHECK(encoding.pieces[i] == vocab.piece(encoding.ids[i]));
    }
  }
  CHECK(compared == 800);
}

TEST_CASE("the characters that the reference treats otherwise are treated as the list says") {
  std::ifstream file(fixtures_folder + "unicode_differences.txt");
  REQUIRE(file);
  int characters = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    INFO(line);
    std::istringstream row(line);
    char32_t first = 0, last = 0;
    uint32_t number = 0;
    row >> std::hex >> number, first = number;
    row >> number, last = number;
    std::string uncased_there, uncased_here, cased_there, cased_here, age;
    row >> uncased_there >> uncased_here >> cased_there >> cased_here >> age;
    REQUIRE(row);
    const std::string before = uncased_here == "M" ? late : "";
    for (char32_t c = first; c <= last; ++c, ++characters) {
      CHECK(effect(with_case(true), c, before) == uncased_here);
      CHECK(effect(with_case(false), c, before) == cased_here);
    }
    CHECK((uncased_there != uncased_here || cased_there != cased_here));
  }
  CHECK(characters > 0);
}

TEST_CASE("parity: the ids and offsets of texts.bin", "[.parity_lines]") {
  const char* named = std::getenv("GRADUS_PARITY");
  REQUIRE(named != nullptr);
  const fs::path folder = named;
  const Vocab vocab = Vocab::load(folder / "vocab.txt");
  const std::string texts = gradus::read_file(folder / "texts.bin");
  for (const auto& [setting, lowercase] : settings) {
    const Tokenizer tokenizer(vocab, with_case(lowercase));
    const fs::path words_path = folder / (std::string(setting) + "_words.txt");
    const bool with_words = fs::exists(words_path);
    std::string encodings, words;
    each_text(texts, [&](std::string_view text) {
      const Encoding encoding = tokenizer.encode(text, {.add_special_tokens = false});
      append(encodings, static_cast<int32_t>(encoding.size()));
      for (const TokenId id : encoding.ids) append(encodings, id);
      for (const CharSpan& span : encoding.offsets) {
        append(encodings, static_cast<int32_t>(span.begin));
        append(encodings, static_cast<int32_t>(span.end));
      }
      if (with_words) words += words_of(tokenizer.normalizer(), text) + "\n";
    });
    std::ofstream(folder / (std::string(setting) + ".bin"), std::ios::binary) << encodings;
    if (with_words) std::ofstream(words_path, std::ios::binary) << words;
  }
}
