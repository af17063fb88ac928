/// @file
/// Turns facts of the toy world into sentences.
#pragma once

#include <vector>

#include "autograd/random.hpp"
#include "bert/toy_world/lexicon.hpp"
#include "bert/toy_world/toy_world.hpp"

namespace gradus::bert::toy {

/// Tells the facts of one story, one sentence each, and remembers who was spoken of last, so that a pronoun
/// always has one possible antecedent.
class Narrator {
 public:
  Narrator(std::vector<ToyEntity> entities, Rng& rng);

  /// The sentence for a fact. `place` is where it happens, if that may be told too; `need` belongs to the
  /// facts of needs and helped.
  ToySentence tell(const ToyFact& fact, int place = -1, const Need* need = nullptr);

  const std::vector<ToyEntity>& entities() const { return entities_; }

 private:
  /// The parts of a sentence, each appended to sentence_ in the order of the calls.
  void say(std::initializer_list<Word> words);
  void subject(int entity);  ///< a name, a noun phrase, or he, she, it
  void object(int entity);   ///< the same with him and her
  void name(int entity);     ///< never a pronoun
  void mention(int entity, bool as_subject);
  void noun_phrase(int entity);
  bool pronoun_fits(int entity) const;
  Word style(const Synonyms& verb) const { return verb.past[style_of(verb)]; }
  Word passive_style(const Synonyms& verb) const { return verb.participle[style_of(verb)]; }
  size_t style_of(const Synonyms& verb) const;
  bool either() { return rng_.chance(0.5); }
  void maybe_place(int place);
  bool front(int place);

  void tell_at(const ToyFact& fact);
  void tell_met(const ToyFact& fact);
  void tell_moved(const ToyFact& fact);
  void tell_took(const ToyFact& fact, int place);
  void tell_gave(const ToyFact& fact);
  void tell_left(const ToyFact& fact);
  void tell_has(const ToyFact& fact);
  void tell_likes(const ToyFact& fact);
  void tell_needs(const ToyFact& fact);
  void tell_helped(const ToyFact& fact, const Need& need);
  void tell_simple(const ToyFact& fact);

  std::vector<ToyEntity> entities_;
  Rng& rng_;
  uint64_t styles_;                  // one bit a verb: which synonym this story uses
  Word connective_;                  // and which of "then", "later", ...
  ToySentence sentence_;             // the one being told
  std::vector<int> last_mentioned_;  // in the sentence before
  bool begun_ = false;
};

}  // namespace gradus::bert::toy
