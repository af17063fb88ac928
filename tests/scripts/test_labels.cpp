// scripts/labels: refusals, and each kind on small files made here; no package is needed.
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "autograd/file.hpp"
#include "support/catch.hpp"
#include "support/run_program.hpp"
#include "support/temporary_folder.hpp"

namespace fs = std::filesystem;

namespace {

const std::string script = GRADUS_SOURCE "/scripts/labels";

ProgramResult labels(std::vector<std::string> arguments, const std::string& before = "") {
  arguments.insert(arguments.begin(), script);
  return run_program(arguments, before);
}

/// Files to read from, the folder `from`, and what becomes of them, the folder `out`.
class Bench {
 public:
  void add(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_ / "from" / name).parent_path());
    gradus::write_file_atomically(folder_ / "from" / name, text);
  }
  std::vector<std::string> call(const std::string& kind, const std::string& out = "out") const {
    return {kind, "--from", folder_ / "from", "--out", folder_ / out};
  }
  /// What the script prints.
  std::string run(const std::string& kind) const {
    const ProgramResult result = labels(call(kind));
    CHECK(result.errors == "");
    REQUIRE(result.exit_code == 0);
    return result.out;
  }
  std::string made(const std::string& name, const std::string& out = "out") const {
    return gradus::read_file(folder_ / out / name);
  }
  std::string path(const std::string& name) const { return folder_ / name; }

 private:
  TemporaryFolder folder_;
};

void add_glosses(const Bench& bench) {
  bench.add("data.adj",
            "  1 This software and database is being provided to you, the LICENSEE | none\n"
            "00014490 00 s 03 galore(ip) 0 rife(p) 0 in_abundance(p) 0 001 & 00013887 a 0000 | existing in "
            "abundance; \"whiskey galore\"  \n"
            "00014858 00 s 01 teeming 0 001 & 00013887 a 0000 | \"just; so\"  \n"
            "02609764 01 a 01 lunar 0 001 \\ 09358358 n 0101 | of or near the moon  \n");
  bench.add("data.adv",
            "00001740 02 r 01 a_cappella 0 000 | without musical accompaniment; \"they performed a "
            "cappella\"  \n");
  bench.add("data.noun",
            "00001740 03 n 01 entity 0 001 ~ 00001930 n 0000 | that which is perceived; \"it was; so to "
            "say\"; or known (living or nonliving)  \n"
            "00015388 05 n 02 animal 0 animate_being 0 001 @ 00004475 n 0000 | a living organism: \"fish; "
            "and birds\"  \n"
            "00015389 05 n 01 beast 0 001 @ 00004475 n 0000 | A living organism.  \n"
            "00465156 04 n 01 turn 0 001 @ 00030358 n 0000 | change sides  \n"
            "07480068 12 n 01 joy 0 001 @ 07480068 n 0000 | the call \"to arms\"; e.g. \"hear, hear\"; a "
            "fragile claim\"  \n"
            "10794014 18 n 01 writer 0 001 @ 10363573 n 0000 | United States writer (born in 1947)  \n"
            "10794015 18 n 01 author 0 001 @ 10363573 n 0000 | United States writer (born in 1950)  \n"
            "09887034 18 n 01 caller 0 001 @ 10363573 n 0000 | someone who calls, \"the bingo caller\"  \n");
  bench.add("data.verb",
            "00109660 30 v 01 change 0 001 @ 00109660 v 0000 01 + 02 00 | change sides  \n"
            "00001740 29 v 01 breathe 0 001 $ 00002325 v 0000 01 + 08 00 | draw air into; and expel out "
            "of, the lungs; \"I can breathe\"; `puff'  \n");
}

/// A catalogue of translations as msgfmt compiles it, little end first. The texts come sorted.
std::string catalogue(const std::vector<std::pair<std::string, std::string>>& texts) {
  std::string head, strings;
  const auto add_number = [](std::string& to, size_t value) {
    for (int shift = 0; shift < 32; shift += 8) to += static_cast<char>((value >> shift) & 0xFF);
  };
  const size_t n = texts.size();
  for (const size_t value : {size_t{0x950412DE}, size_t{0}, n, size_t{28}, 28 + 8 * n, size_t{0}, size_t{0}})
    add_number(head, value);
  const auto add_string = [&](const std::string& text) {
    add_number(head, text.size());
    add_number(head, 28 + 16 * n + strings.size());
    strings += text;
    strings += '\0';
  };
  for (const auto& text : texts) add_string(text.first);
  for (const auto& text : texts) add_string(text.second);
  return head + strings;
}

/// Iran; Georgia, a country and a state; France; Central twice, Madrid, Kent, and what is no name.
void add_places(const Bench& bench) {
  bench.add("iso-codes/json/iso_3166-1.json",
            "{\n  \"3166-1\": [\n"
            "    {\n      \"alpha_2\": \"IR\",\n      \"common_name\": \"Iran\",\n"
            "      \"name\": \"Iran, Islamic Republic of\"\n    },\n"
            "    {\n      \"alpha_2\": \"GE\",\n      \"name\": \"Georgia\"\n    },\n"
            "    {\n      \"alpha_2\": \"FR\",\n      \"name\": \"France\"\n    }\n  ]\n}\n");
  std::string regions = "{\n  \"3166-2\": [\n";
  for (const std::string name :
       {"Georgia", "Central", "Central", "Madrid, Comunidad de", "Kent", "District 7"}) {
    regions += "    {\n      \"code\": \"ZZ-1\",\n      \"name\": \"" + name +
               "\",\n      \"type\": \"State\"\n    },\n";
  }
  bench.add("iso-codes/json/iso_3166-2.json", regions + "  ]\n}\n");
  bench.add(
      "locale/zh_CN/LC_MESSAGES/iso_3166-1.mo",
      catalogue({{"", "Language: zh_CN\n"}, {"Chad", "乍得"}, {"France", "法国（欧洲）"}, {"Iran", "伊朗"}}));
  bench.add("locale/zh_CN/LC_MESSAGES/iso_3166-2.mo",
            catalogue({{"Central", "中部"}, {"Kent", "Kent 郡"}, {"Madrid, Comunidad de", "马德里"}}));
}

/// "中 B-REGION\n部 I-REGION\n。 O\n\n" -> "中/B-REGION 部/I-REGION 。\n"
std::string sentences(const std::string& conll) {
  std::string text, line;
  for (size_t at = 0, end; (end = conll.find('\n', at)) != std::string::npos; at = end + 1) {
    const std::string word = conll.substr(at, end - at);
    if (word.empty()) {
      text += line + '\n';
      line.clear();
      continue;
    }
    const size_t space = word.find(' ');
    const std::string tag = word.substr(space + 1);
    line += (line.empty() ? "" : " ") + word.substr(0, space) + (tag == "O" ? "" : "/" + tag);
  }
  CHECK(line.empty());
  return text;
}

}  // namespace

TEST_CASE("labels explains itself") {
  const ProgramResult help = labels({"--help"});
  CHECK(help.exit_code == 0);
  CHECK(help.errors.empty());
  CHECK(help.out.rfind("usage: scripts/labels KIND --out FOLDER", 0) == 0);
}

TEST_CASE("labels refuses a wrong call with one sentence") {
  const auto check = [](std::vector<std::string> arguments, const std::string& sentence, int exit_code = 2) {
    const ProgramResult result = labels(std::move(arguments));
    CHECK(result.exit_code == exit_code);
    CHECK(result.out.empty());
    CHECK(result.errors == "labels: " + sentence + "\n");
  };
  const std::string kinds = "wordnet sections kjv-book kjv-testament places-en places-zh";
  const TemporaryFolder folder;
  const std::string out = folder / "out", empty = folder / "empty";
  fs::create_directory(empty);
  check({}, "name a kind: " + kinds);
  check({"glosses", "--out", out}, "there is no kind glosses; there are " + kinds);
  check({"wordnet", "sections"}, "one kind at a time, not sections too");
  check({"wordnet"}, "name the folder that the files go into, for example --out wordnet");
  check({"wordnet", "--out"}, "--out needs the name of a folder, for example --out glosses");
  check({"wordnet", "--from"}, "--from needs the name of a folder, for example --from /usr/share/wordnet");
  check({"wordnet", "--from", "/nowhere"}, "--from: there is no folder /nowhere");
  check({"wordnet", "--fast"}, "--fast is no option; --help lists them");
  check({"wordnet", "--out", script}, "--out: " + script + " is no folder");
  check({"wordnet", "--out", out, "--from", empty}, "there is no data.adj in " + empty, 1);
  check({"kjv-book", "--out", out, "--from", empty}, "there is no kjv.tsv in " + empty, 1);
  check({"places-en", "--out", out, "--from", empty},
        "there is no iso-codes/json/iso_3166-1.json in " + empty, 1);
  check({"sections", "--out", out, "--from", empty},
        "there are no package lists in " + empty + "; apt-get update fetches them", 1);
  gradus::write_file_atomically(empty + "/kjv.tsv", "Genesis\t1\t1\tIn the beginning\nGradus\t1\t1\tx\n");
  const ProgramResult wrong = labels({"kjv-book", "--out", out, "--from", empty});
  CHECK(wrong.exit_code == 1);
  CHECK(wrong.errors ==
        "labels: line 2 of kjv.tsv is no book, chapter, verse and text with tabs between them\n");
  CHECK_FALSE(fs::exists(out));
}

TEST_CASE("labels replaces what is there only when it is told to, and leaves nothing else") {
  const Bench bench;
  add_glosses(bench);
  fs::create_directory(bench.path("out"));
  gradus::write_file_atomically(bench.path("out/test.tsv"), "mine");
  const ProgramResult refused = labels(bench.call("wordnet"));
  CHECK(refused.exit_code == 2);
  CHECK(refused.errors == "labels: " + bench.path("out") + " holds test.tsv already; --force replaces it\n");
  CHECK(bench.made("test.tsv") == "mine");
  std::vector<std::string> call = bench.call("wordnet");
  call.emplace_back("--force");
  CHECK(labels(call).exit_code == 0);
  CHECK(bench.made("test.tsv") == "text\tlabel\tword\tsynset\n");
  int files = 0;
  for (const auto& entry : fs::directory_iterator(bench.path("out"))) files += entry.exists();
  CHECK(files == 3);
}

TEST_CASE("labels wordnet keeps the definition, and no example however it is written") {
  const Bench bench;
  add_glosses(bench);
  CHECK(bench.run("wordnet") ==
        "train.tsv: 8 examples, 8 labels; the most frequent is adj.all, 12.5 % of them\n"
        "validation.tsv: 1 example, 1 label; the most frequent is noun.person, 100.0 % of them\n"
        "test.tsv: 0 examples\n"
        "left out: 2 that repeat a text, 2 whose text has several labels\n");
  CHECK(bench.made("train.tsv") ==
        "text\tlabel\tword\tsynset\n"
        "existing in abundance\tadj.all\tgalore\t00014490-s\n"
        "of or near the moon\tadj.pert\tlunar\t02609764-a\n"
        "without musical accompaniment\tadv.all\ta cappella\t00001740-r\n"
        "that which is perceived; or known (living or nonliving)\tnoun.Tops\tentity\t00001740-n\n"
        "a living organism\tnoun.animal\tanimal\t00015388-n\n"
        "the call \"to arms\"; e.g. \"hear, hear\"\tnoun.feeling\tjoy\t07480068-n\n"
        "United States writer (born in 1947)\tnoun.person\twriter\t10794014-n\n"
        "draw air into; and expel out of, the lungs\tverb.body\tbreathe\t00001740-v\n");
  CHECK(bench.made("validation.tsv") ==
        "text\tlabel\tword\tsynset\nsomeone who calls\tnoun.person\tcaller\t09887034-n\n");
}

TEST_CASE("labels sections joins the descriptions and hides a package's own name") {
  const Bench bench;
  bench.add("deb_main_binary-amd64_Packages",
            "Package: hello\nVersion: 2.10\nDescription: example package based on GNU hello\n"
            "Description-md5: aa\nSection: devel\n\n"
            "Package: hello-doc\nSource: hello (2.9)\nSection: doc\n"
            "Description: documentation of hello-doc\n Kept with hello in one part.\n\n"
            "Package: plain\nSection: contrib/net\n"
            "Description: Talks to plain-text servers, as explain does.\n\n"
            "Package: gcc-11\nSource: gcc-11 (11.2)\nSection: devel\n"
            "Description: GNU C compiler: gcc-11, GCC-11.3 and gcc-11.\n\n"
            "Package: gcc-12\nSource: gcc-12\nSection: devel\n"
            "Description: GNU C compiler: gcc-12, GCC-12.3 and gcc-12.\n\n"
            "Package: nosection\nDescription: nobody knows where\n\n"
            "Package: old\nSection: oldlibs\nDescription: transitional package\n\n"
            "Package: older\nSection: libs\nDescription: Transitional package!\n\n"
            "Package: libfoo1\nSource: foo-lib\nSection: libs\nDescription: library\n"
            " The library of foo-lib.\n .\n   * fast\tand small\n");
  bench.add("deb_security_Packages",
            "Package: hello\nVersion: 2.10.1\nSection: devel\nDescription: example package, another version\n"
            "\nPackage: mail-reader\nSection: mail\nDescription: reads mail\n\n"
            "Package: game\nSection: games\nDescription: a game\n");
  REQUIRE(run_program({"gzip", bench.path("from/deb_security_Packages")}).exit_code == 0);
  // Without long descriptions it goes on, and says so.
  const ProgramResult brief = labels(bench.call("sections", "brief"));
  CHECK(brief.exit_code == 0);
  CHECK(brief.errors ==
        "labels: the lists have no long descriptions; apt-get update -o Acquire::Languages=en fetches "
        "them\n");
  CHECK(
      bench.made("train.tsv", "brief").find("\nexample package based on GNU this package\tdevel\thello\n") !=
      std::string::npos);

  bench.add("deb_i18n_Translation-en",
            "Package: hello\nDescription-md5: aa\nDescription-en: example package based on GNU hello\n"
            " The GNU hello program is called hello.\n .\n See hello-doc, othello and hello's page.\n");
  CHECK(bench.run("sections") ==
        "train.tsv: 6 examples, 6 labels; the most frequent is devel, 16.7 % of them\n"
        "validation.tsv: 1 example, 1 label; the most frequent is devel, 100.0 % of them\n"
        "test.tsv: 0 examples\n"
        "left out: 1 that repeat a text, 2 whose text has several labels\n");
  CHECK(bench.made("train.tsv") ==
        "text\tlabel\tpackage\n"
        "a this package\tgames\tgame\n"
        "example package based on GNU this package. The GNU this package program is called this package. "
        "See hello-doc, othello and this package's page.\tdevel\thello\n"
        "documentation of this package. Kept with hello in one part.\tdoc\thello-doc\n"
        "library. The library of this package. * fast and small\tlibs\tlibfoo1\n"
        "reads mail\tmail\tmail-reader\n"
        "Talks to plain-text servers, as explain does.\tnet\tplain\n");
  CHECK(bench.made("validation.tsv") ==
        "text\tlabel\tpackage\n"
        "GNU C compiler: this package, GCC-11.3 and this package.\tdevel\tgcc-11\n");
}

TEST_CASE("labels kjv keeps a chapter together, and each book in the training") {
  const Bench bench;
  bench.add("kjv.tsv",
            "Genesis\t1\t1\tIn the beginning God created the heaven and the earth.\n"
            "Genesis\t1\t2\tAnd the evening, and the morning.\n"
            "Genesis\t2\t1\tThus the heavens were finished.\n"
            "Genesis\t3\t1\tNow the serpent was subtil.\n"
            "Genesis\t4\t1\tAnd the LORD spake unto Moses, saying,\n"
            "Exodus\t1\t1\tNow these are the names.\n"
            "Exodus\t2\t1\tAnd the LORD spake unto Moses saying\n"
            "Exodus\t3\t1\tAnd he led the flock.\n"
            "Obadiah\t1\t1\tThe vision of Obadiah.\n"
            "Obadiah\t1\t2\tBehold, I have made thee small.\n"
            "Matthew\t1\t1\tThe book of the generation of Jesus.\n"
            "Matthew\t2\t1\tAnd they said unto him, In Bethlehem.\n"
            "2John\t1\t1\tThe elder unto the elect lady.\n"
            "Jude\t1\t1\tJude, the servant.\n");
  CHECK(bench.run("kjv-book") ==
        "train.tsv: 11 examples, 6 labels; the most frequent is Genesis, 27.3 % of them\n"
        "validation.tsv: 0 examples\n"
        "test.tsv: 1 example, 1 label; the most frequent is Genesis, 100.0 % of them\n"
        "left out: 0 that repeat a text, 2 whose text has several labels\n");
  CHECK(bench.made("test.tsv") ==
        "text\tlabel\treference\nNow the serpent was subtil.\tGenesis\tGenesis 3:1\n");
  CHECK(bench.made("train.tsv") ==
        "text\tlabel\treference\n"
        "In the beginning God created the heaven and the earth.\tGenesis\tGenesis 1:1\n"
        "And the evening, and the morning.\tGenesis\tGenesis 1:2\n"
        "Thus the heavens were finished.\tGenesis\tGenesis 2:1\n"
        "Now these are the names.\tExodus\tExodus 1:1\n"
        "And he led the flock.\tExodus\tExodus 3:1\n"
        "The vision of Obadiah.\tObadiah\tObadiah 1:1\n"
        "Behold, I have made thee small.\tObadiah\tObadiah 1:2\n"
        "The book of the generation of Jesus.\tMatthew\tMatthew 1:1\n"
        "And they said unto him, In Bethlehem.\tMatthew\tMatthew 2:1\n"
        "The elder unto the elect lady.\t2John\t2John 1:1\n"
        "Jude, the servant.\tJude\tJude 1:1\n");

  const ProgramResult testaments = labels(bench.call("kjv-testament", "testaments"));
  CHECK(testaments.exit_code == 0);
  CHECK(testaments.out ==
        "train.tsv: 11 examples, 2 labels; the most frequent is Old, 63.6 % of them\n"
        "validation.tsv: 1 example, 1 label; the most frequent is Old, 100.0 % of them\n"
        "test.tsv: 1 example, 1 label; the most frequent is Old, 100.0 % of them\n"
        "left out: 1 that repeat a text, 0 whose text has several labels\n");
  CHECK(bench.made("validation.tsv", "testaments") ==
        "text\tlabel\treference\nAnd the LORD spake unto Moses, saying,\tOld\tGenesis 4:1\n");
  CHECK(bench.made("train.tsv", "testaments").ends_with("\nJude, the servant.\tNew\tJude 1:1\n"));
}

TEST_CASE("labels moves what training would not know of into it") {
  // By its hash the only chapter of this book would be in the validation.
  const Bench bench;
  bench.add("kjv.tsv", "Genesis\t4\t1\tAnd Adam knew Eve.\nExodus\t1\t1\tNow these are the names.\n");
  CHECK(bench.run("kjv-book").rfind("train.tsv: 2 examples, 2 labels; ", 0) == 0);
}

TEST_CASE("labels places-en tags countries and regions, and no name that is both or part of another") {
  const Bench bench;
  add_places(bench);
  CHECK(bench.run("places-en") ==
        "train.conll: 24 sentences, 2 labels; the most frequent is COUNTRY, 90.3 % of the places\n"
        "validation.conll: 3 sentences, 1 label; the most frequent is REGION, 100.0 % of the places\n"
        "test.conll: 0 sentences\n"
        "names: 2 of countries, 3 of regions; left out: 1 that are both\n");
  CHECK(bench.made("validation.conll") ==
        "The O\nprovince O\nof O\nKent B-REGION\nsends O\nfruit O\nto O\nKent B-REGION\n. O\n\n"
        "Peter O\ndid O\nnot O\nanswer O\nthe O\nletter O\nfrom O\nOlga O\n. O\n\n"
        "The O\ngovernor O\nof O\nKent B-REGION\nmet O\nRosa O\non O\nMonday O\n. O\n\n");
  const std::string train = sentences(bench.made("train.conll"));
  INFO(train);
  CHECK(train.rfind("The capital of Iran/B-COUNTRY was quiet this morning .\n"
                    "Jordan moved from Iran/B-COUNTRY to France/B-COUNTRY last year .\n",
                    0) == 0);
  CHECK(train.find("\nThe Green Party sells more in Iran/B-COUNTRY than in France/B-COUNTRY .\n") !=
        std::string::npos);
  CHECK(
      train.ends_with("\nMr. Lee reads the Central Times every day .\n"
                      "In the villages of Central/B-REGION , people voted for Anna Berg .\n"
                      "In the villages of Madrid/B-REGION , people voted for Thomas Cook .\n"
                      "Farmers in Madrid/B-REGION waited for rain .\n"));
  CHECK(train.find("Georgia") == std::string::npos);
  CHECK(train.find("District") == std::string::npos);
}

TEST_CASE("labels places-zh takes the Chinese names from the catalogue, a character a word") {
  const Bench bench;
  add_places(bench);
  CHECK(bench.run("places-zh") ==
        "train.conll: 3 sentences, 1 label; the most frequent is REGION, 100.0 % of the places\n"
        "validation.conll: 15 sentences, 2 labels; the most frequent is COUNTRY, 83.3 % of the places\n"
        "test.conll: 7 sentences, 1 label; the most frequent is COUNTRY, 100.0 % of the places\n"
        "names: 2 of countries, 2 of regions; left out: 0 that are both\n");
  CHECK(sentences(bench.made("train.conll")) ==
        "欧 阳 红 坐 火 车 从 中/B-REGION 部/I-REGION 到 中/B-REGION 部/I-REGION 去 。\n"
        "中/B-REGION 部/I-REGION 的 村 民 把 票 投 给 了 陈 静 。\n"
        "彼 得 没 有 回 张 老 师 的 信 。\n");
  CHECK(bench.made("test.conll").rfind("法 B-COUNTRY\n国 I-COUNTRY\n和 O\n", 0) == 0);
  const std::string test = sentences(bench.made("test.conll"));
  INFO(test);
  CHECK(test.find("\n法 国 银 行 借 给 市 图 书 馆 一 笔 钱 。\n") != std::string::npos);

  bench.add("locale/zh_CN/LC_MESSAGES/iso_3166-2.mo", "no catalogue");
  const ProgramResult wrong = labels(bench.call("places-zh", "other"));
  CHECK(wrong.exit_code == 1);
  CHECK(wrong.errors == "labels: " + bench.path("from/locale/zh_CN/LC_MESSAGES/iso_3166-2.mo") +
                            " is no catalogue of translations\n");
}

TEST_CASE("labels writes the same with every awk that is there, and in every locale") {
  const Bench bench;
  add_glosses(bench);
  add_places(bench);
  for (const std::string kind : {"wordnet", "places-en", "places-zh"}) {
    const std::string ending = kind == "wordnet" ? ".tsv" : ".conll";
    REQUIRE(labels(bench.call(kind, kind)).exit_code == 0);
    for (const std::string awk : {"awk", "mawk", "gawk"}) {
      const ProgramResult found = run_program({"sh", "-c", "command -v " + awk});
      if (found.exit_code != 0) continue;
      const std::string bin = bench.path("bin-" + kind + "-" + awk), out = kind + "-by-" + awk;
      fs::create_directory(bin);
      fs::create_symlink(found.out.substr(0, found.out.size() - 1), bin + "/awk");
      const ProgramResult result =
          labels(bench.call(kind, out), "export LC_ALL=C.UTF-8 PATH='" + bin + "':\"$PATH\"; ");
      INFO(kind << " by " << awk);
      CHECK(result.errors == "");
      REQUIRE(result.exit_code == 0);
      for (const std::string part : {"train", "validation", "test"})
        CHECK(bench.made(part + ending, out) == bench.made(part + ending, kind));
    }
  }
}
