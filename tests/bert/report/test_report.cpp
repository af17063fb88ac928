// The attention page and the training report.
#include "bert/report/report.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "bert/report/attention_page.hpp"
#include "bert/report/html.hpp"
#include "support/catch.hpp"
#include "support/page_checks.hpp"

using namespace gradus::bert;
using gradus::Error;
using gradus::IndexError;
using gradus::ShapeError;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

/// A page in which every query looks at all `seen` first tokens alike.
AttentionPage even_page(std::vector<std::string> tokens, size_t seen, int layers = 2, int heads = 3) {
  AttentionPage page;
  page.tokens = std::move(tokens);
  page.layers = layers;
  page.heads = heads;
  const size_t size = page.tokens.size();
  for (size_t row = 0; row < static_cast<size_t>(layers * heads) * size; ++row) {
    for (size_t key = 0; key < size; ++key) {
      page.weights.push_back(key < seen ? 1.0F / static_cast<float>(seen) : 0.0F);
    }
  }
  return page;
}

/// The JSON that the page's script reads.
nlohmann::json data_of(const std::string& page) {
  const std::string open = "<script type=\"application/json\">";
  const size_t begin = page.find(open) + open.size();
  return nlohmann::json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

/// Base64 of 16-bit steps, low byte first, back to the steps.
std::vector<int> steps_of(const std::string& text) {
  static const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<int> bytes, steps;
  unsigned bits = 0;
  int held = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<unsigned>(digits.find(c));
    if ((held += 6) >= 8) bytes.push_back(static_cast<int>(bits >> (held -= 8) & 255U));
  }
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) steps.push_back(bytes[i] + 256 * bytes[i + 1]);
  return steps;
}

TrainingReport small_report() {
  TrainingReport report;
  for (int step = 1; step <= 100; ++step) {
    MetricsRow row;
    row.step = step;
    row.tokens = step * 1000;
    row.seconds = step * 0.5;
    row.mlm_loss = 5.0 / step;
    row.learning_rate = 0.001;
    report.rows.push_back(row);
  }
  MetricsRow eval;
  eval.kind = MetricsRow::Kind::eval;
  eval.step = 100;
  eval.tokens = 100000;
  eval.seconds = 50;
  eval.mlm_loss = 1.25;
  eval.perplexity = 3.49;
  eval.mlm_accuracy = 0.724;
  eval.nsp_accuracy = 0.87;
  eval.nsp_accuracy_next = 0.9;
  eval.nsp_accuracy_random = 0.84;
  eval.positions = 14230;
  report.rows.push_back(eval);
  report.baselines = {0.071, 92.3, 0.551, 8.31};
  SampleSentence sample;
  sample.pieces = {"the", "un", "##kind", "cup", "<fell>", "."};
  SampleBlank blank;
  blank.piece = 3;
  blank.answer = "cup";
  for (int step = 0; step <= 100; step += 10) blank.moments.push_back({step, {{"cup", 0.5}, {"hat", 0.25}}});
  sample.blanks.push_back(blank);
  report.samples.push_back(sample);
  report.attention = even_page({"[CLS]", "a", "[SEP]"}, 3);
  report.settings = {{"seed", "1 & only"}};
  report.environment = {{"threads", "2"}};
  return report;
}

}  // namespace

TEST_CASE("attention page: its data are the tokens and the weights") {
  AttentionPage page = even_page({"[CLS]", "a", "b", "[SEP]"}, 4, 2, 3);
  page.segments = {0, 0, 1, 1};
  page.weights[0] = 0.75F;
  page.weights[1] = not_a_number;
  const nlohmann::json data = data_of(render_attention_page(page));
  CHECK(data["tokens"] == nlohmann::json({"[CLS]", "a", "b", "[SEP]"}));
  CHECK(data["segments"] == nlohmann::json({0, 0, 1, 1}));
  CHECK(data["layers"] == 2);
  CHECK(data["heads"] == 3);
  const std::vector<int> steps = steps_of(data["weights"]);
  REQUIRE(steps.size() == 2 * 3 * 4 * 4);
  CHECK(steps[0] == std::lround(0.75 * 65534));
  CHECK(steps[1] == 65535);
  CHECK(steps[95] == std::lround(0.25 * 65534));
}

TEST_CASE("attention page: no token can break it") {
  const std::vector<std::string> tokens = {"<script>", "</script>", "\"",   "'",   "\\",
                                           "&lt;",     "<!--",      "\xFF", "a\nb"};
  AttentionPage page = even_page(tokens, tokens.size());
  page.title = "</title><script>";
  page.predictions = {{1, "</i>", {{"<b>", 0.5}}}};
  const std::string text = render_attention_page(page);
  CHECK(count_of(text, "</script>") == 2);
  CHECK(count_of(text, "<script") == 2);
  CHECK(count_of(text, "<b>") == 0);
  CHECK(count_of(text, "<!--") == 0);
  const nlohmann::json data = data_of(text);
  REQUIRE(data["tokens"].size() == tokens.size());
  for (size_t i = 0; i < tokens.size(); ++i) {
    CHECK(data["tokens"][i] == (tokens[i] == "\xFF" ? "\xEF\xBF\xBD" : tokens[i]));
  }
  CHECK(outside_requests(text).empty());
}

TEST_CASE("attention page: padding at the end is left out") {
  const std::string text =
      render_attention_page(even_page({"[CLS]", "[PAD]", "a", "[PAD]", "[PAD]"}, 3, 1, 2));
  const nlohmann::json data = data_of(text);
  CHECK(data["tokens"] == nlohmann::json({"[CLS]", "[PAD]", "a"}));
  CHECK(steps_of(data["weights"]) == std::vector<int>(2 * 3 * 3, static_cast<int>(std::lround(65534 / 3.0))));
  CHECK(data_of(render_attention_page(even_page({"[PAD]", "[PAD]"}, 1)))["tokens"].size() == 1);
}

TEST_CASE("attention page: the same input gives the same bytes") {
  CHECK(render_attention_page(even_page({"a", "b"}, 2)) == render_attention_page(even_page({"a", "b"}, 2)));
}

TEST_CASE("pages: the styles and the script are those of the files, byte for byte") {
  const auto file = [](const std::string& name) { return gradus::read_file(GRADUS_SOURCE "/" + name); };
  CHECK(attention_style() == "\n" + file("bert/report/attention_page.css"));
  CHECK(time_style() == "\n" + file("bert/report/time_machine.css"));
  CHECK(time_script() == "\n" + file("bert/report/time_machine.js"));
  CHECK(attention_script() == "\n" + file("bert/report/attention_page.js"));
  CHECK(html::page_style() == "\n" + file("bert/report/page_style.css"));
  CHECK(gradus::plot::svg_style() == file("plot/svg_style.css"));
}

TEST_CASE("attention page: sizes that do not fit are refused") {
  const auto refused = [](const AttentionPage& page, const std::string& message) {
    CHECK_THROWS_WITH(render_attention_page(page), message);
  };
  AttentionPage page;
  refused(page, "attention page: there is no token");
  page = even_page({"a", "b"}, 2);
  page.weights.pop_back();
  CHECK_THROWS_AS(render_attention_page(page), ShapeError);
  refused(page, "attention page: 23 weights, but 2 layers x 3 heads x 2 x 2 tokens are 24");
  page = even_page({"a", "b"}, 2);
  page.segments = {0};
  refused(page, "attention page: 1 segment number for 2 tokens");
  page.segments.clear();
  page.heads = 0;
  refused(page, "attention page: 2 layers and 0 heads, at least one of each is wanted");
  page = even_page({"a", "b"}, 2);
  page.predictions = {{2, "", {}}};
  CHECK_THROWS_AS(render_attention_page(page), IndexError);
  refused(page, "attention page: a prediction for token 2, there are 2");
  page.predictions.clear();
  page.weights[5] = 1.5F;
  CHECK_THROWS_AS(render_attention_page(page), Error);
  refused(page, "attention page: weight 5 is 1.5, softmax gives 0 to 1");
}

TEST_CASE("attention picture: a cell for each weight that can be seen") {
  const std::string svg =
      attention_svg({"<a>", "extraordinarily long", "c"},
                    {1, 0, 0, 0.25F, 0.75F, 0, 0, not_a_number, 0.0001F}, "Layer 1 & head 2");
  CHECK(count_of(svg, "class=\"cell\"") == 3);
  CHECK(count_of(svg, "opacity=\"1.00\"") == 1);
  CHECK(count_of(svg, "opacity=\"0.50\"") == 1);  // the root of a quarter
  CHECK(count_of(svg, "opacity=\"0.87\"") == 1);
  CHECK(count_of(svg, "&lt;a&gt;") == 2);
  CHECK(count_of(svg, "extraordinari\xE2\x80\xA6<") == 2);
  CHECK(count_of(svg, "Layer 1 &amp; head 2") == 2);  // seen, and as its label
  CHECK(outside_requests(svg).empty());
  CHECK_THROWS_WITH(attention_svg({"a"}, {1, 0}, ""), "attention map: 2 weights for 1 x 1 token");
  CHECK_THROWS_WITH(attention_svg({}, {}, ""), "attention map: there is no token");
}

TEST_CASE("report: the pieces of a sample stand as their script is written") {
  TrainingReport report = small_report();
  report.samples[0].pieces = {"the", "\u5929", "\u5730", "\u7384", "\u3002", "cup"};
  CHECK(render_report(report).find(
            "<p>the\u5929\u5730<span class=\"blank\">?<sub>1</sub></span>\u3002cup</p>") !=
        std::string::npos);
}

TEST_CASE("report: the headline says what was reached") {
  const std::string page = render_report(small_report());
  CHECK(count_of(page, "<b>72.4\xC2\xA0%</b><span>17.3 points above two neighbours (55.1\xC2\xA0%)") == 1);
  CHECK(count_of(page, "<b>3.49</b><span>two neighbours: 8.31<") == 1);
  CHECK(count_of(page, "<b>87.0\xC2\xA0%</b><span>true next 90.0\xC2\xA0%, random 84.0\xC2\xA0%;") == 1);
  CHECK(count_of(page,
                 "<b>100</b><span>100,000 tokens (padding counted) in 50.0\xC2\xA0s, 2,000 a second<") == 1);
  CHECK(count_of(page, "14,230 masked tokens;") == 1);
  CHECK(count_of(page, "1 &amp; only") == 1);
  CHECK(count_of(page, "<div class=\"attention\">") == 1);
  CHECK(outside_requests(page).empty());
  const size_t begin = page.find("<main>");  // neither the style nor the attention's data and script
  CHECK(count_of(page.substr(begin, page.find("<div class=\"attention\">") - begin), "nan") == 0);
  CHECK(page == render_report(small_report()));
}

TEST_CASE("report: below the baseline it says below") {
  TrainingReport report = small_report();
  report.rows.back().mlm_accuracy = 0.5;
  report.training_tokens = 50000;
  report.seen_tokens = 90000;  // of 100,000 slots
  const std::string page = render_report(report);
  CHECK(count_of(page, "5.1 points below two neighbours") == 1);
  CHECK(count_of(page,
                 "<p>Below the baseline: two neighbours get 55.1 % of the masked tokens right, this model "
                 "50.0 %. Longer training would help: this run saw its training text 1.8 times. More text "
                 "would help: "
                 "this one has 50,000 tokens.</p>") == 1);
  CHECK(count_of(render_report(small_report()), "Below the baseline") == 0);
  report = small_report();
  report.rows.back().perplexity = 9.5;
  CHECK(count_of(
            render_report(report),
            "<p>Below the baseline by perplexity: that of two neighbours is 8.31, of this model 9.50, which "
            "is too sure of its guesses where they are wrong. Longer training would help, or more "
            "text.</p>") == 1);
}

TEST_CASE("report: the same gaps at six moments, the first and the last among them") {
  const std::string page = render_report(small_report());
  CHECK(count_of(page, "<p>the unkind <span class=\"blank\">?<sub>1</sub></span> &lt;fell&gt;.</p>") == 1);
  CHECK(count_of(page, "<div class=\"moment\">") == 6);
  CHECK(count_of(page, "<span>step 0</span>") == 1);
  CHECK(count_of(page, "<span>step 100</span>") == 1);
  CHECK(count_of(page, "<li class=\"right\"><span>cup") == 6);
  TrainingReport wrong = small_report();
  wrong.samples[0].blanks[0].piece = 6;
  CHECK_THROWS_AS(render_report(wrong), IndexError);
  CHECK_THROWS_WITH(render_report(wrong), "report: a blank at piece 6 of a sentence of 6");
}

TEST_CASE("report: one with nothing in it is a page all the same") {
  const std::string page = render_report({});
  CHECK(count_of(page, "no evaluation yet") == 1);
  CHECK(count_of(page, "no values yet") == 2);
  CHECK(count_of(page, "Evaluation after") == 0);
  CHECK(count_of(page, "nan") == 0);
  CHECK(count_of(page, "inf") == 0);
  CHECK(count_of(page, "<script") == 0);
}

TEST_CASE("report: a single training row, and a loss that is not a number") {
  TrainingReport report;
  MetricsRow row;
  row.step = 1;
  row.mlm_loss = 7.1;
  report.rows = {row};
  CHECK(count_of(render_report(report), "<circle") == 1);
  report.rows[0].mlm_loss = MetricsRow::not_measured;
  CHECK(count_of(render_report(report), "<circle") == 0);
  CHECK(count_of(render_report(report), "nan") == 0);
}

TEST_CASE("report: its curves carry the baselines") {
  const gradus::plot::Chart accuracy = accuracy_chart(small_report());
  REQUIRE(accuracy.guides.size() == 2);
  CHECK(accuracy.guides[0].y == 0.551);
  REQUIRE(accuracy.series.size() == 1);  // training rows of this run hold no accuracy
  CHECK(accuracy.series[0].x == std::vector<double>{100});
  CHECK(accuracy.series[0].y == std::vector<double>{0.724});
  const gradus::plot::Chart loss = loss_chart(small_report());
  CHECK(loss.guides[0].y == Approx(std::log(8.31)));
  REQUIRE(loss.series.size() == 3);  // raw, smoothed, held-out
  CHECK(loss.series[0].faint);
  CHECK(loss.series[0].y.size() == 100);
}
