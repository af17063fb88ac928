// Chapter 17: what is computed by hand is the library's and what `gradus probe` prints, and has the right
// gradient; with any seed the chosen head finds nouns that it was never asked for, and without it the answers
// are luck; the shares add up; its bugs are caught.
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

const Case hungry = case_of({0, 1, false}, eater, 0), fresh = case_of({0, 1, false}, eaten, 0);

bert::BertForPreTraining model_in_f64(uint64_t seed) {
  bert::BertForPreTraining model = small_bert(seed);
  model.to(DType::f64);
  return model;
}

/// "it" may not look at the adjective.
Tensor blind(const std::vector<Case>& cases) {
  return blind_of(cases, it_of, [](const Case& one) { return Ids{one.adjective}; });
}

}  // namespace

TEST_CASE("17: a sentence with \"it\" has its words where it says, in both forms, after any opening",
          "[tutorials]") {
  CHECK(vocabulary_size() == noun_id(nouns));
  for (int64_t noun = 0; noun < nouns; ++noun)  // "a" fits
    CHECK(std::string("aeiou").find(tokens[static_cast<size_t>(noun_id(noun))][0]) == std::string::npos);
  CHECK(bert::SpecialIds{}.mask == mask_id);
  CHECK(text_of(hungry.row) == "[CLS] a dog ate the food because it was hungry [SEP]");
  CHECK(text_of(fresh.row) == "[CLS] a dog ate the food because it was fresh [SEP]");
  CHECK(text_of(case_of({0, 1, true}, eaten, 1).row) ==
        "[CLS] the food was eaten by a dog because it was sweet [SEP]");
  std::vector<Case> all;
  for (const Part part : {Part::test, Part::validation, Part::training})
    for (const Case& one : cases_of(part)) all.push_back(one);
  Rng rng(2);
  for (int i = 0; i < 500; ++i) all.push_back(any_case(0, rng));
  for (const Case& one : all) {
    CHECK(one.id_at(one.it) == it_id);
    CHECK(one.id_at(one.nouns[eater] - 1) == a_id);
    CHECK(one.id_at(one.nouns[eaten] - 1) == the_id);
    CHECK(one.id_at(one.nouns[eater]) >= first_noun);
    CHECK(one.id_at(one.nouns[eaten]) >= first_noun);
    CHECK((one.id_at(one.adjective) - first_adjective) / adjectives == one.meant);
    CHECK(one.right() + one.wrong() == one.nouns[eater] + one.nouns[eaten]);
  }
}

TEST_CASE("17: no noun is in two parts, and the lessons ask at \"it\" for nouns of the training alone",
          "[tutorials]") {
  std::map<Part, std::set<int64_t>> of_part;
  std::set<int64_t> together;
  for (const Part part : {Part::test, Part::validation, Part::training}) {
    const std::vector<Case> all = cases_of(part);
    for (size_t i = 0; i < all.size(); i += 2) {  // pairs: they differ in the adjective alone
      CHECK(all[i].meant != all[i + 1].meant);
      Ids other = all[i + 1].row;
      other[static_cast<size_t>(all[i].adjective)] = all[i].id_at(all[i].adjective);
      CHECK(other == all[i].row);
      for (const int64_t place : all[i].nouns) of_part[part].insert(all[i].id_at(place));
    }
    together.insert(of_part[part].begin(), of_part[part].end());
  }
  CHECK(cases_of(Part::test).size() == 360);
  CHECK(of_part[Part::test].size() == 6);
  CHECK(of_part[Part::validation].size() == 6);
  CHECK(of_part[Part::training].size() == 28);
  CHECK(together.size() == 40);
  Rng rng(1);
  std::set<int64_t> asked, hidden;
  for (int i = 0; i < 3000; ++i) {
    const Asked one = pronoun(rng), other = said_again(rng);
    CHECK(one.row[static_cast<size_t>(one.place)] == it_id);
    for (const int64_t id : one.row) CHECK((id < first_noun || of_part[Part::training].contains(id)));
    CHECK(other.row[static_cast<size_t>(other.place)] == mask_id);
    CHECK(std::count(other.row.begin(), other.row.end(), it_id) == 0);
    CHECK(std::count(other.row.begin(), other.row.end(), other.answer) == 1);
    asked.insert(one.answer);
    hidden.insert(other.answer);
  }
  CHECK(asked == of_part[Part::training]);
  CHECK(hidden == together);
}

TEST_CASE("17: maps and states by hand are the library's, with all heads and without some", "[tutorials]") {
  const bert::BertForPreTraining model = model_in_f64(3);
  const std::vector<Case> two = {hungry, case_of({1, 2, true}, eaten, 1)};  // the first has padding
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
  const std::vector<Case> two = {hungry, case_of({1, 2, true}, eaten, 1)};
  const Seen seen = look_at(model.bert, two, {{}, {blind(two), {}}});
  for (size_t b = 0; b < 2; ++b)
    for (int64_t a = 0; a < 2; ++a) CHECK(look_of_it(seen.maps[0], two, b, a, two[b].adjective) == 0);
  CHECK(look_of_it(seen.maps[1], two, 0, 0, two[0].adjective) > 0);
  CHECK(worst_difference(sum(seen.maps[0], Axes{3}), ones(sum(seen.maps[0], Axes{3}).shape(), DType::f64)) <
        1e-12);
}

TEST_CASE("17: a network without a head has the right gradient, and so has what is explained",
          "[tutorials]") {
  const bert::BertForPreTraining model = model_in_f64(5);
  const Output difference = who_against_what(model, hungry);
  const Tensor x = embedded_row(model.bert, hungry.row);
  for (const bool second_order : {false, true})
    CHECK(gradcheck([&](const auto& in) { return difference(in[0]); }, {x},
                    {.directions = 2, .second_order = second_order})
              .passed);
  const std::vector<Case> two = {hungry, case_of({1, 2, true}, eaten, 1)};
  const auto words = [&](const auto&) {
    return words_at_it(model, look_at(model.bert, two, {{{0, 1}}, {blind(two), {}}}).states.back(), two);
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
  const Output f = who_against_what(model, hungry);
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
  const std::vector<Case> some = {hungry, fresh, case_of({1, 2, true}, eaten, 1),
                                  case_of({3, 1, true}, eater, 2)};
  const NoGrad no_tape;
  const ByHead ours = finds_noun(look_at(model.bert, some), some);
  const std::vector<bert::HeadScore> theirs =
      bert::antecedent_scores(model.bert, tokenizer(), pronoun_cases(some));
  REQUIRE(theirs.size() == 4);
  for (const bert::HeadScore& one : theirs) CHECK(one.accuracy == of(ours, one.head));
  CHECK(best_of({{0.2, 0.7}, {0.7, 0.1}}) == bert::HeadName{0, 1});
}

#ifdef GRADUS_PROGRAM
TEST_CASE("17: `gradus probe antecedents` and `heads` print what is counted by hand", "[tutorials]") {
  const TemporaryFolder home;
  const bert::BertForPreTraining model = small_bert(3);
  save_for_probe(home / "meals", model);
  std::vector<Case> cases = cases_of(Part::test);
  if (is_sanitized) cases.erase(cases.begin() + 24, cases.end());
  write_file_atomically(home / "meals" / "test.tsv", table_of(cases));
  const std::string folder = (home / "meals").string(), validation = folder + "/validation.tsv",
                    test = folder + "/test.tsv";
  const auto probe = [](const std::vector<std::string>& options) {
    std::vector<std::string> call = {GRADUS_PROGRAM, "probe"};
    call.insert(call.end(), options.begin(), options.end());
    call.emplace_back("--json");
    const ProgramResult result = run_program(call);
    INFO(result.errors);
    REQUIRE(result.exit_code == 0);
    return nlohmann::json::parse(result.out);
  };
  const NoGrad no_tape;
  const nlohmann::json looks = probe({"antecedents", folder, is_sanitized ? test : validation, test});
  const ByHead ours = finds_noun(look_at(model.bert, cases), cases);
  REQUIRE(looks["heads"].size() == 4);
  for (const nlohmann::json& one : looks["heads"]) {
    const bert::HeadName head{one["layer"].get<int64_t>() - 1, one["head"].get<int64_t>() - 1};
    CHECK(std::abs(one["accuracy"].get<double>() - of(ours, head)) < 0.02);
  }
  const nlohmann::json heads = probe({"heads", folder, test});
  CHECK(std::abs(heads["accuracy"].get<double>() - count(model, cases).of_two) < 0.02);
  for (const nlohmann::json& one : heads["without"]) {
    const bert::HeadName head{one["layer"].get<int64_t>() - 1, one["head"].get<int64_t>() - 1};
    CHECK(std::abs(one["accuracy"].get<double>() - count(model, cases, {{head}, {}}).of_two) < 0.02);
  }
}
#endif

TEST_CASE("17: trained with any seed, it names nouns that it never was asked for at \"it\", by two hops",
          "[tutorials]") {
  if (is_sanitized) return;  // the program of the chapter runs the same code there
  const uint64_t seed = training_seed(5);
  const bert::BertForPreTraining model = small_bert(seed);
  train(model, seed + 50);
  const NoGrad no_tape;
  const std::vector<Case> test = cases_of(Part::test), validation = cases_of(Part::validation);
  CHECK(count(model, test).of_all >= 0.95);
  CHECK(count(model, test).of_two >= 0.95);

  const Seen seen = look_at(model.bert, test);
  const bert::HeadName best = best_of(finds_noun(look_at(model.bert, validation), validation));
  CHECK(best.layer == 1);
  CHECK(of(finds_noun(seen, test), best) >= 0.9);
  for (const int64_t head : {0, 1}) CHECK(std::abs(of(finds_noun(seen, test), {0, head}) - 0.5) < 0.05);

  const auto by_luck = [](double share) { return share > 0.4 && share < 0.65; };
  CHECK(std::abs(count(model, test, {{{0, 0}, {0, 1}}, {}}).of_two - 0.5) < 0.05);
  CHECK(std::abs(count(model, test, {{{1, 0}, {1, 1}}, {}}).of_two - 0.5) < 0.05);

  // The same maps, and nothing behind them.
  const bert::BertForPreTraining empty = copy_of(model);
  for (const int64_t head : {0, 1}) empty_values(empty.bert, {1, head});
  const Seen theirs = look_at(empty.bert, test);
  for (size_t i = 0; i < 2; ++i) CHECK(worst_difference(seen.maps[i], theirs.maps[i]) == 0);
  CHECK(std::abs(count(empty, test).of_two - 0.5) < 0.05);
  CHECK(count(model, test).of_two >= 0.95);  // the copy has memory of its own

  const auto to_adjective = [](const Case& one) { return Ids{one.adjective}; };
  CHECK(count(model, test, {{}, {blind(test), {}}}).of_two >= 0.9);
  CHECK(count(model, test, {{}, {blind(test), blind(test)}}).of_two >= 0.9);
  CHECK(by_luck(count(model, test, {{}, {blind_of(test, nouns_of, to_adjective), {}}}).of_two));
  CHECK(by_luck(count(model, test, {{}, {{}, blind_of(test, it_of, nouns_of)}}).of_two));

  const ProbeSentences sets = probe_sentences();
  const std::vector<Probed> meant = probed(model.bert, sets, Asking::meant);
  CHECK(std::abs(meant[0].accuracy - 0.5) < 0.1);
  CHECK(meant[1].accuracy >= 0.75);

  const bert::BertForPreTraining exact = copy_of(model);
  exact.to(DType::f64);
  const Output f = who_against_what(exact, hungry);
  const Tensor x = embedded_row(exact.bert, hungry.row),
               base = embedded_row(exact.bert, nothing_said(hungry.row));
  const double difference = f(x).item() - f(base).item();
  CHECK(f(x).item() > 0);
  CHECK(f(embedded_row(exact.bert, fresh.row)).item() < 0);
  const Tensor along = [&] {
    const GradMode taped(true);
    return integrated_gradients(f, x, base, 1000);
  }();
  CHECK(std::abs(sum(along).item() - difference) < 0.01 * std::abs(difference));
}

TEST_CASE("17: an untrained network does not tell who is meant, and words by heart are no knowledge",
          "[tutorials]") {
  const ProbeSentences sets = probe_sentences();
  const bert::BertForPreTraining model = small_bert(training_seed(5));
  for (const Probed& state : probed(model.bert, sets, Asking::meant))
    CHECK(std::abs(state.accuracy - 0.5) < 0.1);
  const Probed alive = probed(model.bert, sets, Asking::alive)[0];
  CHECK(alive.accuracy >= 0.95);
  CHECK(alive.control >= 0.95);
}

TEST_CASE("17 museum: a head chosen by luck, a mean over padding, a baseline with the answer in it",
          "[tutorials]") {
  const ByLuck luck = best_untrained(is_sanitized ? 1 : 10, 12);
  CHECK(luck.chosen_on >= 0.65);
  CHECK(std::abs(luck.others - 0.5) < 0.1);

  const bert::BertForPreTraining model = model_in_f64(5);
  const double alone = mean_look_at_first(model.bert, hungry, 0, false);
  CHECK(mean_look_at_first(model.bert, hungry, 0, true) == Approx(alone));
  CHECK(std::abs(mean_look_at_first(model.bert, hungry, 7, false) - alone) < 1e-12);
  CHECK(std::abs(mean_look_at_first(model.bert, hungry, 7, true) - alone) > 1e-4);

  const Output f = who_against_what(model, hungry);
  const Tensor x = embedded_row(model.bert, hungry.row);
  const Case other = case_of({2, 3, false}, eater, 0);
  const auto shares = [&](const Ids& row) {
    return integrated_gradients(f, x, embedded_row(model.bert, row), 50);
  };
  CHECK(shares(other.row).at({hungry.adjective}) == 0);
  CHECK(shares(other.row).at({hungry.nouns[eater]}) != 0);
  CHECK(shares(nothing_said(hungry.row)).at({hungry.adjective}) != 0);
}
