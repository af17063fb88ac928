// Reading tokenizer.json, and the tokens that other files add.
#include <algorithm>
#include <utility>

#include "autograd/error.hpp"
#include "bert/tokenizer/tokenizer_parts.hpp"

namespace gradus::bert {
namespace {

void add_once(std::vector<std::string>& list, const std::string& token) {
  if (std::find(list.begin(), list.end(), token) == list.end()) list.push_back(token);
}

void read_model(const JsonNode& model, TokenizerParts& parts) {
  if (model.has("type")) must_be(model.at("type"), "WordPiece");  // the first files of 2020 have no type
  must_be(model.at("unk_token"), unk_token);
  must_be(model.at("continuing_subword_prefix"), continuation_prefix);
  parts.max_word_chars = read_max_word_chars(model.at("max_input_chars_per_word"));

  const JsonNode vocab = model.at("vocab");
  if (!vocab.value().is_object()) vocab.refuse("an object");
  const size_t size = vocab.value().size();
  parts.pieces.assign(size, "");
  for (const auto& [piece, id] : vocab.value().items()) {
    const JsonNode entry = vocab.at(piece);
    const int64_t place = entry.whole();
    if (place < 0 || static_cast<size_t>(place) >= size) {
      entry.refuse(fmt::format("in [0, {}), as the vocabulary has {} pieces", size, size));
    }
    std::string& slot = parts.pieces[static_cast<size_t>(place)];
    if (!slot.empty()) entry.refuse(fmt::format("another number than that of \"{}\"", slot));
    slot = piece;
  }
  // An empty line at the end of the vocab.txt that the file was made from.
  if (!parts.pieces.empty() && parts.pieces.back().empty()) parts.pieces.pop_back();
}

BertNormalizer read_normalizer(const JsonNode& normalizer) {
  must_be(normalizer.at("type"), "BertNormalizer");
  return {.clean_text = normalizer.at("clean_text").boolean(),
          .handle_chinese_chars = normalizer.at("handle_chinese_chars").boolean(),
          .strip_accents = read_strip_accents(normalizer.at("strip_accents")),
          .lowercase = normalizer.at("lowercase").boolean()};
}

/// A template in short: "[CLS]:0 A:0 [SEP]:0".
std::string template_text(const JsonNode& list) {
  std::string out;
  for (const JsonNode& item : list.items()) {
    const JsonNode part = item.at(item.has("Sequence") ? "Sequence" : "SpecialToken");
    if (!out.empty()) out += ' ';
    out += fmt::format("{}:{}", part.at("id").text(), part.at("type_id").whole());
  }
  return out;
}

/// The number that a post-processor gives `token` is the one that goes to the model, whatever the vocabulary
/// says. A token that is no piece is for the Tokenizer to refuse.
void check_number(const JsonNode& number, std::string_view token, const std::vector<std::string>& pieces) {
  const auto found = std::find(pieces.begin(), pieces.end(), token);
  if (found == pieces.end() || number.whole() == found - pieces.begin()) return;
  number.refuse(fmt::format("{}, the number of \"{}\" in the vocabulary", found - pieces.begin(), token));
}

/// {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}
void check_bert_processing(const JsonNode& node, const std::vector<std::string>& pieces) {
  for (const auto& [key, token] : {std::pair("cls", cls_token), std::pair("sep", sep_token)}) {
    const std::vector<JsonNode> pair = node.at(key).items();
    if (pair.size() != 2) node.at(key).refuse("a token and its number");
    must_be(pair[0], token);
    check_number(pair[1], token, pieces);
  }
}

void check_template(const JsonNode& node, const std::vector<std::string>& pieces) {
  for (const auto& [key, wanted] :
       {std::pair("single", "[CLS]:0 A:0 [SEP]:0"), std::pair("pair", "[CLS]:0 A:0 [SEP]:0 B:1 [SEP]:1")}) {
    const std::string text = template_text(node.at(key));
    if (text != wanted) {
      node.at(key).refuse(fmt::format("\"{}\" for a BERT tokenizer, not \"{}\"", wanted, text));
    }
  }
  for (const std::string_view token : {cls_token, sep_token}) {
    const JsonNode ids = node.at("special_tokens").at(std::string(token)).at("ids");
    const std::vector<JsonNode> numbers = ids.items();
    if (numbers.size() != 1) ids.refuse("a list of one number");
    check_number(numbers[0], token, pieces);
  }
}

/// What is put around a text: [CLS] A [SEP], and [CLS] A [SEP] B [SEP] around a pair.
void check_post_processor(const JsonNode& node, const std::vector<std::string>& pieces) {
  if (node.value().is_null()) {
    node.refuse(
        "\"TemplateProcessing\" or \"BertProcessing\" for a BERT tokenizer: null puts no [CLS] and no [SEP] "
        "around a text");
  }
  const std::string type = node.at("type").text();
  if (type == "TemplateProcessing") return check_template(node, pieces);
  if (type == "BertProcessing") return check_bert_processing(node, pieces);
  if (type != "Sequence") {
    node.at("type").refuse("\"TemplateProcessing\" or \"BertProcessing\" for a BERT tokenizer");
  }
  const std::vector<JsonNode> steps =
      node.at("processors").items();  // a list of one does what its entry does
  if (steps.size() != 1) {
    node.at("processors")
        .refuse(fmt::format("a list of one entry for a BERT tokenizer, not of {}", steps.size()));
  }
  check_post_processor(steps[0], pieces);
}

}  // namespace

bool is_one_of_five(std::string_view token) {
  for (const std::string_view known : {pad_token, unk_token, cls_token, sep_token, mask_token}) {
    if (token == known) return true;
  }
  return false;
}

void TokenizerParts::add_special(const std::string& token) {
  if (is_one_of_five(token)) return;
  add_once(pieces, token);
  add_once(extra_specials, token);
}

void TokenizerParts::add_token(const std::string& token, int64_t id, bool is_special, const JsonNode& where) {
  const auto size = static_cast<int64_t>(pieces.size());
  if (id < 0 || id > size) {
    where.refuse(fmt::format("the piece {} of the vocabulary, which has {} pieces", id, size));
  }
  if (id < size && pieces[static_cast<size_t>(id)] != token) {
    where.refuse(
        fmt::format("the piece {} of the vocabulary, which is \"{}\"", id, pieces[static_cast<size_t>(id)]));
  }
  if (id == size) pieces.push_back(token);
  if (is_special) {
    add_special(token);
  } else if (!is_one_of_five(token)) {
    add_once(added_words, token);
  }
}

std::string token_text(const JsonNode& node) {
  return node.value().is_object() ? node.at("content").text() : node.text();
}

void must_be(const JsonNode& node, std::string_view wanted) {
  if (token_text(node) != wanted) node.refuse(fmt::format("\"{}\" for a BERT tokenizer", wanted));
}

void read_added_token(const JsonNode& token, int64_t id, TokenizerParts& parts) {
  const std::string content = token.at("content").text();
  for (const char* flag : {"single_word", "lstrip", "rstrip"}) {
    if (token.has(flag) && token.at(flag).boolean()) token.at(flag).refuse("false for a BERT tokenizer");
  }
  const bool is_special = token.has("special") ? token.at("special").boolean() : is_one_of_five(content);
  const bool normalized = token.has("normalized") ? token.at("normalized").boolean() : !is_special;
  if (is_special == normalized) {
    token.at(token.has("normalized") ? "normalized" : "special")
        .refuse(fmt::format("{}, as the token is {}special", !is_special, is_special ? "" : "not "));
  }
  parts.add_token(content, id, is_special, token.at("content"));
}

std::optional<bool> read_strip_accents(const JsonNode& node) {
  if (node.value().is_null()) return std::nullopt;
  return node.boolean();
}

size_t read_max_word_chars(const JsonNode& node) {
  if (node.whole() < 1) node.refuse("at least 1");
  return static_cast<size_t>(node.whole());
}

TokenizerJson read_tokenizer_json(const std::filesystem::path& path, bool decides) {
  const nlohmann::json content = parse_json_file(path);
  const JsonNode root(path.string(), content);
  TokenizerJson out;
  read_model(root.at("model"), out.parts);
  out.model_pieces = out.parts.pieces.size();
  out.parts.normalizer = read_normalizer(root.at("normalizer"));
  must_be(root.at("pre_tokenizer").at("type"), "BertPreTokenizer");
  if (root.has("added_tokens")) {
    for (const JsonNode& token : root.at("added_tokens").items()) {
      read_added_token(token, token.at("id").whole(), out.parts);
    }
  }
  const bool has_post_processor = root.has("post_processor") && !root.at("post_processor").value().is_null();
  if (decides || has_post_processor) check_post_processor(root.at("post_processor"), out.parts.pieces);
  return out;
}

}  // namespace gradus::bert
