// A layer held to numbers that another implementation stored: output and every gradient.
#pragma once

#include <map>
#include <string>

#include "nn/module.hpp"
#include "nn/safetensors.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"

namespace gradus::test {

/// Inputs, parameters, output and gradients of one case of fixtures/nn/FILE.safetensors:
/// NAME.in.*, NAME.param.*, NAME.out, NAME.cotangent, NAME.grad.*.
class ReferenceCase {
 public:
  ReferenceCase(const std::string& file, const std::string& name) {
    static std::map<std::string, nn::StateDict> files;
    nn::StateDict& all = files[file];
    if (all.empty()) all = nn::read_safetensors(fmt::format("{}/nn/{}.safetensors", GRADUS_FIXTURES, file));
    for (auto i = all.lower_bound(name + "."); i != all.end() && i->first.starts_with(name + "."); ++i) {
      tensors_[i->first.substr(name.size() + 1)] = i->second;
    }
    REQUIRE(tensors_.contains("out"));
  }

  /// An input, its gradient wanted; undefined if the case has none of this name.
  Tensor in(const std::string& name) {
    if (!tensors_.contains("in." + name)) return {};
    Tensor x = tensors_.at("in." + name).clone();
    if (is_float(x.dtype())) leaves_[name] = x.requires_grad();
    return x;
  }

  void load(const nn::Module& module) {
    module.to(DType::f64);
    nn::StateDict state;
    for (const auto& [name, tensor] : tensors_) {
      if (name.starts_with("param.")) state[name.substr(6)] = tensor;
    }
    module.load_state_dict(state);
    for (const auto& [name, parameter] : module.named_parameters()) leaves_[name] = parameter;
  }

  void check(const Tensor& y, const Tensor& weights = {}) const {
    CHECK(worst_difference(y, tensors_.at("out")) < 1e-13);
    if (weights.defined()) CHECK(worst_difference(weights, tensors_.at("weights")) < 1e-14);
    for (const auto& [name, leaf] : leaves_) Tensor(leaf).clear_grad();
    backward({y}, {tensors_.at("cotangent")});
    size_t gradients = 0;
    for (const auto& [name, tensor] : tensors_) gradients += name.starts_with("grad.");
    CHECK(leaves_.size() == gradients);
    for (const auto& [name, leaf] : leaves_) {
      INFO(name);
      REQUIRE(leaf.grad().defined());
      CHECK(worst_difference(leaf.grad(), tensors_.at("grad." + name)) < 1e-12);
    }
  }

 private:
  nn::StateDict tensors_, leaves_;
};

}  // namespace gradus::test
