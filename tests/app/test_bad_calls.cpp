// Wrong calls: unknown words, missing and surplus arguments, values out of range. All exit with 2.
#include "app/bad_input.hpp"

using namespace gradus::test;

TEST_CASE("a call without a command that is known is refused") {
  const TemporaryFolder folder;
  std::string commands;
  for (const std::string& name : command_names()) commands += (commands.empty() ? "" : ", ") + name;
  check_refused(folder, {
                            {{"xyzzy"}, 2, ": unknown command 'xyzzy'; there are: " + commands},
                            {{}, 2, ": name a command: " + commands},
                            {{""}, 2, ": unknown command ''; there are: " + commands},
                            {{"vocbu"}, 2, ": unknown command 'vocbu'; did you mean 'vocab'?"},
                            {{"tokenise", "a"}, 2, ": unknown command 'tokenise'; did you mean 'tokenize'?"},
                            {{"inpsect"}, 2, ": unknown command 'inpsect'; did you mean 'inspect'?"},
                            {{"--fast"}, 2, ": unknown option '--fast'; see gradus --help"},
                        });
}

TEST_CASE("options that do not exist are refused, with the nearest that does") {
  const TemporaryFolder folder;
  write(folder / "text.txt", "A text.\n");
  check_refused(
      folder,
      {
          {{"vocab", "--sise", "100"}, 2, " vocab: unknown option '--sise'; did you mean '--size'?"},
          {{"vocab", "text.txt", "--ot=v"}, 2, " vocab: unknown option '--ot'; did you mean '--out'?"},
          {{"vocab", "-x"}, 2, " vocab: unknown option '-x'; see gradus vocab --help"},
          {{"vocab", "--version"}, 2, " vocab: unknown option '--version'; see gradus vocab --help"},
          {{"tokenize", "--quick", "a"},
           2,
           " tokenize: unknown option '--quick'; see gradus tokenize --help"},
          {{"corpus", "toy", "--storys", "5"},
           2,
           " corpus: unknown option '--storys'; did you mean '--stories'?"},
          {{"inspect", "--jsn", "a"}, 2, " inspect: unknown option '--jsn'; did you mean '--json'?"},
          {{"inspect", "a", "b", "c"},
           2,
           " inspect: 'c' is one argument too many; see gradus inspect --help"},
      });
}

TEST_CASE("missing and surplus values are refused") {
  const TemporaryFolder folder;
  write(folder / "text.txt", "A text.\n");
  check_refused(
      folder,
      {
          {{"vocab"}, 2, " vocab: FILE is missing; see gradus vocab --help"},
          {{"vocab", "text.txt"}, 2, " vocab: --out is missing; see gradus vocab --help"},
          {{"vocab", "text.txt", "--out"}, 2, " vocab: --out needs a value"},
          {{"vocab", "text.txt", "--out", "v", "--size"}, 2, " vocab: --size needs a value"},
          {{"vocab", "text.txt", "--out", "v", "--out", "w"},
           2,
           " vocab: --out is given 2 times; once is enough"},
          {{"vocab", "text.txt", "--out", ""}, 2, " vocab: --out: the name is empty"},
          {{"vocab", "", "--out", "v"}, 2, " vocab: FILE: the name is empty"},
          {{"vocab", "text.txt", "--out", "v", "--json=maybe"},
           2,
           " vocab: --json is a switch and takes no value"},
          {{"corpus"}, 2, " corpus: KIND is missing; see gradus corpus --help"},
          {{"corpus", "toy"}, 2, " corpus: --out is missing; see gradus corpus --help"},
          {{"corpus", "real", "--out", "c"}, 2, " corpus: KIND: 'real' is none of: toy, split"},
          {{"corpus", "split", "--out", "c"}, 2, " corpus: split needs the FILE that is to be parted"},
          {{"corpus", "toy", "text.txt", "--out", "c"},
           2,
           " corpus: toy reads no file, and text.txt is one too many"},
          {{"corpus", "split", "text.txt", "--out", "c", "--seed", "2"},
           2,
           " corpus: --seed is for toy, and split has no use for it"},
          {{"pretrain", "text.txt", "--out", "m", "--steps", "1", "--vocab", "v", "--alphabet", "9"},
           2,
           " pretrain: --alphabet is for a vocabulary that is learned, and --vocab names one; give one of "
           "them"},
          {{"inspect"}, 2, " inspect: PATH is missing; see gradus inspect --help"},
          {{"tokenize", "a"}, 2, " tokenize: name a tokenizer by --model FOLDER or by --vocab FILE"},
          {{"tokenize", "--vocab"}, 2, " tokenize: --vocab needs a value"},
          {{"bench", "--force"}, 2, " bench: --force needs --svg too"},
          {{"bench", "--kernels", "--json"}, 2, " bench: --kernels and --json do not go together"},
      });
}

TEST_CASE("numbers that are none, or out of range, are refused") {
  const TemporaryFolder folder;
  write(folder / "text.txt", "A text.\n");
  std::vector<BadCall> calls;
  for (const std::string value :
       {"many", "1e3", "0x10", "12 ", "-5", "5", "7.5", "1000001", "99999999999999999999"}) {
    calls.push_back({{"vocab", "text.txt", "--out", "v", "--size", value},
                     2,
                     " vocab: --size: '" + value + "' is not a whole number from 6 to 1000000"});
  }
  calls.push_back({{"vocab", "text.txt", "--out", "v", "--min-frequency", "0"},
                   2,
                   " vocab: --min-frequency: '0' is not a whole number of at least 1"});
  for (const std::string value : {"-0.1", "1", "half", "nan", "inf"}) {
    calls.push_back({{"corpus", "toy", "--out", "c", "--held-out", value},
                     2,
                     " corpus: --held-out: '" + value + "' is not a number of at least 0 and below 1"});
  }
  calls.push_back({{"corpus", "toy", "--out", "c", "--stories", "0"},
                   2,
                   " corpus: --stories: '0' is not a whole number from 1 to 100000000"});
  calls.push_back({{"corpus", "toy", "--out", "c", "--seed", "-1"},
                   2,
                   " corpus: --seed: '-1' is not a whole number of at least 0"});
  // 2^63 and more are whole numbers, so the range is said.
  for (const std::string value : {"9223372036854775808", "99999999999999999999"}) {
    calls.push_back({{"corpus", "toy", "--out", "c", "--seed", value},
                     2,
                     " corpus: --seed: '" + value + "' is not a whole number from 0 to 9223372036854775807"});
  }
  for (const std::string value : {"1e999", "1e-999"}) {
    calls.push_back(
        {{"pretrain", "text.txt", "--out", "c", "--weight-decay", value},
         2,
         " pretrain: --weight-decay: '" + value + "' is nearer to 0 or to infinity than a double can be"});
  }
  calls.push_back({{"tokenize", "--max-length", "x", "a"},
                   2,
                   " tokenize: --max-length: 'x' is not a whole number from 0 to 1000000"});
  check_refused(folder, calls);
}

TEST_CASE("options that do not go together are refused") {
  const TemporaryFolder folder;
  const std::string pieces = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n";
  write(folder / "vocab.txt", pieces);
  write(folder / "text.txt", "A text.\n");
  check_refused(
      folder,
      {
          {{"tokenize", "--model", ".", "--vocab", "vocab.txt", "a"},
           2,
           " tokenize: --model and --vocab do not go together"},
          {{"tokenize", "--model", ".", "--cased", "a"},
           2,
           " tokenize: --model and --cased do not go together"},
          {{"tokenize", "--vocab", "vocab.txt", "--file", "text.txt", "a"},
           2,
           " tokenize: give texts or --file text.txt, not both"},
          {{"tokenize", "--vocab", "vocab.txt", "a", "b", "--pair", "c"},
           2,
           " tokenize: --pair needs exactly one text before it, not 2"},
          {{"tokenize", "--vocab", "vocab.txt", "a", "--max-length", "1"},
           2,
           " tokenize: --max-length: '1' leaves no room for the 2 special tokens"},
          {{"tokenize", "--vocab", "vocab.txt", "a", "--pair", "b", "--max-length", "2"},
           2,
           " tokenize: --max-length: '2' leaves no room for the 3 special tokens"},
          {{"tokenize", "--vocab", "vocab.txt", "good", "not \xFF"},
           2,
           " tokenize: text 2 is not UTF-8: byte 5 is 0xFF"},
          {{"tokenize", "--vocab", "vocab.txt", "good", "--pair", "\xC3"},
           2,
           " tokenize: --pair is not UTF-8: byte 1 is 0xC3"},
          {{"corpus", "toy", "--out", "toy.txt", "--held-out", "0.1"},
           2,
           " corpus: --held-out needs a folder as --out, not the file toy.txt"},
          {{"corpus", "toy", "--task", "topic", "--out", "toy.txt"},
           2,
           " corpus: --task needs a folder as --out, not the file toy.txt"},
          {{"corpus", "toy", "--task", "coreference", "--out", "c", "--examples", "101"},
           2,
           " corpus: --examples 101 makes no pairs, which coreference comes in; take an even number"},
          {{"corpus", "toy", "--task", "topic", "--out", "c", "--stories", "5"},
           2,
           " corpus: --stories and --task do not go together"},
          {{"corpus", "toy", "--out", "c", "--examples", "50"}, 2, " corpus: --examples needs --task too"},
          {{"corpus", "split", "text.txt", "--out", "c", "--task", "topic"},
           2,
           " corpus: --task is for toy, and split has no use for it"},
          {{"corpus", "toy", "--task", "chess", "--out", "c"},
           2,
           " corpus: --task: 'chess' is none of: topic, sentiment, entities, questions, similarity, "
           "coreference"},
          {{"corpus", "toy", "--task", "topic", "--out", "c", "--examples", "19"},
           2,
           " corpus: --examples: '19' is not a whole number from 20 to 1000000"},
          {{"corpus", "toy", "--out", "c", "--stories", "1", "--held-out", "0.9"},
           2,
           " corpus: --held-out 0.9 of 1 story leaves none to train on; take a smaller "
           "fraction or more stories"},
          {{"inspect", ".", "text.txt"},
           2,
           " inspect: compare two folders or two .safetensors files, not a folder and a file"},
          {{"inspect", "huge", "--cost"},
           2,
           " inspect: --cost: 'huge' is neither a file or folder nor a published size; these are tiny, mini, "
           "small, medium, base"},
          {{"inspect", ".", "--cost"}, 2, " inspect: --cost: . has no config.json"},
          {{"inspect", "tiny", "--cost", "--length", "513"},
           2,
           " inspect: --length 513: the model has 512 positions"},
          {{"inspect", "text.txt", "--cost", "--vocab-size", "100"},
           2,
           " inspect: --vocab-size is for a published size; text.txt has its own"},
          {{"inspect", "tiny", "--batch", "4"}, 2, " inspect: --batch needs --cost too"},
          {{"inspect", "tiny", "mini", "--cost"}, 2, " inspect: OTHER and --cost do not go together"},
          {{"vocab", "text.txt", "--out", "new.txt", "--merges", "./new.txt"},
           2,
           " vocab: --out and --merges both name new.txt"},
      });
}

TEST_CASE("what is there is not replaced unasked") {
  const TemporaryFolder folder;
  write(folder / "text.txt", "A text of some words, a text.\n");
  write(folder / "old.txt", "mine\n");
  write(folder / "folder/vocab.txt", "mine\n");
  write(folder / "toy/train.txt", "mine\n");
  write(folder / "half/held-out.txt", "mine\n");
  write(folder / "task/test.tsv", "mine\n");
  const std::string rest = " is already there; name another with --out, or replace it with --force";
  check_refused(
      folder,
      {
          {{"vocab", "text.txt", "--out", "old.txt"}, 2, " vocab: old.txt" + rest},
          {{"vocab", "text.txt", "--out", "folder"}, 2, " vocab: folder/vocab.txt" + rest},
          {{"vocab", "text.txt", "--out", "v", "--merges", "old.txt"},
           2,
           " vocab: old.txt is already there; name another with --merges, or replace it with --force"},
          {{"corpus", "toy", "--out", "toy"}, 2, " corpus: toy/train.txt" + rest},
          {{"corpus", "toy", "--out", "half"}, 2, " corpus: half/held-out.txt" + rest},
          {{"corpus", "toy", "--out", "old.txt"}, 2, " corpus: old.txt" + rest},
          {{"corpus", "toy", "--task", "topic", "--out", "task"}, 2, " corpus: task/test.tsv" + rest},
          {{"vocab", "text.txt", "--out", "text.txt", "--force"},
           2,
           " vocab: text.txt is a text to learn from; write to another file"},
      });
}
