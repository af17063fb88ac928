// Logistic regression on the frozen vectors of each layer.
#include <algorithm>

#include "app/command.hpp"
#include "app/input/model_files.hpp"
#include "app/probe/probe_call.hpp"
#include "app/terminal/progress.hpp"
#include "autograd/file.hpp"
#include "autograd/ops.hpp"
#include "bert/evaluation/features.hpp"
#include "bert/evaluation/label_baselines.hpp"
#include "bert/inspection/probe.hpp"
#include "bert/tasks/labelled_texts.hpp"
#include "plot/chart.hpp"
#include "plot/svg_file.hpp"

namespace gradus::app {
namespace {

Tensor vectors_of(const OpenedBert& opened, const std::vector<std::string>& texts, int64_t layer) {
  bert::FeatureOptions how;
  how.layers = {layer};
  std::vector<Tensor> rows;
  for (const bert::TextFeatures& text : bert::features(opened.model, opened.tokenizer, texts, how))
    rows.push_back(text.vectors);
  return stack(rows, 0);  // [N, H]
}

/// What a probe sees of each row: u, or u, v, |u - v| and u v side by side (Conneau et al. 2017, section
/// 3.1).
bert::LabelledVectors inputs_of(const OpenedBert& opened, const bert::LabelledTexts& table, int64_t layer) {
  std::vector<std::string> first, second, labels;
  for (const bert::LabelledText& row : table.rows) {
    first.push_back(row.text);
    second.push_back(row.pair);
    labels.push_back(row.label);
  }
  const Tensor u = vectors_of(opened, first, layer);
  if (!table.has_pairs) return {u, labels};
  const Tensor v = vectors_of(opened, second, layer);
  return {concat({u, v, abs(u - v), u * v}, 1), labels};
}

std::string chart_of(const std::vector<double>& accuracies, double majority) {
  plot::Chart chart;
  chart.title = "Labels read off each layer by a straight line";
  chart.x_label = "layer; 0 is the embeddings";
  chart.whole_x = chart.percent = true;
  plot::ChartSeries series;
  series.name = "logistic regression";
  series.markers = true;
  for (size_t layer = 0; layer < accuracies.size(); ++layer) {
    series.x.push_back(static_cast<double>(layer));
    series.y.push_back(accuracies[layer]);
  }
  chart.series = {series};
  chart.guides = {{"most frequent label", majority}};
  return plot::to_svg_file(plot::draw(chart));
}

}  // namespace

void probe_texts(const ProbeCall& call) {
  const OpenedBert opened = open_bert("probe", call.model);
  const bert::LabelledTexts training = bert::read_labelled_texts(call.train, bert::LabelKind::name),
                            test = bert::read_labelled_texts(call.test, bert::LabelKind::name);
  if (training.has_pairs != test.has_pairs)
    fail<FormatError>("one of {} and {} has pairs and the other has not", call.train.string(),
                      call.test.string());
  const std::vector<std::string> labels = training.labels();
  for (const bert::LabelledText& row : test.rows)
    if (std::ranges::find(labels, row.label) == labels.end())
      fail<FormatError>("{}, line {}: the label '{}' is not in {}", call.test.string(), row.line, row.label,
                        call.train.string());
  const int64_t layers = opened.model.config.num_hidden_layers;
  Progress progress("probing");
  std::vector<double> accuracies;
  for (int64_t layer = 0; layer <= layers; ++layer) {
    progress.update(static_cast<double>(layer) / static_cast<double>(layers + 1),
                    fmt::format("layer {}", layer));
    const bert::LinearProbe probe(inputs_of(opened, training, layer));
    accuracies.push_back(probe.accuracy(inputs_of(opened, test, layer)));
  }
  progress.clear();
  std::vector<std::string> known;
  for (const bert::LabelledText& row : training.rows) known.push_back(row.label);
  const std::string frequent = bert::most_frequent(known);
  const double majority =
      static_cast<double>(std::ranges::count(test.rows, frequent, &bert::LabelledText::label)) /
      static_cast<double>(test.rows.size());
  if (!call.svg.empty()) write_file_atomically(call.svg, chart_of(accuracies, majority));
  if (call.json)
    return print({{"what", "texts"}, {"accuracy_by_layer", accuracies}, {"most_frequent_label", majority}});
  std::string text = "layer  accuracy\n";
  for (size_t layer = 0; layer < accuracies.size(); ++layer)
    text += fmt::format("{:>5}  {:>8.3f}\n", layer, accuracies[layer]);
  print(text + fmt::format("most frequent label: {:.3f}; of {}\n", majority,
                           counted(std::ssize(test.rows), "example")));
}

}  // namespace gradus::app
