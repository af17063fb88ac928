// Chapter 7: positions and segments. Blindness to order first, then two cures, then BERT's sum of three.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "bert/model/embeddings.hpp"
#include "nn/gradcheck.hpp"
#include "nn/positional.hpp"
#include "plot/plot.hpp"
#include "tutorials/07_positions/order_task.hpp"
#include "tutorials/07_positions/positions.hpp"
#include "tutorials/support/kit.hpp"

namespace gradus::tutorials {
namespace {

void blind() {
  section("Two sentences");
  // Four numbers a word, to be followed with a pencil.
  const Tensor dog = tensor({1.0, 0.0, 1.0, 0.0}), bites = tensor({0.0, 2.0, 0.0, 0.0}),
               man = tensor({1.0, 0.0, 0.0, 1.0});
  const Tensor one = stack({dog, bites, man}, 0);    // "dog bites man"
  const Tensor other = stack({man, bites, dog}, 0);  // "man bites dog"
  fmt::print("dog bites man:\n{}\n", mix_words(one));
  fmt::print("man bites dog:\n{}\n", mix_words(other));
  fmt::print("the two vectors of \"dog\" are the same: {}\n",
             largest_gap(mix_words(one).select(0, 0), mix_words(other).select(0, 2)) < 1e-12);

  section("Two sentences with positions");
  const Tensor places = sinusoid_table(3, 4);
  const Tensor first = mix_words(one + places), last = mix_words(other + places);
  fmt::print("\"dog\" in dog bites man: {}\n", first.select(0, 0));
  fmt::print("\"dog\" in man bites dog: {}\n", last.select(0, 2));
}

void sinusoid_table_by_hand() {
  section("The table of sinusoids");
  fmt::print("w = {}\n", wave_speeds(4));
  fmt::print("{}\n", sinusoid_table(5, 4));
  fmt::print("nn::sinusoids gives the same to 1e-12: {}\n",
             largest_gap(sinusoid_table(100, 32), nn::sinusoids(100, 32)) < 1e-12);

  plot::HeatMap map;
  map.title = "The sinusoid table, H = 32";
  map.row_title = "position p";
  map.column_title = "column";
  map.diverging = true;
  map.numbers = false;
  map.cell = 9;
  for (int64_t p = 0; p < 48; ++p) map.rows.push_back(p % 8 == 0 ? fmt::format("{}", p) : "");
  for (int64_t j = 0; j < 32; ++j) map.columns.push_back(j % 8 == 0 ? fmt::format("{}", j) : "");
  map.values = sinusoid_table(48, 32).to_vector<double>();
  save_figure("sinusoids.svg", plot::draw(map));
}

void a_shift_is_a_rotation() {
  section("A shift is a rotation");
  // One pair of columns, of speed w = 1: (sin p, cos p) for p = 2, turned by k = 3 steps.
  const double k = 3;
  const Tensor turn = tensor({std::cos(k), std::sin(k), -std::sin(k), std::cos(k)}, Shape{2, 2});
  const Tensor p2 = tensor({std::sin(2.0), std::cos(2.0)}), p5 = tensor({std::sin(5.0), std::cos(5.0)});
  fmt::print("turn =\n{}\n", turn);
  fmt::print("turn PE(2) = {}\n", matmul(turn, p2));
  fmt::print("     PE(5) = {}\n", p5);
}

/// A square table of cosines as a picture.
plot::Picture square(const std::string& title, const Tensor& cosines) {
  plot::HeatMap map;
  map.title = title;
  map.row_title = "position";
  map.diverging = true;
  map.numbers = false;
  map.cell = 11;
  map.high = 1;
  for (int64_t p = 0; p < cosines.size(0); ++p) map.rows.push_back(p % 4 == 0 ? fmt::format("{}", p) : "");
  map.columns = map.rows;
  map.values = cosines.to(DType::f64).to_vector<double>();
  return plot::draw(map);
}

void how_alike() {
  section("How alike are two positions");
  const Tensor alike = position_similarity(sinusoid_table(64, 32));
  fmt::print("distance   from 0   from 20   from 40\n");
  for (const int64_t k : {0, 1, 2, 4, 8, 16}) {
    fmt::print("{:>8} {:>8.4f} {:>9.4f} {:>9.4f}\n", k, alike.at({0, k}), alike.at({20, 20 + k}),
               alike.at({40, 40 + k}));
  }
}

const std::vector<std::pair<std::string, Positions>> kinds = {{"without positions", Positions::none},
                                                              {"sinusoidal", Positions::sinusoidal},
                                                              {"learned", Positions::learned}};

void the_order_task() {
  section("The order task");
  Rng rng(7);
  const LabelledSentences few = order_sentences(4, 8, rng);
  for (int64_t i = 0; i < 4; ++i) {
    fmt::print("{} -> {}\n", few.ids.select(0, i), few.labels.at({i}));
  }

  section("Without positions, before any training");
  Rng weights(1);
  const OrderModel model({.positions = Positions::none}, weights);
  const LabelledSentences test = order_sentences(1000, 8, rng), back = mirrored(test);
  const Tensor gap = abs(model(test.ids) - model(back.ids));
  fmt::print("logits of a sentence and of its mirror image differ by less than 1e-5: {}\n",
             max(gap).item() < 1e-5);
  const LabelledSentences both = {concat({test.ids, back.ids}, 0), concat({test.labels, back.labels}, 0)};
  fmt::print("accuracy on 1000 sentences and their mirror images: {:.2f}\n", accuracy(model, both));
}

void train() {
  section("Trained on the order task");
  const int64_t steps = 200, every = 20;
  plot::Chart chart;
  chart.title = "Which of two words came first? Accuracy, means of 3 seeds";
  chart.x_label = "step";
  chart.percent = true;
  chart.width = 560;
  chart.guides = {{"chance", 0.5}};
  Rng data(99);
  const LabelledSentences here = order_sentences(500, 8, data);
  Tensor learned, fixed = sinusoid_table(32, 16);
  std::string elsewhere;
  fmt::print("{:<18} {:>8} {:>8} {:>8} {:>8}\n", "places 0 ... 7", "step 0", "step 60", "step 100",
             "step 200");
  for (size_t k = 0; k < kinds.size(); ++k) {
    std::vector<double> course(static_cast<size_t>(steps / every + 1), 0.0), x;
    std::vector<double> moved(4, 0.0);
    for (uint64_t seed = 1; seed <= 3; ++seed) {
      Rng rng(seed);
      const OrderModel model({.positions = kinds[k].second}, rng);
      const std::vector<double> once = train_order(model, here, steps, every, seed);
      for (size_t i = 0; i < course.size(); ++i) course[i] += once[i] / 3;
      for (size_t i = 0; i < moved.size(); ++i)
        moved[i] += accuracy(model, here, 8 * static_cast<int64_t>(i)) / 3;
      if (kinds[k].second == Positions::learned) learned = model.table.detach();
    }
    fmt::print("{:<18} {:>8.2f} {:>8.2f} {:>8.2f} {:>8.2f}\n", kinds[k].first, course[0], course[3],
               course[5], course[10]);
    elsewhere += fmt::format("{:<18} {:>8.2f} {:>8.2f} {:>8.2f} {:>8.2f}\n", kinds[k].first, moved[0],
                             moved[1], moved[2], moved[3]);
    for (size_t i = 0; i < course.size(); ++i) x.push_back(static_cast<double>(i) * every);
    chart.series.push_back({kinds[k].first, x, course, k == 0 ? 3 : k == 1 ? 1 : 2});
  }
  save_figure("order_task.svg", plot::draw(chart));
  save_figure("similarity.svg",
              plot::beside({square("Sinusoids, PE(p) . PE(q)", position_similarity(fixed.slice(0, 0, 24))),
                            square("Learned; 0 to 7 were trained", row_cosines(learned.slice(0, 0, 24)))}));

  section("The same sentences at other places");
  fmt::print("{:<18} {:>8} {:>8} {:>8} {:>8}\n{}", "first place", 0, 8, 16, 24, elsewhere);
}

void segments() {
  section("Segments and the sum of three");
  // [CLS] 5 6 [SEP] 7 [SEP], with [CLS] = 2 and [SEP] = 3.
  const Tensor ids = tensor<int64_t>({2, 5, 6, 3, 7, 3}, Shape{1, 6});
  const Tensor segment = tensor<int64_t>({0, 0, 0, 0, 1, 1}, Shape{1, 6});
  Rng rng(3);
  bert::Config config;
  config.vocab_size = 8;
  config.hidden_size = 4;
  config.num_attention_heads = 1;
  config.max_position_embeddings = 6;
  const bert::Embeddings library(config, rng);
  library.eval();
  const BertInput by_hand = {library.word_embeddings.weight, library.token_type_embeddings.weight,
                             library.position_embeddings.weight, library.norm.weight, library.norm.bias};
  fmt::print("ids      {}\nsegments {}\n", ids, segment);
  fmt::print("the sum of three: shape {}\n", by_hand.sum_of_three(ids, segment).shape());
  const Tensor y = by_hand(ids, segment, config.layer_norm_eps);
  fmt::print("bert::Embeddings gives the same to 1e-6: {}\n",
             largest_gap(y.detach(), library(ids, segment).detach()) < 1e-6);

  section("One product instead of three tables");
  // A row of a table is a one-hot row times the table; three such products added are one product.
  const Tensor tables = concat({by_hand.word, by_hand.segment, by_hand.position}, 0);  // [8 + 2 + 6, 4]
  const Tensor hot = concat({embedding(eye(8), ids), embedding(eye(2), segment), eye(6).unsqueeze(0)}, 2);
  fmt::print("three ones in each row: {}\n", sum(hot, Axes{2}));
  fmt::print("the same sum to 1e-6: {}\n",
             largest_gap(matmul(hot, tables), by_hand.sum_of_three(ids, segment)) < 1e-6);
}

void gradients() {
  section("Gradient check");
  Rng rng(4);
  const Tensor x = randn({3, 4}, rng, DType::f64);
  check_gradient("attention with positions",
                 [](const auto& in) { return mix_words(in[0] + sinusoid_table(3, 4)); }, {x});
  const Tensor ids = tensor<int64_t>({1, 0, 3, 0}, Shape{2, 2}),
               segment = tensor<int64_t>({0, 1, 1, 1}, Shape{2, 2});
  check_gradient(
      "the sum of three and its LayerNorm",
      [&](const auto& in) {
        return BertInput{in[0], in[1], in[2], in[3], in[4]}(ids, segment, 1e-12);
      },
      {randn({4, 3}, rng), randn({2, 3}, rng), randn({5, 3}, rng), randn({3}, rng), randn({3}, rng)});
}

void museum() {
  section("The bug museum: positions forgotten");
  Rng data(5);
  const LabelledSentences test = order_sentences(500, 8, data), back = mirrored(test);
  for (const bool forget : {false, true}) {
    Rng rng(1);
    const OrderModel model({.positions = Positions::learned, .forget_positions = forget}, rng);
    fmt::print("{}:\n", forget ? "forgotten" : "positions added");
    model.to(DType::f64);
    Rng draw(6);
    const Tensor few = order_sentences(2, 5, draw).ids;
    const GradcheckReport report =
        nn::gradcheck(model, [&](const auto&) { return model(few); }, {}, {.directions = 2});
    fmt::print("  gradient check passes:             {}\n", report.passed);
    model.to(DType::f32);
    const double gap = max(abs(model(test.ids) - model(back.ids))).item();
    fmt::print("  a sentence and its mirror differ:  {}\n", gap > 1e-3);
    train_order(model, test, 200, 200, 1);
    const double reached = accuracy(model, test);
    fmt::print("  the table has a gradient:          {}\n",
               model.table.grad().defined() && max(abs(model.table.grad())).item() > 0);
    fmt::print("  after 200 steps, above 90 %:       {}\n", reached > 0.9);
  }
}

}  // namespace
}  // namespace gradus::tutorials

int main(int argc, char** argv) {
  using namespace gradus::tutorials;
  return run_chapter(argc, argv, [] {
    blind();
    sinusoid_table_by_hand();
    a_shift_is_a_rotation();
    how_alike();
    the_order_task();
    train();
    segments();
    gradients();
    museum();
  });
}
