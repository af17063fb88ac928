/// @file
/// What is said of the characters that a learnt vocabulary has no room for.
#pragma once

#include <string>

#include "bert/tokenizer/wordpiece_trainer.hpp"

namespace gradus::app {

/// One line; `option` is the one whose larger value would keep more of them.
std::string left_out_text(const bert::LeftOut& left_out, const std::string& option);

}  // namespace gradus::app
