#include "app/pretraining_text.hpp"

#include <charconv>

#include "app/command.hpp"
#include "bert/tokenizer_files.hpp"

namespace gradus::app {

bert::Tokenizer open_tokenizer(const std::filesystem::path& path, bool cased) {
  if (std::filesystem::is_directory(path)) return bert::load_tokenizer(path);
  bert::BertNormalizer normalizer;
  normalizer.lowercase = !cased;
  return bert::Tokenizer(bert::Vocab::load(path), normalizer);
}

std::vector<LengthShare> parse_lengths(const std::string& text) {
  const auto wrong = [&] {
    throw WrongCall(
        fmt::format("--length '{}' is not of the form 64 or 32:0.5,64:0.8,128 (slots, and the share of the "
                    "run up to which they hold)",
                    text));
  };
  std::vector<LengthShare> stages;
  const char *at = text.data(), *const end = text.data() + text.size();
  double before = 0;
  for (;;) {
    LengthShare stage{1, 0};
    auto result = std::from_chars(at, end, stage.length);
    if (result.ec != std::errc() || stage.length < 5) wrong();
    at = result.ptr;
    if (at != end && *at == ':') {
      result = std::from_chars(at + 1, end, stage.until);
      if (result.ec != std::errc()) wrong();
      at = result.ptr;
    }
    if (!(stage.until > before && stage.until <= 1)) wrong();
    before = stage.until;
    stages.push_back(stage);
    if (at == end) break;
    if (*at++ != ',') wrong();
  }
  if (before != 1) wrong();
  return stages;
}

}  // namespace gradus::app
