// What a terminal would obey is shown instead, wherever it comes from.
#include "app/terminal/visible_text.hpp"

#include <nlohmann/json.hpp>

#include "app/program.hpp"
#include "bert/text/unicode.hpp"
#include "nn/safetensors.hpp"
#include "support/catch.hpp"

namespace {

using namespace gradus;
using namespace gradus::test;
using gradus::app::visible;

/// Whether a terminal would obey something in `text`.
bool has_controls(const std::string& text) {
  for (const char32_t c : bert::decode_utf8(text))
    if (c != '\n' && c != '\t' && (c < 0x20 || (c >= 0x7F && c < 0xA0))) return true;
  return false;
}

const std::string red = "\x1b[31mred";

}  // namespace

TEST_CASE("visible: every control character is shown, every other stays") {
  for (char32_t c = 0; c < 0x3000; ++c) {
    std::string text = "a";
    bert::append_utf8(text, c);
    text += "b";
    const bool is_control = (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0);
    INFO(static_cast<uint32_t>(c));
    CHECK(visible(text) == (is_control ? fmt::format("a\\u{:04x}b", static_cast<uint32_t>(c)) : text));
  }
  CHECK(visible("a\r\nb\r") == "a\r\nb\\u000d");
  CHECK(visible("\x9b"
                "31m \xC3\xA9 \xE6\x9D\xB1 \xF0\x9F\x90\x95 \xE6\x9D") ==
        "\\x9b"
        "31m \xC3\xA9 \xE6\x9D\xB1 \xF0\x9F\x90\x95 \xE6\\x9d");
  CHECK(visible(std::string(1, '\0')) == "\\u0000");
  CHECK(visible("") == "");
}

TEST_CASE("visible: a result in JSON means the same") {
  const nlohmann::json text = "\x1b[31m \x7F \xC2\x9B end";
  CHECK(nlohmann::json::parse(visible(text.dump())) == text);
}

TEST_CASE("gradus: control characters of arguments, file names and vocabularies are shown") {
  const TemporaryFolder folder;
  const std::vector<std::vector<std::string>> wrong = {
      {red},
      {"vocab", "--" + red},
      {"vocab", red + ".txt", "--size", "200", "--out", "v.txt"},
      {"bench", "--threads", red},
      {"inspect", red},
      {"fill-mask", red, "a [MASK]"},
      {"pretrain", red, "--out", red, "--steps", "1", "--held-out", red}};
  for (const auto& arguments : wrong) {
    const ProgramResult result = call_gradus(folder.path(), arguments);
    INFO(result.errors);
    CHECK(result.exit_code != 0);
    CHECK(result.errors.find("\\u001b[31mred") != std::string::npos);
    CHECK_FALSE(has_controls(result.errors));
  }

  write(folder / "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ndog\n" + red + "\n");
  nn::write_safetensors(folder / "names.safetensors", {{red, zeros({2})}}, {{"by", red}});
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"tokenize", "--vocab", "vocab.txt", "dog " + red},
        std::vector<std::string>{"inspect", "names.safetensors"},
        std::vector<std::string>{"inspect", "names.safetensors", "--json"}}) {
    const ProgramResult result = call_gradus(folder.path(), arguments);
    INFO(result.out << result.errors);
    REQUIRE(result.exit_code == 0);
    CHECK_FALSE(has_controls(result.out));
    CHECK_FALSE(has_controls(result.errors));
    if (arguments[0] == "inspect") CHECK(result.out.find("\\u001b[31mred") != std::string::npos);
  }
}
