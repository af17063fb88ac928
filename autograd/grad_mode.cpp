#include "autograd/grad_mode.hpp"

namespace gradus {
namespace {

thread_local bool recording = true;
thread_local bool anomaly = false;
thread_local bool by_twins = false;
thread_local bool first_order = false;

}  // namespace

bool grad_enabled() { return recording; }
bool anomaly_enabled() { return anomaly; }
bool composed_ops() { return by_twins; }
bool first_order_only() { return first_order; }

GradMode::GradMode(bool enabled) : before_(recording) { recording = enabled; }
GradMode::~GradMode() { recording = before_; }

DetectAnomaly::DetectAnomaly(bool enabled) : before_(anomaly) { anomaly = enabled; }
DetectAnomaly::~DetectAnomaly() { anomaly = before_; }

ComposedOps::ComposedOps(bool enabled) : before_(by_twins) { by_twins = enabled; }
ComposedOps::~ComposedOps() { by_twins = before_; }

FirstOrderOnly::FirstOrderOnly(bool enabled) : before_(first_order) { first_order = enabled; }
FirstOrderOnly::~FirstOrderOnly() { first_order = before_; }

}  // namespace gradus
