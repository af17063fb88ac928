/// @file
/// The model that a run of `gradus pretrain` begins with: fresh, or that of a folder (--from).
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "app/command.hpp"
#include "bert/model/heads.hpp"

namespace gradus::app {

/// Gathers what a call says of the model and the model in `folder` contradicts.
class StartChecks {
 public:
  /// `given` are the options that were said.
  StartChecks(const std::filesystem::path& folder, const std::set<std::string>& given)
      : folder_(folder.string()), given_(given) {}

  bool is_given(const std::string& option) const { return given_.contains(option); }
  /// Where the option was said, it must say what the model has.
  template <class Value>
  void compare(const std::string& option, const Value& has, const std::type_identity_t<Value>& said) {
    if (is_given(option) && has != said) add(option, fmt::format("has {}, not {}", has, said));
  }
  /// For what says how fresh weights begin.
  void refuse_fresh(const std::string& option) {
    if (is_given(option)) add(option, "brings its weights, and this is for fresh ones");
  }
  void add(const std::string& option, const std::string& problem);
  /// @throws WrongCall that names all of them.
  void finish() const;

 private:
  std::string folder_;
  const std::set<std::string>& given_;
  std::string problems_;
};

struct StartModel {
  bert::BertForPreTraining model;
  std::vector<std::string> warnings;
  std::string settings;  ///< says which weights these are, for the line of run_settings.hpp
};

/// The weights of `from`, with what it lacks drawn from `seed`, pieces of the config's vocabulary too; all
/// are drawn where `from` is empty.
/// @throws as bert::read_checkpoint and bert::load_weights.
StartModel start_model(const std::filesystem::path& from, const bert::Config& config, uint64_t seed);

}  // namespace gradus::app
