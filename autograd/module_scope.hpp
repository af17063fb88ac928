/// @file
/// Which part of a model runs on this thread, so that an error can say where in the model it happened:
/// `... differ (in bert.encoder.layer.0.attention.self.query)`. While nothing fails, that is one pointer.
#pragma once

#include <memory>
#include <string>
#include <utility>

namespace gradus {

/// The name of a part of a model. A name knows the part around it, and not the parts inside, so that what
/// keeps a name keeps no weights.
struct ModuleName : std::enable_shared_from_this<ModuleName> {
  std::string name;  ///< within the part around it
  std::shared_ptr<const ModuleName> parent;
  std::weak_ptr<const void> owner;  ///< the part itself

  /// Whether this part is there and the part around it is not any more: then it has no name of its own. Where
  /// both are gone, a tape that outlived them still says where it was recorded.
  bool is_orphan() const { return parent && parent->owner.expired() && !owner.expired(); }

  /// The names from the whole model down to this one, joined by points: "bert.encoder.layer.0".
  std::string path() const {
    if (is_orphan()) return "";
    const std::string above = parent ? parent->path() : "";
    return above.empty() ? name : name.empty() ? above : above + "." + name;
  }
};

namespace detail {
inline const ModuleName*& running_module() {
  static thread_local constinit const ModuleName* running = nullptr;
  return running;
}
}  // namespace detail

/// The part that runs on this thread; null outside all.
inline const ModuleName* running_module() { return detail::running_module(); }

/// While it lives, ops belong to one part of a model. Layers open one in their forward.
class ModuleScope {
 public:
  /// `part`, which must live as long; null: none, whatever ran before.
  explicit ModuleScope(const ModuleName* part) : before_(detail::running_module()) {
    detail::running_module() = part;
  }
  /// A part called `name` inside the one that runs, for plain functions.
  explicit ModuleScope(std::string name) : own_(std::make_shared<ModuleName>()), before_(running_module()) {
    own_->name = std::move(name);
    if (before_ != nullptr) own_->parent = before_->shared_from_this();
    detail::running_module() = own_.get();
  }
  ~ModuleScope() { detail::running_module() = before_; }
  ModuleScope(const ModuleScope&) = delete;
  ModuleScope& operator=(const ModuleScope&) = delete;

 private:
  std::shared_ptr<ModuleName> own_;
  const ModuleName* before_;
};

/// The full name of the part that runs: "bert.encoder.layer.0"; empty outside all.
inline std::string module_path() {
  return running_module() != nullptr ? running_module()->path() : std::string();
}

/// What an error says of its place: " (in bert.encoder.layer.0)"; empty outside all.
inline std::string in_module() {
  const std::string path = module_path();
  return path.empty() ? "" : " (in " + path + ")";
}

}  // namespace gradus
