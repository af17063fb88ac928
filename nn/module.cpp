#include "nn/module.hpp"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "autograd/tensor_impl.hpp"

namespace gradus::nn {

/// What a module knows of itself: parameters and parts in the order in which its constructor named them.
struct Module::Registry {
  struct Entry {
    std::string name;
    Tensor parameter;                // defined for a parameter ...
    std::shared_ptr<Registry> part;  // ... set for a part
  };
  // Under which another module first adopted this one; without a parent until then, and again when that
  // module is gone.
  std::shared_ptr<ModuleName> name = std::make_shared<ModuleName>();
  std::vector<Entry> entries;
  bool training = true;

  bool has(const std::string& wanted) const {
    return std::any_of(entries.begin(), entries.end(),
                       [&](const Entry& entry) { return entry.name == wanted && !wanted.empty(); });
  }

  /// Calls visit(full name, parameter) for every parameter, tied ones each time they occur.
  template <class Visit>
  void walk(const std::string& prefix, const Visit& visit) const {
    for (const Entry& entry : entries) {
      if (entry.part) {
        entry.part->walk(entry.name.empty() ? prefix : prefix + entry.name + ".", visit);
      } else {
        visit(prefix + entry.name, entry.parameter);
      }
    }
  }

  /// The full names of all parameters, each with `prefix` in front.
  std::set<std::string> full_names(const std::string& prefix) const {
    std::set<std::string> names;
    walk(prefix, [&](const std::string& full, const Tensor&) { names.insert(full); });
    return names;
  }

  void set_training(bool on) {
    training = on;
    for (const Entry& entry : entries) {
      if (entry.part) entry.part->set_training(on);
    }
  }
};

Module::Module() : registry_(std::make_shared<Registry>()) { registry_->name->owner = registry_; }

Tensor Module::parameter(const std::string& name, Tensor value) const {
  if (name.empty()) fail<Error>("module: a parameter needs a name");
  if (registry_->has(name) || registry_->full_names("").contains(name)) {
    fail<Error>("module: the name \"{}\" is taken; each parameter needs its own", name);
  }
  value = value.contiguous();
  value.requires_grad();
  registry_->entries.push_back({name, value, nullptr});
  return value;
}

void Module::adopt(const std::string& name, const Module& module) const {
  if (registry_->has(name)) fail<Error>("module: the name \"{}\" is taken; each part needs its own", name);
  const std::set<std::string> taken = registry_->full_names("");
  for (const std::string& full : module.registry_->full_names(name.empty() ? "" : name + ".")) {
    if (taken.contains(full)) {
      fail<Error>("module: the name \"{}\" is taken; each parameter needs its own", full);
    }
  }
  if (ModuleName& own = *module.registry_->name; !own.parent || own.is_orphan()) {
    own.name = name;
    own.parent = registry_->name;
  }
  registry_->entries.push_back({name, {}, module.registry_});
}

ModuleScope Module::enter() const {
  const ModuleName& own = *registry_->name;
  // A module that is nobody's part has no name: what it does belongs to whoever calls it.
  return ModuleScope(own.parent && !own.is_orphan() ? &own : running_module());
}

// ---- Parameters ----

std::vector<std::pair<std::string, Tensor>> Module::named_parameters() const {
  std::vector<std::pair<std::string, Tensor>> all;
  std::unordered_set<const TensorImpl*> seen;
  registry_->walk("", [&](std::string name, const Tensor& parameter) {
    if (seen.insert(parameter.impl()).second) all.emplace_back(std::move(name), parameter);
  });
  return all;
}

std::vector<Tensor> Module::parameters() const {
  std::vector<Tensor> all;
  for (auto& [name, parameter] : named_parameters()) all.push_back(parameter);
  return all;
}

int64_t Module::num_parameters() const {
  int64_t count = 0;
  for (const Tensor& parameter : parameters()) count += parameter.numel();
  return count;
}

// ---- Modes and conversion ----

void Module::train(bool on) const { registry_->set_training(on); }
bool Module::is_training() const { return registry_->training; }

EvalMode::EvalMode(const Module& module) {
  const auto remember = [&](const auto& self, const std::shared_ptr<Module::Registry>& part) -> void {
    before_.emplace_back(part, part->training);
    for (const Module::Registry::Entry& entry : part->entries) {
      if (entry.part) self(self, entry.part);
    }
  };
  remember(remember, module.registry_);
  module.eval();
}

EvalMode::~EvalMode() {
  for (const auto& [part, training] : before_) part->training = training;
}

void Module::to(DType dtype) const {
  if (!is_float(dtype)) fail<DTypeError>("module: parameters are f32 or f64, not {}", name(dtype));
  for (const Tensor& parameter : parameters()) {
    if (parameter.dtype() == dtype) continue;
    const Tensor converted = parameter.detach().to(dtype).contiguous();
    // The handle that layers hold keeps its identity; only what lies behind it changes.
    TensorImpl& impl = *parameter.impl();
    impl.storage = converted.impl()->storage;
    impl.strides = converted.strides();
    impl.offset = converted.offset();
    impl.dtype = dtype;
    impl.grad = Tensor();
  }
}

void Module::zero_grad() const {
  for (Tensor& parameter : parameters()) parameter.zero_grad();
}

// ---- Loading and saving ----

StateDict Module::state_dict() const {
  StateDict state;
  for (const auto& [name, parameter] : named_parameters()) state.emplace(name, parameter.detach());
  return state;
}

LoadReport Module::load_state_dict(const StateDict& state, bool strict) const {
  LoadReport report;
  std::vector<std::string> misshaped;
  const auto named = named_parameters();
  std::unordered_set<std::string> known;
  for (const auto& [name, parameter] : named) {
    known.insert(name);
    const auto found = state.find(name);
    if (found == state.end()) {
      report.missing.push_back(name);
    } else if (!found->second.defined()) {
      misshaped.push_back(fmt::format("{} is undefined and should be {}", name, parameter.shape()));
    } else if (found->second.shape() != parameter.shape()) {
      misshaped.push_back(
          fmt::format("{} is {} and should be {}", name, found->second.shape(), parameter.shape()));
    }
  }
  for (const auto& [name, value] : state) {
    if (!known.contains(name)) report.unexpected.push_back(name);
  }

  std::vector<std::string> complaints;
  const auto complain = [&](const char* what, const std::vector<std::string>& names) {
    if (!names.empty()) complaints.push_back(fmt::format("{}: {}", what, fmt::join(names, ", ")));
  };
  complain("wrong shape", misshaped);
  if (strict) {
    complain("missing", report.missing);
    complain("unexpected", report.unexpected);
  }
  const std::string text = fmt::format("load_state_dict: {}", fmt::join(complaints, "; "));
  if (!misshaped.empty()) fail<ShapeError>("{}", text);
  if (!complaints.empty()) fail<FormatError>("{}", text);

  const NoGrad no_grad;
  for (const auto& [name, parameter] : named) {
    if (const auto found = state.find(name); found != state.end()) Tensor(parameter).copy_(found->second);
  }
  return report;
}

// ---- Description ----

namespace {

struct Line {
  std::string text;
  int64_t count;
};

std::string with_commas(int64_t number) {
  std::string digits = fmt::format("{}", number);
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), 1, ',');
  }
  return digits;
}

}  // namespace

std::string Module::describe() const {
  std::vector<Line> lines;
  const auto add = [&](const auto& self, const Registry& registry, const std::string& name, int depth,
                       bool own_line) -> int64_t {
    const size_t at = lines.size();
    if (own_line) lines.push_back({std::string(static_cast<size_t>(2 * depth), ' ') + name, 0});
    int64_t count = 0;
    for (const Registry::Entry& entry : registry.entries) {
      const int below = own_line ? depth + 1 : depth;
      if (entry.part) {
        count += self(self, *entry.part, entry.name, below, !entry.name.empty());
      } else {
        const std::string indent(static_cast<size_t>(2 * below), ' ');
        lines.push_back(
            {fmt::format("{}{} {}", indent, entry.name, entry.parameter.shape()), entry.parameter.numel()});
        count += entry.parameter.numel();
      }
    }
    if (own_line) {
      lines[at].count = count;
      if (count == 0 && depth > 0) lines.resize(at);  // a part without parameters, such as dropout
    }
    return count;
  };
  add(add, *registry_, registry_->name->name.empty() ? "model" : registry_->name->name, 0, true);
  lines.front().count = num_parameters();  // a tied parameter stands in the tree twice and counts once

  size_t width = 0, digits = 0;
  for (const Line& line : lines) {
    width = std::max(width, line.text.size());
    digits = std::max(digits, with_commas(line.count).size());
  }
  std::string text;
  for (const Line& line : lines) {
    text += fmt::format("{:<{}}  {:>{}}\n", line.text, width, with_commas(line.count), digits);
  }
  return text;
}

}  // namespace gradus::nn
