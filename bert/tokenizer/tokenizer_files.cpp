#include "bert/tokenizer/tokenizer_files.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autograd/error.hpp"
#include "bert/tokenizer/tokenizer_parts.hpp"

namespace gradus::bert {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

/// A folder's JSON file, or nothing where it is not there.
class OptionalJson {
 public:
  OptionalJson(const fs::path& folder, const char* name) : path_(folder / name) {
    std::error_code ignored;
    if (fs::exists(path_, ignored)) content_ = parse_json_file(path_);
  }
  explicit operator bool() const { return content_.has_value(); }
  JsonNode root() const { return {path_.string(), *content_}; }

 private:
  fs::path path_;
  std::optional<json> content_;
};

bool is_set(const JsonNode& node, const std::string& key) {
  return node.has(key) && !node.at(key).value().is_null();
}

/// Hugging Face's classes that work as BERT's tokenizer does, those that are whatever tokenizer.json says,
/// and no class at all.
enum class Kind { bert, as_tokenizer_json, unnamed };
Kind kind_of_class(const JsonNode& node) {
  std::string name = node.text();
  if (name.ends_with("Fast")) name.resize(name.size() - 4);
  for (const char* known :
       {"BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "MobileBertTokenizer"}) {
    if (name == known) return Kind::bert;
  }
  for (const char* known : {"PreTrainedTokenizer", "TokenizersBackend"}) {
    if (name == known) return Kind::as_tokenizer_json;
  }
  node.refuse("\"BertTokenizer\" or one that works as it does");
}

/// The class is named in tokenizer_config.json, or else in the model's config.json, or else it is the
/// model's.
Kind kind_of_folder(const fs::path& folder, const OptionalJson& config, bool has_tokenizer_json) {
  const OptionalJson model(folder, "config.json");
  for (const OptionalJson* file : {&config, &model}) {
    if (!*file || !is_set(file->root(), "tokenizer_class")) continue;
    const JsonNode node = file->root().at("tokenizer_class");
    const Kind kind = kind_of_class(node);
    if (kind == Kind::as_tokenizer_json && !has_tokenizer_json) {
      node.refuse("\"BertTokenizer\": this class reads tokenizer.json, and there is none");
    }
    return kind;
  }
  return model && is_set(model.root(), "model_type") ? Kind::bert : Kind::unnamed;
}

/// @throws FormatError where vocab.txt and tokenizer.json are not the same vocabulary. Tokens that were added
/// later may be in both or in tokenizer.json alone.
void check_same_pieces(const Vocab& vocab, const TokenizerJson& other, const fs::path& path) {
  const std::vector<std::string>& ours = vocab.pieces();
  const std::vector<std::string>& theirs = other.parts.pieces;
  for (size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
    if (ours[i] == theirs[i]) continue;
    fail<FormatError>(
        "{}: piece {} is \"{}\", but {} has \"{}\" there; keep the file that belongs to the model and remove "
        "the other",
        path.string(), i, theirs[i], vocab.name(), ours[i]);
  }
  if (ours.size() <= theirs.size() && ours.size() >= other.model_pieces) return;
  fail<FormatError>(
      "{}: has {} pieces, but {} has {}; keep the file that belongs to the model and remove the other",
      path.string(), theirs.size(), vocab.name(), ours.size());
}

/// The settings of the class BertTokenizer: an absent key has BERT's default, whatever tokenizer.json says.
void read_settings(const JsonNode& root, TokenizerParts& parts) {
  BertNormalizer& normalizer = parts.normalizer = {};
  parts.max_word_chars = Tokenizer::default_max_word_chars;
  if (root.has("do_lower_case")) normalizer.lowercase = root.at("do_lower_case").boolean();
  if (root.has("strip_accents")) normalizer.strip_accents = read_strip_accents(root.at("strip_accents"));
  if (root.has("tokenize_chinese_chars")) {
    normalizer.handle_chinese_chars = root.at("tokenize_chinese_chars").boolean();
  }
  if (root.has("google_rules")) normalizer.google = root.at("google_rules").boolean();
  if (root.has("do_basic_tokenize") && !root.at("do_basic_tokenize").boolean()) {
    root.at("do_basic_tokenize").refuse("true: Gradus always splits words first");
  }
  if (root.has("max_input_chars_per_word")) {
    parts.max_word_chars = read_max_word_chars(root.at("max_input_chars_per_word"));
  }
}

/// The five special tokens, which must be BERT's, and other tokens by name or in a list.
/// tokenizer_config.json and special_tokens_map.json have the same keys for them.
std::vector<std::string> read_special_tokens(const JsonNode& root) {
  const std::pair<const char*, std::string_view> five[] = {{"pad_token", pad_token},
                                                           {"unk_token", unk_token},
                                                           {"cls_token", cls_token},
                                                           {"sep_token", sep_token},
                                                           {"mask_token", mask_token}};
  for (const auto& [key, token] : five) {
    if (is_set(root, key)) must_be(root.at(key), token);
  }
  std::vector<std::string> more;
  for (const char* key : {"bos_token", "eos_token"}) {
    if (is_set(root, key)) more.push_back(token_text(root.at(key)));
  }
  for (const char* key : {"extra_special_tokens", "additional_special_tokens"}) {
    if (!is_set(root, key)) continue;
    const JsonNode list = root.at(key);
    if (list.value().is_object()) {  // by name, such as "image_token"
      for (const auto& [name, token] : list.value().items()) more.push_back(token_text(list.at(name)));
    } else {
      for (const JsonNode& token : list.items()) more.push_back(token_text(token));
    }
  }
  return more;
}

void read_added_tokens_decoder(const JsonNode& decoder, TokenizerParts& parts) {
  if (!decoder.value().is_object()) decoder.refuse("an object");
  std::vector<std::pair<int64_t, std::string>> tokens;  // by id: a new one must follow those before it
  for (const auto& [id, token] : decoder.value().items()) {
    if (id.empty() || id.size() > 9 || id.find_first_not_of("0123456789") != std::string::npos) {
      decoder.at(id).refuse("under a token's number");
    }
    tokens.emplace_back(std::stoll(id), id);
  }
  std::sort(tokens.begin(), tokens.end());
  for (const auto& [id, key] : tokens) read_added_token(decoder.at(key), id, parts);
}

/// added_tokens.json, the older form: numbers by text. What no file calls special is an added word.
void read_added_tokens(const JsonNode& root, const std::vector<std::string>& specials,
                       TokenizerParts& parts) {
  std::vector<std::pair<int64_t, std::string>> tokens;
  for (const auto& [text, id] : root.value().items()) tokens.emplace_back(root.at(text).whole(), text);
  std::sort(tokens.begin(), tokens.end());
  for (const auto& [id, text] : tokens) {
    const bool is_special =
        is_one_of_five(text) || std::find(specials.begin(), specials.end(), text) != specials.end();
    parts.add_token(text, id, is_special, root.at(text));
  }
}

/// All tokens beside the vocabulary. A tokenizer_config.json that lists them itself makes the older files
/// idle, as in Hugging Face.
void read_tokens(const fs::path& folder, const OptionalJson& config, TokenizerParts& parts) {
  std::vector<std::string> specials;
  if (config) specials = read_special_tokens(config.root());
  if (config && is_set(config.root(), "added_tokens_decoder")) {
    read_added_tokens_decoder(config.root().at("added_tokens_decoder"), parts);
  } else {
    if (const OptionalJson map(folder, "special_tokens_map.json"); map) {
      for (const std::string& token : read_special_tokens(map.root())) specials.push_back(token);
    }
    if (const OptionalJson added(folder, "added_tokens.json"); added) {
      read_added_tokens(added.root(), specials, parts);
    }
  }
  for (const std::string& token : specials) parts.add_special(token);
}

}  // namespace

Tokenizer load_tokenizer(const fs::path& folder) {
  const fs::path vocab_file = folder / "vocab.txt", all_file = folder / "tokenizer.json";
  std::error_code ignored;
  const bool has_vocab = fs::exists(vocab_file, ignored), has_all = fs::exists(all_file, ignored);
  if (!has_vocab && !has_all) {
    const char* problem = !fs::exists(folder, ignored) ? "there is no such folder"
                          : !fs::is_directory(folder, ignored)
                              ? "it is a file, not a folder"
                              : "it has neither vocab.txt nor tokenizer.json";
    fail<IoError>("cannot read a tokenizer from {}: {}", folder.string(), problem);
  }
  const OptionalJson config(folder, "tokenizer_config.json");
  const Kind kind = kind_of_folder(folder, config, has_all);
  TokenizerParts parts;
  if (has_all) {
    TokenizerJson all = read_tokenizer_json(all_file, kind != Kind::bert);
    if (has_vocab) check_same_pieces(Vocab::load(vocab_file), all, all_file);
    parts = std::move(all.parts);
  } else {
    parts.pieces = Vocab::load(vocab_file).pieces();
  }
  if (config && kind != Kind::as_tokenizer_json) read_settings(config.root(), parts);
  read_tokens(folder, config, parts);
  return Tokenizer(Vocab(std::move(parts.pieces), (has_vocab ? vocab_file : all_file).string()),
                   parts.normalizer, parts.max_word_chars, std::move(parts.extra_specials),
                   std::move(parts.added_words));
}

}  // namespace gradus::bert
