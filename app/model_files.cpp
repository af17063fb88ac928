#include "app/model_files.hpp"

#include "bert/tokenizer_files.hpp"

namespace gradus::app {

void TokenizerChoice::add_to(CLI::App& command) {
  CLI::Option* folder = add_path(command, "--model", model, "FOLDER",
                                 "A folder with the tokenizer's files, such as a checkpoint");
  CLI::Option* file = add_path(command, "--vocab", vocab, "FILE", "A vocabulary, a piece a line");
  file->excludes(folder);
  add_switch(command, "--cased", cased, "With --vocab: keep capitals and accents")->excludes(folder);
}

bert::Tokenizer TokenizerChoice::load() const {
  if (!model.empty()) return bert::load_tokenizer(model);
  if (vocab.empty()) fail<WrongCall>("name a tokenizer by --model FOLDER or by --vocab FILE");
  bert::BertNormalizer normalizer;
  normalizer.lowercase = !cased;
  return bert::Tokenizer(bert::Vocab::load(vocab), normalizer);
}

}  // namespace gradus::app
