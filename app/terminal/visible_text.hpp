/// @file
/// Control characters, which a terminal obeys and a reader does not see.
#pragma once

#include <string>
#include <string_view>

namespace gradus::app {

/// `text` with every control character but newline and tab (U+0000 to U+001F, U+007F to U+009F) shown as
/// `\u001b`, so that a file's name, an argument or a vocabulary cannot move the cursor or colour the screen.
/// This is how JSON writes them: a result in JSON means the same. A return before a newline stays. A byte
/// 0x80 to 0x9F outside of UTF-8, which some terminals obey as well, is shown as `\x9b`.
std::string visible(std::string_view text);

}  // namespace gradus::app
