#include "bert/tokenizer/tokenizer.hpp"

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "autograd/error.hpp"
#include "support/catch.hpp"

using namespace gradus::bert;
using gradus::FormatError;
using gradus::ValueError;
using nlohmann::json;

namespace {

const std::string fixtures_folder = GRADUS_FIXTURES "/tokenizer/";

/// The small vocabulary of BERT's own tests, and one that has every piece a case names.
Tokenizer want_tokenizer() {
  return Tokenizer(Vocab({"[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]", "want", "##want", "##ed", "wa", "un",
                          "runn", "##ing", ",", "low", "lowest"}));
}

Tokenizer with_words(std::vector<std::string> words, BertNormalizer normalizer = {}) {
  std::vector<std::string> pieces = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  pieces.insert(pieces.end(), words.begin(), words.end());
  return Tokenizer(Vocab(pieces), normalizer);
}

std::string joined(const Encoding& encoding) {
  std::string out;
  for (const std::string& piece : encoding.pieces) out += (out.empty() ? "" : " ") + piece;
  return out;
}

std::string pieces_of(const Tokenizer& tokenizer, std::string_view text) {
  return joined(tokenizer.encode(text, {.add_special_tokens = false}));
}

std::vector<CharSpan> spans(const json& flat) {
  std::vector<CharSpan> out;
  for (size_t i = 0; i + 1 < flat.size(); i += 2) out.push_back({flat[i], flat[i + 1]});
  return out;
}

const std::map<std::string, BertNormalizer> normalizer_settings = {
    {"uncased", {}},
    {"cased", {.lowercase = false}},
    {"uncased_keep", {.strip_accents = false}},
    {"cased_strip", {.strip_accents = true, .lowercase = false}},
    {"raw", {false, false, false, false}},
    {"lower_only", {false, false, false, true}},
    {"strip_only", {false, false, true, false}},
};

}  // namespace

TEST_CASE("golden: the pieces and ids of BERT's first test") {
  const Encoding encoding = want_tokenizer().encode("UNwantéd,running", {.add_special_tokens = false});
  CHECK(joined(encoding) == "un ##want ##ed , runn ##ing");
  CHECK(encoding.ids == std::vector<TokenId>{9, 6, 7, 12, 10, 11});
  CHECK(encoding.offsets == std::vector<CharSpan>{{0, 2}, {2, 6}, {6, 8}, {8, 9}, {9, 13}, {13, 16}});
  CHECK(encoding.word_ids == std::vector<int32_t>{0, 0, 0, 1, 2, 2});
}

TEST_CASE("golden: a word that cannot be cut is one unknown piece") {
  CHECK(pieces_of(want_tokenizer(), "unwantedX running") == "[UNK] runn ##ing");
  CHECK(pieces_of(want_tokenizer(), "lowest lowed lows") == "lowest low ##ed [UNK]");
}

TEST_CASE("golden: ideographs stand alone") {
  CHECK(pieces_of(with_words({"ah", "zz", "博", "推"}), "ah博推zz") == "ah 博 推 zz");
}

TEST_CASE("golden: case and white space") {
  const std::string text = " \tHeLLo!how  \n Are yoU?  ";
  const std::vector<std::string> words = {"hello", "HeLLo", "!", "how", "are", "Are", "you", "yoU", "?"};
  CHECK(pieces_of(with_words(words), text) == "hello ! how are you ?");
  CHECK(pieces_of(with_words(words, {.lowercase = false}), text) == "HeLLo ! how Are yoU ?");
}

TEST_CASE("golden: accents by setting") {
  const std::vector<std::string> words = {"hällo", "hallo", "HaLLo", "HäLLo"};
  CHECK(pieces_of(with_words(words), "HäLLo") == "hallo");
  CHECK(pieces_of(with_words(words, {.strip_accents = false}), "HäLLo") == "hällo");
  CHECK(pieces_of(with_words(words, {.strip_accents = true, .lowercase = false}), "HäLLo") == "HaLLo");
}

TEST_CASE("golden: punctuation stands alone") {
  const Tokenizer tokenizer = with_words({"a", "'", "ll", "!", "to", "?", "d", "of", ",", "can", "t", "."});
  CHECK(pieces_of(tokenizer, "a\n'll !!to?'d of, can't.") == "a ' ll ! ! to ? ' d of , can ' t .");
}

TEST_CASE("golden: characters that vanish and those that part words") {
  const Tokenizer tokenizer = with_words({"a", "b", "ab"});
  CHECK(pieces_of(tokenizer, "\u00ad").empty());
  for (const std::string between : {"\u000b", "\u0085", "\u200b", "\ue000"}) {
    CHECK(pieces_of(tokenizer, "a" + between + "b") == "ab");
  }
  for (const std::string between : {"\u2028", "\u3000", "\t", "\r", "\n", "\u00a0"}) {
    CHECK(pieces_of(tokenizer, "a" + between + "b") == "a b");
  }
}

TEST_CASE("golden: special tokens in the text stay whole") {
  const Tokenizer tokenizer = with_words({"x", "[", "]", "mask"});
  CHECK(pieces_of(tokenizer, "x[MASK]x") == "x [MASK] x");
  CHECK(pieces_of(tokenizer, "x[mask]x") == "x [ mask ] x");
  CHECK(pieces_of(tokenizer, "[[MASK]]") == "[ [MASK] ]");
}

TEST_CASE("golden: a word of more than a hundred characters is unknown") {
  const Tokenizer tokenizer = with_words({"x", "##x"});
  CHECK(tokenizer.encode(std::string(100, 'x')).size() == 102);
  CHECK(pieces_of(tokenizer, std::string(101, 'x')) == "[UNK]");
  CHECK(pieces_of(tokenizer, "x " + std::string(101, 'x') + " x") == "x [UNK] x");
}

TEST_CASE("golden: dotted I and final sigma") {
  CHECK(pieces_of(with_words({"i"}), "İ") == "i");
  CHECK(pieces_of(with_words({"a", "##σ", "##ς"}), "aΣ") == "a ##σ");
}

TEST_CASE("golden: a pair as bert-base-uncased numbers it") {
  std::vector<std::string> pieces;
  for (int i = 0; i < 4000; ++i) pieces.push_back("unused" + std::to_string(i));
  const std::pair<int, const char*> known[] = {
      {0, "[PAD]"}, {100, "[UNK]"}, {101, "[CLS]"}, {102, "[SEP]"}, {103, "[MASK]"},
      {2003, "is"}, {2026, "my"},   {2171, "name"}, {2198, "john"}, {3940, "pair"}};
  for (const auto& [id, piece] : known) pieces[static_cast<size_t>(id)] = piece;
  const Encoding encoding = Tokenizer(Vocab(pieces)).encode("My name is John", "pair");
  CHECK(encoding.ids == std::vector<TokenId>{101, 2026, 2171, 2003, 2198, 102, 3940, 102});
  CHECK(encoding.token_type_ids == std::vector<TokenId>{0, 0, 0, 0, 0, 0, 1, 1});
  CHECK(encoding.offsets ==
        std::vector<CharSpan>{{0, 0}, {0, 2}, {3, 7}, {8, 10}, {11, 15}, {0, 0}, {0, 4}, {0, 0}});
  CHECK(encoding.special_tokens_mask == std::vector<bool>{1, 0, 0, 0, 0, 1, 0, 1});
  CHECK(encoding.word_ids == std::vector<int32_t>{-1, 0, 1, 2, 3, -1, 0, -1});
}

TEST_CASE("texts of every kind are tokenised as the reference does") {
  std::map<std::string, Tokenizer> tokenizers;
  const Vocab vocab = Vocab::load(fixtures_folder + "vocab.txt");
  for (const auto& [name, normalizer] : normalizer_settings)
    tokenizers.emplace(name, Tokenizer(vocab, normalizer));
  std::ifstream file(fixtures_folder + "texts.jsonl");
  REQUIRE(file);
  int compared = 0;
  for (std::string line; std::getline(file, line); ++compared) {
    const json row = json::parse(line);
    INFO(line);
    const std::string text = row["text"];
    const Tokenizer& tokenizer = tokenizers.at(row["setting"]);
    const Encoding encoding = tokenizer.encode(text);
    CHECK(encoding.ids == row["ids"].get<std::vector<TokenId>>());
    CHECK(encoding.offsets == spans(row["offsets"]));
    CHECK(encoding.word_ids == row["words"].get<std::vector<int32_t>>());
    std::vector<bool> special;
    for (const int flag : row["special"]) special.push_back(flag != 0);
    CHECK(encoding.special_tokens_mask == special);
    CHECK(tokenizer.tokenize(text) == std::vector<TokenId>(encoding.ids.begin() + 1, encoding.ids.end() - 1));
  }
  CHECK(compared > 600);
}

TEST_CASE("pairs are cut and numbered as the reference does") {
  const Tokenizer tokenizer(Vocab::load(fixtures_folder + "vocab.txt"));
  std::ifstream file(fixtures_folder + "pairs.json");
  REQUIRE(file);
  const json all = json::parse(file);
  for (const json& row : all["pairs"]) {
    INFO(row.dump());
    EncodeOptions options;
    if (!row["max_length"].is_null()) options.max_length = row["max_length"].get<size_t>();
    const std::string a = row["a"], b = row["b"];
    const Encoding pair = tokenizer.encode(a, b, options);
    CHECK(pair.ids == row["ids"].get<std::vector<TokenId>>());
    CHECK(pair.token_type_ids == row["types"].get<std::vector<TokenId>>());
    CHECK(pair.offsets == spans(row["offsets"]));
    CHECK(tokenizer.encode(a, options).ids == row["single"].get<std::vector<TokenId>>());
  }
}

TEST_CASE("pieces become text again as the reference does") {
  const Tokenizer tokenizer(Vocab::load(fixtures_folder + "vocab.txt"));
  std::ifstream file(fixtures_folder + "pairs.json");
  REQUIRE(file);
  const json all = json::parse(file);
  for (const json& row : all["decoded"]) {
    INFO(row.dump());
    const auto ids = row["ids"].get<std::vector<TokenId>>();
    CHECK(tokenizer.decode(ids) == row["plain"].get<std::string>());
    CHECK(tokenizer.decode(ids, {.skip_special_tokens = false}) == row["with_specials"].get<std::string>());
  }
}

TEST_CASE("decoding without cleaning up keeps every space") {
  const Tokenizer tokenizer = with_words({"do", "##n", "'", "t", "."});
  const std::vector<TokenId> ids = tokenizer.tokenize("don't.");
  CHECK(tokenizer.decode(ids, {.clean_up = false}) == "don ' t .");
  CHECK(tokenizer.decode(ids) == "don ' t.");
  CHECK(tokenizer.decode({}).empty());
  CHECK_THROWS_WITH(tokenizer.decode(std::vector<TokenId>{99}), "vocabulary: id 99 is not in [0, 10)");
}

TEST_CASE("extra special tokens are found too, the longest first") {
  const Vocab vocab({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "<e>", "<e>x", "a"});
  const Tokenizer tokenizer(vocab, {}, 100, {"<e>", "<e>x"});
  CHECK(pieces_of(tokenizer, "a<e>a<e>xa") == "a <e> a <e>x a");
  CHECK(tokenizer.is_special(6));
  CHECK_FALSE(tokenizer.is_special(7));
  CHECK_THROWS_WITH(Tokenizer(vocab, {}, 100, {"<f>"}), "vocabulary: \"<f>\" is not one of its 8 pieces");
}

TEST_CASE("a tokenizer needs the five special tokens") {
  CHECK_THROWS_AS(Tokenizer(Vocab({"[UNK]", "a"})), FormatError);
  CHECK_THROWS_WITH(Tokenizer(Vocab({"[PAD]", "[UNK]", "[CLS]", "[SEP]"})),
                    "vocabulary: of the special tokens that BERT needs, [MASK] is missing");
}

TEST_CASE("max_length must leave room for the special tokens") {
  const Tokenizer tokenizer = with_words({"a"});
  CHECK_THROWS_AS(tokenizer.encode("a", {.max_length = 1}), ValueError);
  CHECK_THROWS_WITH(tokenizer.encode("a", {.max_length = 1}),
                    "encode: max_length 1 leaves no room for the 2 special tokens");
  CHECK_THROWS_WITH(tokenizer.encode("a", "a", {.max_length = 2}),
                    "encode: max_length 2 leaves no room for the 3 special tokens");
  CHECK(tokenizer.encode("a a", {.max_length = 2}).size() == 2);
  CHECK(tokenizer.encode("a a", {.add_special_tokens = false, .max_length = 0}).size() == 0);
}

TEST_CASE("a trie finds the longest piece, whatever else it holds") {
  std::vector<std::string> pieces;
  for (int i = 0; i < 5000; ++i) pieces.push_back((i % 2 == 0 ? "##w" : "w") + std::to_string(i * 37));
  const Vocab vocab(pieces);
  const PieceTrie trie(vocab);
  for (TokenId id = 0; id < vocab.size(); ++id) {
    const bool continues = id % 2 == 0;
    std::u32string text(vocab.piece(id).begin() + (continues ? 2 : 0), vocab.piece(id).end());
    const size_t length = text.size();
    text += U"~w";
    const PieceTrie::Match match = trie.longest(text, continues);
    if (match.id != id || match.length != length) FAIL_CHECK("piece " << id);
  }
  CHECK(trie.longest(U"x", false).length == 0);
  CHECK(trie.longest(U"", true).length == 0);
  CHECK(PieceTrie().longest(U"x", true).length == 0);
}

TEST_CASE("many threads may share a tokenizer") {
  const Tokenizer tokenizer(Vocab::load(fixtures_folder + "vocab.txt"));
  const std::string text = "How are you, João? 博推 [MASK] unwanted";
  const std::vector<TokenId> expected = tokenizer.tokenize(text);
  std::vector<int> wrong(4, 0);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int k = 0; k < 200; ++k) wrong[static_cast<size_t>(t)] += tokenizer.tokenize(text) != expected;
      });
    }
  }
  CHECK(wrong == std::vector<int>(4, 0));
}
