#include "autograd/grad_mode.hpp"

#include <utility>

namespace gradus {
namespace {

thread_local bool recording = true;
thread_local bool anomaly = false;
thread_local bool by_twins = false;
thread_local bool first_order = false;
thread_local bool frees = false;

}  // namespace

bool grad_enabled() { return recording; }
bool anomaly_enabled() { return anomaly; }
bool composed_ops() { return by_twins; }
bool first_order_only() { return first_order; }
bool frees_graph() { return frees; }

SwitchGuard::SwitchGuard(bool& flag, bool value) : flag_(flag), before_(std::exchange(flag, value)) {}
SwitchGuard::~SwitchGuard() { flag_ = before_; }

GradMode::GradMode(bool enabled) : SwitchGuard(recording, enabled) {}
DetectAnomaly::DetectAnomaly(bool enabled) : SwitchGuard(anomaly, enabled) {}
ComposedOps::ComposedOps(bool enabled) : SwitchGuard(by_twins, enabled) {}
FirstOrderOnly::FirstOrderOnly(bool enabled) : SwitchGuard(first_order, enabled) {}
FreesGraph::FreesGraph(bool enabled) : SwitchGuard(frees, enabled) {}

}  // namespace gradus
