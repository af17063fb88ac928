#include "app/options/help.hpp"

#include <fmt/format.h>

namespace gradus::app {

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  std::string text = option->get_type_name();
  if (option->get_expected_max() == CLI::detail::expected_max_vector_size) text += "...";
  if (!option->get_default_str().empty()) text += fmt::format(" ({})", option->get_default_str());
  if (option->get_required() && option->nonpositional()) text += " (must be given)";
  return text.empty() ? text : " " + text;
}

}  // namespace gradus::app
