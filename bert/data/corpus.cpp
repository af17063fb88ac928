#include "bert/data/corpus.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <numeric>

#include "autograd/error.hpp"
#include "autograd/kernels/parallel.hpp"
#include "autograd/plural.hpp"
#include "autograd/random.hpp"

namespace gradus::bert {

std::span<const int32_t> TokenizedCorpus::run(int64_t first, int64_t end) const {
  return ids().subspan(static_cast<size_t>(begin_of(first)), static_cast<size_t>(length(first, end)));
}

void TokenizedCorpus::add_sentence(std::span<const int32_t> ids) {
  if (ids.empty()) return;
  ids_.insert(ids_.end(), ids.begin(), ids.end());
  sentence_ends_.push_back(tokens());
}

void TokenizedCorpus::end_document() {
  if (sentences() > document_ends_.back()) document_ends_.push_back(sentences());
}

void TokenizedCorpus::cut_last_document(int64_t count) {
  const int64_t end = document_ends_.back();
  document_ends_.pop_back();
  for (int64_t i = document_ends_.back() + count; i < end; i += count) document_ends_.push_back(i);
  document_ends_.push_back(end);
}

TokenizedCorpus TokenizedCorpus::select(std::span<const int64_t> chosen) const {
  TokenizedCorpus out;
  for (const int64_t d : chosen) {
    if (d < 0 || d >= documents()) fail<IndexError>("corpus: no document {} among {}", d, documents());
    for (int64_t i = first_sentence(d); i < end_sentence(d); ++i) out.add_sentence(sentence(i));
    out.end_document();
  }
  return out;
}

namespace {

/// Gathers lines, tokenises them a batch at a time on several threads and appends them in their order.
class CorpusBuilder {
 public:
  CorpusBuilder(const Tokenize& tokenize, const CorpusOptions& options)
      : tokenize_(tokenize), options_(options), chunks_(batch_chunks) {
    if (options.block_sentences < 0)
      fail<ValueError>("corpus: block_sentences is {}, and must be 0 or more", options.block_sentences);
  }

  void add_line(std::string_view line) {
    text_.append(line);
    ends_.push_back(text_.size());
    if (ends_.size() == batch_chunks * chunk_lines || text_.size() >= max_bytes) flush();
  }

  /// A file's end ends a document, and a file without empty lines may be cut into blocks.
  void end_file() {
    flush();
    corpus_.end_document();
    if (options_.block_sentences > 0 && corpus_.documents() == file_begin_ + 1)
      corpus_.cut_last_document(options_.block_sentences);
    file_begin_ = corpus_.documents();
  }

  TokenizedCorpus finish(const std::string& names) {
    if (corpus_.documents() == 0) fail<FormatError>("{}: no sentence found: the text is empty", names);
    return std::move(corpus_);
  }

 private:
  static constexpr size_t batch_chunks = 16, chunk_lines = 512, max_bytes = size_t{8} << 20;

  struct Chunk {
    std::vector<int32_t> ids;
    std::vector<size_t> ends;  // of each line's ids
    std::exception_ptr error;
  };

  std::string_view line(size_t i) const {
    const size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(text_).substr(begin, ends_[i] - begin);
  }

  /// Chunk c holds an equal share of the lines. Each line is tokenised alone, so that where the shares are
  /// cut, and on which thread, changes nothing; and the first line that fails is always the same.
  void tokenize_chunk(size_t c) {
    Chunk& chunk = chunks_[c];
    chunk.ids.clear();
    chunk.ends.clear();
    chunk.error = nullptr;
    try {
      for (size_t i = share(c); i < share(c + 1); ++i) {
        if (!line(i).empty()) tokenize_(line(i), chunk.ids);
        chunk.ends.push_back(chunk.ids.size());
      }
    } catch (...) {
      chunk.error = std::current_exception();
    }
  }

  size_t share(size_t c) const { return ends_.size() * c / chunks_.size(); }

  void flush() {
    kernels::parallel_for(static_cast<int64_t>(chunks_.size()),
                          [this](int64_t c) { tokenize_chunk(static_cast<size_t>(c)); });
    for (size_t c = 0; c < chunks_.size(); ++c) append(c);
    text_.clear();
    ends_.clear();
  }

  void append(size_t c) {
    const Chunk& chunk = chunks_[c];
    if (chunk.error) std::rethrow_exception(chunk.error);
    size_t begin = 0;
    for (size_t k = 0; k < chunk.ends.size(); ++k) {
      if (line(share(c) + k).empty()) corpus_.end_document();
      corpus_.add_sentence(std::span(chunk.ids).subspan(begin, chunk.ends[k] - begin));
      begin = chunk.ends[k];
    }
  }

  const Tokenize& tokenize_;
  CorpusOptions options_;
  TokenizedCorpus corpus_;
  std::string text_;          // the lines of this batch, one after another
  std::vector<size_t> ends_;  // where each ends
  std::vector<Chunk> chunks_;
  int64_t file_begin_ = 0;  // the first document of the file being read
};

Tokenize by(const Tokenizer& tokenizer) {
  return [&](std::string_view sentence, std::vector<int32_t>& ids) { tokenizer.tokenize(sentence, ids); };
}

}  // namespace

TokenizedCorpus read_corpus(const std::vector<std::filesystem::path>& files, const Tokenizer& tokenizer,
                            const CorpusOptions& options) {
  return read_corpus(files, by(tokenizer), options);
}

TokenizedCorpus tokenize_corpus(std::string_view text, const std::string& name, const Tokenizer& tokenizer,
                                const CorpusOptions& options) {
  return tokenize_corpus(text, name, by(tokenizer), options);
}

TokenizedCorpus read_corpus(const std::vector<std::filesystem::path>& files, const Tokenize& tokenize,
                            const CorpusOptions& options) {
  CorpusBuilder builder(tokenize, options);
  std::string names;
  for (const auto& file : files) {
    for_each_line(file, [&](std::string_view line) { builder.add_line(line); });
    builder.end_file();
    names += (names.empty() ? "" : ", ") + file.string();
  }
  return builder.finish(files.empty() ? "corpus" : names);
}

TokenizedCorpus tokenize_corpus(std::string_view text, const std::string& name, const Tokenize& tokenize,
                                const CorpusOptions& options) {
  CorpusBuilder builder(tokenize, options);
  for_each_line(text, name, [&](std::string_view line) { builder.add_line(line); });
  builder.end_file();
  return builder.finish(name);
}

CorpusSplit split_corpus(const TokenizedCorpus& corpus, double fraction, uint64_t seed) {
  if (!(fraction > 0 && fraction < 1))
    fail<FormatError>("corpus: a held-out fraction of {} is not between 0 and 1", fraction);
  const int64_t documents = corpus.documents();
  if (documents < 2)
    fail<FormatError>(
        "corpus: {} {} cannot be split into training and held-out: put an empty line between documents, or "
        "cut "
        "it into blocks of sentences",
        documents, plural(documents, "document"));
  const int64_t held =
      std::clamp<int64_t>(std::llround(fraction * static_cast<double>(documents)), 1, documents - 1);
  std::vector<int64_t> order(static_cast<size_t>(documents));
  std::iota(order.begin(), order.end(), 0);
  Rng(seed).shuffle(order);
  const auto middle = order.begin() + held;
  std::sort(order.begin(), middle);
  std::sort(middle, order.end());
  return {corpus.select({middle, order.end()}), corpus.select({order.begin(), middle})};
}

}  // namespace gradus::bert
