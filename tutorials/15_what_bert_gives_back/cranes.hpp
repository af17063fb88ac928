/// @file
/// Chapter 15's language: birds have what birds have, machines what machines have. "cranes" are birds or
/// machines, and the word does not say which.
#pragma once

#include <string>
#include <vector>

#include "autograd/random.hpp"

namespace gradus::tutorials::gives_back {

/// Ids of tokens.
using Ids = std::vector<int64_t>;

/// All tokens; a token's id is its place here. The first five are the signs.
inline const std::vector<std::string> tokens = {
    "[PAD]", "[UNK]", "[CLS]",  "[SEP]", "[MASK]", "have",  "and",    "cranes", "herons",
    "gulls", "swans", "trucks", "pumps", "drills", "eggs",  "wings",  "claws",  "chicks",
    "beaks", "nests", "wheels", "oil",   "gears",  "bolts", "cables", "pipes"};
inline constexpr int64_t pad_id = 0, cls_id = 2, sep_id = 3, signs = 5;
inline constexpr int64_t have_id = 5, and_id = 6, cranes_id = 7, first_noun = 8, first_thing = 14;
inline constexpr int64_t nouns = 3, things = 6;  ///< of birds, and as many of machines

/// What a noun means.
enum Meaning : int64_t { bird, machine };

inline int64_t vocabulary_size() { return static_cast<int64_t>(tokens.size()); }
inline int64_t noun_of(Meaning meaning, int64_t number) { return first_noun + meaning * nouns + number; }
inline int64_t thing_of(Meaning meaning, int64_t number) { return first_thing + meaning * things + number; }

/// "gulls have eggs".
struct Clause {
  int64_t who, what;
};

/// [CLS] gulls have eggs [SEP], or [CLS] gulls have eggs and trucks have oil [SEP].
inline Ids row_of(const std::vector<Clause>& clauses) {
  Ids row = {cls_id};
  for (const Clause& clause : clauses) {
    if (row.size() > 1) row.push_back(and_id);
    row.insert(row.end(), {clause.who, have_id, clause.what});
  }
  row.push_back(sep_id);
  return row;
}

/// A bird or a machine by a coin, and one of its things. One time in five the noun is "cranes".
inline Clause clause(Rng& rng) {
  const auto meaning = static_cast<Meaning>(rng.below(2));
  const int64_t what = thing_of(meaning, rng.between(0, things - 1));
  return {rng.chance(0.2) ? cranes_id : noun_of(meaning, rng.between(0, nouns - 1)), what};
}

/// One clause, or more often two. No sentence has cranes twice.
inline Ids sentence(Rng& rng) {
  std::vector<Clause> clauses = {clause(rng)};
  if (rng.chance(0.7)) {
    do clauses.resize(1), clauses.push_back(clause(rng));
    while (clauses[0].who == cranes_id && clauses[1].who == cranes_id);
  }
  return row_of(clauses);
}

inline std::string text_of(const Ids& row) {
  std::string text;
  for (const int64_t id : row) text += (text.empty() ? "" : " ") + tokens[static_cast<size_t>(id)];
  return text;
}

// ---- Cranes that mean one thing or the other ----

/// The word "cranes" at one place of a row, and what it means there.
struct Crane {
  Ids row;
  int64_t place;
  Meaning meaning;
};

/// "cranes have eggs", for things number [first, end) of birds and of machines.
inline std::vector<Crane> cranes_once(int64_t first, int64_t end) {
  std::vector<Crane> all;
  for (int64_t i = first; i < end; ++i) {
    for (const Meaning meaning : {bird, machine}) {
      all.push_back({row_of({{cranes_id, thing_of(meaning, i)}}), 1, meaning});
    }
  }
  return all;
}

/// Both cranes of "cranes have eggs and cranes have oil" and of "cranes have oil and cranes have eggs". So
/// each meaning stands at both places, and beside the same words.
inline std::vector<Crane> cranes_twice(int64_t first, int64_t end) {
  std::vector<Crane> all;
  for (int64_t a = first; a < end; ++a) {
    for (int64_t b = first; b < end; ++b) {
      const Clause as_bird{cranes_id, thing_of(bird, a)}, as_machine{cranes_id, thing_of(machine, b)};
      const Ids one = row_of({as_bird, as_machine}), other = row_of({as_machine, as_bird});
      all.insert(all.end(), {{one, 1, bird}, {one, 5, machine}, {other, 1, machine}, {other, 5, bird}});
    }
  }
  return all;
}

/// The first three things of each kind stand in the sentences that are shown, the others in those that are
/// asked.
inline constexpr int64_t shown_things = 3;

}  // namespace gradus::tutorials::gives_back
