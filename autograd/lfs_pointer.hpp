/// @file
/// The little file that git-lfs leaves where a large one belongs.
#pragma once

#include <string>
#include <string_view>

namespace gradus {

/// Looks at the beginning of the file `name`, a hundred bytes or more of it.
/// @throws FormatError when it is a pointer that git-lfs has not replaced by the file itself; the message
///         says what to do.
void refuse_lfs_pointer(std::string_view beginning, const std::string& name);

}  // namespace gradus
