#include "bert/report/metrics_csv.hpp"

#include <cmath>
#include <fstream>
#include <limits>
#include <random>
#include <string>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus::bert;
using gradus::FormatError;
using gradus::IoError;
using gradus::read_file;
using gradus::write_file_atomically;

namespace {

MetricsRow row_of(int64_t step, MetricsRow::Kind kind = MetricsRow::Kind::train) {
  MetricsRow row;
  row.kind = kind;
  row.step = step;
  row.tokens = step * 2048;
  row.seconds = static_cast<double>(step) * 0.1;
  row.loss = 1.0 / static_cast<double>(step);
  return row;
}

std::vector<int64_t> steps_of(const std::vector<MetricsRow>& rows) {
  std::vector<int64_t> steps;
  for (const MetricsRow& row : rows) steps.push_back(row.step);
  return steps;
}

}  // namespace

TEST_CASE("metrics.csv: the header and a row, to the letter") {
  CHECK(metrics_header() ==
        "step,kind,tokens,seconds,loss,mlm_loss,nsp_loss,mlm_accuracy,nsp_accuracy,nsp_accuracy_next,"
        "nsp_accuracy_random,perplexity,positions,pairs,learning_rate,gradient_norm,tokens_per_second");
  MetricsRow row = row_of(10, MetricsRow::Kind::eval);
  row.mlm_accuracy = 0.25;
  row.positions = 14230;
  row.learning_rate = 1e-4;
  CHECK(to_csv(row) == "10,eval,20480,1,0.1,,,0.25,,,,,14230,,0.0001,,");
}

TEST_CASE("metrics.csv: every number comes back with the same bits") {
  const TemporaryFolder folder;
  std::mt19937_64 random(7);
  std::vector<MetricsRow> rows;
  MetricsWriter writer(folder / "metrics.csv");
  for (int i = 1; i <= 50; ++i) {
    MetricsRow row = row_of(i, i % 5 == 0 ? MetricsRow::Kind::eval : MetricsRow::Kind::train);
    row.loss = std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 80) - 100);
    row.gradient_norm = i == 3 ? std::numeric_limits<double>::infinity() : -row.loss / 3;
    if (i == 4) row.loss = MetricsRow::not_measured;
    writer.append(row);
    rows.push_back(row);
  }
  const std::vector<MetricsRow> read = read_metrics_csv(folder / "metrics.csv");
  REQUIRE(read.size() == rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    CHECK(read[i].kind == rows[i].kind);
    CHECK(read[i].step == rows[i].step);
    CHECK(read[i].tokens == rows[i].tokens);
    CHECK(to_csv(read[i]) == to_csv(rows[i]));
    CHECK((read[i].loss == rows[i].loss || (std::isnan(read[i].loss) && i == 3)));
    CHECK(read[i].gradient_norm == rows[i].gradient_norm);
    CHECK(std::isnan(read[i].perplexity));
  }
  CHECK(writer.rows().size() == 50);
}

TEST_CASE("metrics.csv: a resumed run drops what it will do again") {
  const TemporaryFolder folder;
  const auto path = folder / "metrics.csv";
  std::string whole;
  {
    MetricsWriter writer(path);
    for (const int step : {10, 20, 30, 40}) {
      writer.append(row_of(step));
      if (step == 20) writer.append(row_of(step, MetricsRow::Kind::eval));
    }
    whole = read_file(path);
  }
  SECTION("later rows go, the kept ones and the new ones stand there") {
    MetricsWriter writer(path, 20);
    CHECK(steps_of(writer.rows()) == std::vector<int64_t>{10, 20, 20});
    writer.append(row_of(30));
    writer.append(row_of(40));
    CHECK(read_file(path) == whole);
  }
  SECTION("an evaluation that is made again goes, too") {
    const MetricsWriter writer(path, 20, true);
    CHECK(steps_of(writer.rows()) == std::vector<int64_t>{10, 20});
    CHECK(writer.rows().back().kind == MetricsRow::Kind::train);
  }
  SECTION("a line that a killed run left unfinished is passed over") {
    std::ofstream(path, std::ios::app) << "50,train,10";
    CHECK(read_metrics_csv(path).size() == 5);
    const MetricsWriter writer(path, 1000);
    CHECK(read_file(path) == whole);
  }
  SECTION("a run that is not resumed begins a new file") {
    const MetricsWriter writer(path);
    CHECK(read_file(path) == std::string(metrics_header()) + "\n");
  }
  SECTION("resuming without the file begins a new one") {
    MetricsWriter writer(folder / "other.csv", 20);
    CHECK(writer.rows().empty());
    writer.append(row_of(30));
    CHECK(steps_of(read_metrics_csv(folder / "other.csv")) == std::vector<int64_t>{30});
  }
}

TEST_CASE("metrics.csv: a file that is none is refused, and stays as it was") {
  const TemporaryFolder folder;
  const auto path = folder / "m.csv";
  const std::string name = path.string(), header = std::string(metrics_header()) + "\n";
  const auto refused = [&](const std::string& text, const std::string& message) {
    write_file_atomically(path, text);
    CHECK_THROWS_AS(read_metrics_csv(path), FormatError);
    CHECK_THROWS_WITH(read_metrics_csv(path), message);
    CHECK_THROWS_WITH(MetricsWriter(path, 5), message);
    CHECK(read_file(path) == text);
  };
  refused("step,loss\n1,2\n", name + ", line 1: the columns are not those of metrics.csv, \"" +
                                  std::string(metrics_header()) + "\"");
  refused(header + "1,train\n", name + ", line 2: 2 cells, 17 are wanted");
  refused(header + "1,train,5,1,,,,,,,,,,,,,\n1,test,5,1,,,,,,,,,,,,,\n",
          name + ", line 3: kind \"test\" is neither train nor eval");
  refused(header + "1.5,train,5,1,,,,,,,,,,,,,\n", name + ", line 2: step \"1.5\" is not a whole number");
  refused(header + "1,train,5,1,2,x,,,,,,,,,,,\n", name + ", line 2: mlm_loss \"x\" is not a number");
  CHECK_THROWS_AS(read_metrics_csv(folder / "none.csv"), IoError);
  CHECK_THROWS_WITH(MetricsWriter(folder / "no" / "m.csv"),
                    "cannot write " + (folder / "no" / "m.csv").string() + ": the folder " +
                        (folder / "no").string() + " does not exist");
}
