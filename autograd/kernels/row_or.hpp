/// @file
/// An optional vector of parameters (a bias, a gamma) that a loop can read without asking whether it is
/// there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gradus::kernels {

/// `values`, or n times `otherwise` if it is null: so that the loops need not ask.
template <class T>
class RowOr {
 public:
  RowOr(const T* values, int64_t n, T otherwise)
      : filled_(values ? 0 : static_cast<size_t>(n), otherwise), data_(values ? values : filled_.data()) {}
  const T* data() const { return data_; }

 private:
  std::vector<T> filled_;
  const T* data_;
};

}  // namespace gradus::kernels
