// gradus gradcheck: its list, its reports in three forms, the V-curve, a whole model, and its exit codes.
#include <cmath>
#include <nlohmann/json.hpp>

#include "app/bad_input.hpp"
#include "app/program.hpp"
#include "autograd/file.hpp"
#include "autograd/grad_mode.hpp"
#include "bert/checkpoint/checkpoint.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

ProgramResult gradcheck(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {GRADUS_PROGRAM, "gradcheck"});
  return run_program(arguments);
}

bert::BertForPreTraining small_model() {
  bert::Config config = bert::Config::named("tiny", 50);
  config.hidden_size = 16;
  config.intermediate_size = 24;
  config.max_position_embeddings = 16;
  Rng rng(1);
  return {config, rng};
}

}  // namespace

TEST_CASE("gradcheck lists ops and layers", "[gradcheck]") {
  const ProgramResult text = gradcheck({});
  CHECK(text.exit_code == 0);
  CHECK(text.out.find("ops\n") != std::string::npos);
  CHECK(text.out.find("layer_norm") != std::string::npos);
  CHECK(text.out.find("MultiHeadAttention") != std::string::npos);
  CHECK(nlohmann::json::parse(gradcheck({"--json"}).out).at("subjects").size() > 80);
}

TEST_CASE("gradcheck reports as text, JSON and CSV", "[gradcheck]") {
  const ProgramResult text = gradcheck({"gelu", "LayerNorm"});
  CHECK(text.exit_code == 0);
  CHECK(text.out.find("Of 2: 2 passed, 0 at a kink, 0 inconclusive, 0 failed\n") != std::string::npos);
  CHECK(text.out.find("weight") != std::string::npos);
  const auto json = nlohmann::json::parse(gradcheck({"softmax", "--second-order", "--json"}).out);
  CHECK(json.at("passed") == true);
  CHECK(json.at("reports")[0].at("subject") == "softmax");
  CHECK(json["reports"][0].at("kind") == "second order");
  const ProgramResult csv = gradcheck({"gelu", "mul", "--csv"});
  CHECK(csv.out.starts_with("subject,name,shape"));
  CHECK(csv.out.find("\nmul,input 1,[4],4,4,0,pass,") != std::string::npos);
  CHECK(std::count(csv.out.begin(), csv.out.end(), '\n') == 4);
}

TEST_CASE("gradcheck in f32 says errors in eps32, and by how much values were moved", "[gradcheck]") {
  const ProgramResult one = gradcheck({"softmax", "--dtype", "f32"});
  INFO(one.out);
  CHECK(one.out.find("error/eps32  allowed") != std::string::npos);
  CHECK(one.out.find(" 2.4e-07  pass\n") != std::string::npos);
  const ProgramResult many = gradcheck({"layers", "--dtype", "f32"});
  INFO(many.out);
  CHECK(many.out.find(" eps32, allowed ") != std::string::npos);
  CHECK(many.out.find("nan") == std::string::npos);
}

TEST_CASE("a sweep of a function without curvature says so, and prints no NaN", "[gradcheck]") {
  for (const std::string subject : {"linear", "transpose", "relu"}) {
    const ProgramResult sweep = gradcheck({subject, "--sweep"});
    INFO(sweep.out);
    CHECK(sweep.exit_code == 0);
    CHECK(sweep.out.find("no truncation to fit a slope to") != std::string::npos);
    CHECK(sweep.out.find("nan") == std::string::npos);
    CHECK(sweep.out.find("inf") == std::string::npos);
  }
}

TEST_CASE("gradcheck sweeps and draws", "[gradcheck]") {
  const TemporaryFolder folder;
  const std::string file = (folder / "v.svg").string();
  const ProgramResult sweep = gradcheck({"tanh", "--sweep", "--plot", file, "--json"});
  CHECK(sweep.exit_code == 0);
  CHECK(nlohmann::json::parse(sweep.out).at("f64").at("points").size() > 30);
  const std::string svg = read_file(file);
  CHECK(svg.starts_with("<svg"));
  CHECK(svg.find("f32") != std::string::npos);
  CHECK(svg.find("truncation") != std::string::npos);
}

TEST_CASE("gradcheck takes a whole model, and says of one that is broken that it has no value",
          "[gradcheck]") {
  const TemporaryFolder folder;
  const bert::BertForPreTraining model = small_model();
  bert::save_pretrained(folder / "model", model);
  std::vector<std::string> call = {"--model", (folder / "model").string(), "--json"};
  if (is_sanitized) call.insert(call.end(), {"--sample", "1"});
  const ProgramResult good = gradcheck(call);
  INFO(good.out << good.errors);
  CHECK(good.exit_code == 0);
  const auto json = nlohmann::json::parse(good.out);
  CHECK(json.at("reports")[0].at("tensors").size() == model.named_parameters().size());
  {
    const NoGrad no_grad;
    Tensor(model.named_parameters()[0].second).fill_(NAN);
  }
  bert::save_pretrained(folder / "broken", model);
  const ProgramResult broken = gradcheck({"--model", (folder / "broken").string(), "--directions", "1"});
  CHECK(broken.exit_code == 1);
  CHECK(broken.out.find("inconclusive (the function is not finite here)") != std::string::npos);
}

TEST_CASE("gradcheck refuses what does not go together", "[gradcheck]") {
  const TemporaryFolder folder;
  check_refused(
      folder,
      {
          {{"gradcheck", "geluu"}, 2, " gradcheck: there is no subject 'geluu'; did you mean 'gelu'?"},
          {{"gradcheck", "gelu", "--plot", "v.svg"},
           2,
           " gradcheck: --plot draws what --sweep finds; give both"},
          {{"gradcheck", "gelu", "tanh", "--sweep"},
           2,
           " gradcheck: --sweep takes one subject, such as gelu"},
          {{"gradcheck", "gelu", "--json", "--csv"}, 2, " gradcheck: --json and --csv do not go together"},
          {{"gradcheck", "gelu", "--dtype", "f16"}, 2, " gradcheck: --dtype: 'f16' is none of: f64, f32"},
          {{"gradcheck", "gelu", "--model", "m"},
           2,
           " gradcheck: --model is checked by itself, without subjects and --sweep"},
          {{"gradcheck", "gelu", "--second-order", "--dtype", "f32"},
           2,
           " gradcheck: --second-order is by differences in f64; it goes with no --dtype f32 or --rules"},
          {{"gradcheck", "gelu", "--second-order", "--rules", "jax"},
           2,
           " gradcheck: --second-order is by differences in f64; it goes with no --dtype f32 or --rules"},
          {{"gradcheck", "gelu", "--dtype", "f32", "--sample", "2"},
           2,
           " gradcheck: --dtype f32 and --rules choose themselves what to check, without --directions and "
           "--sample"},
          {{"gradcheck", "gelu", "--sweep", "--csv"},
           2,
           " gradcheck: --sweep goes with --sample, --seed, --plot and --json only; it is of first order, in "
           "f64 and f32"},
          {{"gradcheck", "gelu", "--sweep", "--second-order"},
           2,
           " gradcheck: --sweep goes with --sample, --seed, --plot and --json only; it is of first order, in "
           "f64 and f32"},
          {{"gradcheck", "--second-order"},
           2,
           " gradcheck: there is nothing to check; name a subject, ops, layers or all, or give --model"},
          {{"gradcheck", "gelu", "--length", "8"}, 2, " gradcheck: --length is for --model; give both"},
      });
}

TEST_CASE("gradcheck's help says what its exit codes mean, and the list of commands stays a line each") {
  const std::string help = run_program({GRADUS_PROGRAM, "gradcheck", "--help"}).out;
  CHECK(help.find("\nExit codes:\n  0  all pass, or are at a kink, ") != std::string::npos);
  CHECK(help.find("\n  1  some fail or are inconclusive\n") != std::string::npos);
  CHECK(help.find("\nExample:\n  gradus gradcheck\n") != std::string::npos);
  for (const std::string& name : command_names()) CHECK_FALSE(name.empty());
}
