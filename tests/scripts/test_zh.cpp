// scripts/zh: refusals and made pages anywhere, the whole text where the package is installed.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/catch.hpp"
#include "support/run_program.hpp"
#include "support/temporary_folder.hpp"

namespace fs = std::filesystem;

namespace {

const std::string script = GRADUS_SOURCE "/scripts/zh";

ProgramResult zh(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), script);
  return run_program(arguments);
}

void write_page(const fs::path& file, const std::string& roff) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << roff;
  REQUIRE(run_program({"gzip", file.string()}).exit_code == 0);
}

std::string printed(const std::string& roff) {
  const TemporaryFolder folder;
  write_page(folder / "man1" / "a.1", roff);
  const auto result = zh({"--from", folder.path().string()});
  CHECK(result.exit_code == 0);
  CHECK(result.errors.empty());
  return result.out;
}

}  // namespace

TEST_CASE("zh explains itself") {
  const auto help = zh({"--help"});
  CHECK(help.exit_code == 0);
  CHECK(help.out.rfind("usage: scripts/zh", 0) == 0);
}

TEST_CASE("zh refuses a wrong call with one sentence") {
  const auto check = [](std::vector<std::string> arguments, const std::string& sentence, int exit_code = 2) {
    const auto result = zh(std::move(arguments));
    CHECK(result.exit_code == exit_code);
    CHECK(result.out.empty());
    CHECK(result.errors == sentence + "\n");
  };
  check({"--page"}, "zh: --page is no option; --help lists them");
  check({"--training", "--held-out"}, "zh: --training and --held-out do not go together");
  check({"--from"}, "zh: --from needs the name of a folder, for example --from /usr/share/man/zh_CN");
  check({"--from", "/nowhere"}, "zh: --from: there is no folder /nowhere");
  const TemporaryFolder empty;
  check({"--from", empty.path().string()}, "zh: there are no pages in " + empty.path().string(), 1);
}

TEST_CASE("zh cuts paragraphs into sentences and leaves out what is no running text") {
  CHECK(printed(".TH A 1\n.SH 名称\na \\- 列出“文件”\n.SH 描述\n第一句。第二\n句！（第三句。）第四句？\n"
                ".PP\nno Chinese here\n.PP\n半角句号. 下一句\n") ==
        "a - 列出“文件”\n第一句。\n第二句！\n（第三句。）\n第四句？\n半角句号.\n下一句\n");
  CHECK(printed("上文\n.TS\nl l.\n表\t格\n.TE\n.nf\n程序\n.fi\n下文\n.if t 打印\n.ie n "
                "\\{\\\n设置\n.\\}\n.\\\" 注释\n"
                ".PP\n中文 man 手册页计划：https://example.org\n") == "上文\n下文\n");
  CHECK(printed(".Dd 2020\n.Sh 名称\n文字\n").empty());  // the mdoc language
}

TEST_CASE("zh takes roff's escapes and fonts off, and no byte of a character") {
  CHECK(printed("用 \\fB\\-\\-all\\fP 和\\fI文\\f[R]件\\fR、\\f、路径 \\e \\(dqx\\(dq\\s-1小\\s0\n.B \"粗 "
                "bold\" 字\n"
                ".BR ls (1)\n") == "用 --all 和文件、、路径 \\ \"x\"小粗 bold 字 ls(1)\n");
}

TEST_CASE("zh parts pages: a document each, every tenth held out") {
  const TemporaryFolder folder;
  for (int i = 10; i < 40; ++i) {
    const std::string number = std::to_string(i);
    write_page(folder / ("man" + std::to_string(i % 3)) / (number + ".1"),
               ".TH A 1\n页 " + number + " 。句。\n");
  }
  const std::string from = folder.path().string();
  const auto documents = [](const std::string& text) {
    int n = !text.empty();
    for (size_t at = 0; (at = text.find("\n\n", at)) != std::string::npos; ++at) ++n;
    return n;
  };
  const auto all = zh({"--from", from}), rest = zh({"--training", "--from", from}),
             held = zh({"--held-out", "--from", from});
  CHECK(documents(all.out) == 30);
  CHECK(documents(rest.out) == 27);
  CHECK(documents(held.out) == 3);
  CHECK(all.out.rfind("页 12 。\n句。\n\n页 15 。\n", 0) == 0);
  CHECK(all.out.find("\n\n\n") == std::string::npos);
}

TEST_CASE("zh prints half a million ideographs of the package's pages") {
  if (!fs::exists("/usr/share/man/zh_CN/man1/ls.1.gz")) return;  // the package is no dependency of the suite
  const auto all = zh({});
  REQUIRE(all.exit_code == 0);
  CHECK(run_program({"sh", "-c", script + " | iconv -f UTF-8 -t UTF-8 > " + "/dev/null"}).errors.empty());
  const auto ideographs = std::count_if(all.out.begin(), all.out.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0xE4 && byte <= 0xE9;
  });
  CHECK(ideographs > 500'000);
  for (const char* left : {"\\fB", "\\fI", "\\fR", "\\fP", "中文 man 手册页计划"}) {
    INFO(left);
    CHECK(all.out.find(left) == std::string::npos);
  }
}
