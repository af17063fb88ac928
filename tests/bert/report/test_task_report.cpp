// The report of a fine-tuning run, and the history that it is made from.
#include "bert/report/task_report.hpp"

#include <cmath>

#include "autograd/file.hpp"
#include "support/catch.hpp"
#include "support/error_text.hpp"
#include "support/page_checks.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;
using namespace gradus::bert;
using test::error_text;

namespace {

TaskHistory small_history() {
  TaskHistory history;
  history.names = {"accuracy", "loss"};
  history.add({.step = 0, .figures = {0.5, 0.7}});
  history.add({2, 1.5, 0.6, 1e-3, 2.5, {}});
  history.add({.step = 4, .seconds = 3, .figures = {0.75, TaskMoment::none}});
  history.add({4, 3, 0.4, 5e-4, 1.25, {}});
  return history;
}

TaskReport small_report() {
  TaskReport report;
  report.title = "Fine-tuning: <b>";
  report.history = small_history();
  report.best_step = 4;
  report.findings.examples = 4;
  report.findings.figures = {{"accuracy", 0.75, 0.5, 1}, {"loss", 0.25}};
  report.findings.classes = {"no", "<yes>"};
  const std::vector<int64_t> truth = {0, 0, 1, 1}, said = {0, 1, 1, 1};
  report.findings.confusion.emplace(truth, said, 2);
  report.findings.worst = {{"a <i>text</i>", "no", "<yes>", 1.5}};
  report.baselines = {{"most frequent label", 0.5}};
  report.notes = {"two texts & more were cut"};
  return report;
}

bool has(const std::string& page, const std::string& part) { return page.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("task history: what is written is read again, and goes to a table") {
  const TemporaryFolder folder;
  const auto file = folder.path() / "history.json";
  write_file_atomically(file, small_history().to_json());
  const TaskHistory read = read_task_history(file);
  CHECK(read.to_json() == small_history().to_json());
  CHECK(std::isnan(read.moments[2].figures[1]));
  CHECK(read.to_csv() ==
        "step,kind,seconds,loss,learning_rate,gradient_norm,accuracy,loss\n"
        "0,eval,0,,,,0.5,0.7\n"
        "2,train,1.5,0.6,0.001,2.5,,\n"
        "4,eval,3,,,,0.75,\n"
        "4,train,3,0.4,0.0005,1.25,,\n");
}

TEST_CASE(
    "task history: a run that goes on leaves out what came later, and makes a step again in its place") {
  TaskHistory history = small_history();
  history.go_back_to(2);
  CHECK(history.moments.size() == 2);
  history.add({2, 9, 0.5, 1e-3, 2, {}});
  REQUIRE(history.moments.size() == 2);
  CHECK(history.moments[1].seconds == 9);
  history.add({.step = 2, .figures = {1, 1}});
  CHECK(history.moments.size() == 3);
}

TEST_CASE("task history: a file that is none is refused by its key") {
  const TemporaryFolder folder;
  const auto file = folder.path() / "history.json";
  const auto refusal = [&](const std::string& bytes) {
    write_file_atomically(file, bytes);
    return error_text([&] { read_task_history(file); }).substr(file.string().size());
  };
  CHECK(refusal("{}") == ": the key \"figures\" is missing");
  CHECK(
      refusal(R"({"figures":["accuracy"],"moments":[{"step":0,"seconds":0,"loss":null,"learning_rate":null,)"
              R"("gradient_norm":null,"figures":[1,2]}]})") ==
      ": the key \"moments[0].figures\" is a list, but must be a list as long as that of their names, 1");
}

TEST_CASE(
    "task report: the page shows figures, intervals, guesses, classes, worst answers and notes, escaped") {
  const std::string page = render_task_report(small_report());
  CHECK(outside_requests(page).empty());
  CHECK(has(page, "<title>Fine-tuning: &lt;b&gt;</title>"));
  CHECK(has(page, "<span>accuracy</span><b>0.750</b><span>95 % interval 0.500 to 1.000</span>"));
  CHECK(has(page, "<span>most frequent label</span><b>0.500</b><span>no model: accuracy</span>"));
  CHECK(has(page, "with the model after step 4, which was the best on them, so the figures"));
  CHECK(has(page, "<th scope=\"row\">&lt;yes&gt;</th><td class=\"n\">0.667</td><td class=\"n\">1.000</td>"));
  CHECK(has(page, "<td>a &lt;i&gt;text&lt;/i&gt;</td><td>no</td><td>&lt;yes&gt;</td>"));
  CHECK(has(page, "<p>two texts &amp; more were cut</p>"));
  CHECK(!has(page, "<i>text"));
}

TEST_CASE("task report: without validation examples it says that nothing is known") {
  TaskReport report;
  report.history.add({2, 1.5, 0.6, 1e-3, 2.5, {}});
  const std::string page = render_task_report(report);
  CHECK(outside_requests(page).empty());
  CHECK(has(page, "No examples were held out"));
  CHECK(!has(page, "Which is taken for which"));
}

TEST_CASE("task report: a matrix of very many classes is left to the table") {
  TaskReport report = small_report();
  report.findings.classes.clear();
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < 41; ++i) {
    labels.push_back(i);
    report.findings.classes.push_back(fmt::format("class {}", i));
  }
  report.findings.confusion.emplace(labels, labels, 41);
  const std::string page = render_task_report(report);
  CHECK(!has(page, "Examples of each class"));
  CHECK(has(page, "class 40"));
}

TEST_CASE("figure_text: three digits, and the interval where there is one") {
  CHECK(figure_text({"accuracy", 0.93129, 0.915, 0.946}) == "0.931 (0.915 to 0.946)");
  CHECK(figure_text({"loss", 0.5}) == "0.500");
}
