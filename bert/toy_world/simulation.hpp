/// @file
/// What happens in a story of the toy world.
#pragma once

#include <array>
#include <vector>

#include "autograd/random.hpp"
#include "bert/toy_world/lexicon.hpp"
#include "bert/toy_world/toy_world.hpp"

namespace gradus::bert::toy {

/// The cast of every story, by their number in ToyStory::entities.
enum Cast : int {
  first_person,
  second_person,
  animal,
  first_thing,
  second_thing,
  food,
  first_place,
  second_place,
  town,
  cast_size
};

/// Where everyone is, who holds what, who needs what; and which facts may be told next.
class Simulation {
 public:
  Simulation(bool cheerful, Rng& rng);

  /// The fact that opens the story, one that may follow, and one that ends it. Each is true when it is told.
  ToyFact open();
  ToyFact next();
  ToyFact close();

  /// Where an entity is, a held thing being where its holder is.
  int place_of(int entity) const;
  /// The need that a fact of needs or helped speaks of.
  const Need* need_of(const ToyFact& fact) const;

 private:
  struct Choice {
    ToyFact fact;
    double weight;
  };

  void offer(double weight, const ToyFact& fact);
  void offer_introductions();
  void offer_things(int person);
  void offer_journeys(int person);
  void offer_places();
  void offer_needs();
  void offer_opinions(int person);
  ToyFact tell(const ToyFact& fact);
  void happen(const ToyFact& fact);
  bool together() const { return place_of(first_person) == place_of(second_person); }
  bool was_told(const ToyFact& fact) const;
  int draw_place() { return rng_.chance(0.5) ? first_place : second_place; }

  bool cheerful_;
  size_t mood_;  // which of the feelings and days of that mood
  Rng& rng_;
  std::array<int, cast_size> place_{};
  std::array<int, cast_size> holder_{};  // of things; -1: it lies somewhere
  std::array<bool, cast_size> known_{};  // spoken of already
  std::array<bool, cast_size> liked_by_first_{}, liked_by_second_{};
  const Need* need_ = nullptr;
  int needy_ = -1;
  enum class NeedState { none, felt, met, over } need_state_ = NeedState::none;
  std::vector<ToyFact> told_;
  std::vector<Choice> choices_;
};

}  // namespace gradus::bert::toy
