// What each option of gradcheck and experiment does.

#include "app/option_table.hpp"

namespace gradus::test {
namespace {

nlohmann::json report(const Outcome& call) { return call.json().at("reports").at(0); }
nlohmann::json tensor(const Outcome& call) { return report(call).at("tensors").at(0); }
nlohmann::json experiment(const Outcome& call) { return call.json().at("experiments").at(0); }

/// A row that only the kind of check tells apart.
std::function<void(const Outcome&, const Outcome&)> has_kind(const std::string& kind) {
  return [=](const Outcome& base, const Outcome& changed) {
    CHECK(report(base).at("kind") == "first order");
    CHECK(report(changed).at("kind") == kind);
    CHECK(report(changed).at("passed") == true);
  };
}

bool is_picture(const std::string& text) { return text.find("<svg") != std::string::npos; }

}  // namespace

std::vector<OptionRow> gradcheck_rows() {
  const Words gelu = {"gradcheck", "gelu", "--json"};
  const Words model = {"gradcheck", "--model", "../model", "--sample", "1", "--json"};
  const Words sweep = {"gradcheck", "gelu", "--sweep"};
  return {
      {"gradcheck",
       "SUBJECT",
       gelu,
       {"gradcheck", "gelu", "softmax", "--json"},
       [](auto& base, auto& changed) {
         CHECK(base.json().at("reports").size() == 1);
         CHECK(changed.json().at("reports").size() == 2);
         CHECK(changed.json().at("reports")[1].at("subject") == "softmax");
       }},
      {"gradcheck", "--dtype", gelu, with(gelu, {"--dtype", "f32"}), has_kind("f32 against f64")},
      {"gradcheck", "--second-order", gelu, with(gelu, {"--second-order"}), has_kind("second order")},
      {"gradcheck", "--directions", gelu, with(gelu, {"--directions", "2"}),
       [](auto& base, auto& changed) {
         CHECK(tensor(base).at("directions") == 0);
         CHECK(tensor(changed).at("directions") == 2);
         CHECK(tensor(changed).at("elements") == 0);
       }},
      {"gradcheck", "--sample", gelu, with(gelu, {"--sample", "3"}),
       [](auto& base, auto& changed) {
         CHECK(tensor(base).at("checked") == 12);
         CHECK(tensor(changed).at("checked") == 3);
       }},
      {"gradcheck", "--sweep", without(sweep, "--sweep"), sweep,
       [](auto& base, auto& changed) {
         CHECK(base.says("Of 1: 1 passed, 0 at a kink, 0 inconclusive, 0 failed"));
         CHECK(changed.says("best step"));
         CHECK(!changed.says("passed"));
       }},
      {"gradcheck", "--plot", sweep, with(sweep, {"--plot", "v.svg"}),
       [](auto& base, auto& changed) {
         CHECK(content_of(base.folder).empty());
         CHECK(is_picture(changed.text("v.svg")));
         CHECK(changed.result.out == base.result.out);
       }},
      {"gradcheck", "--rules", gelu, with(gelu, {"--rules", "torch"}), has_kind("torch rules")},
      {"gradcheck", "--rules", gelu, with(gelu, {"--rules", "torch_fast"}), has_kind("torch fast rules")},
      {"gradcheck", "--rules", gelu, with(gelu, {"--rules", "jax"}), has_kind("jax rules")},
      {"gradcheck", "--model", model, with(model, {"--model", "../other"}),
       [](auto& base, auto& changed) {
         CHECK(report(base).at("tensors").size() == 30);
         CHECK(report(base).at("subject") == "../model");
         CHECK(report(changed).at("subject") == "../other");
         CHECK(tensor(changed).at("analytic") != tensor(base).at("analytic"));
       }},
      {"gradcheck", "--length", model, with(model, {"--length", "24"}),
       [](auto& base, auto& changed) {
         CHECK(tensor(changed).at("analytic") != tensor(base).at("analytic"));
       }},
      {"gradcheck", "--seed", gelu, with(gelu, {"--seed", "2"}),
       [](auto& base, auto& changed) {
         CHECK(report(changed).at("seed") == 2);
         CHECK(tensor(changed).at("analytic") != tensor(base).at("analytic"));
       }},
      {"gradcheck", "--threads", with(model, {"--threads", "1"}), with(model, {"--threads", "2"}),
       [](auto& base, auto& changed) {
         CHECK(!base.complains("team of 2"));
         CHECK(changed.complains("team of 2"));
         CHECK(report(changed).at("tensors") == report(base).at("tensors"));
       },
       0, 0, show_teams},
      {"gradcheck", "--json", without(gelu, "--json"), gelu, prints_json({"schema", "passed", "reports"})},
      {"gradcheck", "--csv", without(gelu, "--json"), with(without(gelu, "--json"), {"--csv"}),
       [](auto& base, auto& changed) {
         CHECK(!base.says("\r\n"));
         CHECK(changed.result.out.starts_with("subject,name,shape,"));
         CHECK(changed.says("\r\ngelu,input 0,"));
       }},
  };
}

std::vector<OptionRow> experiment_rows() {
  const Words step = {"experiment", "step", "--json"};
  const Words sizes = {"experiment", "size", "--json"};
  return {
      {"experiment",
       "NAME",
       step,
       {"experiment", "kink", "--json"},
       [](auto& base, auto& changed) {
         CHECK(experiment(base).at("name") == "step");
         CHECK(experiment(changed).at("name") == "kink");
         CHECK(is_picture(base.text("step.svg")));
         CHECK(is_picture(changed.text("kink.svg")));
       }},
      {"experiment", "--plot", step, with(step, {"--plot", "v.svg"}),
       [](auto& base, auto& changed) {
         CHECK((changed.text("v.svg") == base.text("step.svg")));
         CHECK(!changed.has("step.svg"));
       }},
      {"experiment", "--plot-dir", step, with(step, {"--plot-dir", "pictures"}),
       [](auto& base, auto& changed) {
         CHECK((changed.text("pictures/step.svg") == base.text("step.svg")));
         CHECK(!changed.has("step.svg"));
       }},
      {"experiment", "--subject", step, with(step, {"--subject", "tanh"}),
       [](auto& base, auto& changed) {
         CHECK(experiment(changed).at("rows") != experiment(base).at("rows"));
         CHECK(changed.text("step.svg").find("tanh") != std::string::npos);
         CHECK(base.text("step.svg").find("gelu") != std::string::npos);
       }},
      {"experiment", "--seed", step, with(step, {"--seed", "2"}),
       [](auto& base, auto& changed) {
         CHECK(changed.json().at("seed") == 2);
         CHECK(experiment(changed).at("rows") != experiment(base).at("rows"));
       }},
      {"experiment", "--threads", sizes, with(sizes, {"--threads", "2"}),
       [](auto& base, auto& changed) {
         CHECK(!base.complains("team of 2"));
         CHECK(changed.complains("team of 2"));
         CHECK(changed.result.out == base.result.out);
       },
       0, 0, show_teams},
      {"experiment", "--json", without(step, "--json"), step, prints_json({"schema", "seed", "experiments"})},
  };
}

}  // namespace gradus::test

TEST_CASE("options: gradcheck, each alone") { gradus::test::run_table(gradus::test::gradcheck_rows()); }
TEST_CASE("options: experiment, each alone") { gradus::test::run_table(gradus::test::experiment_rows()); }
