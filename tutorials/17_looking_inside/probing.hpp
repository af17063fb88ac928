/// @file
/// Chapter 17: what a straight line reads off the vectors of nouns, beside a control task.
#pragma once

#include "bert/inspection/probe.hpp"
#include "looking.hpp"

namespace gradus::tutorials::looking_inside {

/// What is to be read off the vector of a noun.
enum class Asking {
  meant,  ///< whether "it" means this noun
  alive   ///< whether the word is the name of an animal
};

/// The vectors of both nouns of each sentence in each of the L + 1 states, with what is to be read off them.
inline std::vector<bert::LabelledVectors> noun_vectors(const bert::Bert& model,
                                                       const std::vector<Case>& cases, Asking asking) {
  const NoGrad no_tape;
  std::vector<bert::LabelledVectors> all;
  for (const Tensor& state : look_at(model, cases).states) {
    bert::LabelledVectors one;
    std::vector<Tensor> vectors;
    for (size_t b = 0; b < cases.size(); ++b) {
      for (const int64_t place : cases[b].nouns) {
        const int64_t id = cases[b].id_at(place);
        vectors.push_back(state.select(0, static_cast<int64_t>(b)).select(0, place));
        one.labels.emplace_back((asking == Asking::meant ? place == cases[b].right() : is_animal(id)) ? "yes"
                                                                                                      : "no");
        one.words.push_back(tokens[static_cast<size_t>(id)]);
      }
    }
    one.vectors = stack(vectors, 0);
    all.push_back(std::move(one));
  }
  return all;
}

/// Sentences for a probe: those that it learns from, others with the same nouns, and some with new nouns.
struct ProbeSentences {
  std::vector<Case> shown, asked, new_nouns;
};
inline ProbeSentences probe_sentences() {
  ProbeSentences sets;
  Rng rng(9);
  for (int i = 0; i < 500; ++i)
    (i % 2 == 0 ? sets.shown : sets.asked).push_back(any_case(2 * kept_nouns, rng));
  sets.new_nouns = cases_of(Part::test);
  return sets;
}

/// How a probe of one state does.
struct Probed {
  double accuracy = 0, control = 0;  ///< on other sentences with the same nouns
  double new_nouns = 0;
};
inline std::vector<Probed> probed(const bert::Bert& model, const ProbeSentences& sets, Asking asking) {
  const auto shown = noun_vectors(model, sets.shown, asking), asked = noun_vectors(model, sets.asked, asking),
             others = noun_vectors(model, sets.new_nouns, asking);
  std::vector<Probed> states;
  for (size_t i = 0; i < shown.size(); ++i) {
    const bert::ProbeResult result = bert::probe(shown[i], asked[i]);
    states.push_back({result.accuracy, result.control, bert::LinearProbe(shown[i]).accuracy(others[i])});
  }
  return states;
}

}  // namespace gradus::tutorials::looking_inside
