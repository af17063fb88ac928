// The style sheets fit the pages: each brace closes, no class is for nothing, and none that a page has is
// missing.
#include <filesystem>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "autograd/file.hpp"
#include "support/catch.hpp"

namespace fs = std::filesystem;

namespace {

using Classes = std::set<std::string>;

/// What the first group of `pattern` matches, wherever in `text`.
std::vector<std::string> all_matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) {
    found.push_back((*at)[1]);
  }
  return found;
}

struct StyleSheet {
  std::string fault;  // of its braces; empty where all close
  Classes classes;    // that its selectors name
};

StyleSheet read_style_sheet(const std::string& css) {
  StyleSheet sheet;
  // Comments and quoted text may hold braces and full stops.
  const std::regex unread(R"(/\*[^]*?\*/|"[^"\n]*")");
  const std::string text = std::regex_replace(css, unread, "");
  std::vector<bool> holds_rules;  // for each open block: is it one of rules, as that of @media?
  size_t begin = 0;
  for (size_t at = text.find_first_of("{};"); at != std::string::npos;
       at = text.find_first_of("{};", begin)) {
    const std::string before = text.substr(begin, at - begin);
    begin = at + 1;
    if (text[at] == '{') {
      if (!holds_rules.empty() && !holds_rules.back()) sheet.fault = "a rule within a rule:" + before;
      holds_rules.push_back(before.find('@') != std::string::npos);
      if (holds_rules.back()) continue;
      for (const std::string& name : all_matches(before, R"(\.([A-Za-z_][\w-]*))"))
        sheet.classes.insert(name);
    } else if (text[at] == '}') {
      if (holds_rules.empty()) {
        sheet.fault = "a } that closes nothing, after" + before;
        break;
      }
      holds_rules.pop_back();
    }
  }
  if (!holds_rules.empty()) sheet.fault = "a { that nothing closes";
  return sheet;
}

/// The classes that the source of a page names. `c*` is c alone or with a number: there the source fills in.
struct Source {
  Classes certain;   // in an attribute, or where the script sets a class
  Classes possible;  // and text of a few small words, which may be handed to such a place
};

Source read_source(const std::string& text) {
  Source source;
  const auto add = [&](const std::string& attribute, bool is_certain) {
    const std::string filled = std::regex_replace(attribute, std::regex(R"((\{[^}]*\})+)"), "*");
    for (const std::string& name : all_matches(filled, R"(([^ ]+))")) {
      if (name == "*") continue;
      source.possible.insert(name);
      if (is_certain) source.certain.insert(name);
    }
  };
  for (const std::string& attribute : all_matches(text, R"re(class=\\?"([^"\\]*)\\?")re"))
    add(attribute, true);
  for (const char* place :
       {R"(\bclass: ([^,}]*))", R"(\bclassName = ([^;]*))", R"(classList\.\w+\(([^,)]*))"}) {
    for (const std::string& value : all_matches(text, place)) {
      for (const std::string& attribute : all_matches(value, R"(['"]([^'"]*)['"])")) add(attribute, true);
    }
  }
  for (const std::string& words : all_matches(text, R"(['"]( ?[a-z][a-z0-9 -]*)['"])")) add(words, false);
  return source;
}

/// Whether `name` is in `names`, or in what a name with a * stands for.
bool is_among(const std::string& name, const Classes& names) {
  const auto covers = [](const std::string& pattern, const std::string& other) {
    const size_t stem = pattern.size() - 1;
    return pattern.ends_with('*') && other.starts_with(pattern.substr(0, stem)) &&
           other.find_first_not_of("0123456789*", stem) == std::string::npos;
  };
  for (const std::string& other : names) {
    if (name == other || covers(name, other) || covers(other, name)) return true;
  }
  return false;
}

using Texts = std::vector<std::string>;

/// The classes of the sheets that no source can have.
Classes unused_classes(const Texts& sheets, const Texts& sources) {
  Classes possible, unused;
  for (const std::string& source : sources) possible.merge(read_source(source).possible);
  for (const std::string& sheet : sheets) {
    for (const std::string& name : read_style_sheet(sheet).classes) {
      if (!is_among(name, possible)) unused.insert(name);
    }
  }
  return unused;
}

/// The classes of the sources that no sheet has.
Classes missing_classes(const Texts& sheets, const Texts& sources) {
  Classes known, missing;
  for (const std::string& sheet : sheets) known.merge(read_style_sheet(sheet).classes);
  for (const std::string& source : sources) {
    for (const std::string& name : read_source(source).certain) {
      if (!is_among(name, known)) missing.insert(name);
    }
  }
  return missing;
}

/// The files in these folders of the project whose names match `pattern`.
Texts files(const std::vector<std::string>& folders, const std::string& pattern) {
  Texts texts;
  for (const std::string& folder : folders) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(GRADUS_SOURCE) / folder)) {
      if (std::regex_match(entry.path().filename().string(), std::regex(pattern))) {
        texts.push_back(gradus::read_file(entry.path()));
      }
    }
  }
  return texts;
}

}  // namespace

TEST_CASE("style sheets: the check finds what it is for, and nothing else") {
  CHECK(read_style_sheet("@media (max-width: 1.5rem) { p > .a, .b-2 i { top: .5em; } } /* .c { */").classes ==
        Classes{"a", "b-2"});
  CHECK(read_style_sheet(".a::after { content: \"}.b\"; }").fault.empty());
  CHECK(read_style_sheet("@media print { .a { top: 0; }").fault == "a { that nothing closes");
  CHECK(read_style_sheet(".a { top: 0; } }").fault == "a } that closes nothing, after ");
  CHECK(read_style_sheet(".a { top: 0; .b { top: 0; }").fault != "");

  const Texts sources = {
      R"re(f("<p class=\"a c{}{}\">", bold ? " strong" : ""); g("<i class=\"{}\">", "title");)re",
      "make('p', {class: far ? 'd e' : 'f'}); e.classList.toggle('on', true);"};
  const std::string all = ".a.c1, .strong, .title, .d.e, .f, .on { top: 0; }";
  CHECK(unused_classes({all}, sources).empty());
  CHECK(missing_classes({all}, sources).empty());
  CHECK(unused_classes({all, ".x, .cold { top: 0; }"}, sources) == Classes{"cold", "x"});
  CHECK(missing_classes({".strong, .d, .f, .on { top: 0; }"}, sources) == Classes{"a", "c*", "e"});
}

TEST_CASE("style sheets: those of the pages and pictures that the program writes") {
  const Texts sheets = files({"bert", "plot"}, R"(.*\.css)");
  const Texts sources = files({"bert", "plot"}, R"(.*\.(cpp|hpp|js))");
  CHECK(sheets.size() == 4);
  for (const std::string& sheet : sheets) CHECK(read_style_sheet(sheet).fault.empty());
  CHECK(unused_classes(sheets, sources) == Classes{});
  CHECK(missing_classes(sheets, sources) == Classes{});
}

TEST_CASE("style sheets: that of the site") {
  const Texts sheets = files({"docs/site"}, R"(.*\.css)");
  CHECK(sheets.size() == 1);
  for (const std::string& sheet : sheets) CHECK(read_style_sheet(sheet).fault.empty());
  // Most of its classes are Doxygen's, so only these can be asked for.
  CHECK(missing_classes(sheets, files({"docs/site"}, R"(.*\.(html|awk|js))")) == Classes{});
}
