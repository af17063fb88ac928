#include <algorithm>
#include <map>

#include "bert/toy_world/simulation.hpp"
#include "bert/toy_world/task_kit.hpp"
#include "bert/toy_world/toy_world.hpp"

namespace gradus::bert {
namespace {

using namespace toy;

/// What a listener knows of places and holders: all that follows from what was told, and nothing else. Those
/// of whom it is known that they are in one place share a spot, even if nobody said which place it is.
class Listener {
 public:
  Listener() : spot_(cast_size), holder_(cast_size), place_(cast_size), vague_(cast_size) {
    for (size_t i = 0; i < cast_size; ++i) spot_[i] = i;
  }

  void hear(const ToyStory& story, int sentence) {
    const ToySentence& said = story.sentences[static_cast<size_t>(sentence)];
    const ToyFact& f = said.fact;
    switch (f.relation) {
      case ToyRelation::at:
        if (!f.negated) learn(f.subject, f.object, sentence);
        break;
      case ToyRelation::met:
        learn(f.subject, f.other, sentence);
        learn(f.object, f.other, sentence);
        break;
      case ToyRelation::moved:
      case ToyRelation::home:
        leave(f.subject);
        learn(f.subject, f.object, sentence);
        break;
      case ToyRelation::followed:
        learn(f.object, f.other, sentence);
        spot_[index(f.subject)] = spot_of(f.object);
        break;
      case ToyRelation::took:
        join(f.subject, f.object);
        hold(f.object, f.subject, sentence);
        for (const ToyMention& m : said.mentions)
          if (m.entity == first_place || m.entity == second_place) learn(f.subject, m.entity, sentence);
        break;
      case ToyRelation::gave:
        join(f.subject, f.other);
        hold(f.object, f.other, sentence);
        break;
      case ToyRelation::left:
        learn(f.subject, f.other, sentence);
        spot_[index(f.object)] = spot_of(f.subject);
        hold(f.object, -1, sentence);
        break;
      case ToyRelation::helped:
        if (f.object == first_place || f.object == second_place) learn(f.subject, f.object, sentence);
        // Who plays with a thing may have been near it: nobody is asked for either.
        if (f.object == first_thing) vague_[index(f.subject)] = vague_[first_thing] = true;
        break;
      default:
        break;
    }
  }

  struct Known {
    int entity = -1, sentence = -1;  // a place or a holder, and which sentence said so last
  };
  Known place_of(int entity) const { return place_[spot_of(entity)]; }
  Known holder_of(int thing) const { return holder_[index(thing)]; }
  bool is_vague(int entity) const { return vague_[index(entity)]; }

 private:
  static size_t index(int entity) { return static_cast<size_t>(entity); }
  size_t spot_of(int entity) const {
    const int holder = holder_[index(entity)].entity;
    return spot_[index(holder < 0 ? entity : holder)];
  }
  void hold(int thing, int holder, int sentence) { holder_[index(thing)] = {holder, sentence}; }
  void learn(int entity, int place, int sentence) { place_[spot_of(entity)] = {place, sentence}; }
  void leave(int entity) {
    spot_[index(entity)] = place_.size();
    place_.emplace_back();
  }
  void join(int one, int other) {
    const size_t a = spot_of(one), b = spot_of(other);
    if (place_[a].entity < 0) place_[a] = place_[b];
    std::replace(spot_.begin(), spot_.end(), b, a);
  }

  std::vector<size_t> spot_;
  std::vector<Known> holder_;  // of a thing
  std::vector<Known> place_;   // of a spot
  std::vector<bool> vague_;
};

bool is_place(const ToyEntity& e) { return e.kind == EntityKind::place || e.kind == EntityKind::town; }

/// The last time before sentence `end` that an entity is called by its noun: (sentence, word), or -1.
std::pair<int, int> last_mention(const ToyStory& story, int entity, int end) {
  for (int s = end - 1; s >= 0; --s)
    for (const ToyMention& m : story.sentences[static_cast<size_t>(s)].mentions)
      if (m.entity == entity && !m.pronoun) return {s, m.end - 1};
  return {-1, -1};
}

/// The place, or the person, that is named last of all.
int named_last(const ToyStory& story, bool place) {
  for (auto s = story.sentences.rbegin(); s != story.sentences.rend(); ++s)
    for (auto m = s->mentions.rbegin(); m != s->mentions.rend(); ++m) {
      const ToyEntity& e = story.entities[static_cast<size_t>(m->entity)];
      if (!m->pronoun && (place ? is_place(e) : e.kind == EntityKind::person)) return m->entity;
    }
  return -1;
}

/// A question before it has its words.
struct Asked {
  bool where = true;
  std::string about;
  int answer = -1;    // an entity
  int sentence = -1;  // the answer is named there, or before
  Word kind = "none";
};

std::string called(const ToyEntity& e) {
  return e.kind == EntityKind::person ? capitalised(e.noun) : "the " + std::string(e.noun);
}

std::vector<Asked> possible_questions(const ToyStory& story) {
  const int end = static_cast<int>(story.sentences.size());
  Listener listener;
  for (int s = 0; s < end; ++s) listener.hear(story, s);
  std::vector<Asked> asked;
  const auto add = [&](bool where, int about, const Listener::Known& known) {
    const int answer = known.entity;
    const Word kind = answer < 0 ? "none" : answer == named_last(story, where) ? "last" : "earlier";
    asked.push_back(
        {where, called(story.entities[static_cast<size_t>(about)]), answer, known.sentence, kind});
  };
  for (const int e : {first_person, second_person, animal, first_thing, second_thing}) {
    if (last_mention(story, e, end).first < 0) continue;
    if (!listener.is_vague(e)) add(true, e, listener.place_of(e));
    if (e == first_thing || e == second_thing) add(false, e, listener.holder_of(e));
  }
  return asked;
}

/// Somebody or something that the story does not have.
Asked stranger(const ToyStory& story, Rng& rng) {
  const Topic& topic = topics()[static_cast<size_t>(story.topic)];
  const bool person = rng.chance(0.4);
  for (;;) {
    const ToyEntity e = person ? ToyEntity{EntityKind::person, pick(people(), rng), {}}
                               : ToyEntity{EntityKind::thing, pick(topic.things, rng), {}};
    const bool known =
        std::ranges::any_of(story.entities, [&](const ToyEntity& o) { return o.noun == e.noun; });
    if (!known) return {person || rng.chance(0.5), called(e)};
  }
}

ToyQuestion worded(const ToyStory& story, const Asked& asked, bool with_now) {
  ToyQuestion question;
  std::vector<int64_t> begins;
  for (const ToySentence& sentence : story.sentences) {
    if (!question.context.empty()) question.context += ' ';
    begins.push_back(std::ssize(question.context));
    question.context += sentence.text();
  }
  question.question = (asked.where ? "Where is " : "Who has ") + asked.about + (with_now ? " now?" : "?");
  question.kind = asked.kind;
  if (asked.answer < 0) return question;
  const auto [s, word] = last_mention(story, asked.answer, asked.sentence + 1);
  ToySentence head = story.sentences[static_cast<size_t>(s)];
  head.words.resize(static_cast<size_t>(word) + 1);
  const int64_t length = std::ssize(head.words.back());
  question.answer_start = begins[static_cast<size_t>(s)] + std::ssize(head.text()) - length;
  question.answer =
      question.context.substr(static_cast<size_t>(question.answer_start), static_cast<size_t>(length));
  return question;
}

/// Its first sentences: what a question asks about is what holds at their end.
ToyStory beginning(ToyStory story, Rng& rng) {
  story.sentences.resize(static_cast<size_t>(rng.between(2, 5)));
  return story;
}

constexpr Word question_kinds[] = {"none",    "earlier", "last", "none",    "earlier",
                                   "earlier", "none",    "last", "earlier", "none",
                                   "earlier", "last",    "none", "earlier", "last"};

}  // namespace

ToySplits<ToyQuestion> toy_questions_task(const ToyTaskOptions& options) {
  const auto make = [&](Rng& rng, Part part, int64_t i) {
    const Word kind = question_kinds[static_cast<size_t>(i) % std::size(question_kinds)];
    const bool of_a_stranger = kind == "none" && i / 15 % 2 == 0, where = rng.chance(0.6);
    const ToyWorldOptions world{.seed = options.seed, .held_out = part != Part::train};
    for (;;) {
      const auto number = static_cast<int64_t>(rng.below(uint64_t{1} << 40));
      const ToyStory story = beginning(toy_story(world, number), rng);
      std::vector<Asked> asked = possible_questions(story);
      if (of_a_stranger) asked = {stranger(story, rng)};
      std::erase_if(asked,
                    [&](const Asked& a) { return a.kind != kind || (a.where != where && !of_a_stranger); });
      if (asked.empty()) continue;
      ToyQuestion question = worded(story, asked[rng.below(asked.size())], rng.chance(0.5));
      question.story = number;
      const Word parts[] = {"train", "validation", "test"};
      question.id = fmt::format("toy-{}-{}", parts[static_cast<size_t>(part)], i + 1);
      return question;
    }
  };
  return make_splits<ToyQuestion>("questions", 4, options, make,
                                  [](const ToyQuestion& e) { return e.context; });
}

}  // namespace gradus::bert
