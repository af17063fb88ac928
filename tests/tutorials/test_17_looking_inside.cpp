// Chapter 17: what is computed by hand is the library's and what `gradus probe` prints, and has the right
// gradient; with any seed the chosen head finds nouns that it was never asked for, and what is said without it
// is luck; the shares add up; its bugs are caught.
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "bert/inspection/antecedents.hpp"
#include "bert/inspection/attribution.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/run_program.hpp"
#include "support/temporary_folder.hpp"
#include "support/training_seed.hpp"
#include "tutorials/17_looking_inside/museum.hpp"
#include "tutorials/17_looking_inside/probing.hpp"
#include "tutorials/17_looking_inside/tools.hpp"

using namespace gradus;
using namespace gradus::test;
using namespace gradus::tutorials::looking_inside;

namespace {

const Case hungry = case_of({0, 0, false}, animal, 0), fresh = case_of({0, 0, false}, food, 0);

bert::BertForPreTraining model_in_f64(uint64_t seed) {
  bert::BertForPreTraining model = small_bert(seed);
  model.to(DType::f64);
  return model;
}

std::string word_at(const Case& one, int64_t place) {
  return tokens[static_cast<size_t>(one.row[static_cast<size_t>(place)])];
}

}  // namespace

TEST_CASE("17: a sentence with \"it\" has its words where it says, in both forms", "[tutorials]") {
  CHECK(vocabulary_size() == noun_of(food, nouns - 1) + 1);
  CHECK(bert::SpecialIds{}.mask == mask_id);
  CHECK(text_of(hungry.row) == "[CLS] a dog ate the food because it was hungry [SEP]");
  CHECK(text_of(fresh.row) == "[CLS] a dog ate the food because it was fresh [SEP]");
  CHECK(text_of(case_of({0, 0, true}, food, 1).row) ==
        "[CLS] the food was eaten by a dog because it was sweet [SEP]");
  for (const Part part : {Part::test, Part::validation, Part::training}) {
    for (const Case& one : cases_of(part)) {
      CHECK(one.row[static_cast<size_t>(one.it)] == it_id);
      CHECK((one.row[static_cast<size_t>(one.nouns[animal])] - first_noun) / nouns == animal);
      CHECK((one.row[static_cast<size_t>(one.nouns[food])] - first_noun) / nouns == food);
      CHECK((one.row[static_cast<size_t>(one.adjective)] - first_adjective) / adjectives == one.meant);
      CHECK(one.right() + one.wrong() == one.nouns[animal] + one.nouns[food]);
    }
  }
}

TEST_CASE("17: no noun is in two parts, and the lessons ask at \"it\" for nouns of the training alone",
          "[tutorials]") {
  std::map<Part, std::set<int64_t>> of_part;
  for (const Part part : {Part::test, Part::validation, Part::training}) {
    const std::vector<Case> all = cases_of(part);
    CHECK(all.size() == (part == Part::training ? 1728 : 192));
    int64_t animals = 0;
    for (const Case& one : all) {
      animals += one.meant == animal;
      for (const int64_t place : one.nouns) of_part[part].insert(one.row[static_cast<size_t>(place)]);
    }
    CHECK(2 * animals == std::ssize(all));
  }
  std::set<int64_t> together;
  for (const auto& [part, words] : of_part) together.insert(words.begin(), words.end());
  CHECK(together.size() == 40);
  CHECK(of_part[Part::test].size() + of_part[Part::validation].size() + of_part[Part::training].size() == 40);
  Rng rng(1);
  std::set<int64_t> asked, hidden;
  for (int i = 0; i < 3000; ++i) {
    const Asked one = pronoun(rng);
    for (const int64_t id : one.row)
      if (id >= first_noun) CHECK(of_part[Part::training].contains(id));
    asked.insert(one.answer);
    const Asked other = hidden_word(rng);
    CHECK(other.row[static_cast<size_t>(other.place)] == mask_id);
    CHECK(std::count(other.row.begin(), other.row.end(), it_id) == 0);
    hidden.insert(other.answer);
  }
  CHECK(asked == of_part[Part::training]);
  CHECK(hidden.size() == 40 + 6);
}

TEST_CASE("17: maps and states by hand are the library's, with all heads and without some", "[tutorials]") {
  const bert::BertForPreTraining model = model_in_f64(3);
  const std::vector<Case> two = {hungry, case_of({1, 2, true}, food, 1)};  // the first has padding
  const CaseBatch rows = rows_of(two);
  const std::vector<std::vector<bert::HeadName>> choices = {{}, {{0, 1}}, {{1, 0}, {1, 1}}, {{0, 0}, {1, 1}}};
  for (const std::vector<bert::HeadName>& gone : choices) {
    const Seen ours = look_at(model.bert, two, {gone, {}});
    const bert::HeadAblation ablation(model.bert, gone);
    const bert::BertOutput theirs =
        model.bert(rows.ids, {}, rows.real, {.hidden_states = true, .attentions = true});
    REQUIRE(ours.maps.size() == 2);
    REQUIRE(ours.states.size() == 3);
    for (size_t i = 0; i < 2; ++i) CHECK(worst_difference(ours.maps[i], theirs.attentions[i]) < 1e-12);
    for (size_t i = 0; i < 3; ++i) CHECK(worst_difference(ours.states[i], theirs.hidden_states[i]) < 1e-12);
  }
}

TEST_CASE("17: a look that is cut is exactly 0, and the others sum to 1", "[tutorials]") {
  const bert::BertForPreTraining model = model_in_f64(4);
  const std::vector<Case> two = {hungry, case_of({1, 2, true}, food, 1)};
  const Seen seen = look_at(model.bert, two, {{}, {blind_to_adjective(two), {}}});
  for (size_t b = 0; b < 2; ++b)
    for (int64_t a = 0; a < 2; ++a) CHECK(look_of_it(seen.maps[0], two, b, a, two[b].adjective) == 0);
  CHECK(look_of_it(seen.maps[1], two, 0, 0, two[0].adjective) > 0);
  CHECK(worst_difference(sum(seen.maps[0], Axes{3}), ones(sum(seen.maps[0], Axes{3}).shape(), DType::f64)) <
        1e-12);
}

TEST_CASE("17: a network without a head has the right gradient, and so has what is explained",
          "[tutorials]") {
  const bert::BertForPreTraining model = model_in_f64(5);
  const Output difference = animal_against_food(model, hungry);
  const Tensor x = embedded_row(model.bert, hungry.row);
  for (const bool second_order : {false, true})
    CHECK(gradcheck([&](const auto& in) { return difference(in[0]); }, {x},
                    {.directions = 2, .second_order = second_order})
              .passed);
  const std::vector<Case> two = {hungry, case_of({1, 2, true}, food, 1)};
  const auto words = [&](const auto&) {
    return words_at_it(
        model, look_at(model.bert, two, {{{0, 1}}, {blind_to_adjective(two), {}}}).states.back(), two);
  };
  CHECK(nn::gradcheck(model, words, {}, {.directions = 2}).passed);
}

TEST_CASE(
    "17: the shares of a linear and of a square output by hand, and of the network as the library has them",
    "[tutorials]") {
  const Tensor x = tensor<double>({1, 2, -1, 3}, Shape{1, 2, 2}), zero = zeros({1, 2, 2}, DType::f64);
  const Output square = [](const Tensor& v) { return sum(v * v, Axes{1, 2}); };
  CHECK(gradient_times_input(square, x).to_vector<double>() == std::vector<double>{10, 20});
  CHECK(worst_difference(integrated_gradients(square, x, zero, 1), tensor<double>({5, 10})) < 1e-12);

  const bert::BertForPreTraining model = model_in_f64(6);
  const Output f = animal_against_food(model, hungry);
  const Tensor in = embedded_row(model.bert, hungry.row),
               base = embedded_row(model.bert, nothing_said(hungry.row));
  CHECK(worst_difference(gradient_times_input(f, in), tensor(bert::gradient_times_input(f, in).by_token)) <
        1e-12);
  const bert::Attribution theirs = bert::integrated_gradients(f, in, base, 64);
  CHECK(worst_difference(integrated_gradients(f, in, base, 400), tensor(theirs.by_token)) < 1e-3);
  CHECK(std::abs(theirs.gap()) < 1e-9);
}

TEST_CASE("17: each head's finds by hand are the library's", "[tutorials]") {
  const bert::BertForPreTraining model = small_bert(7);
  const std::vector<Case> some = {hungry, fresh, case_of({1, 2, true}, food, 1),
                                  case_of({3, 1, true}, animal, 2)};
  const NoGrad no_tape;
  const ByHead ours = finds_noun(look_at(model.bert, some), some);
  const std::vector<bert::HeadScore> theirs =
      bert::antecedent_scores(model.bert, tokenizer(), pronoun_cases(some));
  REQUIRE(theirs.size() == 4);
  for (const bert::HeadScore& one : theirs) CHECK(one.accuracy == of(ours, one.head));
  CHECK(best_of({{0.2, 0.7}, {0.7, 0.1}}) == bert::HeadName{0, 1});
}
