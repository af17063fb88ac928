#include "bert/toy_world/lexicon.hpp"

namespace gradus::bert::toy {
namespace {

constexpr Topic topic_table[] = {
    {"farm",
     {"barn", "field"},
     {"horse", "cow"},
     {"bucket", "rope", "saddle", "plough"},
     {"corn", "egg", "turnip"}},
    {"kitchen",
     {"kitchen", "pantry"},
     {"cat", "mouse"},
     {"pan", "cup", "spoon", "kettle"},
     {"soup", "bread", "pie"}},
    {"harbour",
     {"boat", "pier"},
     {"gull", "seal"},
     {"net", "oar", "anchor", "sail"},
     {"fish", "crab", "oyster"}},
    {"forest",
     {"cave", "cabin"},
     {"fox", "bear"},
     {"axe", "lamp", "map", "bow"},
     {"berry", "nut", "mushroom"}},
    {"school",
     {"library", "hall"},
     {"parrot", "hamster"},
     {"book", "pencil", "bell", "globe"},
     {"apple", "cake", "biscuit"}},
    {"garden",
     {"shed", "orchard"},
     {"rabbit", "duck"},
     {"spade", "hose", "pot", "rake"},
     {"carrot", "pea", "lettuce"}},
    {"castle",
     {"tower", "cellar"},
     {"hound", "falcon"},
     {"sword", "crown", "shield", "ring"},
     {"roast", "grape", "honey"}},
    {"market",
     {"stall", "square"},
     {"goat", "donkey"},
     {"basket", "coin", "scarf", "drum"},
     {"cheese", "plum", "melon"}},
};

constexpr Need need_table[] = {
    {"hungry", "ate", "eaten", Need::food, "", false},
    {"tired", "slept", "", Need::place, "in", false},
    {"afraid", "hid", "", Need::place, "in", false},
    {"bored", "played", "", Need::thing, "with", true},
};

// Some names are also towns: only the sentence tells which is meant.
constexpr Word women_table[] = {"anna",  "mary", "lucy",  "emma",  "rosa",
                                "clara", "nina", "julia", "paris", "florence"};
constexpr Word men_table[] = {"tom",  "john",  "peter", "max",    "paul",
                              "hugo", "oscar", "felix", "jordan", "austin"};
constexpr Word town_table[] = {"london", "rome", "oslo", "madrid", "paris", "florence", "jordan", "austin"};
constexpr Word colour_table[] = {"red", "blue", "green", "yellow", "black", "white"};
constexpr Word look_table[] = {"old", "young", "brown", "grey", "thin", "small"};
constexpr Word taste_table[] = {"fresh", "sweet", "warm", "salty"};
constexpr Word glad_table[] = {"happy", "glad", "proud"};
constexpr Word sad_table[] = {"sad", "angry", "upset"};
constexpr Word good_day_table[] = {"good", "lovely", "fine"};
constexpr Word bad_day_table[] = {"bad", "dreadful", "dull"};
constexpr Word connective_table[] = {"then", "later", "soon", "now"};
constexpr Word grammar_table[] = {
    ".",    ",",       "the",   "a",   "and",  "in",       "to",  "by",   "from", "with", "for", "he",
    "she",  "it",      "him",   "her", "was",  "had",      "not", "did",  "have", "like", "day", "came",
    "home", "because", "still", "any", "more", "followed", "got", "felt", "at",   "all",  "once"};

}  // namespace

std::span<const Topic> topics() { return topic_table; }
std::span<const Need> all_needs() { return need_table; }
std::span<const Word> women() { return women_table; }
std::span<const Word> men() { return men_table; }
std::span<const Word> towns() { return town_table; }
std::span<const Word> colours() { return colour_table; }
std::span<const Word> looks() { return look_table; }
std::span<const Word> tastes() { return taste_table; }
std::span<const Word> feelings(bool cheerful) {
  return cheerful ? std::span(glad_table) : std::span(sad_table);
}
std::span<const Word> days(bool cheerful) {
  return cheerful ? std::span(good_day_table) : std::span(bad_day_table);
}
std::span<const Word> connectives() { return connective_table; }
std::span<const Word> grammar() { return grammar_table; }

}  // namespace gradus::bert::toy
