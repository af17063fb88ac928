// The labelled sets of the toy world, each label read again from the text alone by small readers of their
// own.
#include "bert/toy_world/tasks.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <ranges>
#include <set>
#include <sstream>

#include "bert/toy_world/toy_world.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::bert;

namespace {

using Words = std::vector<std::string>;

/// In small letters, full stops and commas left out.
Words words_in(const std::string& text) {
  std::string plain;
  for (const char c : text)
    plain += c == '.' || c == ',' ? ' ' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::istringstream in(plain);
  return {std::istream_iterator<std::string>(in), {}};
}

bool is_one_of(const std::string& word, const Words& list) {
  return std::ranges::find(list, word) != list.end();
}

size_t place_of(const Words& words, const std::string& word) {
  return static_cast<size_t>(std::ranges::find(words, word) - words.begin());
}

template <class Example, class Key>
std::map<std::string, int> count(const std::vector<Example>& examples, Key&& key) {
  std::map<std::string, int> counts;
  for (const Example& e : examples) ++counts[std::invoke(key, e)];
  return counts;
}

/// Every count is the same, up to one.
void check_balanced(const std::map<std::string, int>& counts, size_t classes) {
  CHECK(counts.size() == classes);
  const auto [low, high] = std::ranges::minmax(counts | std::views::values);
  CHECK(high - low <= 1);
}

/// No text stands in two parts, or twice.
template <class Example, class Key>
void check_apart(const ToySplits<Example>& set, Key&& key) {
  std::set<std::string> all;
  for (const auto* part : {&set.train, &set.validation, &set.test})
    for (const Example& e : *part) {
      INFO(std::invoke(key, e));
      CHECK(all.insert(std::invoke(key, e)).second);
    }
}

std::string bytes(const std::vector<ToyTaskFile>& files) {
  std::string all;
  for (const ToyTaskFile& file : files) all += file.name + '\n' + file.bytes;
  return all;
}

const ToyTaskOptions small{.examples = 3000, .seed = 5};

const Words glad = {"happy", "glad", "proud", "good", "lovely", "fine"};
const Words sad = {"sad", "angry", "upset", "bad", "dreadful", "dull"};

/// The mood of the last sentence: an adjective is denied by a "not" or "never" that stands before it in its
/// half of the sentence, unless "so" stands there, too. The half that denies nothing speaks last.
bool sounds_glad(const std::string& text) {
  const std::string last = text.substr(
      text.rfind('.', text.size() - 2) == std::string::npos ? 0 : text.rfind('.', text.size() - 2) + 1);
  bool denied = false, so = false, result = false, sure = false;
  for (const std::string& word : words_in(last)) {
    if (word == "but" || word == "and") denied = false;
    if (word == "not" || word == "never") denied = true;
    if (word == "so") so = true;
    const bool up = is_one_of(word, glad);
    if (!up && !is_one_of(word, sad)) continue;
    const bool says = denied && !so ? !up : up;
    if (sure) continue;
    result = says;
    sure = !denied;
  }
  return result;
}

}  // namespace

TEST_CASE("toy topic: the label is the topic of every noun, and unseen nouns are unseen") {
  const auto set = toy_topic_task(small);
  check_apart(set, &ToyText::text);
  for (const auto* part : {&set.train, &set.validation, &set.test})
    check_balanced(count(*part, &ToyText::label), 8);
  // Which words a topic's stories have that no other topic's have.
  std::map<std::string, std::set<std::string>> topics_of;
  for (int64_t i = 0; i < 4000; ++i) {
    const ToyStory story = toy_story({.seed = 3}, i);
    for (const ToyEntity& e : story.entities)
      if (e.kind != EntityKind::person && e.kind != EntityKind::town)
        topics_of[std::string(e.noun)].insert(std::string(toy_topic_name(story.topic)));
  }
  std::set<std::string> trained;
  const auto nouns = [&](const ToyText& e) {
    Words found;
    for (const std::string& word : words_in(e.text))
      if (topics_of.contains(word)) found.push_back(word);
    return found;
  };
  for (const ToyText& e : set.train)
    for (const std::string& noun : nouns(e)) trained.insert(noun);
  for (const auto* part : {&set.train, &set.validation, &set.test})
    for (const ToyText& e : *part) {
      INFO(e.text);
      CHECK(nouns(e).size() == 2);
      for (const std::string& noun : nouns(e)) {
        CHECK(topics_of[noun] == std::set{e.label});
        CHECK(trained.contains(noun) == (e.kind == "seen"));
      }
    }
  CHECK(count(set.test, &ToyText::kind)["unseen"] == 150);
}

TEST_CASE("toy sentiment: the label is what the words say, denied or not") {
  const auto set = toy_sentiment_task(small);
  check_apart(set, &ToyText::text);
  for (const auto* part : {&set.train, &set.validation, &set.test}) {
    check_balanced(count(*part, &ToyText::label), 2);
    for (const ToyText& e : *part) {
      INFO(e.text);
      CHECK((e.label == "positive") == sounds_glad(e.text));
      const Words words = words_in(e.text.substr(e.text.rfind('.', e.text.size() - 2) + 1));
      const bool denies = is_one_of("not", words), never = is_one_of("never", words),
                 so = is_one_of("so", words);
      CHECK(so == (e.kind == "emphasis"));
      CHECK((denies || (never && !so)) == (e.kind == "negated" || e.kind == "contrast"));
    }
    // In each kind both labels, so that the kind tells nothing.
    for (const auto& [kind, n] : count(*part, &ToyText::kind)) {
      const auto positive = std::ranges::count_if(
          *part, [&](const ToyText& e) { return e.kind == kind && e.label == "positive"; });
      CHECK(std::abs(2 * positive - n) <= 1);
    }
  }
}

TEST_CASE(
    "toy sentiment: of three adjectives of each mood the set has two, and all of them in the training") {
  const auto set = toy_sentiment_task(small);
  std::map<const std::vector<ToyText>*, std::set<std::string>> met;
  for (const auto* part : {&set.train, &set.validation, &set.test})
    for (const ToyText& e : *part)
      for (const std::string& word : words_in(e.text))
        if (is_one_of(word, glad) || is_one_of(word, sad)) met[part].insert(word);
  const std::set<std::string> expected = {"happy", "glad",   "sad", "angry",
                                          "good",  "lovely", "bad", "dreadful"};
  CHECK(met[&set.train] == expected);
  CHECK(met[&set.test] == expected);
}

TEST_CASE("toy sentiment: a form and an adjective of the test are not together in training") {
  // The form is the last sentence with its names and the place left out.
  const auto form = [](const ToyText& e) {
    std::string text, mood;
    const size_t at = e.text.rfind('.', e.text.size() - 2);
    for (const std::string& word : words_in(at == std::string::npos ? e.text : e.text.substr(at + 1))) {
      const Words kept = {"felt", "was", "it", "a",   "day",   "for",  "and", "in",
                          "the",  "not", "at", "all", "never", "with", "but", "so"};
      if (is_one_of(word, kept)) text += word + ' ';
      if (is_one_of(word, glad) || is_one_of(word, sad)) text += mood.empty() ? mood = word + ' ' : "";
    }
    return text;
  };
  const auto set = toy_sentiment_task({.examples = 6000, .seed = 5});
  std::set<std::string> trained;
  for (const ToyText& e : set.train)
    if (e.kind != "contrast") trained.insert(form(e));
  for (const ToyText& e : set.test)
    if (e.kind != "contrast") {
      INFO(e.text);
      CHECK(!trained.contains(form(e)));
    }
}

TEST_CASE("toy entities: tags follow from the words around a name") {
  const auto set = toy_entities_task(small);
  const auto text = [](const ToyTagged& e) {
    std::string joined;
    for (const std::string& word : e.words) joined += word + ' ';
    return joined;
  };
  check_apart(set, text);
  std::set<std::string> names, places, trained;
  for (int64_t i = 0; i < 2000; ++i)
    for (const ToyEntity& e : toy_story({}, i).entities) {
      if (e.kind == EntityKind::person || e.kind == EntityKind::town) names.insert(std::string(e.noun));
      if (e.kind == EntityKind::place) places.insert(std::string(e.noun));
    }
  std::map<std::string, std::set<std::string>> tags_of;
  for (const auto* part : {&set.train, &set.validation, &set.test})
    for (const ToyTagged& e : *part) {
      INFO(text(e));
      REQUIRE(e.words.size() == e.tags.size());
      Words words;
      for (const std::string& word : e.words)
        words.push_back(words_in(word).empty() ? word : words_in(word).front());
      const bool gives = is_one_of("gave", words) || is_one_of("given", words) || is_one_of("handed", words);
      for (size_t i = 0; i < words.size(); ++i) {
        const std::string before = i > 0 ? words[i - 1] : "", next = i + 1 < words.size() ? words[i + 1] : "";
        std::string tag = "O";
        if (names.contains(words[i])) {
          const bool got = (is_one_of("got", words) || is_one_of("had", words)) && before == "from";
          if (places.contains(next))
            tag = "B-ORG";
          else if (before == "in" || (before == "left") || (before == "to" && !gives) ||
                   (before == "from" && !got))
            tag = "B-LOC";
          else
            tag = "B-PER";
          CHECK(std::isupper(static_cast<unsigned char>(e.words[i][0])));
          tags_of[words[i]].insert(tag);
          if (part == &set.train) trained.insert(words[i]);
          if (part == &set.test) CHECK(!trained.contains(words[i]));
        } else if (places.contains(words[i]) && names.contains(before)) {
          tag = "I-ORG";
        } else if (is_one_of(words[i], {"red", "blue", "green", "yellow", "black", "white"})) {
          tag = "B-ITEM";
        } else if (i > 0 && e.tags[i - 1] == "B-ITEM") {
          tag = "I-ITEM";
          if (part == &set.train) trained.insert(words[i]);
          if (part == &set.test) CHECK(!trained.contains(words[i]));
        }
        CHECK(e.tags[i] == tag);
      }
    }
  for (const std::string name : {"paris", "florence", "jordan", "austin"}) CHECK(tags_of[name].size() == 3);
}

TEST_CASE("toy similarity: the score is the number of facts that both texts tell") {
  const auto set = toy_similarity_task(small);
  check_apart(set, [](const ToyTextPair& e) { return e.first + e.second; });
  /// giver, taker, thing, colour, place
  const auto facts = [](const std::string& text) {
    const Words words = words_in(text), colours = {"red", "blue", "green", "yellow", "black", "white"};
    const size_t colour = static_cast<size_t>(
        std::ranges::find_if(words, [&](const std::string& w) { return is_one_of(w, colours); }) -
        words.begin());
    const size_t where =
        static_cast<size_t>(std::ranges::search(words, Words{"in", "the"}).begin() - words.begin());
    // Who is named, by the order: both names are the words that begin with a capital and are no "The" or
    // "In".
    Words names;
    std::istringstream in(text);
    for (std::string word; in >> word;)
      if (std::isupper(static_cast<unsigned char>(word[0])) && !is_one_of(word, {"In", "The", "He", "She"}))
        names.push_back(word.substr(0, word.find_first_of(".,")));
    REQUIRE(names.size() == 2);
    const bool passive = is_one_of("by", words);
    const auto gets = is_one_of("got", words) || is_one_of("took", words) || is_one_of("taken", words);
    // "Anna had it. Tom grabbed it from her", "given to Anna by Tom": the first name had it, or got it.
    bool first_gives = !gets;
    if (is_one_of("grabbed", words)) first_gives = is_one_of("had", words);
    if (passive) first_gives = !first_gives;
    return Words{names[first_gives ? 0 : 1], names[first_gives ? 1 : 0], words[colour + 1], words[colour],
                 words[where + 2]};
  };
  std::map<bool, std::set<std::string>> things;
  for (const auto* part : {&set.train, &set.validation, &set.test}) {
    check_balanced(count(*part, [](const ToyTextPair& e) { return std::to_string(e.score); }), 6);
    for (const ToyTextPair& e : *part) {
      INFO(e.first << " / " << e.second);
      const Words a = facts(e.first), b = facts(e.second);
      int shared = 0;
      for (size_t i = 0; i < 5; ++i) shared += a[i] == b[i];
      CHECK(e.score == shared);
      for (const Words& f : {a, b}) things[part == &set.test].insert(f[3] + ' ' + f[2]);
    }
  }
  for (const std::string& thing : things[true]) CHECK(!things[false].contains(thing));
}

TEST_CASE("toy coreference: the label is whom the adjective fits, and a pair differs in it alone") {
  const auto set = toy_coreference_task(small);
  check_apart(set, &ToyCoreference::text);
  std::map<std::string, std::set<std::string>> trained;
  const auto noun = [](const std::string& candidate) { return candidate.substr(candidate.rfind(' ') + 1); };
  const auto held_out = [&](const ToyCoreference& e) {
    if (e.type == "food") return Words{noun(e.first), noun(e.second)};
    const auto [low, high] = std::minmax({noun(e.first), noun(e.second)});
    return Words{low + ' ' + high};
  };
  for (const auto* part : {&set.train, &set.validation, &set.test}) {
    check_balanced(count(*part, &ToyCoreference::label), 2);
    const auto types = count(*part, &ToyCoreference::type);
    CHECK(types.size() == 3);
    for (const auto& [type, n] : types) CHECK(std::abs(3 * n - std::ssize(*part)) <= 6);
    for (size_t i = 0; i < part->size(); ++i) {
      const ToyCoreference& e = (*part)[i];
      INFO(e.text);
      const Words words = words_in(e.text);
      const std::string adjective = words.back();
      CHECK(adjective == e.adjective);
      // Whoever eats or catches, and whatever is put in: the first, unless it was done to it.
      const bool turned = is_one_of("by", words) || is_one_of("hold", words);
      const bool of_the_doer = is_one_of(adjective, {"hungry", "fast", "big"});
      CHECK((e.label == "first") == (of_the_doer != turned));
      CHECK(place_of(words, noun(e.first)) < place_of(words, noun(e.second)));
      const ToyCoreference& other = (*part)[i ^ 1];
      CHECK(other.pair == e.pair);
      CHECK(e.pair == static_cast<int64_t>(i / 2) + 1);
      CHECK(other.label != e.label);
      CHECK(other.text.substr(0, other.text.rfind(' ')) == e.text.substr(0, e.text.rfind(' ')));
      CHECK(words.size() == words_in(other.text).size());
      for (const std::string& key : held_out(e)) {
        if (part == &set.train) trained[e.type].insert(key);
        if (part == &set.test) CHECK(!trained[e.type].contains(key));
      }
    }
  }
}

TEST_CASE("toy tasks depend on the seed alone, and more examples keep those that are tested") {
  const auto all = [](uint64_t seed) {
    const ToyTaskOptions options{.examples = 60, .seed = seed};
    return bytes(to_files(toy_topic_task(options))) + bytes(to_files(toy_sentiment_task(options))) +
           bytes(to_files(toy_entities_task(options))) + bytes(to_files(toy_questions_task(options))) +
           bytes(to_files(toy_similarity_task(options))) + bytes(to_files(toy_coreference_task(options)));
  };
  CHECK(all(4) == all(4));
  CHECK(all(4) != all(5));
  const auto few = to_files(toy_questions_task({.examples = 60})),
             more = to_files(toy_questions_task({.examples = 90}));
  CHECK(few[2].examples == 6);
  CHECK(more[2].examples == 9);
  const auto few_rows = to_files(toy_sentiment_task({.examples = 60})),
             more_rows = to_files(toy_sentiment_task({.examples = 90}));
  CHECK(more_rows[1].bytes.starts_with(few_rows[1].bytes));
  CHECK(more_rows[2].bytes.starts_with(few_rows[2].bytes));
}

TEST_CASE("toy tasks: their files are those of GLUE, CoNLL and SQuAD 2.0") {
  const ToySplits<ToyText> texts{{{"Tom felt glad.", "positive", "plain"}}, {}, {}};
  CHECK(bytes(to_files(texts)) ==
        "train.tsv\ntext\tlabel\tkind\nTom felt glad.\tpositive\tplain\n"
        "validation.tsv\ntext\tlabel\tkind\ntest.tsv\ntext\tlabel\tkind\n");
  const ToySplits<ToyTextPair> pairs{{{"A.", "B.", 3}}, {}, {}};
  CHECK(to_files(pairs)[0].bytes == "first\tsecond\tscore\nA.\tB.\t3\n");
  const ToySplits<ToyCoreference> its{{{"T", "the a", "the b", "first", "food", 7, "x"}}, {}, {}};
  CHECK(to_files(its)[0].bytes ==
        "text\tfirst_noun\tsecond_noun\tlabel\ttype\tpair_id\nT\tthe a\tthe b\tfirst\tfood\t7\n");
  const ToySplits<ToyTagged> tagged{
      {{{"Paris", "left", "Paris", "."}, {"B-PER", "O", "B-LOC", "O"}}}, {}, {}};
  CHECK(to_files(tagged)[0].name == "train.conll");
  CHECK(to_files(tagged)[0].bytes == "Paris B-PER\nleft O\nParis B-LOC\n. O\n\n");
  const ToySplits<ToyQuestion> questions{{{"q1", "Tom sat.", "Who sat?", "Tom", 0, "last", 1},
                                          {"q2", "Tom sat.", "Who ran?", "", -1, "none", 1}},
                                         {},
                                         {}};
  CHECK(to_files(questions)[2].name == "test.json");
  CHECK(nlohmann::json::parse(to_files(questions)[0].bytes) ==
        nlohmann::json::parse(R"({"version": "v2.0", "data": [
      {"title": "the toy world", "paragraphs": [
        {"context": "Tom sat.", "qas": [{"id": "q1", "question": "Who sat?", "is_impossible": false,
          "answers": [{"text": "Tom", "answer_start": 0}], "kind": "last"}]},
        {"context": "Tom sat.", "qas": [{"id": "q2", "question": "Who ran?", "is_impossible": true,
          "answers": [], "kind": "none"}]}]}]})"));
}

TEST_CASE("toy tasks: too few examples, more than there are, and half a pair are refused") {
  CHECK_THROWS_WITH(toy_topic_task({.examples = 19}),
                    "topic task: 19 examples are too few to part them in three; take 20 or more");
  CHECK_THROWS_WITH(toy_coreference_task({.examples = 21}),
                    "coreference task: 21 examples make no pairs; take an even number");
  CHECK_THROWS_WITH(toy_entities_task({.examples = 10000000}),
                    "entities task: the toy world has no 10000000 different examples of it; take fewer");
}
