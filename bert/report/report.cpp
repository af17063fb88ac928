#include "bert/report/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autograd/plural.hpp"
#include "bert/evaluation/verdict.hpp"
#include "bert/report/html.hpp"
#include "bert/report/report_charts.hpp"
#include "bert/report/report_samples.hpp"
#include "plot/svg_file.hpp"

namespace gradus::bert {
namespace {

const MetricsRow* last_of(const std::vector<MetricsRow>& rows, MetricsRow::Kind kind) {
  const auto found =
      std::find_if(rows.rbegin(), rows.rend(), [&](const MetricsRow& row) { return row.kind == kind; });
  return found == rows.rend() ? nullptr : &*found;
}

std::string figure(const std::string& name, const std::string& value, const std::string& note) {
  return fmt::format("<div class=\"figure\"><span>{}</span><b>{}</b><span>{}</span></div>\n", name, value,
                     note);
}

/// What two neighbours reach, and how far the model is from it.
std::string against_neighbours(double accuracy, double bigram) {
  if (!std::isfinite(accuracy) || !std::isfinite(bigram)) return "of the masked tokens";
  const double points = 100 * (accuracy - bigram);
  return fmt::format("{:.1f} points {} {} ({})", std::abs(points), points < 0 ? "below" : "above",
                     two_neighbours_name, html::percent(bigram));
}

/// What the figures of the last evaluation mean, where they may mislead.
std::string verdicts(const TrainingReport& report, const MetricsRow& eval) {
  std::string out;
  const MaskScore model = {eval.mlm_accuracy, eval.perplexity};
  const MaskScore two_neighbours = {report.baselines.bigram_accuracy, report.baselines.bigram_perplexity};
  for (const std::string& sentences :
       {below_baseline(model, two_neighbours, report.seen_tokens, report.training_tokens),
        one_answer(eval.nsp_accuracy_next, eval.nsp_accuracy_random)}) {
    if (!sentences.empty()) out += fmt::format("<p>{}</p>\n", html::escape(sentences));
  }
  return out;
}

std::string headline(const TrainingReport& report) {
  std::string out = "<div class=\"figures\">\n";
  const MetricsRow* eval = last_of(report.rows, MetricsRow::Kind::eval);
  if (eval != nullptr) {
    const MlmBaselines& base = report.baselines;
    out += figure("Masked tokens right", html::percent(eval->mlm_accuracy),
                  against_neighbours(eval->mlm_accuracy, base.bigram_accuracy));
    out += figure("Perplexity", html::number(eval->perplexity),
                  std::isfinite(base.bigram_perplexity)
                      ? fmt::format("{}: {}", two_neighbours_name, html::number(base.bigram_perplexity))
                      : "of the masked tokens");
    if (!std::isnan(eval->nsp_accuracy)) {
      out += figure("Next sentence right", html::percent(eval->nsp_accuracy),
                    std::isnan(eval->nsp_accuracy_next)
                        ? "guessing: 50\xC2\xA0%"
                        : fmt::format("true next {}, random {}; guessing 50\xC2\xA0%",
                                      html::percent(eval->nsp_accuracy_next),
                                      html::percent(eval->nsp_accuracy_random)));
    }
  } else {
    out += figure("Masked tokens right", html::percent(MetricsRow::not_measured), "no evaluation yet");
  }
  if (!report.rows.empty()) {
    const MetricsRow& last = report.rows.back();
    std::string note = html::count(last.tokens) + " " + plural(last.tokens, "token") +
                       " (padding counted) in " + html::duration(last.seconds);
    if (last.seconds > 0)
      note += ", " + html::number(static_cast<double>(last.tokens) / last.seconds) + " a second";
    out += figure("Steps", html::count(last.step), note);
  }
  out += "</div>\n";
  return eval == nullptr ? out : out + verdicts(report, *eval);
}

/// `with_cursor`: each with the line that the time machine moves.
std::string charts_of(std::vector<plot::Chart> charts, bool with_cursor) {
  std::string out = "<div class=\"charts\">\n";
  for (plot::Chart& chart : charts) {
    chart.cursor = with_cursor;
    out += plot::to_svg(plot::draw(chart));
  }
  return out + "</div>\n";
}

/// The last evaluation beside the baselines.
std::string final_table(const TrainingReport& report) {
  const MetricsRow* eval = last_of(report.rows, MetricsRow::Kind::eval);
  if (eval == nullptr) return "";
  const MlmBaselines& base = report.baselines;
  const auto row = [](std::string_view name, double accuracy, double perplexity) {
    return fmt::format("<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
                       name, html::percent(accuracy), html::number(perplexity));
  };
  std::string out = fmt::format("<h2>Evaluation after step {}</h2>\n", html::count(eval->step));
  out += "<p class=\"soft\">On text that was kept out of the training.";
  if (std::isfinite(eval->positions)) {
    out += fmt::format(" {} masked {}", html::count(std::llround(eval->positions)),
                       plural(eval->positions, "token"));
    if (std::isfinite(eval->pairs))
      out += fmt::format(" in {} {}", html::count(std::llround(eval->pairs)), plural(eval->pairs, "pair"));
    out += "; the baselines guess at the same places.";
  }
  out += fmt::format(
      " A token is a word or a piece of one. The baseline \u201C{}\u201D guesses from how often a token "
      "stood "
      "between the two in the training text, \u201C{}\u201D always guesses the commonest.",
      two_neighbours_name, frequency_name);
  out +=
      "</p>\n<div class=\"scroll\"><table><thead><tr><th>Masked tokens</th><th class=\"n\">right</th>"
      "<th class=\"n\">perplexity</th></tr></thead><tbody>\n";
  out += row("this model", eval->mlm_accuracy, eval->perplexity);
  out += row(two_neighbours_name, base.bigram_accuracy, base.bigram_perplexity);
  out += row(frequency_name, base.unigram_accuracy, base.unigram_perplexity);
  out += "</tbody></table></div>\n";
  if (std::isnan(eval->nsp_accuracy)) return out;
  const auto nsp = [](const char* name, double accuracy) {
    return fmt::format("<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td></tr>\n", name,
                       html::percent(accuracy));
  };
  out +=
      "<br><div class=\"scroll\"><table><thead><tr><th>Sentence pairs</th><th "
      "class=\"n\">right</th></tr></thead>"
      "<tbody>\n";
  out += nsp("all", eval->nsp_accuracy) + nsp("the second follows the first", eval->nsp_accuracy_next) +
         nsp("the second comes from elsewhere", eval->nsp_accuracy_random);
  return out + "</tbody></table></div>\n";
}

/// Every evaluation, for those who want the numbers behind the curves.
std::string evaluations(const TrainingReport& report) {
  std::string rows;
  for (const MetricsRow& row : report.rows) {
    if (row.kind != MetricsRow::Kind::eval) continue;
    rows += fmt::format("<tr><td class=\"n\">{}</td>", html::count(row.step));
    for (const std::string& cell :
         {html::duration(row.seconds), html::number(row.mlm_loss, 4), html::number(row.perplexity),
          html::percent(row.mlm_accuracy), html::number(row.nsp_loss, 4), html::percent(row.nsp_accuracy)}) {
      rows += fmt::format("<td class=\"n\">{}</td>", cell);
    }
    rows += "</tr>\n";
  }
  if (rows.empty()) return "";
  std::string out =
      "<details><summary>All evaluations as numbers</summary><div class=\"scroll\"><table><thead><tr>";
  for (const char* name : {"step", "time", "MLM loss", "perplexity", "MLM right", "NSP loss", "NSP right"}) {
    out += fmt::format("<th class=\"n\">{}</th>", name);
  }
  return out + "</tr></thead><tbody>\n" + rows + "</tbody></table></div></details>\n";
}

}  // namespace

std::string render_report(const TrainingReport& report) {
  html::Page page;
  page.title = report.title;
  page.subtitle = report.subtitle;
  page.style = plot::svg_style();
  const NetworkHistory& history = report.history;
  const std::string slider = time_slider(history, report.rows, report.samples);
  if (!slider.empty()) {
    page.style += time_style();
    page.script = time_script();
  }
  page.body = headline(report) + slider + "<h2>What it learned</h2>\n" +
              charts_of(detail::learning_charts(report), !slider.empty()) + evaluations(report);
  if (!report.samples.empty()) {
    page.body +=
        "<h2>The same gaps, as it learned</h2>\n<p class=\"soft\">What the model would put into each gap, "
        "with its probability, as the training went on. The token that stood there is marked.</p>\n" +
        detail::render_samples(report.samples);
  }
  page.body += final_table(report);
  if (report.attention) {
    page.body += "<h2>Where it looks</h2>\n" + time_maps(history) + attention_fragment(*report.attention);
    page.style += attention_style();
    page.script += attention_script();
  }
  const std::vector<plot::Chart> running = detail::running_charts(report);
  if (!running.empty()) page.body += "<h2>How the run went</h2>\n" + charts_of(running, !slider.empty());
  if (const std::string norms = time_norms(history); !norms.empty()) {
    page.body +=
        "<h2>How large its parts are</h2>\n<p class=\"soft\">The Euclidean norm of all weights of a part, "
        "and "
        "of their gradient in the last step before it was clipped.</p>\n" +
        norms;
  }
  page.body += html::table("Settings", report.settings) + html::table("Environment", report.environment);
  return html::render(page);
}

}  // namespace gradus::bert
