#include "app/input/model_files.hpp"

#include "app/command.hpp"
#include "app/options/options.hpp"
#include "bert/checkpoint/checkpoint.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"

namespace gradus::app {

bert::BertNormalizer TokenizerRules::normalizer() const { return {.lowercase = !cased, .google = google}; }

bert::Tokenizer TokenizerRules::tokenizer(bert::Vocab vocab) const {
  return bert::Tokenizer(
      std::move(vocab), normalizer(),
      google ? bert::Tokenizer::google_max_word_chars : bert::Tokenizer::default_max_word_chars);
}

void TokenizerChoice::add_to(CLI::App& command) {
  const Option folder = add_path(command, "--model", model, "FOLDER",
                                 "A folder with the tokenizer's files, such as a checkpoint");
  const Option file = add_path(command, "--vocab", vocab, "FILE", "A vocabulary, a piece a line");
  file.excludes(folder);
  add_switch(command, "--cased", rules.cased, "With --vocab: keep capitals and accents").excludes(folder);
  add_switch(command, "--google", rules.google, "With --vocab: Google's rules, where Hugging Face's differ")
      .excludes(folder);
}

bert::Tokenizer TokenizerChoice::load() const {
  if (!model.empty()) return bert::load_tokenizer(model);
  if (vocab.empty()) fail<WrongCall>("name a tokenizer by --model FOLDER or by --vocab FILE");
  return rules.tokenizer(bert::Vocab::load(vocab));
}

namespace {

/// The model, once what was noticed while it was loaded has been said.
template <class Model>
Model said(const std::string& command, bert::Loaded<Model> loaded) {
  for (const std::string& warning : loaded.warnings)
    print_error(fmt::format("gradus {}: {}\n", command, warning));
  return std::move(loaded.model);
}

}  // namespace

bert::BertForPreTraining load_model(const std::string& command, const std::filesystem::path& folder) {
  return said(command, bert::load_for_pretraining(folder));
}

OpenedModel open_model(const std::string& command, const std::filesystem::path& folder) {
  bert::Tokenizer tokenizer = bert::load_tokenizer(folder);
  bert::BertForPreTraining model = load_model(command, folder);
  check_vocabulary(command, tokenizer, model.bert.config);
  return {std::move(tokenizer), std::move(model)};
}

OpenedBert open_bert(const std::string& command, const std::filesystem::path& folder) {
  bert::Tokenizer tokenizer = bert::load_tokenizer(folder);
  bert::Bert model = said(command, bert::load_bert(folder));
  check_vocabulary(command, tokenizer, model.config);
  return {std::move(tokenizer), std::move(model)};
}

void check_vocabulary(const std::string& command, const bert::Tokenizer& tokenizer,
                      const bert::Config& config) {
  const int64_t pieces = tokenizer.vocab().size();
  if (pieces == config.vocab_size) return;
  const std::string difference = fmt::format("{} has {} pieces, config.json says {}",
                                             tokenizer.vocab().name(), pieces, config.vocab_size);
  if (pieces > config.vocab_size) fail<FormatError>("{}", difference);
  print_error(fmt::format("gradus {}: {}\n", command, difference));
}

}  // namespace gradus::app
