// The time machine of the report: what its script is given, and where it stands on the page.
#include "bert/report/time_machine.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "autograd/error.hpp"
#include "bert/report/report.hpp"
#include "support/catch.hpp"
#include "support/page_checks.hpp"

using namespace gradus::bert;

namespace {

/// Two evaluations, after steps 0 and 40, of a network of one layer and two heads; two gaps.
TrainingReport moving_report() {
  TrainingReport report;
  report.history.tokens = {"[CLS]", "</script>"};
  report.history.layers = 1;
  report.history.heads = 2;
  report.history.parts = {"embeddings", "layer 1"};
  for (const int64_t step : {0, 40}) {
    MetricsRow row;
    row.kind = MetricsRow::Kind::eval;
    row.step = step;
    row.mlm_accuracy = step / 100.0;
    row.perplexity = 12.5;
    report.rows.push_back(row);
    const double norm = 1.5 + static_cast<double>(step);
    const double gradient = step > 0 ? 0.25 : MetricsRow::not_measured;
    report.history.moments.push_back(
        {step, step / 40, {0, 127, 254, 255, 1, 2, 3, 4}, {norm, 2}, {gradient, gradient}});
  }
  SampleSentence sample;
  sample.pieces = {"a", "cup", "<fell>"};
  sample.blanks = {{1, "cup", {{0, {{"<b>", 0.5}}}, {40, {{"cup", 0.75}, {"hat", 0.125}}}}},
                   {2, "<fell>", {{40, {{"<fell>", 1}}}}}};
  report.samples = {sample};
  return report;
}

nlohmann::json data_of(const std::string& slider) {
  const std::string open = "<script type=\"application/json\">";
  const size_t begin = slider.find(open) + open.size();
  return nlohmann::json::parse(slider.substr(begin, slider.find("</script>", begin) - begin));
}

std::string slider_of(const TrainingReport& report) {
  return time_slider(report.history, report.rows, report.samples);
}

}  // namespace

TEST_CASE("time machine: a weight becomes a byte by its root") {
  CHECK(attention_byte(0) == 0);
  CHECK(attention_byte(0.25F) == 127);
  CHECK(attention_byte(1) == 254);
  CHECK(attention_byte(1.0005F) == 254);
  CHECK(attention_byte(-1e-7F) == 0);
  CHECK(attention_byte(std::numeric_limits<float>::quiet_NaN()) == 255);
}

TEST_CASE("time machine: each moment has its figures, fillings, norms and maps") {
  const nlohmann::json data = data_of(slider_of(moving_report()));
  CHECK(data["size"] == 2);
  CHECK(data["layers"] == 1);
  CHECK(data["heads"] == 2);
  CHECK(data["answers"] == nlohmann::json({"cup", "<fell>"}));
  REQUIRE(data["moments"].size() == 2);
  const nlohmann::json& first = data["moments"][0];
  const nlohmann::json& last = data["moments"][1];
  CHECK(first["step"] == 0);
  CHECK(first["figures"] == "0.0\xC2\xA0% of the masked tokens right, perplexity 12.5");
  CHECK(first["guesses"] == nlohmann::json::parse(R"([[["<b>", 0.5]], null])"));
  CHECK(first["weights"] == nlohmann::json({1.5, 2}));
  CHECK(first["gradients"] == nlohmann::json::parse("[null, null]"));
  CHECK(first["attention"] == "AH/+/wECAwQ=");
  CHECK(last["step"] == 40);
  CHECK(last["guesses"] == nlohmann::json::parse(R"([[["cup", 0.75], ["hat", 0.125]], [["<fell>", 1.0]]])"));
  CHECK(last["weights"] == nlohmann::json({41.5, 2}));
  CHECK(last["gradients"] == nlohmann::json({0.25, 0.25}));
}

TEST_CASE(
    "time machine: the report has a slider, a map for each head, a cursor for each curve and the norms") {
  const std::string page = render_report(moving_report());
  CHECK(count_of(page, "<div class=\"time\" hidden>") == 1);
  CHECK(count_of(page, "max=\"1\" value=\"1\"") == 1);
  CHECK(count_of(page, "class=\"cursor\" visibility=\"hidden\"") == 1);  // where there is a point
  CHECK(count_of(page, "<th scope=\"row\">layer 1</th><td class=\"n\"><span>2</span>") == 1);
  CHECK(count_of(slider_of(moving_report()), "<b>") ==
        0);  // no guess becomes markup, and no word ends the data
  CHECK(count_of(slider_of(moving_report()), "</script>") == 1);
  CHECK(outside_requests(page).empty());
  CHECK(page.find("class=\"time\"") < page.find("What it learned"));

  TrainingReport with_map = moving_report();
  with_map.attention.emplace();
  with_map.attention->tokens = {"a"};
  with_map.attention->layers = with_map.attention->heads = 1;
  with_map.attention->weights = {1};
  CHECK(count_of(render_report(with_map), "<canvas></canvas>") == 2);
}

TEST_CASE("time machine: one moment is no time to travel") {
  TrainingReport report = moving_report();
  report.history.moments.pop_back();
  CHECK(slider_of(report).empty());
  CHECK(time_maps(report.history).empty());
  const std::string page = render_report(report);
  CHECK(count_of(page, "class=\"time\"") == 0);
  CHECK(count_of(page, "class=\"cursor\"") == 0);
  CHECK(count_of(page, "<script") == 0);
  CHECK(count_of(page, "<th scope=\"row\">embeddings</th><td class=\"n\"><span>1.5</span>") == 1);
}

TEST_CASE("time machine: sizes that do not fit are refused") {
  TrainingReport report = moving_report();
  report.history.moments[1].attention.pop_back();
  CHECK_THROWS_AS(slider_of(report), gradus::ShapeError);
  CHECK_THROWS_WITH(slider_of(report), "time machine: 7 weights after step 40, but 1 x 2 x 2 x 2 are 8");
  report = moving_report();
  report.history.moments[1].gradient_norms.pop_back();
  CHECK_THROWS_WITH(time_norms(report.history),
                    "time machine: 2 and 1 norms after step 40, but there are 2 parts");
}
