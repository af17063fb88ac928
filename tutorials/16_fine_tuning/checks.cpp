// What the exercises of chapter 16 are held to.
#include <set>

#include "autograd/autograd.hpp"
#include "bert/tasks/task_models.hpp"
#include "exercise.hpp"
#include "tutorials/support/check.hpp"

namespace {

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::fine_tuning;

using Labels = std::vector<int64_t>;

void labels(Check& check) {
  check.equal(
      "three words of one piece, tags 4 2 1, 5 slots", first_piece_labels({1, 1, 1}, {4, 2, 1}, 5),
      Labels{-100, 4, 2, 1, -100},
      "slot 0 is [CLS] and the last one [SEP]: they are no words, and have -100; the first word is at 1");
  check.equal(
      "words of 2, 1 and 3 pieces, tags 1 0 3, 8 slots", first_piece_labels({2, 1, 3}, {1, 0, 3}, 8),
      Labels{-100, 1, -100, 0, 3, -100, -100, -100},
      "a word's tag stands at the first of its pieces; the others have -100: not the tag again, and not "
      "0, which is a tag, too");
  check.equal("the same in a row of 11 slots", first_piece_labels({2, 1, 3}, {1, 0, 3}, 11),
              Labels{-100, 1, -100, 0, 3, -100, -100, -100, -100, -100, -100},
              "there is a label for each slot, and padding is asked nothing: -100");
  check.equal(
      "a word of no piece between two others", first_piece_labels({1, 0, 2}, {4, 2, 1}, 5),
      Labels{-100, 4, 1, -100, -100},
      "a word without a piece has no slot, so its tag stands nowhere, and the next word's tag is the next "
      "word's own");
  check.equal("a last word of no piece", first_piece_labels({2, 0}, {1, 4}, 4), Labels{-100, 1, -100, -100},
              "the slot behind the last piece is that of [SEP], and has -100");
}

std::string slots_as_text(AnswerSlots slots) { return fmt::format("({}, {})", slots.first, slots.last); }

void spans(Check& check) {
  const auto is = [&](const std::string& what, AnswerSlots got, AnswerSlots want, const std::string& hint) {
    check.equal(what, slots_as_text(got), slots_as_text(want), hint);
  };
  const double no = -50;  // "no answer" is far below
  is("a start at 3 and an end at 4", answer_slots({no, 0, 0, 5, 0, 0}, {no, 0, 0, 0, 4, 0.5}, 1, 5, 0),
     {3, 4}, "the span has the largest sum of the start of its first slot and the end of its last");
  is("the best start is 4, the best end is 2", answer_slots({no, 1, 3, 0, 5}, {no, 0, 6, 1, 2}, 1, 5, 0),
     {2, 2},
     "the best start and the best end may cross; then neither is right: of all pairs that do not, (2, 2) has "
     "the "
     "most, 3 + 6");
  is("a large start whose ends are poor", answer_slots({no, 6, 0, 5, 0}, {no, 0, 0.5, 0, 4}, 1, 2, 0), {3, 4},
     "the best start is not always a part of the best span: 5 + 4 is more than 6 + 0.5");
  is("sums, not products", answer_slots({no, 7, 2, 0}, {no, 0.5, 3, 0}, 1, 1, 0), {1, 1},
     "the two scores are added: 7 + 0.5 is more than 2 + 3");
  is("all scores below 0", answer_slots({no, -4, -3, -6}, {no, -7, -2, -1}, 1, 3, 0), {2, 3},
     "scores may be below 0, all of them; so begin with what is below any score");
  is("5 slots, with at most 5", answer_slots({no, 9, 0, 0, 0, 0}, {no, 0, 1, 0, 0, 8}, 1, 5, 0), {1, 5},
     "from 1 to 5 are five slots, and five are allowed");
  is("5 slots, with at most 4", answer_slots({no, 9, 0, 0, 0, 0}, {no, 0, 1, 0, 0, 8}, 1, 4, 0), {1, 2},
     "from 1 to 5 are five slots, and a span may have four: last - first + 1 is how many it has");
  is("larger scores in the question", answer_slots({no, 9, 9, 1, 0}, {no, 9, 9, 0, 2}, 3, 5, 0), {3, 4},
     "what stands before `begin` is the question, and never an answer");
  is("no answer, 1 above the best span", answer_slots({6, 0, 5, 0}, {4, 0, 4, 0}, 1, 5, 0), {0, 0},
     "start[0] + end[0] is more than the best span has: no answer, (0, 0)");
  is("the same with a threshold of 2", answer_slots({6, 0, 5, 0}, {4, 0, 4, 0}, 1, 5, 2), {2, 2},
     "\"no answer\" needs to be more than `threshold` above the best span");
  is("exactly the threshold above", answer_slots({6, 0, 5, 0}, {4, 0, 4, 0}, 1, 5, 1), {2, 2},
     "it has to be more than the threshold, not as much");
  is("a threshold below 0", answer_slots({4, 0, 5, 0}, {4, 0, 4, 0}, 1, 5, -2), {0, 0},
     "a threshold may be below 0: then \"no answer\" is said though the best span has a little more");
}

void freezing(Check& check) {
  bert::Config config;
  config.vocab_size = 9;
  config.hidden_size = 4;
  config.num_hidden_layers = 12;
  config.num_attention_heads = 2;
  config.intermediate_size = 6;
  config.max_position_embeddings = 5;
  for (const int64_t layers : {0, 2, 12}) {
    Rng rng(1);
    const bert::BertForSequenceClassification model(
        config, {.task = bert::Task::sequence_classification, .labels = {"no", "yes"}}, rng);
    // Of each name, which layer it is of: -1 for the embeddings, 12 for what comes after the last.
    const auto place = [](const std::string& name) -> int64_t {
      const std::string layer = "bert.encoder.layer.";
      if (name.starts_with("bert.embeddings.")) return -1;
      return name.starts_with(layer) ? std::stoll(name.substr(layer.size())) : 12;
    };
    const int64_t got = freeze_first(model, layers);
    int64_t moving = 0;
    std::string wrongly_moving, wrongly_frozen;
    for (const auto& [name, parameter] : model.named_parameters()) {
      const bool moves = place(name) >= layers;
      if (moves) moving += parameter.numel();
      if (moves && !parameter.needs_grad()) wrongly_frozen = name;
      if (!moves && parameter.needs_grad()) wrongly_moving = name;
    }
    const std::string of = fmt::format("{} of 12 layers: ", layers);
    check.that(
        of + "what is to be frozen is", wrongly_moving.empty(), wrongly_moving + " still moves",
        "the embeddings are frozen whatever `layers` is, and layers 0 to `layers` - 1 with all their parts; "
        "requires_grad(false) acts on the tensor itself");
    check.that(
        of + "nothing else is", wrongly_frozen.empty(), wrongly_frozen + " is frozen",
        "layers from number `layers` on, the pooler and the classifier move; \"layer.1\" is the beginning of "
        "\"layer.10\", too");
    check.equal(
        of + "numbers that move", got, moving,
        "count the numbers of each tensor that is not frozen, not the tensors, and not those that are");
  }
}

}  // namespace

int main() {
  Checks checks("16_fine_tuning");
  checks.exercise("1: labels at first pieces", labels);
  checks.exercise("2: the best span, or none", spans);
  checks.exercise("3: frozen or full", freezing);
  return checks.finish();
}
