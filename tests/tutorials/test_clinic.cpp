// The clinic: our diagnoses are proven, those of somebody who guesses are refused in words that say why, and
// the complaints are true.
#include <cmath>

#include "nn/gradcheck.hpp"
#include "support/catch.hpp"
#include "tutorials/clinic/chart.hpp"
#include "tutorials/clinic/ward.hpp"
#include "tutorials/support/kit.hpp"

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::clinic;

namespace {

/// The reason for a refusal.
std::string refusal(int bed, const Diagnosis& diagnosis) {
  const auto verdict = examine(bed, diagnosis);
  CHECK(!verdict.proven);
  return verdict.reason;
}
bool has(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

/// How often the answer stands where it is asked for. Only patient 2 has more than a few.
double answers_in_the_input(const Patient& p) {
  const Batch batch = p.training_batch(0);
  const Tensor there = equal(batch.input_ids, batch.labels), asked = not_equal(batch.labels, not_asked);
  return sum(there.to(DType::f64)).item() / sum(asked.to(DType::f64)).item();
}

/// Over the whole log: whoever learns pairs late has a high one.
double mean_loss_of_pairs(int bed) {
  const std::vector<LogLine> log = admit(bed).log();
  double sum = 0;
  for (const LogLine& line : log) sum += line.pair_loss;
  return sum / static_cast<double>(log.size());
}

/// Something that differs from seed to seed, and not from fault to fault.
double trait_of_the_seed(const Patient& p) { return sum(p.training_batch(0).segments.to(DType::f64)).item(); }

}  // namespace

TEST_CASE("clinic: the program of the patients has the right gradient, with and without each fault in it") {
  for (const Fault fault :
       {Fault::none, Fault::attention_over_queries, Fault::head_not_tied, Fault::padding_attended}) {
    Rng rng(3), dice(4);
    const Body body(fault, 0.0, rng);
    const Batch batch = batch_of(pairs_for(2, 5), Fault::none, dice);
    const Tensor pull =
        randn({2, batch.input_ids.size(1), next_sentence::vocabulary_size()}, rng, DType::f64);
    const Tensor push = randn({2, 2}, rng, DType::f64);
    GradcheckOptions options;
    options.directions = 4;
    const auto pulled = [&](const std::vector<Tensor>&) {
      const Outputs out = body(batch, false);
      return sum(out.words * pull.to(out.words.dtype())) + sum(out.pairs * push.to(out.pairs.dtype()));
    };
    const auto report = nn::gradcheck(body, pulled, {}, options);
    CHECK(report.passed);
  }
}

TEST_CASE("clinic: a diagnosis that proves nothing is refused, and the reason says what is missing") {
  const int bed = 2;
  const auto measures = [](std::function<double(Patient&)> measure, double limit = 0.5) {
    return Diagnosis{.fault = Fault::answer_left_in, .measure = std::move(measure), .limit = limit};
  };
  CHECK(refusal(bed, {.fault = Fault::answer_left_in}) == "there is a name and no measurement");
  CHECK(has(refusal(bed, measures(answers_in_the_input, NAN)), "the limit is NaN"));
  CHECK(has(refusal(bed, measures([](Patient&) { return NAN; })),
            "the measurement gave nan, which is no number"));
  CHECK(has(refusal(bed, measures([](Patient& p) {
                      return p.held_out(4).labels.at({9, 0});
                    })),
            "the measurement could not be made: "));
  CHECK(has(refusal(bed, measures([](Patient& p) { return 1 - answers_in_the_input(p); })),
            "finds nothing in this patient: 0, and it is ill above 0.5"));
  CHECK(has(refusal(bed, measures([](Patient&) { return 1.0; })),
            "a healthy patient measures 1, above your limit of 0.5"));
  CHECK(has(refusal(bed, measures(answers_in_the_input, 0.01)), "a healthy patient measures"));
  // One number of the patient's rows in place of its fault.
  const double trait = trait_of_the_seed(admit(bed));
  const auto alike = [trait](Patient& p) {
    return trait_of_the_seed(p) == trait && answers_in_the_input(p) > 0.5;
  };
  CHECK(has(refusal(bed, measures(alike)), "what you measure is this one, and not its fault"));
  const auto stranger = [trait](Patient& p) {
    return trait_of_the_seed(p) != trait || answers_in_the_input(p) > 0.5;
  };
  CHECK(has(refusal(bed, measures(stranger)), "another healthy patient measures 1"));
  // Nothing stands where it belongs: labels that are shifted or another vocabulary look like that, too.
  const auto no_mask = [](Patient& p) {
    const Batch batch = p.training_batch(0);
    const Tensor masked = equal(batch.input_ids, next_sentence::mask_id).to(DType::f64);
    return 1 -
           sum(masked * not_equal(batch.labels, not_asked).to(DType::f64)).item() / sum(masked + 1e-9).item();
  };
  CHECK(has(refusal(bed, measures(no_mask)), "of the other patients is above your limit too: 9 ("));
  // One that knows who comes when, and looks at nobody.
  const auto counts = [n = 0](Patient&) mutable {
    ++n;
    return n == 1 || n == 14 || n == 16 ? 1.0 : 0.0;
  };
  CHECK(refusal(bed, measures(counts)) ==
        "the same patient measures otherwise when it comes again: the number has to follow from the patient "
        "alone");
  CHECK(refusal(bed, measures([](Patient&) -> double { throw std::out_of_range("no such row"); })) ==
        "the measurement could not be made: no such row");
  Diagnosis misnamed = measures(answers_in_the_input);
  misnamed.fault = Fault::no_warm_up;
  CHECK(refusal(bed, misnamed) ==
        "the measurement tells this patient from all others, but the fault is not no_warm_up, \"the rate is "
        "at its "
        "height from the first step on\": what does your number see?");
  CHECK(examine(bed, measures(answers_in_the_input)).proven);
}

TEST_CASE("clinic: what is said of the patients is true") {
  if (short_run) return;  // they are not trained then
  set_num_threads(1);
  // The means of the last five lines: a line is of 32 rows.
  const auto log = [](int bed) {
    const std::vector<LogLine> lines = admit(bed).log();
    LogLine sum{};
    for (size_t i = lines.size() - 5; i < lines.size(); ++i) {
      sum.word_loss += lines[i].word_loss / 5;
      sum.words_right += lines[i].words_right / 5;
      sum.pairs_right += lines[i].pairs_right / 5;
    }
    return sum;
  };
  const auto tested = [](int bed) {
    const Patient patient = admit(bed);
    const Batch rows = patient.held_out();
    const Outputs out = patient.look(rows);
    return std::pair(words_right(out, rows), pairs_right(out, rows));
  };
  const auto [healthy_words, healthy_pairs] = tested(0);
  CHECK(healthy_words > 0.5);
  CHECK(healthy_pairs > 0.7);
  CHECK(log(2).words_right > 0.97);
  CHECK(tested(2).first < healthy_words - 0.15);
  CHECK(log(3).pairs_right > 0.6);
  CHECK(tested(3).second < 0.3);
  CHECK(mean_loss_of_pairs(5) > mean_loss_of_pairs(0) + 0.03);
  CHECK(tested(7).first < 0.25);
  CHECK(tested(9).first < 0.3);
  CHECK(log(9).word_loss < log(0).word_loss + 0.3);
  CHECK(tested(11).second < healthy_pairs - 0.1);
  CHECK(std::abs(tested(11).first - healthy_words) < 0.05);
}

TEST_CASE("clinic: a patient begins again as it was, and its loop takes up where it stopped") {
  set_num_threads(1);
  const std::vector<Pair> pairs = pairs_for(8, 3);
  Rng dice(1);
  const Batch rows = batch_of(pairs, Fault::none, dice);
  Patient one(Fault::none, 7), other(Fault::none, 7);
  CHECK(one.steps_done() == other.steps_done());
  one.begin_again();
  CHECK(one.steps_done() == 0);
  CHECK(std::abs(one.loss(rows).item() - other.loss(rows).item()) > 0.1);
  other.begin_again();
  CHECK(one.loss(rows).item() == other.loss(rows).item());
  one.train(2);
  other.train_on(other.training_batch(0));
  CHECK(other.steps_done() == 1);
  CHECK(one.steps_done() == 2);
}

TEST_CASE("clinic: a patient that is not there is refused") {
  CHECK_THROWS_AS(complaint(13), ValueError);
  CHECK_THROWS_AS(examine(0, {}), ValueError);
}
