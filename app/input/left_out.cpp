#include "app/input/left_out.hpp"

#include "app/command.hpp"
#include "autograd/plural.hpp"

namespace gradus::app {

std::string left_out_text(const bert::LeftOut& left_out, const std::string& option) {
  return fmt::format(
      "{} of the text's characters, {:.2g} % of all that stand there, {} left out, such as {}: a word with "
      "one "
      "becomes [UNK], and a larger {} keeps more",
      with_commas(left_out.characters), 100 * left_out.share(), plural(left_out.characters, "is", "are"),
      fmt::join(left_out.examples, " "), option);
}

}  // namespace gradus::app
