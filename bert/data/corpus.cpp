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

TokenIds TokenizedCorpus::run(int64_t first, int64_t end) const {
  return ids().subspan(static_cast<size_t>(begin_of(first)), static_cast<size_t>(length(first, end)));
}

void TokenizedCorpus::check_own() const {
  if (mapped_) fail<ValueError>("corpus: nothing can be added to one that lies in a file");
}

void TokenizedCorpus::add_sentence(TokenIds ids) {
  check_own();
  if (ids.empty()) return;
  ids_.insert(ids_.end(), ids.begin(), ids.end());
  sentence_ends_.push_back(tokens());
}

void TokenizedCorpus::end_document() {
  check_own();
  if (sentences() > document_ends_.back()) document_ends_.push_back(sentences());
}

void TokenizedCorpus::cut_last_document(int64_t count) {
  check_own();
  cut_last(document_ends_, count);
}

void cut_last(std::vector<int64_t>& document_ends, int64_t count) {
  const int64_t end = document_ends.back();
  document_ends.pop_back();
  for (int64_t i = document_ends.back() + count; i < end; i += count) document_ends.push_back(i);
  document_ends.push_back(end);
}

TokenizedCorpus TokenizedCorpus::select(std::span<const int64_t> chosen) const {
  TokenizedCorpus out;
  copy_documents(*this, chosen, out);
  return out;
}

bool TokenizedCorpus::operator==(const TokenizedCorpus& other) const {
  return ids() == other.ids() && std::ranges::equal(sentence_ends(), other.sentence_ends()) &&
         std::ranges::equal(document_ends(), other.document_ends());
}

void CorpusWalk::at(int64_t d) {
  // Long documents take memory themselves; and a walk may look, for each of many short ones, at others far
  // away, of which each brings some pages.
  constexpr int64_t most_tokens = int64_t{1} << 23, most_documents = 1024;
  const int64_t token = corpus_.begin_of(corpus_.first_sentence(d));
  if (++documents_ < most_documents && token - forgotten_ < most_tokens) return;
  corpus_.forget();
  forgotten_ = token;
  documents_ = 0;
}

void copy_documents(const TokenizedCorpus& corpus, std::span<const int64_t> documents, CorpusSink& sink) {
  CorpusWalk walk(corpus);
  for (const int64_t d : documents) {
    if (d < 0 || d >= corpus.documents())
      fail<IndexError>("corpus: no document {} among {}", d, corpus.documents());
    walk.at(d);
    for (int64_t i = corpus.first_sentence(d); i < corpus.end_sentence(d); ++i)
      sink.add_sentence(corpus.sentence(i));
    sink.end_document();
  }
}

namespace {

/// The facts of a text, a line at a time.
class FactsCounter {
 public:
  void add_line(std::string_view line) {
    facts_.bytes += static_cast<int64_t>(line.size());
    facts_.lines += !line.empty();
    for (const char c : line) add(static_cast<unsigned char>(c));
    add('\n');
  }
  void end_file() { add(end_of_file); }
  const TextFacts& facts() const { return facts_; }

 private:
  static constexpr unsigned char end_of_file = 0xFF;  // no byte of UTF-8

  void add(unsigned char byte) { facts_.hash = (facts_.hash ^ byte) * 0x100000001b3; }

  TextFacts facts_{.hash = 0xcbf29ce484222325};
};

/// Gathers lines, tokenises them a batch at a time on several threads and appends them in their order.
class CorpusBuilder {
 public:
  CorpusBuilder(CorpusSink& corpus, const Tokenize& tokenize, const CorpusOptions& options)
      : corpus_(corpus), tokenize_(tokenize), options_(options), chunks_(batch_chunks) {
    if (options.block_sentences < 0)
      fail<ValueError>("corpus: block_sentences is {}, and must be 0 or more", options.block_sentences);
  }

  void add_line(std::string_view line) {
    facts_.add_line(line);
    text_.append(line);
    ends_.push_back(text_.size());
    if (ends_.size() == batch_chunks * chunk_lines || text_.size() >= max_bytes) flush();
  }

  /// A file's end ends a document, and a file without empty lines may be cut into blocks.
  void end_file() {
    facts_.end_file();
    flush();
    corpus_.end_document();
    if (options_.block_sentences > 0 && corpus_.documents() == file_begin_ + 1)
      corpus_.cut_last_document(options_.block_sentences);
    file_begin_ = corpus_.documents();
  }

  TextFacts finish(const std::string& names) {
    if (corpus_.documents() == 0) fail<FormatError>("{}: no sentence found: the text is empty", names);
    return facts_.facts();
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
    if (options_.on_read) options_.on_read(facts_.facts().bytes);
  }

  void append(size_t c) {
    const Chunk& chunk = chunks_[c];
    if (chunk.error) std::rethrow_exception(chunk.error);
    size_t begin = 0;
    for (size_t k = 0; k < chunk.ends.size(); ++k) {
      if (line(share(c) + k).empty()) corpus_.end_document();
      corpus_.add_sentence(TokenIds(chunk.ids).subspan(begin, chunk.ends[k] - begin));
      begin = chunk.ends[k];
    }
  }

  CorpusSink& corpus_;
  const Tokenize& tokenize_;
  CorpusOptions options_;
  FactsCounter facts_;
  std::string text_;          // the lines of this batch, one after another
  std::vector<size_t> ends_;  // where each ends
  std::vector<Chunk> chunks_;
  int64_t file_begin_ = 0;  // the first document of the file being read
};

Tokenize by(const Tokenizer& tokenizer) {
  return [&](std::string_view sentence, std::vector<int32_t>& ids) { tokenizer.tokenize(sentence, ids); };
}

TextFacts read_into(CorpusSink& sink, const std::vector<std::filesystem::path>& files,
                    const Tokenize& tokenize, const CorpusOptions& options) {
  CorpusBuilder builder(sink, tokenize, options);
  std::string names;
  for (const auto& file : files) {
    for_each_line(file, [&](std::string_view line) { builder.add_line(line); });
    builder.end_file();
    names += (names.empty() ? "" : ", ") + file.string();
  }
  return builder.finish(files.empty() ? "corpus" : names);
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
  TokenizedCorpus corpus;
  read_into(corpus, files, tokenize, options);
  return corpus;
}

TextFacts read_corpus_into(CorpusSink& sink, const std::vector<std::filesystem::path>& files,
                           const Tokenizer& tokenizer, const CorpusOptions& options) {
  return read_into(sink, files, by(tokenizer), options);
}

TextFacts facts_of(const std::vector<std::filesystem::path>& files) {
  FactsCounter counter;
  for (const auto& file : files) {
    for_each_line(file, [&](std::string_view line) { counter.add_line(line); });
    counter.end_file();
  }
  return counter.facts();
}

TokenizedCorpus tokenize_corpus(std::string_view text, const std::string& name, const Tokenize& tokenize,
                                const CorpusOptions& options) {
  TokenizedCorpus corpus;
  CorpusBuilder builder(corpus, tokenize, options);
  for_each_line(text, name, [&](std::string_view line) { builder.add_line(line); });
  builder.end_file();
  builder.finish(name);
  return corpus;
}

DocumentSplit draw_split(int64_t documents, double fraction, uint64_t seed) {
  if (!(fraction > 0 && fraction < 1))
    fail<FormatError>("corpus: a held-out fraction of {} is not between 0 and 1", fraction);
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
  return {{middle, order.end()}, {order.begin(), middle}};
}

CorpusSplit split_corpus(const TokenizedCorpus& corpus, double fraction, uint64_t seed) {
  const DocumentSplit split = draw_split(corpus.documents(), fraction, seed);
  return {corpus.select(split.training), corpus.select(split.held_out)};
}

}  // namespace gradus::bert
