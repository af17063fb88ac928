// gradus tokenize: text to pieces, ids and character offsets; a corpus to a token file.
#include <memory>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/input/input_texts.hpp"
#include "app/input/model_files.hpp"
#include "app/input/text_source.hpp"
#include "app/options/options.hpp"
#include "autograd/file.hpp"
#include "autograd/threads.hpp"
#include "bert/data/token_file.hpp"
#include "bert/text/lines.hpp"

namespace gradus::app {
namespace fs = std::filesystem;
namespace {

struct TokenizeCall {
  std::vector<std::string> texts;
  std::vector<fs::path> corpus;
  fs::path file, out;
  std::string pair;
  TokenizerChoice tokenizer;
  int64_t max_length = 0;  // 0: no limit
  bool bare = false;
  int64_t block_sentences = 0, threads = 0;
  bool force = false;
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

/// Writes a token file, in the folder that --out names or as the file.
void run_corpus(const TokenizeCall& options) {
  if (options.threads > 0) set_num_threads(static_cast<int>(options.threads));
  const bool is_folder = !options.out.has_filename() || fs::is_directory(options.out);
  const fs::path file = is_folder ? options.out / token_file_name : options.out;
  refuse_to_overwrite(file, options.force);
  for (const fs::path& text : options.corpus) {
    std::error_code ignored;
    if (fs::equivalent(text, file, ignored))
      fail<WrongCall>("{} is a text to read; write to another file", file.string());
  }
  if (token_file_of(options.corpus))
    fail<WrongCall>("{} is a token file already; name the text", options.corpus[0].string());
  const bert::Tokenizer tokenizer = options.tokenizer.load();
  if (is_folder) make_folder(options.out);
  const bert::TokenFileInfo info = make_token_file(file, options.corpus, tokenizer, options.block_sentences);
  const TextAccount account =
      account_of(options.corpus, bert::open_token_file(file, tokenizer), tokenizer, info.text.lines);
  if (options.json) {
    return print({{"path", file.string()},
                  {"bytes", size_of({file})},
                  {"bytes_per_id", info.id_bytes},
                  {"pieces", tokenizer.vocab().size()},
                  {"texts", to_json(std::vector{account})}});
  }
  for (const std::string& line : to_lines(account, false, "learn one from it with gradus vocab"))
    print(line + "\n");
  print(fmt::format("{}: {}, {} an id\n", file.string(), counted(size_of({file}), "byte"), info.id_bytes));
}

void run(const TokenizeCall& options, bool has_pair) {
  if (!options.corpus.empty()) return run_corpus(options);
  if (!options.texts.empty() && !options.file.empty()) {
    fail<WrongCall>("give texts or --file {}, not both", options.file.string());
  }
  if (has_pair && options.texts.size() != 1) {
    fail<WrongCall>("--pair needs exactly one text before it, not {}", options.texts.size());
  }
  check_argument("--pair", options.pair);
  const int64_t added = options.bare ? 0 : has_pair ? 3 : 2;
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
  CLI::App* command = add_command(
      program, "tokenize", "Show the pieces, ids and offsets of a text, or write a corpus as a token file",
      "gradus corpus toy --out toy --stories 2000\n"
      "gradus vocab toy/train.txt --size 200 --out vocab.txt\n"
      "gradus tokenize --vocab vocab.txt \"The dog found the ropes.\"\n"
      "head -3 toy/train.txt | gradus tokenize --vocab vocab.txt --json\n"
      "gradus tokenize --vocab vocab.txt --corpus toy/train.txt --out toy.tokens");
  auto options = std::make_shared<TokenizeCall>();
  const Option texts = add_texts(*command, "TEXT", options->texts, "",
                                 "Texts; without one, the lines of --file or of standard input");
  const Option file =
      add_path(*command, "--file", options->file, "FILE", "A text a line; - is standard input");
  const Option pair = add_text(*command, "--pair", options->pair, "TEXT", "The second text of a pair");
  options->tokenizer.add_to(*command);
  const Option longest = add_whole(*command, "--max-length", options->max_length,
                                   "Cut to this many pieces; 0 cuts nothing", 0, 1'000'000);
  const Option bare = add_switch(*command, "--bare", options->bare, "Without [CLS] and [SEP]");
  const Option corpus =
      add_paths(*command, "--corpus", options->corpus, "FILE",
                "Text for pretrain and evaluate, to be written as a token file: a sentence a line, "
                "an empty line between documents");
  for (const Option& other : {texts, file, pair, longest, bare}) corpus.excludes(other);
  const Option out = add_path(*command, "--out", options->out, "PATH",
                              "Where the token file goes: a file, or a folder (FOLDER/) for its text.tokens");
  corpus.needs(out);
  out.needs(corpus);
  add_whole(*command, "--block-sentences", options->block_sentences,
            "With --corpus: cut a text without empty lines into documents of this many lines", 0)
      .needs(corpus);
  add_switch(*command, "--force", options->force, "With --corpus: replace what is there").needs(corpus);
  add_threads(*command, options->threads, "With --corpus: threads; the default is OpenMP's").needs(corpus);
  add_json(*command, options->json);
  on_call(*command, [options, pair] { run(*options, pair.is_given()); });
}

}  // namespace gradus::app
