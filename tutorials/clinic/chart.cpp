#include "chart.hpp"

#include <fmt/format.h>

#include <cmath>

#include "autograd/file.hpp"
#include "bert/report/html.hpp"
#include "plot/chart.hpp"
#include "plot/heat_map.hpp"
#include "plot/svg_file.hpp"

namespace gradus::tutorials::clinic {
namespace {

/// Stories with a gap each; every reader of them knows what belongs there.
const std::vector<std::string> questions = {"this is tom . [MASK] paints boats",
                                            "this is eva . eva sees [MASK] . eva likes roses",
                                            "this is ben . ben finds ropes . [MASK] likes nets"};

/// One row: sentences up to the first point are A, the others B.
Batch question(const Patient& patient, const std::string& text) {
  const size_t point = text.find(" . ");
  std::string rest = text.substr(point + 3);
  for (size_t at = rest.find(" ."); at != std::string::npos; at = rest.find(" .")) rest.erase(at, 2);
  const Pair pair{patient.encode(text.substr(0, point)), patient.encode(rest), 0};
  const Row row = next_sentence::row_of(pair);
  const Shape shape{1, static_cast<int64_t>(row.size())};
  Row labels(row.size(), not_asked);
  return {.input_ids = tensor(row, shape),
          .segments = tensor(next_sentence::segments_of(pair), shape),
          .attention_mask = ones(shape, DType::i64),
          .labels = tensor(labels, shape),
          .pair_labels = tensor<int64_t>({not_asked})};
}

/// The share of places [B, S] whose highest logit is the same in both [B, S, V].
double agreement(const Tensor& one, const Tensor& other) {
  return mean(equal(argmax(one, -1), argmax(other, -1)).to(DType::f64)).item();
}

/// The word that it puts into the only gap of a row.
std::string filled(const Patient& patient, const Batch& row) {
  const std::vector<int64_t> ids = row.input_ids.to_vector<int64_t>();
  const auto gap = std::find(ids.begin(), ids.end(), next_sentence::mask_id) - ids.begin();
  const int64_t best = argmax(patient.look(row).words.select(0, 0).select(0, gap), 0).to_vector<int64_t>()[0];
  return patient.tokens()[static_cast<size_t>(best)];
}

/// The mean of |x| of the weights whose names have `part` in them.
double mean_size(const Patient& patient, const std::string& part) {
  double total = 0;
  int64_t count = 0;
  for (const auto& [name, weight] : patient.parameters()) {
    if (name.find(part) == std::string::npos) continue;
    total += sum(abs(weight.detach())).item();
    count += weight.numel();
  }
  return total / static_cast<double>(count);
}

const std::vector<std::pair<std::string, std::string>> parts = {{"word vectors", "word_embeddings"},
                                                                {"scales of LayerNorm", "LayerNorm.weight"},
                                                                {"queries and keys", "self."},
                                                                {"pooler", "pooler"}};

/// The pieces of the first row of a batch, without [PAD].
std::vector<std::string> pieces_of_first_row(const Patient& patient, const Batch& batch) {
  std::vector<std::string> pieces;
  for (const int64_t id : batch.input_ids.select(0, 0).to_vector<int64_t>()) {
    pieces.push_back(patient.tokens()[static_cast<size_t>(id)]);
  }
  return pieces;
}

plot::Picture curves(const Patient& patient) {
  plot::ChartSeries words, pairs;
  words.name = "words";
  pairs.name = "pairs";
  pairs.color = 2;
  plot::ChartSeries words_loss = words, pairs_loss = pairs;
  for (const LogLine& line : patient.log()) {
    const auto step = static_cast<double>(line.step);
    for (plot::ChartSeries* series : {&words, &pairs, &words_loss, &pairs_loss}) series->x.push_back(step);
    words.y.push_back(line.words_right);
    pairs.y.push_back(line.pairs_right);
    words_loss.y.push_back(line.word_loss);
    pairs_loss.y.push_back(line.pair_loss);
  }
  plot::Chart losses, shares;
  losses.title = "loss in training";
  shares.title = "right in training";
  losses.x_label = shares.x_label = "step";
  losses.series = {words_loss, pairs_loss};
  shares.series = {words, pairs};
  shares.percent = true;
  return plot::beside({plot::draw(losses), plot::draw(shares)});
}

/// The weights of all heads for a short row that stands beside a longer one.
plot::Picture maps(const Patient& patient) {
  const Batch rows = patient.held_out(16, 2);
  const Outputs out = patient.look(rows);
  const std::vector<int64_t> lengths = sum(rows.attention_mask, Axes{1}).to_vector<int64_t>();
  const auto shortest =
      static_cast<int64_t>(std::min_element(lengths.begin(), lengths.end()) - lengths.begin());
  Batch row = rows;
  row.input_ids = rows.input_ids.slice(0, shortest, shortest + 1);
  const std::vector<std::string> pieces = pieces_of_first_row(patient, row);
  std::vector<plot::Picture> by_layer;
  for (size_t layer = 0; layer < out.attention.size(); ++layer) {
    std::vector<plot::Picture> by_head;
    for (int64_t head = 0; head < heads; ++head) {
      const Tensor map = out.attention[layer].select(0, shortest).select(0, head);  // [S, S]
      plot::HeatMap drawn;
      drawn.title = fmt::format("layer {}, head {}", layer + 1, head + 1);
      drawn.rows = drawn.columns = pieces;
      drawn.values = map.to(DType::f64).to_vector<double>();
      drawn.numbers = false;
      drawn.low = 0;
      drawn.high = 1;
      by_head.push_back(plot::draw(drawn));
    }
    by_layer.push_back(plot::beside(by_head));
  }
  return plot::below(by_layer);
}

}  // namespace

std::string chart_of(const Patient& patient) {
  std::string text =
      "Its own log, on what it was trained with\n  step   loss of words   of pairs   words right   pairs "
      "right\n";
  const std::vector<LogLine>& log = patient.log();
  for (size_t i = 0; i < log.size(); ++i) {
    if (i % 3 != 0 && i + 1 != log.size()) continue;
    text += fmt::format("{:6}{:16.2f}{:11.2f}{:12.0f} %{:12.0f} %\n", log[i].step, log[i].word_loss,
                        log[i].pair_loss, 100 * log[i].words_right, 100 * log[i].pairs_right);
  }
  const Batch rows = patient.held_out();
  const Outputs out = patient.look(rows);
  text += fmt::format(
      "\nThe clinic's test, on 256 pairs that it has not seen\n  words right {:.0f} %, pairs right {:.0f} "
      "%\n",
      100 * words_right(out, rows), 100 * pairs_right(out, rows));
  const Outputs again = patient.look(rows);
  text += fmt::format("  asked for the same again, it gives another answer for {:.0f} % of the words\n",
                      100 * (1 - agreement(out.words, again.words)));
  text += "\nGaps, filled\n";
  for (const std::string& asked : questions) {
    text += fmt::format("  {}   ->   {}\n", asked, filled(patient, question(patient, asked)));
  }
  text += "\nMean |weight|\n";
  for (const auto& [name, part] : parts)
    text += fmt::format("  {:<22}{:.3f}\n", name, mean_size(patient, part));
  return text;
}

void draw_chart(const Patient& patient, const std::string& title, const std::string& subtitle,
                const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  const plot::Picture course = curves(patient), attention = maps(patient);
  write_file_atomically(folder / "curves.svg", plot::to_svg_file(course));
  write_file_atomically(folder / "attention.svg", plot::to_svg_file(attention));
  bert::html::Page page;
  page.title = title;
  page.subtitle = subtitle;
  page.style = plot::svg_style();
  page.body = fmt::format(
      "<pre>{}</pre>\n<h2>Curves</h2>\n{}\n<h2>Where its heads look</h2>\n"
      "<p>A row is a query, a column a key. The row of text is the shortest of a batch.</p>\n{}\n",
      bert::html::escape(chart_of(patient)), plot::to_svg(course), plot::to_svg(attention));
  write_file_atomically(folder / "report.html", bert::html::render(page));
}

}  // namespace gradus::tutorials::clinic
