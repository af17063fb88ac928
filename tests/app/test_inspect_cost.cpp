// gradus inspect --cost: the ledger of a step as it is printed.
#include <nlohmann/json.hpp>

#include "app/program.hpp"
#include "bert/cost/step_cost.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::test;
using nlohmann::json;

namespace {

std::string printed(const TemporaryFolder& folder, const std::vector<std::string>& call) {
  const ProgramResult result = call_gradus(folder.path(), call);
  INFO(result.errors);
  REQUIRE(result.exit_code == 0);
  return result.out;
}

/// Lines that hold `part`.
std::vector<std::string> lines_with(const std::string& text, const std::string& part) {
  std::vector<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.find(part) != std::string::npos) found.push_back(line);
  return found;
}

}  // namespace

TEST_CASE("inspect --cost prints the ledger's rows, with times that add up") {
  const TemporaryFolder folder;
  const json found = json::parse(
      printed(folder, {"inspect", "tiny", "--cost", "--vocab-size", "500", "--batch", "2", "--length", "16",
                       "--masked", "0.25", "--threads", "1", "--steps", "2", "--json"}));
  const bert::Config config = bert::Config::named("tiny", 500);
  const bert::StepSize size{.batch = 2, .length = 16, .masked = 8};
  CHECK(found["masked"] == 8);
  CHECK(found["parameters"] == bert::parameter_count(config));
  CHECK(found["nominal_operations"] == bert::nominal_flops(config, size));
  const auto ledger = bert::step_cost(config, size);
  size_t at = 0;
  double predicted = 0, measured = 0;
  for (const json& row : found["rows"]) {
    if (row.contains("measured_forward_milliseconds")) {
      measured += row["measured_forward_milliseconds"].get<double>() +
                  row["measured_backward_milliseconds"].get<double>();
    }
    if (row.contains("is_sum")) continue;
    REQUIRE(at < ledger.size());
    CHECK(row["layer"] == ledger[at].layer);
    CHECK(row["part"] == ledger[at].part);
    CHECK(row["flops_forward"] == ledger[at].forward.flops);
    CHECK(row["flops_backward"] == ledger[at].backward.flops);
    CHECK(row["bytes_forward"] == ledger[at].forward.bytes);
    CHECK(row["bytes_backward"] == ledger[at].backward.bytes);
    predicted += row["predicted_forward_milliseconds"].get<double>() +
                 row["predicted_backward_milliseconds"].get<double>();
    ++at;
  }
  CHECK(at == ledger.size());
  CHECK(found["predicted_milliseconds"].get<double>() == Approx(predicted));
  // What is in no line of the ledger is little.
  const double whole = found["measured_milliseconds"];
  CHECK(measured + found["outside_milliseconds"].get<double>() <= 1.001 * whole);
  CHECK(measured + found["outside_milliseconds"].get<double>() > 0.9 * whole);
}

TEST_CASE("inspect --cost takes a folder and a config.json without weights") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "model");
  write_file_atomically(folder / "model/config.json",
                        R"({"model_type": "bert", "vocab_size": 30, "hidden_size": 8,
                            "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 16,
                            "max_position_embeddings": 12})");
  for (const std::string path : {"model", "model/config.json"}) {
    INFO(path);
    const json found = json::parse(printed(folder, {"inspect", path, "--cost", "--steps", "0", "--json"}));
    CHECK(found["config"]["hidden_size"] == 8);
    CHECK(found["length"] == 12);  // the model has no more positions
    CHECK(found["batch"] == 32);
  }
  const std::string text = printed(folder, {"inspect", "model", "--cost", "--steps", "0"});
  CHECK(text.starts_with("3 layers, 2 heads, hidden size 8, 30 pieces, "));
  CHECK(lines_with(text, "layers 1 to 2, each").size() == 1);  // equal ones stand once
  CHECK(lines_with(text, "layer 3").size() == 1);
  CHECK(lines_with(text, "query, key, value: products").size() == 2);
  CHECK(lines_with(text, "found").empty());
  for (const std::string& line : lines_with(text, "")) CHECK(line.size() <= 110);
}

TEST_CASE("inspect --cost prefers what is there to the name of a size") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "tiny");
  write_file_atomically(folder / "tiny/config.json",
                        R"({"model_type": "bert", "vocab_size": 30, "hidden_size": 8, "num_hidden_layers": 1,
                            "num_attention_heads": 2, "intermediate_size": 16})");
  CHECK(printed(folder, {"inspect", "tiny", "--cost", "--steps", "0"}).starts_with("1 layer, 2 heads,"));
}
