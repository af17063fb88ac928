/// @file
/// Sentences whose words have a tag each, in the files of CoNLL: a word and its tag a line, an empty line
/// after a sentence.
///
/// The word stands in the first column, the tag in the last; spaces or tabs separate them, and columns
/// between them are passed over. A tag is O (of no entity), B-type (an entity begins) or I-type (it goes on):
/// those of CoNLL-2003 (Tjong Kim Sang and De Meulder 2003), written as IOB2.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace gradus::bert {

struct TaggedSentence {
  std::vector<std::string> words;
  std::vector<std::string> tags = {};  ///< of each word; none in a file that is to be predicted
  int64_t line = 0;                    ///< of its first word, from 1; the others follow it
};

struct TaggedSentences {
  std::filesystem::path file;
  std::vector<TaggedSentence> sentences;

  int64_t words() const;
  /// Every tag that is there, each once, sorted as text: the order of Hugging Face's examples.
  std::vector<std::string> labels() const;
};

/// What the last column holds.
enum class TagColumn {
  none,  ///< a file to be predicted: the words are read alone
  iob2,  ///< tags; an I-type that goes on with no entity of its type is an error
  iob1   ///< tags; such an I-type begins an entity, as conlleval reads it, and becomes B-type
};

/// Reads a file. Lines that begin with -DOCSTART- are passed over and end a sentence, as empty lines do.
/// @throws as for_each_line; FormatError that names file and line of a number of columns that is not that of
///         the first word, of a missing tag, of a tag that is none or that goes on with nothing, and of a
///         line with more than a million bytes; one that names a file without a word.
TaggedSentences read_tagged_sentences(const std::filesystem::path& file, TagColumn column);

}  // namespace gradus::bert
