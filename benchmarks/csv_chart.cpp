// Draws the lines of a table, for the pages of docs/:
//
//     bench_csv_chart lines.csv out.svg [log-x] [log-y] [percent] [dots]
//
// A row of the table is a point: panel, x label, line, x, y. Panels come beside each other in the order of
// their first rows, and so do the lines within one.
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "plot/chart.hpp"

using namespace gradus;

namespace {

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  for (const char c : line)
    if (c == ',')
      fields.emplace_back();
    else
      fields.back() += c;
  return fields;
}

template <class T>
T& named(std::vector<T>& all, std::string T::*name, const std::string& wanted) {
  for (T& one : all)
    if (one.*name == wanted) return one;
  T& added = all.emplace_back();
  added.*name = wanted;
  return added;
}

std::vector<plot::Chart> read(const char* file) {
  std::ifstream in(file);
  if (!in) fail<IoError>("{} cannot be read", file);
  std::vector<plot::Chart> charts;
  std::string line;
  std::getline(in, line);
  for (int number = 2; std::getline(in, line); ++number) {
    const std::vector<std::string> fields = fields_of(line);
    if (fields.size() != 5) fail<ValueError>("{}:{}: {} fields; a point has 5", file, number, fields.size());
    plot::Chart& chart = named(charts, &plot::Chart::title, fields[0]);
    chart.x_label = fields[1];
    plot::ChartSeries& series = named(chart.series, &plot::ChartSeries::name, fields[2]);
    series.color = static_cast<int>(&series - chart.series.data()) % 4 + 1;
    series.dashed = &series - chart.series.data() >= 4;
    series.x.push_back(std::stod(fields[3]));
    series.y.push_back(std::stod(fields[4]));
  }
  return charts;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: bench_csv_chart lines.csv out.svg [log-x] [log-y] [percent] [dots]\n", stderr);
    return 2;
  }
  try {
    std::vector<plot::Chart> charts = read(argv[1]);
    std::vector<plot::Picture> pictures;
    for (plot::Chart& chart : charts) {
      for (const std::string_view how : std::vector<std::string_view>(argv + 3, argv + argc)) {
        if (how == "log-x")
          chart.log_x = true;
        else if (how == "log-y")
          chart.log_y = true;
        else if (how == "percent")
          chart.percent = true;
        else if (how == "dots")
          for (plot::ChartSeries& series : chart.series) series.markers = true;
        else
          fail<ValueError>("'{}' is none of log-x, log-y, percent, dots", how);
      }
      pictures.push_back(plot::draw(chart));
    }
    write_file_atomically(argv[2], plot::to_svg_file(plot::beside(pictures)));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_csv_chart: %s\n", error.what());
    return 1;
  }
  return 0;
}
