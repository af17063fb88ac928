// The README blocks: what is read, what counts as the same, and that a false README is found out.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string>
#include <string_view>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "tutorials/support/lines.hpp"
#include "tutorials/support/readme.hpp"

using namespace gradus::tutorials;
using gradus::FormatError;
using gradus::write_file_atomically;

namespace {

/// A README with one output block.
std::string readme_of(const std::string& comment, const std::string& shown) {
  return "# Chapter 1: x\n\nText.\n\n<!-- output: " + comment + " -->\n```text\n" + shown +
         "```\nMore text.\n";
}

/// Whether `shown` in a README is taken for `printed`.
bool same(const std::string& shown, const std::string& printed, const std::string& options = "") {
  const auto blocks = blocks_of(readme_of("S" + options, shown + "\n"));
  REQUIRE(blocks.size() == 1);
  return difference(blocks[0], printed + "\n").empty();
}

}  // namespace

TEST_CASE("readme: blocks are read with their comments") {
  const auto blocks = blocks_of(
      "# T\n\n```cpp\nint a;\n```\n\n<!-- code: autograd/shape.cpp -->\n```cpp\nint b;\n```\n"
      "<!-- output: A, b and c, tolerance 0.01 -->\n```text\n1\n2\n```\n"
      "<!-- output: Speed, numbers vary -->\n```text\n```\n```sh\n./learn 1\n```\n");
  REQUIRE(blocks.size() == 5);
  CHECK(blocks[0].kind == Block::Kind::code);
  CHECK(blocks[0].name.empty());
  CHECK(blocks[0].text == "int a;\n");
  CHECK(blocks[0].line == 3);
  CHECK(blocks[1].name == "autograd/shape.cpp");
  CHECK(blocks[2].kind == Block::Kind::output);
  CHECK(blocks[2].name == "A, b and c");
  CHECK(blocks[2].tolerance == 0.01);
  CHECK(blocks[2].text == "1\n2\n");
  CHECK(blocks[3].name == "Speed");
  CHECK(blocks[3].numbers_vary);
  CHECK(blocks[3].text.empty());
  CHECK(blocks[4].kind == Block::Kind::other);
}

TEST_CASE("readme: what cannot be read is refused with its line") {
  CHECK_THROWS_WITH(blocks_of("# T\n```cpp\nint a;\n"), "line 2: this block is not closed");
  CHECK_THROWS_WITH(blocks_of("<!-- output: A -->\nText\n"), "line 1: no block follows this comment");
  CHECK_THROWS_WITH(blocks_of("<!-- output: A -->\n```cpp\n```\n"),
                    "line 2: an output block is fenced as ```text, not ```cpp");
  CHECK_THROWS_WITH(blocks_of("<!-- output: A, tolerance much -->\n```text\n```\n"),
                    "line 1: 'much' is no tolerance, such as 1e-3");
  CHECK_THROWS_WITH(blocks_of("<!-- output: , numbers vary -->\n```text\n```\n"),
                    "line 1: the output comment names no section");
  CHECK_THROWS_WITH(blocks_of("<!-- code: autograd/shape.cpp -->\n```text\n```\n"),
                    "line 2: a code block is fenced as ```cpp or ```python, not ```text");
  CHECK_THROWS_WITH(blocks_of("```cpp example\n```\n"),
                    "line 1: a block is ```cpp, ```python, ```text, ```sh or ```math, not 'cpp example'");
}

TEST_CASE("readme: words and whole numbers are compared exactly, others to the tolerance") {
  CHECK(same("a  1 2.5", "a 1   2.5"));
  CHECK_FALSE(same("a 1", "b 1"));
  CHECK_FALSE(same("a 1", "a 2"));
  CHECK_FALSE(same("a 1", "a 1 1"));
  CHECK_FALSE(same("shape [3, 4]", "shape [3, 5]"));
  CHECK_FALSE(same("a\nb", "a"));
  CHECK_FALSE(same("-1", "1"));

  CHECK(same("1.23456", "1.23457"));      // one unit of the last place
  CHECK_FALSE(same("1.2300", "1.2600"));  // many
  CHECK(same("12345.67", "12345.99"));    // within 1e-4 of the number
  CHECK_FALSE(same("0.5", "-0.5"));
  CHECK(same("[[-0.00 0.10]]", "[[0.00 0.10]]"));
  CHECK(same("1.0e-03", "1.1e-03"));
  CHECK_FALSE(same("1.0e-03", "1.0e-04"));
  CHECK_FALSE(same("nan", "0.1"));
  CHECK(same("ends with 3.", "ends with 3."));
  CHECK_FALSE(same("ends with 3.", "ends with 4."));

  CHECK(same("0.50", "0.53", ", tolerance 0.1"));
  CHECK_FALSE(same("0.50", "0.60", ", tolerance 0.1"));
  CHECK(same("n 32 1.5 ms", "n 64 -2.75 ms", ", numbers vary"));
  CHECK_FALSE(same("n 32 1.5 ms", "n 32 1.5 s", ", numbers vary"));
}

TEST_CASE("readme: code stands in a source as a whole, but for its indentation") {
  const std::string source = "int f() {\n  int a = 1;\n\n  if (a) {\n    a = 2;\n  }\n  return a;\n}\n";
  CHECK(stands_in(source, source));
  CHECK(stands_in("int a = 1;\n\nif (a) {\n  a = 2;\n}\n", source));
  CHECK(stands_in("  int a = 1;\n", source));
  CHECK(stands_in("int a = 1;\n// ...\nreturn a;\n", source));
  CHECK_FALSE(stands_in("return a;\n// ...\nint a = 1;\n", source));
  CHECK_FALSE(stands_in("int a = 1;\nif (a) {\n", source));  // a line left out
  CHECK_FALSE(stands_in("if (a) {\na = 2;\n}\n", source));   // another indentation inside
  CHECK_FALSE(stands_in("int a = 2;\n", source));
  CHECK_FALSE(stands_in("a = 1;\n", source));  // a part of a line
  CHECK_FALSE(stands_in("", source));
}

TEST_CASE("readme: the output's sections are found by name") {
  const auto sections = sections_of("before\n== One ==\n\na\nb\n\n\n== Two, and more ==\nc\n");
  REQUIRE(sections.size() == 2);
  CHECK(sections.at("One") == "a\nb\n");
  CHECK(sections.at("Two, and more") == "c\n");
}

TEST_CASE("readme: refreshing writes the output and nothing else") {
  const std::string output = "== One ==\n1.5\n\n== Speed ==\n9.9 ms\n";
  CHECK(refreshed(readme_of("One", "old\nlines\n"), output) == readme_of("One", "1.5\n"));
  CHECK(refreshed(readme_of("One", ""), output) == readme_of("One", "1.5\n"));
  // Times too, so that they are those of the figures.
  CHECK(refreshed(readme_of("Speed, numbers vary", "3.3 ms\n"), output) ==
        readme_of("Speed, numbers vary", "9.9 ms\n"));
  CHECK_THROWS_WITH(refreshed(readme_of("Three", ""), output),
                    "line 6: the program prints no section 'Three'");
}

TEST_CASE("readme: everything that is false is found") {
  const TemporaryFolder project, drawn;
  const std::filesystem::path chapter = project / "tutorials/01_x";
  std::filesystem::create_directories(chapter / "figures");
  const std::string good =
      "# Chapter 1: x\n\n*The one idea: y.*\n\n```cpp\nint a;\n```\n<!-- output: S -->\n```text\n1\n```\n"
      "![f](figures/f.svg) and [this](main.cpp#L1), `[not](a link)`, [web](https://example.org)\n";
  write_file_atomically(chapter / "main.cpp", "int a;\n");
  write_file_atomically(chapter / "figures/f.svg", "");
  write_file_atomically(drawn / "f.svg", "");
  const auto problems = [&](const std::string& readme, const std::string& output = "== S ==\n1\n") {
    write_file_atomically(chapter / "README.md", readme);
    return problems_of(chapter, output, drawn.path());
  };
  using Sentences = std::vector<std::string>;
  CHECK(problems(good) == Sentences{});
  CHECK(problems(good, "== S ==\n2\n") ==
        Sentences{"line 10: the README shows '1' and the program prints '2'"});
  CHECK(problems(good, "== R ==\n1\n") == Sentences{"line 9: the program prints no section 'S'"});
  CHECK(problems(good + "```cpp\nint b;\n```\n") ==
        Sentences{"line 13: this code does not stand in a source of the chapter"});
  CHECK(problems(good + "[gone](gone.md)\n") == Sentences{"no file for the link 'gone.md'"});
  CHECK(problems(good + "# no idea\n").empty());
  CHECK(problems("# Chapter 1: x\n" + good.substr(good.find("\n\n```cpp"))) ==
        Sentences{"no line '*The one idea: ...*' says what the chapter is about"});

  write_file_atomically(drawn / "g.svg", "");
  CHECK(problems(good) == Sentences{"figures/g.svg is not there", "figures/g.svg is drawn and not shown"});
  std::filesystem::remove(drawn / "g.svg");
  write_file_atomically(chapter / "figures/h.svg", "");
  CHECK(problems(good) == Sentences{"figures/h.svg is not drawn by the program"});
}

TEST_CASE("readme: any page with output and figures is held to the same rules") {
  const TemporaryFolder project, drawn;
  const Page page{project / "docs/page.md", project / "docs/images/page", project.path()};
  std::filesystem::create_directories(page.figures);
  write_file_atomically(project / "code.cpp", "int a;\n");
  write_file_atomically(page.figures / "f.svg", "");
  write_file_atomically(drawn / "f.svg", "");
  write_file_atomically(page.file,
                        "# Page\n\n<!-- code: code.cpp -->\n```cpp\nint a;\n```\n<!-- output: S -->\n"
                        "```text\n1\n```\n![f](images/page/f.svg)\n");
  using Sentences = std::vector<std::string>;
  CHECK(problems_of(page, "== S ==\n1\n", drawn.path()) == Sentences{});
  CHECK(problems_of(page, "== S ==\n2\n", drawn.path()) ==
        Sentences{"line 9: the README shows '1' and the program prints '2'"});
  write_file_atomically(drawn / "g.svg", "");
  CHECK(problems_of(page, "== S ==\n1\n", drawn.path()) ==
        Sentences{"images/page/g.svg is not there", "images/page/g.svg is drawn and not shown"});
}

TEST_CASE("readme: the glossary is sorted, and the museum leads to the chapters") {
  const std::filesystem::path docs = std::filesystem::path(GRADUS_SOURCE) / "docs";
  const std::string glossary = gradus::read_file(docs / "glossary.md");
  const std::string museum = gradus::read_file(docs / "bug_museum.md");
  std::string before;
  int terms = 0;
  for (const std::string_view line : lines_of(glossary)) {
    if (!line.starts_with("| ") || line.starts_with("| English") || line.starts_with("| ---")) continue;
    std::string term(line.substr(2, line.find(" | ") - 2));
    std::transform(term.begin(), term.end(), term.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    INFO(term);
    CHECK(before < term);
    before = term;
    ++terms;
  }
  CHECK(terms > 20);
  int bugs = 0;
  for (const std::string_view line : lines_of(museum)) {
    const size_t at = line.find("](");
    if (!line.starts_with("| ") || at == std::string_view::npos) continue;
    const std::string link(line.substr(at + 2, line.find(')', at) - at - 2));
    INFO(link);
    CHECK(std::filesystem::exists(docs / link));
    ++bugs;
  }
  CHECK(bugs >= 5);
}
