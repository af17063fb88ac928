/// @file
/// The task of chapter 10: a date as people write it goes in, the same date as computers write it comes out.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "autograd/error.hpp"
#include "nn/transformer/transformer.hpp"

namespace gradus::tutorials::translation {

/// The characters of a language and their ids. Id 0 is padding, 1 begins a text, 2 ends it; then come the
/// characters.
class Alphabet {
 public:
  static constexpr int64_t pad = 0, begin = 1, end = 2, first = 3;

  explicit Alphabet(std::string characters) : characters_(std::move(characters)) {}

  int64_t size() const { return first + static_cast<int64_t>(characters_.size()); }

  /// @throws Error for a character that is not in the alphabet.
  std::vector<int64_t> ids(const std::string& text) const {
    std::vector<int64_t> ids;
    for (const char c : text) {
      const size_t at = characters_.find(c);
      if (at == std::string::npos) fail<Error>("alphabet: '{}' is not one of \"{}\"", c, characters_);
      ids.push_back(first + static_cast<int64_t>(at));
    }
    return ids;
  }

  /// The character of an id; "_" for padding, "<" for begin, ">" for end.
  std::string name(int64_t id) const {
    if (id < first) return std::string(1, "_<>"[id]);
    return std::string(1, characters_.at(static_cast<size_t>(id - first)));
  }

  std::string text(const std::vector<int64_t>& ids) const {
    std::string text;
    for (const int64_t id : ids) text += name(id);
    return text;
  }

 private:
  std::string characters_;
};

inline const Alphabet& spoken() {
  static const Alphabet alphabet(" ,0123456789ADFJMNOSabceglnoprtuvy");
  return alphabet;
}
inline const Alphabet& written() {
  static const Alphabet alphabet("-0123456789");
  return alphabet;
}

struct Date {
  int day = 1, month = 1, year = 2000;
};

/// Style 0 is "3 May 2021", style 1 is "May 3, 2021".
inline std::string said(const Date& date, int style) {
  static constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const char* month = months.at(static_cast<size_t>(date.month - 1));
  return style == 0 ? fmt::format("{} {} {}", date.day, month, date.year)
                    : fmt::format("{} {}, {}", month, date.day, date.year);
}

/// "2021-05-03" (ISO 8601).
inline std::string iso(const Date& date) {
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

/// Every date from 1900 to 2099, shuffled.
inline std::vector<Date> all_dates(Rng& rng) {
  static constexpr std::array days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  std::vector<Date> dates;
  for (int year = 1900; year < 2100; ++year) {
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    for (int month = 1; month <= 12; ++month) {
      const int last = days.at(static_cast<size_t>(month - 1)) + (month == 2 && leap ? 1 : 0);
      for (int day = 1; day <= last; ++day) dates.push_back({day, month, year});
    }
  }
  rng.shuffle(dates);
  return dates;
}

/// Texts as ids: source [B, T], padded at the end; target [B, S]: begin, the characters, end.
struct Batch {
  Tensor source, target;
};

/// Dates, each in a style chosen by `rng`.
inline Batch batch_of(const std::vector<Date>& dates, Rng& rng) {
  std::vector<std::vector<int64_t>> sources, targets;
  for (const Date& date : dates) {
    sources.push_back(spoken().ids(said(date, static_cast<int>(rng.below(2)))));
    std::vector<int64_t> target = written().ids(iso(date));
    target.insert(target.begin(), Alphabet::begin);
    target.push_back(Alphabet::end);
    targets.push_back(target);
  }
  return {nn::padded(sources, Alphabet::pad), nn::padded(targets, Alphabet::pad)};
}

/// One text as a batch of one: [1, T].
inline Tensor source_of(const std::string& text) { return nn::padded({spoken().ids(text)}, Alphabet::pad); }

}  // namespace gradus::tutorials::translation
