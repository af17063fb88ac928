#include "bert/report/attention_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autograd/error.hpp"
#include "autograd/plural.hpp"
#include "bert/report/guess_list.hpp"
#include "bert/report/html.hpp"
#include "plot/svg_file.hpp"
#include "plot/text.hpp"

namespace gradus::bert {
namespace {

void check_weights(const std::vector<float>& weights) {
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] < -1e-3F || weights[i] > 1.001F) {
      fail("attention page: weight {} is {}, softmax gives 0 to 1", i, weights[i]);
    }
  }
}

void check(const AttentionPage& page) {
  const size_t size = page.tokens.size();
  if (size == 0) fail<ShapeError>("attention page: there is no token");
  if (page.layers < 1 || page.heads < 1) {
    fail<ShapeError>("attention page: {} {} and {} {}, at least one of each is wanted", page.layers,
                     plural(page.layers, "layer"), page.heads, plural(page.heads, "head"));
  }
  if (!page.segments.empty() && page.segments.size() != size) {
    fail<ShapeError>("attention page: {} {} for {} {}", page.segments.size(),
                     plural(page.segments.size(), "segment number"), size, plural(size, "token"));
  }
  const size_t wanted = static_cast<size_t>(page.layers * page.heads) * size * size;
  if (page.weights.size() != wanted) {
    fail<ShapeError>("attention page: {} {}, but {} {} x {} {} x {} x {} {} are {}", page.weights.size(),
                     plural(page.weights.size(), "weight"), page.layers, plural(page.layers, "layer"),
                     page.heads, plural(page.heads, "head"), size, size, plural(size, "token"), wanted);
  }
  for (const TokenGuesses& prediction : page.predictions) {
    if (prediction.token >= size) {
      fail<IndexError>("attention page: a prediction for token {}, there are {}", prediction.token, size);
    }
  }
  check_weights(page.weights);
}

/// The number of tokens without the padding at the end; at least 1.
size_t real_length(const std::vector<std::string>& tokens) {
  size_t length = tokens.size();
  while (length > 1 && tokens[length - 1] == "[PAD]") --length;
  return length;
}

/// The weights among the first `length` tokens as 16-bit steps, low byte first; 65535 stands for NaN.
std::string packed(const AttentionPage& page, size_t length) {
  const size_t size = page.tokens.size();
  std::vector<uint8_t> bytes;
  bytes.reserve(static_cast<size_t>(page.layers * page.heads) * length * length * 2);
  for (size_t row = 0; row * size < page.weights.size(); ++row) {
    if (row % size >= length) continue;
    for (size_t key = 0; key < length; ++key) {
      const float weight = page.weights[row * size + key];
      const long step = std::isnan(weight) ? 65535 : std::lround(std::clamp(weight, 0.0F, 1.0F) * 65534);
      bytes.push_back(static_cast<uint8_t>(step & 255));
      bytes.push_back(static_cast<uint8_t>(step >> 8));
    }
  }
  return html::base64(bytes);
}

/// What the script reads. The JSON is safe inside a script element: see html::json_string.
std::string data_of(const AttentionPage& page) {
  const size_t length = real_length(page.tokens);
  std::string tokens, segments;
  for (size_t i = 0; i < length; ++i) {
    tokens += (i ? "," : "") + html::json_string(page.tokens[i]);
    if (!page.segments.empty()) segments += fmt::format("{}{}", i ? "," : "", page.segments[i]);
  }
  return fmt::format("{{\"tokens\":[{}],\"segments\":[{}],\"layers\":{},\"heads\":{},\"weights\":\"{}\"}}",
                     tokens, segments, page.layers, page.heads, packed(page, length));
}

std::string predictions_of(const AttentionPage& page) {
  if (page.predictions.empty()) return "";
  std::string list = "<h2>What the model would fill in</h2>\n<div class=\"moments\">\n";
  for (const TokenGuesses& prediction : page.predictions) {
    list += fmt::format("<div class=\"moment\"><span>token {}, {}</span>{}</div>\n", prediction.token + 1,
                        html::escape(page.tokens[prediction.token]),
                        render_guesses(prediction.guesses, prediction.answer));
  }
  return list + "</div>\n";
}

/// At most `most` characters of `text`, the last one an ellipsis when some are left out.
std::string shortened(const std::string& text, size_t most) {
  size_t characters = 0, cut = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    if (++characters == most) cut = i;
  }
  return characters > most ? text.substr(0, cut) + "\xE2\x80\xA6" : text;
}

}  // namespace

std::vector<float> AttentionPage::head_weights(int64_t layer, int64_t head) const {
  if (layer < 0 || layer >= layers || head < 0 || head >= heads) {
    fail<IndexError>("attention page: layer {}, head {}; there are {} and {}", layer, head, layers, heads);
  }
  const auto size = static_cast<std::ptrdiff_t>(tokens.size() * tokens.size());
  const auto begin = weights.begin() + (layer * heads + head) * size;
  return {begin, begin + size};
}

std::string attention_fragment(const AttentionPage& page) {
  check(page);
  return fmt::format(
      "<div class=\"attention\">\n"
      "<p>Each square is one head. A row is a token that looks (the query), a column a token it looks at "
      "(the "
      "key): the stronger the colour, the larger the share of its attention. Every row adds up to "
      "100\xC2\xA0%. "
      "Choose a square to enlarge it; then point at or tap a token to see where it looks, or use the arrow "
      "keys. Switch on \xE2\x80\x9Cseveral tokens\xE2\x80\x9D to choose more than one: their lines are "
      "drawn together, and the shares are those of their mean.</p>\n"
      "<noscript><p>The maps are drawn by a script in this file; allow it to see them.</p></noscript>\n"
      "<script type=\"application/json\">{}</script>\n</div>\n",
      data_of(page));
}

std::string_view attention_style() {
  return "\n"
#include "bert/report/attention_page.css.inc"
      ;
}

std::string_view attention_script() {
  return "\n"
#include "bert/report/attention_page.js.inc"
      ;
}

std::string render_attention_page(const AttentionPage& page) {
  html::Page frame;
  frame.title = page.title;
  constexpr size_t line = 160;
  frame.subtitle = shortened(page.subtitle, line);
  frame.body = attention_fragment(page);  // first, since it checks the page
  frame.body += predictions_of(page);
  frame.style = attention_style();
  frame.script = attention_script();
  return html::render(frame);
}

plot::Picture attention_picture(const std::vector<std::string>& tokens, const std::vector<float>& weights,
                                const std::string& title) {
  const size_t size = tokens.size();
  if (size == 0) fail<ShapeError>("attention map: there is no token");
  if (weights.size() != size * size) {
    fail<ShapeError>("attention map: {} {} for {} x {} {}", weights.size(), plural(weights.size(), "weight"),
                     size, size, plural(size, "token"));
  }
  check_weights(weights);
  constexpr int cell_size = 18, top_margin = 44;
  double widest = 0;
  std::vector<std::string> labels;
  for (const std::string& token : tokens) {
    labels.push_back(html::escape(shortened(token, 14)));
    widest = std::max(widest, plot::text_width(shortened(token, 14), 12));
  }
  const int edge = static_cast<int>(size) * cell_size;
  const int left = static_cast<int>(std::ceil(widest)) + 26, top = top_margin + left - 18;
  std::string body = fmt::format(
      "<text x=\"0\" y=\"16\" class=\"title\">{}</text>\n<text x=\"{}\" y=\"{}\" class=\"tick small\">looks "
      "at "
      "\xE2\x86\x92</text>\n<text transform=\"translate(10 {}) rotate(-90)\" text-anchor=\"end\" "
      "class=\"tick "
      "small\">\xE2\x86\x90 token</text>\n",
      html::escape(title), left, top_margin - 6, top);
  for (size_t i = 0; i < size; ++i) {
    const int middle = static_cast<int>(i) * cell_size + cell_size / 2;
    body += fmt::format(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text><text transform=\"translate({} {}) "
        "rotate(-90)\">{}</text>\n",
        left - 6, top + middle + 4, labels[i], left + middle + 4, top - 6, labels[i]);
  }
  // What is too pale to see. Of a long text no more than a hundred cells a row, or the file would be too
  // large.
  const float palest = size > 64 ? 0.01F : 0.0005F;
  for (size_t q = 0; q < size; ++q) {
    for (size_t k = 0; k < size; ++k) {
      const float weight = weights[q * size + k];
      if (!(weight >= palest)) continue;  // NaN too
      // The root makes small weights visible: a quarter of the attention has half of the colour.
      body += fmt::format(
          "<rect class=\"cell\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" opacity=\"{:.2f}\"/>\n",
          left + static_cast<int>(k) * cell_size, top + static_cast<int>(q) * cell_size, cell_size, cell_size,
          std::sqrt(std::min(weight, 1.0F)));
    }
  }
  body += fmt::format("<rect class=\"frame\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n", left, top,
                      edge, edge);
  const int title_width = static_cast<int>(std::ceil(plot::title_width(title)));
  return {std::max(left + edge, title_width), top + edge, title, body};
}

std::string attention_svg(const std::vector<std::string>& tokens, const std::vector<float>& weights,
                          const std::string& title) {
  return plot::to_svg_file(attention_picture(tokens, weights, title));
}

}  // namespace gradus::bert
