// What an error says, for tests that look at a part of it: Catch's matchers of text differ between its
// versions.
#pragma once

#include <exception>
#include <string>

namespace gradus::test {

/// The sentence with which `call` fails; "no error" if it does not.
template <class Call>
std::string error_text(Call call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no error";
}

/// Whether `call` fails with a sentence that holds `part`.
template <class Call>
bool fails_with(const std::string& part, Call call) {
  return error_text(call).find(part) != std::string::npos;
}

}  // namespace gradus::test
