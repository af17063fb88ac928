#include "bert/toy_world/narrator.hpp"

#include <algorithm>
#include <utility>

namespace gradus::bert::toy {
namespace {

bool is_person(const ToyEntity& e) { return e.kind == EntityKind::person; }
bool is_place(const ToyEntity& e) { return e.kind == EntityKind::place || e.kind == EntityKind::town; }

/// Would the same pronoun stand for both?
bool share_pronoun(const ToyEntity& a, const ToyEntity& b) {
  if (is_place(a) || is_place(b)) return false;
  return is_person(a) == is_person(b) && (!is_person(a) || a.female == b.female);
}

}  // namespace

Narrator::Narrator(std::vector<ToyEntity> entities, Rng& rng)
    : entities_(std::move(entities)),
      rng_(rng),
      styles_(rng.bits64()),
      connective_(connectives()[rng.below(connectives().size())]) {}

size_t Narrator::style_of(const Synonyms& verb) const {
  const Synonyms* verbs[] = {&go, &take, &give, &leave, &meet, &carry, &like};
  return styles_ >> (std::find(std::begin(verbs), std::end(verbs), &verb) - verbs) & 1;
}

void Narrator::say(std::initializer_list<Word> words) {
  for (const Word word : words)
    if (!word.empty()) sentence_.words.push_back(word);
}

/// A pronoun stands for the subject of the sentence before, or for its only mention of that gender, and for
/// nobody if this sentence speaks of another whom it would fit.
bool Narrator::pronoun_fits(int entity) const {
  const auto& e = entities_[static_cast<size_t>(entity)];
  if (is_place(e)) return false;
  bool mentioned_before = false;
  for (const int other : last_mentioned_) {
    if (other == entity)
      mentioned_before = true;
    else if (share_pronoun(e, entities_[static_cast<size_t>(other)]))
      return false;
  }
  const ToyFact& fact = sentence_.fact;
  for (const int other : {fact.subject, fact.object, fact.other})
    if (other >= 0 && other != entity && share_pronoun(e, entities_[static_cast<size_t>(other)]))
      return false;
  return mentioned_before;
}

void Narrator::noun_phrase(int entity) {
  const auto& e = entities_[static_cast<size_t>(entity)];
  if (is_person(e) || e.kind == EntityKind::town) return say({e.noun});
  if (e.adjective.empty() || rng_.chance(0.2)) return say({"the", e.noun});
  say({"the", e.adjective, e.noun});
}

void Narrator::mention(int entity, bool as_subject) {
  const auto& e = entities_[static_cast<size_t>(entity)];
  const int begin = static_cast<int>(sentence_.words.size());
  const bool pronoun = pronoun_fits(entity) && rng_.chance(0.45);
  if (!pronoun)
    noun_phrase(entity);
  else if (!is_person(e))
    say({"it"});
  else
    say({as_subject ? (e.female ? "she" : "he") : (e.female ? "her" : "him")});
  sentence_.mentions.push_back({entity, begin, static_cast<int>(sentence_.words.size()), pronoun});
}

void Narrator::name(int entity) {
  const int begin = static_cast<int>(sentence_.words.size());
  noun_phrase(entity);
  sentence_.mentions.push_back({entity, begin, static_cast<int>(sentence_.words.size()), false});
}

void Narrator::subject(int entity) { mention(entity, true); }
void Narrator::object(int entity) { mention(entity, false); }

void Narrator::maybe_place(int place) {
  if (place < 0 || either()) return;
  say({"in"});
  object(place);
}

ToySentence Narrator::tell(const ToyFact& fact, int place, const Need* need) {
  sentence_ = {};
  sentence_.fact = fact;
  // How a sentence begins should tell little: half of them begin with neither a name nor a pronoun.
  if (rng_.chance(begun_ ? 0.25 : 0.5)) say({begun_ ? connective_ : "once"});
  switch (fact.relation) {
    case ToyRelation::at:
      tell_at(fact);
      break;
    case ToyRelation::met:
      tell_met(fact);
      break;
    case ToyRelation::moved:
      tell_moved(fact);
      break;
    case ToyRelation::took:
      tell_took(fact, place);
      break;
    case ToyRelation::gave:
      tell_gave(fact);
      break;
    case ToyRelation::left:
      tell_left(fact);
      break;
    case ToyRelation::has:
      tell_has(fact);
      break;
    case ToyRelation::likes:
      tell_likes(fact);
      break;
    case ToyRelation::needs:
      tell_needs(fact);
      break;
    case ToyRelation::helped:
      tell_helped(fact, *need);
      break;
    default:
      tell_simple(fact);
  }
  say({"."});
  begun_ = true;
  last_mentioned_.clear();
  for (const auto& m : sentence_.mentions) last_mentioned_.push_back(m.entity);
  return std::move(sentence_);
}

/// "In the barn", at the head of some sentences.
bool Narrator::front(int place) {
  if (place < 0 || !rng_.chance(0.4)) return false;
  say({"in"});
  name(place);
  return true;
}

void Narrator::tell_at(const ToyFact& fact) {
  if (!fact.negated && front(fact.object)) {  // In the barn was the rope.
    say({"was"});
    return name(fact.subject);
  }
  subject(fact.subject);
  say({"was", fact.negated ? "not" : "", "in"});
  object(fact.object);
}

void Narrator::tell_met(const ToyFact& fact) {
  sentence_.passive = rng_.chance(0.3);
  const bool fronted = front(fact.other);  // In the barn, Tom met Anna.
  if (fronted) say({","});
  subject(sentence_.passive ? fact.object : fact.subject);
  if (sentence_.passive)
    say({"was", passive_style(meet), "by"});
  else
    say({style(meet)});
  object(sentence_.passive ? fact.subject : fact.object);
  if (fronted) return;
  say({"in"});
  object(fact.other);
}

void Narrator::tell_moved(const ToyFact& fact) {
  if (fact.other < 0) {
    subject(fact.subject);
    say({style(go), "to"});
    return object(fact.object);
  }
  sentence_.passive = rng_.chance(0.3);
  if (sentence_.passive) {
    subject(fact.other);
    say({"was", passive_style(carry), "to"});
    object(fact.object);
    say({"by"});
    return object(fact.subject);
  }
  subject(fact.subject);
  say({style(carry)});
  object(fact.other);
  say({"to"});
  object(fact.object);
}

void Narrator::tell_took(const ToyFact& fact, int place) {
  sentence_.passive = rng_.chance(0.35);
  const bool fronted = front(place);
  if (fronted) say({","});
  subject(sentence_.passive ? fact.object : fact.subject);
  if (sentence_.passive)
    say({"was", passive_style(take), "by"});
  else
    say({style(take)});
  object(sentence_.passive ? fact.subject : fact.object);
  if (!fronted) maybe_place(place);
}

void Narrator::tell_gave(const ToyFact& fact) {
  const auto form = rng_.below(3);
  if (form == 0) {  // Tom gave the rope to Anna.
    subject(fact.subject);
    say({style(give)});
    object(fact.object);
    say({"to"});
    object(fact.other);
  } else if (form == 1) {  // Anna got the rope from Tom.
    subject(fact.other);
    say({"got"});
    object(fact.object);
    say({"from"});
    object(fact.subject);
  } else {  // The rope was given to Anna by Tom.
    sentence_.passive = true;
    subject(fact.object);
    say({"was", passive_style(give), "to"});
    object(fact.other);
    say({"by"});
    object(fact.subject);
  }
}

void Narrator::tell_left(const ToyFact& fact) {
  sentence_.passive = rng_.chance(0.35);
  if (sentence_.passive) {
    subject(fact.object);
    say({"was", passive_style(leave), "in"});
    object(fact.other);
    say({"by"});
    return object(fact.subject);
  }
  subject(fact.subject);
  say({style(leave)});
  object(fact.object);
  say({"in"});
  object(fact.other);
}

void Narrator::tell_has(const ToyFact& fact) {
  subject(fact.subject);
  if (fact.negated)
    say({"did", "not", "have"});
  else
    say({"still", "had"});
  object(fact.object);
}

void Narrator::tell_likes(const ToyFact& fact) {
  subject(fact.subject);
  if (fact.negated)
    say({"did", "not", "like"});
  else
    say({style(like)});
  object(fact.object);
}

void Narrator::tell_needs(const ToyFact& fact) {
  subject(fact.subject);
  say({"was"});
  if (fact.negated)
    say({"not", fact.word, "any", "more"});
  else
    say({fact.word});
}

void Narrator::tell_helped(const ToyFact& fact, const Need& need) {
  const auto& e = entities_[static_cast<size_t>(fact.subject)];
  const Word he = !is_person(e) ? "it" : e.female ? "she" : "he";
  const auto form = rng_.below(need.participle.empty() ? 2 : 3);
  if (form == 2) {  // The corn was eaten by the horse.
    sentence_.passive = true;
    subject(fact.object);
    say({"was", need.participle, "by"});
    return object(fact.subject);
  }
  subject(fact.subject);
  say({need.past, need.preposition});
  object(fact.object);
  if (form == 0) return;
  say({"because"});  // The horse ate the corn because it was hungry.
  const int at = static_cast<int>(sentence_.words.size());
  sentence_.mentions.push_back({fact.subject, at, at + 1, true});
  say({he, "was", need.adjective});
}

void Narrator::tell_simple(const ToyFact& fact) {
  switch (fact.relation) {
    case ToyRelation::from:
      subject(fact.subject);
      say({"came", "from"});
      return object(fact.object);
    case ToyRelation::home:
      subject(fact.subject);
      say({style(go), "home", "to"});
      return object(fact.object);
    case ToyRelation::followed:
      subject(fact.subject);
      say({"followed"});
      object(fact.object);
      say({"to"});
      return object(fact.other);
    case ToyRelation::feels:
      subject(fact.subject);
      return say({"felt", fact.negated ? "not" : "", fact.negated ? "at" : "", fact.negated ? "all" : "",
                  fact.word});
    default:  // the day
      say({"it", "was", "a", fact.word, "day", "for"});
      name(fact.subject);
      say({"and"});
      return name(fact.object);
  }
}

}  // namespace gradus::bert::toy
