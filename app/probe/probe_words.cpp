// What a straight line reads off the vectors of words, beside a control task.
#include "app/command.hpp"
#include "app/input/model_files.hpp"
#include "app/probe/probe_call.hpp"
#include "app/terminal/progress.hpp"
#include "autograd/file.hpp"
#include "bert/inspection/word_vectors.hpp"
#include "plot/chart.hpp"
#include "plot/svg_file.hpp"

namespace gradus::app {
namespace {

std::string chart_of(const std::vector<bert::ProbeResult>& layers, const std::string& of) {
  plot::Chart chart;
  chart.title = fmt::format("{} read off each layer by a straight line", of == "tags" ? "Tags" : "Positions");
  chart.x_label = "layer; 0 is the embeddings";
  chart.whole_x = chart.percent = true;
  plot::ChartSeries told, control;
  told.name = "probe";
  control.name = "control task";
  control.color = 2;
  told.markers = control.markers = true;
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    for (plot::ChartSeries* series : {&told, &control}) series->x.push_back(static_cast<double>(layer));
    told.y.push_back(layers[layer].accuracy);
    control.y.push_back(layers[layer].control);
  }
  chart.series = {told, control};
  chart.guides = {{"most frequent", layers.front().majority}};
  return plot::to_svg_file(plot::draw(chart));
}

}  // namespace

void probe_words(const ProbeCall& call) {
  const OpenedBert opened = open_bert("probe", call.model);
  const bert::WordLabel label = call.of == "tags" ? bert::WordLabel::tag : bert::WordLabel::position;
  Progress progress("probing");
  const auto vectors_of = [&](const std::filesystem::path& file) {
    return bert::word_vectors(opened.model, opened.tokenizer,
                              bert::read_tagged_sentences(file, bert::TagColumn::iob1), label,
                              [&] { progress.update(-1, "reading vectors"); });
  };
  const std::vector<bert::LabelledVectors> training = vectors_of(call.train), test = vectors_of(call.test);
  std::vector<bert::ProbeResult> layers;
  for (size_t layer = 0; layer < training.size(); ++layer) {
    progress.update(static_cast<double>(layer) / static_cast<double>(training.size()),
                    fmt::format("layer {}", layer));
    layers.push_back(bert::probe(training[layer], test[layer]));
  }
  progress.clear();
  if (!call.svg.empty()) write_file_atomically(call.svg, chart_of(layers, call.of));
  if (call.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const bert::ProbeResult& layer : layers)
      list.push_back(
          {{"accuracy", layer.accuracy}, {"control", layer.control}, {"selectivity", layer.selectivity()}});
    return print({{"what", "words"}, {"most_frequent", layers[0].majority}, {"layers", list}});
  }
  std::string text = "layer  accuracy   control  selectivity\n";
  for (size_t layer = 0; layer < layers.size(); ++layer)
    text += fmt::format("{:>5}  {:>8.3f}  {:>8.3f}  {:>11.3f}\n", layer, layers[layer].accuracy,
                        layers[layer].control, layers[layer].selectivity());
  print(text + fmt::format("most frequent: {:.3f}; of {}\n", layers[0].majority,
                           counted(std::ssize(test[0].labels), "word")));
}

}  // namespace gradus::app
