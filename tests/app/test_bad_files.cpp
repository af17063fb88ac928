// Files that are missing, damaged or not what they must be, and places that cannot be written.
// All exit with 1.
#include <unistd.h>

#include <cstdint>

#include "app/bad_input.hpp"

using namespace gradus::test;

namespace {

const std::string specials = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";

/// The bytes of a safetensors file with this header, whose size may be claimed to be another.
std::string safetensors(const std::string& header, size_t data_bytes, int64_t claimed = -1) {
  const auto size = static_cast<uint64_t>(claimed < 0 ? static_cast<int64_t>(header.size()) : claimed);
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(size >> (8 * i) & 0xFF);
  return bytes + header + std::string(data_bytes, '\0');
}

/// One tensor of a header.
std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape, int begin,
                   int end) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" +
         std::to_string(begin) + "," + std::to_string(end) + "]}";
}

}  // namespace

TEST_CASE("texts that cannot be learnt from are refused") {
  const TemporaryFolder folder;
  write(folder / "good.txt", "A good text.\n");
  write(folder / "empty.txt", "");
  write(folder / "blank.txt", " \n\t\n\n");
  write(folder / "binary.bin", std::string("ELF\0\1\2", 6));
  write(folder / "latin1.txt", "fine\ncaf\xE9 au lait\n");
  write(folder / "cut.txt", "fine\nfine\nhalf a letter: \xC3");
  std::filesystem::create_directory(folder / "texts");
  check_refused(
      folder,
      {
          {{"vocab", "none.txt", "--out", "v"}, 1, " vocab: cannot read none.txt: there is no such file"},
          {{"vocab", "good.txt", "none.txt", "--out", "v"},
           1,
           " vocab: cannot read none.txt: there is no such file"},
          {{"vocab", "texts", "--out", "v"}, 1, " vocab: cannot read texts: it is a folder, not a file"},
          {{"vocab", "empty.txt", "--out", "v"}, 1, " vocab: empty.txt holds no word to learn from"},
          {{"vocab", "blank.txt", "--out", "v"}, 1, " vocab: blank.txt holds no word to learn from"},
          {{"vocab", "blank.txt", "empty.txt", "--out", "v"},
           1,
           " vocab: the 2 files hold no word to learn from"},
          {{"vocab", "binary.bin", "--out", "v"},
           1,
           " vocab: binary.bin, line 1: a NUL byte: this is not a text file"},
          {{"vocab", "latin1.txt", "--out", "v", "--merges", "m"},
           1,
           " vocab: latin1.txt, line 2: byte 4 (0xE9) is not UTF-8: save the file as UTF-8"},
          {{"vocab", "good.txt", "cut.txt", "--out", "v"},
           1,
           " vocab: cut.txt, line 3: byte 16 (0xC3) is not UTF-8: save the file as UTF-8"},
          {{"vocab", "good.txt", "--out", "v", "--size", "10", "--merges", "m"},
           1,
           " vocab: learn a vocabulary: 5 special tokens and the ASCII characters of the text already make "
           "18 "
           "pieces, "
           "more than the 10 asked for; ask for more or keep a smaller alphabet"},
      });
}

TEST_CASE("places that cannot be written are refused") {
  const TemporaryFolder folder;
  write(folder / "good.txt", "A good text.\n");
  std::filesystem::create_directory(folder / "folder.txt");
  check_refused(
      folder,
      {
          {{"vocab", "good.txt", "--out", "no/v.txt"},
           1,
           " vocab: cannot write no/v.txt: the folder no does not exist"},
          {{"vocab", "good.txt", "--out", "good.txt/v.txt"},
           1,
           " vocab: cannot write good.txt/v.txt: a part of this path is a file, not a folder"},
          {{"vocab", "good.txt", "--out", "good.txt/v/"},
           1,
           " vocab: cannot make the folder good.txt/v/: a part of this path is a file, not a folder"},
          {{"vocab", "good.txt", "--out", "/dev/full"},
           1,
           " vocab: cannot write /dev/full: No space left on device"},
          {{"vocab", "good.txt", "--out", "v", "--merges", "no/m"},
           1,
           " vocab: cannot write no/m: the folder no does not exist"},
          {{"vocab", "good.txt", "--out", "v", "--merges", "folder.txt"},
           1,
           " vocab: cannot write folder.txt: it is a folder, not a file"},
          {{"vocab", "good.txt", "--out", "v", "--min-frequency", "1", "--merges", "/dev/full"},
           1,
           " vocab: cannot write /dev/full: No space left on device"},
          {{"corpus", "toy", "--stories", "5", "--out", "no/toy.txt"},
           1,
           " corpus: cannot write no/toy.txt: the folder no does not exist"},
          {{"corpus", "toy", "--stories", "5", "--out", "good.txt/toy"},
           1,
           " corpus: cannot make the folder good.txt/toy: a part of this path is a file, not a folder"},
          {{"corpus", "toy", "--stories", "5", "--out", "folder.txt"},
           1,
           " corpus: cannot write folder.txt: it is a folder, not a file"},
      });
}

TEST_CASE("folders that may not be written are refused before a run begins its work") {
  const TemporaryFolder folder;
  write(folder / "good.txt", "A good text.\n");
  write(folder / "train.tsv", "text\tlabel\nA dog.\tgood\nA cat.\tbad\n");
  std::filesystem::copy(std::string(GRADUS_FIXTURES) + "/bert/small", folder / "model");
  std::filesystem::create_directory(folder / "shut");
  std::filesystem::create_directories(folder / "out/checkpoints");
  constexpr auto no_writing = std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec;
  std::filesystem::permissions(folder / "shut", no_writing);
  std::filesystem::permissions(folder / "out/checkpoints", no_writing);
  // Permissions do not hold root unless it gives that power up.
  const std::string as_others = getuid() == 0 ? "setpriv --bounding-set=-dac_override,-dac_read_search " : "";
  for (const std::string& call :
       {std::string("pretrain good.txt --steps 3"), std::string("finetune classification model train.tsv")}) {
    for (const auto& [out, which] : {std::pair("shut", "shut"), {"out", "out/checkpoints"}}) {
      const ProgramResult result =
          shell(folder.path(), fmt::format("{}'{}' {} --out {}", as_others, GRADUS_PROGRAM, call, out));
      CHECK(result.exit_code == 1);
      CHECK(result.errors == fmt::format("gradus {}: {}: cannot write into this folder: Permission denied\n",
                                         call.substr(0, call.find(' ')), which));
    }
  }
}

TEST_CASE("vocabularies that are damaged are refused with their line") {
  const TemporaryFolder folder;
  write(folder / "empty.txt", "");
  write(folder / "gap.txt", specials + "a\n\nb\n");
  write(folder / "twice.txt", specials + "a\nb\na\n");
  write(folder / "latin1.txt", specials + "caf\xE9\n");
  write(folder / "return.txt", specials + "a\rb\n");
  write(folder / "specials.txt", "[PAD]\n[UNK]\na\n");
  std::filesystem::create_directory(folder / "folder");
  std::vector<BadCall> calls;
  const auto add = [&calls](const std::string& file, const std::string& message) {
    calls.push_back({{"tokenize", "--vocab", file, "a"}, 1, " tokenize: " + message});
  };
  add("none.txt", "cannot read none.txt: there is no such file");
  add("folder", "cannot read folder: it is a folder, not a file");
  add("empty.txt", "empty.txt: the file is empty; a vocabulary has a piece a line");
  add("gap.txt", "gap.txt: line 7 is empty; each line must hold a piece");
  add("twice.txt", "twice.txt: line 8 repeats the piece of line 6, \"a\"");
  add("latin1.txt", "latin1.txt: line 6 is not UTF-8: byte 0xE9 at its offset 3");
  add("return.txt", "return.txt: line 6 has a carriage return inside its piece");
  add("specials.txt",
      "specials.txt: of the special tokens that BERT needs, [CLS], [SEP], [MASK] are missing");
  check_refused(folder, calls);
}

TEST_CASE("tokenizers and texts that are damaged are refused") {
  const TemporaryFolder folder;
  write(folder / "vocab.txt", specials + "a\n");
  write(folder / "empty.txt", "");
  write(folder / "latin1.txt", "fine\ncaf\xE9\n");
  write(folder / "broken/tokenizer.json", "{\"model\": {\n  \"vocab\": ");
  write(folder / "list/tokenizer.json", "[1, 2]");
  write(folder / "bare/tokenizer.json", "{}");
  write(folder / "setting/vocab.txt", specials + "a\n");
  write(folder / "setting/tokenizer_config.json", "{\"do_lower_case\": \"yes\"}");
  std::filesystem::create_directory(folder / "folder");
  std::vector<BadCall> calls;
  const auto add = [&calls](std::vector<std::string> arguments, const std::string& message,
                            const std::string& input = "") {
    arguments.insert(arguments.begin(), "tokenize");
    calls.push_back({arguments, 1, " tokenize: " + message, input});
  };
  const std::string neither = ": it has neither vocab.txt nor tokenizer.json";
  add({"--model", "none", "a"}, "cannot read a tokenizer from none: there is no such folder");
  add({"--model", "vocab.txt", "a"}, "cannot read a tokenizer from vocab.txt: it is a file, not a folder");
  add({"--model", "folder", "a"}, "cannot read a tokenizer from folder" + neither);
  add({"--model", "broken", "a"}, "broken/tokenizer.json: not valid JSON at line 2, byte 12");
  add({"--model", "list", "a"}, "list/tokenizer.json: must hold a JSON object");
  add({"--model", "bare", "a"}, "bare/tokenizer.json: the key \"model\" is missing");
  add({"--model", "setting", "a"},
      "setting/tokenizer_config.json: the key \"do_lower_case\" is \"yes\", but must be true or false");
  add({"--vocab", "vocab.txt", "--file", "none.txt"}, "cannot read none.txt: there is no such file");
  add({"--vocab", "vocab.txt", "--file", "folder"}, "cannot read folder: it is a folder, not a file");
  add({"--vocab", "vocab.txt", "--file", "empty.txt"}, "empty.txt holds no text");
  add({"--vocab", "vocab.txt", "--file", "latin1.txt"},
      "latin1.txt, line 2: byte 4 (0xE9) is not UTF-8: save the file as UTF-8");
  add({"--vocab", "vocab.txt"}, "standard input holds no text");
  add({"--vocab", "vocab.txt", "--file", "-"}, "standard input holds no text", "printf '\\n \\n' |");
  add({"--vocab", "vocab.txt", "--json"},
      "standard input, line 1: byte 2 (0xFF) is not UTF-8: save the file as UTF-8", "printf 'a\\377' |");
  check_refused(folder, calls);
}

TEST_CASE("weights that are damaged are refused") {
  const TemporaryFolder folder;
  const std::string header = "{" + tensor("x", "F32", "[2,3]", 0, 24) + "}";
  const std::string good = safetensors(header, 24);
  write(folder / "good.safetensors", good);
  REQUIRE(call_gradus(folder.path(), {"inspect", "good.safetensors"}).exit_code == 0);
  write(folder / "empty.safetensors", "");
  write(folder / "short.safetensors", good.substr(0, 7));
  write(folder / "cut.safetensors", good.substr(0, good.size() - 1));
  write(folder / "cut-header.safetensors", good.substr(0, 20));
  write(folder / "long.safetensors", good + "x");
  write(folder / "huge.safetensors", safetensors(header, 24, int64_t{1} << 40));
  write(folder / "text.safetensors", "Once upon a time there was a file.");
  write(folder / "no-json.safetensors", safetensors("{\"x\":", 0));
  write(folder / "list.safetensors", safetensors("[]", 0));
  write(folder / "dtype.safetensors", safetensors("{" + tensor("x", "F7", "[2,3]", 0, 24) + "}", 24));
  write(folder / "negative.safetensors", safetensors("{" + tensor("x", "F32", "[-2,3]", 0, 24) + "}", 24));
  write(folder / "size.safetensors", safetensors("{" + tensor("x", "F32", "[2,2]", 0, 24) + "}", 24));
  write(folder / "gap.safetensors", safetensors("{" + tensor("x", "F32", "[2]", 4, 12) + "}", 12));
  write(
      folder / "overlap.safetensors",
      safetensors("{" + tensor("x", "F32", "[2]", 0, 8) + "," + tensor("y", "F32", "[2]", 4, 12) + "}", 12));
  write(folder / "twice.safetensors",
        safetensors("{" + tensor("x", "F32", "[1]", 0, 4) + "," + tensor("x", "F32", "[1]", 4, 8) + "}", 8));
  write(folder / "overflow.safetensors",
        safetensors("{" + tensor("x", "F32", "[4294967296,4294967296]", 0, 0) + "}", 0));
  std::filesystem::create_directory(folder / "folder");
  write(folder / "config/config.json", "{\"hidden_size\": 10, \"num_attention_heads\": 3}");
  write(folder / "other/config.json", "{\"model_type\": \"gpt2\"}");
  write(folder / "inside/model.safetensors", good.substr(0, good.size() - 1));
  std::vector<BadCall> calls;
  const auto add = [&calls](const std::string& path, const std::string& message) {
    calls.push_back({{"inspect", path}, 1, " inspect: " + message});
    calls.push_back({{"inspect", "--json", path}, 1, " inspect: " + message});
  };
  add("none", "cannot read none: there is no such file");
  add("folder", "folder is no checkpoint: it has no config.json, no tokenizer and no .safetensors file");
  add("empty.safetensors", "empty.safetensors: 0 bytes are too few for a safetensors file");
  add("short.safetensors", "short.safetensors: 7 bytes are too few for a safetensors file");
  add("cut.safetensors", "cut.safetensors: the tensors need 24 bytes of data, and the file has 23");
  add("cut-header.safetensors",
      "cut-header.safetensors: the header needs 57 bytes, and the file has 12 after the first 8");
  add("long.safetensors", "long.safetensors: the tensors need 24 bytes of data, and the file has 25");
  add("huge.safetensors",
      "huge.safetensors: this is no safetensors file, or a damaged one: its header would have 1099511627776 "
      "bytes, and at most 100000000 are allowed");
  add("text.safetensors",
      "text.safetensors: this is no safetensors file, or a damaged one: its header would have "
      "8030046917602012751 bytes, and at most "
      "100000000 are allowed");
  add("no-json.safetensors", "no-json.safetensors: the header is not valid JSON in UTF-8");
  add("list.safetensors", "list.safetensors: the header does not begin with {");
  add("dtype.safetensors",
      "dtype.safetensors: tensor \"x\" has the dtype F7; F64, F32, F16, BF16, I64, I32, I16, I8, U8 and BOOL "
      "can be read");
  add("negative.safetensors", "negative.safetensors: tensor \"x\": -2 is not a size");
  add("size.safetensors",
      "size.safetensors: tensor \"x\": data_offsets [0, 24] do not hold the 16 bytes of F32 [2, 2]");
  add("gap.safetensors", "gap.safetensors: tensor \"x\" begins at byte 4 of the data, where 0 is expected");
  add("overlap.safetensors",
      "overlap.safetensors: tensor \"y\" begins at byte 4 of the data, where 8 is expected");
  add("twice.safetensors", "twice.safetensors: the name \"x\" comes twice in the header");
  add("overflow.safetensors",
      "overflow.safetensors: tensor \"x\": the shape [4294967296,4294967296] is too large");
  add("config", "config/config.json: hidden_size 10 is not a multiple of num_attention_heads 3");
  add("other",
      "other/config.json: the key \"model_type\" is \"gpt2\", but must be \"bert\", the only kind of model "
      "that Gradus reads");
  add("inside", "inside/model.safetensors: the tensors need 24 bytes of data, and the file has 23");
  check_refused(folder, calls);
}
