/// @file
/// Writing several files as one: all of them appear, or none does.
#pragma once

#include <filesystem>
#include <functional>

namespace gradus::bert {

/// Calls `write(place)` with an empty folder `place`, then moves what it wrote to `folder`.
///
/// If `folder` is not there, `place` is its sibling and becomes it in one step. If it is there, `place` lies
/// inside it and its files replace those of the same name; others stay. A full disk, an error or an
/// interruption while writing leaves `folder` as it was; the renames at the end take no space. (A power cut
/// between two of them can leave an existing folder with some new files and some old.)
///
/// @throws IoError when `folder` is a file, or cannot be made or written; and what `write` throws.
void write_folder(const std::filesystem::path& folder,
                  const std::function<void(const std::filesystem::path& place)>& write);

}  // namespace gradus::bert
