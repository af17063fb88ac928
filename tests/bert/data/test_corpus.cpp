#include "bert/data/corpus.hpp"

#include <set>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "autograd/kernels/parallel.hpp"
#include "bert/text/unicode.hpp"
#include "support/catch.hpp"
#include "support/corpus_helpers.hpp"
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

TEST_CASE("lines end with their mark or the file, and are trimmed") {
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
  const std::vector<std::pair<std::string, size_t>> bad = {{"ab\xFF", 2},
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
}

TEST_CASE("every end of a line ends one, wherever a block ends") {
  const std::vector<std::string> abcd = {"a", "b", "", "d"};
  for (const std::string end : {"\n", "\r\n", "\r", "\u0085", "\u2028", "\u2029"}) {
    INFO(end);
    CHECK(lines_of("a" + end + "b" + end + end + "d" + end) == abcd);
    CHECK(lines_of("a" + end + "b" + end + end + "d") == abcd);
  }
  CHECK(lines_of("a\n\rb\r\r\nc") == std::vector<std::string>{"a", "", "b", "", "c"});
  CHECK(lines_of("\u00A9 \u2027 \u202A\u0084x\u2030") ==  // neighbours in UTF-8 of what ends a line
        std::vector<std::string>{"\u00A9 \u2027 \u202A\u0084x\u2030"});

  // The file is read by the megabyte: the bytes of one end may lie in two blocks.
  TemporaryFolder folder;
  for (const std::string end : {"\n", "\r\n", "\r", "\u0085", "\u2028", "\u2029"}) {
    for (size_t split = 0; split <= end.size(); ++split) {
      const std::string first((size_t{1} << 20) - split, 'x');
      std::vector<std::string> lines;
      for_each_line(write(folder, "split.txt", first + end + "y" + end),
                    [&](std::string_view line) { lines.emplace_back(line); });
      INFO(split << " bytes of the end in the first block");
      CHECK(lines == std::vector<std::string>{first, "y"});
    }
  }
}

TEST_CASE("a line that shows nothing is empty, and white space goes from both ends") {
  const std::vector<std::string> spaces = {" ",      "\t",     "\v",     "\f",     "\u00A0",
                                           "\u1680", "\u2003", "\u202F", "\u205F", "\u3000"};
  for (const std::string& space : spaces) {
    CHECK(lines_of(space + "a " + space + "b" + space + space + "\n" + space + "\nc") ==
          std::vector<std::string>{"a " + space + "b", "", "c"});
  }
  CHECK(lines_of("\u200B\n\uFEFF \u200B\t\n\u00AD\n\u200Ba \u200B\n") ==
        std::vector<std::string>{"", "", "", "\u200Ba \u200B"});
  const auto corpus = corpus_of("a\nb\n\u00A0\nc\n\u3000\t \r\nd\n\u200B\ne\n");
  CHECK(document_sizes(corpus) == std::vector<int64_t>{2, 1, 1, 1});
}

TEST_CASE("UTF-16 is named, with the command that converts it") {
  const auto in_utf16 = [](std::string_view text, bool big_endian, bool mark) {
    std::string bytes;
    const auto put = [&](unsigned unit) {
      const char low = static_cast<char>(unit & 0xFF), high = static_cast<char>(unit >> 8);
      bytes += big_endian ? high : low;
      bytes += big_endian ? low : high;
    };
    if (mark) put(0xFEFF);
    for (const char32_t c : decode_utf8(text)) {
      if (c >= 0x10000) put(0xD800 + ((c - 0x10000) >> 10));
      put(c < 0x10000 ? c : 0xDC00 + (c & 0x3FF));
    }
    return bytes;
  };
  TemporaryFolder folder;
  const auto ignore = [](std::string_view) {};
  const auto refuses = [&](const std::string& name, const std::string& bytes, const std::string& problem) {
    const std::filesystem::path file = write(folder, name, bytes);
    CHECK_THROWS_AS(for_each_line(file, ignore), FormatError);
    CHECK_THROWS_WITH(for_each_line(file, ignore), file.string() + ": the text is in " + problem);
  };
  const std::string base = folder.path().string();
  const std::string texts[] = {
      "hi\n", "The cat sat.\n\nCaf\u00E9.\r\n", "\u4F60\u597D\uFF0C\u4E16\u754C\u3002\n\u6211\u5011\u3002\n",
      "\u041F\u0440\u0438\u0432\u0435\u0442, \u043C\u0438\u0440 \U0001F600\n", "The cat number 0 sat\n"};
  for (const std::string& text : texts) {
    for (const bool big_endian : {false, true}) {
      INFO(text);
      refuses("with.txt", in_utf16(text, big_endian, true),
              "UTF-16, and must be in UTF-8; convert it with iconv -f UTF-16 -t UTF-8 " + base +
                  "/with.txt > " + base + "/with-utf8.txt");
      const std::string order = big_endian ? "BE" : "LE";
      refuses("my text.txt", in_utf16(text, big_endian, false),
              "UTF-16, and must be in UTF-8; convert it with iconv -f UTF-16" + order + " -t UTF-8 '" + base +
                  "/my text.txt' > '" + base + "/my text-utf8.txt'");
    }
  }
  refuses("32.txt", std::string("\xFF\xFE\0\0a\0\0\0", 8),
          "UTF-32, and must be in UTF-8; convert it with iconv -f UTF-32 -t UTF-8 " + base + "/32.txt > " +
              base + "/32-utf8.txt");
  CHECK_THROWS_WITH(
      for_each_line(std::string_view("\xFE\xFF\0a", 4), "standard input", ignore),
      "standard input: the text is in UTF-16, and must be in UTF-8; convert it with iconv -f UTF-16 "
      "-t UTF-8");
  // A text with some zero bytes, and bytes that are no text at all, are not called so.
  const auto is_utf16 = [](std::string_view bytes) {
    try {
      for_each_line(bytes, "memory", [](std::string_view) {});
    } catch (const FormatError& error) {
      return std::string_view(error.what()).find("UTF-16") != std::string_view::npos;
    }
    return false;
  };
  CHECK_FALSE(is_utf16(std::string_view("one\ntwo \0 three\n", 16)));
  CHECK_FALSE(is_utf16(std::string(4096, '\0')));
  static constexpr char elf[] =
      "\x7F"
      "ELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3E\0 \0 \0";
  CHECK_FALSE(is_utf16(std::string_view(elf, sizeof elf - 1)));
}

TEST_CASE("a git-lfs pointer in place of a text is named") {
  CHECK_THROWS_WITH(
      lines_of("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
      "memory: is a git-lfs pointer, which stands for the file and is not it; fetch the file with "
      "git lfs pull, or download it again");
}

TEST_CASE("a missing file and a folder are told apart") {
  TemporaryFolder folder;
  const auto ignore = [](std::string_view) {};
  const auto missing = folder.path() / "none.txt";
  CHECK_THROWS_WITH(for_each_line(missing, ignore),
                    "cannot read " + missing.string() + ": there is no such file");
  CHECK_THROWS_AS(for_each_line(missing, ignore), IoError);
  CHECK_THROWS_WITH(for_each_line(folder.path(), ignore),
                    "cannot read " + folder.path().string() + ": it is a folder, not a file");
  CHECK_THROWS_AS(for_each_line(folder.path(), ignore), IoError);
}

TEST_CASE("lines longer than a block, and lines across blocks, arrive whole") {
  TemporaryFolder folder;
  std::string text;
  std::vector<size_t> lengths;
  for (const size_t n : {size_t{700000}, size_t{700001}, size_t{3000000}, size_t{1}, (size_t{1} << 20) - 1}) {
    text += std::string(n, 'x') + "\n";
    lengths.push_back(n);
  }
  std::vector<size_t> seen;
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
  CHECK(document_sizes(corpus_of("a\n\nb\nc\n", {.block_sentences = 1})) == std::vector<int64_t>{1, 2});
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
