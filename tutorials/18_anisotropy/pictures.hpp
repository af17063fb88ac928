/// @file
/// Chapter 18's pictures of vectors with two numbers, and of how often which cosine is found.
#pragma once

#include <fmt/format.h>

#include <string>

#include "measuring.hpp"
#include "plot/plot.hpp"

namespace gradus::tutorials::anisotropy {

/// Each vector [N, 2] as an arrow from the origin; `reach` is the largest number that has room.
inline plot::Picture draw_arrows(const std::string& title, const std::string& below, const Tensor& x,
                                 double reach, int color) {
  constexpr double size = 240, top = 50;
  plot::Picture picture{static_cast<int>(size), static_cast<int>(size + top + 22), title + "; " + below, ""};
  const auto across = [&](double value) { return size / 2 * (1 + value / reach); };
  const auto up = [&](double value) { return top + size / 2 * (1 - value / reach); };
  picture.body = fmt::format("<text x=\"0\" y=\"16\" class=\"title\">{}</text>\n", title);
  picture.body += fmt::format("<text x=\"0\" y=\"38\" class=\"tick\">{}</text>\n", below);
  picture.body += fmt::format("<rect x=\"0.5\" y=\"{}\" width=\"{}\" height=\"{}\" class=\"frame\"/>\n",
                              top + 0.5, size - 1, size - 1);
  picture.body += fmt::format("<path class=\"axis\" d=\"M{0:.1f} {1:.1f}V{2:.1f}M0 {3:.1f}H{4:.1f}\"/>\n",
                              across(0), top, top + size, up(0), size);
  for (int64_t i = 0; i < x.size(0); ++i) {
    const double a = across(x.at({i, 0})), b = up(x.at({i, 1}));
    picture.body += fmt::format("<path class=\"line faint c{}\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\"/>\n",
                                color, across(0), up(0), a, b);
    picture.body +=
        fmt::format("<circle class=\"dot c{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"/>\n", color, a, b);
  }
  return picture;
}

/// How the cosines of all pairs are spread: the share of them in each of forty steps from -1 to 1.
inline plot::ChartSeries cosine_shares(const std::string& name, const Tensor& x, int color) {
  constexpr int steps = 40;
  std::vector<double> shares(steps, 0);
  const Tensor table = all_cosines(x).to(DType::f64);
  const std::vector<double> values = table.to_vector<double>();
  const auto n = static_cast<size_t>(x.size(0));
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < i; ++j) {
      const int at = static_cast<int>((values[i * n + j] + 1) / 2 * steps);
      shares[static_cast<size_t>(std::clamp(at, 0, steps - 1))] += 2.0 / static_cast<double>(n * n - n);
    }
  }
  plot::ChartSeries series{.name = name, .x = {}, .y = {}, .color = color};
  for (int k = 0; k < steps; ++k) {
    series.x.push_back(-1 + (k + 0.5) * 2 / steps);
    series.y.push_back(shares[static_cast<size_t>(k)]);
  }
  return series;
}

/// The test's vectors as they are, centred and whitened: how often which cosine.
inline plot::Picture draw_cosines(const Vectors& x) {
  plot::Chart chart;
  chart.title = "How often two texts of the test have which cosine";
  chart.x_label = "cosine";
  chart.percent = true;
  chart.width = 620;
  const Tensor some = x.test.slice(0, 0, std::min<int64_t>(x.test.size(0), 400));
  chart.series = {cosine_shares("as they are", some, 2),
                  cosine_shares("centred", centred(x.fitting)(some), 3),
                  cosine_shares("whitened", whitened(x.fitting)(some), 1)};
  return plot::draw(chart);
}

/// The same: how much each direction holds.
inline plot::Picture draw_spectra(const Vectors& x) {
  plot::Chart chart;
  chart.title = "How much each direction holds";
  chart.x_label = "direction, the largest first";
  chart.log_y = true;
  chart.whole_x = true;
  chart.width = 620;
  const auto series = [](const std::string& name, const Tensor& y, int color) {
    plot::ChartSeries one{.name = name, .x = {}, .y = {}, .color = color, .markers = true};
    const Tensor shares = spectrum(y);
    for (int64_t k = 0; k < shares.size(0) && shares.at({k}) > 1e-6; ++k) {
      one.x.push_back(static_cast<double>(k + 1));
      one.y.push_back(shares.at({k}));
    }
    return one;
  };
  chart.series = {series("as they are", x.test, 2), series("centred", centred(x.fitting)(x.test), 3),
                  series("whitened", whitened(x.fitting)(x.test), 1)};
  return plot::draw(chart);
}

/// Spearman by the number of texts that whitening was fitted to.
inline plot::Picture draw_few(const std::vector<std::pair<int64_t, double>>& orders,
                              const std::vector<plot::ChartGuide>& guides) {
  plot::ChartSeries curve{.name = "", .x = {}, .y = {}, .color = 1, .markers = true};
  for (const auto& [count, order] : orders) {
    curve.x.push_back(static_cast<double>(count));
    curve.y.push_back(order);
  }
  plot::Chart chart;
  chart.title = "Spearman, whitening fitted to more and more texts";
  chart.x_label = "texts";
  chart.log_x = true;
  chart.width = 620;
  chart.series = {curve};
  chart.guides = guides;
  return plot::draw(chart);
}

}  // namespace gradus::tutorials::anisotropy
