#include "plot/picture.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plot/svg_file.hpp"
#include "plot/text.hpp"

namespace gradus::plot {
namespace {

Picture joined(const std::vector<Picture>& pictures, int gap, bool down) {
  Picture all;
  int at = 0;
  for (const Picture& picture : pictures) {
    all.body += fmt::format("<g transform=\"translate({} {})\">\n{}</g>\n", down ? 0 : at, down ? at : 0,
                            picture.body);
    all.label += (all.label.empty() ? "" : "; ") + picture.label;
    const int end = at + (down ? picture.height : picture.width);
    at = end + gap;
    all.width = std::max(all.width, down ? picture.width : end);
    all.height = std::max(all.height, down ? end : picture.height);
  }
  return all;
}

}  // namespace

std::string to_svg(const Picture& picture) {
  return fmt::format("<svg class=\"chart\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n{}</svg>\n",
                     picture.width, picture.height, escape(picture.label), picture.body);
}

std::string to_svg_file(const Picture& picture) {
  return svg_file(picture.width, picture.height, picture.label, picture.body);
}

Picture beside(const std::vector<Picture>& pictures, int gap) { return joined(pictures, gap, false); }

Picture below(const std::vector<Picture>& pictures, int gap) { return joined(pictures, gap, true); }

}  // namespace gradus::plot
