#include "bert/toy_world/simulation.hpp"

#include <algorithm>

namespace gradus::bert::toy {
namespace {

using enum ToyRelation;

int other_person(int person) { return person == first_person ? second_person : first_person; }
int other_place(int place) { return place == first_place ? second_place : first_place; }

}  // namespace

Simulation::Simulation(bool cheerful, Rng& rng)
    : cheerful_(cheerful), mood_(rng.below(feelings(cheerful).size())), rng_(rng) {
  for (const int e : {first_person, second_person, animal, first_thing, second_thing, food}) {
    place_[static_cast<size_t>(e)] = draw_place();
    holder_[static_cast<size_t>(e)] = -1;
    liked_by_first_[static_cast<size_t>(e)] = rng.chance(0.5);
    liked_by_second_[static_cast<size_t>(e)] = rng.chance(0.5);
  }
}

int Simulation::place_of(int entity) const {
  const int holder = holder_[static_cast<size_t>(entity)];
  const bool is_thing = entity == first_thing || entity == second_thing;
  return place_[static_cast<size_t>(is_thing && holder >= 0 ? holder : entity)];
}

const Need* Simulation::need_of(const ToyFact& fact) const {
  return fact.relation == helped || fact.relation == needs ? need_ : nullptr;
}

bool Simulation::was_told(const ToyFact& fact) const {
  return std::find(told_.begin(), told_.end(), fact) != told_.end();
}

ToyFact Simulation::open() {
  if (rng_.chance(0.35)) return tell({from, first_person, town, -1, false, {}});
  return tell({at, first_person, place_of(first_person), -1, false, {}});
}

ToyFact Simulation::close() {
  if (known_[town] && rng_.chance(0.85)) return tell({home, first_person, town, -1, false, {}});
  return tell({day, first_person, second_person, -1, false, days(cheerful_)[mood_]});
}

ToyFact Simulation::next() {
  choices_.clear();
  offer_introductions();
  for (const int person : {first_person, second_person}) {
    if (!known_[static_cast<size_t>(person)]) continue;
    offer_things(person);
    offer_journeys(person);
    offer_opinions(person);
  }
  offer_places();
  offer_needs();
  double total = 0;
  for (const auto& choice : choices_) total += choice.weight;
  double u = rng_.uniform() * total;
  for (const auto& choice : choices_)
    if ((u -= choice.weight) < 0) return tell(choice.fact);
  return tell(choices_.back().fact);
}

void Simulation::offer(double weight, const ToyFact& fact) {
  // Few stories need a second thing: what is spoken of already is spoken of again.
  const bool brings_second =
      !known_[second_thing] && (fact.subject == second_thing || fact.object == second_thing);
  if (!was_told(fact)) choices_.push_back({fact, brings_second && known_[first_thing] ? weight / 5 : weight});
}

void Simulation::offer_introductions() {
  if (known_[second_person]) return;
  const int place = place_of(second_person);
  if (together()) offer(8, {met, first_person, second_person, place, false, {}});
  offer(4, {at, second_person, place, -1, false, {}});
}

void Simulation::offer_things(int person) {
  for (const int thing : {first_thing, second_thing}) {
    const int holder = holder_[static_cast<size_t>(thing)];
    const int place = place_of(person);
    if (holder < 0 && place_of(thing) == place) {
      // A thing that was left is not taken by the one who left it.
      if (!was_told({left, person, thing, place, false, {}})) offer(3, {took, person, thing, -1, false, {}});
    } else if (holder == person) {
      if (together() && known_[static_cast<size_t>(other_person(person))])
        offer(3, {gave, person, thing, other_person(person), false, {}});
      offer(1.5, {left, person, thing, place, false, {}});
      offer(1.5, {has, person, thing, -1, false, {}});
    } else if (holder >= 0) {
      offer(0.6, {has, person, thing, -1, true, {}});
    }
  }
}

void Simulation::offer_journeys(int person) {
  const int to = other_place(place_of(person));
  offer(1.2, {moved, person, to, -1, false, {}});
  for (const int thing : {first_thing, second_thing})
    if (holder_[static_cast<size_t>(thing)] == person) offer(2, {moved, person, to, thing, false, {}});
  if (place_of(animal) != place_of(person))
    offer(1.2, {followed, animal, person, place_of(person), false, {}});
}

void Simulation::offer_opinions(int person) {
  const auto& liked = person == first_person ? liked_by_first_ : liked_by_second_;
  for (const int what : {animal, first_thing, food})
    offer(known_[static_cast<size_t>(what)] ? 0.8 : 0.3,
          {likes, person, what, -1, !liked[static_cast<size_t>(what)], {}});
  offer(0.8, {feels, person, -1, -1, false, feelings(cheerful_)[mood_]});
  offer(0.3, {feels, person, -1, -1, true, feelings(!cheerful_)[mood_]});
}

void Simulation::offer_places() {
  for (const int e : {first_person, second_person, animal, first_thing, second_thing}) {
    const bool known = known_[static_cast<size_t>(e)];
    if (e == second_person && !known) continue;
    offer(known ? 0.8 : 0.5, {at, e, place_of(e), -1, false, {}});
    if (known) offer(0.3, {at, e, other_place(place_of(e)), -1, true, {}});
  }
}

void Simulation::offer_needs() {
  if (need_state_ == NeedState::none) {
    const auto& drawn = all_needs()[rng_.below(all_needs().size())];
    const int who = drawn.people_only || rng_.chance(0.5)
                        ? (known_[second_person] && rng_.chance(0.5) ? second_person : first_person)
                        : animal;
    need_ = &drawn;
    offer(2.5, {needs, who, -1, -1, false, drawn.adjective});
  } else if (need_state_ == NeedState::felt) {
    const int what = need_->object == Need::food    ? food
                     : need_->object == Need::thing ? first_thing
                                                    : place_of(needy_);
    offer(7, {helped, needy_, what, -1, false, need_->adjective});
  } else if (need_state_ == NeedState::met) {
    offer(4, {needs, needy_, -1, -1, true, need_->adjective});
  }
}

ToyFact Simulation::tell(const ToyFact& fact) {
  for (const int e : {fact.subject, fact.object, fact.other})
    if (e >= 0) known_[static_cast<size_t>(e)] = true;
  told_.push_back(fact);
  happen(fact);
  return fact;
}

void Simulation::happen(const ToyFact& fact) {
  const auto subject = static_cast<size_t>(fact.subject), object = static_cast<size_t>(fact.object);
  // Once someone or something has moved, it may be told again where it is.
  const auto forget_places_of = [this](int e) {
    std::erase_if(told_, [e](const ToyFact& f) { return f.relation == at && f.subject == e; });
  };
  switch (fact.relation) {
    case took:
      holder_[object] = fact.subject;
      break;
    case gave:
      holder_[object] = fact.other;
      break;
    case left:
      holder_[object] = -1;
      place_[object] = fact.other;
      break;
    case moved:
      place_[subject] = fact.object;
      forget_places_of(fact.subject);
      for (const int thing : {first_thing, second_thing})
        if (holder_[static_cast<size_t>(thing)] == fact.subject) forget_places_of(thing);
      break;
    case followed:
      place_[subject] = fact.other;
      forget_places_of(fact.subject);
      break;
    case needs:
      needy_ = fact.subject;
      need_state_ = fact.negated ? NeedState::over : NeedState::felt;
      break;
    case helped:
      need_state_ = NeedState::met;
      break;
    default:
      break;
  }
}

}  // namespace gradus::bert::toy
