/// @file
/// Somebody who is told of every scope of a profile as it closes: for who wants to know more of its place
/// than the name, such as the part of the model that runs.
///
///     profile::listen([&](const char* name, double own) { seconds[module_path() + " " + name] += own; });
///     profile::start();
///     step();
///     profile::stop();
///     profile::listen(nullptr);
#pragma once

#include <functional>

#include "autograd/kernels/measure/profile.hpp"

namespace gradus::profile {

/// Called on the scope's own thread with its name and its time in seconds, that of inner scopes left out. It
/// must not throw.
using Listener = std::function<void(const char* name, double self_seconds)>;

/// From now on `listener` is told; an empty one ends it. Call it while no scope is open.
void listen(Listener listener);

/// What scopes measure: the clock's time, as at first, or the time that their own thread was on a processor.
/// With one thread the second leaves out what other processes of the machine take; with several it leaves out
/// most of the work. Call it while no scope is open.
enum class TimeOf : uint8_t { clock, thread };
void measure(TimeOf what);

}  // namespace gradus::profile
