// The exercises of chapter 11. Replace each unsolved<...>(...) by your answer, then:
//
//     ./learn 11 check
#include "exercise.hpp"

#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials::wordpiece {

std::vector<std::string> fewest_pieces(const Text& word, const PieceTable& table) {
  return unsolved<std::vector<std::string>>("a cut of the word into as few pieces of the table as can be");
}

std::string text_of(const std::vector<std::string>& pieces) {
  return unsolved<std::string>("the words that the pieces make, with spaces where a reader wants them");
}

std::vector<std::string> by_merges(const std::string& word,
                                   const std::vector<std::pair<std::string, std::string>>& merges) {
  return unsolved<std::vector<std::string>>("what is left of the word's characters after all merges");
}

}  // namespace gradus::tutorials::wordpiece
