#include "bert/tasks/labelled_texts.hpp"

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "support/catch.hpp"
#include "support/error_text.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;
using namespace gradus::bert;

namespace {

LabelledTexts read(const TemporaryFolder& folder, const std::string& text, LabelKind kind = LabelKind::name) {
  write_file_atomically(folder / "t.tsv", text);
  return read_labelled_texts(folder / "t.tsv", kind);
}

}  // namespace

TEST_CASE("labelled texts: columns are found by their names, in any order, and others are passed over") {
  const TemporaryFolder folder;
  const LabelledTexts texts =
      read(folder, "label\tkind\ttext\r\nbad\tx\t a dull day \r\n\r\ngood\t\tnot at all dull\n");
  CHECK_FALSE(texts.has_pairs);
  REQUIRE(texts.rows.size() == 2);
  CHECK(texts.rows[0].text == "a dull day");
  CHECK(texts.rows[0].label == "bad");
  CHECK(texts.rows[0].line == 2);
  CHECK(texts.rows[1].text == "not at all dull");
  CHECK(texts.rows[1].line == 4);
  CHECK(texts.labels() == std::vector<std::string>{"bad", "good"});
}

TEST_CASE("labelled texts: pairs, numbers, and files without labels") {
  const TemporaryFolder folder;
  const LabelledTexts pairs =
      read(folder, "sentence1\tsentence2\tscore\na\tb\t3.5\nc\td\t-1e2\n", LabelKind::number);
  CHECK(pairs.has_pairs);
  CHECK(pairs.rows[0].pair == "b");
  CHECK(pairs.rows[0].number == 3.5);
  CHECK(pairs.rows[1].number == -100);
  const LabelledTexts bare = read(folder, "text\nwhatever\n", LabelKind::none);
  CHECK(bare.rows[0].label.empty());
}

TEST_CASE("labelled texts: what is wrong is named with its line") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& text, const std::string& message,
                           LabelKind kind = LabelKind::name) {
    const std::string said = test::error_text([&] { read(folder, text, kind); });
    INFO(said);
    CHECK(said.starts_with((folder / "t.tsv").string() + message));
  };
  refused("a\tb\n1\t2\n", ", line 1: names no column 'text'; the first line holds the names of the columns");
  refused("text\tx\n1\t2\n", ", line 1: names no column 'label'");
  refused("text\tsentence\tlabel\n1\t2\t3\n", ", line 1: the columns 'text' and 'sentence' say the same");
  refused("text\tlabel\na\tb\tc\n", ", line 2: has 3 columns, and the first line names 2");
  refused("text\tlabel\na\tb\n\na\n", ", line 4: has 1 column, and the first line names 2");
  refused("text\tlabel\tx\na\t \tc\n", ", line 2: the label is empty");
  refused("label\ttext\tx\na\t\tc\n", ", line 2: the text is empty");
  refused("text\tpair\tlabel\na\t\tc\n", ", line 2: the second text is empty");
  refused("text\tscore\na\tmuch\n", ", line 2: 'much' is no number, such as 3.5", LabelKind::number);
  refused("text\tscore\na\tinf\n", ", line 2: 'inf' is no number, such as 3.5", LabelKind::number);
  refused("text\tscore\na\t1,5\n", ", line 2: '1,5' is no number, such as 3.5", LabelKind::number);
  refused("text\tlabel\n\n", ": holds no row below the names of its columns");
  refused("", ": holds no row");
  refused("text\tlabel\na\t\xFF\n", ", line 2: byte 3 (0xFF) is not UTF-8");
}
