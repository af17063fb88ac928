#include "bert/report/report_samples.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "autograd/error.hpp"
#include "bert/report/guess_list.hpp"
#include "bert/report/html.hpp"
#include "bert/text/unicode.hpp"
#include "bert/tokenizer/text_spans.hpp"
#include "plot/text.hpp"

namespace gradus::bert::detail {
namespace {

bool written_without_spaces(const std::string& piece) {
  const std::u32string chars = decode_utf8(plot::well_formed(piece));
  return !chars.empty() && is_written_without_spaces(chars.front());
}

std::string sentence_of(const SampleSentence& sample) {
  std::string text;
  for (size_t i = 0; i < sample.pieces.size(); ++i) {
    const std::string& piece = sample.pieces[i];
    const bool joins = html::joins_left(piece);
    if (i > 0 && !joins && !(written_without_spaces(piece) || written_without_spaces(sample.pieces[i - 1])))
      text += ' ';
    const auto blank = std::find_if(sample.blanks.begin(), sample.blanks.end(),
                                    [i](const SampleBlank& b) { return b.piece == i; });
    if (blank == sample.blanks.end()) {
      text += html::escape(piece.starts_with("##") && joins ? piece.substr(2) : piece);
    } else {
      text += fmt::format("<span class=\"blank\">?<sub>{}</sub></span>", blank - sample.blanks.begin() + 1);
    }
  }
  return text;
}

/// Up to six of `moments`, spread evenly, the first and the last among them.
std::vector<const SampleMoment*> some_of(const std::vector<SampleMoment>& moments) {
  const size_t count = std::min<size_t>(moments.size(), 6);
  std::vector<const SampleMoment*> some;
  for (size_t i = 0; i < count; ++i) {
    some.push_back(&moments[count == 1 ? 0 : i * (moments.size() - 1) / (count - 1)]);
  }
  return some;
}

}  // namespace

std::string render_samples(const std::vector<SampleSentence>& samples) {
  std::string out;
  for (const SampleSentence& sample : samples) {
    for (const SampleBlank& blank : sample.blanks) {
      if (blank.piece >= sample.pieces.size()) {
        fail<IndexError>("report: a blank at piece {} of a sentence of {}", blank.piece,
                         sample.pieces.size());
      }
    }
    out += fmt::format("<div class=\"sample\">\n<p>{}</p>\n<div class=\"gaps\">\n", sentence_of(sample));
    for (size_t b = 0; b < sample.blanks.size(); ++b) {
      const SampleBlank& blank = sample.blanks[b];
      out += fmt::format("<div>\n<h3>Gap {}", b + 1);
      if (!blank.answer.empty())
        out += fmt::format(": <span class=\"good\">{}</span>", html::escape(blank.answer));
      out += "</h3>\n<div class=\"moments\">\n";
      for (const SampleMoment* moment : some_of(blank.moments)) {
        out += fmt::format("<div class=\"moment\"><span>step {}</span>{}</div>\n", html::count(moment->step),
                           render_guesses(moment->guesses, blank.answer));
      }
      out += "</div>\n</div>\n";
    }
    out += "</div>\n</div>\n";
  }
  return out;
}

}  // namespace gradus::bert::detail
