/// @file
/// How long the rest of the work takes.
#pragma once

namespace gradus::bert {

/// Judges by what was done lately: the first seconds of a run, or an hour beside another program, say little
/// about the rest.
class Pace {
 public:
  /// `work` more is done, in any unit, and took `seconds`. What lies `memory` calls back counts a third as
  /// much.
  void add(double work, double seconds) {
    constexpr double memory = 50, kept = 1 - 1 / memory;
    work_ = kept * work_ + work;
    seconds_ = kept * seconds_ + seconds;
  }

  /// The time that `work` takes at this pace; 0 before anything was done.
  double seconds_for(double work) const { return work_ > 0 ? work * seconds_ / work_ : 0; }

 private:
  double work_ = 0, seconds_ = 0;
};

}  // namespace gradus::bert
