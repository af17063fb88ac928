// Chapter 14: loss, rate, clipping, AdamW and loop by hand are the library's and have the right gradient; a
// small BERT gets off both plateaus on any seed, and without attention off neither; its bugs are caught.
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/sanitized.hpp"
#include "support/training_seed.hpp"
#include "tutorials/14_pretraining/museum.hpp"

using namespace gradus;
using namespace gradus::test;
using namespace gradus::tutorials::pretraining;

namespace {

const Reading& some_stories() {
  static const Reading reading = read_stories(300);
  return reading;
}

bert::BertForPreTraining bert_in_f64(uint64_t seed) {
  bert::BertForPreTraining model = small_bert(some_stories(), seed);
  model.to(DType::f64);
  return model;
}

}  // namespace

TEST_CASE("14: every word of the stories is a piece, and the held-out ones are other stories",
          "[tutorials]") {
  const Reading& reading = some_stories();
  CHECK(reading.training->documents() == 300);
  CHECK(reading.held_out->documents() == 600);
  for (const auto& corpus : {reading.training, reading.held_out}) {
    for (const int32_t id : corpus->ids()) {
      REQUIRE(id != reading.tokenizer.special_ids().unk);
      REQUIRE(reading.pieces.is_continuation[static_cast<size_t>(id)] == 0);
    }
  }
  CHECK(told_stories(600, 2) != told_stories(600, 1));
}

TEST_CASE("14: half of the sentences begin with a word of time, and the rest is the story of chapter 13",
          "[tutorials]") {
  Rng rng(1);
  int64_t with_time = 0, sentences = 0;
  for (int i = 0; i < 200; ++i) {
    const auto story = tutorials::next_sentence::story(rng);
    std::string text = told(story, rng), plain;
    for (const auto& sentence : story) plain += tutorials::next_sentence::text_of(sentence) + "\n";
    for (const std::string time : {"now ", "then ", "soon ", "today "}) {
      for (size_t at = 0; (at = text.find(time)) != std::string::npos; ++with_time)
        text.erase(at, time.size());
    }
    CHECK(text == plain);
    sentences += static_cast<int64_t>(story.size());
  }
  CHECK(std::abs(static_cast<double>(with_time) / static_cast<double>(sentences) - 0.5) < 0.1);
}

TEST_CASE("14: rows are pairs of one place, of both labels", "[tutorials]") {
  const auto data = rows_of(some_stories().training, some_stories(), 22);
  const bert::PretrainingBatch batch = Batches(*data).next(100);
  const auto random = std::count(batch.next_sentence_labels.begin(), batch.next_sentence_labels.end(), 1);
  CHECK(random > 25);
  CHECK(random < 75);
  CHECK(batch.length <= 22);
}

TEST_CASE("14: batches go on from epoch to epoch, each with masks of its own", "[tutorials]") {
  const auto data = rows_of(some_stories().training, some_stories(), 22);
  Batches batches(*data), again(*data);
  const int64_t rows = data->plan_epoch(0).size();
  const bert::PretrainingBatch first = batches.next(rows), second = batches.next(rows);
  CHECK(first == again.next(rows));
  CHECK(first.rows == rows);
  CHECK_FALSE(first == second);
}

TEST_CASE("14: the rate is the library's linear schedule, 0 at the start and at the end", "[tutorials]") {
  for (const Course& how :
       {Course{}, Course{.steps = 7, .warmup = 3, .peak = 2}, Course{.steps = 5, .warmup = 0}}) {
    const nn::Schedule schedule{nn::Schedule::Kind::linear, how.peak, how.warmup, how.steps};
    for (int64_t step = 0; step <= how.steps; ++step) {
      CHECK(std::abs(rate_after(step, how) - schedule(step)) < 1e-15);
    }
    CHECK(rate_after(how.warmup, how) == how.peak);
    CHECK(rate_after(how.steps, how) == 0);
  }
}

TEST_CASE("14: what decays is what decays in the library", "[tutorials]") {
  int64_t staying = 0;
  for (const auto& [name, weight] : small_bert(some_stories(), 1).named_parameters()) {
    INFO(name);
    CHECK(decays(name) == nn::decays_by_name(name));
    staying += !decays(name);
  }
  CHECK(staying > 10);
}

TEST_CASE("14: the losses of a batch are the library's", "[tutorials]") {
  const auto data = rows_of(some_stories().training, some_stories(), 22);
  const bert::BertForPreTraining model = bert_in_f64(1);
  Batches batches(*data);
  for (const int64_t rows : {1, 5, 16}) {
    const bert::PretrainingBatch batch = batches.next(rows);
    const Losses ours = losses_of(model, batch);
    const bert::PretrainingLoss theirs = model.loss(batch);
    CHECK(worst_difference(ours.words, theirs.mlm_loss) < 1e-12);
    CHECK(worst_difference(ours.pairs, theirs.nsp_loss) < 1e-12);
  }
}

TEST_CASE("14: words plus pairs has the right gradient, by every tensor of the model", "[tutorials]") {
  const auto data = rows_of(some_stories().training, some_stories(), 22);
  const bert::BertForPreTraining model = bert_in_f64(1);
  const bert::PretrainingBatch batch = Batches(*data).next(2);
  const auto loss = [&](const auto&) {
    const Losses both = losses_of(model, batch);
    return both.words + both.pairs;
  };
  for (const bool second_order : {false, true}) {
    INFO(second_order);
    const GradcheckReport report =
        nn::gradcheck(model, loss, {}, {.directions = 2, .second_order = second_order});
    INFO(to_string(report));
    CHECK(report.passed);
  }
}

TEST_CASE("14: our AdamW takes the library's steps, where the gradient is shortened and where it is not",
          "[tutorials]") {
  for (const double longest : {0.01, 1e6}) {
    INFO(longest);
    const auto weights = [] {
      return std::vector<Tensor>{random_normal({3, 4}, 1).requires_grad(),
                                 random_normal({4}, 2).requires_grad()};
    };
    const std::vector<Tensor> ours = weights(), theirs = weights();
    OurAdamW our_optimizer({{"dense.weight", ours[0]}, {"dense.bias", ours[1]}});
    nn::AdamOptions options{.lr = 0.1, .weight_decay = 0.2};
    options.decays = [](const std::string& name) { return name == "0"; };
    nn::AdamW optimizer(theirs, options);
    const Tensor x = random_normal({5, 3}, 3);
    const auto loss = [&](const std::vector<Tensor>& w) { return sum(tanh(matmul(x, w[0]) + w[1])); };
    for (int step = 0; step < 4; ++step) {
      our_optimizer.clear();
      optimizer.zero_grad();
      loss(ours).backward();
      loss(theirs).backward();
      CHECK(std::abs(our_optimizer.length() - optimizer.grad_norm()) < 1e-12);
      our_optimizer.step(0.1, longest, 0.2);
      optimizer.clipped_step(longest);
      for (size_t i = 0; i < 2; ++i) CHECK(worst_difference(ours[i], theirs[i]) < 1e-12);
    }
  }
}

TEST_CASE("14: our loop has the Trainer's losses, and with the library's parts its bits", "[tutorials]") {
  const auto data = rows_of(some_stories().training, some_stories(), 22);
  const Course how{.steps = 5, .warmup = 2, .rows = 8};
  const bert::BertForPreTraining by_hand = bert_in_f64(1), by_parts = bert_in_f64(1),
                                 by_trainer = bert_in_f64(1);
  std::vector<double> ours;
  pretrain(by_hand, *data, how, {},
           [&](const Losses& loss) { ours.push_back((loss.words + loss.pairs).item()); });
  pretrain_with_parts(by_parts, *data, how);
  const std::vector<bert::StepReport> theirs = pretrain_with_trainer(by_trainer, some_stories(), data, how);
  REQUIRE(ours.size() == 5);
  REQUIRE(theirs.size() == 5);
  for (size_t i = 0; i < 5; ++i) CHECK(std::abs(ours[i] - theirs[i].loss) < 1e-9);
  CHECK(same_bits(by_parts, by_trainer));
  CHECK_FALSE(same_bits(by_parts, bert_in_f64(1)));
}

TEST_CASE("14: learning gets off both plateaus, and with attention off neither", "[tutorials]") {
  const Reading reading = read_stories(is_sanitized ? 300 : 20000);
  const auto data = rows_of(reading.training, reading, 22), held_out = rows_of(reading.held_out, reading, 22);
  const bert::BigramBaseline counts(*reading.training, reading.pieces);
  Course how;
  if (is_sanitized) how.steps = 10, how.warmup = 1, how.rows = 4;
  const Exam exam{*held_out, counts, 200, how.steps / 10};
  const bert::BertForPreTraining model = small_bert(reading, training_seed(1));
  const std::vector<Seen> seen = learn(model, *data, how, exam);
  const bert::BertForPreTraining alone = small_bert(reading, training_seed(1));
  without_attention(alone);
  const std::vector<Seen> blind = learn(alone, *data, how, exam);
  REQUIRE(seen.size() == 11);
  CHECK(seen.back().step == how.steps);
  for (const auto& [name, weight] : alone.named_parameters()) {
    if (name.find("attention.output.dense") != std::string::npos) CHECK(max(abs(weight)).item() == 0);
  }
  if (is_sanitized) return;  // so short a run shows nothing
  CHECK(below_frequency(seen, -1) > 0);
  CHECK(below_neighbours(seen, -1) > below_frequency(seen, -1));
  CHECK(pairs_learnt(seen, -1) > 0);
  CHECK(seen[1].score.nsp_accuracy() < 0.62);
  CHECK(seen.back().score.nsp_accuracy() > 0.78);
  CHECK(below_frequency(blind, -1) > 0);
  CHECK(below_neighbours(blind, -1) == -1);
  CHECK(pairs_learnt(blind, -1) == -1);
}

TEST_CASE("14: the first step at which something held", "[tutorials]") {
  const std::vector<Seen> seen = {{0, {}}, {10, {}}, {20, {}}};
  CHECK(first_step(seen, -1, [](const Seen& s) { return s.step >= 10; }) == 10);
  CHECK(first_step(seen, -1, [](const Seen& s) { return s.step > 20; }) == -1);
}

TEST_CASE("14 museum: a decay through the moments, and an exam with dropout on", "[tutorials]") {
  CHECK(std::abs(decayed(0.1, false) - std::pow(1 - 0.001, 10)) < 1e-12);
  CHECK(std::abs((1 - decayed(0.01, false)) / (1 - decayed(0.001, false)) - 10) < 0.01);
  CHECK(std::abs(decayed(0.01, true) - decayed(0.1, true)) < 1e-3);
  CHECK(decayed(0.01, true) < 0.91);
  const auto [first, second] = examined_twice(some_stories(), false);
  CHECK(first == second);
  const auto [with, again] = examined_twice(some_stories(), true);
  CHECK(with != again);
}
