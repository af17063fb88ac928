// gradus corpus: writes the built-in toy corpus or a labelled set of it, or splits a text file of yours.
#include <cmath>
#include <memory>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/commands/corpus_split.hpp"
#include "app/commands/corpus_task.hpp"
#include "app/options/options.hpp"
#include "app/terminal/progress.hpp"
#include "autograd/file.hpp"
#include "autograd/plural.hpp"
#include "autograd/system_reason.hpp"
#include "bert/toy_world/tasks.hpp"
#include "bert/toy_world/toy_world.hpp"

namespace gradus::app {
namespace fs = std::filesystem;
namespace {

struct CorpusCall {
  std::string kind, task;
  fs::path file, out;
  int64_t stories = 20000, examples = 10000;
  int64_t seed = 1;
  double held_out = 0.05;
  bool force = false;
  bool json = false;
};

/// One file of the corpus: `stories` stories, an empty line between them.
struct Part {
  fs::path path;
  int64_t stories;
  bool held_out;
};

/// Writes `part` up to its commit. `done` counts stories over all parts, of which there are `all`.
void write(AtomicFile& file, const Part& part, const CorpusCall& options, Progress& progress, int64_t& done) {
  bert::ToyWorldOptions world;
  world.seed = static_cast<uint64_t>(options.seed);
  world.held_out = part.held_out;
  std::string text;
  for (int64_t i = 0; i < part.stories; ++i, ++done) {
    if (i > 0) text += '\n';
    for (const bert::ToySentence& sentence : bert::toy_story(world, i).sentences)
      text += sentence.text() + "\n";
    if (text.size() > (1 << 16)) {
      file.write(text);
      text.clear();
      progress.update(static_cast<double>(done) / static_cast<double>(options.stories));
    }
  }
  file.write(text);
}

/// The files to write: one where --out names a .txt file, else train.txt and held-out.txt in a folder.
std::vector<Part> parts_of(const CorpusCall& options, bool held_out_is_set) {
  if (options.out.extension() == ".txt") {
    if (held_out_is_set) {
      fail<WrongCall>("--held-out needs a folder as --out, not the file {}", options.out.string());
    }
    return {{options.out, options.stories, false}};
  }
  const auto held_out = std::llround(static_cast<double>(options.stories) * options.held_out);
  if (held_out == options.stories) {
    fail<WrongCall>("--held-out {} of {} {} leaves none to train on; take a smaller fraction or more stories",
                    options.held_out, options.stories, plural(options.stories, "story", "stories"));
  }
  std::vector<Part> parts = {{options.out / "train.txt", options.stories - held_out, false}};
  if (held_out > 0) parts.push_back({options.out / "held-out.txt", held_out, true});
  return parts;
}

/// Without held-out stories, those of an older corpus must not look as if they belonged to the new one.
void remove_old_held_out(const fs::path& folder) {
  std::error_code error;
  fs::remove(folder / "held-out.txt", error);
  if (error)
    fail<IoError>("cannot remove {}: {}", (folder / "held-out.txt").string(), system_reason(error.value()));
}

/// gradus corpus split: FILE into train.txt and held-out.txt.
void split(const CorpusCall& options) {
  const fs::path training = options.out / "train.txt", held_out = options.out / "held-out.txt";
  refuse_to_overwrite(training, options.force);
  refuse_to_overwrite(held_out, options.force);
  const SplitDocuments documents = split_corpus_file(options.file, options.out);
  if (options.json) {
    return print({{"kind", options.kind},
                  {"files",
                   {{{"path", training.string()}, {"documents", documents.training}, {"held_out", false}},
                    {{"path", held_out.string()}, {"documents", documents.held_out}, {"held_out", true}}}}});
  }
  print(fmt::format("{}: {}\n{}: {}\n", training.string(), counted(documents.training, "document"),
                    held_out.string(), counted(documents.held_out, "held-out document")));
}

void tell(const CorpusCall& options, bool held_out_is_set) {
  const std::vector<Part> parts = parts_of(options, held_out_is_set);
  for (const Part& part : parts) refuse_to_overwrite(part.path, options.force);
  if (options.out.extension() != ".txt") refuse_to_overwrite(options.out / "held-out.txt", options.force);
  if (options.out.extension() != ".txt") make_folder(options.out);

  // All files are written before the first is put in its place: there are both, or none.
  std::vector<std::unique_ptr<AtomicFile>> files;
  {
    Progress progress("telling stories");
    int64_t done = 0;
    for (const Part& part : parts) {
      files.push_back(std::make_unique<AtomicFile>(part.path));
      write(*files.back(), part, options, progress, done);
    }
  }
  for (const auto& file : files) file->commit();
  if (parts.size() == 1 && options.out.extension() != ".txt") remove_old_held_out(options.out);

  if (options.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Part& part : parts) {
      list.push_back({{"path", part.path.string()}, {"stories", part.stories}, {"held_out", part.held_out}});
    }
    return print({{"kind", options.kind}, {"seed", options.seed}, {"files", list}});
  }
  for (const Part& part : parts) {
    const std::string kind = part.held_out ? "held-out " : "";
    print(
        fmt::format("{}: {}\n", part.path.string(), counted(part.stories, kind + "story", kind + "stories")));
  }
}

}  // namespace

void add_corpus(CLI::App& program) {
  CLI::App* command =
      add_command(program, "corpus",
                  "Write the built-in toy corpus or a labelled set of it, or part a text of your "
                  "own into two files",
                  "gradus corpus toy --out toy --stories 2000\n"
                  "gradus corpus toy --task sentiment --out sentiment --examples 1000\n"
                  "gradus corpus split toy/train.txt --out parted");
  auto options = std::make_shared<CorpusCall>();
  add_choice(
      *command, "KIND", options->kind, {"toy", "split"},
      "toy: small stories, the same for the same seed; split: the documents of FILE, every tenth of those "
      "with two sentences held out, or two of fewer than twenty")
      .required();
  const Option file =
      add_path(*command, "FILE", options->file, "",
               "With split: a text in UTF-8, a sentence a line, an empty line between documents");
  add_path(*command, "--out", options->out, "PATH",
           "A folder for train.txt and held-out.txt, or one file NAME.txt without held-out stories; with "
           "--task a folder for train, validation and test")
      .required();
  const Option stories =
      add_whole(*command, "--stories", options->stories, "How many stories in all", 1, 100'000'000);
  const Option seed = add_whole(*command, "--seed", options->seed, "Another seed tells other stories", 0);
  const Option held_out = add_number(
      *command, "--held-out", options->held_out,
      "The fraction of the stories that is held out; they bring together who never meets in the others",
      {0, 1, true, false});
  const Option task = add_choice(
      *command, "--task", options->task, bert::toy_task_names(),
      "With toy: labelled examples instead of stories, as TSV, CoNLL (entities) or SQuAD 2.0's JSON "
      "(questions), and what simple guesses reach on them");
  const Option examples =
      add_whole(*command, "--examples", options->examples,
                "How many examples of the task in all, a tenth each to validate and to test", 20, 1'000'000);
  examples.needs(task);
  for (const Option& other : {stories, held_out}) task.excludes(other);
  add_switch(*command, "--force", options->force, "Replace what is there");
  add_json(*command, options->json);
  on_call(*command, [=] {
    if (options->kind == "toy") {
      if (file.is_given())
        fail<WrongCall>("toy reads no file, and {} is one too many", options->file.string());
      if (task.is_given()) {
        return write_task(
            {options->task, options->out, options->examples, options->seed, options->force, options->json});
      }
      return tell(*options, held_out.is_given());
    }
    if (!file.is_given()) fail<WrongCall>("split needs the FILE that is to be parted");
    for (const Option& other : {stories, seed, held_out, task}) {
      if (other.is_given()) fail<WrongCall>("{} is for toy, and split has no use for it", other.name());
    }
    split(*options);
  });
}

}  // namespace gradus::app
