#include "bert/report/time_machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autograd/error.hpp"
#include "bert/report/html.hpp"
#include "bert/report/report.hpp"

namespace gradus::bert {
namespace {

void check(const NetworkHistory& history) {
  const size_t size = history.tokens.size(), parts = history.parts.size();
  const size_t wanted = static_cast<size_t>(history.layers * history.heads) * size * size;
  for (const NetworkMoment& moment : history.moments) {
    if (moment.attention.size() != wanted) {
      fail<ShapeError>("time machine: {} weights after step {}, but {} x {} x {} x {} are {}",
                       moment.attention.size(), moment.step, history.layers, history.heads, size, size,
                       wanted);
    }
    if (moment.weight_norms.size() != parts || moment.gradient_norms.size() != parts) {
      fail<ShapeError>("time machine: {} and {} norms after step {}, but there are {} parts",
                       moment.weight_norms.size(), moment.gradient_norms.size(), moment.step, parts);
    }
  }
}

/// `[item(0),item(1),...]`
template <class Item>
std::string json_list(size_t count, Item item) {
  std::string list = "[";
  for (size_t i = 0; i < count; ++i) list += (i ? "," : "") + item(i);
  return list + "]";
}

std::string json_texts(const std::vector<std::string>& texts) {
  return json_list(texts.size(), [&](size_t i) { return html::json_string(texts[i]); });
}

std::string json_numbers(const std::vector<double>& numbers) {
  return json_list(numbers.size(), [&](size_t i) {
    return std::isfinite(numbers[i]) ? fmt::format("{:.4g}", numbers[i]) : "null";
  });
}

/// What the evaluation of `step` found.
std::string figures_of(const std::vector<MetricsRow>& rows, int64_t step) {
  const auto row = std::find_if(rows.rbegin(), rows.rend(), [step](const MetricsRow& r) {
    return r.kind == MetricsRow::Kind::eval && r.step == step;
  });
  if (row == rows.rend()) return "";
  std::string text = fmt::format("{} of the masked tokens right, perplexity {}",
                                 html::percent(row->mlm_accuracy), html::number(row->perplexity));
  if (!std::isnan(row->nsp_accuracy))
    text += fmt::format(", next sentence {}", html::percent(row->nsp_accuracy));
  return text;
}

/// The guesses for each gap of all samples, in the order of the page; null where none were made at `step`.
std::string guesses_at(const std::vector<SampleSentence>& samples, int64_t step) {
  std::vector<std::string> gaps;
  for (const SampleSentence& sample : samples) {
    for (const SampleBlank& blank : sample.blanks) {
      const auto moment = std::ranges::find(blank.moments, step, &SampleMoment::step);
      gaps.push_back(
          moment == blank.moments.end() ? "null" : json_list(moment->guesses.size(), [&](size_t i) {
            const Guess& guess = moment->guesses[i];
            const double p = std::isfinite(guess.probability) ? guess.probability : 0;
            return fmt::format("[{},{:.4f}]", html::json_string(guess.word), p);
          }));
    }
  }
  return json_list(gaps.size(), [&](size_t i) { return gaps[i]; });
}

std::string data_of(const NetworkHistory& history, const std::vector<MetricsRow>& rows,
                    const std::vector<SampleSentence>& samples) {
  std::vector<std::string> answers;
  for (const SampleSentence& sample : samples) {
    for (const SampleBlank& blank : sample.blanks) answers.push_back(blank.answer);
  }
  const std::string moments = json_list(history.moments.size(), [&](size_t i) {
    const NetworkMoment& moment = history.moments[i];
    return fmt::format(
        "{{\"step\":{},\"figures\":{},\"guesses\":{},\"weights\":{},\"gradients\":{},\"attention\":\"{}\"}}",
        moment.step, html::json_string(figures_of(rows, moment.step)), guesses_at(samples, moment.step),
        json_numbers(moment.weight_norms), json_numbers(moment.gradient_norms),
        html::base64(moment.attention));
  });
  return fmt::format("{{\"size\":{},\"layers\":{},\"heads\":{},\"answers\":{},\"moments\":{}}}",
                     history.tokens.size(), history.layers, history.heads, json_texts(answers), moments);
}

/// A norm, and a bar that the script fills in proportion to the largest of all moments.
std::string norm_cell(double norm) {
  return fmt::format("<td class=\"n\"><span>{}</span><i></i></td>", html::number(norm));
}

}  // namespace

uint8_t attention_byte(float weight) {
  if (std::isnan(weight)) return 255;
  return static_cast<uint8_t>(std::lround(254 * std::sqrt(std::clamp(weight, 0.0F, 1.0F))));
}

std::string time_slider(const NetworkHistory& history, const std::vector<MetricsRow>& rows,
                        const std::vector<SampleSentence>& samples) {
  check(history);
  const size_t count = history.moments.size();
  if (count < 2) return "";
  return fmt::format(
      "<div class=\"time\" hidden>\n<button type=\"button\">play</button>\n"
      "<input type=\"range\" min=\"0\" max=\"{0}\" value=\"{0}\" step=\"1\" aria-label=\"Evaluation\">\n"
      "<output></output>\n<script type=\"application/json\">{1}</script>\n</div>\n",
      count - 1, data_of(history, rows, samples));
}

std::string time_maps(const NetworkHistory& history) {
  check(history);
  if (history.moments.size() < 2) return "";
  std::string grid = fmt::format(
      "<div class=\"time-maps\" hidden>\n<p class=\"soft\">All heads at the step of the slider, and below "
      "them those of the last step, to be looked into.</p>\n<div class=\"time-grid\" role=\"img\" "
      "aria-label=\"The maps of all heads at the step of the slider\" style=\"grid-template-columns: auto "
      "repeat({}, minmax(24px, 112px))\">\n<span></span>",
      history.heads);
  for (int64_t a = 0; a < history.heads; ++a) {
    grid += fmt::format("<span>{}{}</span>", history.heads > 4 ? "" : "head ", a + 1);
  }
  for (int64_t l = 0; l < history.layers; ++l) {
    grid += fmt::format("\n<span>layer {}</span>", l + 1);
    for (int64_t a = 0; a < history.heads; ++a) grid += "<canvas></canvas>";
  }
  return grid + "\n</div>\n</div>\n";
}

std::string time_norms(const NetworkHistory& history) {
  check(history);
  if (history.moments.empty()) return "";
  const NetworkMoment& last = history.moments.back();
  std::string table =
      "<div class=\"scroll\"><table class=\"time-norms\"><thead><tr><th>part</th><th class=\"n\">weights</th>"
      "<th class=\"n\">gradient</th></tr></thead><tbody>\n";
  for (size_t p = 0; p < history.parts.size(); ++p) {
    table += fmt::format("<tr><th scope=\"row\">{}</th>{}{}</tr>\n", html::escape(history.parts[p]),
                         norm_cell(last.weight_norms[p]), norm_cell(last.gradient_norms[p]));
  }
  return table + "</tbody></table></div>\n";
}

std::string_view time_style() {
  return "\n"
#include "bert/report/time_machine.css.inc"
      ;
}

std::string_view time_script() {
  return "\n"
#include "bert/report/time_machine.js.inc"
      ;
}

}  // namespace gradus::bert
