// What the exercises of chapter 7 are held to.
#include "tutorials/support/check.hpp"

#include "tutorials/07_positions/exercise.hpp"
#include "tutorials/07_positions/order_task.hpp"

int main() {
  using namespace gradus;
  using namespace gradus::tutorials;
  Checks checks("07_positions");

  checks.exercise("1: a shift is a rotation", [](Check& check) {
    const std::string hint = "the rotation of the chapter, once for each pair of columns, with b = k w_i";
    check.close("k = 0 is the identity", shift_matrix(0, 4), eye(4, DType::f64),
                hint + ": where does each pair stand in a row of the table?");
    check.close(
        "k = 1, H = 2", shift_matrix(1, 2),
        tensor({std::cos(1.0), std::sin(1.0), -std::sin(1.0), std::cos(1.0)}, Shape{2, 2}),
        "the other way round turns back: the sine stands first in each pair, so begin with the rule for "
        "sin(p + 1)");
    const Tensor table = sinusoid_table(20, 8);
    const Tensor moved = matmul(table.slice(0, 0, 15), shift_matrix(5, 8).transpose(0, 1));
    check.close("it moves every row of a table by 5", moved, table.slice(0, 5, 20),
                hint + ": each pair has its own speed, and stands at columns 2i and 2i + 1");
    const Tensor back = matmul(table.slice(0, 5, 20), shift_matrix(-5, 8).transpose(0, 1));
    check.close("k = -5 moves back", back, table.slice(0, 0, 15), "the sign of k turns the rotation round");
    check.close("R R^T = I: lengths stay", matmul(shift_matrix(3, 6), shift_matrix(3, 6).transpose(0, 1)),
                eye(6, DType::f64), "a rotation's columns are at right angles, each of length 1");
  });

  checks.exercise("2: the order task at chance", [](Check& check) {
    const std::string hint = "sort each sentence: sentences that are then equal must share one answer";
    const Tensor ids = tensor<int64_t>({0, 1, 5, 1, 0, 5, 5, 5, 1}, Shape{3, 3});
    check.close("two sentences with the same words, one other",
                best_without_order(ids, tensor<int64_t>({1, 0, 1})), 2.0 / 3,
                hint + "; then count sentences, not kinds of sentence");
    check.close("the same words, the same answer", best_without_order(ids, tensor<int64_t>({0, 0, 1})), 1,
                "sentences with other words may have another answer: one answer for all is not the best");
    const Tensor twice = tensor<int64_t>({0, 0, 1, 0, 1, 1}, Shape{2, 3});
    check.close("how often a word stands there counts", best_without_order(twice, tensor<int64_t>({0, 1})), 1,
                "0 0 1 and 0 1 1 hold different words: a set of words is not enough");
    const Tensor sums = tensor<int64_t>({0, 4, 1, 3}, Shape{2, 2});
    check.close("which words they are counts", best_without_order(sums, tensor<int64_t>({0, 1})), 1,
                "0 + 4 = 1 + 3, and yet they are different words: a sum of the ids is not enough");
    Rng rng(1);
    const LabelledSentences some = order_sentences(200, 8, rng), back = mirrored(some);
    check.close("sentences with their mirror images",
                best_without_order(concat({some.ids, back.ids}, 0), concat({some.labels, back.labels}, 0)),
                0.5, "each mirror image holds the same words and has the other answer");
  });

  checks.exercise("3: segment ids of a pair", [](Check& check) {
    const std::string hint = "a [SEP] belongs to the sentence that it ends";
    check.equal("[CLS] 5 6 [SEP] 7 [SEP]",
                segment_ids(tensor<int64_t>({2, 5, 6, 3, 7, 3}, Shape{1, 6}), 3).to_vector<int64_t>(),
                {0, 0, 0, 0, 1, 1}, hint);
    check.equal("with padding after it",
                segment_ids(tensor<int64_t>({2, 5, 3, 7, 8, 3, 0, 0}, Shape{1, 8}), 3).to_vector<int64_t>(),
                {0, 0, 0, 1, 1, 1, 0, 0}, "padding, after the second [SEP], gets 0, as in BERT's own code");
    check.equal(
        "with other ids for [SEP] and [PAD]",
        segment_ids(tensor<int64_t>({2, 0, 102, 3, 102, 1, 1}, Shape{1, 7}), 102).to_vector<int64_t>(),
        {0, 0, 0, 1, 1, 0, 0},
        "ask for `sep`, which is not always 3; and padding is what stands after the second [SEP], whatever "
        "its "
        "id");
    const Tensor three =
        segment_ids(tensor<int64_t>({2, 5, 6, 7, 3, 2, 5, 3, 7, 3, 2, 3, 5, 6, 3}, Shape{3, 5}), 3);
    check.equal("the shape stays", three.shape(), Shape{3, 5}, "[B, S] in, [B, S] out");
    check.equal("a single sentence, then two pairs", three.to_vector<int64_t>(),
                {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1},
                "each row by itself: start again with each; and a row with one [SEP] has no second sentence");
  });

  return checks.finish();
}
