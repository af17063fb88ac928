#include "bert/corpus.hpp"

#include <numeric>
#include <set>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "autograd/kernels/parallel.hpp"
#include "corpus_helpers.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;
using namespace gradus::bert;
using gradus::bert::testing::WordTable;

namespace {

std::filesystem::path write(const TemporaryFolder& folder, const std::string& name, std::string_view bytes) {
  write_file_atomically(folder / name, bytes);
  return folder / name;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for_each_line(text, "memory", [&](std::string_view line) { lines.emplace_back(line); });
  return lines;
}

std::vector<int64_t> document_sizes(const TokenizedCorpus& corpus) {
  std::vector<int64_t> sizes;
  for (int64_t d = 0; d < corpus.documents(); ++d)
    sizes.push_back(corpus.end_sentence(d) - corpus.first_sentence(d));
  return sizes;
}

TokenizedCorpus corpus_of(std::string_view text, const CorpusOptions& options = {}) {
  const WordTable words = WordTable::of(text);
  return tokenize_corpus(text, "memory", words.tokenizer(), options);
}

}  // namespace

TEST_CASE("lines end with LF, CRLF or the file, and are trimmed") {
  CHECK(lines_of("a b\r\n\n  c \t\nd") == std::vector<std::string>{"a b", "", "c", "d"});
  CHECK(lines_of("") == std::vector<std::string>{});
  CHECK(lines_of("\n") == std::vector<std::string>{""});
  CHECK(lines_of("\xEF\xBB\xBFx\n") == std::vector<std::string>{"x"});
}

TEST_CASE("well-formed UTF-8 is told from the rest") {
  const auto npos = std::string_view::npos;
  for (const char* good : {"", "plain", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xEF\xBF\xBD",
                           "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF", "\xEE\x80\x80"})
    CHECK(find_invalid_utf8(good) == npos);
  const std::vector<std::pair<std::string, std::size_t>> bad = {{"ab\xFF", 2},
                                                                {"\x80", 0},
                                                                {"a\xC3", 1},
                                                                {"\xC0\xAF", 0},
                                                                {"\xE0\x9F\xBF", 0},
                                                                {"\xED\xA0\x80", 0},
                                                                {"\xF0\x8F\xBF\xBF", 0},
                                                                {"\xF4\x90\x80\x80", 0},
                                                                {"\xF5\x80\x80\x80", 0},
                                                                {"\xE2\x82", 0},
                                                                {"x\xE2\x28\xA1", 1},
                                                                {"\xF0\x9F\x98z", 0}};
  for (const auto& [text, place] : bad) CHECK(find_invalid_utf8(text) == place);
}

TEST_CASE("a file that is not text is refused by name and line") {
  TemporaryFolder folder;
  const auto ignore = [](std::string_view) {};
  const auto nul = write(folder, "nul.txt", std::string_view("one\ntwo \0 three\n", 16));
  CHECK_THROWS_WITH(for_each_line(nul, ignore),
                    nul.string() + ", line 2: a NUL byte: this is not a text file");
  CHECK_THROWS_AS(for_each_line(nul, ignore), FormatError);
  const auto latin = write(folder, "latin.txt", "caf\xE9 au lait\n");
  CHECK_THROWS_WITH(for_each_line(latin, ignore),
                    latin.string() + ", line 1: byte 4 (0xE9) is not UTF-8: save the file as UTF-8");
  CHECK_THROWS_AS(for_each_line(latin, ignore), FormatError);
  const auto utf16 = write(folder, "utf16.txt", std::string_view("\xFF\xFEh\0i\0", 6));
  CHECK_THROWS_AS(for_each_line(utf16, ignore), FormatError);
}

TEST_CASE("a missing file and a directory are told apart") {
  TemporaryFolder folder;
  const auto ignore = [](std::string_view) {};
  const auto missing = folder.path() / "none.txt";
  CHECK_THROWS_WITH(for_each_line(missing, ignore),
                    "cannot read " + missing.string() + ": there is no such file");
  CHECK_THROWS_AS(for_each_line(missing, ignore), IoError);
  CHECK_THROWS_WITH(for_each_line(folder.path(), ignore),
                    "cannot read " + folder.path().string() + ": it is a directory, not a file");
  CHECK_THROWS_AS(for_each_line(folder.path(), ignore), IoError);
}

TEST_CASE("lines longer than a block, and lines across blocks, arrive whole") {
  TemporaryFolder folder;
  std::string text;
  std::vector<std::size_t> lengths;
  for (const std::size_t n : {std::size_t{700000}, std::size_t{700001}, std::size_t{3000000}, std::size_t{1},
                              (std::size_t{1} << 20) - 1}) {
    text += std::string(n, 'x') + "\n";
    lengths.push_back(n);
  }
  std::vector<std::size_t> seen;
  for_each_line(write(folder, "long.txt", text), [&](std::string_view line) { seen.push_back(line.size()); });
  CHECK(seen == lengths);
}

TEST_CASE("documents are separated by empty lines, however many") {
  const auto corpus = corpus_of("\n\na b c\nd\n\n\n  \ne f\n\ng\nh\ni\n");
  CHECK(document_sizes(corpus) == std::vector<int64_t>{2, 1, 3});
  CHECK(corpus.sentences() == 6);
  CHECK(corpus.tokens() == 9);
  CHECK(corpus.length(0, 2) == 4);
  const auto run = corpus.run(1, 3);
  CHECK(std::vector<int32_t>(run.begin(), run.end()) == std::vector<int32_t>{8, 9, 10});
  CHECK(corpus.document(2).size() == 3);
  CHECK(corpus.begin_of(corpus.sentences()) == 9);
}

TEST_CASE("the end of a file ends a document") {
  TemporaryFolder folder;
  const auto one = write(folder, "1.txt", "a\nb"), two = write(folder, "2.txt", "c\n\nd\n");
  const WordTable words({"a", "b", "c", "d"});
  CHECK(document_sizes(read_corpus({one, two}, words.tokenizer())) == std::vector<int64_t>{2, 1, 1});
}

TEST_CASE("a file without empty lines is one document, or blocks on request") {
  const std::string text = "a\nb\nc\nd\ne\n";
  CHECK(document_sizes(corpus_of(text)) == std::vector<int64_t>{5});
  CHECK(document_sizes(corpus_of(text, {.block_sentences = 2})) == std::vector<int64_t>{2, 2, 1});
  CHECK(document_sizes(corpus_of(text, {.block_sentences = 5})) == std::vector<int64_t>{5});
  CHECK(document_sizes(corpus_of("a\nb\nc\n\nd\n", {.block_sentences = 1})) == std::vector<int64_t>{3, 1});
  TemporaryFolder folder;
  const WordTable words = WordTable::of("a\nb\nc\n");
  const auto plain = write(folder, "1.txt", "a\nb\nc\n"), parted = write(folder, "2.txt", "a\nb\n\nc\n");
  CHECK(document_sizes(read_corpus({parted, plain}, words.tokenizer(), {.block_sentences = 1})) ==
        std::vector<int64_t>{2, 1, 1, 1, 1});
  CHECK_THROWS_WITH(corpus_of(text, {.block_sentences = -1}),
                    "corpus: block_sentences is -1, and must be 0 or more");
}

TEST_CASE("an empty corpus is refused by name") {
  TemporaryFolder folder;
  const auto empty = write(folder, "empty.txt", ""), blank = write(folder, "blank.txt", "\n \n\t\r\n");
  const WordTable words({"a"});
  CHECK_THROWS_WITH(read_corpus({empty, blank}, words.tokenizer()),
                    empty.string() + ", " + blank.string() + ": no sentence found: the text is empty");
  CHECK_THROWS_AS(read_corpus({empty}, words.tokenizer()), FormatError);
  CHECK_THROWS_WITH(read_corpus({}, words.tokenizer()), "corpus: no sentence found: the text is empty");
  CHECK_THROWS_WITH(corpus_of("\n\n"), "memory: no sentence found: the text is empty");
}

TEST_CASE("a line without tokens is no sentence and separates nothing") {
  const Tokenize skip_dots = [](std::string_view line, std::vector<int32_t>& ids) {
    if (line != ".") ids.push_back(static_cast<int32_t>(line.size()));
  };
  const auto corpus = tokenize_corpus("ab\n.\nabc\n\n.\n\nx\n", "memory", skip_dots);
  CHECK(document_sizes(corpus) == std::vector<int64_t>{2, 1});
}

TEST_CASE("the corpus does not depend on the number of threads") {
  std::string text;
  for (int i = 0; i < 30000; ++i) {
    text += "w" + std::to_string(i % 97) + " w" + std::to_string(i % 31) + "\n";
    if (i % 7 == 0) text += "\n";
  }
  const WordTable words = WordTable::of(text);
  const int before = num_threads();
  set_num_threads(1);
  const auto one = tokenize_corpus(text, "memory", words.tokenizer());
  set_num_threads(5);
  const auto five = tokenize_corpus(text, "memory", words.tokenizer());
  set_num_threads(before);
  CHECK(one.sentences() == 30000);
  CHECK(one == five);
}

TEST_CASE("the first line that cannot be tokenised is the one reported") {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "line " + std::to_string(i) + "\n";
  const Tokenize fussy = [](std::string_view line, std::vector<int32_t>& ids) {
    if (line.ends_with("777")) fail<FormatError>("cannot tokenise {}", line);
    ids.push_back(5);
  };
  const int before = num_threads();
  set_num_threads(4);
  CHECK_THROWS_WITH(tokenize_corpus(text, "memory", fussy), "cannot tokenise line 777");
  set_num_threads(before);
}

TEST_CASE("a split parts the documents, the same way for the same seed") {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "d" + std::to_string(i) + "\nend\n\n";
  const auto corpus = corpus_of(text);
  const auto split = split_corpus(corpus, 0.1, 7), again = split_corpus(corpus, 0.1, 7);
  CHECK(split.held_out.documents() == 4);
  CHECK(split.training.documents() == 36);
  CHECK((split.training == again.training && split.held_out == again.held_out));
  CHECK_FALSE(split.held_out == split_corpus(corpus, 0.1, 8).held_out);
  std::set<int32_t> firsts;
  for (const auto* part : {&split.training, &split.held_out})
    for (int64_t d = 0; d < part->documents(); ++d) firsts.insert(part->document(d)[0]);
  CHECK(firsts.size() == 40);
}

TEST_CASE("a split keeps at least one document on each side") {
  const auto corpus = corpus_of("a\n\nb\n");
  CHECK(split_corpus(corpus, 0.001, 1).held_out.documents() == 1);
  CHECK(split_corpus(corpus, 0.999, 1).training.documents() == 1);
  CHECK_THROWS_WITH(
      split_corpus(corpus_of("a\nb\n"), 0.5, 1),
      "corpus: 1 document cannot be split into training and held-out: put an empty line between "
      "documents, or cut it into blocks of sentences");
  CHECK_THROWS_WITH(split_corpus(corpus, 1.5, 1),
                    "corpus: a held-out fraction of 1.5 is not between 0 and 1");
  CHECK_THROWS_AS(split_corpus(corpus, 0, 1), FormatError);
}

TEST_CASE("select copies documents in the order asked for") {
  const auto corpus = corpus_of("a\nb\n\nc\n\nd e\n");
  const std::vector<int64_t> order = {2, 0};
  const auto chosen = corpus.select(order);
  CHECK(document_sizes(chosen) == std::vector<int64_t>{1, 2});
  CHECK(chosen.document(0).size() == 2);
  const std::vector<int64_t> wrong = {3};
  CHECK_THROWS_WITH(corpus.select(wrong), "corpus: no document 3 among 3");
}
