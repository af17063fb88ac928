#include "autograd/grad_mode.hpp"

#include <vector>

namespace gradus {
namespace {

thread_local bool recording = true;
thread_local bool anomaly = false;
thread_local bool composed = false;
thread_local std::vector<const std::string*> scopes;

}  // namespace

bool grad_enabled() { return recording; }
bool anomaly_enabled() { return anomaly; }
bool composed_ops() { return composed; }

GradMode::GradMode(bool enabled) : before_(recording) { recording = enabled; }
GradMode::~GradMode() { recording = before_; }

DetectAnomaly::DetectAnomaly(bool enabled) : before_(anomaly) { anomaly = enabled; }
DetectAnomaly::~DetectAnomaly() { anomaly = before_; }

ComposedOps::ComposedOps(bool enabled) : before_(composed) { composed = enabled; }
ComposedOps::~ComposedOps() { composed = before_; }

ModuleScope::ModuleScope(const std::string& name) { scopes.push_back(&name); }
ModuleScope::~ModuleScope() { scopes.pop_back(); }

std::string module_path() {
  std::string path;
  for (const std::string* scope : scopes) {
    if (scope->empty()) continue;
    if (!path.empty()) path += '.';
    path += *scope;
  }
  return path;
}

}  // namespace gradus
