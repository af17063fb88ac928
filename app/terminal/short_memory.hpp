/// @file
/// The end of a program that gets no memory: a sentence and exit_failed, wherever that is noticed.
#pragma once

namespace gradus::app {

/// Sets some memory aside, and sees to the places that no handler in the program reaches: an exception within
/// a destructor, and BLIS, which aborts where it gets none. Any other abort ends the program as ever.
/// @throws std::bad_alloc when there is not even that much.
void prepare_for_short_memory();

/// Gives back what was set aside, so that a sentence can be put together.
void release_reserve();

/// Says on standard error, without any memory, that there is not enough.
void say_short_memory();

}  // namespace gradus::app
