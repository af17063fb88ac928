#include "bert/metrics/findings.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "bert/metrics/bootstrap.hpp"

namespace gradus::bert {

Figure figure_of(const std::string& name, size_t examples, Detail detail,
                 const std::function<double(std::span<const size_t>)>& metric) {
  const auto one = [&](std::span<const size_t> which) { return std::vector<double>{metric(which)}; };
  return figures_of({name}, examples, detail, one).front();
}

std::vector<Figure> figures_of(const std::vector<std::string>& names, size_t examples, Detail detail,
                               const std::function<std::vector<double>(std::span<const size_t>)>& metrics) {
  std::vector<Figure> figures;
  if (detail == Detail::all) {
    const std::vector<BootstrapInterval> found = bootstrap_all(examples, metrics);
    for (size_t k = 0; k < names.size(); ++k) {
      Figure& figure = figures.emplace_back(Figure{names[k], found[k].value});
      if (found[k].low < found[k].high) figure.low = found[k].low, figure.high = found[k].high;
    }
    return figures;
  }
  std::vector<size_t> each(examples);
  std::iota(each.begin(), each.end(), size_t{0});
  const std::vector<double> values = metrics(each);
  for (size_t k = 0; k < names.size(); ++k) figures.push_back({names[k], values[k]});
  return figures;
}

void bound_certainty(Figure& figure, int64_t examples, Detail detail) {
  constexpr double level = 0.95;
  if (detail != Detail::all || examples < 1 || !std::isnan(figure.low)) return;
  if (figure.value != 0 && figure.value != 1) return;
  const double least = std::pow(1 - level, 1 / static_cast<double>(examples));
  figure.low = figure.value == 1 ? least : 0;
  figure.high = figure.value == 1 ? 1 : 1 - least;
}

std::vector<size_t> worst_of(std::span<const double> losses, const std::vector<bool>& is_wrong) {
  std::vector<size_t> worst;
  for (size_t i = 0; i < losses.size(); ++i)
    if (is_wrong[i]) worst.push_back(i);
  std::ranges::stable_sort(worst, [&](size_t a, size_t b) { return losses[a] > losses[b]; });
  worst.resize(std::min(worst.size(), worst_shown));
  return worst;
}

}  // namespace gradus::bert
