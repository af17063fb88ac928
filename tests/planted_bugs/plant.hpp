/// @file
/// Writes bugs into a source, each in a conditional: is it on?
#pragma once

#include <string>
#include <vector>

#include "planted_bugs/bug_list.hpp"

namespace gradus {

/// `source` with every bug's text X replaced by `(planted<"name">() ? (bug) : (X))`, or, if X ends in a
/// semicolon, by `{ if (planted<"name">()) { bug } else { X } }`. White space does not count in a comparison.
/// Bugs may share a text, and one may lie within another.
///
/// A bug's place reaches from its `in`, which the source must have exactly once, to the next line that begins
/// with a closing brace: the end of that function or class. Without an `in` it is the whole source.
/// @throws FormatError that names the entry if the text does not stand in its place exactly once, or lies
/// across another.
std::string plant(const std::string& source, const std::vector<Bug>& bugs);

}  // namespace gradus
