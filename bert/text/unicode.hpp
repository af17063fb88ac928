/// @file
/// What the tokenizer asks of Unicode: UTF-8 to code points and back, and the classes of a character.
///
/// Categories and decompositions come from utf8proc; text and files are UTF-8 everywhere in Gradus.
#pragma once

#include <string>
#include <string_view>

namespace gradus::bert {

/// The code points of UTF-8 `text`, appended to `out`. Strict as RFC 3629: no overlong form, no surrogate,
/// nothing above U+10FFFF.
/// @throws FormatError that names the first bad byte and its offset.
void decode_utf8(std::string_view text, std::u32string& out);
std::u32string decode_utf8(std::string_view text);

/// The UTF-8 bytes of `c`, appended to `out`; `c` must be a valid code point.
void append_utf8(std::string& out, char32_t c);
std::string encode_utf8(std::u32string_view text);

/// How many code points the valid UTF-8 `text` has.
size_t count_code_points(std::string_view text);

/// Checks the content of the file `name`.
/// @throws FormatError that names the file, the line (from 1) and the byte where it is not UTF-8.
void check_utf8_file(std::string_view content, std::string_view name);

/// White space for splitting into words: Unicode's White_Space property (tab to U+000D, U+0085, all of Z).
bool is_white_space(char32_t c);

/// A character that cleaning drops: NUL, U+FFFD, and the categories Cc, Cf and Co, but not tab, newline and
/// return, which are white space. (So U+0085, a control and white space, is dropped.)
bool is_dropped(char32_t c);

/// ASCII that is neither letter, digit, space nor control (so also `$`, `+`, `^`), and every category P*.
bool is_punctuation(char32_t c);

/// An ideograph of one of the blocks that BERT sets apart as words of one character. Hangul, kana and
/// punctuation are not among them. U+2B820 to U+2B91F are not either, as in Hugging Face's tokenizers.
bool is_cjk_ideograph(char32_t c);

/// A letter of any script, an ideograph among them, or a mark that belongs to one (the categories L and M).
bool is_letter(char32_t c);

/// A mark that takes no room of its own (category Mn), which stripping accents removes.
bool is_nonspacing_mark(char32_t c);

/// A character of private use (category Co).
bool is_private_use(char32_t c);

/// Unicode's Cased: a letter that is upper, lower or title case, or another character that has such a
/// partner. Asked of characters that are not case-ignorable.
bool is_cased(char32_t c);

/// Unicode's Case_Ignorable: marks, format characters, modifiers, and signs that stand within words, such as
/// '.
bool is_case_ignorable(char32_t c);

/// The canonical combining class: marks with a class above 0 are put in order by normalisation.
int combining_class(char32_t c);

/// Appends the full canonical decomposition (NFD) of one character, without reordering its neighbours.
void append_decomposition(std::u32string& out, char32_t c);

/// Appends the lower case of one character, whatever stands beside it: U+03A3 is always U+03C3, never the
/// final sigma. Only U+0130 becomes two characters, i and U+0307.
void append_lower_case(std::u32string& out, char32_t c);

}  // namespace gradus::bert
