/// @file
/// A text file made into the two files that a training run needs.
#pragma once

#include <cstdint>
#include <filesystem>

namespace gradus::app {

/// How many documents each file got.
struct SplitDocuments {
  int64_t training = 0, held_out = 0;
};

/// Writes train.txt and held-out.txt into `folder`, which is made: the documents of `file` as Gradus reads
/// it, a sentence a line. Of those with two sentences or more every tenth is held out, or two of fewer than
/// twenty. Both files are there in the end, or neither.
/// @throws FormatError that names the file unless four documents have two sentences, and as for_each_line;
///         IoError.
SplitDocuments split_corpus_file(const std::filesystem::path& file, const std::filesystem::path& folder);

}  // namespace gradus::app
