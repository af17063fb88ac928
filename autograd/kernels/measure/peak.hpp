/// @file
/// The most floating-point work that this machine can do: the measure of every other figure.
#pragma once

namespace gradus::kernels {

/// f32 operations a second of the current number of threads together, and the vectors they were reached with.
struct Peak {
  double flops_a_second = 0;  ///< a multiplication and an addition count as two
  int vector_bits = 0;
  bool fused = false;  ///< whether one instruction does both
};

/// Multiplies and adds in registers, with the widest vectors that this processor has, whatever this program
/// was compiled for: for about `seconds` on each of the current threads, all at once. The work is timed in
/// short blocks and the median of a thread's blocks counts, so that another process on the machine hardly
/// lowers the result. More threads than cores give too much.
Peak measure_peak(double seconds = 0.04);

}  // namespace gradus::kernels
