// Questions of the toy world: the answers are those that hold in every world that fits the story.
#include <algorithm>
#include <array>
#include <set>

#include "bert/toy_world/simulation.hpp"
#include "bert/toy_world/task_baselines.hpp"
#include "bert/toy_world/tasks.hpp"
#include "bert/toy_world/toy_world.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::bert;
using namespace gradus::bert::toy;

namespace {

constexpr int elsewhere = -2;

/// One way in which things may have been: where each of the five was when the story began, and is.
struct Possible {
  std::array<int, 5> place;
  std::array<int, 5> holder = {-1, -1, -1, -1, -1};

  int where(int e) const {
    const int with = holder[static_cast<size_t>(e)];
    return place[static_cast<size_t>(with < 0 ? e : with)];
  }
  int& place_of(int e) { return place[static_cast<size_t>(e)]; }

  /// Goes on by a sentence, and says whether it can be.
  bool hear(const ToySentence& said) {
    const ToyFact& f = said.fact;
    switch (f.relation) {
      case ToyRelation::at:
        return (where(f.subject) == f.object) != f.negated;
      case ToyRelation::met:
        return where(f.subject) == f.other && where(f.object) == f.other;
      case ToyRelation::moved:
      case ToyRelation::home:
        place_of(f.subject) = f.object;
        return true;
      case ToyRelation::followed:
        place_of(f.subject) = f.other;
        return where(f.object) == f.other;
      case ToyRelation::took: {
        const bool together = where(f.subject) == where(f.object);
        holder[static_cast<size_t>(f.object)] = f.subject;
        return together && std::ranges::all_of(said.mentions, [&](const ToyMention& m) {
                 return (m.entity != first_place && m.entity != second_place) || where(f.subject) == m.entity;
               });
      }
      case ToyRelation::gave:
        holder[static_cast<size_t>(f.object)] = f.other;
        return where(f.subject) == where(f.other);
      case ToyRelation::left:
        holder[static_cast<size_t>(f.object)] = -1;
        place_of(f.object) = f.other;
        return where(f.subject) == f.other;
      case ToyRelation::helped:
        return (f.object != first_place && f.object != second_place) || where(f.subject) == f.object;
      default:
        return true;
    }
  }
};

/// All that may be in the end.
std::vector<Possible> possible_ends(const ToyStory& story) {
  std::vector<Possible> ends;
  const std::array<int, 4> places = {first_place, second_place, town, elsewhere};
  for (size_t number = 0; number < 1024; ++number) {
    Possible world;
    for (size_t e = 0, rest = number; e < 5; ++e, rest /= 4) world.place[e] = places[rest % 4];
    if (std::ranges::all_of(story.sentences, [&](const ToySentence& s) { return world.hear(s); }))
      ends.push_back(world);
  }
  return ends;
}

/// The entity that a question asks about; -1: the story has none of that name.
int asked_about(const ToyStory& story, const ToyQuestion& q) {
  std::string noun = q.question.substr(std::string_view("Where is ").size());
  if (q.question.starts_with("Who has")) noun = q.question.substr(std::string_view("Who has ").size());
  noun.resize(noun.find_first_of("?"));
  if (noun.ends_with(" now")) noun.resize(noun.size() - 4);
  if (noun.starts_with("the ")) noun.erase(0, 4);
  noun[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(noun[0])));
  for (int e = 0; e < 5; ++e)
    if (story.entities[static_cast<size_t>(e)].noun == noun) return e;
  return -1;
}

std::string small_letters(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

/// The sentence in which a character of the story stands.
size_t sentence_at(const ToyStory& story, int64_t at) {
  size_t sentence = 0;
  for (int64_t end = std::ssize(story.sentences[0].text()); end < at;) {
    end += 1 + std::ssize(story.sentences[++sentence].text());
  }
  return sentence;
}

/// The last sentence in which somebody takes or is given the thing: it says who has it.
size_t last_change_of_hands(const ToyStory& story, int thing) {
  size_t last = 0;
  for (size_t s = 0; s < story.sentences.size(); ++s) {
    const ToyFact& fact = story.sentences[s].fact;
    const bool changes = fact.relation == ToyRelation::took || fact.relation == ToyRelation::gave;
    if (changes && fact.object == thing) last = s;
  }
  return last;
}

const ToyTaskOptions options{.examples = 3000, .seed = 5};

/// The sentences of the story that a question has as its context.
ToyStory beginning_of(const ToyQuestion& question, bool held_out) {
  ToyStory story = toy_story({.seed = options.seed, .held_out = held_out}, question.story);
  size_t sentences = 0;
  std::string text;
  while (text.size() < question.context.size() && sentences < story.sentences.size())
    text += (text.empty() ? "" : " ") + story.sentences[sentences++].text();
  REQUIRE(question.context == text);
  story.sentences.resize(sentences);
  return story;
}

}  // namespace

TEST_CASE("toy questions: the answer holds in every world that fits the story, and without one they differ") {
  const auto set = toy_questions_task(options);
  int strangers = 0, unknown = 0;
  std::set<size_t> lengths;
  for (const auto* part : {&set.train, &set.validation, &set.test})
    for (const ToyQuestion& q : *part) {
      INFO(q.context << " " << q.question << " " << q.answer);
      const ToyStory story = beginning_of(q, part != &set.train);
      lengths.insert(story.sentences.size());
      CHECK((q.kind == "none") == q.answer.empty());
      CHECK((q.answer_start < 0) == q.answer.empty());
      if (!q.answer.empty())
        CHECK(q.context.substr(static_cast<size_t>(q.answer_start), q.answer.size()) == q.answer);
      const int about = asked_about(story, q);
      if (about < 0) {
        CHECK(q.kind == "none");
        ++strangers;
        continue;
      }
      const bool where = q.question.starts_with("Where");
      std::set<int> answers;
      for (const Possible& end : possible_ends(story))
        answers.insert(where ? end.where(about) : end.holder[static_cast<size_t>(about)]);
      REQUIRE(!answers.empty());
      const int answer = answers.size() == 1 ? *answers.begin() : -1;
      if (q.kind == "none") {
        CHECK(answer < 0);
        ++unknown;
      } else {
        REQUIRE(answer >= 0);
        CHECK(story.entities[static_cast<size_t>(answer)].noun == small_letters(q.answer));
        if (!where) CHECK(sentence_at(story, q.answer_start) <= last_change_of_hands(story, about));
      }
    }
  CHECK(lengths == std::set<size_t>{2, 3, 4, 5});
  CHECK(strangers > 400);
  CHECK(unknown > 400);
}

TEST_CASE("toy questions: a third has no answer, and what is named last is mostly wrong") {
  const auto set = toy_questions_task(options);
  std::set<std::string> contexts, ids;
  for (const auto* part : {&set.train, &set.validation, &set.test}) {
    double none = 0, last = 0;
    for (const ToyQuestion& q : *part) {
      CHECK(contexts.insert(q.context).second);
      CHECK(ids.insert(q.id).second);
      none += q.kind == "none";
      last += q.kind == "last";
    }
    const auto all = static_cast<double>(part->size());
    CHECK(std::abs(none / all - 1.0 / 3) < 0.01);
    CHECK(std::abs(last / (all - none) - 0.4) < 0.02);
  }
  // Of those that have an answer the baseline has less than a half.
  const auto figure = baselines_of(set).figures.back();
  CHECK(figure.name == "the last place or person");
  CHECK(figure.all / (2.0 / 3) < 0.5);
  CHECK(figure.by_kind.at(1).first == "last");
  CHECK(figure.by_kind.at(1).second > 0.6);
}
