/// @file
/// Scoring: how a model is run over examples.
#pragma once

#include <concepts>
#include <functional>
#include <utility>

#include "parallel/world.hpp"

namespace gradus::bert {

/// What is called between batches, and who shares them. A function stands for one that is alone.
struct Scoring {
  Scoring() = default;
  // NOLINTBEGIN(bugprone-forwarding-reference-overload): the constraint leaves copies out
  template <class F>
  requires std::invocable<F&> &&(!std::same_as<std::remove_cvref_t<F>, Scoring>)Scoring(F&& function)
      : check_stop(std::forward<F>(function)) {}  // implicit, for a lambda as argument
  // NOLINTEND(bugprone-forwarding-reference-overload)
  Scoring(std::function<void()> function, parallel::World& ranks)
      : check_stop(std::move(function)), world(&ranks) {}

  std::function<void()> check_stop = {};             ///< may throw, and ends it; called by all ranks alike
  parallel::World* world = parallel::alone().get();  ///< every rank gets what one alone would get
};

}  // namespace gradus::bert
