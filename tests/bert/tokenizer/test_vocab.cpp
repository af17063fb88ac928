#include "bert/tokenizer/vocab.hpp"

#include <string>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus::bert;
using gradus::FormatError;
using gradus::IndexError;
using gradus::IoError;
using gradus::read_file;
using gradus::write_file_atomically;

TEST_CASE("a byte-order mark at the start of vocab.txt is no part of the first piece") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "vocab.txt", "\xEF\xBB\xBF[PAD]\na\n");
  CHECK(Vocab::load(folder / "vocab.txt").pieces() == std::vector<std::string>{"[PAD]", "a"});
}

TEST_CASE("empty lines at the end of vocab.txt number no piece") {
  const TemporaryFolder folder;
  for (const char* end : {"", "\n", "\n\n", "\r\n\r\n", "\n\n\n"}) {
    write_file_atomically(folder / "vocab.txt", std::string("[PAD]\na") + end);
    CHECK(Vocab::load(folder / "vocab.txt").pieces() == std::vector<std::string>{"[PAD]", "a"});
  }
}

TEST_CASE("a piece's number is its place") {
  const Vocab vocab({"[PAD]", "the", "##ing"});
  CHECK(vocab.size() == 3);
  CHECK(vocab.id("##ing") == 2);
  CHECK(vocab.find("the") == TokenId{1});
  CHECK_FALSE(vocab.find("The").has_value());
  CHECK(vocab.piece(0) == "[PAD]");
}

TEST_CASE("a vocabulary refuses what it does not hold") {
  const Vocab vocab({"a", "b"});
  CHECK_THROWS_AS(vocab.id("c"), IndexError);
  CHECK_THROWS_WITH(vocab.id("c"), "vocabulary: \"c\" is not one of its 2 pieces");
  CHECK_THROWS_AS(vocab.piece(2), IndexError);
  CHECK_THROWS_WITH(vocab.piece(2), "vocabulary: id 2 is not in [0, 2)");
  CHECK_THROWS_WITH(vocab.piece(-1), "vocabulary: id -1 is not in [0, 2)");
}

TEST_CASE("a vocabulary is made of different pieces that are not empty") {
  CHECK_THROWS_AS(Vocab({"a", ""}), FormatError);
  CHECK_THROWS_WITH(Vocab({"a", ""}), "vocabulary: piece 1 is empty");
  CHECK_THROWS_WITH(Vocab({"a", "b", "a"}), "vocabulary: piece 2 repeats piece 0, \"a\"");
  CHECK_THROWS_WITH(Vocab({"a\nb"}), "vocabulary: piece 0 has a line break in it");
}

TEST_CASE("the special tokens are found, or named as missing") {
  const Vocab vocab({"[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"});
  CHECK(vocab.special_ids() == SpecialIds{3, 0, 1, 2, 4});
  CHECK_THROWS_AS(Vocab({"[UNK]"}).special_ids(), FormatError);
  CHECK_THROWS_WITH(Vocab({"[PAD]", "[CLS]", "[UNK]"}).special_ids(),
                    "vocabulary: of the special tokens that BERT needs, [SEP], [MASK] are missing");
}

TEST_CASE("vocab.txt is written and read") {
  const TemporaryFolder folder;
  const Vocab vocab({"[PAD]", "é", "##博", " spaced "});
  vocab.save(folder / "vocab.txt");
  CHECK(read_file(folder / "vocab.txt") == "[PAD]\né\n##博\n spaced \n");
  CHECK(Vocab::load(folder / "vocab.txt") == vocab);
  write_file_atomically(folder / "windows.txt", "a\r\nb\r\nc");
  CHECK(Vocab::load(folder / "windows.txt") == Vocab({"a", "b", "c"}));
}

TEST_CASE("vocab.txt that is wrong is refused by file and line") {
  const TemporaryFolder folder;
  const std::string path = (folder / "vocab.txt").string();
  const auto refuses = [&](const std::string& content, const std::string& message) {
    write_file_atomically(path, content);
    CHECK_THROWS_AS(Vocab::load(path), FormatError);
    CHECK_THROWS_WITH(Vocab::load(path), path + message);
  };
  refuses("", ": the file is empty; a vocabulary has a piece a line");
  refuses("a\n\nb\n", ": line 2 is empty; each line must hold a piece");
  refuses("a\n\r\nb\n", ": line 2 is empty; each line must hold a piece");
  refuses("\n\r\n", ": the file is empty; a vocabulary has a piece a line");
  refuses(
      "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 231508\n",
      ": is a git-lfs pointer, which stands for the file and is not it; fetch the file with git lfs pull, or "
      "download it again");
  refuses(std::string("\xFF\xFE"
                      "a\0\n\0",
                      6),
          ": the text is in UTF-16, and must be in UTF-8; convert it with iconv -f UTF-16 -t UTF-8 " + path +
              " > " + (folder / "vocab-utf8.txt").string());
  refuses("a\nb\nc\nb\n", ": line 4 repeats the piece of line 2, \"b\"");
  refuses("a\nb\xff\n", ": line 2 is not UTF-8: byte 0xFF at its offset 1");
  refuses("a\nb\rc\n", ": line 2 has a carriage return inside its piece");
}

TEST_CASE("vocab.txt that cannot be read is an IoError") {
  const TemporaryFolder folder;
  const std::string missing = (folder / "vocab.txt").string();
  CHECK_THROWS_AS(Vocab::load(missing), IoError);
  CHECK_THROWS_WITH(Vocab::load(missing), "cannot read " + missing + ": there is no such file");
  CHECK_THROWS_WITH(Vocab::load(folder.path()),
                    "cannot read " + folder.path().string() + ": it is a folder, not a file");
}
