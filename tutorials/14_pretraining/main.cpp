// Chapter 14: pretraining a tiny BERT. Loss, rate, clipping and AdamW by hand, the same as the library's; a
// training with both plateaus; what makes them longer; and the toy world.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "curves.hpp"
#include "museum.hpp"
#include "nn/gradcheck.hpp"
#include "tutorials/support/kit.hpp"

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::pretraining;

namespace {

constexpr int64_t row_length = 22;

std::string percent(double share) { return fmt::format("{:.0f} %", 100 * share); }

void the_text(const Reading& reading) {
  section("The text");
  Rng rng(4);
  for (int i = 0; i < 2; ++i) fmt::print("{}\n", told(next_sentence::story(rng), rng));

  section("The vocabulary");
  const bert::TokenizedCorpus& corpus = *reading.training;
  fmt::print("{} stories, {} sentences, {} tokens\n", corpus.documents(), corpus.sentences(),
             corpus.tokens());
  int64_t unknown = 0, parts = 0;
  for (const int32_t id : corpus.ids()) {
    unknown += id == reading.tokenizer.special_ids().unk;
    parts += reading.pieces.is_continuation[static_cast<size_t>(id)];
  }
  fmt::print("{} pieces learnt; in the text {} [UNK], {} parts of words\n", reading.tokenizer.vocab().size(),
             unknown, parts);
}

void a_batch(const Reading& reading, const bert::PretrainingData& data) {
  section("A batch");
  const bert::PretrainingBatch batch = Batches(data).next(64);
  fmt::print("rows {}, places {}, hidden words {}\n", batch.rows, batch.length, batch.masked_labels.size());
  for (int64_t row = 0; row < 4; ++row) {
    std::string text, asked;
    for (int64_t i = 0; i < batch.lengths[static_cast<size_t>(row)]; ++i) {
      const int64_t id = batch.input_ids[static_cast<size_t>(row * batch.length + i)];
      text += (i > 0 ? " " : "") + reading.tokenizer.vocab().piece(static_cast<bert::TokenId>(id));
    }
    for (size_t k = 0; k < batch.masked_labels.size(); ++k) {
      if (batch.masked_positions[k] / batch.length != row) continue;
      asked +=
          fmt::format("{}place {}: {}", asked.empty() ? "" : ", ", batch.masked_positions[k] % batch.length,
                      reading.tokenizer.vocab().piece(static_cast<bert::TokenId>(batch.masked_labels[k])));
    }
    fmt::print("{}\n  {}, {}\n", text,
               batch.next_sentence_labels[static_cast<size_t>(row)] == 0 ? "is next" : "random", asked);
  }
}

void the_parts(const Reading& reading, const bert::PretrainingData& data) {
  section("The rate");
  const Course how;
  const nn::Schedule schedule{nn::Schedule::Kind::linear, how.peak, how.warmup, how.steps};
  double gap = 0;
  for (int64_t step = 0; step <= how.steps; ++step)
    gap = std::max(gap, std::abs(rate_after(step, how) - schedule(step)));
  for (const int64_t step : {0, 15, 30, 165, 300})
    fmt::print("after {:>3} steps: {:.4f}\n", step, rate_after(step, how));
  fmt::print("same as nn::Schedule, to 1e-15: {}\n", gap < 1e-15);

  section("Clipping");
  const bert::BertForPreTraining model = small_bert(reading, 1);
  model.to(DType::f64);
  const Losses first = losses_of(model, Batches(data).next(8));
  (first.words + first.pairs).backward();
  const double length = OurAdamW(model.named_parameters()).length();
  fmt::print("length of the first gradient: {:.3f}\n", length);
  fmt::print("every number of it times:     {:.3f}\n", std::min(1.0, how.longest / length));
  fmt::print("same length as nn::clip_grad_norm finds, to 1e-12: {}\n",
             std::abs(nn::clip_grad_norm(model.parameters(), how.longest) - length) < 1e-12);

  section("What decays");
  int64_t drawn = 0, all = 0, wrong = 0;
  for (const auto& [name, weight] : model.named_parameters()) {
    ++all;
    drawn += decays(name);
    wrong += decays(name) != nn::decays_by_name(name);
    if (name.find("layer.0.attention.output") != std::string::npos ||
        name.find("seq_relationship") != std::string::npos) {
      fmt::print("{:<55} {}\n", name, decays(name) ? "decays" : "stays");
    }
  }
  fmt::print("{} of {} tensors decay; where the library has it otherwise: {}\n", drawn, all, wrong);

  section("Gradient check");
  const bert::PretrainingBatch batch = Batches(data).next(2);
  const auto loss = [&](const auto&) {
    const Losses both = losses_of(model, batch);
    return both.words + both.pairs;
  };
  fmt::print("words + pairs, by all tensors of the model: {}\n",
             nn::gradcheck(model, loss, {}, {.directions = 2}).passed ? "agrees with differences" : "WRONG");
}

void by_hand_and_by_library(const Reading& reading,
                            const std::shared_ptr<const bert::PretrainingData>& data) {
  section("By hand and by library");
  const Course how{.steps = 6, .warmup = 2, .rows = 8};
  const auto fresh = [&] {
    bert::BertForPreTraining model = small_bert(reading, 1);
    model.to(DType::f64);
    return model;
  };
  std::vector<std::pair<double, double>> ours;
  const bert::BertForPreTraining by_hand = fresh(), by_parts = fresh();
  pretrain(by_hand, *data, how, {},
           [&](const Losses& loss) { ours.emplace_back(loss.words.item(), loss.pairs.item()); });
  pretrain_with_parts(by_parts, *data, how);
  const bert::BertForPreTraining by_trainer = fresh();
  const std::vector<bert::StepReport> theirs = pretrain_with_trainer(by_trainer, reading, data, how);
  fmt::print("{:>4}   {:^17}   {:^17}\n", "", "by hand", "bert::Trainer");
  fmt::print("{:>4}   {:>8} {:>8}   {:>8} {:>8}\n", "step", "words", "pairs", "words", "pairs");
  double gap = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    gap = std::max(
        {gap, std::abs(ours[i].first - theirs[i].mlm_loss), std::abs(ours[i].second - theirs[i].nsp_loss)});
    if (i >= 4) continue;
    fmt::print("{:>4}   {:>8.4f} {:>8.4f}   {:>8.4f} {:>8.4f}\n", i + 1, ours[i].first, ours[i].second,
               theirs[i].mlm_loss, theirs[i].nsp_loss);
  }
  fmt::print("all losses the same to 1e-9: {}\n", gap < 1e-9);
  fmt::print("our loop with the library's parts, the same bits as the Trainer's: {}\n",
             same_bits(by_parts, by_trainer));
}

void print_seen(const std::vector<Seen>& seen, size_t lines) {
  fmt::print("{:>6}   {:>13} {:>7}   {:>13} {:>7}\n", "steps", "words, loss", "right", "pairs, loss",
             "right");
  for (size_t i = 0; i <= lines; ++i) {
    const Seen& one = seen[i * (seen.size() - 1) / lines];
    fmt::print("{:>6}   {:>13.2f} {:>7}   {:>13.3f} {:>7}\n", one.step, one.score.mlm_loss(),
               percent(one.score.mlm_accuracy()), one.score.nsp_loss(), percent(one.score.nsp_accuracy()));
  }
}

/// The course of all trainings of this chapter, or a few steps of it.
Course usual() {
  Course how;
  if (short_run) how.steps = 10, how.warmup = 1, how.rows = 8;
  return how;
}
Exam exam_of(const bert::PretrainingData& held_out, const bert::BigramBaseline& counts) {
  return {held_out, counts, short_run ? 16 : 400, short_run ? 1 : 10};
}

std::vector<Seen> learning(const Reading& reading, const bert::PretrainingData& data, const Exam& exam) {
  section("The levels");
  const bert::Evaluation levels =
      bert::evaluate(small_bert(reading, 1), exam.held_out, {.rows = 400, .batch_rows = 400}, &exam.counts);
  fmt::print("{:<24} {:>6} {:>8}\n", "words", "loss", "right");
  fmt::print("{:<24} {:>6.2f} {:>8}\n", "any piece alike",
             std::log(static_cast<double>(reading.tokenizer.vocab().size())), "1 %");
  fmt::print("{:<24} {:>6.2f} {:>8}\n", "frequency", loss_of(*levels.unigram),
             percent(levels.unigram->accuracy()));
  fmt::print("{:<24} {:>6.2f} {:>8}\n", "two neighbours", loss_of(*levels.bigram),
             percent(levels.bigram->accuracy()));
  fmt::print("{:<24} {:>6} {:>8}\n", "pairs", "", "");
  fmt::print("{:<24} {:>6.2f} {:>8}\n", "a coin", std::log(2.0), percent(0.5));
  fmt::print("{:<24} {:>6} {:>8}\n", "comparing the names", "", percent(11.0 / 12));

  section("Learning");
  const Course how = usual();
  const std::vector<Seen> seen = learn(small_bert(reading, 1), data, how, exam, true);
  print_seen(seen, 10);

  section("The result");
  const Seen &early = seen[seen.size() / 10], &last = seen.back();
  double best = 0;
  for (size_t i = 0; i <= seen.size() / 10; ++i) best = std::max(best, pairs_right(seen[i]));
  fmt::print("after a tenth of the steps\n");
  fmt::print("  words: better than frequency, worse than two neighbours: {}\n",
             shown(words_loss(early) < frequency_loss(early) && words_loss(early) > neighbours_loss(early)));
  fmt::print("  pairs: never yet better than 60 %:                       {}\n", shown(best <= 0.6));
  fmt::print("after the last\n");
  fmt::print("  words: better than two neighbours:                       {}\n",
             shown(words_loss(last) < neighbours_loss(last)));
  fmt::print("  pairs: at least 80 % right:                              {}\n",
             shown(pairs_right(last) >= 0.8));
  return seen;
}

// ---- What breaks a plateau ----

struct Trial {
  std::string name;
  Course how;
  double spread = 0.1;
  bool positions = true, attention = true;
  std::vector<Seen> seen = {};
};

std::vector<Trial> trials() {
  const auto with = [](const auto& change) {
    Course how = usual();
    change(how);
    return how;
  };
  return {{.name = "attention off", .how = usual(), .attention = false},
          {.name = "positions off", .how = usual(), .positions = false},
          {.name = "pairs alone", .how = with([](Course& c) { c.words = false; })},
          {.name = "weights begin at 0.02", .how = usual(), .spread = 0.02},
          {.name = "rate a fifth", .how = with([](Course& c) { c.peak /= 5; })},
          {.name = "rate six times", .how = with([](Course& c) { c.peak *= 6; })},
          {.name = "batches of 16 rows", .how = with([](Course& c) { c.rows /= 4; })}};
}

void what_breaks(const Reading& reading, const bert::PretrainingData& data, Exam exam,
                 const std::vector<Seen>& base) {
  section("What breaks a plateau");
  fmt::print("{:<24} {:>10} {:>15} {:>9} {:>11}\n", "", "below", "below two", "pairs", "words, loss");
  fmt::print("{:<24} {:>10} {:>15} {:>9} {:>11}\n", "", "frequency", "neighbours", "learnt", "at the end");
  const int64_t never = base.back().step;
  const auto line = [&](const std::string& name, const std::vector<Seen>& seen) {
    fmt::print("{:<24} {:>10} {:>15} {:>9} {:>11.2f}\n", name, below_frequency(seen, never),
               below_neighbours(seen, never), pairs_learnt(seen, never), words_loss(seen.back()));
  };
  line("as above", base);
  std::vector<Trial> all = trials();
  for (Trial& trial : all) {
    const bert::BertForPreTraining model = small_bert(reading, 1, trial.spread);
    if (!trial.positions) without_positions(model);
    if (!trial.attention) without_attention(model);
    trial.seen = learn(model, data, trial.how, exam);
    line(trial.name, trial.seen);
  }
  fmt::print("{} stands for: not in these {} steps\n", never, never);
  const auto words_stay = [&](const Trial& t) { return below_neighbours(t.seen, -1) == -1; };
  const auto pairs_stay = [&](const Trial& t) { return pairs_learnt(t.seen, -1) == -1; };

  section("What breaks a plateau, in words");
  const auto larger = [&](const Trial& t, double by) {
    return words_loss(t.seen.back()) > words_loss(base.back()) + by;
  };
  const auto tell = [](const std::string& what, bool claim) {
    fmt::print("{:<66} {}\n", what + ":", shown(claim));
  };
  tell("attention off: the words stay above two neighbours", words_stay(all[0]));
  tell("attention off: the pairs stay with the coin", pairs_stay(all[0]));
  tell("positions off: a larger loss of the words at the end", larger(all[1], 0.1));
  tell("positions off: the pairs are learnt", !pairs_stay(all[1]));
  tell("pairs alone: a larger loss of the pairs at the end",
       all[2].seen.back().score.nsp_loss() > base.back().score.nsp_loss() + 0.05);
  tell("weights begin at 0.02: the pairs stay with the coin", pairs_stay(all[3]));
  tell("rate a fifth, rate six times: the words stay above two neighbours",
       words_stay(all[4]) && words_stay(all[5]));
  tell("batches of 16 rows: a larger loss of the words at the end", larger(all[6], 0.1));

  const auto level = [&](double (*loss)(const Seen&)) { return loss(base.back()); };
  const double coin = 0.5;
  save_figure(
      "learning.svg",
      plot::beside({plot::draw(chart_of("Hidden words: the loss", {curve("", base, 1, words_loss)},
                                        {{"frequency", level(frequency_loss)},
                                         {"attention off", words_loss(all[0].seen.back())},
                                         {"two neighbours", level(neighbours_loss)}},
                                        false)),
                    plot::draw(chart_of("Pairs: right",
                                        {curve("", base, 1, pairs_right),
                                         plateau(0, static_cast<double>(pairs_learnt(base, never)), coin)},
                                        {{"a coin", coin}, {"comparing the names", 11.0 / 12}}, true))}));
  const auto lines = [&](double (*value)(const Seen&), const std::vector<size_t>& which) {
    std::vector<plot::ChartSeries> series = {curve("as above", base, 1, value)};
    for (const size_t i : which)
      series.push_back(curve(all[i].name, all[i].seen, static_cast<int>(series.size()) + 1, value));
    return series;
  };
  save_figure("broken.svg",
              plot::beside({plot::draw(chart_of("Hidden words: the loss", lines(words_loss, {0, 1, 4}),
                                                {{"two neighbours", level(neighbours_loss)}}, false)),
                            plot::draw(chart_of("Pairs: right", lines(pairs_right, {1, 2, 3}),
                                                {{"a coin", coin}}, true))}));
}

void the_toy_world() {
  section("The toy world");
  const Reading reading = read_toy_world(short_run ? 500 : 20000);
  fmt::print("{}\n", bert::toy_story({.seed = 3}, 0).sentences[0].text());
  for (int i = 1; i < 4; ++i)
    fmt::print("{}\n", bert::toy_story({.seed = 3}, 0).sentences[static_cast<size_t>(i)].text());

  section("The toy world, learning");
  const auto data = rows_of(reading.training, reading, 32), held_out = rows_of(reading.held_out, reading, 32);
  const bert::BigramBaseline counts(*reading.training, reading.pieces);
  Course how{.steps = 1000, .warmup = 60, .peak = 4e-3, .rows = 16};
  if (short_run) how.steps = 10, how.warmup = 1;
  const Exam exam{*held_out, counts, short_run ? 16 : 300, short_run ? 1 : 50};
  Course fast = how;
  fast.peak *= 5;
  const std::vector<Seen> stuck = learn(small_bert(reading, 1, 0.05), *data, fast, exam);
  const std::vector<Seen> seen = learn(small_bert(reading, 1, 0.05), *data, how, exam);
  print_seen(seen, 10);
  const Seen &last = seen.back(), &end = stuck.back();
  fmt::print("at five times the rate: words {:.2f} {}, pairs {:.3f} {}\n", words_loss(end),
             percent(end.score.mlm_accuracy()), end.score.nsp_loss(), percent(pairs_right(end)));
  fmt::print("by counting: frequency {:.2f} {}, two neighbours {:.2f} {}\n", frequency_loss(last),
             percent(last.score.unigram->accuracy()), neighbours_loss(last),
             percent(last.score.bigram->accuracy()));

  section("The toy world, in words");
  const double level = frequency_loss(last);
  const auto arrived = first_step(seen, 0, [&](const Seen& s) { return words_loss(s) < 1.1 * level; });
  const auto gone = first_step(seen, how.steps, [&](const Seen& s) { return words_loss(s) < 0.9 * level; });
  fmt::print("words: the loss is near that of frequency for 150 steps or more: {}\n",
             shown(gone - arrived >= 150));
  fmt::print("words: at the end the loss is smaller by 1 or more:              {}\n",
             shown(words_loss(last) < level - 1));
  fmt::print("words: at five times the rate it is near frequency at the end:   {}\n",
             shown(std::abs(words_loss(end) - level) < 0.3));
  fmt::print("pairs: not yet 65 % right, at either rate:                       {}\n",
             shown(pairs_right(last) < 0.65 && pairs_right(end) < 0.65));
  const auto whole = static_cast<double>(how.steps);
  save_figure(
      "toy_world.svg",
      plot::beside(
          {plot::draw(chart_of("Hidden words: the loss",
                               {curve("the rate 0.004", seen, 1, words_loss),
                                plateau(static_cast<double>(arrived), whole, level),
                                curve("five times the rate", stuck, 3, words_loss)},
                               {{"frequency", level}, {"two neighbours", neighbours_loss(last)}}, false)),
           plot::draw(chart_of("Pairs: right",
                               {curve("the rate 0.004", seen, 1, pairs_right), plateau(0, whole, 0.5),
                                curve("five times the rate", stuck, 3, pairs_right)},
                               {{"a coin", 0.5}, {"always", 1}}, true))}));
}

void museum(const Reading& reading) {
  section("Museum: a decay that goes through the moments");
  fmt::print("{:<8} {:>10} {:>18}\n", "decay", "as AdamW", "through moments");
  for (const double decay : {0.01, 0.1, 1.0}) {
    fmt::print("{:<8} {:>10.4f} {:>18.4f}\n", decay, decayed(decay, false), decayed(decay, true));
  }

  section("Museum: an exam with dropout on");
  for (const bool in_training : {false, true}) {
    const auto [first, second] = examined_twice(reading, in_training);
    fmt::print("dropout {:<4} the same batch twice, the same loss: {}\n",
               in_training ? "on:" : "off:", first == second);
  }
}

}  // namespace

int main(int argc, char** argv) {
  return run_chapter(argc, argv, [] {
    const Reading reading = read_stories();
    const auto data = rows_of(reading.training, reading, row_length);
    const auto held_out = rows_of(reading.held_out, reading, row_length);
    const bert::BigramBaseline counts(*reading.training, reading.pieces);
    the_text(reading);
    a_batch(reading, *data);
    the_parts(reading, *data);
    by_hand_and_by_library(reading, data);
    const Exam exam = exam_of(*held_out, counts);
    const std::vector<Seen> base = learning(reading, *data, exam);
    what_breaks(reading, *data, {*held_out, counts, short_run ? 16 : 200, short_run ? 1 : 20}, base);
    the_toy_world();
    museum(reading);
  });
}
