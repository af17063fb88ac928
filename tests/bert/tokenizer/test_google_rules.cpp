// Google's rules, where Hugging Face's differ: texts that scripts/reference/google_tokenizer.py cut by them.
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "autograd/file.hpp"
#include "bert/text/unicode.hpp"
#include "bert/tokenizer/tokenizer.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus::bert;
using nlohmann::json;

namespace {

Tokenizer google_tokenizer(const std::vector<std::string>& pieces, bool lowercase) {
  return Tokenizer(Vocab(pieces), {.lowercase = lowercase, .google = true}, Tokenizer::google_max_word_chars);
}

/// Compares all cases of a file; returns how many.
size_t check_cases(const std::string& file) {
  const json content = json::parse(gradus::read_file(file));
  for (const bool lowercase : {true, false}) {
    const Tokenizer tokenizer = google_tokenizer(content["vocab"], lowercase);
    for (const json& texts : content["cases"]) {
      const std::string text = texts["text"];
      const std::vector<TokenId> expected = texts[lowercase ? "uncased" : "cased"];
      if (tokenizer.tokenize(text) == expected) continue;
      INFO(texts["text"].dump() << (lowercase ? ", uncased" : ", cased"));
      CHECK(tokenizer.tokenize(text) == expected);
    }
  }
  return content["cases"].size();
}

std::string normalized(const BertNormalizer& normalizer, std::string_view text) {
  return encode_utf8(normalizer.normalize(text).chars);
}

}  // namespace

TEST_CASE("google: texts are cut as by Google's rules") {
  CHECK(check_cases(GRADUS_FIXTURES "/tokenizer/google.json") > 500);
}

TEST_CASE("google: more texts, from a file that the environment names", "[.google_lines]") {
  const char* file = std::getenv("GRADUS_GOOGLE_LINES");
  REQUIRE(file != nullptr);
  CHECK(check_cases(file) > 0);
}

TEST_CASE("google: what differs from Hugging Face's rules, by hand") {
  const BertNormalizer google{.google = true}, other;
  CHECK(normalized(google, "a\uE000b") == "a\uE000b");
  CHECK(normalized(other, "a\uE000b") == "ab");
  CHECK(normalized(google, "a\U0002B820b\U0002B91F") == "a \U0002B820 b \U0002B91F ");
  CHECK(normalized(other, "a\U0002B820b\U0002B91F") == "a\U0002B820b\U0002B91F");
  CHECK(normalized(google, "\U0002B81F\U0002B920") == normalized(other, "\U0002B81F\U0002B920"));
  CHECK(normalized(google, "ΟΔΌΣ ΣΟΣ, Σ ΑΣ'Α ΑΣ' ΑΣ\u0301") == "οδος σος, σ ασ'α ας' ας");
  CHECK(normalized(other, "ΟΔΌΣ ΣΟΣ, Σ ΑΣ'Α ΑΣ' ΑΣ\u0301") == "οδοσ σοσ, σ ασ'α ασ' ασ");
  CHECK(normalized({.lowercase = false, .google = true}, "ΟΔΟΣ É") == "ΟΔΟΣ É");
}

TEST_CASE("google: a tokenizer's files keep the rules and the longest word") {
  const TemporaryFolder folder;
  const std::vector<std::string> pieces = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "x", "##x"};
  save_tokenizer(folder.path(), google_tokenizer(pieces, true));
  const Tokenizer read = load_tokenizer(folder.path());
  CHECK(read.normalizer() == BertNormalizer{.google = true});
  CHECK(read.tokenize(std::string(200, 'x')).size() == 200);
  CHECK(read.tokenize(std::string(201, 'x')) == std::vector<TokenId>{1});
  save_tokenizer(folder.path(), Tokenizer(Vocab(pieces)));
  CHECK(load_tokenizer(folder.path()).normalizer() == BertNormalizer{});
  CHECK(gradus::read_file(folder / "tokenizer_config.json").find("google") == std::string::npos);
}
