/// @file
/// Recognises by its first bytes what is often found in place of text in UTF-8, and names it.
#pragma once

#include <string>
#include <string_view>

namespace gradus::bert {

/// How much of a file's beginning refuse_other_kinds looks at.
inline constexpr size_t text_kind_bytes = 4096;

/// Looks at the beginning of the file `name`, text_kind_bytes of it or all.
/// @throws FormatError for a pointer that git-lfs has not replaced by the file itself, and for text in UTF-16
///         or UTF-32, with or without a byte-order mark; the message says what to do.
void refuse_other_kinds(std::string_view beginning, const std::string& name);

}  // namespace gradus::bert
