/// @file
/// A corpus: documents of sentences of token ids, made from text.
///
/// The text has a sentence a line and an empty line between documents (the format of Devlin et al. 2018,
/// create_pretraining_data).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bert/text/lines.hpp"
#include "bert/tokenizer/tokenizer.hpp"

namespace gradus::bert {

/// Appends the token ids of one sentence to `ids`. It is called from several threads at once.
using Tokenize = std::function<void(std::string_view sentence, std::vector<int32_t>& ids)>;

/// Documents of sentences of token ids in three flat arrays, four bytes a token. Sentences are numbered
/// through the whole corpus, so that a run of sentences of one document is one span of ids.
class TokenizedCorpus {
 public:
  int64_t documents() const { return static_cast<int64_t>(document_ends_.size()) - 1; }
  int64_t sentences() const { return static_cast<int64_t>(sentence_ends_.size()) - 1; }
  int64_t tokens() const { return static_cast<int64_t>(ids_.size()); }

  /// The number of a document's first sentence, and that of the sentence after its last.
  int64_t first_sentence(int64_t document) const { return document_ends_[static_cast<size_t>(document)]; }
  int64_t end_sentence(int64_t document) const { return document_ends_[static_cast<size_t>(document) + 1]; }

  /// All token ids, and the place in them where sentence i begins; for i = sentences(), where the last ends.
  std::span<const int32_t> ids() const { return ids_; }
  int64_t begin_of(int64_t i) const { return sentence_ends_[static_cast<size_t>(i)]; }

  /// The token ids of the sentences [first, end), and how many they are.
  std::span<const int32_t> run(int64_t first, int64_t end) const;
  int64_t length(int64_t first, int64_t end) const { return begin_of(end) - begin_of(first); }
  std::span<const int32_t> sentence(int64_t i) const { return run(i, i + 1); }
  std::span<const int32_t> document(int64_t d) const { return run(first_sentence(d), end_sentence(d)); }

  /// Appends a sentence to the open document. A sentence without ids is left out.
  void add_sentence(std::span<const int32_t> ids);
  /// Closes the open document. A document without sentences is left out.
  void end_document();
  /// Cuts the last document into documents of `sentences` sentences; the last of them may have fewer.
  void cut_last_document(int64_t sentences);

  /// A corpus of these documents, in this order. @throws IndexError at a number that is no document.
  TokenizedCorpus select(std::span<const int64_t> documents) const;

  bool operator==(const TokenizedCorpus&) const = default;

 private:
  std::vector<int32_t> ids_;
  std::vector<int64_t> sentence_ends_ = {0};  // [sentences + 1] into ids_
  std::vector<int64_t> document_ends_ = {0};  // [documents + 1] into the sentences
};

struct CorpusOptions {
  /// Cuts a file that has no empty line into documents of this many sentences; 0 leaves it one document.
  int64_t block_sentences = 0;
};

/// Reads text files and tokenises them on num_threads() threads, on which the result does not depend. A
/// file's end ends a document. Memory holds the ids and a few thousand lines.
///
/// @throws as for_each_line, and FormatError if no sentence is found.
TokenizedCorpus read_corpus(const std::vector<std::filesystem::path>& files, const Tokenizer& tokenizer,
                            const CorpusOptions& options = {});
TokenizedCorpus read_corpus(const std::vector<std::filesystem::path>& files, const Tokenize& tokenize,
                            const CorpusOptions& options = {});

/// The same for text in memory, for example that of the toy world; `name` stands for the file in messages.
TokenizedCorpus tokenize_corpus(std::string_view text, const std::string& name, const Tokenizer& tokenizer,
                                const CorpusOptions& options = {});
TokenizedCorpus tokenize_corpus(std::string_view text, const std::string& name, const Tokenize& tokenize,
                                const CorpusOptions& options = {});

/// Training and held-out documents.
struct CorpusSplit {
  TokenizedCorpus training, held_out;
};

/// Holds out round(fraction * documents), at least one, drawn at random; the same seed draws the same. Both
/// parts keep the order of the corpus.
///
/// @throws FormatError unless 0 < fraction < 1 and both parts get a document.
CorpusSplit split_corpus(const TokenizedCorpus& corpus, double fraction, uint64_t seed);

}  // namespace gradus::bert
