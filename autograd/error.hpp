/// @file
/// The errors that Gradus throws. Each text is one sentence that names the op or file, the shapes, line or
/// value, and what would do: `matmul: a [2, 3] and b [4, 5]: inner dimensions 3 and 4 differ`. Inside a layer
/// it ends with the part of the model: `... differ (in bert.encoder.layer.0.attention.self.query)`. That is
/// the part whose forward runs, or, in backward, the part that recorded the op.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "autograd/module_scope.hpp"

namespace gradus {

/// The base of all errors of this library; catch this one to catch them all.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct ShapeError : Error {
  using Error::Error;
};  ///< Shapes or sizes that do not fit each other.
struct DTypeError : Error {
  using Error::Error;
};  ///< A dtype that an op does not take, or two that differ.
struct IndexError : Error {
  using Error::Error;
};  ///< An index, id or dimension out of range.
struct ValueError : Error {
  using Error::Error;
};  ///< A number or option that has no meaning there: a probability of 2, bounds that cross.
struct GraphError : Error {
  using Error::Error;
};  ///< Misuse of the tape: no graph, graph freed, value changed.
struct FormatError : Error {
  using Error::Error;
};  ///< A file whose content is not what it must be.
struct IoError : Error {
  using Error::Error;
};  ///< A file that cannot be opened, read or written.

/// Throws an `E` whose text is formatted by fmt, as in
/// `fail<ShapeError>("{}: {} has no axis {}", op, shape, axis)`, with the part of the model that runs.
template <class E = Error, class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw E(fmt::format(format, std::forward<Args>(args)...) + in_module());
}

}  // namespace gradus
