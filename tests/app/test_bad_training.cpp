// Calls of pretrain, evaluate, fill-mask, embed, attention and bench that must be refused.
#include <limits>

#include "app/bad_input.hpp"
#include "nn/safetensors.hpp"

using namespace gradus::test;

namespace {

/// Texts, good and bad, and a model whose vocabulary has 48 pieces and which has 16 positions.
struct World {
  TemporaryFolder folder;

  World() {
    write(folder / "four.txt",
          "A dog ran.\nA cat ran.\n\nThe dog sat.\nThe cat sat.\n\nThe cat ate.\nIt ran.\n\nThe dog ate.\nIt "
          "sat.\n");
    write(folder / "one.txt", "A dog.\nA cat.\n");
    write(folder / "empty.txt", "");
    write(folder / "latin1.txt", "fine\ncaf\xE9\n");
    write(folder / "file", "mine\n");
    std::filesystem::create_directory(folder / "folder");
    copy_model("model");
  }

  void copy_model(const std::string& name) const {
    std::filesystem::copy(std::string(GRADUS_FIXTURES) + "/bert/small", folder / name);
  }
};

}  // namespace

TEST_CASE("pretrain refuses a model that no machine can hold before it draws one") {
  const World world;
  for (const char* option : {"--hidden", "--layers"}) {
    const ProgramResult result = call_gradus(
        world.folder.path(), {"pretrain", "four.txt", "--out", "new", "--steps", "1", option, "8000000"}, "");
    INFO(result.errors);
    CHECK(result.exit_code == 2);
    CHECK(result.errors.starts_with("gradus pretrain: a model of "));
    CHECK(result.errors.ends_with("; take fewer --layers or a smaller --hidden\n"));
  }
}

TEST_CASE("pretrain refuses wrong calls") {
  const World world;
  std::vector<BadCall> calls;
  const auto add = [&calls](std::vector<std::string> arguments, const std::string& message) {
    arguments.insert(arguments.begin(), "pretrain");
    calls.push_back({arguments, 2, " pretrain: " + message});
  };
  const std::string how_long = "say how long to train, with either --steps or --minutes";
  add({}, "TEXT is missing; see gradus pretrain --help");
  add({"four.txt"}, "--out is missing; see gradus pretrain --help");
  add({"four.txt", "--out", "new"}, how_long);
  add({"four.txt", "--out", "new", "--steps", "1", "--minutes", "1"},
      "--steps and --minutes both say how long to train; leave one of them out");
  add({"four.txt", "--out", "new", "--steps", "1", "--ramp", "0.5"},
      "--ramp says how long batches grow; give --first-slots, from which they do, or leave it out");
  add({"four.txt", "--out", "new", "--steps", "1", "--first-slots", "2000"},
      "--first-slots 2000 is more than the 1024 of --slots, to which batches grow");
  add({"four.txt", "--out", "new", "--steps", "1", "--save-steps", "5", "--save-minutes", "1"},
      "--save-steps and --save-minutes both say when a checkpoint is due; leave one of them out");
  add({"four.txt", "--out", "new", "--steps", "1", "--no-nsp", "--nearby-negatives", "0.5"},
      "--nearby-negatives is for next sentence prediction, which --no-nsp leaves out");
  add({"four.txt", "--out", "new", "--steps", "1", "--slots", "100", "--length", "32:0.5,128"},
      "--slots 100 is less than one row of --length, 128; take at least as many");
  add({"four.txt", "--out", "new", "--steps", "1", "--optimizer", "sgd", "--beta2", "0.9"},
      "--beta2 is of Adam and its kin; leave it out, or take another --optimizer than sgd");
  add({"four.txt", "--out", "new", "--steps", "0"}, "--steps: '0' is not a whole number of at least 1");
  add({"four.txt", "--out", "new", "--minutes", "soon"},
      "--minutes: 'soon' is not a number above 0 and at most 1000000");
  add({"four.txt", "--out", "new", "--steps", "1", "--size", "huge"},
      "--size: 'huge' is none of: tiny, mini, small, medium, base");
  add({"four.txt", "--out", "new", "--steps", "1", "--stepps", "2"},
      "unknown option '--stepps'; did you mean '--steps'?");
  add({"four.txt", "--out", "new", "--steps", "1", "--learning-rate", "-1"},
      "--learning-rate: '-1' is not a number above 0 and at most 100");
  add({"four.txt", "--out", "new", "--steps", "1", "--resume"},
      "--resume: there is no run in 'new'; leave --resume out to begin one");
  add({"four.txt", "--out", "model", "--steps", "1"},
      "--out 'model' holds a run already; add --resume to go on with it, or name another folder");
  add({"four.txt", "--out", "new", "--steps", "1", "--length", "64:x"},
      "--length '64:x' is not of the form 64 or 32:0.5,64:0.8,128 (slots, and the share of the run up to "
      "which "
      "they hold)");
  add({"four.txt", "--out", "new", "--steps", "1", "--length", "4"},
      "--length '4': a row has at least 5 slots");
  for (const std::string length : {"3000000000", "99999999999999999999", "32:0.5,3000000000"}) {
    add({"four.txt", "--out", "new", "--steps", "1", "--held-out-fraction", "0", "--length", length},
        "--length '" + length + "': a row has at most 2147483648 slots");
  }
  add({"four.txt", "--out", "new", "--steps", "1", "--held-out-fraction", "0", "--hidden", "10", "--heads",
       "3"},
      "--hidden 10 cannot be shared out among --heads 3; take --heads 2, or another --hidden");
  add({"four.txt", "--out", "new", "--steps", "1", "--held-out-fraction", "0", "--heads", "3"},
      "--hidden 128 cannot be shared out among --heads 3; take --heads 2, or another --hidden");
  add({"four.txt", "--out", "new", "--steps", "1", "--held-out-fraction", "0", "--hidden", "200"},
      "--hidden 200 cannot be shared out among --heads 3; take --heads 2, or another --hidden");
  for (const std::string size : {"--layers", "--heads", "--intermediate", "--positions"}) {
    add({"four.txt", "--out", "new", "--steps", "1", size, "3000000000"},
        size + ": '3000000000' is not a whole number from 1 to 2147483648");
  }
  add({"four.txt", "--out", "new", "--steps", "1", "--hidden", "600000000"},
      "--hidden: '600000000' is not a whole number from 1 to 536870912");
  add({"four.txt", "--out", "new", "--steps", "1", "--length", "64", "--positions", "32"},
      "--positions 32 is less than the 64 slots of --length; take at least as many");
  const std::string no_checkpoint =
      "--resume: 'model' holds a model but no checkpoint to go on from; name another folder with --out, and "
      "leave --resume out";
  add({"four.txt", "--out", "model", "--steps", "1", "--resume"}, no_checkpoint);
  add({"four.txt", "--out", "begun", "--steps", "1", "--resume"},
      "--resume: there is no run in 'begun'; leave --resume out to begin one");
  add({"four.txt", "--out", "new", "--steps", "1", "--vocab", "vocab.txt", "--vocab-size", "40"},
      "--vocab-size is for a vocabulary that is learned, and --vocab names one; give one of them");
  add({"four.txt", "--out", "new", "--steps", "1", "--threads", "100000"},
      "--threads: '100000' is not a whole number from 1 to 1024");
  add({"four.txt", "--out", "new", "--steps", "1", "--keep", "4294967296"},
      "--keep: '4294967296' is not a whole number from 1 to 1000000");
  add({"four.txt", "--out", "new", "--steps", "1", "--accumulate", "1000000000"},
      "--accumulate: '1000000000' is not a whole number from 1 to 100000");
  std::filesystem::create_directories(world.folder / "begun/checkpoints/.step-2.unfinished");
  check_refused(world.folder, calls);
  std::filesystem::create_directories(world.folder / "model/checkpoints");
  check_refused(world.folder, {{{"pretrain", "four.txt", "--out", "model", "--steps", "1", "--resume"},
                                2,
                                " pretrain: " + no_checkpoint}});
}

TEST_CASE("no command takes more threads than 1024, and bench no more rows than 4096") {
  const TemporaryFolder folder;
  std::vector<BadCall> calls;
  for (const std::string command : {"pretrain", "evaluate", "bench", "gradcheck", "experiment"}) {
    calls.push_back({{command, "--threads", "1025"},
                     2,
                     " " + command + ": --threads: '1025' is not a whole number from 1 to 1024"});
  }
  calls.push_back(
      {{"bench", "--batch", "5000"}, 2, " bench: --batch: '5000' is not a whole number from 1 to 4096"});
  check_refused(folder, calls);
}

TEST_CASE("a model whose vocabulary is too large, or whose weights are NaN, is refused") {
  const World world;
  const auto& folder = world.folder;
  std::string vocab = gradus::read_file(folder / "model/vocab.txt");
  world.copy_model("larger");
  write(folder / "larger/vocab.txt", vocab + "xx\nyy\n");
  std::filesystem::remove(folder / "larger/tokenizer.json");
  world.copy_model("headless");
  std::filesystem::remove(folder / "headless/tokenizer.json");
  write(folder / "headless/vocab.txt", "a\nb\n");
  const std::string pieces = ": larger/vocab.txt has 50 pieces, config.json says 48";
  const std::string specials =
      ": headless/vocab.txt: of the special tokens that BERT needs, [PAD], [UNK], [CLS], [SEP], [MASK] are "
      "missing";
  check_refused(folder, {{{"evaluate", "larger", "four.txt", "--length", "16"}, 1, " evaluate" + pieces},
                         {{"fill-mask", "larger", "a [MASK]"}, 1, " fill-mask" + pieces},
                         {{"inspect", "larger"}, 1, " inspect" + pieces},
                         {{"inspect", "headless"}, 1, " inspect" + specials}});

  world.copy_model("nan");
  const std::filesystem::path weights = folder / "nan/model.safetensors";
  gradus::nn::StateDict state = gradus::nn::read_safetensors(weights);
  state.at("bert.embeddings.LayerNorm.weight").fill_(std::numeric_limits<double>::quiet_NaN());
  gradus::nn::write_safetensors(weights, state);
  const ProgramResult evaluated =
      call_gradus(folder.path(), {"evaluate", "nan", "four.txt", "--length", "16"});
  CHECK(evaluated.exit_code == 1);
  CHECK_THAT(evaluated.errors, Catch::Matchers::EndsWith(
                                   "gradus evaluate: nan: the loss of this model is nan, so its weights are "
                                   "of no use; take an earlier checkpoint\n"));
  check_refused(
      folder,
      {{{"fill-mask", "nan", "a [MASK]"},
        1,
        " fill-mask: the model's probabilities are NaN: take an earlier checkpoint, or run it under "
        "DetectAnomaly to find "
        "the part"},
       {{"pretrain", "four.txt", "--from", "nan", "--out", "new", "--steps", "1", "--length", "16",
         "--held-out-fraction", "0"},
        1,
        " pretrain: --from 'nan': bert.embeddings.LayerNorm.weight holds nan, so its weights are of no use; "
        "take an earlier checkpoint"}});
}

TEST_CASE("pretrain refuses texts and places that are of no use") {
  const World world;
  std::vector<BadCall> calls;
  const auto add = [&calls](std::vector<std::string> arguments, const std::string& message) {
    arguments.insert(arguments.begin(), {"pretrain", "--steps", "1"});
    calls.push_back({arguments, 1, " pretrain: " + message});
  };
  const std::string pairs =
      ": next sentence prediction needs two documents of two sentences, and this text has 1; put an empty "
      "line "
      "between documents, cut it into some with --block-sentences, or leave it out with --no-nsp";
  add({"four.txt", "--vocab-size", "10", "--out", "new"},
      "--vocab-size 10: learn a vocabulary: 5 special tokens and the ASCII characters of the text already "
      "make 25 "
      "pieces, more than the 10 asked for; ask for more or keep a smaller alphabet");
  add({"none.txt", "--out", "new"}, "cannot read none.txt: there is no such file");
  add({"folder", "--out", "new"}, "cannot read folder: it is a folder, not a file");
  add({"empty.txt", "--out", "new"}, "empty.txt: no sentence found: the text is empty");
  add({"latin1.txt", "--out", "new"},
      "latin1.txt, line 2: byte 4 (0xE9) is not UTF-8: save the file as UTF-8");
  add({"one.txt", "--out", "new"}, "one.txt" + pairs);
  add({"four.txt", "--held-out", "one.txt", "--out", "new"}, "--held-out one.txt" + pairs);
  add({"four.txt", "--held-out", "none.txt", "--out", "new"}, "cannot read none.txt: there is no such file");
  add({"four.txt", "--held-out", "empty.txt", "--out", "new"},
      "empty.txt: no sentence found: the text is empty");
  add({"four.txt", "--vocab", "none.txt", "--out", "new"}, "cannot read none.txt: there is no such file");
  add({"four.txt", "--vocab", "folder", "--out", "new"},
      "cannot read a tokenizer from folder: it has neither vocab.txt nor tokenizer.json");
  add({"four.txt", "--held-out-fraction", "0", "--out", "file"},
      "cannot make the folder file: a part of this path is a file, not a folder");
  add({"four.txt", "--held-out-fraction", "0", "--out", "file/new"},
      "cannot make the folder file/new: a part of this path is a file, not a folder");
  check_refused(world.folder, calls);
}

TEST_CASE("evaluate, fill-mask, embed and attention refuse models that are damaged") {
  const World world;
  const auto& folder = world.folder;
  for (const char* name : {"cut", "no-config", "wide", "pickle", "no-weights"}) world.copy_model(name);
  std::filesystem::resize_file(folder / "cut/model.safetensors",
                               std::filesystem::file_size(folder / "cut/model.safetensors") - 5);
  std::filesystem::remove(folder / "no-config/config.json");
  std::filesystem::remove(folder / "no-weights/model.safetensors");
  std::filesystem::rename(folder / "pickle/model.safetensors", folder / "pickle/pytorch_model.bin");
  std::string config = gradus::read_file(folder / "wide/config.json");
  config.replace(config.find("\"hidden_size\": 24"), 17, "\"hidden_size\": 48");
  write(folder / "wide/config.json", config);

  std::vector<BadCall> calls;
  const auto add = [&calls](const std::string& model, const std::string& message) {
    calls.push_back({{"evaluate", model, "four.txt", "--length", "16"}, 1, " evaluate: " + message});
    calls.push_back({{"fill-mask", model, "a [MASK]"}, 1, " fill-mask: " + message});
    calls.push_back({{"embed", model, "a"}, 1, " embed: " + message});
    calls.push_back({{"attention", model, "a", "--out", "x.html"}, 1, " attention: " + message});
  };
  const std::string neither = ": it has neither vocab.txt nor tokenizer.json";
  add("none", "cannot read a tokenizer from none: there is no such folder");
  add("four.txt", "cannot read a tokenizer from four.txt: it is a file, not a folder");
  add("folder", "cannot read a tokenizer from folder" + neither);
  add("cut", "cut/model.safetensors: the tensors need 47752 bytes of data, and the file has 47747");
  add("no-config", "cannot read no-config/config.json: there is no such file");
  add("no-weights", "no-weights: holds no model.safetensors");
  add("wide",
      "wide/model.safetensors: bert.embeddings.word_embeddings.weight is [48, 24], but config.json makes it "
      "[48, 48]");
  add("pickle",
      "pickle/pytorch_model.bin: a pickle can run any code when it is opened, so Gradus does not; convert it "
      "in "
      "Python with transformers.AutoModelForPreTraining.from_pretrained(FOLDER).save_pretrained(FOLDER), "
      "which "
      "writes model.safetensors");
  check_refused(folder, calls);
}

TEST_CASE("evaluate, fill-mask and bench refuse wrong calls and texts") {
  const World world;
  check_refused(
      world.folder,
      {
          {{"evaluate"}, 2, " evaluate: MODEL is missing; see gradus evaluate --help"},
          {{"evaluate", "model"}, 2, " evaluate: TEXT is missing; see gradus evaluate --help"},
          {{"evaluate", "model", "four.txt", "--length", "99"},
           2,
           " evaluate: --length 99 is more than the 16 positions of the model"},
          {{"evaluate", "model", "none.txt", "--length", "16"},
           1,
           " evaluate: cannot read none.txt: there is no such file"},
          {{"evaluate", "model", "empty.txt", "--length", "16"},
           1,
           " evaluate: empty.txt: no sentence found: the text is empty"},
          {{"evaluate", "model", "latin1.txt", "--length", "16"},
           1,
           " evaluate: latin1.txt, line 2: byte 4 (0xE9) is not UTF-8: save the file as UTF-8"},
          {{"evaluate", "model", "four.txt", "--length", "16", "--train", "none.txt"},
           1,
           " evaluate: cannot read none.txt: there is no such file"},
          {{"fill-mask"}, 2, " fill-mask: MODEL is missing; see gradus fill-mask --help"},
          {{"fill-mask", "model"}, 2, " fill-mask: TEXT is missing; see gradus fill-mask --help"},
          {{"fill-mask", "model", "no mask"}, 1, " fill-mask: there is no [MASK] in the text to fill in"},
          {{"fill-mask", "model", "a [mask]"},
           1,
           " fill-mask: there is no [MASK] in the text to fill in; write it so in place of '[mask]'"},
          {{"fill-mask", "model", "a [MASK]", "--held-out", "four.txt"},
           2,
           " fill-mask: TEXT and --held-out do not go together"},
          {{"fill-mask", "model", "--samples", "2"}, 2, " fill-mask: --samples needs --held-out too"},
          {{"fill-mask", "model", "--held-out", "none.txt"},
           1,
           " fill-mask: cannot read none.txt: there is no such file"},
          {{"fill-mask", "model", "a [MASK]", "--top", "0"},
           2,
           " fill-mask: --top: '0' is not a whole number of at least 1"},
          {{"fill-mask", "model", "a [MASK]", "--targets", "dog,,cat"},
           2,
           " fill-mask: --targets: 'dog,,cat' has an empty word; write it as cat,dog"},
          {{"fill-mask", "model", "a [MASK]", "--targets", "dog,dogs"},
           1,
           " fill-mask: the target 'dogs' is 2 pieces, dog ##s, and a gap takes one"},
          {{"fill-mask", "model", "a a a a a a a a a a a a a a a a a a a a [MASK]"},
           1,
           " fill-mask: the text has 23 pieces with [CLS] and [SEP], and the model takes 16 at most; shorten "
           "it "
           "around its [MASK]"},
          {{"fill-mask", "model", "\xFF [MASK]"}, 1, " fill-mask: text is not UTF-8: byte 0xFF at offset 0"},
          {{"bench", "tiny", "--steps", "0"}, 2, " bench: --steps: '0' is not a whole number of at least 1"},
      });
}

TEST_CASE("embed refuses wrong calls, and what the model cannot give") {
  const World world;
  const auto& folder = world.folder;
  std::filesystem::copy(std::string(GRADUS_FIXTURES) + "/bert/small", folder / "poolerless");
  const std::filesystem::path weights = folder / "poolerless/model.safetensors";
  gradus::nn::StateDict state = gradus::nn::read_safetensors(weights);
  std::erase_if(state, [](const auto& entry) { return entry.first.find("pooler") != std::string::npos; });
  gradus::nn::write_safetensors(weights, state);
  world.copy_model("nan");
  state = gradus::nn::read_safetensors(folder / "nan/model.safetensors");
  state.at("bert.embeddings.LayerNorm.weight").fill_(std::numeric_limits<double>::quiet_NaN());
  gradus::nn::write_safetensors(folder / "nan/model.safetensors", state);
  write(folder / "blank.txt", "\n \n");
  write(folder / "x.npy", "mine\n");
  write(folder / "y.lengths.npy", "mine\n");
  const std::string there = " is already there; name another with --out, or replace it with --force";
  std::vector<BadCall> calls;
  const auto add = [&calls](std::vector<std::string> arguments, int code, const std::string& message,
                            const std::string& input = "") {
    arguments.insert(arguments.begin(), "embed");
    calls.push_back({arguments, code, " embed: " + message, input});
  };
  add({}, 2, "MODEL is missing; see gradus embed --help");
  add({"model", "a", "--file", "four.txt"}, 2, "TEXT and --file do not go together");
  add({"model", "a", "b\xFF"}, 2, "text 2 is not UTF-8: byte 2 is 0xFF");
  add({"model"}, 1, "standard input holds no text", "true |");
  add({"model", "--file", "empty.txt"}, 1, "empty.txt holds no text");
  add({"model", "--file", "blank.txt"}, 1, "blank.txt holds no text");
  add({"model", "--file", "none.txt"}, 1, "cannot read none.txt: there is no such file");
  add({"model", "--file", "latin1.txt"}, 1,
      "latin1.txt, line 2: byte 4 (0xE9) is not UTF-8: save the file as UTF-8");
  for (const std::string list : {"", ",", "1,", "x", "1.5", "last", "lastx", "last-", "1 2"}) {
    add({"model", "a", "--layers", list}, 2,
        "--layers: '" + list + "' is no list of layers, such as -1 or 9,10,11,12 or last4");
  }
  add({"model", "a", "--layers", "last0"}, 2, "--layers: 'last0' names no layer");
  for (const std::string list : {"3", "0,-4", "last4"}) {
    add({"model", "a", "--layers", list}, 2,
        "--layers: '" + list + "' asks for more than there is in model: 0, its embeddings, to 2, or last3");
  }
  for (const std::string list : {"1", "-1,-2"}) {
    add({"model", "a", "--vectors", "pooled", "--layers", list}, 2,
        "--layers: '" + list + "' is not the last layer, of which alone the pooled vector is made");
  }
  add({"poolerless", "a", "--vectors", "pooled"}, 1,
      "poolerless has no pooler, so there is no pooled vector; take --vectors cls or mean");
  add({"model", "a", "--vectors", "some"}, 2, "--vectors: 'some' is none of: tokens, cls, pooled, mean, max");
  for (const std::string length : {"1", "2", "17"}) {
    add({"model", "a", "--max-length", length}, 2,
        "--max-length: '" + length + "' is not from 3 to 16, the positions of model");
  }
  add({"model", "a", "--out", "x.tsv"}, 2,
      "--out: 'x.tsv' does not end in .npy; for a table or JSON redirect standard output");
  add({"model", "a", "--out", "x.npy"}, 2, "x.npy" + there);
  add({"model", "a", "--out", "y.npy", "--vectors", "tokens"}, 2, "y.lengths.npy" + there);
  add({"model", "a", "--out", "no/x.npy"}, 1, "cannot write no/x.npy: the folder no does not exist");
  add({"nan", "a"}, 1,
      "the model's vectors of the text that begins [CLS] a [SEP] are not finite: take an earlier checkpoint, "
      "or run "
      "it under DetectAnomaly to find the part");
  check_refused(folder, calls);
}

TEST_CASE("attention refuses wrong calls, and what the model cannot show") {
  const World world;
  write(world.folder / "x.svg", "mine\n");
  std::vector<BadCall> calls;
  const auto add = [&calls](std::vector<std::string> arguments, int code, const std::string& message) {
    arguments.insert(arguments.begin(), "attention");
    calls.push_back({arguments, code, " attention: " + message});
  };
  add({}, 2, "MODEL is missing; see gradus attention --help");
  add({"model"}, 2, "TEXT is missing; see gradus attention --help");
  add({"model", "a"}, 2, "name what to write: --out FILE.html, --svg FILE.svg or --npy FILE.npy");
  add({"model", "a", "b", "c", "--out", "x.html"}, 2,
      "'c' is one argument too many; see gradus attention --help");
  add({"model", "a", "--svg", "y.png"}, 2,
      "--svg: 'y.png' does not end in .svg, and that is what is written");
  add({"model", "a", "--out", "y.svg"}, 2,
      "--out: 'y.svg' does not end in .html, and that is what is written");
  add({"model", "a", "--npy", "y"}, 2, "--npy: 'y' does not end in .npy, and that is what is written");
  add({"model", "a", "--svg", "x.svg"}, 2,
      "x.svg is already there; name another with --svg, or replace it with --force");
  add({"model", "\xFF", "--out", "x.html"}, 2, "TEXT is not UTF-8: byte 1 is 0xFF");
  add({"model", "a", "b\xFF", "--out", "x.html"}, 2, "PAIR is not UTF-8: byte 2 is 0xFF");
  add({"model", "a", "--out", "x.html", "--head", "1"}, 2, "--head needs --svg too");
  // Nothing is written of a call that is wrong, not even the file that could be.
  add({"model", "a", "--out", "x.html", "--svg", "y.svg", "--layer", "3"}, 2,
      "--layer: '3' is not from 1 to 2, as model has them");
  add({"model", "a", "--svg", "y.svg", "--head", "4"}, 2,
      "--head: '4' is not from 1 to 3, as model has them");
  add({"model", "a a a a a a a a a a a a a a a", "--out", "x.html"}, 1,
      "the text has 17 pieces with [CLS] and [SEP], and the model takes 16 at most; shorten it");
  add({"model", "a", "--out", "no/x.html"}, 1, "cannot write no/x.html: the folder no does not exist");
  check_refused(world.folder, calls);
}
