// Token files: what is written is what the text gives, and what is damaged is refused in one sentence.
#include "bert/data/token_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "autograd/random.hpp"
#include "autograd/threads.hpp"
#include "bert/data/pretraining_data.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;
using namespace gradus::bert;

namespace fs = std::filesystem;

namespace {

const std::vector<std::string> specials = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

/// Words w0 ... as many as fill a vocabulary of this size.
Tokenizer tokenizer_of(size_t pieces, const BertNormalizer& normalizer = {}) {
  std::vector<std::string> all = specials;
  while (all.size() < pieces) all.push_back("w" + std::to_string(all.size() - specials.size()));
  return Tokenizer(Vocab(std::move(all)), normalizer);
}

/// Documents of one to seven sentences of the words w0 ... w49; some lines make no token, some are unknown.
std::string made_text(int documents) {
  std::string text;
  Rng rng(1);
  for (int d = 0; d < documents; ++d) {
    const int64_t sentences = rng.between(1, 7);
    for (int64_t s = 0; s < sentences; ++s) {
      for (int64_t words = rng.between(3, 11); words > 0; --words) text += fmt::format("w{} ", rng.below(50));
      text += rng.chance(0.05) ? "strange\n" : "\n";
    }
    text += "\n";
  }
  return text;
}

struct Files {
  TemporaryFolder folder;
  fs::path text = folder / "text.txt", other = folder / "other.txt", tokens = folder / "text.tokens";
  Tokenizer tokenizer = tokenizer_of(60);

  Files() {
    write_file_atomically(text, made_text(400));
    write_file_atomically(other, "w1 w2\nw3\n\xE2\x80\x8E\xC2\xAD\nw4\n");  // its third line has no token
  }
  /// Writes the token file of both texts, changed by `change`, and opens it.
  template <class Change>
  void damaged(Change change) const {
    write_token_file(tokens, {text, other}, tokenizer);
    std::string bytes = read_file(tokens);
    change(bytes);
    write_file_atomically(tokens, bytes);
    open_token_file(tokens, tokenizer);
  }
  std::string named(const std::string& what) const { return tokens.string() + ": " + what; }
};

}  // namespace

TEST_CASE("a token file gives the corpus of its text, with ids of two bytes and of four") {
  const Files files;
  for (const size_t pieces : {60, 65536, 65537}) {
    const Tokenizer tokenizer = tokenizer_of(pieces);
    write_file_atomically(files.other, "w" + std::to_string(pieces - 6) + " w0\nw1\n");  // the last piece
    for (const int64_t blocks : {0, 1}) {
      const std::vector<fs::path> texts = {files.text, files.other};
      const TokenFileInfo info =
          write_token_file(files.tokens, texts, tokenizer, {.block_sentences = blocks});
      const TokenizedCorpus expected = read_corpus(texts, tokenizer, {.block_sentences = blocks});
      const TokenizedCorpus corpus = open_token_file(files.tokens, tokenizer);
      CHECK(corpus == expected);
      CHECK(corpus.is_mapped());
      CHECK(corpus.ids()[corpus.ids().size() - 3] == static_cast<int32_t>(pieces - 1));
      CHECK(info.id_bytes == (pieces <= 65536 ? 2 : 4));
      CHECK(info.block_sentences == blocks);
      CHECK(info.documents == expected.documents());
      CHECK(info.sentences == expected.sentences());
      CHECK(info.tokens == expected.tokens());
      CHECK(info.text == facts_of(texts));
      CHECK(read_token_file_info(files.tokens) == info);
      CHECK(is_token_file(files.tokens));
    }
  }
  CHECK(!is_token_file(files.text));
  CHECK(!is_token_file(files.folder.path()));
  CHECK(!is_token_file(files.folder / "none"));
}

TEST_CASE("the facts of a text tell lines, documents and files apart") {
  const Files files;
  const auto facts = [&](const std::string& first, const std::string& second) {
    write_file_atomically(files.text, first);
    write_file_atomically(files.other, second);
    return facts_of({files.text, files.other});
  };
  const TextFacts one = facts("a b\n\nc\n", "d\n");
  CHECK(one.bytes == 5);
  CHECK(one.lines == 3);
  CHECK(one == facts(" a b\r\n\r\nc", "d"));  // as it is read
  for (const TextFacts& other :
       {facts("a b\nc\n", "d\n"), facts("a b\n\n", "c\nd\n"), facts("a b\n\nc\nd\n", ""),
        facts("a\nb\n\nc\n", "d\n"), facts("a c\n\nb\n", "d\n")})
    CHECK(other.hash != one.hash);
}

TEST_CASE("a token file's bytes do not depend on the number of threads") {
  const Files files;
  const int threads = num_threads();
  std::string first;
  for (const int n : {1, 2, 5}) {
    set_num_threads(n);
    write_token_file(files.tokens, {files.text}, files.tokenizer);
    if (n == 1) first = read_file(files.tokens);
    CHECK((read_file(files.tokens) == first));
  }
  set_num_threads(threads);
}

TEST_CASE("rows from a token file are those of the text") {
  const Files files;
  write_token_file(files.tokens, {files.text}, files.tokenizer);
  const MaskingVocabulary pieces = MaskingVocabulary::of(files.tokenizer);
  for (const bool pairs : {true, false}) {
    const PretrainingOptions options{.max_length = 32, .next_sentence = pairs, .seed = 3};
    const PretrainingData text(std::make_shared<TokenizedCorpus>(read_corpus({files.text}, files.tokenizer)),
                               pieces, options);
    const PretrainingData mapped(
        std::make_shared<TokenizedCorpus>(open_token_file(files.tokens, files.tokenizer)), pieces, options);
    const EpochPlan plan = text.plan_epoch(2);
    CHECK((mapped.plan_epoch(2).examples == plan.examples));
    for (int64_t row = 0; row < plan.size();
         row += 8)  // more batches than it takes until pages are forgotten
      CHECK((mapped.batch(plan, row, 8) == text.batch(plan, row, 8)));
    CHECK(plan.size() > 64 * 8);
  }
}

TEST_CASE("documents that are chosen onto the disk are those that are chosen in memory, and leave no file") {
  const Files files;
  const TokenizedCorpus corpus = read_corpus({files.text}, files.tokenizer);
  const std::vector<int64_t> chosen = {3, 4, 17, 390};
  fs::remove(files.tokens);
  const TokenizedCorpus part = select_on_disk(corpus, chosen, 60, files.tokens);
  CHECK(part.is_mapped());
  CHECK(part == corpus.select(chosen));
  CHECK(std::distance(fs::directory_iterator(files.folder.path()), {}) == 2);  // the texts
  CHECK_THROWS_WITH(select_on_disk(corpus, std::vector<int64_t>{400}, 60, files.tokens),
                    "corpus: no document 400 among 400");
  TokenizedCorpus fixed = part;
  CHECK_THROWS_WITH(fixed.add_sentence(std::vector<int32_t>{5}),
                    "corpus: nothing can be added to one that lies in a file");
}

TEST_CASE("a token file that is not written to its end is not there") {
  const Files files;
  struct Stop {};
  int64_t read = 0;
  const CorpusOptions stops{.on_read = [&](int64_t bytes) {
    read = bytes;
    throw Stop();
  }};
  CHECK_THROWS_AS(write_token_file(files.tokens, {files.text}, files.tokenizer, stops), Stop);
  CHECK(read > 0);
  CHECK(std::distance(fs::directory_iterator(files.folder.path()), {}) == 2);  // the texts
  CHECK_THROWS_WITH(write_token_file(files.folder / "no/text.tokens", {files.text}, files.tokenizer),
                    "cannot write in " + (files.folder / "no").string() + ": No such file or directory");
  write_file_atomically(files.text, "\n\n");
  CHECK_THROWS_WITH(write_token_file(files.tokens, {files.text}, files.tokenizer),
                    files.text.string() + ": no sentence found: the text is empty");
  CHECK(!fs::exists(files.tokens));
}

TEST_CASE("what is no whole token file is refused in one sentence") {
  const Files files;
  const auto cut_to = [](size_t size) { return [=](std::string& bytes) { bytes.resize(size); }; };
  const auto put = [](size_t at, int64_t number) {
    return [=](std::string& bytes) { std::memcpy(bytes.data() + at, &number, sizeof(number)); };
  };
  CHECK_THROWS_WITH(open_token_file(files.tokens, files.tokenizer),
                    "cannot read " + files.tokens.string() + ": there is no such file");
  CHECK_THROWS_WITH(open_token_file(files.folder.path(), files.tokenizer),
                    "cannot read " + files.folder.path().string() + ": it is a folder, not a file");
  CHECK_THROWS_WITH(files.damaged(cut_to(0)), files.named("this file is empty, so it is no token file"));
  CHECK_THROWS_WITH(files.damaged(cut_to(100)),
                    files.named("this token file is cut off within its header; make it again"));
  CHECK_THROWS_WITH(open_token_file(files.text, files.tokenizer),
                    files.text.string() + ": this is no token file; gradus tokenize --corpus makes one");
  write_token_file(files.tokens, {files.text, files.other}, files.tokenizer);
  const size_t size = fs::file_size(files.tokens);
  for (const size_t other : {size - 1, size / 2, size + 8})
    CHECK_THROWS_WITH(files.damaged(cut_to(other)),
                      files.named("this token file has " + std::to_string(other) +
                                  " bytes, and its header says " + std::to_string(size) + "; make it again"));
  CHECK_THROWS_WITH(
      files.damaged(put(16, (int64_t{2} << 32) + 7)),
      files.named("this token file has version 7, and this program reads version 1; make it again"));
  CHECK_THROWS_WITH(files.damaged(put(40, 3)),
                    files.named("the header of this token file is damaged; make it again"));
  const std::string other =
      "this token file was made with another vocabulary or other settings of the tokenizer; make it again "
      "with this "
      "one";
  files.damaged([](std::string&) {});  // it opens
  CHECK_THROWS_WITH(open_token_file(files.tokens, tokenizer_of(61)), files.named(other));
  CHECK_THROWS_WITH(open_token_file(files.tokens, tokenizer_of(60, {.lowercase = false})),
                    files.named(other));
  const std::string damaged =
      "this token file is damaged: its sentences or documents do not follow each other; make it again";
  CHECK_THROWS_WITH(files.damaged(put(size - 8, 1)), files.named(damaged));   // the end of the last document
  CHECK_THROWS_WITH(files.damaged(put(size - 16, 0)), files.named(damaged));  // and of the one before
}

TEST_CASE("all that decides about ids is in a tokenizer's hash") {
  const uint64_t plain = tokenizer_hash(tokenizer_of(60));
  CHECK(plain == tokenizer_hash(tokenizer_of(60)));
  const Vocab vocab = tokenizer_of(60).vocab();
  for (const BertNormalizer& normalizer :
       {BertNormalizer{.clean_text = false}, BertNormalizer{.handle_chinese_chars = false},
        BertNormalizer{.strip_accents = false}, BertNormalizer{.lowercase = false},
        BertNormalizer{.google = true}})
    CHECK(tokenizer_hash(Tokenizer(vocab, normalizer)) != plain);
  CHECK(tokenizer_hash(Tokenizer(vocab, {}, 50)) != plain);
  CHECK(tokenizer_hash(Tokenizer(vocab, {}, 100, {"w3"})) != plain);
  CHECK(tokenizer_hash(Tokenizer(vocab, {}, 100, {}, {"w3"})) != plain);
  CHECK(tokenizer_hash(Tokenizer(vocab, {}, 100, {}, {"w3"})) !=
        tokenizer_hash(Tokenizer(vocab, {}, 100, {"w3"})));
  std::vector<std::string> moved = vocab.pieces();
  std::swap(moved[10], moved[11]);
  CHECK(tokenizer_hash(Tokenizer(Vocab(moved))) != plain);
}

TEST_CASE("planned rows keep what they are given, in 16 bytes, and refuse what is too long") {
  PlannedRows rows;
  const std::vector<ExamplePlan> plans = {
      {0, 5, 5, 9, 0},
      {7, 9, 3, 4, 1},
      {12, 20, 20, 20, no_label},
      {PlannedRows::most_tokens - 9, PlannedRows::most_tokens, 0, PlannedRows::longest, 1}};
  for (const ExamplePlan& plan : plans) rows.push_back(plan);
  CHECK(rows.size() == plans.size());
  CHECK(std::equal(rows.begin(), rows.end(), plans.begin(), plans.end()));
  CHECK_THROWS_WITH(
      rows.push_back({0, PlannedRows::longest + 1, 0, 0, no_label}),
      "a row of 8388608 and 0 pieces is longer than 8388607, or its text longer than 1099511627776 "
      "tokens");
}
