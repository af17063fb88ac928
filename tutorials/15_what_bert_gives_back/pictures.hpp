/// @file
/// Chapter 15: many numbers a point seen in two, and a picture of the points.
#pragma once

#include <fmt/format.h>

#include "meaning.hpp"
#include "plot/plot.hpp"

namespace gradus::tutorials::gives_back {

/// The direction in which the rows of x [n, H], whose mean is 0, spread most (their first principal
/// component): a vector [H] of length 1, found by multiplying a vector by x^T x again and again.
inline Tensor main_direction(const Tensor& x) {
  Rng rng(1);
  Tensor direction = randn({x.size(1), 1}, rng, DType::f64);
  for (int i = 0; i < 200; ++i) {
    const Tensor next = matmul(x.transpose(0, 1), matmul(x, direction));
    direction = next * rsqrt(sum(next * next));
  }
  return direction.squeeze(1);
}

/// Each row of x [n, H] as two numbers, those along the two directions in which the rows spread most: [n, 2].
inline Tensor in_two_numbers(const Tensor& x) {
  Tensor centred = x - mean(x, Axes{0});
  std::vector<Tensor> along;
  for (int k = 0; k < 2; ++k) {
    const Tensor direction = main_direction(centred);
    along.push_back(matmul(centred, direction.unsqueeze(1)));  // [n, 1]
    centred = centred - along.back() * direction.unsqueeze(0);
  }
  return concat(along, 1);
}

/// A dot for each crane, with a colour for its meaning. Each picture has a scale of its own.
inline plot::Picture draw_cranes(const std::string& title, const Tensor& vectors,
                                 const std::vector<Crane>& all) {
  const Tensor points = in_two_numbers(vectors);
  const Tensor low = min(points, Axes{0}), size = max(points, Axes{0}) - low;
  plot::Picture picture{290, 290, title, ""};
  picture.body = fmt::format("<text x=\"0\" y=\"16\" class=\"title\">{}</text>\n", title);
  picture.body += "<rect x=\"0.5\" y=\"50.5\" width=\"288\" height=\"238\" class=\"frame\"/>\n";
  const char* names[] = {"a bird", "a machine"};
  for (int k = 0; k < 2; ++k) {
    picture.body +=
        fmt::format("<circle class=\"dot c{}\" cx=\"{}\" cy=\"34\" r=\"5\"/>\n", k + 1, 6 + 80 * k);
    picture.body += fmt::format("<text x=\"{}\" y=\"38\">{}</text>\n", 16 + 80 * k, names[k]);
  }
  for (size_t i = 0; i < all.size(); ++i) {
    const auto at = [&](int64_t k) {
      return (points.at({static_cast<int64_t>(i), k}) - low.at({k})) / std::max(size.at({k}), 1e-12);
    };
    picture.body += fmt::format(
        "<circle class=\"dot c{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\"><title>{}</title></circle>\n",
        all[i].meaning + 1, 14 + 260 * at(0), 64 + 210 * at(1), text_of(all[i].row));
  }
  return picture;
}

}  // namespace gradus::tutorials::gives_back
