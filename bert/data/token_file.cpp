#include "bert/data/token_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <utility>

#include "autograd/error.hpp"
#include "autograd/system_reason.hpp"
#include "bert/data/token_file_format.hpp"

namespace gradus::bert {
namespace fs = std::filesystem;
using namespace token_file;
namespace {

static_assert(std::endian::native == std::endian::little, "token files are mapped as they are");

// ---- The header ----

/// What stands after the magic, as it lies in the file.
struct Header {
  uint32_t version, id_bytes;
  uint64_t tokenizer_hash;
  int64_t block_sentences, documents, sentences, tokens, text_bytes, text_lines;
  uint64_t text_hash;
  std::array<uint64_t, 4> unused;
  uint64_t check;  // FNV-1a of all before it
};
static_assert(magic.size() + sizeof(Header) == header_bytes);

TokenFileInfo info_of(const std::string& bytes, const std::string& name) {
  if (bytes.empty()) fail<FormatError>("{}: this file is empty, so it is no token file", name);
  if (!std::string_view(bytes).starts_with(magic.substr(0, std::min(magic.size(), bytes.size()))))
    fail<FormatError>("{}: this is no token file; gradus tokenize --corpus makes one", name);
  if (bytes.size() < header_bytes)
    fail<FormatError>("{}: this token file is cut off within its header; make it again", name);
  Header header;
  std::memcpy(&header, bytes.data() + magic.size(), sizeof(header));
  if (header.version != TokenFileInfo::current_version)
    fail<FormatError>("{}: this token file has version {}, and this program reads version {}; make it again",
                      name, header.version, TokenFileInfo::current_version);
  TokenFileInfo info{.version = header.version,
                     .id_bytes = header.id_bytes,
                     .tokenizer_hash = header.tokenizer_hash,
                     .block_sentences = header.block_sentences,
                     .documents = header.documents,
                     .sentences = header.sentences,
                     .tokens = header.tokens,
                     .text = {header.text_bytes, header.text_lines, header.text_hash}};
  if (to_bytes(info) != bytes.substr(0, header_bytes) || (info.id_bytes != 2 && info.id_bytes != 4))
    fail<FormatError>("{}: the header of this token file is damaged; make it again", name);
  return info;
}

// ---- Reading ----

struct Descriptor {
  int number;
  Descriptor(int n) : number(n) {}  // NOLINT: it is one
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

/// A token file that is open for reading, and as long as its header says.
class OpenFile {
 public:
  explicit OpenFile(const fs::path& file) : descriptor_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {
    const std::string name = file.string();
    if (descriptor_.number < 0 && errno == ENOENT)
      fail<IoError>("cannot read {}: there is no such file", name);
    struct stat status {};
    if (descriptor_.number < 0 || ::fstat(descriptor_.number, &status) != 0)
      fail<IoError>("cannot read {}: {}", name, system_reason(errno));
    if (S_ISDIR(status.st_mode)) fail<IoError>("cannot read {}: it is a folder, not a file", name);
    std::string begin(header_bytes, '\0');
    const ssize_t got = ::pread(descriptor_.number, begin.data(), begin.size(), 0);
    if (got < 0) fail<IoError>("cannot read {}: {}", name, system_reason(errno));
    begin.resize(static_cast<size_t>(got));
    info_ = info_of(begin, name);
    const auto size = static_cast<size_t>(status.st_size), wanted = file_size(info_);
    if (size != wanted)
      fail<FormatError>("{}: this token file has {} bytes, and its header says {}; make it again", name, size,
                        wanted);
  }

  int descriptor() const { return descriptor_.number; }
  const TokenFileInfo& info() const { return info_; }

 private:
  Descriptor descriptor_;
  TokenFileInfo info_;
};

/// The file's bytes in memory, as long as it lives.
class Mapping {
 public:
  Mapping(const OpenFile& file, const std::string& name) : size_(file_size(file.info())) {
    begin_ = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.descriptor(), 0);
    if (begin_ == MAP_FAILED) fail<IoError>("cannot map {}: {}", name, system_reason(errno));
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { ::munmap(begin_, size_); }

  template <class T>
  std::span<const T> part(size_t at, int64_t count) const {
    return {reinterpret_cast<const T*>(static_cast<const char*>(begin_) + at), static_cast<size_t>(count)};
  }
  /// The pages are the file's and unchanged, so nothing is lost: they are read again when they are needed.
  void forget() const { ::madvise(begin_, size_, MADV_DONTNEED); }

 private:
  size_t size_;
  void* begin_;
};

/// Whether `ends` begin with 0, rise, and come to `last`. What was looked at is forgotten now and then.
bool rise(std::span<const int64_t> ends, int64_t last, const Mapping& mapping) {
  constexpr size_t stretch = size_t{1} << 22;
  for (size_t i = 1; i < ends.size(); ++i) {
    if (ends[i - 1] >= ends[i]) return false;
    if (i % stretch == 0) mapping.forget();
  }
  const bool whole = ends.front() == 0 && ends.back() == last;
  mapping.forget();
  return whole;
}

TokenizedCorpus map(const OpenFile& file, const std::string& name) {
  const TokenFileInfo& info = file.info();
  const auto mapping = std::make_shared<const Mapping>(file, name);
  CorpusArrays arrays;
  if (info.id_bytes == 2)
    arrays.ids = mapping->part<uint16_t>(header_bytes, info.tokens);
  else
    arrays.ids = mapping->part<int32_t>(header_bytes, info.tokens);
  arrays.sentence_ends = mapping->part<int64_t>(sentences_at(info), info.sentences + 1);
  arrays.document_ends = mapping->part<int64_t>(documents_at(info), info.documents + 1);
  if (!rise(arrays.sentence_ends, info.tokens, *mapping) ||
      !rise(arrays.document_ends, info.sentences, *mapping))
    fail<FormatError>(
        "{}: this token file is damaged: its sentences or documents do not follow each other; make "
        "it again",
        name);
  arrays.keeper = mapping;
  arrays.forget = [mapping] { mapping->forget(); };
  return TokenizedCorpus(std::move(arrays));
}

}  // namespace

std::string token_file::to_bytes(const TokenFileInfo& info) {
  Header header{.version = info.version,
                .id_bytes = info.id_bytes,
                .tokenizer_hash = info.tokenizer_hash,
                .block_sentences = info.block_sentences,
                .documents = info.documents,
                .sentences = info.sentences,
                .tokens = info.tokens,
                .text_bytes = info.text.bytes,
                .text_lines = info.text.lines,
                .text_hash = info.text.hash,
                .unused = {},
                .check = 0};
  std::string bytes(magic);
  bytes.append(reinterpret_cast<const char*>(&header), sizeof(header));
  Hash hash;
  hash.add(std::string_view(bytes).substr(0, header_bytes - sizeof(header.check)));
  header.check = hash.value();
  std::memcpy(bytes.data() + header_bytes - sizeof(header.check), &header.check, sizeof(header.check));
  return bytes;
}

uint64_t tokenizer_hash(const Tokenizer& tokenizer) {
  Hash hash;
  for (const std::string& piece : tokenizer.vocab().pieces()) hash.add_text(piece);
  const BertNormalizer& n = tokenizer.normalizer();
  hash.add_text(fmt::format("{} {} {} {} {} {}", n.clean_text, n.handle_chinese_chars, n.strips_accents(),
                            n.lowercase, n.google, tokenizer.max_word_chars()));
  for (const std::string& token : tokenizer.extra_specials()) hash.add_text("special " + token);
  for (const std::string& token : tokenizer.added_words()) hash.add_text("word " + token);
  return hash.value();
}

bool is_token_file(const fs::path& file) {
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return false;
  std::string begin(magic.size(), '\0');
  std::ifstream stream(file, std::ios::binary);
  return stream.read(begin.data(), static_cast<std::streamsize>(begin.size())) && begin == magic;
}

TokenFileInfo read_token_file_info(const fs::path& file) { return OpenFile(file).info(); }

TokenizedCorpus token_file::map_token_file(const fs::path& file) {
  return map(OpenFile(file), file.string());
}

TokenizedCorpus open_token_file(const fs::path& file, const Tokenizer& tokenizer) {
  const OpenFile open(file);
  if (open.info().tokenizer_hash != tokenizer_hash(tokenizer))
    fail<FormatError>(
        "{}: this token file was made with another vocabulary or other settings of the tokenizer; make "
        "it again with this one",
        file.string());
  return map(open, file.string());
}

}  // namespace gradus::bert
