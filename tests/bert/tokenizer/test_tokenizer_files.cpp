#include "bert/tokenizer/tokenizer_files.hpp"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace fs = std::filesystem;
using namespace gradus::bert;
using gradus::FormatError;
using gradus::IoError;
using gradus::read_file;
using gradus::write_file_atomically;
using nlohmann::json;

namespace {

const fs::path huggingface_folder = GRADUS_FIXTURES "/tokenizer/huggingface";

json read_json(const fs::path& path) { return json::parse(read_file(path)); }

Vocab small_vocab() {
  return Vocab(
      {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##want", "##ed", "\"quoted\\", "博", "<e>"});
}

bool same(const Tokenizer& a, const Tokenizer& b) {
  return a.vocab() == b.vocab() && a.normalizer() == b.normalizer() &&
         a.max_word_chars() == b.max_word_chars() && a.extra_specials() == b.extra_specials() &&
         a.added_words() == b.added_words();
}

}  // namespace

TEST_CASE("folders that Hugging Face wrote are read, and give its ids") {
  for (const char* name : {"uncased", "cased"}) {
    INFO(name);
    const Tokenizer tokenizer = load_tokenizer(huggingface_folder / name);
    const json expected = read_json(huggingface_folder / name / "expected.json");
    const std::string text = expected["text"];
    CHECK(tokenizer.encode(text).ids == expected["ids"].get<std::vector<TokenId>>());
  }
}

TEST_CASE("folders of every kind give the pieces and ids that transformers gives") {
  int folders = 0;
  for (const auto& folder : fs::directory_iterator(GRADUS_FIXTURES "/tokenizer/folders")) {
    INFO(folder.path().filename().string());
    ++folders;
    const Tokenizer tokenizer = load_tokenizer(folder.path());
    const TemporaryFolder copy;
    save_tokenizer(copy.path(), tokenizer);
    const Tokenizer again = load_tokenizer(copy.path());
    fs::remove(copy / "tokenizer.json");
    const Tokenizer by_config = load_tokenizer(copy.path());
    std::ifstream expected(folder.path() / "expected.jsonl");
    int texts = 0;
    for (std::string line; std::getline(expected, line); ++texts) {
      const json row = json::parse(line);
      const std::string text = row["text"];
      INFO(text);
      const Encoding encoding = tokenizer.encode(text);
      CHECK(encoding.pieces == row["pieces"].get<std::vector<std::string>>());
      CHECK(encoding.ids == row["ids"].get<std::vector<TokenId>>());
      CHECK(again.encode(text).ids == encoding.ids);
      CHECK(by_config.encode(text).ids == encoding.ids);
    }
    CHECK(texts >= 8);
  }
  CHECK(folders == 21);
}

TEST_CASE("vocab.txt beside a cased tokenizer.json keeps capitals where no other file has settings") {
  const TemporaryFolder folder;
  const Vocab vocab({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "The", "caf\u00E9", "the", "cafe"});
  save_tokenizer(folder.path(), Tokenizer(vocab, {.lowercase = false}));
  fs::remove(folder / "tokenizer_config.json");
  REQUIRE(fs::exists(folder / "vocab.txt"));
  const Tokenizer cased = load_tokenizer(folder.path());
  CHECK(cased.tokenize("The caf\u00E9") == std::vector<TokenId>{5, 6});
  CHECK_FALSE(cased.normalizer().lowercase);
  fs::remove(folder / "tokenizer.json");
  CHECK(load_tokenizer(folder.path()).tokenize("The caf\u00E9") == std::vector<TokenId>{7, 8});
}

TEST_CASE("files that contradict each other are refused, and the message says how") {
  const TemporaryFolder folder;
  const auto file = [&](const char* name) { return (folder / name).string(); };
  const auto begin = [&] {
    for (const auto& entry : fs::directory_iterator(folder.path())) fs::remove(entry.path());
    save_tokenizer(folder.path(), Tokenizer(small_vocab()));
  };
  const auto refuses = [&](const std::string& message) {
    CHECK_THROWS_AS(load_tokenizer(folder.path()), FormatError);
    CHECK_THROWS_WITH(load_tokenizer(folder.path()), message);
  };
  const std::string remedy = "; keep the file that belongs to the model and remove the other";
  begin();
  std::vector<std::string> pieces = small_vocab().pieces();
  std::swap(pieces[5], pieces[6]);
  Vocab(pieces).save(folder / "vocab.txt");
  refuses(file("tokenizer.json") + ": piece 5 is \"un\", but " + file("vocab.txt") + " has \"##want\" there" +
          remedy);
  pieces = small_vocab().pieces();
  pieces.push_back("more");
  Vocab(pieces).save(folder / "vocab.txt");
  refuses(file("tokenizer.json") + ": has 11 pieces, but " + file("vocab.txt") + " has 12" + remedy);
  pieces.resize(9);
  Vocab(pieces).save(folder / "vocab.txt");
  refuses(file("tokenizer.json") + ": has 11 pieces, but " + file("vocab.txt") + " has 9" + remedy);

  begin();
  write_file_atomically(folder / "added_tokens.json", R"({"<f>": 5})");
  refuses(file("added_tokens.json") +
          ": the key \"<f>\" is 5, but must be the piece 5 of the vocabulary, which is \"un\"");
  write_file_atomically(folder / "added_tokens.json", R"({"<f>": 13})");
  refuses(file("added_tokens.json") +
          ": the key \"<f>\" is 13, but must be the piece 13 of the vocabulary, which has 11 pieces");
  begin();
  write_file_atomically(folder / "special_tokens_map.json", R"({"mask_token": "<mask>"})");
  refuses(file("special_tokens_map.json") +
          ": the key \"mask_token\" is \"<mask>\", but must be \"[MASK]\" for a BERT tokenizer");
  begin();
  fs::remove(folder / "tokenizer.json");
  write_file_atomically(folder / "tokenizer_config.json",
                        R"({"tokenizer_class": "PreTrainedTokenizerFast"})");
  refuses(file("tokenizer_config.json") +
          ": the key \"tokenizer_class\" is \"PreTrainedTokenizerFast\", but must be \"BertTokenizer\": this "
          "class "
          "reads tokenizer.json, and there is none");
  write_file_atomically(folder / "tokenizer_config.json", "{}");
  write_file_atomically(folder / "config.json", R"({"tokenizer_class": "BertJapaneseTokenizer"})");
  refuses(
      file("config.json") +
      ": the key \"tokenizer_class\" is \"BertJapaneseTokenizer\", but must be \"BertTokenizer\" or one that "
      "works as it does");
}

TEST_CASE("the tokenizer.json that is written is the one Hugging Face writes") {
  for (const char* name : {"uncased", "cased"}) {
    INFO(name);
    const TemporaryFolder folder;
    save_tokenizer(folder.path(), load_tokenizer(huggingface_folder / name), 64);
    json written = read_json(folder / "tokenizer.json");
    // A token that was added later is an added token only there, and one of the vocabulary's pieces here.
    CHECK(written["model"]["vocab"].erase("<new>") == (std::string(name) == "cased" ? 1 : 0));
    CHECK(written == read_json(huggingface_folder / name / "tokenizer.json"));
    const json ours = read_json(folder / "tokenizer_config.json");
    const json theirs = read_json(huggingface_folder / name / "tokenizer_config.json");
    for (const auto& [key, value] : theirs.items()) {
      INFO(key);
      if (key != "backend") CHECK(ours.at(key) == value);
    }
  }
}

TEST_CASE("a tokenizer comes back from its folder, with or without vocab.txt") {
  const BertNormalizer cased{.handle_chinese_chars = false, .strip_accents = true, .lowercase = false};
  const Tokenizer tokenizers[] = {Tokenizer(small_vocab()), Tokenizer(small_vocab(), cased),
                                  Tokenizer(small_vocab(), {.strip_accents = false}, 30, {"<e>"})};
  for (const Tokenizer& tokenizer : tokenizers) {
    const TemporaryFolder folder;
    save_tokenizer(folder.path(), tokenizer, 128);
    CHECK(same(load_tokenizer(folder.path()), tokenizer));
    CHECK(read_json(folder / "tokenizer_config.json")["model_max_length"] == 128);
    fs::remove(folder / "vocab.txt");
    CHECK(same(load_tokenizer(folder.path()), tokenizer));
    fs::remove(folder / "tokenizer_config.json");
    CHECK(same(load_tokenizer(folder.path()), tokenizer));
  }
}

TEST_CASE("a large vocabulary is written in the order of its ids") {
  std::vector<std::string> pieces = small_vocab().pieces();
  for (int i = 0; i < 30'000; ++i) pieces.push_back("p" + std::to_string(i));
  const TemporaryFolder folder;
  save_tokenizer(folder.path(), Tokenizer(Vocab(pieces)));
  const std::string text = read_file(folder / "tokenizer.json");
  CHECK(text.find("\"p2\": 13,") < text.find("\"p10\": 21,"));
  fs::remove(folder / "vocab.txt");
  CHECK(load_tokenizer(folder.path()).vocab().pieces() == pieces);
}

TEST_CASE("vocab.txt alone means BERT's defaults") {
  const TemporaryFolder folder;
  small_vocab().save(folder / "vocab.txt");
  CHECK(same(load_tokenizer(folder.path()), Tokenizer(small_vocab())));
}

TEST_CASE("tokenizer_config.json in the forms that folders have had") {
  const TemporaryFolder folder;
  small_vocab().save(folder / "vocab.txt");
  const auto with = [&](const std::string& config) {
    write_file_atomically(folder / "tokenizer_config.json", config);
    return load_tokenizer(folder.path());
  };
  CHECK(same(with("{}"), Tokenizer(small_vocab())));
  CHECK(same(with(R"({"do_lower_case": false, "model_max_length": 1000000000000000019884624838656})"),
             Tokenizer(small_vocab(), {.lowercase = false})));
  CHECK(same(with(R"({"strip_accents": false, "tokenizer_class": "BertTokenizerFast"})"),
             Tokenizer(small_vocab(), {.strip_accents = false})));
  CHECK(same(
      with(R"({"mask_token": {"content": "[MASK]", "special": true}, "additional_special_tokens": ["<e>"]})"),
      Tokenizer(small_vocab(), {}, 100, {"<e>"})));
  std::vector<std::string> more = small_vocab().pieces();
  more.insert(more.end(), {"<f>", "<g>"});
  CHECK(same(with(R"({"added_tokens_decoder": {
                "0": {"content": "[PAD]", "special": true, "normalized": false},
                "12": {"content": "<g>", "special": true, "lstrip": false},
                "11": {"content": "<f>", "special": true}}})"),
             Tokenizer(Vocab(more), {}, 100, {"<f>", "<g>"})));
}

TEST_CASE("a folder without a tokenizer is refused") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(load_tokenizer(folder.path()), IoError);
  CHECK_THROWS_WITH(load_tokenizer(folder.path()), "cannot read a tokenizer from " + folder.path().string() +
                                                       ": it has neither vocab.txt nor tokenizer.json");
  const std::string missing = (folder / "missing").string();
  CHECK_THROWS_WITH(save_tokenizer(missing, Tokenizer(small_vocab())),
                    "cannot write " + missing + "/vocab.txt: the folder " + missing + " does not exist");
}

TEST_CASE("a wrong tokenizer_config.json is refused by its key") {
  const TemporaryFolder folder;
  small_vocab().save(folder / "vocab.txt");
  const std::string path = (folder / "tokenizer_config.json").string();
  const auto refuses = [&](const std::string& config, const std::string& message) {
    write_file_atomically(path, config);
    CHECK_THROWS_AS(load_tokenizer(folder.path()), FormatError);
    CHECK_THROWS_WITH(load_tokenizer(folder.path()), path + ": " + message);
  };
  refuses("", "not valid JSON at line 1, byte 1");
  refuses("{\n \"a\": tru\n}", "not valid JSON at line 2, byte 10");
  refuses("{\"a\": \"\xff\"}", "not valid JSON at line 1, byte 8");
  refuses("[1]", "must hold a JSON object");
  refuses(R"({"a": 1e999})", "a number is too large to be read");
  refuses(R"({"do_lower_case": "yes"})", R"(the key "do_lower_case" is "yes", but must be true or false)");
  refuses(R"({"strip_accents": 1})", R"(the key "strip_accents" is 1, but must be true or false)");
  refuses(R"({"tokenize_chinese_chars": null})",
          R"(the key "tokenize_chinese_chars" is null, but must be true or false)");
  refuses(
      R"({"tokenizer_class": "RobertaTokenizer"})",
      R"(the key "tokenizer_class" is "RobertaTokenizer", but must be "BertTokenizer" or one that works as it does)");
  refuses(R"({"cls_token": "<s>"})",
          R"(the key "cls_token" is "<s>", but must be "[CLS]" for a BERT tokenizer)");
  refuses(R"({"do_basic_tokenize": false})",
          R"(the key "do_basic_tokenize" is false, but must be true: Gradus always splits words first)");
  refuses(R"({"max_input_chars_per_word": 0})",
          R"(the key "max_input_chars_per_word" is 0, but must be at least 1)");
  refuses(R"({"added_tokens_decoder": {"x": {}}})",
          R"(the key "added_tokens_decoder.x" is an object, but must be under a token's number)");
  refuses(
      R"({"added_tokens_decoder": {"40": {"content": "<f>", "special": true}}})",
      R"(the key "added_tokens_decoder.40.content" is "<f>", but must be the piece 40 of the vocabulary, which has 11 pieces)");
  refuses(R"({"extra_special_tokens": 3})", R"(the key "extra_special_tokens" is 3, but must be a list)");
  refuses(R"({"added_tokens_decoder": []})",
          R"(the key "added_tokens_decoder" is a list, but must be an object)");
}

TEST_CASE("a wrong tokenizer.json is refused by its key") {
  const TemporaryFolder folder;
  save_tokenizer(folder.path(), Tokenizer(small_vocab()));
  fs::remove(folder / "vocab.txt");
  const std::string path = (folder / "tokenizer.json").string();
  const json good = read_json(path);
  const auto refuses = [&](const char* pointer, const json& value, const std::string& message) {
    json bad = good;
    const json::json_pointer place(pointer);
    if (value.is_discarded()) {
      bad.at(place.parent_pointer()).erase(place.back());
    } else {
      bad[place] = value;
    }
    write_file_atomically(path, bad.dump());
    INFO(pointer);
    CHECK_THROWS_AS(load_tokenizer(folder.path()), FormatError);
    CHECK_THROWS_WITH(load_tokenizer(folder.path()), path + ": " + message);
  };
  const json absent(json::value_t::discarded);
  // vocab.txt and tokenizer_config.json beside it do not make it idle.
  small_vocab().save(folder / "vocab.txt");
  refuses("/normalizer/type", "Sequence",
          R"(the key "normalizer.type" is "Sequence", but must be "BertNormalizer" for a BERT tokenizer)");
  refuses(
      "/pre_tokenizer/type", "Metaspace",
      R"(the key "pre_tokenizer.type" is "Metaspace", but must be "BertPreTokenizer" for a BERT tokenizer)");
  fs::remove(folder / "vocab.txt");
  refuses("/model", absent, R"(the key "model" is missing)");
  refuses("/model", 3, R"(the key "model" is 3, but must be an object)");
  refuses("/model/type", "BPE",
          R"(the key "model.type" is "BPE", but must be "WordPiece" for a BERT tokenizer)");
  refuses("/model/vocab", absent, R"(the key "model.vocab" is missing)");
  refuses("/model/vocab", json::array(), R"(the key "model.vocab" is a list, but must be an object)");
  refuses("/model/vocab/un", 99,
          R"(the key "model.vocab.un" is 99, but must be in [0, 11), as the vocabulary has 11 pieces)");
  refuses("/model/vocab/un", -1,
          R"(the key "model.vocab.un" is -1, but must be in [0, 11), as the vocabulary has 11 pieces)");
  refuses("/model/vocab/un", 1.5,
          R"(the key "model.vocab.un" is 1.5, but must be a whole number below 2^63)");
  refuses("/model/vocab/un", 18446744073709551615u,
          R"(the key "model.vocab.un" is 18446744073709551615, but must be a whole number below 2^63)");
  refuses("/model/vocab/un", 0,
          R"(the key "model.vocab.un" is 0, but must be another number than that of "[PAD]")");
  refuses("/model/unk_token", "<unk>",
          R"(the key "model.unk_token" is "<unk>", but must be "[UNK]" for a BERT tokenizer)");
  refuses("/model/continuing_subword_prefix", "@@",
          R"(the key "model.continuing_subword_prefix" is "@@", but must be "##" for a BERT tokenizer)");
  refuses("/model/max_input_chars_per_word", 0,
          R"(the key "model.max_input_chars_per_word" is 0, but must be at least 1)");
  refuses("/normalizer", nullptr, R"(the key "normalizer" is null, but must be an object)");
  refuses("/normalizer/type", "Lowercase",
          R"(the key "normalizer.type" is "Lowercase", but must be "BertNormalizer" for a BERT tokenizer)");
  refuses("/normalizer/lowercase", absent, R"(the key "normalizer.lowercase" is missing)");
  refuses(
      "/pre_tokenizer/type", "Whitespace",
      R"(the key "pre_tokenizer.type" is "Whitespace", but must be "BertPreTokenizer" for a BERT tokenizer)");
  refuses("/added_tokens", 1, R"(the key "added_tokens" is 1, but must be a list)");
  refuses("/added_tokens/4/lstrip", true,
          R"(the key "added_tokens[4].lstrip" is true, but must be false for a BERT tokenizer)");
  refuses("/added_tokens/4/special", false,
          R"(the key "added_tokens[4].normalized" is false, but must be true, as the token is not special)");
  refuses("/added_tokens/4/normalized", true,
          R"(the key "added_tokens[4].normalized" is true, but must be false, as the token is special)");
  refuses(
      "/added_tokens/4/id", 3,
      R"(the key "added_tokens[4].content" is "[MASK]", but must be the piece 3 of the vocabulary, which is "[SEP]")");
  refuses(
      "/post_processor/type", "RobertaProcessing",
      R"(the key "post_processor.type" is "RobertaProcessing", but must be "TemplateProcessing" or "BertProcessing" for a BERT tokenizer)");
  refuses(
      "/post_processor/pair/3/Sequence/type_id", 0,
      R"(the key "post_processor.pair" is a list, but must be "[CLS]:0 A:0 [SEP]:0 B:1 [SEP]:1" for a BERT tokenizer, not "[CLS]:0 A:0 [SEP]:0 B:0 [SEP]:1")");
  refuses(
      "/post_processor/special_tokens/[CLS]/ids/0", 5,
      R"(the key "post_processor.special_tokens.[CLS].ids[0]" is 5, but must be 2, the number of "[CLS]" in the vocabulary)");
  refuses("/post_processor/special_tokens/[SEP]/ids", {3, 4},
          R"(the key "post_processor.special_tokens.[SEP].ids" is a list, but must be a list of one number)");
  refuses("/post_processor/special_tokens", absent, R"(the key "post_processor.special_tokens" is missing)");
  refuses("/post_processor", {{"type", "BertProcessing"}, {"sep", {"[SEP]", 4}}, {"cls", {"[CLS]", 2}}},
          R"(the key "post_processor.sep[1]" is 4, but must be 3, the number of "[SEP]" in the vocabulary)");
  refuses("/post_processor", {{"type", "BertProcessing"}, {"sep", {"[SEP]", 3}}, {"cls", {"<s>", 2}}},
          R"(the key "post_processor.cls[0]" is "<s>", but must be "[CLS]" for a BERT tokenizer)");
  refuses("/post_processor", {{"type", "BertProcessing"}, {"sep", {"[SEP]", 3}}, {"cls", {"[CLS]"}}},
          R"(the key "post_processor.cls" is a list, but must be a token and its number)");
  const json byte_level = {{"type", "ByteLevel"}};
  refuses(
      "/post_processor", {{"type", "Sequence"}, {"processors", {good["post_processor"], byte_level}}},
      R"(the key "post_processor.processors" is a list, but must be a list of one entry for a BERT tokenizer, not of 2)");
  refuses(
      "/post_processor", {{"type", "Sequence"}, {"processors", json::array()}},
      R"(the key "post_processor.processors" is a list, but must be a list of one entry for a BERT tokenizer, not of 0)");
  refuses(
      "/post_processor", {{"type", "Sequence"}, {"processors", json::array({byte_level})}},
      R"(the key "post_processor.processors[0].type" is "ByteLevel", but must be "TemplateProcessing" or "BertProcessing" for a BERT tokenizer)");
}

TEST_CASE("a tokenizer.json without [CLS] and [SEP] is refused where no other file says that it is BERT's") {
  const TemporaryFolder folder;
  save_tokenizer(folder.path(), Tokenizer(small_vocab()));
  const std::string path = (folder / "tokenizer.json").string();
  json content = read_json(path);
  content["post_processor"] = nullptr;
  write_file_atomically(path, content.dump());
  const std::string refused =
      path +
      R"(: the key "post_processor" is null, but must be "TemplateProcessing" or "BertProcessing" for a BERT tokenizer: null puts no [CLS] and no [SEP] around a text)";
  const std::vector<TokenId> wanted = {2, 5, 7, 3};  // [CLS] un ##ed [SEP]
  const auto file = [&](const char* name, const char* text) { write_file_atomically(folder / name, text); };

  CHECK(load_tokenizer(folder.path()).encode("uned").ids == wanted);
  file("tokenizer_config.json", R"({"tokenizer_class": "PreTrainedTokenizerFast"})");
  CHECK_THROWS_WITH(load_tokenizer(folder.path()), refused);
  file("tokenizer_config.json", "{}");
  CHECK_THROWS_WITH(load_tokenizer(folder.path()), refused);
  file("config.json", R"({"model_type": "bert"})");
  CHECK(load_tokenizer(folder.path()).encode("uned").ids == wanted);
  fs::remove(folder / "tokenizer_config.json");
  CHECK(load_tokenizer(folder.path()).encode("uned").ids == wanted);
  fs::remove(folder / "config.json");
  CHECK_THROWS_WITH(load_tokenizer(folder.path()), refused);
  content.erase("post_processor");
  write_file_atomically(path, content.dump());
  CHECK_THROWS_WITH(load_tokenizer(folder.path()), path + ": the key \"post_processor\" is missing");
}

TEST_CASE("a vocabulary without a special token is refused") {
  const TemporaryFolder folder;
  Vocab({"[PAD]", "[UNK]", "a"}).save(folder / "vocab.txt");
  CHECK_THROWS_WITH(load_tokenizer(folder.path()),
                    (folder / "vocab.txt").string() +
                        ": of the special tokens that BERT needs, [CLS], [SEP], [MASK] are missing");
}
