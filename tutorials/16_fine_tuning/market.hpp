/// @file
/// Chapter 16's language: a market without money, where people give goods of one kind for goods of another.
/// Half of the words are those that labelled examples show.
#pragma once

#include <string>
#include <vector>

#include "autograd/random.hpp"

namespace gradus::tutorials::fine_tuning {

using Words = std::vector<std::string>;

inline const Words kinds = {"food", "tools", "clothes", "animals"};
inline const std::vector<Words> goods = {{"loaves", "plums", "cakes", "pies", "nuts", "pears"},
                                         {"saws", "axes", "nails", "spades", "files", "hooks"},
                                         {"coats", "hats", "scarves", "gloves", "shirts", "socks"},
                                         {"goats", "hens", "geese", "sheep", "cows", "ducks"}};
inline const Words first_names = {"anna",  "ben",  "clara", "david", "eva",   "felix",
                                  "greta", "hugo", "ida",   "jonas", "karla", "leo"};
/// Family names and towns begin alike: bergmann, bergheim. Each is two pieces.
inline const Words stems = {"berg", "lind", "stein", "holm", "wald", "bach"};
inline const Words family_ends = {"mann", "son", "ler", "quist", "er", "sen", "ing", "ow"};
inline const Words town_ends = {"heim", "dorf", "by", "stad", "ford", "au", "wick", "burg"};
inline const Words small_words = {"gives", "for", "in", "misses", "and", "who", "where", "what"};

/// Which words a text may have: the first half of each list, the second, or all.
enum class Half { shown, others, all };

inline const std::string& pick(const Words& words, Half half, Rng& rng) {
  const int64_t all = std::ssize(words), first = half == Half::others ? all / 2 : 0;
  return words[static_cast<size_t>(rng.between(first, (half == Half::shown ? all / 2 : all) - 1))];
}

/// One or two goods of a kind.
struct Goods {
  int64_t kind = 0;
  Words words;
};

/// Somebody gives something for something of another kind, somewhere.
struct Deal {
  Words who;  ///< "anna", "anna bergmann" or "bergmann"
  Goods given, wanted;
  std::string town;
};

inline Words person(Half half, Rng& rng) {
  const int64_t names = rng.between(0, 3);  // a first name alone twice as often as the other two
  Words who;
  if (names != 3) who.push_back(pick(first_names, half, rng));
  if (names >= 2) who.push_back(pick(stems, Half::all, rng) + pick(family_ends, half, rng));
  return who;
}
inline std::string town(Half half, Rng& rng) {
  return pick(stems, Half::all, rng) + pick(town_ends, half, rng);
}
inline Deal deal(Half half, int64_t given, int64_t wanted, Rng& rng) {
  const auto some = [&](int64_t kind) {
    Goods all{kind, {pick(goods[static_cast<size_t>(kind)], half, rng)}};
    const std::string& more = pick(goods[static_cast<size_t>(kind)], half, rng);
    if (more != all.words[0]) all.words.push_back(more);
    return all;
  };
  return {person(half, rng), some(given), some(wanted), town(half, rng)};
}
/// Of any two different kinds.
inline Deal deal(Half half, Rng& rng) {
  const int64_t given = rng.between(0, 3);
  return deal(half, given, (given + rng.between(1, 3)) % 4, rng);
}

// ---- Deals as sentences ----

/// The parts that a word may belong to.
enum class Part { none, person, town, given, wanted };

struct Story {
  Words words = {};
  std::vector<Part> parts = {};  ///< of each word
  void say(const Words& more, Part part = Part::none) {
    words.insert(words.end(), more.begin(), more.end());
    parts.resize(words.size(), part);
  }
};

/// "anna gives saws and files for plums in bergheim", or with the town in front.
inline Story tell(const Deal& deal, bool town_first) {
  Story story;
  const auto say_goods = [&](const Goods& some, Part part) {
    for (size_t i = 0; i < some.words.size(); ++i) {
      if (i > 0) story.say({"and"}, part);
      story.say({some.words[i]}, part);
    }
  };
  if (town_first) story.say({"in"}), story.say({deal.town}, Part::town);
  story.say(deal.who, Part::person);
  story.say({"gives"});
  say_goods(deal.given, Part::given);
  story.say({"for"});
  say_goods(deal.wanted, Part::wanted);
  if (!town_first) story.say({"in"}), story.say({deal.town}, Part::town);
  return story;
}

inline std::string joined(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace gradus::tutorials::fine_tuning
