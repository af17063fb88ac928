// What readers may answer in chapter 11, wrong and right.
#include "tutorials/11_wordpiece/exercise.hpp"

#include "tests/tutorials/wrong_answers/answers.hpp"

#define fewest_pieces right_fewest_pieces
#define text_of right_text_of
#define by_merges right_by_merges
#include "tutorials/11_wordpiece/solution.cpp"
#undef fewest_pieces
#undef text_of
#undef by_merges

namespace gradus::tutorials::wordpiece {
namespace {

using Pieces = std::vector<std::string>;

/// The shortest cut of word[begin, ...], by trying everything: empty where there is none. `mark` is what
/// pieces inside the word begin with, `first` what the first does.
Pieces tried(const Text& word, const PieceTable& table, size_t begin, const std::string& first,
             const std::string& mark) {
  Pieces best;
  for (size_t end = begin + 1; end <= word.size(); ++end) {
    const std::string piece = (begin > 0 ? mark : first) + utf8_of(word.substr(begin, end - begin));
    if (!table.has(piece)) continue;
    Pieces rest;
    if (end < word.size()) {
      rest = tried(word, table, end, first, mark);
      if (rest.empty()) continue;
    }
    if (!best.empty() && best.size() <= rest.size() + 1) continue;
    rest.insert(rest.begin(), piece);
    best = rest;
  }
  return best;
}

Pieces or_unknown(const Pieces& pieces) { return pieces.empty() ? Pieces{"[UNK]"} : pieces; }

const Answers<decltype(fewest_pieces)> fewest(
    1, right_fewest_pieces,
    {{"greedy", "go back, and try a shorter first piece",
      [](const Text& word, const PieceTable& table) { return greedy_pieces(word, table); }},
     {"greedy, and one step back where it is stuck", "the longest first piece need not be the best",
      [](const Text& word, const PieceTable& table) {
        const Pieces pieces = greedy_pieces(word, table);
        return pieces == Pieces{"[UNK]"} ? right_fewest_pieces(word, table) : pieces;
      }},
     {"without ##", "is looked up, and written, with ## in front",
      [](const Text& word, const PieceTable& table) { return or_unknown(tried(word, table, 0, "", "")); }},
     {"## on the first piece, too", "the first piece of a word has no ##",
      [](const Text& word, const PieceTable& table) {
        return or_unknown(tried(word, table, 0, "##", "##"));
      }},
     {"the shortest pieces", "and as few as can be",
      [](const Text& word, const PieceTable& table) {
        Pieces pieces;
        for (size_t begin = 0, end = 0; begin < word.size(); begin = end) {
          std::string piece;
          for (end = begin + 1; end <= word.size(); ++end) {
            piece = (begin > 0 ? "##" : "") + utf8_of(word.substr(begin, end - begin));
            if (table.has(piece)) break;
          }
          if (end > word.size()) return Pieces{"[UNK]"};
          pieces.push_back(piece);
        }
        return pieces;
      }},
     {"nothing where there is no cut", "the whole word is one [UNK]",
      [](const Text& word, const PieceTable& table) { return tried(word, table, 0, "", "##"); }},
     {"[UNK] for the rest only", "whatever its beginning is",
      [](const Text& word, const PieceTable& table) {
        const Pieces pieces = tried(word, table, 0, "", "##");
        if (!pieces.empty()) return pieces;
        for (size_t size = word.size() - 1; size > 0; --size) {
          Pieces front = tried(word.substr(0, size), table, 0, "", "##");
          if (front.empty()) continue;
          front.push_back("[UNK]");
          return front;
        }
        return Pieces{"[UNK]"};
      }},
     {"two pieces at the most", "as few as can be",
      [](const Text& word, const PieceTable& table) {
        Pieces pieces = tried(word, table, 0, "", "##");
        return pieces.size() > 2 ? Pieces{"[UNK]"} : or_unknown(pieces);
      }},
     {"by trying everything", accepted, [](const Text& word, const PieceTable& table) {
        return or_unknown(tried(word, table, 0, "", "##"));
      }}});

/// Pieces as a text, with a space between two words unless `without(left, right)` says so.
template <class F>
std::string spelt(const Pieces& pieces, F without) {
  Text text;
  for (const std::string& piece : pieces) {
    const bool goes_on = piece.starts_with("##");
    const Text more = characters_of(goes_on ? piece.substr(2) : piece);
    if (!goes_on && !text.empty() && !without(text.back(), more[0])) text += U' ';
    text += more;
  }
  return utf8_of(text);
}

const Answers<decltype(text_of)> as_text(
    2, right_text_of,
    {{"a space between all words", "no space between ideographs",
      [](const Pieces& pieces) { return spelt(pieces, [](char32_t, char32_t) { return false; }); }},
     {"no space anywhere", "a space stands between two words",
      [](const Pieces& pieces) { return spelt(pieces, [](char32_t, char32_t) { return true; }); }},
     {"## left in", "without the ##",
      [](const Pieces& pieces) {
        std::string text;
        for (const std::string& piece : pieces) {
          text += (text.empty() || piece.starts_with("##") ? "" : " ") + piece;
        }
        return text;
      }},
     {"a space in front", "none before the first",
      [](const Pieces& pieces) {
        std::string text;
        for (const std::string& piece : pieces) {
          text += piece.starts_with("##") ? piece.substr(2) : " " + piece;
        }
        return text;
      }},
     {"only between two ideographs", "an ideograph on either side is enough",
      [](const Pieces& pieces) {
        return spelt(pieces, [](char32_t left, char32_t right) {
          return bert::is_cjk_ideograph(left) && bert::is_cjk_ideograph(right);
        });
      }},
     {"only the next word looked at", "an ideograph on either side is enough",
      [](const Pieces& pieces) {
        return spelt(pieces, [](char32_t, char32_t right) { return bert::is_cjk_ideograph(right); });
      }},
     {"everything beyond ASCII", "a letter all the same",
      [](const Pieces& pieces) {
        return spelt(pieces, [](char32_t left, char32_t right) { return left > 127 || right > 127; });
      }},
     {"one block of ideographs", "ideographs stand in several blocks",
      [](const Pieces& pieces) {
        const auto in_block = [](char32_t c) { return c >= 0x4E00 && c <= 0x9FFF; };
        return spelt(pieces,
                     [&](char32_t left, char32_t right) { return in_block(left) || in_block(right); });
      }},
     {"every # dropped", "a single # is a character of the text",
      [](const Pieces& pieces) {
        std::string text = right_text_of(pieces);
        std::erase(text, '#');
        return text;
      }},
     {"by both neighbours", accepted, [](const Pieces& pieces) {
        return spelt(pieces, [](char32_t left, char32_t right) {
          return bert::is_cjk_ideograph(left) || bert::is_cjk_ideograph(right);
        });
      }}});

using Merges = std::vector<std::pair<std::string, std::string>>;

/// Makes one merge, in its first place only or everywhere, with or without the ## of the right one.
Pieces after(const Pieces& pieces, const std::pair<std::string, std::string>& merge, bool everywhere,
             bool keeps_mark = false) {
  Pieces out;
  bool done = false;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const bool here = (everywhere || !done) && i + 1 < pieces.size() && pieces[i] == merge.first &&
                      pieces[i + 1] == merge.second;
    out.push_back(!here        ? pieces[i]
                  : keeps_mark ? merge.first + merge.second
                               : joined(pieces[i], pieces[i + 1]));
    if (here) done = true, ++i;
  }
  return out;
}

const Answers<decltype(by_merges)> replayed(
    3, right_by_merges,
    {{"the longest piece that some merge makes", "the order in which the merges were learnt decides",
      [](const std::string& word, const Merges& merges) {
        PieceTable table;
        for (const std::string& piece : characters_as_pieces(word)) table.add(piece);
        for (const auto& [left, right] : merges) table.add(joined(left, right));
        return greedy_pieces(characters_of(word), table);
      }},
     {"each pair once", "join it wherever it stands",
      [](const std::string& word, const Merges& merges) {
        Pieces pieces = characters_as_pieces(word);
        for (const auto& merge : merges) pieces = after(pieces, merge, false);
        return pieces;
      }},
     {"the newest merge first", "all merges are made",
      [](const std::string& word, const Merges& merges) {
        Pieces pieces = characters_as_pieces(word);
        for (auto merge = merges.rbegin(); merge != merges.rend(); ++merge) {
          pieces = after(pieces, *merge, true);
        }
        return pieces;
      }},
     {"the first merge only", "not the first one only",
      [](const std::string& word, const Merges& merges) {
        return after(characters_as_pieces(word), merges.front(), true);
      }},
     {"## kept inside", "drops the ## of what stands on the right",
      [](const std::string& word, const Merges& merges) {
        Pieces pieces = characters_as_pieces(word);
        for (const auto& merge : merges) pieces = after(pieces, merge, true, true);
        return pieces;
      }},
     {"from the back of the word", "the first two go together",
      [](const std::string& word, const Merges& merges) {
        Pieces pieces = characters_as_pieces(word);
        for (const auto& [left, right] : merges) {
          for (size_t i = pieces.size(); i-- > 1;) {
            if (i >= pieces.size() || pieces[i - 1] != left || pieces[i] != right) continue;
            pieces[i - 1] = joined(left, right);
            pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(i));
          }
        }
        return pieces;
      }},
     {"by the oldest merge that fits, again and again", accepted,
      [](const std::string& word, const Merges& merges) {
        Pieces pieces = characters_as_pieces(word);
        for (bool changed = true; changed;) {
          changed = false;
          for (const auto& merge : merges) {
            const Pieces now = after(pieces, merge, true);
            if (now.size() == pieces.size()) continue;
            pieces = now;
            changed = true;
            break;
          }
        }
        return pieces;
      }}});

}  // namespace

std::vector<std::string> fewest_pieces(const Text& word, const PieceTable& table) {
  return fewest(word, table);
}
std::string text_of(const std::vector<std::string>& pieces) { return as_text(pieces); }
std::vector<std::string> by_merges(const std::string& word, const Merges& merges) {
  return replayed(word, merges);
}

}  // namespace gradus::tutorials::wordpiece
