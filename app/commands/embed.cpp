// gradus embed: the vectors that a model has for texts, as numbers for other programs.
#include <algorithm>
#include <memory>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/input/input_texts.hpp"
#include "app/input/layer_list.hpp"
#include "app/input/model_files.hpp"
#include "app/options/options.hpp"
#include "app/terminal/progress.hpp"
#include "autograd/npy.hpp"
#include "autograd/plural.hpp"
#include "bert/evaluation/features.hpp"

namespace gradus::app {
namespace fs = std::filesystem;
namespace {

struct EmbedCall {
  fs::path model, file, out;
  std::vector<std::string> texts;
  std::string layers = "-1", combine = "sum", vectors = "mean";
  bert::FeatureOptions how;
  bool force = false, json = false;

  bool is_by_token() const { return how.pooling == bert::Pooling::none; }
};

bert::Pooling pooling_of(const std::string& vectors) {
  if (vectors == "tokens") return bert::Pooling::none;
  if (vectors == "cls") return bert::Pooling::cls;
  if (vectors == "pooled") return bert::Pooling::pooled;
  return vectors == "max" ? bert::Pooling::max : bert::Pooling::mean;
}

/// "vectors.npy" to "vectors.lengths.npy".
fs::path lengths_path(const fs::path& out) { return fs::path(out).replace_extension(".lengths.npy"); }

/// One number as short as it can be to mean the same float.
template <class Separator>
std::string joined(const Tensor& vector, Separator separator) {
  return fmt::format("{}", fmt::join(vector.to_vector<float>(), separator));
}

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// One JSON object on a line. It is put together here since JSON's own numbers would be doubles, twice as
/// long.
std::string json_line(const std::string& text, const bert::TextFeatures& found, bool by_token) {
  if (!by_token)
    return fmt::format("{{\"text\":{},\"vector\":[{}]}}\n", quoted(text), joined(found.vectors, ","));
  std::string pieces, vectors;
  for (size_t i = 0; i < found.pieces.size(); ++i) {
    const char* comma = i == 0 ? "" : ",";
    pieces += comma + quoted(found.pieces[i]);
    vectors += fmt::format("{}[{}]", comma, joined(found.vectors.select(0, static_cast<int64_t>(i)), ","));
  }
  return fmt::format("{{\"text\":{},\"pieces\":[{}],\"vectors\":[{}]}}\n", quoted(text), pieces, vectors);
}

/// A line for each vector: its numbers, and before those of a token the number of its text and its piece.
std::string table_lines(size_t text, const bert::TextFeatures& found, bool by_token) {
  if (!by_token) return joined(found.vectors, "\t") + "\n";
  std::string lines;
  for (size_t i = 0; i < found.pieces.size(); ++i) {
    lines += fmt::format("{}\t{}\t{}\n", text + 1, found.pieces[i],
                         joined(found.vectors.select(0, static_cast<int64_t>(i)), "\t"));
  }
  return lines;
}

/// Of vectors of tokens, [N, S, H] with zeros after a text's last token, and beside it their numbers, [N];
/// else [N, H].
void write_arrays(const EmbedCall& call, const std::vector<bert::TextFeatures>& found) {
  const auto texts = static_cast<int64_t>(found.size());
  std::vector<int64_t> lengths;
  for (const bert::TextFeatures& text : found) lengths.push_back(static_cast<int64_t>(text.pieces.size()));
  const int64_t longest = *std::max_element(lengths.begin(), lengths.end());
  const int64_t width = found[0].vectors.size(-1);
  Tensor all = zeros(call.is_by_token() ? Shape{texts, longest, width} : Shape{texts, width});
  for (int64_t i = 0; i < texts; ++i) {
    const Tensor& own = found[static_cast<size_t>(i)].vectors;
    Tensor place = all.select(0, i);
    if (call.is_by_token()) place = place.slice(0, 0, own.size(0));
    place.copy_(own);
  }
  if (call.is_by_token()) write_npy(lengths_path(call.out), tensor(lengths));
  write_npy(call.out, all);
  if (call.json) {
    nlohmann::ordered_json object{{"path", call.out.string()}, {"texts", texts}};
    object["shape"] = std::vector<int64_t>(all.shape().begin(), all.shape().end());
    if (call.is_by_token()) object["lengths"] = lengths_path(call.out).string();
    return print(object);
  }
  std::string line = fmt::format("{}: {} of {}", call.out.string(), all.shape(), counted(texts, "text"));
  if (call.is_by_token())
    line += fmt::format("; how many tokens each has is in {}", lengths_path(call.out).string());
  print(line + "\n");
}

void warn_of_empty(const std::vector<std::string>& texts) {
  const auto empty = std::count(texts.begin(), texts.end(), "");
  if (empty == 0) return;
  print_error(fmt::format(
      "gradus embed: {} of {} {} empty: what is given there is of [CLS] and [SEP] alone\n",
      with_commas(empty), counted(static_cast<int64_t>(texts.size()), "text"), plural(empty, "is", "are")));
}

void check_call(const EmbedCall& call) {
  if (call.out.empty()) return;
  if (call.out.extension() != ".npy") {
    fail<WrongCall>("--out: '{}' does not end in .npy; for a table or JSON redirect standard output",
                    call.out.string());
  }
  refuse_to_overwrite(call.out, call.force);
  if (call.is_by_token()) refuse_to_overwrite(lengths_path(call.out), call.force);
}

void check_model(const EmbedCall& call, const bert::Bert& model) {
  const int64_t layers = model.config.num_hidden_layers;
  check_layers(call.how.layers, call.layers, layers, call.model);
  const bool is_last =
      call.how.layers.size() == 1 && (call.how.layers[0] == -1 || call.how.layers[0] == layers);
  if (call.how.pooling == bert::Pooling::pooled && !is_last)
    fail<WrongCall>("--layers: '{}' is not the last layer, of which alone the pooled vector is made",
                    call.layers);
  if (call.how.pooling == bert::Pooling::pooled && !model.pooler) {
    fail<FormatError>("{} has no pooler, so there is no pooled vector; take --vectors cls or mean",
                      call.model.string());
  }
  const int64_t positions = model.config.max_position_embeddings, most = call.how.max_length;
  if (most != 0 && (most < 3 || most > positions)) {
    fail<WrongCall>("--max-length: '{}' is not from 3 to {}, the positions of {}", most, positions,
                    call.model.string());
  }
}

void warn_of_cut(int64_t cut, size_t texts, int64_t most) {
  if (cut == 0) return;
  print_error(fmt::format("gradus embed: {} of {} {} longer than {} pieces and {} cut there\n",
                          with_commas(cut), counted(static_cast<int64_t>(texts), "text"),
                          plural(cut, "is", "are"), most, plural(cut, "was", "were")));
}

/// Text by text to standard output. What was printed is forgotten, so that a long file needs little memory.
void print_lines(const EmbedCall& call, const std::vector<std::string>& texts, size_t begin,
                 const std::vector<bert::TextFeatures>& found) {
  std::string lines;
  for (size_t i = 0; i < found.size(); ++i) {
    lines += call.json ? json_line(texts[begin + i], found[i], call.is_by_token())
                       : table_lines(begin + i, found[i], call.is_by_token());
  }
  print(lines);
}

void run(EmbedCall& call) {
  call.how.layers = layers_of(call.layers);
  call.how.mean_of_layers = call.combine == "mean";
  call.how.pooling = pooling_of(call.vectors);
  check_call(call);
  const auto [tokenizer, model] = open_bert("embed", call.model);
  check_model(call, model);
  const std::vector<std::string> texts = input_texts(call.texts, call.file, EmptyLines::are_texts);
  warn_of_empty(texts);

  constexpr size_t at_once = 4096;
  std::vector<bert::TextFeatures> kept;  // for --out
  int64_t cut = 0;
  Progress progress("embedding");
  for (size_t begin = 0; begin < texts.size(); begin += at_once) {
    const size_t end = std::min(begin + at_once, texts.size());
    const std::vector<std::string> some(texts.begin() + static_cast<std::ptrdiff_t>(begin),
                                        texts.begin() + static_cast<std::ptrdiff_t>(end));
    std::vector<bert::TextFeatures> found =
        bert::features(model, tokenizer, some, call.how, [&](size_t done) {
          progress.update(static_cast<double>(begin + done) / static_cast<double>(texts.size()));
        });
    cut += std::count_if(found.begin(), found.end(), [](const auto& text) { return text.is_cut; });
    if (call.out.empty()) {
      progress.clear();
      print_lines(call, texts, begin, found);
    } else {
      std::move(found.begin(), found.end(), std::back_inserter(kept));
    }
  }
  progress.clear();
  if (!call.out.empty()) write_arrays(call, kept);
  warn_of_cut(cut, texts.size(),
              call.how.max_length > 0 ? call.how.max_length : model.config.max_position_embeddings);
}

}  // namespace

void add_embed(CLI::App& program) {
  auto call = std::make_shared<EmbedCall>();
  CLI::App* c = add_command(
      program, "embed", "Print the vectors of texts, or of each of their tokens",
      "gradus corpus toy --out toy --stories 2000\n"
      "gradus pretrain toy/train.txt --held-out toy/held-out.txt --out model --vocab-size 400 "
      "--steps 20 --evaluation-rows 64\n"
      "gradus embed model \"Tom went home.\" \"Anna was hungry.\" --normalize > vectors.tsv\n"
      "head -100 toy/train.txt | gradus embed model --vectors tokens --layers last2 --out tokens.npy");
  add_path(*c, "MODEL", call->model, "FOLDER", "A model folder, ours or Hugging Face's").required();
  const Option texts =
      add_texts(*c, "TEXT", call->texts, "",
                "Texts; without one, the lines of --file or of standard input, empty ones too");
  add_path(*c, "--file", call->file, "FILE", "A text a line; - is standard input").excludes(texts);
  add_choice(
      *c, "--vectors", call->vectors, {"tokens", "cls", "pooled", "mean", "max"},
      "One for each token; or one for each text, of [CLS], of the pooler, or the mean or largest of all "
      "tokens with [CLS] and [SEP]");
  add_text(*c, "--layers", call->layers, "LIST",
           "0 is the embeddings, 1 the first layer, -1 the last: 3, or -2,-1, or last4");
  add_choice(*c, "--combine", call->combine, {"sum", "mean"}, "What is made of several layers");
  add_switch(*c, "--normalize", call->how.normalize, "Divide each vector by its length");
  add_whole(*c, "--max-length", call->how.max_length,
            "Cut texts to this many pieces; 0 is as many as the model takes", 0, 1'000'000);
  add_path(*c, "--out", call->out, "FILE.npy", "Write a NumPy array in place of a table");
  add_switch(*c, "--force", call->force, "Replace files that are there");
  add_json(*c, call->json);
  explain_above_example(*c,
                        "Standard output gets a line for each vector: its numbers, and before those of a "
                        "token the number of its\n"
                        "text and its piece, with tabs between them. With --json it gets an object for each "
                        "text. --out writes an\n"
                        "array [N, H] for N texts; for their tokens it is [N, S, H] with zeros after the "
                        "last of each text, and\n"
                        "NAME.lengths.npy beside NAME.npy says how many there are, [N].");
  on_call(*c, [call] { run(*call); });
}

}  // namespace gradus::app
