#include "app/commands/corpus_split.hpp"

#include <functional>
#include <string>

#include "app/command.hpp"
#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "bert/text/lines.hpp"

namespace gradus::app {
namespace fs = std::filesystem;
namespace {

/// Receives one document, each sentence with its newline, and how many sentences it has.
using DocumentSink = std::function<void(const std::string& text, int64_t sentences)>;

void for_each_document(const fs::path& file, const DocumentSink& sink) {
  std::string text;
  int64_t sentences = 0;
  const auto end = [&] {
    if (sentences > 0) sink(text, sentences);
    text.clear();
    sentences = 0;
  };
  bert::for_each_line(file, [&](std::string_view line) {
    if (line.empty()) return end();
    text.append(line) += '\n';
    ++sentences;
  });
  end();
}

bool has_pair(int64_t sentences) { return sentences > 1; }

}  // namespace

SplitDocuments split_corpus_file(const fs::path& file, const fs::path& folder) {
  int64_t documents = 0, pairs = 0;
  for_each_document(file, [&](const std::string&, int64_t sentences) {
    ++documents;
    pairs += has_pair(sentences);
  });
  if (documents == 0) fail<FormatError>("{} holds no text", file.string());
  if (pairs < 4) {
    fail<FormatError>(
        "{}: needs four documents of two sentences or more, an empty line between them, and has {}; put "
        "empty "
        "lines where one thing ends and the next begins, or train on it as it is with gradus pretrain {} "
        "--block-sentences 4",
        file.string(), pairs, file.string());
  }
  make_folder(folder);

  const int64_t every = pairs < 20 ? pairs / 2 : 10;
  AtomicFile training(folder / "train.txt"), held_out(folder / "held-out.txt");
  SplitDocuments written;
  int64_t seen = 0;
  for_each_document(file, [&](const std::string& text, int64_t sentences) {
    seen += has_pair(sentences);
    const bool is_held_out = has_pair(sentences) && seen % every == 0;
    (is_held_out ? held_out : training).write(text + "\n");
    ++(is_held_out ? written.held_out : written.training);
  });
  training.commit();
  held_out.commit();
  return written;
}

}  // namespace gradus::app
