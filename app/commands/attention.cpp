// gradus attention: where the heads of a model look in a sentence or pair: a page, a picture, or the numbers.
#include <algorithm>
#include <memory>
#include <tuple>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/input/input_texts.hpp"
#include "app/input/model_files.hpp"
#include "app/options/options.hpp"
#include "autograd/file.hpp"
#include "autograd/npy.hpp"
#include "bert/report/model_attention.hpp"

namespace gradus::app {
namespace fs = std::filesystem;
namespace {

struct AttentionCall {
  fs::path model, out, svg, npy;
  std::string text, pair;
  int64_t layer = 0, head = 0;  // from 1; 0: the last layer, and all of its heads
  bool force = false, json = false;

  std::vector<fs::path> files() const {
    std::vector<fs::path> named;
    for (const fs::path& file : {out, svg, npy}) {
      if (!file.empty()) named.push_back(file);
    }
    return named;
  }
};

void check_call(const AttentionCall& call) {
  if (call.files().empty()) {
    fail<WrongCall>("name what to write: --out FILE.html, --svg FILE.svg or --npy FILE.npy");
  }
  for (const auto& [option, file, ending] :
       {std::tuple{"--out", call.out, ".html"}, {"--svg", call.svg, ".svg"}, {"--npy", call.npy, ".npy"}}) {
    if (!file.empty() && file.extension() != ending)
      fail<WrongCall>("{}: '{}' does not end in {}, and that is what is written", option, file.string(),
                      ending);
    if (!file.empty()) refuse_to_overwrite(file, call.force, option);
  }
  check_argument("TEXT", call.text);
  check_argument("PAIR", call.pair);
}

/// The number of a layer or head as counted from 0.
int64_t checked(const std::string& option, int64_t number, int64_t most, const fs::path& model) {
  if (number <= most) return number - 1;
  fail<WrongCall>("{}: '{}' is not from 1 to {}, as {} has them", option, number, most, model.string());
}

/// One head, or all heads of a layer, four in a row.
plot::Picture picture_of(const bert::AttentionPage& page, const AttentionCall& call) {
  const int64_t layer =
      call.layer == 0 ? page.layers - 1 : checked("--layer", call.layer, page.layers, call.model);
  const auto one = [&](int64_t head) {
    return bert::attention_picture(page.tokens, page.head_weights(layer, head),
                                   fmt::format("Layer {}, head {}", layer + 1, head + 1));
  };
  if (call.head > 0) return one(checked("--head", call.head, page.heads, call.model));
  constexpr int64_t in_a_row = 4;
  std::vector<plot::Picture> rows;
  for (int64_t first = 0; first < page.heads; first += in_a_row) {
    std::vector<plot::Picture> row;
    for (int64_t head = first; head < std::min(first + in_a_row, page.heads); ++head)
      row.push_back(one(head));
    rows.push_back(plot::beside(row));
  }
  plot::Picture all = plot::below(rows);
  all.label = fmt::format("All heads of layer {}", layer + 1);
  return all;
}

void run(const AttentionCall& call, bool has_pair) {
  check_call(call);
  const auto [tokenizer, model] = open_bert("attention", call.model);
  const bert::Encoding encoding =
      has_pair ? tokenizer.encode(call.text, call.pair) : tokenizer.encode(call.text);
  bert::AttentionPage page = bert::model_attention(model, encoding);
  page.subtitle = call.model.string() + ": " + call.text;
  if (!call.pair.empty()) page.subtitle += " / " + call.pair;
  std::string svg;  // first, since it may refuse the call
  if (!call.svg.empty()) svg = plot::to_svg_file(picture_of(page, call));
  if (!call.out.empty()) write_file_atomically(call.out, bert::render_attention_page(page));
  if (!call.svg.empty()) write_file_atomically(call.svg, svg);
  const auto size = static_cast<int64_t>(encoding.size());
  if (!call.npy.empty())
    write_npy(call.npy, tensor(page.weights, Shape{page.layers, page.heads, size, size}));
  if (call.json) {
    nlohmann::ordered_json files = nlohmann::ordered_json::array();
    for (const fs::path& file : call.files()) files.push_back(file.string());
    return print({{"pieces", page.tokens}, {"layers", page.layers}, {"heads", page.heads}, {"files", files}});
  }
  for (const fs::path& file : call.files()) {
    print(fmt::format("{}: {}, {}, {}\n", file.string(), counted(size, "token"),
                      counted(page.layers, "layer"), counted(page.heads, "head")));
  }
}

}  // namespace

void add_attention(CLI::App& program) {
  auto call = std::make_shared<AttentionCall>();
  CLI::App* c = add_command(
      program, "attention", "Show where each head looks in a sentence or pair",
      "gradus corpus toy --out toy --stories 2000\n"
      "gradus pretrain toy/train.txt --held-out toy/held-out.txt --out model --vocab-size 400 "
      "--steps 20 --evaluation-rows 64\n"
      "gradus attention model \"Tom was hungry.\" \"He ate a pear.\" --out attention.html\n"
      "gradus attention model \"Tom was hungry.\" --svg head.svg --layer 1 --head 2 --npy all.npy");
  add_path(*c, "MODEL", call->model, "FOLDER", "A model folder, ours or Hugging Face's").required();
  add_text(*c, "TEXT", call->text, "", "The sentence").required();
  const Option pair = add_text(*c, "PAIR", call->pair, "", "A second segment");
  add_path(*c, "--out", call->out, "FILE.html",
           "Write a page of all layers and heads, to look at in a browser");
  const Option svg = add_path(*c, "--svg", call->svg, "FILE.svg", "Write a picture of a layer's heads");
  add_whole(*c, "--layer", call->layer, "With --svg: this layer, from 1; 0 is the last", 0).needs(svg);
  add_whole(*c, "--head", call->head, "With --svg: this head alone, from 1; 0 is all", 0).needs(svg);
  add_path(*c, "--npy", call->npy, "FILE.npy",
           "Write the weights: [layers, heads, tokens that look, tokens]");
  add_switch(*c, "--force", call->force, "Replace files that are there");
  add_json(*c, call->json);
  on_call(*c, [call, pair] { run(*call, pair.is_given()); });
}

}  // namespace gradus::app
