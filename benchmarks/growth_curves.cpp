// The curves of docs/cost.md, from the folder that benchmarks/growth leaves:
//
//     bench_growth_curves growth docs/images
//
// A picture for each axis: time on the left, memory on the right, both axes logarithmic.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "plot/chart.hpp"

namespace fs = std::filesystem;
using namespace gradus;

namespace {

using Columns = std::map<std::string, std::vector<double>>;

Columns read_csv(const fs::path& file) {
  std::istringstream lines(read_file(file));
  std::string line;
  std::vector<std::string> names;
  Columns columns;
  while (std::getline(lines, line)) {
    std::istringstream cells(line.substr(0, line.find('\r')));
    std::string cell;
    for (size_t i = 0; std::getline(cells, cell, ','); ++i) {
      if (columns.size() <= i && names.size() == i) {
        names.push_back(cell);
        columns[cell];
      } else {
        columns.at(names.at(i)).push_back(std::stod(cell));
      }
    }
  }
  return columns;
}

struct Line {
  std::string name, column;
  bool dashed = false;
};

struct Axis {
  std::string file, label;
  std::string time, memory;  // the titles
  std::vector<Line> of_time, of_memory;
};

const std::vector<Axis>& axes() {
  static const std::vector<Line> time = {{"found", "milliseconds"}, {"predicted", "predicted", true}};
  static const std::vector<Line> memory = {{"", "memory_mb"}};
  static const std::string step = "Time of a step, ms", held = "Memory of tensors, MB";
  static const std::vector<Axis> all = {
      {"length", "tokens a row", step, held, time, memory},
      {"batch", "rows", step, held, time, memory},
      {"hidden", "hidden size", step, held, time, memory},
      {"layers", "layers", step, held, time, memory},
      {"vocabulary", "pieces", step, held, time, memory},
      {"corpus",
       "megabytes of text",
       "Processor time, s",
       "Memory, MB",
       {{"learn a vocabulary", "vocab_seconds"},
        {"tokenize", "tokenize_seconds"},
        {"text and 5 steps", "pretrain_seconds"}},
       {{"a run on the text", "text_mb"},
        {"on its token file", "mapped_mb"},
        {"of that its own", "mapped_own_mb", true}}},
  };
  return all;
}

plot::Picture draw(const std::string& title, const Axis& axis, const std::vector<Line>& lines,
                   const Columns& columns) {
  plot::Chart chart;
  chart.title = title;
  chart.x_label = axis.label;
  chart.log_x = chart.log_y = true;
  int color = 0;
  for (const Line& line : lines) {
    plot::ChartSeries series;
    series.name = line.name;
    series.x = columns.at("size");
    series.y = columns.at(line.column);
    series.color = ++color;
    series.dashed = line.dashed;
    series.markers = !line.dashed;
    chart.series.push_back(series);
  }
  return plot::draw(chart);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: bench_growth_curves GROWTH FOLDER, where GROWTH is the --out of benchmarks/growth\n",
               stderr);
    return 2;
  }
  try {
    for (const Axis& axis : axes()) {
      const fs::path file = fs::path(argv[1]) / (axis.file + ".csv");
      if (!fs::exists(file)) continue;  // benchmarks/growth --only
      const Columns columns = read_csv(file);
      const plot::Picture both = plot::beside(
          {draw(axis.time, axis, axis.of_time, columns), draw(axis.memory, axis, axis.of_memory, columns)});
      write_file_atomically(fs::path(argv[2]) / ("growth-" + axis.file + ".svg"), plot::to_svg_file(both));
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_growth_curves: %s\n", error.what());
    return 1;
  }
  return 0;
}
