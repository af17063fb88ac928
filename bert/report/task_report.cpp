#include "bert/report/task_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autograd/plural.hpp"
#include "bert/report/html.hpp"
#include "bert/report/report_charts.hpp"
#include "plot/heat_map.hpp"
#include "plot/svg_file.hpp"

namespace gradus::bert {
namespace {

using detail::chart_over_steps;

constexpr size_t most_classes = 40;  // of a confusion matrix that can be read

/// Adds the points that `value_of` finds in the history, if there is one.
template <class Value>
void add_series(plot::Chart& chart, const TaskHistory& history, const std::string& name, int color,
                bool markers, Value&& value_of) {
  plot::ChartSeries series;
  series.name = name;
  series.color = color;
  series.markers = markers;
  for (const TaskMoment& moment : history.moments) {
    const double value = value_of(moment);
    if (!std::isfinite(value)) continue;
    series.x.push_back(static_cast<double>(moment.step));
    series.y.push_back(value);
  }
  if (!series.x.empty()) chart.series.push_back(std::move(series));
}

/// What a moment's evaluation gave for the figure `index`; NaN where it is none.
double figure_at(const TaskMoment& moment, size_t index) {
  return index < moment.figures.size() ? moment.figures[index] : TaskMoment::none;
}

plot::Chart loss_chart_of(const TaskReport& report) {
  plot::Chart chart = chart_over_steps("Loss");
  const auto training = [](const TaskMoment& m) { return m.is_evaluation() ? TaskMoment::none : m.loss; };
  add_series(chart, report.history, "training", 2, false, training);
  const auto found = std::ranges::find(report.history.names, "loss");
  const auto index = static_cast<size_t>(found - report.history.names.begin());
  add_series(chart, report.history, "validation", 1, true,
             [&](const TaskMoment& m) { return figure_at(m, index); });
  return chart;
}

std::string charts(const TaskReport& report) {
  std::string out = "<h2>What it learned</h2>\n<div class=\"charts\">\n";
  const auto add = [&out](const plot::Chart& chart) {
    if (!chart.series.empty()) out += plot::to_svg(plot::draw(chart));
  };
  add(figure_chart(report));
  add(loss_chart_of(report));
  plot::Chart rate = chart_over_steps("Learning rate"),
              norm = chart_over_steps("Gradient norm before clipping");
  add_series(rate, report.history, "", 1, false, [](const TaskMoment& m) { return m.learning_rate; });
  add_series(norm, report.history, "", 1, false, [](const TaskMoment& m) { return m.gradient_norm; });
  rate.height = norm.height = 220;
  norm.log_y = true;
  add(rate);
  add(norm);
  return out + "</div>\n";
}

std::string tile(const std::string& name, const std::string& value, const std::string& note) {
  return fmt::format("<div class=\"figure\"><span>{}</span><b>{}</b><span>{}</span></div>\n",
                     html::escape(name), value, html::escape(note));
}

/// Three digits after the point, so that figures can be compared.
std::string fixed(double value) {
  return std::isfinite(value) ? fmt::format("{:.3f}", value) : html::number(value);
}

std::string interval(const Figure& figure) {
  return std::isfinite(figure.low) ? fmt::format("95 % interval {:.3f} to {:.3f}", figure.low, figure.high)
                                   : "";
}

std::string headline(const TaskReport& report) {
  if (report.findings.figures.empty())
    return "<p>No examples were held out, so nothing is known of how well it does.</p>\n";
  std::string out = "<div class=\"figures\">\n";
  for (const Figure& figure : report.findings.figures)
    out += tile(figure.name, fixed(figure.value), interval(figure));
  for (const auto& [name, value] : report.baselines)
    out += tile(name, fixed(value), "no model: " + report.findings.figures.front().name);
  out += "</div>\n";
  const auto count = report.findings.examples;
  return out + fmt::format(
                   "<p class=\"soft\">On {} {} that it did not learn from{}. The interval says how far the "
                   "figure would move with other examples.</p>\n",
                   html::count(count), plural(count, "example"),
                   report.best_step >= 0 ? fmt::format(", with the model after step {}, which was the best "
                                                       "on them, so the figures are a little too good",
                                                       html::count(report.best_step))
                                         : "");
}

std::string confusion(const Findings& findings) {
  if (!findings.confusion) return "";
  const ConfusionMatrix& matrix = *findings.confusion;
  std::string out = "<h2>Which is taken for which</h2>\n";
  if (findings.classes.size() <= most_classes) {
    plot::HeatMap map;
    map.title = "Examples of each class, and what was said of them";
    map.row_title = "truth";
    map.column_title = "said";
    map.rows = map.columns = findings.classes;
    map.decimals = 0;
    for (int64_t truth = 0; truth < matrix.classes(); ++truth)
      for (int64_t said = 0; said < matrix.classes(); ++said)
        map.values.push_back(static_cast<double>(matrix(truth, said)));
    const plot::Picture picture = plot::draw(map);
    out += fmt::format("<div class=\"scroll\" style=\"max-width:{}px\">{}</div>\n", picture.width,
                       plot::to_svg(picture));
  }
  out +=
      "<div class=\"scroll\"><table><thead><tr><th>Class</th><th class=\"n\">precision</th><th "
      "class=\"n\">recall</th><th class=\"n\">F1</th><th class=\"n\">examples</th></tr></thead><tbody>\n";
  for (int64_t label = 0; label < matrix.classes(); ++label) {
    const ClassScore score = matrix.score(label);
    out += fmt::format("<tr><th scope=\"row\">{}</th>",
                       html::escape(findings.classes[static_cast<size_t>(label)]));
    for (const double figure : {score.precision, score.recall, score.f1})
      out += fmt::format("<td class=\"n\">{:.3f}</td>", figure);
    out += fmt::format("<td class=\"n\">{}</td></tr>\n", html::count(score.truly));
  }
  return out + "</tbody></table></div>\n";
}

std::string worst(const Findings& findings) {
  if (findings.worst.empty()) return "";
  std::string out =
      "<h2>Its worst answers</h2>\n<div class=\"scroll\"><table><thead><tr><th>Text</th><th>Right</th>"
      "<th>Said</th><th class=\"n\">loss</th></tr></thead><tbody>\n";
  for (const Finding& finding : findings.worst)
    out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{}</td></tr>\n",
                       html::escape(finding.text), html::escape(finding.truth), html::escape(finding.said),
                       html::number(finding.loss, 3));
  return out + "</tbody></table></div>\n";
}

std::string evaluations(const TaskHistory& history) {
  std::string rows, heads;
  for (const TaskMoment& moment : history.moments) {
    if (!moment.is_evaluation()) continue;
    rows += fmt::format("<tr><td class=\"n\">{}</td><td class=\"n\">{}</td>", html::count(moment.step),
                        html::duration(moment.seconds));
    for (const double figure : moment.figures)
      rows += fmt::format("<td class=\"n\">{}</td>", html::number(figure, 4));
    rows += "</tr>\n";
  }
  if (rows.empty()) return "";
  for (const std::string& name : history.names)
    heads += fmt::format("<th class=\"n\">{}</th>", html::escape(name));
  return fmt::format(
      "<details><summary>All evaluations as numbers</summary><div class=\"scroll\"><table><thead><tr>"
      "<th class=\"n\">step</th><th class=\"n\">time</th>{}</tr></thead><tbody>\n{}</tbody></table></div>"
      "</details>\n",
      heads, rows);
}

std::string notes(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += fmt::format("<p>{}</p>\n", html::escape(line));
  return out.empty() ? out : "<h2>To be known of the data</h2>\n" + out;
}

}  // namespace

std::string figure_text(const Figure& figure) {
  const std::string value = fmt::format("{:.3f}", figure.value);
  if (!std::isfinite(figure.low)) return value;
  return fmt::format("{} ({:.3f} to {:.3f})", value, figure.low, figure.high);
}

plot::Chart figure_chart(const TaskReport& report) {
  const std::vector<std::string>& names = report.history.names;
  plot::Chart chart = chart_over_steps(names.empty() ? "" : names.front() + " on validation examples");
  add_series(chart, report.history, names.empty() ? "" : names.front(), 1, true,
             [](const TaskMoment& m) { return figure_at(m, 0); });
  for (const auto& [name, value] : report.baselines) chart.guides.push_back({name, value});
  return chart;
}

std::string render_task_report(const TaskReport& report) {
  html::Page page;
  page.title = report.title;
  page.subtitle = report.subtitle;
  page.style = plot::svg_style();
  page.body = headline(report) + charts(report) + evaluations(report.history) + confusion(report.findings) +
              worst(report.findings) + notes(report.notes) + html::table("Settings", report.settings) +
              html::table("Environment", report.environment);
  return html::render(page);
}

}  // namespace gradus::bert
