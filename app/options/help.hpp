/// @file
/// How --help looks.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace gradus::app {

/// How --help shows an option: what it takes, what it is when it is left out, and whether it may be.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override;
};

}  // namespace gradus::app
