// Chapter 13: is this the next sentence? Pairs, head and loss by hand, the same as the library's; what gives
// the answer away; then a small BERT that learns to compare.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "museum.hpp"
#include "nn/gradcheck.hpp"
#include "plot/plot.hpp"
#include "tutorials/support/kit.hpp"

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::next_sentence;

namespace {

constexpr int64_t pairs_a_step = short_run ? 16 : 64;

std::string percent(double share) { return fmt::format("{:.0f} %", 100 * share); }

/// The first `count` pairs that are short enough for a line.
void print_pairs(const std::vector<Pair>& pairs, size_t longest_b, int count) {
  fmt::print("{:<10}  {:<28}  {}\n", "label", "A", "B");
  for (const Pair& pair : pairs) {
    if (pair.a.size() > 6 || pair.b.size() > longest_b || count-- <= 0) continue;
    fmt::print("{:<10}  {:<28}  {}\n", pair.label == is_next ? "0, is next" : "1, random", text_of(pair.a),
               text_of(pair.b));
  }
}

void a_pair() {
  section("A story");
  const std::vector<Story> all = stories(40, 3);
  const auto longest = std::max_element(all.begin(), all.end(),
                                        [](const Story& x, const Story& y) { return x.size() < y.size(); });
  for (const Row& sentence : *longest) fmt::print("{}\n", text_of(sentence));

  section("Pairs");
  Rng rng(2);
  const std::vector<Pair> pairs = pairs_of(all, true, rng);
  print_pairs(pairs, 6, 8);

  section("One row");
  const bert::PretrainingBatch batch = batch_of({pairs[0], pairs[1]});
  const auto line = [&](const std::vector<int64_t>& numbers) {
    return Row(numbers.begin(), numbers.begin() + batch.length);
  };
  fmt::print("tokens    {}\n", text_of(line(batch.input_ids)));
  fmt::print("ids       {}\n", fmt::join(line(batch.input_ids), " "));
  fmt::print("segments  {}\n", fmt::join(line(batch.token_type_ids), " "));
  fmt::print("looked at {}\n", fmt::join(line(batch.attention_mask), " "));
}

bert::BertForPreTraining in_f64(uint64_t seed, double spread) {
  bert::BertForPreTraining model = small_bert(seed, spread);
  model.to(DType::f64);
  return model;
}

void the_head() {
  section("The head");
  const bert::BertForPreTraining model = in_f64(1, 0.25);
  const JudgeWeights w = weights_of(model);
  Rng rng(2);
  const Tensor vectors = randn({5, 18, 32}, rng, DType::f64);
  const Tensor by_library = model.cls.seq_relationship((*model.bert.pooler)(vectors));
  fmt::print("vectors {} -> pooled {} -> logits {}\n", vectors.shape(), pooled(vectors, w).shape(),
             verdicts(vectors, w).shape());
  fmt::print("same as the library's pooler and head, to 1e-12: {}\n",
             largest_gap(verdicts(vectors, w).detach(), by_library.detach()) < 1e-12);
  const bert::PretrainingBatch batch = batch_of(fresh_pairs(20, true, rng));
  const double ours = verdict_loss(verdicts(model, batch), tensor(batch.next_sentence_labels)).item();
  fmt::print("same loss as bert::BertForPreTraining, to 1e-12: {}\n",
             std::abs(ours - model.loss(batch).nsp_loss.item()) < 1e-12);
}

void before_learning() {
  section("Before learning");
  const bert::BertForPreTraining model = in_f64(1, 0.02);
  Rng rng(9);
  const bert::PretrainingBatch batch = batch_of(fresh_pairs(200, true, rng));
  const NoGrad no_tape;
  fmt::print("ln 2 = {:.4f}\n", std::log(2.0));
  fmt::print("loss of a fresh model: {:.4f}\n",
             verdict_loss(verdicts(model, batch), tensor(batch.next_sentence_labels)).item());
}

void gradients() {
  section("Gradient check");
  const bert::BertForPreTraining model = in_f64(1, 0.25);
  Rng rng(11);
  const JudgeWeights w = weights_of(model);
  const Tensor labels = tensor<int64_t>({0, 1, bert::no_label, 1});
  check_gradient("the loss, by the vectors and the head's 4 tensors",
                 [&](const auto& in) {
                   return verdict_loss(verdicts(in[0], {in[1], in[2], in[3], in[4]}), labels);
                 },
                 {randn({4, 3, 32}, rng, DType::f64), w.pool.detach(), w.pool_bias.detach(), w.judge.detach(),
                  w.judge_bias.detach()},
                 {.directions = 3});
  const bert::PretrainingBatch batch = batch_of(fresh_pairs(2, true, rng));
  const auto loss = [&](const auto&) {
    return verdict_loss(verdicts(model, batch), tensor(batch.next_sentence_labels));
  };
  fmt::print("the loss of the whole model, by all its tensors: {}\n",
             nn::gradcheck(model, loss, {}, {.directions = 2}).passed ? "agrees with differences" : "WRONG");
}

void what_gives_it_away() {
  section("Pairs without care");
  Rng rng(4);
  print_pairs(pairs_of(stories(40, 3), false, rng), 9, 8);

  section("Who needs to read?");
  const LibraryPairs library = pairs_of_library(stories(20000, 5));
  const size_t half = library.pairs.size() / 2;
  std::vector<std::vector<Pair>> known, asked;
  for (const bool with_care : {false, true}) {
    known.push_back(fresh_pairs(20000, with_care, rng));
    asked.push_back(fresh_pairs(20000, with_care, rng));
  }
  std::vector<Pair> mixed = library.pairs;
  rng.shuffle(mixed);
  known.emplace_back(mixed.begin(), mixed.begin() + static_cast<std::ptrdiff_t>(half));
  asked.emplace_back(mixed.begin() + static_cast<std::ptrdiff_t>(half), mixed.end());
  plot::Bars bars;
  bars.title = "Right verdicts of who looks at one thing only";
  bars.percent = true;
  bars.width = 640;
  bars.series = {{"without care", {}, 3}, {"with care", {}, 1}};
  fmt::print("{:<22} {:>12} {:>10} {:>12}\n", "who looks at", "without care", "with care", "the library");
  for (const auto& [name, clue] : clues) {
    double right[3];
    for (size_t k = 0; k < 3; ++k) right[k] = score_of(clue, known[k], asked[k]).total();
    fmt::print("{:<22} {:>12} {:>10} {:>12}\n", name, percent(right[0]), percent(right[1]),
               percent(right[2]));
    bars.groups.push_back(name);
    for (size_t k = 0; k < 2; ++k) bars.series[k].values.push_back(right[k]);
  }
  save_figure("clues.svg", plot::draw(bars));

  section("The balance");
  const std::vector<Story> all = stories(20000, 5);
  const auto lonely = std::count_if(all.begin(), all.end(), [](const Story& one) { return one.size() == 1; });
  fmt::print("{} stories, {} of one sentence\n", all.size(), lonely);
  fmt::print("{:<14} {:>6} {:>8} {:>8} {:>16}\n", "", "pairs", "is next", "random", "share of random");
  const auto line = [](const std::string& name, const std::vector<Pair>& pairs) {
    const int64_t random = random_ones(pairs), count = static_cast<int64_t>(pairs.size());
    fmt::print("{:<14} {:>6} {:>8} {:>8} {:>14.1f} %\n", name, count, count - random, random,
               100 * static_cast<double>(random) / static_cast<double>(count));
  };
  line("without care", pairs_of(all, false, rng));
  line("with care", pairs_of(all, true, rng));
  line("the library", library.pairs);

  section("The library's pairs");
  const int64_t random = random_ones(library.pairs), count = static_cast<int64_t>(library.pairs.size());
  fmt::print("rows that batch_of makes in the same way:      {} of {}\n", library.same_rows, count);
  fmt::print("true pairs whose B follows A in the text:      {} of {}\n", library.neighbours, count - random);
  fmt::print("random pairs whose B begins at a story's start: {} of {}\n", library.at_the_start, random);
}

void print_by_class(const std::string& name, const Score& score) {
  fmt::print("{:<22} {:>8} {:>8} {:>8}\n", name, percent(score.of(is_next)), percent(score.of(is_random)),
             percent(score.total()));
}

void print_classes() { fmt::print("{:<22} {:>8} {:>8} {:>8}\n", "right of", "is next", "random", "all"); }

bert::BertForPreTraining training(const std::vector<Pair>& test) {
  section("Learning");
  const bert::BertForPreTraining model = small_bert(5);
  plot::ChartSeries losses{.name = "", .x = {}, .y = {}, .color = 1, .faint = true};
  fmt::print("{:>6} {:>7} {:>8}\n", "steps", "loss", "right");
  double recent = 0;
  train(model, {.pairs = pairs_a_step}, [&](int64_t step, double loss) {
    losses.x.push_back(static_cast<double>(step));
    losses.y.push_back(loss);
    recent += loss / 50;
    if (step % 50 != 0) return;
    fmt::print("{:>6} {:>7.3f} {:>8}\n", step, recent, percent(score_of(model, test).total()));
    recent = 0;
  });
  plot::Chart chart;
  chart.title = "The loss on pairs";
  chart.x_label = "step";
  chart.whole_x = true;
  chart.width = 560;
  chart.series = {losses, {.name = "", .x = losses.x, .y = plot::smoothed(losses.y, 8), .color = 1}};
  // A true pair has one name always, a random one in one case of six.
  const double same = 0.5 + 0.5 / names, p = 0.5 / same;
  chart.guides = {{"a coin", std::log(2.0)},
                  {"comparing names", -same * (p * std::log(p) + (1 - p) * std::log(1 - p))}};
  save_figure("loss.svg", plot::draw(chart));

  section("By class");
  Rng rng(6);
  const std::vector<Pair> known = fresh_pairs(20000, true, rng);
  const Score mine = score_of(model, test), best = score_of(clues.back().second, known, test);
  print_classes();
  for (const auto& [name, clue] : clues) print_by_class(name, score_of(clue, known, test));
  print_by_class("BERT", mine);

  section("The result");
  const double coin = score_of(clues[0].second, known, test).total();
  fmt::print("right at least 30 points more often than without reading: {}\n",
             shown(mine.total() >= coin + 0.3));
  fmt::print("nearly every true pair, at least 95 %:                    {}\n",
             shown(mine.of(is_next) >= 0.95));
  fmt::print("of the random ones at most 90 %:                          {}\n",
             shown(mine.of(is_random) <= 0.9));
  fmt::print("within 4 points of who compares the names:                {}\n",
             shown(std::abs(mine.total() - best.total()) <= 0.04));

  section("Whom it takes for the same");
  Score same_name, other_name;
  const NoGrad no_tape;
  const std::vector<int64_t> said = argmax(verdicts(model, batch_of(test)), 1).to_vector<int64_t>();
  for (size_t i = 0; i < test.size(); ++i) {
    (name_in(test[i].a) == name_in(test[i].b) ? same_name : other_name).add(is_random, said[i]);
  }
  fmt::print("called random when the names differ:       {}\n", percent(other_name.of(is_random)));
  fmt::print("called random when the names are the same: {}\n", percent(same_name.of(is_random)));
  return model;
}

void falsely_easy(const std::vector<Pair>& test) {
  section("Falsely easy");
  const bert::BertForPreTraining model = small_bert(5);
  train(model, {.steps = 120, .with_care = false, .pairs = pairs_a_step});
  Rng rng(8);
  const Score easy = score_of(model, fresh_pairs(2000, false, rng)), honest = score_of(model, test);
  print_classes();
  print_by_class("pairs without care", easy);
  print_by_class("pairs with care", honest);

  section("Falsely easy, in words");
  fmt::print("without care, at least 95 % right:  {}\n", shown(easy.total() >= 0.95));
  fmt::print("with care, at most 60 % right:      {}\n", shown(honest.total() <= 0.6));
}

void museum(const bert::BertForPreTraining& learnt, const std::vector<Pair>& test) {
  section("Museum: one ignored label");
  const bert::BertForPreTraining model = small_bert(5);
  double last = 0;
  train(model, {.steps = 60, .left_out = is_next, .pairs = pairs_a_step},
        [&](int64_t, double loss) { last = loss; });
  const Score score = score_of(model, test);
  fmt::print("after 60 steps with the label 0 left out, the loss is below 0.05: {}\n", shown(last < 0.05));
  print_classes();
  print_by_class("BERT", score);

  section("Museum: an ignored label has no gradient");
  Tensor logits = zeros({4, 2}, DType::f64).requires_grad();
  const Tensor labels = tensor<int64_t>({0, 1, 0, 1});
  for (const int64_t left_out : {bert::no_label, int64_t{0}}) {
    logits.clear_grad();
    verdict_loss(logits, labels, left_out).backward();
    fmt::print("{:>4} left out: gradient", left_out);
    for (int64_t row = 0; row < 4; ++row) {
      fmt::print("   {:5.2f} {:5.2f}", logits.grad().at({row, 0}) + 0.0, logits.grad().at({row, 1}) + 0.0);
    }
    fmt::print("\n");
  }

  section("Museum: labels turned round");
  print_classes();
  print_by_class("as BERT writes them", score_of(learnt, test));
  print_by_class("1 for 'is next'", score_of(learnt, turned_round(test)));

  section("Museum: the last place for the first");
  const bert::BertForPreTraining fresh = in_f64(3, 0.25);
  fmt::print("{:<22} {:>8} {:>12}\n", "places after the pair", "[CLS]", "last place");
  for (const int64_t padding : {0, 3, 12}) {
    fmt::print("{:<22} {:>8.4f} {:>12.4f}\n", padding, score_when_padded(fresh, padding, false),
               score_when_padded(fresh, padding, true));
  }
}

}  // namespace

int main(int argc, char** argv) {
  return run_chapter(argc, argv, [] {
    a_pair();
    the_head();
    before_learning();
    gradients();
    what_gives_it_away();
    Rng rng(7);
    const std::vector<Pair> test = fresh_pairs(2000, true, rng);
    const bert::BertForPreTraining model = training(test);
    falsely_easy(test);
    museum(model, test);
  });
}
