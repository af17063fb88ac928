// Which tokens made a classifier say what it says.
#include <algorithm>
#include <cmath>

#include "app/command.hpp"
#include "app/input/input_texts.hpp"
#include "app/input/task_folder.hpp"
#include "app/probe/probe_call.hpp"
#include "autograd/file.hpp"
#include "autograd/ops.hpp"
#include "bert/inspection/attribution.hpp"
#include "plot/heat_map.hpp"
#include "plot/svg_file.hpp"

namespace gradus::app {
namespace {

using Model = bert::BertForSequenceClassification;

Tensor row(const std::vector<bert::TokenId>& values) {
  return tensor(std::vector<int64_t>(values.begin(), values.end()), Shape{1, std::ssize(values)});  // [1, S]
}

std::string picture_of(const bert::Encoding& encoding, const bert::Attribution& product,
                       const bert::Attribution& integrated, const std::string& label) {
  plot::HeatMap map;
  map.title = fmt::format("What speaks for \u201C{}\u201D", label);
  map.rows = {"integrated gradients", "gradient times input"};
  map.columns = encoding.pieces;
  map.values = integrated.by_token;
  map.values.insert(map.values.end(), product.by_token.begin(), product.by_token.end());
  map.diverging = true;
  return plot::to_svg_file(plot::draw(map));
}

}  // namespace

void probe_tokens(const ProbeCall& call) {
  check_argument("--text", call.text);
  check_argument("--pair", call.pair);
  const auto [tokenizer, model] = open_task<Model>("probe", call.model);
  if (model.task.regression || model.pooling)
    fail<WrongCall>("{} is no classifier on the pooled vector, and such a one is wanted",
                    call.model.string());
  const nn::EvalMode eval(model);
  const bert::Encoding encoding =
      call.pair.empty() ? tokenizer.encode(call.text) : tokenizer.encode(call.text, call.pair);
  const int64_t most = model.bert.config.max_position_embeddings;
  if (std::ssize(encoding.ids) > most)
    fail<FormatError>(
        "the text has {} pieces with [CLS] and [SEP], and the model takes {} at most; shorten it",
        encoding.size(), most);
  std::vector<bert::TokenId> empty = encoding.ids;  // the text with nothing said
  for (size_t i = 0; i < empty.size(); ++i)
    if (!encoding.special_tokens_mask[i]) empty[i] = tokenizer.special_ids().mask;
  const Tensor types = row(encoding.token_type_ids);
  const Tensor x = bert::embeddings_of(model.bert, row(encoding.ids), types);
  const Tensor baseline = bert::embeddings_of(model.bert, row(empty), types);

  const auto logits = [&](const Tensor& embeddings) {  // [B, S, H] -> [B, C]
    const Tensor first = bert::encoded(model.bert, embeddings).select(1, 0);
    return model.classifier(model.bert.pooler->of_first(first));
  };
  int64_t label = 0;
  {
    const NoGrad no_grad;
    const Tensor said = logits(x);
    label = call.label.empty() ? argmax(said, -1).to_vector<int64_t>()[0] : model.task.label_id(call.label);
  }
  const std::string& name = model.task.labels[static_cast<size_t>(label)];
  const bert::FromEmbeddings output = [&](const Tensor& embeddings) {
    return logits(embeddings).select(1, label);
  };
  const bert::Attribution product = bert::gradient_times_input(output, x);
  const bert::Attribution integrated = bert::integrated_gradients(output, x, baseline, call.steps);
  if (!call.svg.empty()) write_file_atomically(call.svg, picture_of(encoding, product, integrated, name));
  if (call.json)
    return print({{"what", "tokens"},
                  {"label", name},
                  {"pieces", encoding.pieces},
                  {"integrated_gradients", integrated.by_token},
                  {"gradient_times_input", product.by_token},
                  {"logit", integrated.output},
                  {"logit_of_baseline", integrated.baseline_output},
                  {"gap", integrated.gap()}});
  std::string text = fmt::format("{:<16} {:>10} {:>10}   for '{}'\n", "", "integrated", "product", name);
  for (size_t i = 0; i < encoding.size(); ++i)
    text += fmt::format("{:<16} {:>10.3f} {:>10.3f}\n", encoding.pieces[i], integrated.by_token[i],
                        product.by_token[i]);
  text += fmt::format("{:<16} {:>10.3f}\n", "sum", integrated.sum());
  text += fmt::format(
      "logit {:.3f}, with [MASK] for every piece {:.3f}: a difference of {:.3f}, so the shares miss {:.1e} "
      "of it\n",
      integrated.output, integrated.baseline_output, integrated.output - integrated.baseline_output,
      std::abs(integrated.gap()));
  print(text);
}

}  // namespace gradus::app
