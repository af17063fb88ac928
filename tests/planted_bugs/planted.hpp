/// @file
/// What the copies of the library's sources ask at each place where a bug may stand, and what some bugs do.
/// `plant` includes this file into every copy that it writes; the library itself never sees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gradus {

class Tensor;
class Shape;
enum class DType : uint8_t;

/// A bug's name as a number that is known at compile time (FNV-1a: Fowler, Noll and Vo).
struct BugName {
  uint64_t number = 0xcbf29ce484222325u;
  template <size_t N>
  constexpr BugName(const char (&text)[N]) : BugName(std::string_view(text, N - 1)) {}
  constexpr BugName(std::string_view text) {
    for (const char c : text) number = (number ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
};

/// The number of the bug that is on; 0 for none.
extern uint64_t planted_bug;

/// Is this bug on?
template <BugName name>
bool planted() {
  return planted_bug == name.number;
}

/// While it lives, this bug is on.
class PlantedBug {
 public:
  explicit PlantedBug(std::string_view name) : before_(planted_bug) { planted_bug = BugName(name).number; }
  ~PlantedBug() { planted_bug = before_; }
  PlantedBug(const PlantedBug&) = delete;
  PlantedBug& operator=(const PlantedBug&) = delete;

 private:
  uint64_t before_;
};

/// For bugs: memory for a value to be saved, the same for every call that asks for this shape. So a forward
/// overwrites what an earlier one has left for its backward.
Tensor shared_memory(const Shape& shape, DType dtype);

/// For bugs: what a sum over broadcast axes should be, but with the first slice of each taken for all.
Tensor first_slice(const Tensor& gradient, const Shape& shape);

}  // namespace gradus
