// The list of subjects is whole, and every subject's gradient is right: in f64, to second order, in f32.
#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "autograd/file.hpp"
#include "autograd/node.hpp"
#include "gradlab/subject.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"

using namespace gradus;

namespace {

const std::filesystem::path root = GRADUS_SOURCE;

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

/// "softmax" from "Tensor softmax(const Tensor& x, ...": the name before the first bracket.
std::string declared_name(const std::string& line) {
  const size_t end = line.find('(');
  if (end == std::string::npos) return "";
  size_t begin = end;
  while (begin > 0 && is_name(line[begin - 1])) --begin;
  return line.substr(begin, end - begin);
}

/// The functions that autograd/ops.hpp declares, those of namespace composed with its name.
std::set<std::string> declared_ops() {
  std::set<std::string> names;
  std::string prefix;
  for (const std::string& line : lines_of(read_file(root / "autograd" / "ops.hpp"))) {
    if (line.starts_with("namespace composed")) prefix = "composed::";
    if (line.starts_with("}  // namespace composed")) prefix = "";
    const std::string first = line.starts_with("inline ") ? line.substr(7) : line;
    const bool gives_tensors = first.starts_with("Tensor ") || first.starts_with("std::vector<Tensor> ") ||
                               first.starts_with("std::pair<Tensor, Tensor> ");
    if (gives_tensors && !declared_name(first).empty()) names.insert(prefix + declared_name(first));
  }
  return names;
}

/// The classes of nn/ that are modules. (A template is what some of them have in common.)
std::set<std::string> declared_layers() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "nn")) {
    if (entry.path().extension() != ".hpp") continue;
    std::string before;
    for (const std::string& line : lines_of(read_file(entry.path()))) {
      const bool is_template = std::exchange(before, line).starts_with("template");
      const size_t base = line.find(" : ");
      const bool is_class = line.starts_with("class ") || line.starts_with("struct ");
      const bool is_module =
          base != std::string::npos && (line.find("Module", base) != std::string::npos ||
                                        line.find("LayerStack<", base) != std::string::npos);
      if (!is_class || is_template || !is_module) continue;
      const size_t name = line.find(' ') + 1;
      size_t end = name;
      while (is_name(line[end])) ++end;
      names.insert(line.substr(name, end - name));
    }
  }
  return names;
}

bool has_subject(const std::string& name) {
  return std::any_of(lab::subjects().begin(), lab::subjects().end(), [&](const lab::Subject& subject) {
    return subject.name == name || subject.name.starts_with(name + ".");
  });
}

/// A model whose part "part" is `module`.
class Model : public nn::Module {
 public:
  explicit Model(const nn::Module& module) { child("part", module); }
};

}  // namespace

TEST_CASE("what a layer records belongs to that layer or one of its parts", "[subjects]") {
  int layers = 0;
  for (const lab::Subject& subject : lab::subjects()) {
    if (subject.group != "layer") continue;
    INFO(subject.name);
    const lab::Sample sample = subject.sample(1);
    REQUIRE(sample.module);
    const Model model(*sample.module);
    lab::Inputs inputs;
    for (const Tensor& x : sample.inputs)
      inputs.push_back(is_float(x.dtype()) ? x.to(DType::f32).requires_grad() : x);
    const Tensor y = sample.fn(inputs);
    REQUIRE(y.node());
    REQUIRE(y.node()->part);
    CHECK(y.node()->part->path().starts_with("part"));
    ++layers;
  }
  CHECK(layers > 10);
}

TEST_CASE("every op of autograd/ops.hpp is a subject, or has no gradient", "[subjects]") {
  std::set<std::string> without;
  for (const auto& op : lab::ops_without_gradient()) without.insert(op.name);
  const std::set<std::string> ops = declared_ops();
  CHECK(ops.size() > 60);
  CHECK(ops.contains("gelu_tanh"));
  CHECK(ops.contains("composed::attention"));
  for (const std::string& op : ops) {
    INFO(op << " needs an entry in gradlab/");
    CHECK(has_subject(op) != without.contains(op));
  }
}

TEST_CASE("every layer of nn/ is a subject", "[subjects]") {
  const std::set<std::string> layers = declared_layers();
  CHECK(layers.size() > 10);
  CHECK(layers.contains("LayerNorm"));
  CHECK(layers.contains("Encoder"));
  for (const std::string& layer : layers) {
    INFO(layer << " needs an entry in gradlab/layers.cpp");
    CHECK(has_subject(layer));
  }
}

TEST_CASE("subjects have names of their own and can be found by them", "[subjects]") {
  std::set<std::string> names;
  for (const lab::Subject& subject : lab::subjects()) {
    CHECK(names.insert(subject.name).second);
    CHECK(lab::find_subject(subject.name) == &subject);
  }
  CHECK(lab::find_subject("no such op") == nullptr);
}

TEST_CASE("every subject's gradient is right", "[subjects]") {
  for (const lab::Subject& subject : lab::subjects()) {
    for (const uint64_t seed : {1, 2}) {
      const GradcheckReport report =
          lab::check(subject.sample(seed), {.sample = test::elements(0), .seed = seed});
      INFO(subject.name << "\n" << to_string(report));
      CHECK(report.passed);
    }
  }
}

TEST_CASE("every subject's gradient is right along directions and at sampled elements", "[subjects]") {
  for (const lab::Subject& subject : lab::subjects()) {
    const GradcheckReport report = lab::check(subject.sample(3), {.directions = 2, .sample = 3});
    INFO(subject.name << "\n" << to_string(report));
    CHECK(report.passed);
  }
}

TEST_CASE("every subject's gradient has the right gradient", "[subjects]") {
  for (const lab::Subject& subject : lab::subjects()) {
    const GradcheckReport report =
        lab::check(subject.sample(4), {.directions = 1, .sample = test::elements(4), .second_order = true});
    INFO(subject.name << "\n" << to_string(report));
    CHECK(report.passed);
  }
}

TEST_CASE("every subject's gradient in f32 is that in f64 up to rounding", "[subjects]") {
  // With each of these seeds a softmax or a LayerNorm of some layer is close to where digits get lost.
  for (const uint64_t seed : {4, 15, 30, 64, 100}) {
    for (const lab::Subject& subject : lab::subjects()) {
      const GradcheckReport report = lab::check(subject.sample(seed), {.dtype = DType::f32, .seed = seed});
      INFO(subject.name << ", seed " << seed << "\n" << to_string(report));
      CHECK(report.passed);
    }
  }
}

TEST_CASE("right gradients pass by the rules of others, too", "[subjects]") {
  manual_seed(6);  // of dropout, whatever ran before
  for (const lab::Subject& subject : lab::subjects()) {
    for (const GradcheckRules rules :
         {GradcheckRules::torch, GradcheckRules::torch_fast, GradcheckRules::jax}) {
      const GradcheckReport report = lab::check(subject.sample(6), {.rules = rules});
      INFO(subject.name << "\n" << to_string(report));
      CHECK(report.passed);
    }
  }
}
