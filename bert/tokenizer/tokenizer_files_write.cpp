// The half of tokenizer_files.hpp that writes.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autograd/file.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"

namespace gradus::bert {
namespace fs = std::filesystem;
using nlohmann::ordered_json;
namespace {

ordered_json strip_accents_json(const BertNormalizer& normalizer) {
  return normalizer.strip_accents ? ordered_json(*normalizer.strip_accents) : ordered_json(nullptr);
}

ordered_json added_tokens_json(const Tokenizer& tokenizer) {
  std::vector<std::string> tokens = {std::string(pad_token), std::string(unk_token), std::string(cls_token),
                                     std::string(sep_token), std::string(mask_token)};
  const std::vector<std::string>&words = tokenizer.added_words(), &specials = tokenizer.extra_specials();
  tokens.insert(tokens.end(), specials.begin(), specials.end());
  tokens.insert(tokens.end(), words.begin(), words.end());
  const Vocab& vocab = tokenizer.vocab();
  std::sort(tokens.begin(), tokens.end(),
            [&](const std::string& a, const std::string& b) { return vocab.id(a) < vocab.id(b); });
  ordered_json out = ordered_json::array();
  for (const std::string& token : tokens) {
    const bool is_word = std::find(words.begin(), words.end(), token) != words.end();
    out.push_back({{"id", vocab.id(token)},
                   {"content", token},
                   {"single_word", false},
                   {"lstrip", false},
                   {"rstrip", false},
                   {"normalized", is_word},
                   {"special", !is_word}});
  }
  return out;
}

ordered_json config_json(const Tokenizer& tokenizer, int64_t model_max_length) {
  ordered_json out = {{"tokenizer_class", "BertTokenizer"},
                      {"do_lower_case", tokenizer.normalizer().lowercase},
                      {"strip_accents", strip_accents_json(tokenizer.normalizer())},
                      {"tokenize_chinese_chars", tokenizer.normalizer().handle_chinese_chars},
                      {"model_max_length", model_max_length},
                      {"pad_token", pad_token},
                      {"unk_token", unk_token},
                      {"cls_token", cls_token},
                      {"sep_token", sep_token},
                      {"mask_token", mask_token}};
  if (!tokenizer.extra_specials().empty()) {
    // The name in version 5 of transformers, then the one before it.
    out["extra_special_tokens"] = tokenizer.extra_specials();
    out["additional_special_tokens"] = tokenizer.extra_specials();
  }
  if (!tokenizer.added_words().empty()) {
    // Only this key can say which added tokens are not special.
    ordered_json by_id = ordered_json::object();
    for (ordered_json token : added_tokens_json(tokenizer)) {
      const std::string id = std::to_string(token["id"].get<int64_t>());
      token.erase("id");
      by_id[id] = token;
    }
    out["added_tokens_decoder"] = by_id;
  }
  if (tokenizer.normalizer().google) out["google_rules"] = true;  // Gradus alone reads it
  if (tokenizer.max_word_chars() != Tokenizer::default_max_word_chars) {
    out["max_input_chars_per_word"] = tokenizer.max_word_chars();
  }
  return out;
}

/// [CLS] A [SEP], and for a pair B [SEP] with type 1.
ordered_json post_processor_json(const SpecialIds& ids) {
  const auto token = [](std::string_view text, int type) {
    return ordered_json{{"SpecialToken", {{"id", text}, {"type_id", type}}}};
  };
  const auto sequence = [](const char* name, int type) {
    return ordered_json{{"Sequence", {{"id", name}, {"type_id", type}}}};
  };
  const auto entry = [](std::string_view text, TokenId id) {
    return ordered_json{{"id", text}, {"ids", {id}}, {"tokens", {text}}};
  };
  ordered_json single = ordered_json::array({token(cls_token, 0), sequence("A", 0), token(sep_token, 0)});
  ordered_json pair = single;
  pair.push_back(sequence("B", 1));
  pair.push_back(token(sep_token, 1));
  return {
      {"type", "TemplateProcessing"},
      {"single", std::move(single)},
      {"pair", std::move(pair)},
      {"special_tokens", {{cls_token, entry(cls_token, ids.cls)}, {sep_token, entry(sep_token, ids.sep)}}}};
}

ordered_json model_json(const Tokenizer& tokenizer) {
  // Appending to the object's own list keeps the order of the ids; its operator[] would search all of it.
  ordered_json::object_t vocab;
  vocab.reserve(tokenizer.vocab().pieces().size());
  for (const std::string& piece : tokenizer.vocab().pieces()) vocab.emplace_back(piece, vocab.size());
  return {{"type", "WordPiece"},
          {"unk_token", unk_token},
          {"continuing_subword_prefix", continuation_prefix},
          {"max_input_chars_per_word", tokenizer.max_word_chars()},
          {"vocab", std::move(vocab)}};
}

ordered_json tokenizer_json(const Tokenizer& tokenizer) {
  const BertNormalizer& normalizer = tokenizer.normalizer();
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added_tokens_json(tokenizer)},
          {"normalizer",
           {{"type", "BertNormalizer"},
            {"clean_text", normalizer.clean_text},
            {"handle_chinese_chars", normalizer.handle_chinese_chars},
            {"strip_accents", strip_accents_json(normalizer)},
            {"lowercase", normalizer.lowercase}}},
          {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
          {"post_processor", post_processor_json(tokenizer.special_ids())},
          {"decoder", {{"type", "WordPiece"}, {"prefix", continuation_prefix}, {"cleanup", true}}},
          {"model", model_json(tokenizer)}};
}

}  // namespace

void save_tokenizer(const fs::path& folder, const Tokenizer& tokenizer, int64_t model_max_length) {
  tokenizer.vocab().save(folder / "vocab.txt");
  write_file_atomically(folder / "tokenizer_config.json",
                        config_json(tokenizer, model_max_length).dump(2) + "\n");
  write_file_atomically(folder / "tokenizer.json", tokenizer_json(tokenizer).dump(2) + "\n");
}

}  // namespace gradus::bert
