#include "bert/toy_world/toy_world.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <map>
#include <set>

#include "bert/evaluation/baselines.hpp"
#include "support/catch.hpp"
#include "support/corpus_helpers.hpp"

using namespace gradus;
using namespace gradus::bert;
using gradus::bert::testing::WordTable;

namespace {

/// Words and punctuation apart, in small letters: what an uncased tokenizer makes of the text.
std::string plain(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '.' || c == ',') out += ' ';
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

/// Follows a story by its facts alone: -1 is "not told yet".
class Witness {
 public:
  explicit Witness(size_t entities) : place_(entities, -1), holder_(entities, -1) {}

  /// Whether a fact agrees with all that was told before.
  bool believes(const ToyFact& f) {
    switch (f.relation) {
      case ToyRelation::at:
        if (f.negated) return place(f.subject) != f.object;
        return learn_place(f.subject, f.object);
      case ToyRelation::met:
        return learn_place(f.subject, f.other) && learn_place(f.object, f.other);
      case ToyRelation::moved:
        if (f.other >= 0 && holder_[index(f.other)] != f.subject) return false;
        if (place(f.subject) == f.object) return false;
        place_[index(f.subject)] = f.object;
        return true;
      case ToyRelation::followed:
        if (place(f.subject) == f.other || !learn_place(f.object, f.other)) return false;
        place_[index(f.subject)] = f.other;
        return true;
      case ToyRelation::took: {
        const bool same = place(f.subject) < 0 || place(f.object) < 0 || place(f.subject) == place(f.object);
        if (holder_[index(f.object)] >= 0 || !same) return false;
        if (place(f.subject) < 0) place_[index(f.subject)] = place(f.object);
        holder_[index(f.object)] = f.subject;
        return true;
      }
      case ToyRelation::gave: {
        const bool same = place(f.subject) < 0 || place(f.other) < 0 || place(f.subject) == place(f.other);
        if (holder_[index(f.object)] != f.subject || !same) return false;
        holder_[index(f.object)] = f.other;
        return true;
      }
      case ToyRelation::left:
        if (holder_[index(f.object)] != f.subject || !learn_place(f.subject, f.other)) return false;
        holder_[index(f.object)] = -1;
        place_[index(f.object)] = f.other;
        return true;
      case ToyRelation::has:
        return (holder_[index(f.object)] == f.subject) != f.negated;
      case ToyRelation::needs:
        if (f.negated) return helped_ == std::pair{f.subject, f.word};
        needy_ = {f.subject, f.word};
        return true;
      case ToyRelation::helped:
        helped_ = {f.subject, f.word};
        return needy_ == helped_;
      default:
        return true;
    }
  }

 private:
  static size_t index(int entity) { return static_cast<size_t>(entity); }
  int place(int entity) const {
    const int holder = holder_[index(entity)];
    return place_[index(holder >= 0 ? holder : entity)];
  }
  bool learn_place(int entity, int where) {
    if (place(entity) >= 0) return place(entity) == where;
    const int holder = holder_[index(entity)];
    place_[index(holder >= 0 ? holder : entity)] = where;
    return true;
  }

  std::vector<int> place_, holder_;
  std::pair<int, std::string_view> needy_ = {-1, {}}, helped_ = {-1, {}};
};

struct ToyCorpus {
  WordTable words;
  std::shared_ptr<TokenizedCorpus> corpus;
  explicit ToyCorpus(const ToyWorldOptions& options) {
    for (const auto word : toy_vocabulary()) words.id(std::string(word));
    corpus = std::make_shared<TokenizedCorpus>(
        tokenize_corpus(plain(toy_corpus(options)), "toy", words.tokenizer()));
  }
};

/// The accuracy of the best guess per cell of a feature, counted on one half of the rows, scored on the
/// other.
template <class Feature>
double nsp_from(const ToyCorpus& toy, Feature&& feature) {
  const PretrainingData data(toy.corpus, toy.words.pieces(), {.max_length = 64, .seed = 4});
  std::map<std::vector<int64_t>, std::array<double, 2>> cells;
  double right = 0, all = 0;
  for (int64_t number = 0; number < 6; ++number) {
    const auto epoch = data.plan_epoch(number);
    for (const auto& row : epoch.examples) {
      // Even documents are counted, odd ones scored.
      const bool scored = toy.corpus->ids().size() / 2 < static_cast<size_t>(row.a_begin);
      auto& cell = cells[feature(*toy.corpus, row)];
      if (!scored) cell[static_cast<size_t>(row.next_sentence_label)] += 1;
    }
  }
  for (int64_t number = 0; number < 6; ++number) {
    const auto epoch = data.plan_epoch(number);
    for (const auto& row : epoch.examples) {
      if (toy.corpus->ids().size() / 2 >= static_cast<size_t>(row.a_begin)) continue;
      const auto& cell = cells[feature(*toy.corpus, row)];
      right += (cell[1] > cell[0] ? 1 : 0) == row.next_sentence_label;
      all += 1;
    }
  }
  return right / all;
}

}  // namespace

TEST_CASE("the toy world is true to itself: every fact agrees with those told before") {
  for (const bool held_out : {false, true}) {
    const ToyWorldOptions options{.seed = 5, .held_out = held_out};
    for (int64_t i = 0; i < 2000; ++i) {
      const auto story = toy_story(options, i);
      Witness witness(story.entities.size());
      for (const auto& sentence : story.sentences) {
        INFO(i << ": " << sentence.text());
        REQUIRE(witness.believes(sentence.fact));
      }
    }
  }
}

TEST_CASE("sentences are well formed and know whom they speak of") {
  const auto vocabulary = toy_vocabulary();
  std::set<ToyRelation> relations;
  std::array<int, 2> voices{}, pronouns{};
  for (int64_t i = 0; i < 2000; ++i) {
    const auto story = toy_story({.seed = 6}, i);
    REQUIRE(story.sentences.size() >= 5);
    REQUIRE(story.sentences.size() <= 9);
    REQUIRE((story.topic >= 0 && story.topic < toy_topics()));
    std::set<int> mentioned_before;
    for (const auto& sentence : story.sentences) {
      const auto text = sentence.text();
      INFO(text);
      REQUIRE(text.back() == '.');
      REQUIRE(std::isupper(static_cast<unsigned char>(text.front())));
      REQUIRE(sentence.words.back() == ".");
      REQUIRE(std::count(sentence.words.begin(), sentence.words.end(), ".") == 1);
      for (const auto word : sentence.words)
        REQUIRE(std::binary_search(vocabulary.begin(), vocabulary.end(), word));
      relations.insert(sentence.fact.relation);
      ++voices[sentence.passive];
      std::set<int> mentioned;
      for (const auto& m : sentence.mentions) {
        REQUIRE((m.begin >= 0 && m.begin < m.end && m.end < static_cast<int>(sentence.words.size())));
        const auto& e = story.entities[static_cast<size_t>(m.entity)];
        const auto last = sentence.words[static_cast<size_t>(m.end) - 1];
        ++pronouns[m.pronoun];
        if (!m.pronoun) {
          REQUIRE(last == e.noun);
        } else if (e.kind != EntityKind::person) {
          REQUIRE(last == "it");
        } else {
          REQUIRE((last == (e.female ? "she" : "he") || last == (e.female ? "her" : "him")));
        }
        if (m.pronoun) REQUIRE(mentioned_before.count(m.entity) + mentioned.count(m.entity) > 0);
        mentioned.insert(m.entity);
      }
      mentioned_before = mentioned;
    }
  }
  CHECK(relations.size() == 15);  // every kind of fact is told
  CHECK(voices[1] * 20 > voices[0]);
  CHECK(pronouns[1] * 20 > pronouns[0]);
}

TEST_CASE("a story depends on its seed and number only") {
  const ToyWorldOptions options{.stories = 50, .seed = 9};
  const auto text = toy_corpus(options);
  CHECK(text == toy_corpus(options));
  std::string joined;
  for (int64_t i = 49; i >= 0; --i) {
    std::string story;
    for (const auto& sentence : toy_story(options, i).sentences) story += sentence.text() + "\n";
    joined = story + (i == 49 ? "" : "\n") + joined;
  }
  CHECK(joined == text);
  CHECK_FALSE(text == toy_corpus({.stories = 50, .seed = 10}));
  CHECK_FALSE(text == toy_corpus({.stories = 50, .seed = 9, .held_out = true}));
  CHECK(toy_corpus({.stories = 0}).empty());
}

TEST_CASE("held-out stories put together what the others never do") {
  using Pair = std::pair<std::string_view, std::string_view>;
  std::set<Pair> people[2], things[2];
  for (const bool held_out : {false, true})
    for (int64_t i = 0; i < 3000; ++i) {
      const auto story = toy_story({.seed = 11, .held_out = held_out}, i);
      people[held_out].insert({story.entities[0].noun, story.entities[1].noun});
      for (const auto& e : story.entities)
        if (e.kind == EntityKind::thing) things[held_out].insert({e.noun, e.adjective});
    }
  for (const auto* pairs : {people, things}) {
    CHECK(pairs[1].size() > 20);
    for (const auto& pair : pairs[1]) CHECK(pairs[0].count(pair) == 0);
  }
}

TEST_CASE("stories in a row share their topic, and all topics come up") {
  const ToyWorldOptions options{.seed = 3, .stories_per_topic = 4};
  std::set<int> topics;
  for (int64_t block = 0; block < 100; ++block) {
    const int topic = toy_story(options, 4 * block).topic;
    topics.insert(topic);
    for (int64_t k = 1; k < 4; ++k) CHECK(toy_story(options, 4 * block + k).topic == topic);
  }
  CHECK(static_cast<int>(topics.size()) == toy_topics());
}

TEST_CASE("the vocabulary is small, sorted, and all of it is used") {
  const auto vocabulary = toy_vocabulary();
  CHECK(vocabulary.size() >= 200);
  CHECK(vocabulary.size() <= 300);
  CHECK(std::is_sorted(vocabulary.begin(), vocabulary.end()));
  std::set<std::string_view> used;
  for (int64_t i = 0; i < 4000; ++i)
    for (const auto& sentence : toy_story({}, i).sentences)
      used.insert(sentence.words.begin(), sentence.words.end());
  std::string unused;
  for (const auto word : vocabulary)
    if (used.count(word) == 0) unused += std::string(word) + " ";
  CHECK(unused == "");
}

TEST_CASE("twenty thousand stories are made in seconds") {
  const auto start = std::chrono::steady_clock::now();
  const auto text = toy_corpus();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  CHECK(text.size() > 3000000);
  CHECK(seconds.count() < 20);  // about one; the bound allows for a busy machine and sanitizers
}

TEST_CASE("lengths alone do not tell a random sentence from the next one") {
  const ToyCorpus toy({.stories = 6000, .seed = 21});
  const auto lengths = [](const TokenizedCorpus&, const ExamplePlan& row) {
    return std::vector<int64_t>{(row.a_end - row.a_begin) / 3, (row.b_end - row.b_begin) / 3};
  };
  const auto total = [](const TokenizedCorpus&, const ExamplePlan& row) {
    return std::vector<int64_t>{row.a_end - row.a_begin + row.b_end - row.b_begin};
  };
  const double both = nsp_from(toy, lengths), sum = nsp_from(toy, total);
  INFO("from both lengths " << both << ", from their sum " << sum);
  CHECK(both <= 0.55);
  CHECK(sum <= 0.55);
}

TEST_CASE("first words alone do not tell a random sentence from the next one") {
  const ToyCorpus toy({.stories = 6000, .seed = 22});
  const auto first_of_b = [](const TokenizedCorpus& corpus, const ExamplePlan& row) {
    return std::vector<int64_t>{corpus.ids()[static_cast<size_t>(row.b_begin)]};
  };
  const auto first_of_both = [](const TokenizedCorpus& corpus, const ExamplePlan& row) {
    return std::vector<int64_t>{corpus.ids()[static_cast<size_t>(row.a_begin)],
                                corpus.ids()[static_cast<size_t>(row.b_begin)]};
  };
  const double one = nsp_from(toy, first_of_b), both = nsp_from(toy, first_of_both);
  INFO("from B's first word " << one << ", from both " << both);
  CHECK(one <= 0.55);
  CHECK(both <= 0.55);
}

TEST_CASE("neighbouring words leave much of the toy world open") {
  const ToyCorpus training({.stories = 4000, .seed = 31}),
      held_out({.stories = 400, .seed = 31, .held_out = true});
  const BigramBaseline bigram(*training.corpus, training.words.pieces());
  const PretrainingData data(held_out.corpus, held_out.words.pieces(), {.seed = 1});
  const auto epoch = data.plan_epoch(0);
  const auto batch = data.batch(epoch, 0, epoch.size());
  const double accuracy = bigram.score(batch).accuracy();
  CHECK(accuracy > bigram.unigram().score(batch).accuracy() + 0.2);
  CHECK(accuracy < 0.6);
}
