#include "bert/tokenizer_files.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autograd/error.hpp"
#include "bert/json_node.hpp"

namespace gradus::bert {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr std::string_view kVocabFile = "vocab.txt";
constexpr std::string_view kConfigFile = "tokenizer_config.json";
constexpr std::string_view kTokenizerFile = "tokenizer.json";

/// What the files say, gathered before a Tokenizer is made of it.
struct Parts {
  std::vector<std::string> pieces;
  BertNormalizer normalizer;
  std::size_t max_word_chars = Tokenizer::kMaxWordChars;
  std::vector<std::string> extra_specials;

  /// Notes a special token beside BERT's five.
  void add_special(const std::string& token) {
    for (const std::string_view known : {kPad, kUnk, kCls, kSep, kMask}) {
      if (token == known) return;
    }
    if (std::find(extra_specials.begin(), extra_specials.end(), token) == extra_specials.end()) {
      extra_specials.push_back(token);
    }
  }
};

/// A token in either of Hugging Face's forms: its text, or an object with its `content`.
std::string token_text(const JsonNode& node) {
  return node.value().is_object() ? node.at("content").text() : node.text();
}

void must_be(const JsonNode& node, std::string_view wanted) {
  if (token_text(node) != wanted) node.refuse(fmt::format("\"{}\" for a BERT tokenizer", wanted));
}

/// A token that was added after the vocabulary was learnt: it may be new, and is then the next piece.
void read_added_token(const JsonNode& token, std::int64_t id, Parts& parts) {
  const std::string content = token.at("content").text();
  for (const char* flag : {"single_word", "lstrip", "rstrip", "normalized"}) {
    if (token.has(flag) && token.at(flag).boolean()) token.at(flag).refuse("false for a BERT tokenizer");
  }
  if (!token.at("special").boolean())
    token.at("special").refuse("true, since Gradus adds special tokens only");
  const auto size = static_cast<std::int64_t>(parts.pieces.size());
  if (id == size) {
    parts.pieces.push_back(content);
  } else if (id < 0 || id > size || parts.pieces[static_cast<std::size_t>(id)] != content) {
    token.at("content").refuse(fmt::format("the piece {} of the vocabulary", id));
  }
  parts.add_special(content);
}

void read_model(const JsonNode& model, Parts& parts) {
  if (model.has("type")) must_be(model.at("type"), "WordPiece");  // the first files of 2020 have no type
  must_be(model.at("unk_token"), kUnk);
  must_be(model.at("continuing_subword_prefix"), kContinuation);
  const JsonNode longest = model.at("max_input_chars_per_word");
  if (longest.whole() < 1) longest.refuse("at least 1");
  parts.max_word_chars = static_cast<std::size_t>(longest.whole());

  const JsonNode vocab = model.at("vocab");
  if (!vocab.value().is_object()) vocab.refuse("an object");
  const std::size_t size = vocab.value().size();
  parts.pieces.assign(size, "");
  for (const auto& [piece, id] : vocab.value().items()) {
    const JsonNode entry = vocab.at(piece);
    const std::int64_t place = entry.whole();
    if (place < 0 || static_cast<std::size_t>(place) >= size) {
      entry.refuse(fmt::format("in [0, {}), as the vocabulary has {} pieces", size, size));
    }
    std::string& slot = parts.pieces[static_cast<std::size_t>(place)];
    if (!slot.empty()) entry.refuse(fmt::format("another number than that of \"{}\"", slot));
    slot = piece;
  }
}

/// strip_accents is true, false or null; null means "as lower-casing".
std::optional<bool> read_strip_accents(const JsonNode& node) {
  if (node.value().is_null()) return std::nullopt;
  return node.boolean();
}

Parts read_tokenizer_json(const fs::path& path) {
  const json content = parse_json_file(path);
  const JsonNode root(path.string(), content);
  Parts parts;
  read_model(root.at("model"), parts);
  const JsonNode normalizer = root.at("normalizer");
  must_be(normalizer.at("type"), "BertNormalizer");
  parts.normalizer = {.clean_text = normalizer.at("clean_text").boolean(),
                      .handle_chinese_chars = normalizer.at("handle_chinese_chars").boolean(),
                      .strip_accents = read_strip_accents(normalizer.at("strip_accents")),
                      .lowercase = normalizer.at("lowercase").boolean()};
  must_be(root.at("pre_tokenizer").at("type"), "BertPreTokenizer");
  if (root.has("added_tokens")) {
    for (const JsonNode& token : root.at("added_tokens").items()) {
      read_added_token(token, token.at("id").whole(), parts);
    }
  }
  return parts;
}

void read_class(const JsonNode& root) {
  if (!root.has("tokenizer_class")) return;
  const JsonNode node = root.at("tokenizer_class");
  std::string name = node.text();
  if (name.ends_with("Fast")) name.resize(name.size() - 4);
  for (const char* known : {"BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "MobileBertTokenizer",
                            "PreTrainedTokenizer", "TokenizersBackend"}) {
    if (name == known) return;
  }
  node.refuse("\"BertTokenizer\" or one that works as it does");
}

void read_added_tokens_decoder(const JsonNode& decoder, Parts& parts) {
  std::vector<std::pair<std::int64_t, std::string>> tokens;  // by id: a new one must follow those before it
  for (const auto& [id, token] : decoder.value().items()) {
    if (id.empty() || id.size() > 9 || id.find_first_not_of("0123456789") != std::string::npos) {
      decoder.at(id).refuse("under a token's number");
    }
    tokens.emplace_back(std::stoll(id), id);
  }
  std::sort(tokens.begin(), tokens.end());
  for (const auto& [id, key] : tokens) read_added_token(decoder.at(key), id, parts);
}

void read_config(const fs::path& path, Parts& parts) {
  const json content = parse_json_file(path);
  const JsonNode root(path.string(), content);
  read_class(root);
  BertNormalizer& normalizer = parts.normalizer;
  if (root.has("do_lower_case")) normalizer.lowercase = root.at("do_lower_case").boolean();
  if (root.has("strip_accents")) normalizer.strip_accents = read_strip_accents(root.at("strip_accents"));
  if (root.has("tokenize_chinese_chars")) {
    normalizer.handle_chinese_chars = root.at("tokenize_chinese_chars").boolean();
  }
  if (root.has("do_basic_tokenize") && !root.at("do_basic_tokenize").boolean()) {
    root.at("do_basic_tokenize").refuse("true: Gradus always splits words first");
  }
  if (root.has("max_input_chars_per_word")) {
    const JsonNode longest = root.at("max_input_chars_per_word");
    if (longest.whole() < 1) longest.refuse("at least 1");
    parts.max_word_chars = static_cast<std::size_t>(longest.whole());
  }
  const std::pair<const char*, std::string_view> tokens[] = {{"pad_token", kPad},
                                                             {"unk_token", kUnk},
                                                             {"cls_token", kCls},
                                                             {"sep_token", kSep},
                                                             {"mask_token", kMask}};
  for (const auto& [key, token] : tokens) {
    if (root.has(key)) must_be(root.at(key), token);
  }
  if (root.has("added_tokens_decoder")) read_added_tokens_decoder(root.at("added_tokens_decoder"), parts);
  for (const char* key : {"additional_special_tokens", "extra_special_tokens"}) {
    if (!root.has(key) || !root.at(key).value().is_array()) continue;
    for (const JsonNode& token : root.at(key).items()) parts.add_special(token_text(token));
  }
}

}  // namespace

Tokenizer load_tokenizer(const fs::path& folder) {
  const fs::path vocab = folder / kVocabFile, config = folder / kConfigFile, all = folder / kTokenizerFile;
  std::error_code ignored;
  const bool has_config = fs::exists(config, ignored);
  const bool has_all = fs::exists(all, ignored);
  Parts parts;
  fs::path source;
  if (fs::exists(vocab, ignored) && (has_config || !has_all)) {
    parts.pieces = Vocab::load(vocab).pieces();
    source = vocab;
  } else if (has_all) {
    parts = read_tokenizer_json(all);
    source = all;
  } else {
    fail<IoError>("cannot read a tokenizer from {}: it has neither {} nor {}", folder.string(), kVocabFile,
                  kTokenizerFile);
  }
  if (has_config) read_config(config, parts);
  return Tokenizer(Vocab(std::move(parts.pieces), source.string()), parts.normalizer, parts.max_word_chars,
                   std::move(parts.extra_specials));
}

}  // namespace gradus::bert
