/// @file
/// How the subjects of ops are written down: shapes with free dimensions, and a function of them.
#pragma once

#include <string>
#include <vector>

#include "gradlab/subject.hpp"

namespace gradus::lab {

/// One dimension of an input: a number; or free, with the number that it is unless Sizes says otherwise.
struct Dimension {
  enum class Kind : uint8_t { fixed, rows, size };
  Dimension(int64_t usual) : number(usual) {}  // implicit, so that {2, rows(3), 4} is a pattern
  Dimension(int64_t usual, Kind how) : number(usual), kind(how) {}
  int64_t number;
  Kind kind = Kind::fixed;
};
inline Dimension rows(int64_t usual) { return {usual, Dimension::Kind::rows}; }
inline Dimension size(int64_t usual) { return {usual, Dimension::Kind::size}; }

/// The shape of one input: {rows(3), size(4)}, {2, rows(3), 4}, ...
using Pattern = std::vector<Dimension>;

struct OpTraits {
  bool smooth = true;         ///< see Subject::smooth
  double low = -2, high = 2;  ///< where the inputs' values lie
  int64_t least_rows = 0;     ///< the least number that rows() may become
  int64_t least_size = 0;     ///< the least number that size() may become
  uint64_t stream = 97;       ///< input i is drawn with the seed stream * seed + i
};

/// A subject of the group "op" whose inputs have these shapes.
Subject op_subject(const std::string& name, const std::vector<Pattern>& patterns, Function fn,
                   const OpTraits& traits = {});

/// True, true, false, false, and so on: a mask.
Tensor stripes(const Shape& shape);

/// Two results as one row of numbers.
Tensor both(const std::pair<Tensor, Tensor>& results);

}  // namespace gradus::lab
