/// @file
/// Chapter 16's picture of the four heads: which vectors of the body each of them takes.
#pragma once

#include <fmt/format.h>

#include "market.hpp"
#include "plot/plot.hpp"

namespace gradus::tutorials::fine_tuning {

inline std::string box(double x, double y, double width, double height, const std::string& text,
                       bool strong) {
  return fmt::format(
      "<rect x=\"{:.0f}\" y=\"{:.0f}\" width=\"{:.0f}\" height=\"{:.0f}\" rx=\"4\" class=\"box{}\"/>\n"
      "<text x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"middle\">{}</text>\n",
      x, y, width, height, strong ? " strong" : "", x + width / 2, y + height / 2 + 4, text);
}

/// A body with its tokens below it and a head above, which takes the vectors of the tokens that are `used`.
struct Tower {
  Words tokens;
  std::vector<bool> used;
};
inline plot::Picture draw_head(const std::string& title, const std::string& head,
                               const std::vector<Tower>& towers) {
  const double width = 180, each = width / static_cast<double>(towers.size());
  plot::Picture picture{180, 214, title, ""};
  picture.body = fmt::format("<text x=\"0\" y=\"14\" class=\"title\">{}</text>\n", title);
  picture.body += box(1, 28, width - 2, 30, head, true);
  for (size_t t = 0; t < towers.size(); ++t) {
    const double left = each * static_cast<double>(t) + 1, inner = each - (towers.size() > 1 ? 6 : 2);
    const double step = inner / static_cast<double>(towers[t].tokens.size());
    picture.body += box(left, 104, inner, 40, "body", false);
    for (size_t i = 0; i < towers[t].tokens.size(); ++i) {
      const double x = left + step * (static_cast<double>(i) + 0.5);
      picture.body += fmt::format("<path class=\"arrow\" d=\"M{:.1f} 178 L{:.1f} 146\"/>\n", x, x);
      if (towers[t].used[i])
        picture.body += fmt::format("<path class=\"line c1\" d=\"M{:.1f} 103 L{:.1f} 59\"/>\n", x, x);
      picture.body +=
          fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\" class=\"small\">{}</text>\n", x,
                      i % 2 == 0 ? 192 : 208, towers[t].tokens[i]);
    }
  }
  return picture;
}

inline plot::Picture draw_heads() {
  const Words text = {"[CLS]", "leo", "gives", "saws", "..."},
              name = {"[CLS]", "leo", "lind", "##son", "gives"};
  const Words question = {"[CLS]", "who", "[SEP]", "leo", "gives", "..."};
  const Tower tower{{"[CLS]", "leo", "..."}, {true, true, true}};
  return plot::beside({draw_head("A class", "C scores", {{text, {true, false, false, false, false}}}),
                       draw_head("Tags", "C scores a word", {{name, {false, true, true, false, true}}}),
                       draw_head("An answer", "2 scores a slot", {{question, std::vector<bool>(6, true)}}),
                       draw_head("Likeness", "cosine of two means", {tower, tower})});
}

}  // namespace gradus::tutorials::fine_tuning
