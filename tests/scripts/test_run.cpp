// ./run from a text to its last line: with texts whose words are many pieces, and with a script without
// spaces.
#include <filesystem>
#include <sstream>
#include <utility>
#include <vector>

#include "autograd/file.hpp"
#include "support/catch.hpp"
#include "support/run_program.hpp"
#include "support/temporary_folder.hpp"

#ifdef GRADUS_PROGRAM
namespace {

namespace fs = std::filesystem;

std::string fixture(const std::string& name) {
  return gradus::read_file(fs::path(GRADUS_FIXTURES) / "texts" / name);
}

/// A project in which the program is built already: ./run with the program of this build.
struct Project {
  TemporaryFolder folder;

  Project() {
    fs::create_directories(folder / "scripts");
    fs::create_directories(folder / "build/release");
    fs::copy_file(std::string(GRADUS_SOURCE) + "/run", folder / "run");
    fs::create_symlink(GRADUS_PROGRAM, folder / "build/release/gradus");
    gradus::write_file_atomically(folder / "scripts/build", "#!/bin/sh\n");
    fs::permissions(folder / "scripts/build", fs::perms::owner_all);
  }

  /// Three seconds of training on `text`.
  ProgramResult run(const std::string& text) const {
    gradus::write_file_atomically(folder / "text.txt", text);
    return run_program({folder / "run", folder / "text.txt", "--minutes", "0.05"});
  }
};

/// The lines of the samples: each text with its gap filled, between the figures and the names of the pages.
std::vector<std::string> samples_of(const std::string& out) {
  std::vector<std::string> lines;
  std::istringstream stream(out);
  bool after_training = false;
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("The report:")) break;
    if (after_training && line.find('[') != std::string::npos && !line.starts_with("  "))
      lines.push_back(line);
    after_training = after_training || line.starts_with("attention: ");
  }
  return lines;
}

void check_whole(const ProgramResult& result) {
  INFO(result.out << result.errors);
  CHECK(result.exit_code == 0);
  CHECK(result.errors.find("run: ") == std::string::npos);
  CHECK(result.out.find("\nThe attention page: ") != std::string::npos);
  CHECK(samples_of(result.out).size() >= 2);
  CHECK(result.out.find("<- stood there") != std::string::npos);
}

}  // namespace

TEST_CASE("run: a text it cannot train on is refused by the program, and leaves no folder") {
  const Project project;
  const std::string text = project.folder / "text.txt";
  const auto refuses = [&](const std::string& content, const std::string& problem) {
    const ProgramResult result = project.run(content);
    CHECK(result.exit_code == 1);
    CHECK(result.out.empty());
    CHECK(result.errors == "gradus corpus: " + text + problem + "\n");
    CHECK_FALSE(fs::exists(project.folder / "text-run"));
  };
  const std::string too_few =
      ": needs four documents of two sentences or more, an empty line between them, and has ";
  const std::string way_out =
      "; put empty lines where one thing ends and the next begins, or train on it as it is with gradus "
      "pretrain " +
      text + " --block-sentences 4";
  refuses(" \n\n", " holds no text");
  refuses("One sentence.\nAnother one.\n", too_few + "1" + way_out);
  // One sentence makes no pair, and what shows nothing makes no line.
  refuses("\xEF\xBB\xBF\r\na.\r\nb.\r\n\r\nc.\nd.\n\u00A0\t\ne.\n\u200B\nf.\rg.\n\u3000\n\u2028",
          too_few + "3" + way_out);
  refuses(std::string("\xFF\xFE"
                      "a\0.\0\n\0",
                      8),
          ": the text is in UTF-16, and must be in UTF-8; convert it with iconv "
          "-f UTF-16 -t UTF-8 " +
              text + " > " + (project.folder / "text-utf8.txt").string());
}

TEST_CASE("run: documents and sentences are those that the program reads, whatever ends them") {
  const std::string english = fixture("english.txt");
  const auto parts_of = [](const std::string& text) {
    const Project project;
    const ProgramResult result = project.run(text);
    INFO(result.out << result.errors);
    CHECK(result.exit_code == 0);
    return gradus::read_file(project.folder / "text-run/train.txt") + "-----\n" +
           gradus::read_file(project.folder / "text-run/held-out.txt");
  };
  const std::vector<std::pair<std::string, std::string>> endings = {
      {"\r\n", "\u00A0\t\r\n"}, {"\u2028", "\u3000\u2029"}, {"\r", " \u0085"}};
  std::string mixed;  // each document of the text with other ends
  std::istringstream stream(english);
  size_t kind = 0;
  for (std::string line; std::getline(stream, line);) {
    const auto& [end, empty_line] = endings[kind];
    mixed += line.empty() ? empty_line : line + end;
    if (line.empty()) kind = (kind + 1) % endings.size();
  }
  REQUIRE(mixed.find("\u3000") != std::string::npos);
  CHECK(parts_of(mixed) == parts_of(english));
}

TEST_CASE("run: an English text of long sentences") {
  const Project project;
  check_whole(project.run(fixture("english.txt")));
}

TEST_CASE("run: a Chinese text has one character masked in each sample and keeps its punctuation") {
  const Project project;
  const ProgramResult result = project.run(fixture("chinese.txt"));
  check_whole(result);
  for (const std::string& sample : samples_of(result.out)) {
    INFO(sample);
    CHECK(sample.find(' ') == std::string::npos);
    CHECK((sample.ends_with("。") || sample.ends_with("？")));
    // The sentences of the text, but for what stands in the gap.
    const std::string before = sample.substr(0, sample.find('['));
    const std::string first = before.substr(0, before.find("。"));
    CHECK(fixture("chinese.txt").find(first) != std::string::npos);
  }
}

TEST_CASE("run: English and Chinese in one text, with an address and signs that no vocabulary has") {
  const Project project;
  check_whole(project.run(fixture("english.txt") + "\n" + fixture("chinese.txt") +
                          "\nSee www.debian.org/intro (道) — it’s ☃ fine.\nAnd the end.\n"));
}

TEST_CASE("run: a text whose words all fall to pieces ends well, and says why no gap is filled") {
  const Project project;
  std::string text;
  for (int document = 0; document < 8; ++document) {
    for (int sentence = 0; sentence < 2; ++sentence) {
      for (int word = 0; word < 60; ++word)
        text += std::to_string(word * 7919 + document * 104729 + sentence * 31) + " ";
      text += "\n";
    }
    text += "\n";
  }
  const ProgramResult result = project.run(text);
  INFO(result.out << result.errors);
  CHECK(result.exit_code == 0);
  CHECK(result.errors.find("so there is nothing to mask") != std::string::npos);
  CHECK(result.errors.find("run: no gap was filled in; the line above says why.") != std::string::npos);
  CHECK(result.out.find("\nThe attention page: ") != std::string::npos);
}
#endif
