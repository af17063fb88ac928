// Chapter 12: hiding words and guessing them. Masking, the head and the loss by hand, the same as the
// library's; then a small BERT that learns what its neighbours cannot tell.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "learning.hpp"
#include "museum.hpp"
#include "nn/gradcheck.hpp"
#include "plot/plot.hpp"
#include "tutorials/support/kit.hpp"

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::masked;

namespace {

void what_is_hidden() {
  section("What is hidden");
  Rng rng(4);
  fmt::print("{:<52} {}\n", "the network sees", "and is asked");
  for (const Row& row : sentences(8, 3)) {
    const Hidden hidden = hide(row, rng);
    const int64_t place = hidden.places[0], seen = hidden.seen[static_cast<size_t>(place)];
    const std::string what = seen == mask_id            ? ""
                             : seen == hidden.labels[0] ? " (it stays)"
                                                        : fmt::format(" ({} is random)", token(seen));
    fmt::print("{:<52} place {}: {}{}\n", text_of(hidden.seen), place, token(hidden.labels[0]), what);
  }
}

void a_million() {
  section("A million words");
  Row row(100);
  Rng rng(6), words(7);
  std::map<std::string, int64_t> counts;
  int64_t asked = 0;
  for (int64_t i = 0; i < 10000; ++i) {
    for (int64_t& id : row) id = signs + static_cast<int64_t>(words.below(word_count));
    const Hidden hidden = hide(row, rng);
    for (size_t k = 0; k < hidden.places.size(); ++k) {
      const int64_t seen = hidden.seen[static_cast<size_t>(hidden.places[k])];
      ++asked;
      ++counts[seen == mask_id ? "[MASK]" : seen == hidden.labels[k] ? "the word itself" : "another word"];
    }
  }
  const double lucky = 1.0 / word_count;  // a random word is now and then the word itself
  const std::map<std::string, double> shares = {
      {"[MASK]", 0.8}, {"another word", 0.1 * (1 - lucky)}, {"the word itself", 0.1 + 0.1 * lucky}};
  fmt::print("{:<17} {:>7}  {:>8}  {:>6}  {}\n", "seen", "counted", "expected", "of all", "off by");
  for (const auto& [what, share] : shares) {
    const double expected = share * static_cast<double>(asked);
    fmt::print("{:<17} {:>7}  {:>8.0f}  {:>4.1f} %  {:.1f} sd\n", what, counts[what], expected, 15 * share,
               std::abs(static_cast<double>(counts[what]) - expected) / std::sqrt(expected * (1 - share)));
  }
  fmt::print("{:<17} {:>7}  {:>8}  {:>4.1f} %\n", "chosen", asked, 150000, 15.0);

  section("The library's masking");
  const Words all;
  std::vector<uint8_t> special(static_cast<size_t>(vocabulary_size()), 0);
  std::fill(special.begin(), special.begin() + signs, uint8_t{1});
  bert::MaskingVocabulary pieces;
  pieces.vocabulary_size = vocabulary_size();
  const std::vector<int32_t> drawable(all.drawable.begin(), all.drawable.end());
  bert::Masker masker(pieces, special, drawable, {});
  int64_t same = 0;
  const std::vector<Row> rows = sentences(1000, 7);
  for (size_t i = 0; i < rows.size(); ++i) {
    Rng ours(i);
    const Hidden hidden = hide(rows[i], ours);
    Row theirs = rows[i];
    std::vector<int64_t> places, labels;
    masker(theirs, 0, Rng(i), places, labels);
    same += theirs == hidden.seen && places == hidden.places && labels == hidden.labels;
  }
  fmt::print("rows that bert::Masker hides in the same way: {} of {}\n", same, rows.size());
}

bert::BertForPreTraining in_f64(uint64_t seed, double spread) {
  bert::BertForPreTraining model = small_bert(seed, spread);
  model.to(DType::f64);
  return model;
}

void the_head() {
  section("The head");
  const bert::BertForPreTraining model = in_f64(1, 0.15);
  const HeadWeights w = weights_of(model);
  Rng rng(2);
  const Tensor vectors = randn({5, 32}, rng, DType::f64);
  fmt::print("vectors {} -> logits {}\n", vectors.shape(), guesses(vectors, w).shape());
  fmt::print("table {}, bias {}\n", w.table.shape(), w.bias.shape());
  fmt::print("same as bert::MlmHead, to 1e-12: {}\n",
             largest_gap(guesses(vectors, w).detach(), model.cls.predictions(vectors).detach()) < 1e-12);
}

void where_the_loss_is() {
  section("Only where something is asked");
  const bert::BertForPreTraining model = in_f64(1, 0.15);
  const HeadWeights w = weights_of(model);
  Rng rng(8);
  const bert::PretrainingBatch batch = lesson(4, rng);
  const Tensor hidden = model.bert(tensor(batch.input_ids, Shape{batch.rows, batch.length})).last_hidden;
  const Tensor rows = hidden.reshape({-1, 32});
  const Tensor few = guesses(index_select(rows, 0, tensor(batch.masked_positions)), w);
  const Tensor all = guesses(rows, w);
  const std::vector<int64_t> labels = labels_everywhere(batch);
  fmt::print("the first row            {}\n",
             text_of(Row(batch.input_ids.begin(), batch.input_ids.begin() + batch.length)));
  fmt::print("its labels               {}\n", fmt::join(labels.begin(), labels.begin() + batch.length, " "));
  const Tensor by_place = mean_surprise(few, tensor(batch.masked_labels));
  const Tensor by_label = mean_surprise_where_asked(all, tensor(labels));
  fmt::print("logits of chosen places  {}   loss {:.4f}\n", few.shape(), by_place.item());
  fmt::print("logits of all places     {}  loss {:.4f}\n", all.shape(), by_label.item());
  fmt::print("the library's            {:>13} {:.4f}\n", "loss", model.loss(batch).mlm_loss.item());
  const Tensor hidden_again = rows.detach().clone().requires_grad();
  mean_surprise_where_asked(guesses(hidden_again, w), tensor(labels)).backward();
  fmt::print("places with a gradient: {} of {}\n", rows_that_move(hidden_again.grad()), rows.size(0));

  section("What it saves");
  const double per_row = 768.0 * (768 + 30522) / 1e9;
  fmt::print("BERT-base, 32 rows of 128 places, 19 chosen in each:\n");
  fmt::print("head on all places     {:>6.1f} billion multiplications\n", 32 * 128 * per_row);
  fmt::print("head on chosen places  {:>6.1f} billion multiplications\n", 32 * 19 * per_row);
  fmt::print("the twelve layers      {:>6.1f} billion multiplications\n",
             32 * 12 * (128 * 4.0 * 768 * 768 + 2 * 128.0 * 128 * 768 + 2 * 128.0 * 768 * 3072) / 1e9);
}

void before_learning() {
  section("Before learning");
  const bert::BertForPreTraining model = in_f64(1, 0.02);
  Rng rng(9);
  const bert::PretrainingBatch batch = lesson(200, rng);
  const NoGrad no_tape;
  fmt::print("ln {} = {:.4f}\n", vocabulary_size(), std::log(static_cast<double>(vocabulary_size())));
  fmt::print("loss of a fresh model: {:.4f}\n", model.loss(batch).mlm_loss.item());
}

void one_table_two_uses() {
  section("One table, two uses");
  const bert::BertForPreTraining model = in_f64(1, 0.15);
  Rng rng(10);
  const TableGradients parts = gradients_of_table(model, lesson(4, rng));
  fmt::print("gradient {} of the table, rows that are not 0:\n", parts.whole.shape());
  fmt::print("  as word vectors   {:>3}\n", rows_that_move(parts.as_input));
  fmt::print("  as scores         {:>3}\n", rows_that_move(parts.as_output));
  fmt::print("together, what backward gives: {}\n",
             largest_gap(parts.as_input + parts.as_output, parts.whole) < 1e-12);
}

void gradients() {
  section("Gradient check");
  const bert::BertForPreTraining model = in_f64(1, 0.15);
  Rng rng(11);
  const HeadWeights w = weights_of(model);
  const Tensor labels = tensor<int64_t>({7, bert::no_label, 20, 7});
  check_gradient("the loss, by the vectors and the head's 6 tensors",
                 [&](const auto& in) {
                   return mean_surprise_where_asked(
                       guesses(in[0], {in[1], in[2], in[3], in[4], in[5], in[6], w.eps}), labels);
                 },
                 {randn({4, 32}, rng, DType::f64), w.dense.detach(), w.dense_bias.detach(), w.scale.detach(),
                  w.offset.detach(), w.table.detach(), w.bias.detach()},
                 {.directions = 3});
  const bert::PretrainingBatch batch = lesson(2, rng);
  fmt::print(
      "the loss of the whole model, by all its tensors: {}\n",
      nn::gradcheck(model, [&](const auto&) { return loss_of_chosen(model, batch); }, {}, {.directions = 2})
              .passed
          ? "agrees with differences"
          : "WRONG");
}

void training() {
  section("Learning");
  const bert::BertForPreTraining model = small_bert(2);
  const bert::BigramBaseline counts = neighbours(2000);
  Rng rng(13);
  const bert::PretrainingBatch test = lesson(1000, rng);
  const bert::BaselineScore pair = counts.score(test), single = counts.unigram().score(test);
  const auto per_place = [&](const bert::BaselineScore& score) {
    return score.loss / static_cast<double>(score.positions);
  };
  plot::ChartSeries losses{.name = "", .x = {}, .y = {}, .color = 1, .faint = true};
  fmt::print("{:>6} {:>7} {:>9}\n", "steps", "loss", "right");
  train(model, 250, {}, loss_of_chosen, [&](int64_t step, double loss) {
    losses.x.push_back(static_cast<double>(step));
    losses.y.push_back(loss);
    if (step != 25 && step % 50 != 0) return;
    const NoGrad no_tape;
    const auto out = model.loss(test);
    fmt::print("{:>6} {:>7.3f} {:>7.1f} %\n", step, out.mlm_loss.item(),
               100 * total(right_by_kind(test, likeliest(out.mlm_logits))).value());
  });
  fmt::print("\n{:>14} {:>7} {:>9}\n", "by counting", "loss", "right");
  fmt::print("{:>14} {:>7.3f} {:>7.1f} %\n", "frequency", per_place(single), 100 * single.accuracy());
  fmt::print("{:>14} {:>7.3f} {:>7.1f} %\n", "two neighbours", per_place(pair), 100 * pair.accuracy());
  plot::Chart chart;
  chart.title = "The loss on hidden words";
  chart.x_label = "step";
  chart.whole_x = true;
  chart.width = 560;
  chart.series = {losses, {.name = "", .x = losses.x, .y = plot::smoothed(losses.y, 8), .color = 1}};
  chart.guides = {{"guessing evenly", std::log(static_cast<double>(vocabulary_size()))},
                  {"frequency", per_place(single)},
                  {"two neighbours", per_place(pair)}};
  save_figure("loss.svg", plot::draw(chart));

  section("What it has learnt");
  const NoGrad no_tape;
  const auto out = model.loss(test);
  const auto mine = right_by_kind(test, likeliest(out.mlm_logits));
  const auto theirs = right_by_kind(test, guessed_by_neighbours(counts, test));
  plot::Bars bars;
  bars.title = "Hidden words guessed, by their kind";
  bars.percent = true;
  bars.width = 560;
  bars.series = {{"two neighbours", {}, 3}, {"BERT", {}, 1}};
  fmt::print("{:<15} {:>15} {:>8}\n", "", "two neighbours", "BERT");
  for (const auto& [name, kind] : kinds) {
    const double by_counting = theirs.at(kind).value(), by_bert = mine.at(kind).value();
    fmt::print("{:<15} {:>13.1f} % {:>6.1f} %\n", name, 100 * by_counting, 100 * by_bert);
    bars.groups.push_back(name);
    bars.series[0].values.push_back(by_counting);
    bars.series[1].values.push_back(by_bert);
  }
  save_figure("kinds.svg", plot::draw(bars));

  section("The result");
  fmt::print("a lower loss than two neighbours:              {}\n", out.mlm_loss.item() < per_place(pair));
  fmt::print("animals and sounds, at least 90 % right:       {}\n",
             mine.at(Kind::animal).value() >= 0.9 && mine.at(Kind::sound).value() >= 0.9);
  fmt::print("two neighbours, at most 50 % of them:          {}\n",
             theirs.at(Kind::animal).value() <= 0.5 && theirs.at(Kind::sound).value() <= 0.5);
  fmt::print("where the animal is, nobody above 50 %:        {}\n",
             mine.at(Kind::place).value() <= 0.5 && theirs.at(Kind::place).value() <= 0.5);

  section("Its guesses");
  for (const auto& words : {std::vector<std::string>{"the", "[MASK]", "in", "the", "pond", "says", "quack"},
                            {"the", "cow", "in", "the", "pond", "says", "[MASK]"},
                            {"the", "cow", "in", "the", "[MASK]", "says", "moo"}}) {
    const Row row = row_of(words);
    const int64_t place = std::find(row.begin(), row.end(), mask_id) - row.begin();
    const bert::PretrainingBatch batch = batch_of({{row, {place}, {signs}}});
    const std::vector<double> p =
        softmax(model.loss(batch).mlm_logits).select(0, 0).to(DType::f64).to_vector<double>();
    const auto best = std::max_element(p.begin(), p.end()) - p.begin();
    fmt::print("{}\n ", text_of(row));
    for (int64_t id = signs; id < vocabulary_size(); ++id) {
      if (kind_of(id) == kind_of(best)) fmt::print(" {} {:.2f}", token(id), p[static_cast<size_t>(id)]);
    }
    fmt::print("\n");
  }

  section("Always [MASK]");
  const bert::BertForPreTraining only_masks = small_bert(2);
  {
    const GradMode tape(true);
    train(only_masks, 250, {.as_mask = 1, .as_random = 0});
  }
  fmt::print("a word that is not hidden, guessed at its own place\n");
  fmt::print("80 % [MASK], 10 % random, 10 % left: {:>6.1f} %\n", 100 * repeats(model, test));
  fmt::print("always [MASK]:                       {:>6.1f} %\n", 100 * repeats(only_masks, test));
  fmt::print("less often with [MASK] alone: {}\n", repeats(only_masks, test) < repeats(model, test));
}

void museum() {
  section("Museum: every place is asked");
  Rng rng(14);
  const bert::PretrainingBatch test = lesson(1000, rng);
  const CopyScore copy = copying(test);
  fmt::print("repeat what you see, and call it a guess:\n");
  fmt::print("  right of all places             {:.0f} %\n", 100 * copy.everywhere);
  fmt::print("  right of the hidden words       {:.0f} %\n", 100 * copy.where_asked);

  section("Museum: the same, trained");
  const bert::BertForPreTraining fooled = small_bert(3);
  train(fooled, 50, {}, loss_of_all);
  {
    const NoGrad no_tape;
    const std::vector<int64_t> words = all_words(test).to_vector<int64_t>();
    const std::vector<int64_t> guessed = likeliest(logits_everywhere(fooled, test));
    Share everywhere;
    for (size_t i = 0; i < words.size(); ++i) {
      if (words[i] < signs) continue;
      everywhere.right += guessed[i] == words[i];
      ++everywhere.all;
    }
    const Share hidden = total(right_by_kind(test, likeliest(fooled.loss(test).mlm_logits)));
    fmt::print("after 50 steps with every place asked:\n");
    fmt::print("  right of all places             {:.0f} %\n", 100 * everywhere.value());
    fmt::print("  right of the hidden words       {:.0f} %\n", 100 * hidden.value());
  }

  section("Museum: padding is asked");
  const bert::BertForPreTraining model = in_f64(3, 0.15);
  fmt::print("{:<22} {:>8} {:>14}\n", "places after the text", "right", "padding asked");
  for (const int64_t padding : {0, 3, 30}) {
    fmt::print("{:<22} {:>8.4f} {:>14.4f}\n", padding, loss_when_padded(model, padding, false),
               loss_when_padded(model, padding, true));
  }

  section("Museum: a tie that is a copy");
  for (const bool bug : {false, true}) {
    const TieTest test_of_tie = after_a_step(bug);
    fmt::print("{}: same logits at first {}, after one step {}\n", bug ? "a copy   " : "one table",
               test_of_tie.before < 1e-12, test_of_tie.after < 1e-12);
  }
}

}  // namespace

int main(int argc, char** argv) {
  return run_chapter(argc, argv, [] {
    what_is_hidden();
    a_million();
    the_head();
    where_the_loss_is();
    before_learning();
    one_table_two_uses();
    gradients();
    training();
    museum();
  });
}
