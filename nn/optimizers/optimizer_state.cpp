// What an optimiser keeps between steps, and how it is saved and put back.
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "nn/optimizers/optimizer.hpp"

namespace gradus::nn {

Tensor& Optimizer::moment_array(size_t which) const {
  Tensor& moment = moments_[which];
  if (moment.defined()) return moment;
  int64_t elements = arena_.size();
  if (share_) {
    elements = 0;
    for (const OptimizerShare::Part& part : share_->parts) elements += part.end - part.begin;
  }
  return moment = zeros({elements}, arena_.dtype());
}

/// Calls `take` with the name, the moment and the parameter of each entry but "step".
template <class Take>
void Optimizer::each_moment(const Take& take) const {
  for (size_t i = 0; i < moment_names_.size(); ++i)
    for (const auto& entry : arena_.entries()) take(moment_names_[i] + "." + entry.name, i, entry);
}

std::vector<TensorEntry> Optimizer::state_entries() const {
  std::vector<TensorEntry> entries = {{"step", DType::i64, Shape{}}};
  each_moment([&](const std::string& name, size_t, const ParameterArena::Entry& entry) {
    entries.push_back({name, arena_.dtype(), entry.parameter.shape()});
  });
  std::ranges::sort(entries, {}, &TensorEntry::name);
  return entries;
}

Tensor Optimizer::state_value(const std::string& name) const {
  if (name == "step") return tensor(std::vector<int64_t>{steps_}, Shape{});
  for (size_t i = 0; i < moment_names_.size(); ++i) {
    const std::string prefix = moment_names_[i] + ".";
    if (!name.starts_with(prefix)) continue;
    const auto entry =
        std::ranges::find(arena_.entries(), name.substr(prefix.size()), &ParameterArena::Entry::name);
    if (entry == arena_.entries().end()) break;
    const Tensor& moment = moment_array(i);
    if (!share_) return arena_.part(moment, *entry);
    const Shape& shape = entry->parameter.shape();
    const Tensor flat = share_->collect(moment, {entry->offset, entry->offset + entry->parameter.numel()});
    return flat.defined() ? flat.reshape(shape) : flat;
  }
  fail<Error>("optimizer state: there is no {}", name);
}

StateDict Optimizer::state_dict() const {
  if (share_) fail<Error>("optimizer: it has a share of the moments only; ask for state_value of each name");
  StateDict state;
  for (const TensorEntry& entry : state_entries()) state.emplace(entry.name, state_value(entry.name));
  return state;
}

void Optimizer::load_state_dict(const StateDict& state) {
  std::map<std::string, Shape> there;
  for (const auto& [name, value] : state) {
    if (!value.defined()) fail<FormatError>("optimizer state: {} is undefined", name);
    there.emplace(name, value.shape());
  }
  load_state(there, [&](const std::string& name) { return state.at(name); });
}

void Optimizer::load_state(const std::map<std::string, Shape>& there,
                           const std::function<Tensor(const std::string& name)>& read) {
  std::vector<std::string> complaints;
  std::set<std::string> known;
  for (const TensorEntry& entry : state_entries()) {
    known.insert(entry.name);
    const auto found = there.find(entry.name);
    if (found == there.end())
      complaints.push_back(fmt::format("{} is missing", entry.name));
    else if (found->second != entry.shape)
      complaints.push_back(fmt::format("{} is {} and should be {}", entry.name, found->second, entry.shape));
  }
  for (const auto& [name, shape] : there)
    if (!known.contains(name)) complaints.push_back(fmt::format("{} is unexpected", name));
  if (!complaints.empty()) fail<FormatError>("optimizer state: {}", fmt::join(complaints, "; "));
  each_moment([&](const std::string& name, size_t which, const ParameterArena::Entry& entry) {
    const Tensor value = read(name).detach();
    Tensor& moment = moment_array(which);
    if (!share_) {
      arena_.part(moment, entry).copy_(value);
      return;
    }
    const Tensor flat = value.reshape({value.numel()});
    const int64_t first = entry.offset, last = first + flat.numel();
    for (const OptimizerShare::Part& part : share_->parts) {
      const int64_t begin = std::max(part.begin, first), end = std::min(part.end, last);
      if (begin >= end) continue;
      const int64_t place = place_of(begin);
      moment.slice(0, place, place + end - begin).copy_(flat.slice(0, begin - first, end - first));
    }
  });
  steps_ = static_cast<int64_t>(read("step").item());
}

}  // namespace gradus::nn
