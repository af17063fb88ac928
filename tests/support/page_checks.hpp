// What the tests of pages share.
#pragma once

#include <string>
#include <string_view>

/// How often `part` stands in `text`.
inline int count_of(std::string_view text, std::string_view part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

/// The first thing in a page that would make a browser ask for another file; empty when there is none.
inline std::string outside_requests(std::string text) {
  for (const std::string_view name : {"http://www.w3.org/2000/svg", "http-equiv"}) {  // names, not addresses
    for (size_t at = text.find(name); at != std::string::npos; at = text.find(name))
      text.erase(at, name.size());
  }
  for (const std::string_view request :
       {"http", "//www", " src=", " href=", "url(", "@import", "fetch(", "XMLHttp", "import(", "<link",
        "<img", "<iframe", "<object", "<base"}) {
    const size_t at = text.find(request);
    if (at != std::string::npos) return text.substr(at, 60);
  }
  return "";
}
