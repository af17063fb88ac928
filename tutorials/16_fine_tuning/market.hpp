/// @file
/// Chapter 16's language: a market. People of towns sell and buy goods of four kinds. Half of the words are
/// those that labelled examples show.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "autograd/random.hpp"
#include "bert/tasks/text_rows.hpp"

namespace gradus::tutorials::fine_tuning {

using Words = std::vector<std::string>;

inline const Words kinds = {"food", "tools", "clothes", "animals"};
inline const std::vector<Words> goods = {
    {"loaves", "plums", "cakes", "pies", "nuts", "pears", "beans", "rolls"},
    {"saws", "axes", "nails", "spades", "files", "hooks", "rakes", "drills"},
    {"coats", "hats", "scarves", "gloves", "shirts", "socks", "boots", "belts"},
    {"goats", "hens", "geese", "sheep", "cows", "ducks", "pigs", "mules"}};
inline const std::vector<Words> looks = {{"fresh", "sweet", "warm"},
                                         {"sharp", "heavy", "rusty"},
                                         {"woollen", "wide", "striped"},
                                         {"young", "tame", "hungry"}};
inline const Words first_names = {"anna",  "ben",  "clara", "david", "eva",   "felix",
                                  "greta", "hugo", "ida",   "jonas", "karla", "leo"};
/// Family names and towns begin alike: bergmann, bergheim. Each is two pieces.
inline const Words stems = {"berg", "lind", "stein", "holm", "wald", "bach"};
inline const Words family_ends = {"mann", "son", "er", "quist"}, town_ends = {"heim", "dorf", "by", "stad"};
inline const Words small_words = {"sells", "buys", "in", "of", "and", "who", "where", "are"};

/// Which words a text may have: the first half of each list, the second, or all.
enum class Half { shown, others, all };

inline const std::string& pick(const Words& words, Half half, Rng& rng) {
  const int64_t all = std::ssize(words), first = half == Half::others ? all / 2 : 0;
  return words[static_cast<size_t>(rng.between(first, (half == Half::shown ? all / 2 : all) - 1))];
}

/// Somebody sells or buys something somewhere.
struct Offer {
  Words who;  ///< "anna", "anna bergmann" or "bergmann"
  bool sells = true;
  int64_t kind = 0;
  std::string good, town;
};

inline Offer offer(Half half, int64_t kind, bool sells, Rng& rng) {
  Offer one{{}, sells, kind, pick(goods[static_cast<size_t>(kind)], half, rng), {}};
  const int64_t names = rng.between(0, 3);  // a first name twice as often as each of the others
  if (names != 3) one.who.push_back(pick(first_names, half, rng));
  if (names >= 2) one.who.push_back(pick(stems, Half::all, rng) + pick(family_ends, half, rng));
  one.town = pick(stems, Half::all, rng) + pick(town_ends, half, rng);
  return one;
}

// ---- Offers as sentences ----

/// The parts that a word may belong to.
enum class Part : int64_t { none, person, town };

struct Story {
  Words words = {};
  std::vector<Part> parts = {};  ///< of each word
  void say(const Words& more, Part part = Part::none) {
    words.insert(words.end(), more.begin(), more.end());
    parts.resize(words.size(), part);
  }
};

/// How an offer is told: "anna sells saws in bergheim", "in bergheim anna sells saws", "anna of bergheim sells
/// saws".
enum class Form { plain, town_first, of_town };

inline void tell(Story& story, const Offer& offer, Form form, const std::string& look = "") {
  if (form == Form::town_first) story.say({"in"}), story.say({offer.town}, Part::town);
  story.say(offer.who, Part::person);
  if (form == Form::of_town) story.say({"of"}), story.say({offer.town}, Part::town);
  story.say({offer.sells ? "sells" : "buys"});
  if (!look.empty()) story.say({look});
  story.say({offer.good});
  if (form == Form::plain) story.say({"in"}), story.say({offer.town}, Part::town);
}

inline Story tell_two(const Offer& first, const Offer& second, Form form) {
  Story story;
  tell(story, first, form);
  story.say({"and"});
  tell(story, second, form);
  return story;
}

inline std::string joined(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// ---- Pieces ----

inline const bert::Tokenizer& tokenizer() {
  static const bert::Tokenizer made = [] {
    Words pieces = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    const auto add = [&](const Words& words, const std::string& before = "") {
      for (const std::string& word : words) pieces.push_back(before + word);
    };
    for (const Words& words : {small_words, first_names, stems}) add(words);
    for (const Words& words : {family_ends, town_ends}) add(words, "##");
    for (const auto& lists : {goods, looks})
      for (const Words& words : lists) add(words);
    return bert::Tokenizer(bert::Vocab(pieces));
  }();
  return made;
}

/// A word's slots in a row, [first, last].
struct Slots {
  int64_t first, last;
};

/// `[CLS] A [SEP]` or `[CLS] A [SEP] B [SEP]`, and where the words of the last text are in it.
struct Row {
  bert::TextRow text = {};
  std::vector<Slots> words = {};
};

inline Row row_of(const std::vector<Words>& texts) {
  static std::map<std::string, std::vector<bert::TokenId>> known;  // quicker than cutting a word each time
  const bert::SpecialIds& special = tokenizer().special_ids();
  Row row;
  row.text.ids.push_back(special.cls);
  for (const Words& words : texts) {
    row.words.clear();
    for (const std::string& word : words) {
      auto& pieces = known[word];
      if (pieces.empty()) pieces = tokenizer().tokenize(word);
      row.words.push_back({std::ssize(row.text.ids), std::ssize(row.text.ids) + std::ssize(pieces) - 1});
      row.text.ids.insert(row.text.ids.end(), pieces.begin(), pieces.end());
    }
    row.text.ids.push_back(special.sep);
    if (row.text.first_length == 0) row.text.first_length = std::ssize(row.text.ids);
  }
  return row;
}

}  // namespace gradus::tutorials::fine_tuning
