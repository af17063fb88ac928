#include "planted_bugs/plant.hpp"

#include <algorithm>
#include <cctype>

#include "autograd/error.hpp"

namespace gradus {
namespace {

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// A text without white space, and where each of its characters stood.
struct Squeezed {
  std::string text;
  std::vector<size_t> at;

  explicit Squeezed(const std::string& source) {
    for (size_t i = 0; i < source.size(); ++i) {
      if (is_space(source[i])) continue;
      text += source[i];
      at.push_back(i);
    }
  }
};

struct Range {
  size_t begin = 0, end = 0;
  bool operator==(const Range&) const = default;
};

/// Where `wanted` stands in [place.begin, place.end) of the source, not as a part of longer names.
std::vector<Range> occurrences(const std::string& source, const Squeezed& squeezed, const std::string& wanted,
                               const Range& place) {
  const std::string needle = Squeezed(wanted).text;
  std::vector<Range> found;
  for (size_t i = squeezed.text.find(needle); i != std::string::npos; i = squeezed.text.find(needle, i + 1)) {
    const Range range{squeezed.at[i], squeezed.at[i + needle.size() - 1] + 1};
    if (range.begin < place.begin || range.end > place.end) continue;
    const bool cut_before = range.begin > 0 && is_word(source[range.begin - 1]) && is_word(needle.front());
    const bool cut_after = range.end < source.size() && is_word(source[range.end]) && is_word(needle.back());
    if (!cut_before && !cut_after) found.push_back(range);
  }
  return found;
}

[[noreturn]] void refuse(const Bug& bug, const std::string& what, size_t count, const std::string& where) {
  fail<FormatError>(
      "{}: the bug \"{}\" does not fit {}: \"{}\" stands {} times {} and must stand there once; rewrite the "
      "entry for the code as it is now",
      bug.entry, bug.name, bug.file, what, count, where);
}

Range place_of(const std::string& source, const Squeezed& squeezed, const Bug& bug) {
  const Range whole{0, source.size()};
  if (bug.in.empty()) return whole;
  const std::vector<Range> anchors = occurrences(source, squeezed, bug.in, whole);
  if (anchors.size() != 1) refuse(bug, bug.in, anchors.size(), "in it");
  const size_t end = source.find("\n}", anchors[0].begin);
  return {anchors[0].begin, end == std::string::npos ? source.size() : end + 2};
}

/// The bugs that replace the same text.
struct Site {
  Range range;
  std::vector<const Bug*> bugs;
};

/// Outer sites before the inner ones that begin with them.
std::vector<Site> find_sites(const std::string& source, const std::vector<Bug>& bugs) {
  const Squeezed squeezed(source);
  std::vector<Site> sites;
  for (const Bug& bug : bugs) {
    const std::vector<Range> found = occurrences(source, squeezed, bug.text, place_of(source, squeezed, bug));
    if (found.size() != 1) {
      refuse(bug, bug.text, found.size(), bug.in.empty() ? "in it" : fmt::format("from \"{}\" on", bug.in));
    }
    const auto same =
        std::find_if(sites.begin(), sites.end(), [&](const Site& site) { return site.range == found[0]; });
    if (same != sites.end()) {
      same->bugs.push_back(&bug);
    } else {
      sites.push_back({found[0], {&bug}});
    }
  }
  std::sort(sites.begin(), sites.end(), [](const Site& a, const Site& b) {
    return a.range.begin != b.range.begin ? a.range.begin < b.range.begin : a.range.end > b.range.end;
  });
  std::vector<const Site*> open;
  for (const Site& site : sites) {
    while (!open.empty() && open.back()->range.end <= site.range.begin) open.pop_back();
    if (!open.empty() && site.range.end > open.back()->range.end) {
      fail<FormatError>("{}: the text of the bug \"{}\" lies partly across that of \"{}\"",
                        site.bugs[0]->entry, site.bugs[0]->name, open.back()->bugs[0]->name);
    }
    open.push_back(&site);
  }
  return sites;
}

class Writer {
 public:
  Writer(const std::string& source, std::vector<Site> sites) : source_(source), sites_(std::move(sites)) {}

  /// The part `range` of the source with the sites inside it, which begin with number next_.
  std::string written(const Range& range) {
    std::string out;
    size_t at = range.begin;
    while (next_ < sites_.size() && sites_[next_].range.begin < range.end) {
      const Site& site = sites_[next_++];
      out += source_.substr(at, site.range.begin - at);
      out += choice(site);
      at = site.range.end;
    }
    return out + source_.substr(at, range.end - at);
  }

 private:
  std::string choice(const Site& site) {
    const bool is_statement = source_[site.range.end - 1] == ';';
    std::string out = is_statement ? "{ " : "(";
    for (const Bug* bug : site.bugs) {
      out += is_statement
                 ? fmt::format("if (::gradus::planted<\"{}\">()) {{ {} }} else ", bug->name, bug->becomes)
                 : fmt::format("::gradus::planted<\"{}\">() ? ({}) : ", bug->name, bug->becomes);
    }
    const std::string right = written(site.range);
    return out + (is_statement ? "{ " + right + " } }" : "(" + right + "))");
  }

  const std::string& source_;
  std::vector<Site> sites_;
  size_t next_ = 0;
};

}  // namespace

std::string plant(const std::string& source, const std::vector<Bug>& bugs) {
  return "#include \"planted_bugs/planted.hpp\"\n" +
         Writer(source, find_sites(source, bugs)).written({0, source.size()});
}

}  // namespace gradus
