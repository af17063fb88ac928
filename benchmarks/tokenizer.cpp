// Times the tokenizer on a text file, on one thread, for compare_tokenizers.py to set beside Hugging Face's:
//   bench_tokenizer TEXT.txt VOCAB_SIZE FOLDER
// learns a vocabulary, tokenises each line in three ways, writes the tokenizer and the ids of each line into
// FOLDER, and prints the seconds of each as JSON.
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "bert/tokenizer/tokenizer.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"
#include "bert/tokenizer/wordpiece_trainer.hpp"

namespace {

using namespace gradus::bert;

template <class Work>
double seconds(Work work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end != 0) lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

int run(const char* path, std::string_view size, const std::string& folder) {
  const std::string text = gradus::read_file(path);
  const std::vector<std::string_view> lines = lines_of(text);
  VocabTrainerOptions options;
  if (std::from_chars(size.data(), size.data() + size.size(), options.vocab_size).ec != std::errc()) {
    gradus::fail("the size of the vocabulary is \"{}\", but must be a whole number", size);
  }

  Vocab vocab;
  const double learn = seconds([&] {
    WordCounter counter;
    for (const std::string_view line : lines) counter.add(line);
    vocab = train_vocab(counter, options);
  });
  const Tokenizer tokenizer(vocab);
  std::vector<TokenId> ids;
  const double tokenize = seconds([&] {
    for (const std::string_view line : lines) tokenizer.tokenize(line, ids);
  });
  std::vector<Encoding> encodings;
  const double encode = seconds([&] {
    encodings.reserve(lines.size());
    for (const std::string_view line : lines) encodings.push_back(tokenizer.encode(line));
  });

  save_tokenizer(folder, tokenizer);
  std::string out;
  for (const Encoding& encoding : encodings) out += fmt::format("{}\n", fmt::join(encoding.ids, " "));
  gradus::write_file_atomically(folder + "/ids.txt", out);
  fmt::print("{{\"learn\": {:.4f}, \"encode\": {:.4f}, \"tokenize\": {:.4f}, \"pieces\": {}, \"ids\": {}}}\n",
             learn, encode, tokenize, tokenizer.vocab().size(), ids.size());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: bench_tokenizer TEXT.txt VOCAB_SIZE FOLDER\n");
    return 2;
  }
  try {
    return run(argv[1], argv[2], argv[3]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_tokenizer: {}\n", error.what());
    return 1;
  }
}
