// Chapter 17: which head finds the dog, and how we know. Maps read out of heads, heads and looks taken away,
// the share of each word, probes; by hand and by the library.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "bert/inspection/antecedents.hpp"
#include "bert/inspection/attribution.hpp"
#include "museum.hpp"
#include "nn/gradcheck.hpp"
#include "pictures.hpp"
#include "probing.hpp"
#include "tools.hpp"
#include "tutorials/support/kit.hpp"

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::looking_inside;

namespace {

const Case hungry = case_of({0, 1, false}, eater, 0), fresh = case_of({0, 1, false}, eaten, 0);

/// All sentences of a part, or in a short run a few pairs of them.
std::vector<Case> sentences_of(Part part) {
  std::vector<Case> all = cases_of(part);
  if (short_run) all.erase(all.begin() + 24, all.end());
  return all;
}
const std::vector<Case> test = sentences_of(Part::test), validation = sentences_of(Part::validation);

std::string percent(double share) { return fmt::format("{:.0f} %", 100 * share); }

void the_lessons() {
  section("The lessons");
  Rng rng(6);
  const auto show = [](const Asked& one) {
    fmt::print("{:<76} {}\n", text_of(one.row), tokens[static_cast<size_t>(one.answer)]);
  };
  for (int i = 0; i < 4; ++i) show(pronoun(rng));
  for (int i = 0; i < 4; ++i) show(said_again(rng));
}

bert::BertForPreTraining in_f64(const bert::BertForPreTraining& model) {
  bert::BertForPreTraining exact = copy_of(model);
  exact.to(DType::f64);
  return exact;
}

void by_hand_and_by_library() {
  section("By hand and by library");
  const bert::BertForPreTraining model = in_f64(small_bert(3));
  const std::vector<Case> two = {hungry, case_of({1, 2, true}, eaten, 1)};
  const CaseBatch rows = rows_of(two);
  const auto compare = [&](const std::string& name, const std::vector<bert::HeadName>& gone) {
    const NoGrad no_tape;
    const Seen ours = look_at(model.bert, two, {gone, {}});
    const bert::HeadAblation ablation(model.bert, gone);
    const bert::BertOutput theirs =
        model.bert(rows.ids, {}, rows.real, {.hidden_states = true, .attentions = true});
    double gap = 0;
    for (size_t i = 0; i < 2; ++i) gap = std::max(gap, largest_gap(ours.maps[i], theirs.attentions[i]));
    for (size_t i = 0; i < 3; ++i) gap = std::max(gap, largest_gap(ours.states[i], theirs.hidden_states[i]));
    fmt::print("{:<24} two maps {} and three states {}: the same: {}\n", name, ours.maps[0].shape(),
               ours.states[0].shape(), gap < 1e-12);
  };
  compare("all heads", {});
  compare("without layer 1, head 2", {{0, 1}});
  compare("without layer 2", {{1, 0}, {1, 1}});

  section("Gradient check");
  const Output difference = who_against_what(model, hungry);
  check_gradient("dog against food, by the embeddings", [&](const auto& in) { return difference(in[0]); },
                 {embedded_row(model.bert, hungry.row)}, {.directions = 4});
  const auto gone = [&](const auto&) {
    return words_at_it(model, look_at(model.bert, two, {{{0, 1}}, {}}).states.back(), two);
  };
  fmt::print("without a head, by all tensors of the network: {}\n",
             nn::gradcheck(model, gone, {}, {.directions = 2}).passed ? "agree with differences" : "WRONG");
}

void learning(const bert::BertForPreTraining& model) {
  section("Learning");
  const int64_t steps = short_run ? 10 : usual_steps;
  fmt::print("{:>6} {:>7}\n", "steps", "loss");
  train(model, 55, steps, [&](int64_t step, double loss) {
    if (step % (steps / 5) == 0) fmt::print("{:>6} {:>7.3f}\n", step, loss);
  });
}

void what_it_says(const bert::BertForPreTraining& model) {
  section("What it says");
  const NoGrad no_tape;
  const std::vector<Case> two = {hungry, fresh};
  const Tensor scores = words_at_it(model, look_at(model.bert, two).states.back(), two);
  const std::vector<int64_t> said = argmax(scores, -1).to_vector<int64_t>();
  for (size_t i = 0; i < 2; ++i) {
    const int64_t answer = short_run ? two[i].answer() : said[i];
    fmt::print("{:<52} it: {}\n", plain_text(two[i]), tokens[static_cast<size_t>(answer)]);
  }
  section("How often it is right");
  fmt::print("{:<34} {:>9} {:>9}\n", "", "of all", "of two");
  const auto line = [&](const std::string& name, const std::vector<Case>& cases) {
    const Counted counted = count(model, cases);
    fmt::print("{:<34} {:>9} {:>9}\n", name, percent(counted.of_all), percent(counted.of_two));
  };
  line("nouns of the training", probe_sentences().asked);
  line("new nouns, for choosing", validation);
  line("new nouns, for the test", test);
}

bert::HeadName which_head(const bert::BertForPreTraining& model) {
  section("Which head");
  const NoGrad no_tape;
  const ByHead chosen_on = finds_noun(look_at(model.bert, validation), validation),
               scored = finds_noun(look_at(model.bert, test), test);
  const bert::HeadName best = best_of(chosen_on);
  const std::vector<bert::HeadScore> theirs =
      bert::antecedent_scores(model.bert, tokenizer(), pronoun_cases(test));
  double gap = 0;
  fmt::print("{:<18} {:>12} {:>8}\n", "", "validation", "test");
  for (const bert::HeadScore& one : theirs) {
    fmt::print("{:<18} {:>12.3f} {:>8.3f}\n", name_of(one.head), of(chosen_on, one.head),
               of(scored, one.head));
    gap = std::max(gap, std::abs(one.accuracy - of(scored, one.head)));
  }
  section("Which head, in words");
  fmt::print("the chosen head is in layer 2:                              {}\n", shown(best.layer == 1));
  fmt::print("of the sentences of the test it finds 90 % or more:         {}\n",
             shown(of(scored, best) >= 0.9));
  fmt::print("every head of layer 1 finds as many as a coin, 45 to 55 %:  {}\n",
             shown(std::abs(scored[0][0] - 0.5) < 0.05 && std::abs(scored[0][1] - 0.5) < 0.05));
  fmt::print("bert::antecedent_scores has the same, to 1 %:               {}\n", shown(gap < 0.01));
  save_figure("maps.svg", plot::beside({draw_head(model.bert, hungry, best, "... because it was hungry"),
                                        draw_head(model.bert, fresh, best, "... because it was fresh")}));
  save_figure("it.svg",
              plot::below({draw_rows_of_it(model.bert, hungry), draw_rows_of_it(model.bert, fresh)}));
  return best;
}

const std::vector<bert::HeadName> layer_1 = {{0, 0}, {0, 1}}, layer_2 = {{1, 0}, {1, 1}};

void taken_away(const bert::BertForPreTraining& model, const bert::HeadName& best) {
  section("Taken away");
  plot::Bars bars;
  bars.title = "Right nouns without some heads";
  bars.percent = true;
  bars.width = 760;
  bars.numbers = false;
  bars.series = {{"of all words", {}, 1}, {"of the two nouns", {}, 2}};
  double gap = 0;
  fmt::print("{:<30} {:>8} {:>8}\n", "", "of all", "of two");
  const auto line = [&](const std::string& name, const std::vector<bert::HeadName>& gone) {
    const Counted counted = count(model, test, {gone, {}});
    fmt::print("{:<30} {:>8} {:>8}\n", name, percent(counted.of_all), percent(counted.of_two));
    bars.groups.push_back(name);
    bars.series[0].values.push_back(counted.of_all);
    bars.series[1].values.push_back(counted.of_two);
    const bert::HeadAblation ablation(model.bert, gone);
    gap = std::max(gap, std::abs(named_by_library(model, test) - counted.of_two));
    return counted;
  };
  line("nothing", {});
  for (const bert::HeadName& head : bert::all_heads(model.bert)) line(name_of(head), {head});
  const Counted first = line("layer 1", layer_1), second = line("layer 2", layer_2);
  save_figure("taken_away.svg", plot::draw(bars));

  section("Taken away, in words");
  fmt::print("without layer 1: of the two nouns 45 to 55 %:               {}\n",
             shown(std::abs(first.of_two - 0.5) < 0.05));
  fmt::print("without layer 2: of the two nouns 45 to 55 %:               {}\n",
             shown(std::abs(second.of_two - 0.5) < 0.05));
  fmt::print("bert::HeadAblation and name_pronouns have the same, to 2 %: {}\n", shown(gap < 0.02));

  section("The same map");
  const NoGrad no_tape;
  const bert::BertForPreTraining empty = copy_of(model);
  for (const bert::HeadName& head : layer_2) empty_values(empty.bert, head);
  const Seen ours = look_at(model.bert, test), theirs = look_at(empty.bert, test);
  fmt::print(
      "the maps of both layers, bit for bit the same:              {}\n",
      largest_gap(ours.maps[0], theirs.maps[0]) == 0 && largest_gap(ours.maps[1], theirs.maps[1]) == 0);
  fmt::print("so the chosen head finds as many nouns as before:           {}\n",
             of(finds_noun(ours, test), best) == of(finds_noun(theirs, test), best));
  fmt::print("what is said, of the two nouns 45 to 55 %:                  {}\n",
             shown(std::abs(count(empty, test).of_two - 0.5) < 0.05));
}

void two_hops(const bert::BertForPreTraining& model) {
  section("Two hops");
  const auto to_adjective = [](const Case& one) { return Ids{one.adjective}; };
  const Tensor it_adjective = blind_of(test, it_of, to_adjective), it_nouns = blind_of(test, it_of, nouns_of),
               nouns_adjective = blind_of(test, nouns_of, to_adjective);
  fmt::print("{:<46} {:>8} {:>8}\n", "nobody looks ...", "of all", "of two");
  const auto line = [&](const std::string& name, const Blind& blind) {
    const Counted counted = count(model, test, {{}, blind});
    fmt::print("{:<46} {:>8} {:>8}\n", name, percent(counted.of_all), percent(counted.of_two));
    return counted.of_two;
  };
  const double a = line("in layer 1 from \"it\" at the adjective", {it_adjective, {}}),
               b = line("in layer 1 from the nouns at the adjective", {nouns_adjective, {}});
  line("in layer 1 from \"it\" at the nouns", {it_nouns, {}});
  const double c = line("in both layers from \"it\" at the adjective", {it_adjective, it_adjective}),
               d = line("in layer 2 from \"it\" at the nouns", {{}, it_nouns});
  section("Two hops, in words");
  fmt::print("it does without looks from \"it\" at the adjective, 90 % or more:   {}\n",
             shown(a >= 0.9 && c >= 0.9));
  fmt::print("first hop, the nouns at the adjective: without it 40 to 65 %:     {}\n",
             shown(b > 0.4 && b < 0.65));
  fmt::print("second hop, \"it\" at the nouns: without it 40 to 65 %:             {}\n",
             shown(d > 0.4 && d < 0.65));
}

void shares(const bert::BertForPreTraining& trained) {
  section("The share of each word");
  const bert::BertForPreTraining model = in_f64(trained);
  const Output f = who_against_what(model, hungry);
  const Tensor x = embedded_row(model.bert, hungry.row),
               b = embedded_row(model.bert, nothing_said(hungry.row));
  const Tensor product = gradient_times_input(f, x), along = integrated_gradients(f, x, b, 1000);
  fmt::print("{:<10} {:>16} {:>12}\n", "", "gradient x input", "integrated");
  for (int64_t s = 0; s < product.size(0); ++s) {
    fmt::print("{:<10} {:>16.3f} {:>12.3f}\n", tokens[static_cast<size_t>(hungry.id_at(s))], product.at({s}),
               along.at({s}));
  }
  const double difference = f(x).item() - f(b).item();
  fmt::print("{:<10} {:>16.3f} {:>12.3f}\n", "sum", sum(product).item(), sum(along).item());
  fmt::print("F(x) - F(b) = {:.3f}\n", difference);
  save_figure("shares.svg", draw_shares(hungry, along, product));

  section("Do they add up?");
  fmt::print("{:>7} {:>22}\n", "points", "|sum - (F(x) - F(b))|");
  for (const int64_t points : {1, 10, 100, 1000}) {
    fmt::print("{:>7} {:>22.1e}\n", points,
               std::abs(sum(integrated_gradients(f, x, b, points)).item() - difference));
  }
  const bert::Attribution theirs = bert::integrated_gradients(f, x, b, 512);
  const double scale = std::abs(difference);
  section("Do they add up, in words");
  fmt::print("1000 points add up to 1 % of the difference:               {}\n",
             shown(std::abs(sum(along).item() - difference) < 0.01 * scale));
  fmt::print("bert::integrated_gradients has the same shares, to 1 %:    {}\n",
             shown(largest_gap(along, tensor(theirs.by_token)) < 0.01 * scale));
  fmt::print("bert::gradient_times_input has the same, to 1e-9:          {}\n",
             largest_gap(product, tensor(bert::gradient_times_input(f, x).by_token)) < 1e-9 * (1 + scale));
  fmt::print("[CLS] and [SEP], in both x and b, have a share of exactly 0: {}\n",
             along.at({0}) == 0 && along.at({-1}) == 0);

  section("Museum: a baseline with the answer in it");
  const Case other = case_of({2, 3, false}, eater, 0);
  const Tensor wrong = embedded_row(model.bert, other.row);
  fmt::print("{:<52} {:>14}\n", "the baseline", "share of hungry");
  fmt::print("{:<52} {:>14}\n", text_of(nothing_said(hungry.row)).substr(0, 40) + " ...",
             along.at({hungry.adjective}) != 0 ? "not 0" : "0");
  const double share = integrated_gradients(f, x, wrong, 100).at({hungry.adjective});
  fmt::print("{:<52} {:>14}\n", plain_text(other), share == 0 ? "exactly 0" : "not 0");
  fmt::print("F with \"hungry\" is above 0, with \"fresh\" below:      {}\n",
             shown(f(x).item() > 0 && f(embedded_row(model.bert, fresh.row)).item() < 0));
}

void probes(const bert::BertForPreTraining& untrained, const bert::BertForPreTraining& model) {
  section("Probes");
  const ProbeSentences sets = probe_sentences();
  const std::vector<Probed> before = probed(untrained.bert, sets, Asking::meant),
                            after = probed(model.bert, sets, Asking::meant);
  fmt::print("{:<10} {:>10} {:>8}\n", "", "untrained", "trained");
  for (size_t i = 0; i < after.size(); ++i) {
    fmt::print("{:<10} {:>10} {:>8}\n", fmt::format("state {}", i), percent(before[i].accuracy),
               percent(after[i].accuracy));
  }
  section("Probes, in words");
  const auto coin = [](double share) { return share > 0.4 && share < 0.6; };
  fmt::print("untrained, all states: 40 to 60 %:  {}\n",
             coin(before[0].accuracy) && coin(before[1].accuracy) && coin(before[2].accuracy));
  fmt::print("trained, state 0: 40 to 60 %:       {}\n", coin(after[0].accuracy));
  fmt::print("trained, state 1: 75 % or more:     {}\n", shown(after[1].accuracy >= 0.75));

  section("Museum: a probe without a control task");
  const Probed alive = probed(untrained.bert, sets, Asking::alive)[0];
  fmt::print("untrained, state 0, other sentences with the same nouns:\n");
  fmt::print("the names of animals are told from others: 95 % or more:  {}\n", alive.accuracy >= 0.95);
  fmt::print("labels drawn by lot for each word:         95 % or more:  {}\n", alive.control >= 0.95);
}

void museum(const bert::BertForPreTraining& model) {
  section("Museum: chosen and scored on the same sentences");
  const ByLuck luck = best_untrained(short_run ? 1 : 10, 12);
  fmt::print("the best of 32 heads that have learnt nothing, mean of 10 networks:\n");
  fmt::print("on the 12 sentences that chose it:  {:.2f}\n", luck.chosen_on);
  fmt::print("on 360 others:                      {:.2f}\n", luck.others);

  section("Museum: a mean over padding");
  fmt::print("{:<22} {:>12} {:>12}\n", "places after the text", "real tokens", "all rows");
  for (const int64_t padding : {0, 4, 10}) {
    fmt::print("{:<22} {:>12.4f} {:>12.4f}\n", padding,
               mean_look_at_first(model.bert, hungry, padding, false),
               mean_look_at_first(model.bert, hungry, padding, true));
  }
}

}  // namespace

int main(int argc, char** argv) {
  return run_chapter(argc, argv, [] {
    the_lessons();
    by_hand_and_by_library();
    const bert::BertForPreTraining untrained = small_bert(5), model = small_bert(5);
    learning(model);
    what_it_says(model);
    const bert::HeadName best = which_head(model);
    taken_away(model, best);
    two_hops(model);
    shares(model);
    probes(untrained, model);
    museum(in_f64(small_bert(5)));
    if (!kept_folder().empty()) save_for_probe(kept_folder(), model);
  });
}
