#include "app/input/text_source.hpp"

#include <algorithm>

#include "app/command.hpp"
#include "app/terminal/interrupt.hpp"
#include "app/terminal/progress.hpp"

namespace gradus::app {
namespace fs = std::filesystem;
namespace {

/// Whether `file` is the token file of these texts, made as it would be made now.
bool is_made(const fs::path& file, const std::vector<fs::path>& texts, const bert::Tokenizer& tokenizer,
             int64_t block_sentences) {
  if (!bert::is_token_file(file)) return false;
  try {
    const bert::TokenFileInfo info = bert::read_token_file_info(file);
    return info.tokenizer_hash == bert::tokenizer_hash(tokenizer) &&
           info.block_sentences == block_sentences && info.text == bert::facts_of(texts);
  } catch (const FormatError&) {  // damaged, or of another version
    return false;
  }
}

OpenedText open_tokens(const fs::path& file, const std::vector<fs::path>& names,
                       const bert::Tokenizer& tokenizer) {
  OpenedText text{bert::open_token_file(file, tokenizer), {}};
  const int64_t lines = bert::read_token_file_info(file).text.lines;
  text.account = account_of(names, text.corpus, tokenizer, lines);
  return text;
}

}  // namespace

std::optional<fs::path> token_file_of(const std::vector<fs::path>& files) {
  for (const fs::path& file : files) {
    const fs::path inside = file / token_file_name;
    const bool is_folder = fs::is_directory(file) && bert::is_token_file(inside);
    if (!is_folder && !bert::is_token_file(file)) continue;
    if (files.size() > 1)
      fail<WrongCall>("{} is a token file, which stands for a whole text; name it alone", file.string());
    return is_folder ? inside : file;
  }
  return std::nullopt;
}

int64_t size_of(const std::vector<fs::path>& files) {
  int64_t bytes = 0;
  for (const fs::path& file : files) {
    std::error_code unknown;
    if (const std::uintmax_t size = fs::file_size(file, unknown); !unknown)
      bytes += static_cast<int64_t>(size);
  }
  return bytes;
}

bert::TokenFileInfo make_token_file(const fs::path& file, const std::vector<fs::path>& texts,
                                    const bert::Tokenizer& tokenizer, int64_t block_sentences) {
  const InterruptGuard guard;
  Progress progress("tokenizing");
  const auto all = static_cast<double>(size_of(texts));
  const auto on_read = [&](int64_t bytes) {
    if (interrupted()) throw Exit{exit_interrupted};
    // Ends of lines are not counted in `bytes`, so it comes near the size of the files only.
    progress.update(all == 0 ? -1 : std::min(1.0, static_cast<double>(bytes) / all));
  };
  return bert::write_token_file(file, texts, tokenizer,
                                {.block_sentences = block_sentences, .on_read = on_read});
}

OpenedText open_text(const std::vector<fs::path>& files, const bert::Tokenizer& tokenizer,
                     int64_t block_sentences, const std::function<std::optional<fs::path>()>& kept) {
  if (const std::optional<fs::path> tokens = token_file_of(files)) {
    const int64_t blocks = bert::read_token_file_info(*tokens).block_sentences;
    if (blocks != block_sentences)
      fail<WrongCall>("--block-sentences {}: {} was made with --block-sentences {}; say the same here",
                      block_sentences, tokens->string(), blocks);
    return open_tokens(*tokens, files, tokenizer);
  }
  if (const std::optional<fs::path> file = kept ? kept() : std::nullopt) {
    if (!is_made(*file, files, tokenizer, block_sentences))
      make_token_file(*file, files, tokenizer, block_sentences);
    return open_tokens(*file, files, tokenizer);
  }
  OpenedText text{bert::read_corpus(files, tokenizer, {.block_sentences = block_sentences}), {}};
  text.account = account_of(files, text.corpus, tokenizer);
  return text;
}

}  // namespace gradus::app
