/// @file
/// The time of one kind of matrix product, on warm dense buffers.
#pragma once

#include <limits>
#include <vector>

#include "autograd/kernels/measure/profile.hpp"

namespace gradus::kernels {

/// How a product is made: cut into our tiles, or by BLIS's own threads.
enum class ProductWay { tiles, blis };

/// Makes products with the current number of threads. Its buffers grow to the largest and stay, so that each
/// product finds them warm.
class ProductTimer {
 public:
  /// Makes the whole batch of a product once.
  void call(const profile::Product& product, ProductWay way);

  /// Seconds of one call: the least of those of about `seconds`, three at the least, after one to warm up.
  double least(const profile::Product& product, ProductWay way, double seconds = 0);

  /// The same where it may be below `hopeless`; else what one try says, or two where one is not far above, so
  /// that little time is lost. (BLIS's own threads take a hundred times as long where other processes take
  /// their cores: then only one product of the batch is tried.)
  double least_unless(double hopeless, const profile::Product& product, ProductWay way, double seconds = 0);

 private:
  template <class T>
  struct Buffers {
    std::vector<T> a, b, c;
  };
  Buffers<float> f32_;
  Buffers<double> f64_;

  double once(const profile::Product& product, ProductWay way);
  double least_of(int calls, const profile::Product& product, ProductWay way, double seconds);
  template <class T>
  static void call(const profile::Product& product, ProductWay way, Buffers<T>& buffers);
};

}  // namespace gradus::kernels
