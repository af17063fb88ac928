// gradus vocab: learns a WordPiece vocabulary from text files.
#include <memory>
#include <optional>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/input/left_out.hpp"
#include "app/input/model_files.hpp"
#include "app/options/options.hpp"
#include "app/terminal/interrupt.hpp"
#include "app/terminal/progress.hpp"
#include "autograd/file.hpp"
#include "autograd/plural.hpp"
#include "bert/text/lines.hpp"
#include "bert/tokenizer/coverage.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"
#include "bert/tokenizer/wordpiece_trainer.hpp"

namespace gradus::app {
namespace fs = std::filesystem;
namespace {

struct VocabCall {
  std::vector<fs::path> files;
  fs::path out, merges;
  int64_t size = 8000;
  int64_t min_frequency = 2;
  int64_t alphabet = 0;
  TokenizerRules rules;
  bool force = false;
  bool json = false;
};

void stop_when_asked() {
  if (interrupted()) throw Exit{exit_interrupted};
}

/// A folder where one is named, by a slash at the end or because it is there.
bool names_folder(const fs::path& path) { return !path.has_filename() || fs::is_directory(path); }

bert::WordCounter count_words(const VocabCall& options, const bert::BertNormalizer& normalizer) {
  bert::WordCounter words(normalizer);
  std::uintmax_t all_bytes = 0;
  for (const fs::path& file : options.files) {
    std::error_code unknown;
    if (const std::uintmax_t size = fs::file_size(file, unknown); !unknown) all_bytes += size;
  }
  Progress progress("counting words");
  std::uintmax_t bytes = 0;
  for (const fs::path& file : options.files) {
    bert::for_each_line(file, [&](std::string_view line) {
      words.add(line);
      bytes += line.size() + 1;
      stop_when_asked();
      if (!progress.is_due()) return;
      progress.update(all_bytes == 0 ? -1 : static_cast<double>(bytes) / static_cast<double>(all_bytes),
                      counted(words.total(), "word"));
    });
  }
  if (words.total() == 0) {
    const std::string name = options.files.size() == 1
                                 ? options.files[0].string() + " holds"
                                 : fmt::format("the {} files hold", options.files.size());
    fail<FormatError>("{} no word to learn from", name);
  }
  return words;
}

/// A line for each step: the two pieces, what they became, and how often they stood side by side.
class MergeLog {
 public:
  explicit MergeLog(const fs::path& path) {
    if (!path.empty()) file_.emplace(path);
  }
  void add(const bert::Merge& merge) {
    if (file_)
      file_->write(fmt::format("{}\t{}\t{}\t{}\n", merge.left, merge.right, merge.piece, merge.count));
  }
  void commit() {
    if (file_) file_->commit();
  }

 private:
  std::optional<AtomicFile> file_;
};

bert::Vocab learn(const VocabCall& options, const bert::WordCounter& words, MergeLog& log,
                  bert::LeftOut& left_out) {
  Progress progress("learning pieces");
  bert::VocabTrainerOptions how;
  how.vocab_size = static_cast<size_t>(options.size);
  how.min_frequency = options.min_frequency;
  how.alphabet_limit = static_cast<size_t>(options.alphabet);
  how.on_merge = [&](const bert::Merge& merge) {
    log.add(merge);
    stop_when_asked();
    if (!progress.is_due()) return;
    progress.update(static_cast<double>(merge.vocab_size) / static_cast<double>(options.size), merge.piece);
  };
  how.on_left_out = [&](const bert::LeftOut& characters) { left_out = characters; };
  return bert::train_vocab(words, how);
}

/// @throws WrongCall when a file to write is also one to read, or both are the same.
void check_apart(const VocabCall& options, const fs::path& vocab_file) {
  std::error_code ignored;
  for (const fs::path& file : options.files) {
    for (const fs::path& out : {vocab_file, options.merges}) {
      const bool same = fs::equivalent(file, out, ignored);
      if (same && fs::is_regular_file(out))
        fail<WrongCall>("{} is a text to learn from; write to another file", out.string());
    }
  }
  if (options.merges.lexically_normal() == vocab_file.lexically_normal()) {
    fail<WrongCall>("--out and --merges both name {}", vocab_file.string());
  }
}

void run(const VocabCall& options) {
  const bool to_folder = names_folder(options.out);
  const fs::path vocab_file = to_folder ? options.out / "vocab.txt" : options.out;
  refuse_to_overwrite(vocab_file, options.force);
  if (!options.merges.empty()) refuse_to_overwrite(options.merges, options.force, "--merges");

  check_apart(options, vocab_file);
  // A name that cannot be written is better known before the wait than after it.
  if (!to_folder) const AtomicFile trial(options.out);
  MergeLog log(options.merges);

  const InterruptGuard guard;
  const bert::WordCounter words = count_words(options, options.rules.normalizer());
  bert::LeftOut left_out;
  const bert::Vocab vocab = learn(options, words, log, left_out);
  if (to_folder) {
    make_folder(options.out);
    bert::save_tokenizer(options.out, options.rules.tokenizer(vocab));
  } else {
    vocab.save(options.out);
  }
  log.commit();

  const bert::Coverage coverage = bert::coverage_of(words, options.rules.tokenizer(vocab));
  if (options.json) {
    return print({{"path", vocab_file.string()},
                  {"pieces", vocab.size()},
                  {"cased", options.rules.cased},
                  {"words", words.total()},
                  {"distinct_words", words.distinct()},
                  {"characters_left_out", left_out.characters},
                  {"share_left_out", left_out.share()},
                  {"examples_left_out", left_out.examples},
                  {"tokens", coverage.tokens},
                  {"share_unknown", coverage.unknown_share()}});
  }
  const double unknown = 100 * coverage.unknown_share();  // a small share with two figures, a large one whole
  print(fmt::format("{}: {} from {} ({} distinct); {} % of the text's {} [UNK]\n", vocab_file.string(),
                    counted(vocab.size(), "piece"), counted(words.total(), "word"),
                    with_commas(static_cast<int64_t>(words.distinct())),
                    unknown < 10 ? fmt::format("{:.2g}", unknown) : fmt::format("{:.0f}", unknown),
                    counted(coverage.tokens, "token") + plural(coverage.tokens, " is", " are")));
  const bool by_limit = options.alphabet > 0;
  if (left_out.characters > 0) {
    print_error(left_out_text(left_out, by_limit ? "--alphabet" : "--size") + "\n");
  }
  if (vocab.size() < options.size && (by_limit || left_out.characters == 0)) {
    print_error(fmt::format(
        "The text gives no more than {} pieces that it holds at least {}.\n", with_commas(vocab.size()),
        options.min_frequency == 1 ? "once" : fmt::format("{} times", options.min_frequency)));
  }
}

}  // namespace

void add_vocab(CLI::App& program) {
  CLI::App* command = add_command(program, "vocab", "Learn a WordPiece vocabulary from text files",
                                  "gradus corpus toy --out toy --stories 2000\n"
                                  "gradus vocab toy/train.txt --size 1000 --out vocab.txt");
  auto options = std::make_shared<VocabCall>();
  add_paths(*command, "FILE", options->files, "", "Text files in UTF-8").required();
  add_path(*command, "--out", options->out, "PATH",
           "Where to write: a file such as vocab.txt, or a folder (FOLDER/) for all of the tokenizer's files")
      .required();
  add_whole(*command, "--size", options->size, "The most pieces to learn, special tokens counted", 6,
            1'000'000);
  add_whole(*command, "--min-frequency", options->min_frequency, "Pieces seen less often are not learnt");
  add_whole(*command, "--alphabet", options->alphabet,
            "The most characters to keep, the most frequent first; 0: as many as there is room for", 0,
            1'000'000);
  add_switch(*command, "--cased", options->rules.cased, "Keep capitals and accents");
  add_switch(*command, "--google", options->rules.google,
             "Google's rules for words, where Hugging Face's differ");
  add_path(*command, "--merges", options->merges, "FILE", "Write each step of the learning here");
  add_switch(*command, "--force", options->force, "Replace what is there");
  add_json(*command, options->json);
  on_call(*command, [options] { run(*options); });
}

}  // namespace gradus::app
