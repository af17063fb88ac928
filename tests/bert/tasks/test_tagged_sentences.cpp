// Files of CoNLL: what is read of them, and what is refused.
#include "bert/tasks/tagged_sentences.hpp"

#include "autograd/file.hpp"
#include "bert/metrics/entities.hpp"
#include "bert/toy_world/tasks.hpp"
#include "support/catch.hpp"
#include "support/error_text.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;
using namespace gradus::bert;

using Words = std::vector<std::string>;

namespace {

TaggedSentences read(const TemporaryFolder& folder, const std::string& text,
                     TagColumn column = TagColumn::iob2) {
  write_file_atomically(folder / "t.conll", text);
  return read_tagged_sentences(folder / "t.conll", column);
}

}  // namespace

TEST_CASE("tagged sentences: a word and its tag a line, an empty line between sentences") {
  const TemporaryFolder folder;
  const TaggedSentences found = read(folder,
                                     "Anna B-PER\nleft O\nNew B-LOC\nYork I-LOC\n"
                                     "\n\nParis B-PER\nslept O\n");
  CHECK(found.file == folder / "t.conll");
  REQUIRE(found.sentences.size() == 2);
  CHECK(found.sentences[0].words == Words{"Anna", "left", "New", "York"});
  CHECK(found.sentences[0].tags == Words{"B-PER", "O", "B-LOC", "I-LOC"});
  CHECK(found.sentences[0].line == 1);
  CHECK(found.sentences[1].words == Words{"Paris", "slept"});
  CHECK(found.sentences[1].line == 7);
  CHECK(found.words() == 6);
  CHECK(found.labels() == Words{"B-LOC", "B-PER", "I-LOC", "O"});
}

TEST_CASE("tagged sentences: CoNLL-2003's four columns, its -DOCSTART- lines, tabs and CRLF") {
  const TemporaryFolder folder;
  const TaggedSentences found = read(folder,
                                     "\xEF\xBB\xBF-DOCSTART- -X- O\r\n\r\nEU NNP B-NP B-ORG\r\n"
                                     "rejects \t VBZ\tB-VP\tO\r\n-DOCSTART- -X- -X- O\r\nGerman JJ B-NP O");
  REQUIRE(found.sentences.size() == 2);
  CHECK(found.sentences[0].words == Words{"EU", "rejects"});
  CHECK(found.sentences[0].tags == Words{"B-ORG", "O"});
  CHECK(found.sentences[0].line == 3);
  CHECK(found.sentences[1].words == Words{"German"});
  CHECK(found.sentences[1].line == 6);
}

TEST_CASE("tagged sentences: a file to be predicted may have words alone, or tags that nobody looks at") {
  const TemporaryFolder folder;
  for (const char* text : {"Anna\nleft\n\nShe\nslept\n", "Anna I-PER\nleft ?\n\nShe O\nslept I-\n"}) {
    const TaggedSentences found = read(folder, text, TagColumn::none);
    REQUIRE(found.sentences.size() == 2);
    CHECK(found.sentences[0].words == Words{"Anna", "left"});
    CHECK(found.sentences[0].tags.empty());
    CHECK(found.sentences[1].line == 4);
    CHECK(found.labels().empty());
  }
}

TEST_CASE("tagged sentences: files of IOB1 become IOB2 with the same entities") {
  const TemporaryFolder folder;
  const std::string text = "a I-PER\nb I-PER\nc B-PER\nd I-LOC\ne O\nf I-LOC\n\ng I-ORG\n";
  const TaggedSentences found = read(folder, text, TagColumn::iob1);
  CHECK(found.sentences[0].tags == Words{"B-PER", "I-PER", "B-PER", "B-LOC", "O", "B-LOC"});
  CHECK(found.sentences[1].tags == Words{"B-ORG"});
  const Words before = {"I-PER", "I-PER", "B-PER", "I-LOC", "O", "I-LOC"};
  CHECK(entity_spans(found.sentences[0].tags) == entity_spans(before));
  CHECK(entity_spans(found.sentences[0].tags, TagRules::strict_iob2) == entity_spans(before));
}

TEST_CASE("tagged sentences: what is wrong is named with its line") {
  const TemporaryFolder folder;
  const auto refusal = [&](const std::string& text, TagColumn column = TagColumn::iob2) {
    const std::string said = test::error_text([&] { read(folder, text, column); });
    const std::string file = (folder / "t.conll").string();
    REQUIRE(said.starts_with(file));
    return said.substr(file.size());
  };
  CHECK(refusal("a O\nb I-PER\n") ==
        ", line 2: I-PER follows O; an entity begins with B-PER, but for IOB1, which finetune and predict "
        "read with --iob1");
  CHECK(refusal("a B-LOC\nb I-PER\n") ==
        ", line 2: I-PER follows B-LOC; an entity begins with B-PER, but for IOB1, which finetune and "
        "predict read with --iob1");
  CHECK(refusal("a B-PER\n\nb I-PER\n") ==
        ", line 3: I-PER begins a sentence; an entity begins with B-PER, but for IOB1, which finetune and "
        "predict read with --iob1");
  CHECK(refusal("a O\nb PER\n") == ", line 2: the tag 'PER' is none of O, B-type and I-type");
  CHECK(refusal("a B-\n") == ", line 1: the tag 'B-' is none of O, B-type and I-type");
  CHECK(refusal("a S-PER\n", TagColumn::iob1) == ", line 1: the tag 'S-PER' is none of O, B-type and I-type");
  CHECK(refusal("a O\n\nb X O\n") == ", line 3: has 3 columns, and the first word has 2");
  CHECK(refusal("a\tX O\nO\n") == ", line 2: has 1 column, and the first word has 3");
  CHECK(refusal("a\nb\n", TagColumn::iob1) == ", line 1: 'a' has no tag; a line holds a word and its tag");
  CHECK(refusal("a O\n" + std::string(1'000'000, 'b') + " O\n") ==
        ", line 2: has 1000002 bytes, and a word and its tag have at most 1000000");
  CHECK(refusal("a O\nb\xFF O\n") == ", line 2: byte 2 (0xFF) is not UTF-8: save the file as UTF-8");
  CHECK(refusal("\n-DOCSTART- -X- -X- O\n\n") == ": holds no word");
  CHECK(refusal("", TagColumn::none) == ": holds no word");
}

TEST_CASE("tagged sentences: a line of a million bytes is still read") {
  const TemporaryFolder folder;
  CHECK(read(folder, std::string(999'998, 'b') + " O\n").sentences[0].words[0].size() == 999'998);
}

TEST_CASE("tagged sentences: the toy world's entities are read as they were made") {
  const TemporaryFolder folder;
  const auto set = toy_entities_task({.examples = 40});
  const ToyTaskFile file = to_files(set)[0];
  const TaggedSentences found = read(folder, file.bytes);
  REQUIRE(found.sentences.size() == set.train.size());
  for (size_t i = 0; i < set.train.size(); ++i) {
    CHECK(found.sentences[i].words == set.train[i].words);
    CHECK(found.sentences[i].tags == set.train[i].tags);
  }
}
