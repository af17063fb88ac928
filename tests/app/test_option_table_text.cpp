// What each option of corpus, vocab and tokenize does.
#include <algorithm>

#include "app/option_table.hpp"
#include "bert/text/lines.hpp"

namespace gradus::test {
namespace {

Words lines_of(const Outcome& call, const std::string& file) {
  Words lines;
  bert::for_each_line(call.folder / file, [&](std::string_view line) { lines.emplace_back(line); });
  return lines;
}

int64_t documents_in(const Outcome& call, const std::string& file) {
  int64_t documents = 0;
  bool inside = false;
  for (const std::string& line : lines_of(call, file)) {
    documents += !line.empty() && !inside;
    inside = !line.empty();
  }
  return documents;
}

bool has_capitals(const std::string& text) {
  return std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// The vocabulary without its special tokens, whose names are capitals.
std::string pieces_text(const Outcome& call) {
  std::string text;
  for (const std::string& line : lines_of(call, "vocab.txt"))
    if (!line.starts_with("[")) text += line + "\n";
  return text;
}

/// A row whose base is refused because the file is there, and whose change replaces it.
std::function<void(const Outcome&, const Outcome&)> replaces(const std::string& file,
                                                             const std::string& size) {
  return [=](const Outcome& base, const Outcome& changed) {
    CHECK(base.complains(file + " is already there"));
    CHECK(base.text(file) != changed.text(file));
    CHECK(changed.says(size));
  };
}

/// The pieces of the first text that tokenize --json shows.
Words pieces(const Outcome& call, size_t text = 0) { return call.json().at("texts").at(text).at("pieces"); }

}  // namespace

std::vector<OptionRow> corpus_rows() {
  const Words toy = {"corpus", "toy", "--out", "toy", "--stories", "20"};
  const Words split = {"corpus", "split", "../toy/train.txt", "--out", "toy"};
  const Words task = {"corpus", "toy", "--task", "topic", "--out", "toy", "--examples", "60"};
  return {
      {"corpus",
       "KIND",
       toy,
       {"corpus", "split", "--out", "toy", "--stories", "20"},
       [](auto& base, auto& changed) {
         CHECK(documents_in(base, "toy/train.txt") == 19);
         CHECK(changed.complains("split needs the FILE"));
         CHECK(!changed.has("toy"));
       },
       0,
       2},
      {"corpus",
       "FILE",
       split,
       {"corpus", "split", "../toy.txt", "--out", "toy"},
       [](auto& base, auto& changed) {
         CHECK(documents_in(base, "toy/train.txt") == 38 - 3);
         CHECK(documents_in(base, "toy/held-out.txt") == 3);
         CHECK(changed.complains("cannot read ../toy.txt"));
       },
       0,
       1},
      {"corpus", "--out", toy, with(toy, {"--out", "one.txt"}),
       [](auto& base, auto& changed) {
         CHECK(base.has("toy/held-out.txt"));
         CHECK(content_of(changed.folder).size() == 1);
         CHECK(documents_in(changed, "one.txt") == 20);
       }},
      {"corpus", "--stories", toy, with(toy, {"--stories", "40"}),
       [](auto& base, auto& changed) {
         CHECK(documents_in(base, "toy/train.txt") == 19);
         CHECK(documents_in(changed, "toy/train.txt") == 38);
         CHECK(changed.text("toy/train.txt").starts_with(base.text("toy/train.txt")));
       }},
      {"corpus", "--seed", toy, with(toy, {"--seed", "2"}),
       [](auto& base, auto& changed) {
         CHECK(documents_in(changed, "toy/train.txt") == 19);
         CHECK(changed.text("toy/train.txt") != base.text("toy/train.txt"));
         CHECK(changed.text("toy/held-out.txt") != base.text("toy/held-out.txt"));
       }},
      {"corpus", "--held-out", toy, with(toy, {"--held-out", "0.5"}),
       [](auto& base, auto& changed) {
         CHECK(documents_in(base, "toy/held-out.txt") == 1);
         CHECK(documents_in(changed, "toy/held-out.txt") == 10);
         CHECK(documents_in(changed, "toy/train.txt") == 10);
       }},
      {"corpus",
       "--force",
       toy,
       with(toy, {"--force"}),
       replaces("toy/train.txt", "19 stories"),
       2,
       0,
       "",
       {{"corpus", "toy", "--out", "toy", "--stories", "10"}}},
      {"corpus", "--json", toy, with(toy, {"--json"}), prints_json({"kind", "seed", "files"})},
      {"corpus", "--json", split, with(split, {"--json"}), prints_json({"kind", "files"})},
      {"corpus", "--task", task, with(task, {"--task", "entities"}),
       [](auto& base, auto& changed) {
         CHECK(lines_of(base, "toy/train.tsv").front() == "text\tlabel\tkind");
         CHECK(lines_of(base, "toy/train.tsv").size() == 49);
         CHECK(base.says("bag of words"));
         CHECK(documents_in(changed, "toy/train.conll") == 48);
         CHECK(changed.says("most frequent tag"));
       }},
      {"corpus", "--examples", task, with(task, {"--examples", "90"}),
       [](auto& base, auto& changed) {
         CHECK(lines_of(base, "toy/test.tsv").size() == 7);
         CHECK(lines_of(changed, "toy/test.tsv").size() == 10);
         CHECK(changed.text("toy/test.tsv").starts_with(base.text("toy/test.tsv")));
       }},
      {"corpus", "--seed", task, with(task, {"--seed", "2"}),
       [](auto& base, auto& changed) { CHECK(base.text("toy/test.tsv") != changed.text("toy/test.tsv")); }},
      {"corpus",
       "--force",
       task,
       with(task, {"--force"}),
       replaces("toy/train.tsv", "48 examples"),
       2,
       0,
       "",
       {{"corpus", "toy", "--task", "topic", "--out", "toy", "--examples", "90"}}},
      {"corpus", "--json", task, with(task, {"--json"}),
       prints_json({"kind", "task", "seed", "files", "measure", "baselines"})},
  };
}

std::vector<OptionRow> vocab_rows() {
  const Words learn = {"vocab", "../toy/train.txt", "--out", "vocab.txt", "--size", "200"};
  const Words larger = with(learn, {"--size", "100000"});
  return {
      {"vocab",
       "FILE",
       larger,
       {"vocab", "../toy/train.txt", "../letters.txt", "--out", "vocab.txt", "--size", "100000"},
       [](auto& base, auto& changed) {
         // Twice in the second file, and nowhere in the first.
         CHECK(pieces_text(base).find("q") == std::string::npos);
         CHECK(pieces_text(changed).find("q") != std::string::npos);
       }},
      {"vocab", "--out", learn, with(learn, {"--out", "folder/"}),
       [](auto& base, auto& changed) {
         CHECK(content_of(base.folder).size() == 1);
         CHECK(changed.text("folder/vocab.txt") == base.text("vocab.txt"));
         CHECK(changed.has("folder/tokenizer.json"));
       }},
      {"vocab", "--size", learn, with(learn, {"--size", "100"}),
       [](auto& base, auto& changed) {
         CHECK(lines_of(base, "vocab.txt").size() > 100);
         CHECK(lines_of(changed, "vocab.txt").size() == 100);
       }},
      {"vocab", "--min-frequency", larger, with(larger, {"--min-frequency", "20"}),
       [](auto& base, auto& changed) {
         CHECK(lines_of(changed, "vocab.txt").size() < lines_of(base, "vocab.txt").size());
         CHECK(changed.complains("at least 20 times"));
       }},
      {"vocab", "--alphabet", learn, with(learn, {"--alphabet", "12"}),
       [](auto& base, auto& changed) {
         const auto single = [](const Outcome& call) {
           return std::ranges::count_if(lines_of(call, "vocab.txt"),
                                        [](const std::string& line) { return line.size() == 1; });
         };
         CHECK(single(base) > 20);
         CHECK(single(changed) <= 12);
         CHECK(changed.complains("a larger --alphabet keeps more"));
       }},
      {"vocab", "--cased", learn, with(learn, {"--cased"}),
       [](auto& base, auto& changed) {
         CHECK(!has_capitals(pieces_text(base)));
         CHECK(has_capitals(pieces_text(changed)));
       }},
      {"vocab", "--google", with(learn, {"--out", "all/"}), with(learn, {"--out", "all/", "--google"}),
       [](auto& base, auto& changed) {
         CHECK(!base.json("all/tokenizer_config.json").contains("google_rules"));
         CHECK(changed.json("all/tokenizer_config.json").at("google_rules") == true);
         CHECK(changed.json("all/tokenizer_config.json").at("max_input_chars_per_word") == 200);
         CHECK(changed.text("all/vocab.txt") == base.text("all/vocab.txt"));  // this text is plain English
       }},
      {"vocab", "--merges", learn, with(learn, {"--merges", "merges.txt"}),
       [](auto& base, auto& changed) {
         CHECK(!base.has("merges.txt"));
         const Words merges = lines_of(changed, "merges.txt");
         REQUIRE(!merges.empty());
         CHECK(std::ranges::count(merges.front(), '\t') == 3);
         CHECK(changed.text("vocab.txt") == base.text("vocab.txt"));
       }},
      {"vocab",
       "--force",
       learn,
       with(learn, {"--force"}),
       replaces("vocab.txt", " pieces from "),
       2,
       0,
       "",
       {with(learn, {"--size", "100"})}},
      {"vocab", "--json", learn, with(learn, {"--json"}), prints_json({"path", "pieces", "cased", "words"})},
  };
}

std::vector<OptionRow> tokenize_rows() {
  const Words one = {"tokenize", "The dog", "--vocab", "../letters.txt", "--json"};
  const Words from_file = {"tokenize", "--file", "../lines.txt", "--vocab", "../letters.txt", "--json"};
  const Words in_words = {"tokenize", "The dog", "--json"};
  const Words long_word = {"tokenize", std::string(150, 'x'), "--vocab", "../letters.txt", "--json"};
  const Words corpus = {"tokenize",     "--corpus", "../toy/train.txt", "--vocab",
                        "../vocab.txt", "--out",    "a.tokens"};
  Words lines = corpus;
  lines[2] = "../lines.txt";
  return {
      {"tokenize",
       "TEXT",
       one,
       {"tokenize", "The dog", "cat", "--vocab", "../letters.txt", "--json"},
       [](auto& base, auto& changed) {
         CHECK(base.json().at("texts").size() == 1);
         CHECK(changed.json().at("texts").size() == 2);
         CHECK(pieces(changed) == pieces(base));
         CHECK(pieces(changed, 1) == Words{"[CLS]", "c", "##a", "##t", "[SEP]"});
       }},
      {"tokenize", "--file", from_file, with(from_file, {"--file", "../toy/held-out.txt"}),
       [](auto& base, auto& changed) {
         CHECK(base.json().at("texts").size() == 60);
         CHECK(changed.json().at("texts").size() == 18);
       }},
      {"tokenize", "--pair", one, with(one, {"--pair", "cat"}),
       [](auto& base, auto& changed) {
         Words both = pieces(base);
         for (const char* piece : {"c", "##a", "##t", "[SEP]"}) both.emplace_back(piece);
         CHECK(pieces(changed) == both);
         CHECK(changed.json().at("texts")[0].at("token_type_ids").back() == 1);
       }},
      {"tokenize",
       "--model",
       with(in_words, {"--model", "../model"}),
       with(in_words, {"--model", "letters"}),
       [](auto& base, auto& changed) {
         CHECK(std::ranges::count(pieces(base), "the") == 1);
         CHECK(std::ranges::count(pieces(changed), "the") == 0);
       },
       0,
       0,
       "",
       {{"vocab", "../letters.txt", "--size", "50", "--min-frequency", "1", "--out", "letters/"}}},
      {"tokenize", "--vocab", one, with(one, {"--vocab", "../vocab.txt"}),
       [](auto& base, auto& changed) {
         CHECK(pieces(base) == Words{"[CLS]", "t", "##h", "##e", "d", "##o", "##g", "[SEP]"});
         CHECK(pieces(changed)[1] == "the");
       }},
      {"tokenize", "--cased", one, with(one, {"--cased"}),
       [](auto& base, auto& changed) {  // no letter of that vocabulary is a capital
         CHECK(pieces(base)[1] == "t");
         CHECK(pieces(changed)[1] == "[UNK]");
         CHECK(pieces(changed)[2] == "d");
       }},
      {"tokenize", "--google", long_word, with(long_word, {"--google"}),
       [](auto& base, auto& changed) {
         CHECK(pieces(base) == Words{"[CLS]", "[UNK]", "[SEP]"});
         CHECK(pieces(changed).size() == 152);
       }},
      {"tokenize", "--max-length", one, with(one, {"--max-length", "4"}),
       [](auto&, auto& changed) {
         CHECK(pieces(changed) == Words{"[CLS]", "t", "##h", "[SEP]"});
       }},
      {"tokenize", "--bare", one, with(one, {"--bare"}),
       [](auto&, auto& changed) {
         CHECK(pieces(changed) == Words{"t", "##h", "##e", "d", "##o", "##g"});
       }},
      {"tokenize", "--json", without(one, "--json"), one, prints_json({"texts"})},
      {"tokenize", "--json", corpus, with(corpus, {"--json"}),
       prints_json({"path", "bytes", "pieces", "texts"})},
      {"tokenize", "--corpus", corpus, with(corpus, {"--corpus", "../toy/held-out.txt"}),
       [](auto& base, auto& changed) {
         CHECK(base.says("../toy/train.txt: 38 documents, "));
         CHECK(changed.says("../toy/held-out.txt: 2 documents, "));
         CHECK(base.text("a.tokens").size() > changed.text("a.tokens").size());
       }},
      {"tokenize", "--out", corpus, with(corpus, {"--out", "deep/er/"}),
       [](auto& base, auto& changed) {
         CHECK((changed.text("deep/er/text.tokens") == base.text("a.tokens")));
         CHECK(!changed.has("a.tokens"));
       }},
      {"tokenize", "--block-sentences", lines, with(lines, {"--block-sentences", "3"}),
       [](auto& base, auto& changed) {
         CHECK(base.says("../lines.txt: 1 document, 60 sentences"));
         CHECK(changed.says("../lines.txt: 20 documents, 60 sentences"));
       }},
      {"tokenize", "--threads", with(corpus, {"--threads", "1"}), with(corpus, {"--threads", "2"}),
       [](auto& base, auto& changed) {
         CHECK(!base.complains("team of 2"));
         CHECK(changed.complains("team of 2"));
         CHECK((changed.text("a.tokens") == base.text("a.tokens")));
       },
       0, 0, show_teams},
      {"tokenize",
       "--force",
       corpus,
       with(corpus, {"--force"}),
       [](auto& base, auto& changed) {
         CHECK(base.complains("a.tokens is already there"));
         CHECK(base.text("a.tokens") != changed.text("a.tokens"));
         CHECK(changed.says("38 documents"));
       },
       2,
       0,
       "",
       {{"tokenize", "--corpus", "../toy/held-out.txt", "--vocab", "../vocab.txt", "--out", "a.tokens"}}},
  };
}

}  // namespace gradus::test

TEST_CASE("options: corpus, each alone") { gradus::test::run_table(gradus::test::corpus_rows()); }
TEST_CASE("options: vocab, each alone") { gradus::test::run_table(gradus::test::vocab_rows()); }
TEST_CASE("options: tokenize, each alone") { gradus::test::run_table(gradus::test::tokenize_rows()); }
