// The half of token_file.hpp that writes.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "autograd/system_reason.hpp"
#include "bert/data/token_file.hpp"
#include "bert/data/token_file_format.hpp"

namespace gradus::bert {
namespace fs = std::filesystem;
using namespace token_file;
namespace {

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

template <class T>
std::string_view bytes_of(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

/// Bytes that wait on the disk, in a file without a name, until they are asked for.
class Spool {
 public:
  explicit Spool(const fs::path& folder) : folder_(folder.string()) {
    std::string name = (folder / ".spool.XXXXXX").string();
    descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor_ < 0) fail<IoError>("cannot write in {}: {}", folder_, system_reason(errno));
    ::unlink(name.c_str());
  }
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  ~Spool() { ::close(descriptor_); }

  void add(std::string_view bytes) {
    waiting_.append(bytes);
    if (waiting_.size() >= block) write_out();
  }

  void copy_to(AtomicFile& file) {
    write_out();
    std::string part(block, '\0');
    for (off_t at = 0;;) {
      const ssize_t got = ::pread(descriptor_, part.data(), part.size(), at);
      if (got < 0)
        fail<IoError>("cannot read back what was written in {}: {}", folder_, system_reason(errno));
      if (got == 0) return;
      file.write(std::string_view(part).substr(0, static_cast<size_t>(got)));
      at += got;
    }
  }

 private:
  static constexpr size_t block = size_t{1} << 20;

  void write_out() {
    for (std::string_view left = waiting_; !left.empty();) {
      const ssize_t done = ::write(descriptor_, left.data(), left.size());
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) fail<IoError>("cannot write in {}: {}", folder_, system_reason(errno));
      left.remove_prefix(static_cast<size_t>(done));
    }
    waiting_.clear();
  }

  std::string folder_, waiting_;
  int descriptor_ = -1;
};

/// The header needs the counts, so ids and ends wait until all are there.
class TokenFileWriter final : public CorpusSink {
 public:
  TokenFileWriter(fs::path file, int64_t vocabulary)
      : file_(std::move(file)), ids_(folder_of(file_)), sentence_ends_(folder_of(file_)) {
    info_.id_bytes = vocabulary <= 65536 ? 2 : 4;
    add_sentence_end();
  }

  int64_t documents() const override { return static_cast<int64_t>(document_ends_.size()) - 1; }

  void add_sentence(TokenIds ids) override {
    if (ids.empty()) return;
    if (info_.id_bytes == 2) {
      narrow_.assign(ids.begin(), ids.end());
      ids_.add(bytes_of<uint16_t>(narrow_));
    } else {
      wide_.assign(ids.begin(), ids.end());
      ids_.add(bytes_of<int32_t>(wide_));
    }
    info_.tokens += static_cast<int64_t>(ids.size());
    ++info_.sentences;
    add_sentence_end();
  }
  void end_document() override {
    if (info_.sentences > document_ends_.back()) document_ends_.push_back(info_.sentences);
  }
  void cut_last_document(int64_t sentences) override { cut_last(document_ends_, sentences); }

  TokenFileInfo commit(uint64_t tokenizer, int64_t block_sentences, const TextFacts& text) {
    info_.tokenizer_hash = tokenizer;
    info_.block_sentences = block_sentences;
    info_.documents = documents();
    info_.text = text;
    const size_t filling = ids_size(info_) - static_cast<size_t>(info_.tokens) * info_.id_bytes;
    ids_.add(std::string(filling, '\0'));
    AtomicFile out(file_);
    out.write(to_bytes(info_));
    ids_.copy_to(out);
    sentence_ends_.copy_to(out);
    out.write(bytes_of<int64_t>(document_ends_));
    out.commit();
    return info_;
  }

 private:
  void add_sentence_end() {
    sentence_ends_.add(bytes_of<int64_t>(std::span(&std::as_const(info_.tokens), 1)));
  }

  fs::path file_;
  TokenFileInfo info_;
  Spool ids_, sentence_ends_;
  std::vector<int64_t> document_ends_ = {0};
  std::vector<uint16_t> narrow_;  // the ids of a sentence
  std::vector<int32_t> wide_;
};

}  // namespace

TokenFileInfo write_token_file(const fs::path& file, const std::vector<fs::path>& texts,
                               const Tokenizer& tokenizer, const CorpusOptions& options) {
  TokenFileWriter writer(file, tokenizer.vocab().size());
  const TextFacts text = read_corpus_into(writer, texts, tokenizer, options);
  return writer.commit(tokenizer_hash(tokenizer), options.block_sentences, text);
}

TokenizedCorpus select_on_disk(const TokenizedCorpus& corpus, std::span<const int64_t> documents,
                               int64_t vocabulary, const fs::path& beside) {
  // A name as AtomicFile's siblings have: what a killed process leaves is removed with them.
  static std::atomic<unsigned> number = 0;
  const fs::path place = folder_of(beside) / fmt::format(".part.{}-{}.tmp", ::getpid(), number++);
  TokenFileWriter writer(place, vocabulary);
  copy_documents(corpus, documents, writer);
  writer.commit(0, 0, {});
  TokenizedCorpus part = map_token_file(place);
  std::error_code ignored;
  fs::remove(place, ignored);
  return part;
}

}  // namespace gradus::bert
