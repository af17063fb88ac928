// gradus tokenize: text to pieces, ids and character offsets.
#include <memory>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/input_texts.hpp"
#include "app/model_files.hpp"
#include "app/options.hpp"

namespace gradus::app {
namespace fs = std::filesystem;
namespace {

struct Options {
  std::vector<std::string> texts;
  fs::path file;
  std::string pair;
  TokenizerChoice tokenizer;
  std::int64_t max_length = 0;  // 0: no limit
  bool bare = false;
  bool json = false;
};

nlohmann::ordered_json to_json(const std::string& text, const std::string* pair,
                               const bert::Encoding& encoding) {
  nlohmann::ordered_json out = {{"text", text}};
  if (pair != nullptr) out["pair"] = *pair;
  nlohmann::ordered_json offsets = nlohmann::ordered_json::array();
  for (const bert::CharSpan& span : encoding.offsets) offsets.push_back({span.begin, span.end});
  out["pieces"] = encoding.pieces;
  out["ids"] = encoding.ids;
  out["token_type_ids"] = encoding.token_type_ids;
  out["offsets"] = offsets;
  out["special_tokens_mask"] = encoding.special_tokens_mask;
  return out;
}

std::string to_table(const bert::Encoding& encoding) {
  std::string out = fmt::format("{:>7}  {:>11}  piece\n", "id", "characters");
  for (size_t i = 0; i < encoding.size(); ++i) {
    const bert::CharSpan span = encoding.offsets[i];
    const bool added = encoding.special_tokens_mask[i];
    out += fmt::format("{:>7}  {:>11}  {}\n", encoding.ids[i],
                       added ? "" : fmt::format("{}-{}", span.begin, span.end), encoding.pieces[i]);
  }
  return out;
}

void run(const Options& options, bool has_pair) {
  if (!options.texts.empty() && !options.file.empty()) {
    fail<WrongCall>("give texts or --file {}, not both", options.file.string());
  }
  if (has_pair && options.texts.size() != 1) {
    fail<WrongCall>("--pair needs exactly one text before it, not {}", options.texts.size());
  }
  check_argument("--pair", options.pair);
  const std::int64_t added = options.bare ? 0 : has_pair ? 3 : 2;
  if (options.max_length > 0 && options.max_length < added) {
    fail<WrongCall>("--max-length: '{}' leaves no room for the {} special tokens", options.max_length, added);
  }
  const bert::Tokenizer tokenizer = options.tokenizer.load();
  bert::EncodeOptions how;
  how.add_special_tokens = !options.bare;
  if (options.max_length > 0) how.max_length = static_cast<size_t>(options.max_length);

  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  bool is_first = true;
  for (const std::string& text : input_texts(options.texts, options.file, EmptyLines::are_skipped)) {
    const bert::Encoding encoding =
        has_pair ? tokenizer.encode(text, options.pair, how) : tokenizer.encode(text, how);
    if (options.json) {
      list.push_back(to_json(text, has_pair ? &options.pair : nullptr, encoding));
    } else {
      print((is_first ? "" : "\n") + to_table(encoding));
    }
    is_first = false;
  }
  if (options.json) print({{"texts", list}});
}

}  // namespace

void add_tokenize(CLI::App& program) {
  CLI::App* command = add_command(program, "tokenize", "Show the pieces, ids and character offsets of a text",
                                  "gradus corpus toy --out toy --stories 2000\n"
                                  "gradus vocab toy/train.txt --size 200 --out vocab.txt\n"
                                  "gradus tokenize --vocab vocab.txt \"The dog found the ropes.\"\n"
                                  "head -3 toy/train.txt | gradus tokenize --vocab vocab.txt --json");
  auto options = std::make_shared<Options>();
  add_texts(*command, "TEXT", options->texts, "",
            "Texts; without one, the lines of --file or of standard input");
  add_path(*command, "--file", options->file, "FILE", "A text a line; - is standard input");
  const Option pair = add_text(*command, "--pair", options->pair, "TEXT", "The second text of a pair");
  options->tokenizer.add_to(*command);
  add_whole(*command, "--max-length", options->max_length, "Cut to this many pieces; 0 cuts nothing", 0,
            1'000'000);
  add_switch(*command, "--bare", options->bare, "Without [CLS] and [SEP]");
  add_json(*command, options->json);
  on_call(*command, [options, pair] { run(*options, pair.is_given()); });
}

}  // namespace gradus::app
