// The curves of docs/recipes.md, from the folders that benchmarks/recipes leaves:
//
//     bench_recipe_curves recipes toy docs/images/recipes-toy.svg
//
// Each line is the mean over the seeds that are there.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "bert/report/metrics_csv.hpp"
#include "plot/chart.hpp"

namespace fs = std::filesystem;
using namespace gradus;

namespace {

struct Group {
  std::string title;
  std::vector<std::string> options;
};

const std::vector<Group>& groups() {
  static const std::vector<Group> all = {
      {"What is masked", {"masked 30 %", "masked 40 %", "masked 30 % falling to 15 %", "whole words"}},
      {"The network", {"pre-norm", "gated feed-forward", "no biases", "dropout 0.1"}},
      {"Batches and steps", {"batches from 256 slots", "packed rows", "beta2 0.98", "muon"}},
  };
  return all;
}

/// As benchmarks/recipes calls the folder of an option, without the seed.
std::string folder_of(const std::string& corpus, const std::string& option) {
  std::string name = corpus + "-";
  for (const char c : option) name += c == ' ' ? "-" : c == '%' ? "percent" : std::string(1, c);
  return name + "-";
}

/// Held-out accuracy on masked words over the share of the time that is gone: at each evaluation, the mean
/// over seeds.
plot::ChartSeries course(const fs::path& runs, const std::string& corpus, const std::string& option,
                         int color) {
  plot::ChartSeries line;
  line.name = option;
  line.color = color;
  const std::string prefix = folder_of(corpus, option);
  double seeds = 0;
  for (const auto& entry : fs::directory_iterator(runs)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix) || name.find_first_not_of("0123456789", prefix.size()) != std::string::npos)
      continue;
    const auto rows = bert::read_metrics_csv(entry.path() / "metrics.csv");
    const auto slots = static_cast<double>(rows.back().tokens);
    size_t evaluation = 0;
    for (const bert::MetricsRow& row : rows) {
      if (row.kind != bert::MetricsRow::Kind::eval) continue;
      if (line.x.size() == evaluation) line.x.push_back(0), line.y.push_back(0);
      line.x[evaluation] += static_cast<double>(row.tokens) / slots;
      line.y[evaluation++] += row.mlm_accuracy;
    }
    ++seeds;
  }
  if (seeds == 0) fail<Error>("no run of '{}' in {}", option, runs.string());
  for (std::vector<double>* values : {&line.x, &line.y})
    for (double& value : *values) value /= seeds;
  return line;
}

plot::Picture draw(const fs::path& runs, const std::string& corpus) {
  std::vector<plot::Picture> pictures;
  for (const Group& group : groups()) {
    plot::Chart chart;
    chart.title = group.title;
    chart.x_label = "share of the time";
    chart.percent = true;
    plot::ChartSeries plain = course(runs, corpus, "plain", 1);
    plain.dashed = true;
    chart.series.push_back(plain);
    int color = 0;
    for (const std::string& option : group.options)
      chart.series.push_back(course(runs, corpus, option, ++color));
    pictures.push_back(plot::draw(chart));
  }
  return plot::beside(pictures);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs(
        "usage: bench_recipe_curves RUNS CORPUS OUT.svg, where RUNS is the --out of benchmarks/recipes\n",
        stderr);
    return 2;
  }
  try {
    write_file_atomically(argv[3], plot::to_svg_file(draw(argv[1], argv[2])));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_recipe_curves: %s\n", error.what());
    return 1;
  }
  return 0;
}
