/// @file
/// A chapter's README, held to the truth: its code blocks stand in the chapter's sources, its output blocks
/// are what the program prints, its links and figures exist. The same code reads the blocks for the test and
/// for scripts/refresh_tutorials, which writes a fresh run into them.
///
/// The rules of a README:
/// - A block fenced as ```` ```cpp ```` or ```` ```python ```` stands line by line in one .cpp, .hpp or .py
///   file of the chapter's folder, but for an indentation common to all of its lines. A line that is only
///   `// ...` stands for any lines left out. After `<!-- code: autograd/shape.cpp -->` it stands in that file
///   of the project instead.
/// - A block fenced as ```` ```text ```` directly after `<!-- output: NAME -->` is the section NAME of the
///   program's output (see kit.hpp): words and whole numbers exactly, numbers with a point or an exponent to
///   a relative 1e-4 or one unit of their last printed place. `<!-- output: NAME, tolerance 0.01 -->` sets
///   another relative tolerance; `<!-- output: NAME, numbers vary -->` compares the words only.
/// - A line `*The one idea: ...*` says what the chapter is about; ./learn shows it in its list.
/// - Every figure that the program writes is committed in figures/ and shown, and no other.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::tutorials {

/// A fenced block of a README.
struct Block {
  enum class Kind { code, output, other };
  Kind kind = Kind::other;
  std::string name;           ///< output: the section; code: the file after `code:`, or empty
  double tolerance = 1e-4;    ///< output: relative
  bool numbers_vary = false;  ///< output: only words are compared
  int line = 0;               ///< of the opening fence, from 1
  size_t begin = 0, end = 0;  ///< bytes of the text between the fences
  std::string text;
};

/// The fenced blocks in order. @throws FormatError naming the line when a fence is not closed, or when a
/// comment `<!-- output: ... -->` or `<!-- code: ... -->` cannot be read or has no block after it.
std::vector<Block> blocks_of(const std::string& readme);

/// The sections of a program's output by name, without empty lines at their ends.
std::map<std::string, std::string> sections_of(const std::string& output);

/// True if `block` stands in `source` as the rules say.
bool stands_in(const std::string& block, const std::string& source);

/// What differs between an output block and a fresh run, in one sentence; empty if nothing does.
std::string difference(const Block& block, const std::string& fresh);

/// A page with output blocks: a chapter's README, or another one that shows what a program prints and draws.
struct Page {
  std::filesystem::path file;     ///< the .md file; sources for its code blocks lie beside it
  std::filesystem::path figures;  ///< the folder of its figures, below the folder of `file`
  std::filesystem::path root;     ///< of the project: `<!-- code: ... -->` names files from here
};

/// All that is wrong with a page, a sentence each; `output` is what the program printed and `drawn` the
/// folder that it wrote its figures into.
std::vector<std::string> problems_of(const Page& page, const std::string& output,
                                     const std::filesystem::path& drawn);

/// The same for the README of the chapter in `folder`, which also has to say its one idea.
std::vector<std::string> problems_of(const std::filesystem::path& folder, const std::string& output,
                                     const std::filesystem::path& figures);

/// The README with every output block replaced by its section of `output`; also those whose numbers vary, so
/// that they fit the figures of the same run. @throws FormatError when the output has no such section.
std::string refreshed(const std::string& readme, const std::string& output);

}  // namespace gradus::tutorials
