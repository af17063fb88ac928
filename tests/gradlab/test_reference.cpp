// Every op of the registry has a case in the fixture made by PyTorch, or a reason why not.
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "autograd/file.hpp"
#include "gradlab/subject.hpp"
#include "support/catch.hpp"

using namespace gradus;

namespace {

/// Ops that PyTorch cannot judge.
const std::map<std::string, std::string> without_reference = {
    {"dropout", "its mask comes from Gradus's own generator"},
};

/// The op of a subject: "bias_activation" of "bias_activation.relu". The composed twin of an op is held to
/// the op's own cases.
std::string op_of(std::string name) {
  if (name.starts_with("composed::")) name = name.substr(10);
  if (name == "attention") return "scaled_dot_product_attention";
  if (name.ends_with(".number")) return name;
  return name.substr(0, name.find('.'));
}

std::set<std::string> ops_with_cases() {
  const auto fixture = nlohmann::json::parse(read_file(GRADUS_FIXTURES "/autograd/ops.json"));
  std::set<std::string> ops;
  for (const auto& entry : fixture.items()) ops.insert(entry.key().substr(0, entry.key().find(' ')));
  return ops;
}

}  // namespace

TEST_CASE("every op of the registry is compared with PyTorch, or there is a reason", "[subjects]") {
  const std::set<std::string> with_cases = ops_with_cases();
  for (const lab::Subject& subject : lab::subjects()) {
    if (subject.group != "op") continue;
    const std::string op = op_of(subject.name);
    INFO(op << " needs a case in scripts/reference/op_fixtures.py and tests/autograd/test_ops_reference.cpp");
    CHECK(with_cases.contains(op) != without_reference.contains(op));
  }
}

TEST_CASE("every case of the fixture names an op of the registry", "[subjects]") {
  std::set<std::string> known;
  for (const lab::Subject& subject : lab::subjects()) known.insert(op_of(subject.name));
  for (const std::string& op : ops_with_cases()) {
    INFO(op);
    CHECK(known.contains(op));
  }
}
