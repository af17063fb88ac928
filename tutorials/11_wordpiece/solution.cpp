// The exercises of chapter 11, solved.
#include "exercise.hpp"

namespace gradus::tutorials::wordpiece {

// best[end] is the shortest cut of the word's first `end` characters: a shorter one that ends at `begin`, and
// one piece more.
std::vector<std::string> fewest_pieces(const Text& word, const PieceTable& table) {
  std::vector<std::vector<std::string>> best(word.size() + 1);
  for (size_t end = 1; end <= word.size(); ++end) {
    for (size_t begin = 0; begin < end; ++begin) {
      if (begin > 0 && best[begin].empty()) continue;  // no cut leads here
      const std::string piece = (begin > 0 ? "##" : "") + utf8_of(word.substr(begin, end - begin));
      if (!table.has(piece)) continue;
      if (!best[end].empty() && best[end].size() <= best[begin].size() + 1) continue;
      best[end] = best[begin];
      best[end].push_back(piece);
    }
  }
  if (best.back().empty()) return {"[UNK]"};
  return best.back();
}

std::string text_of(const std::vector<std::string>& pieces) {
  Text text;
  for (const std::string& piece : pieces) {
    Text more = characters_of(piece);
    if (piece.starts_with("##")) {
      more = more.substr(2);
    } else if (!text.empty() && !bert::is_cjk_ideograph(text.back()) && !bert::is_cjk_ideograph(more[0])) {
      text += U' ';
    }
    text += more;
  }
  return utf8_of(text);
}

std::vector<std::string> by_merges(const std::string& word,
                                   const std::vector<std::pair<std::string, std::string>>& merges) {
  std::vector<std::string> pieces = characters_as_pieces(word);
  for (const auto& [left, right] : merges) {
    std::vector<std::string> now;
    for (size_t i = 0; i < pieces.size(); ++i) {
      if (i + 1 < pieces.size() && pieces[i] == left && pieces[i + 1] == right) {
        now.push_back(joined(left, right));
        ++i;  // the right one is used up
      } else {
        now.push_back(pieces[i]);
      }
    }
    pieces = now;
  }
  return pieces;
}

}  // namespace gradus::tutorials::wordpiece
