/// @file
/// A corpus: documents of sentences of token ids, made from text.
///
/// The text has a sentence a line and an empty line between documents (the format of Devlin et al. 2018,
/// create_pretraining_data).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bert/data/token_ids.hpp"
#include "bert/text/lines.hpp"
#include "bert/tokenizer/tokenizer.hpp"

namespace gradus::bert {

/// Appends the token ids of one sentence to `ids`. It is called from several threads at once.
using Tokenize = std::function<void(std::string_view sentence, std::vector<int32_t>& ids)>;

/// Takes a corpus sentence by sentence.
class CorpusSink {
 public:
  virtual ~CorpusSink() = default;

  /// How many documents were closed.
  virtual int64_t documents() const = 0;
  /// Appends a sentence to the open document. A sentence without ids is left out.
  virtual void add_sentence(TokenIds ids) = 0;
  /// Closes the open document. A document without sentences is left out.
  virtual void end_document() = 0;
  /// Cuts the last document into documents of `sentences` sentences; the last of them may have fewer.
  virtual void cut_last_document(int64_t sentences) = 0;
};

/// The three arrays of a corpus, in memory that somebody else keeps, such as a mapped file.
struct CorpusArrays {
  TokenIds ids;
  std::span<const int64_t> sentence_ends;  ///< [sentences + 1] into the ids, from 0
  std::span<const int64_t> document_ends;  ///< [documents + 1] into the sentences, from 0
  std::shared_ptr<const void> keeper;      ///< of that memory
  /// Says that what was read is not needed soon, so that it takes no memory until it is read again.
  std::function<void()> forget;
};

/// Documents of sentences of token ids in three flat arrays, its own (four bytes a token) or those of a
/// mapped file. Sentences are numbered through the whole corpus, so that a run of sentences of one document
/// is one span of ids.
class TokenizedCorpus final : public CorpusSink {
 public:
  TokenizedCorpus() = default;
  explicit TokenizedCorpus(CorpusArrays arrays)
      : mapped_(std::make_shared<const CorpusArrays>(std::move(arrays))) {}

  int64_t documents() const override { return static_cast<int64_t>(document_ends().size()) - 1; }
  int64_t sentences() const { return static_cast<int64_t>(sentence_ends().size()) - 1; }
  int64_t tokens() const { return static_cast<int64_t>(ids().size()); }

  /// The number of a document's first sentence, and that of the sentence after its last.
  int64_t first_sentence(int64_t document) const { return document_ends()[static_cast<size_t>(document)]; }
  int64_t end_sentence(int64_t document) const { return document_ends()[static_cast<size_t>(document) + 1]; }

  /// All token ids, and the place in them where sentence i begins; for i = sentences(), where the last ends.
  TokenIds ids() const { return mapped_ ? mapped_->ids : TokenIds(ids_); }
  int64_t begin_of(int64_t i) const { return sentence_ends()[static_cast<size_t>(i)]; }

  /// The token ids of the sentences [first, end), and how many they are.
  TokenIds run(int64_t first, int64_t end) const;
  int64_t length(int64_t first, int64_t end) const { return begin_of(end) - begin_of(first); }
  TokenIds sentence(int64_t i) const { return run(i, i + 1); }
  TokenIds document(int64_t d) const { return run(first_sentence(d), end_sentence(d)); }

  // As CorpusSink says. @throws ValueError when the arrays are a file's.
  void add_sentence(TokenIds ids) override;
  void end_document() override;
  void cut_last_document(int64_t sentences) override;

  /// A corpus of these documents, in this order. @throws IndexError at a number that is no document.
  TokenizedCorpus select(std::span<const int64_t> documents) const;

  /// Whether it lies in a file; then what was read takes memory until forget() is called.
  bool is_mapped() const { return mapped_ != nullptr; }
  void forget() const {
    if (mapped_) mapped_->forget();
  }

  bool operator==(const TokenizedCorpus& other) const;

 private:
  std::span<const int64_t> sentence_ends() const {
    return mapped_ ? mapped_->sentence_ends : std::span<const int64_t>(sentence_ends_);
  }
  std::span<const int64_t> document_ends() const {
    return mapped_ ? mapped_->document_ends : std::span<const int64_t>(document_ends_);
  }
  void check_own() const;

  std::vector<int32_t> ids_;
  std::vector<int64_t> sentence_ends_ = {0};
  std::vector<int64_t> document_ends_ = {0};
  std::shared_ptr<const CorpusArrays> mapped_;  // null: the three above
};

/// For a walk from the begin of a corpus to its end: forgets what was read, some millions of tokens at a
/// time.
class CorpusWalk {
 public:
  explicit CorpusWalk(const TokenizedCorpus& corpus) : corpus_(corpus) {}
  CorpusWalk(const CorpusWalk&) = delete;
  CorpusWalk& operator=(const CorpusWalk&) = delete;
  ~CorpusWalk() { corpus_.forget(); }

  /// The walk has come to document `d`.
  void at(int64_t d);

 private:
  const TokenizedCorpus& corpus_;
  int64_t forgotten_ = 0;  // the place in the tokens where it forgot last
  int64_t documents_ = 0;  // that it came to since then
};

/// Cuts the last of the documents, whose ends these are, as CorpusSink::cut_last_document says.
void cut_last(std::vector<int64_t>& document_ends, int64_t sentences);

/// Appends the documents to `sink`, in this order. @throws IndexError at a number that is no document.
void copy_documents(const TokenizedCorpus& corpus, std::span<const int64_t> documents, CorpusSink& sink);

struct CorpusOptions {
  /// Cuts a file that has no empty line into documents of this many sentences; 0 leaves it one document.
  int64_t block_sentences = 0;
  /// Called now and then with the bytes read so far; what it throws ends the reading.
  std::function<void(int64_t bytes)> on_read = {};
};

/// What a text was, before it became tokens.
struct TextFacts {
  int64_t bytes = 0;  ///< of its lines, without the white space around them
  int64_t lines = 0;  ///< that are not empty; what makes no token is among them
  uint64_t hash = 0;  ///< FNV-1a of the lines, empty ones and the ends of files told apart
  bool operator==(const TextFacts&) const = default;
};

/// Reads text files and tokenises them on num_threads() threads, on which the result does not depend. A
/// file's end ends a document. Memory holds the ids and a few thousand lines.
///
/// @throws as for_each_line, and FormatError if no sentence is found.
TokenizedCorpus read_corpus(const std::vector<std::filesystem::path>& files, const Tokenizer& tokenizer,
                            const CorpusOptions& options = {});
TokenizedCorpus read_corpus(const std::vector<std::filesystem::path>& files, const Tokenize& tokenize,
                            const CorpusOptions& options = {});

/// The same into `sink`, which is empty. Memory holds a few thousand lines.
TextFacts read_corpus_into(CorpusSink& sink, const std::vector<std::filesystem::path>& files,
                           const Tokenizer& tokenizer, const CorpusOptions& options = {});

/// The facts of text files, without tokenising them. @throws as for_each_line.
TextFacts facts_of(const std::vector<std::filesystem::path>& files);

/// The same for text in memory, for example that of the toy world; `name` stands for the file in messages.
TokenizedCorpus tokenize_corpus(std::string_view text, const std::string& name, const Tokenizer& tokenizer,
                                const CorpusOptions& options = {});
TokenizedCorpus tokenize_corpus(std::string_view text, const std::string& name, const Tokenize& tokenize,
                                const CorpusOptions& options = {});

/// Training and held-out documents.
struct CorpusSplit {
  TokenizedCorpus training, held_out;
};

/// The numbers of the documents of either part, rising.
struct DocumentSplit {
  std::vector<int64_t> training, held_out;
};

/// Draws which of `documents` documents are held out: round(fraction * documents), at least one; the same
/// seed draws the same.
///
/// @throws FormatError unless 0 < fraction < 1 and both parts get a document.
DocumentSplit draw_split(int64_t documents, double fraction, uint64_t seed);

/// The documents of draw_split, as corpora in memory. Both parts keep the order of the corpus.
CorpusSplit split_corpus(const TokenizedCorpus& corpus, double fraction, uint64_t seed);

}  // namespace gradus::bert
