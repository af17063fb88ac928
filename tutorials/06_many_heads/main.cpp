// Chapter 6: many heads, one after the other and all at once; what they cost; and what two heads can do that
// one cannot.
#include <fmt/format.h>

#include <algorithm>

#include "many_heads.hpp"
#include "plot/plot.hpp"
#include "tutorials/support/kit.hpp"
#include "tutorials/support/table.hpp"
#include "two_questions.hpp"

using namespace gradus;
using namespace gradus::tutorials;

namespace {

constexpr int64_t number_bytes = 8;  // of one f64

/// The layer of the library with the weights of `all`.
nn::MultiHeadAttention layer_of(const ManyHeads& all) {
  Rng rng(1);
  const int64_t H = all.query.size(0);
  const nn::MultiHeadAttention layer(H, all.heads, rng, {.dropout = 0});
  layer.to(all.query.dtype());
  const Tensor no_bias = zeros({H}, all.query.dtype());
  layer.load_state_dict({{"self.query.weight", all.query},
                         {"self.query.bias", no_bias},
                         {"self.key.weight", all.key},
                         {"self.key.bias", no_bias},
                         {"self.value.weight", all.value},
                         {"self.value.bias", no_bias},
                         {"output.dense.weight", all.output},
                         {"output.dense.bias", no_bias}});
  return layer;
}

void heads_are_views() {
  section("Heads are views");
  const Tensor x = arange(12).reshape({1, 2, 6});  // one sentence of S = 2 words, H = 6 numbers each
  const Tensor heads = heads_of(x, 3);             // A = 3 heads of D = 2
  fmt::print("x     {} strides {}\n{}\n\n", x.shape(), x.strides(), x);
  fmt::print("heads {} strides {}\n{}\n\n", heads.shape(), heads.strides(), heads);
  fmt::print("they share memory: {}\n", heads.shares_memory_with(x));
}

void nothing_is_copied() {
  section("Nothing is copied");
  const NoGrad no_tape;
  const int64_t B = 8, S = 64, H = 256, A = 8;
  Rng rng(1);
  const Tensor q = randn({B, S, H}, rng, DType::f64);
  const auto live = [] { return memory_stats().live_bytes; };
  const int64_t before = live();
  const Tensor heads = heads_of(q, A);
  const int64_t split = live();
  const Tensor z = scaled_dot_product_attention(heads, heads, heads);
  const int64_t attended = live();
  const Tensor merged = side_by_side(z);
  const int64_t after = live();
  fmt::print("[B, S, H] is {}, that is {} bytes\n\n", q.shape(), q.numel() * number_bytes);
  fmt::print("splitting into {} heads        {:>8} bytes more\n", A, split - before);
  fmt::print("the attention itself          {:>8} bytes more\n", attended - split);
  fmt::print("putting heads side by side    {:>8} bytes more\n\n", after - attended);
  fmt::print("strides of the attention's result {}: {}\n", z.shape(), z.strides());
}

void same_numbers() {
  section("Loop and batch");
  Rng rng(2);
  const Tensor x = randn({2, 5, 8}, rng, DType::f64);
  const ManyHeads all = random_heads(8, 4, 3);
  const ManySteps loop = loop_over_heads(x, all), batch = all_at_once(x, all);
  fmt::print("x {}, {} heads: weights {}, output {}\n", x.shape(), all.heads, batch.weights.shape(),
             batch.output.shape());
  fmt::print("same weights: {}\n", largest_gap(loop.weights, batch.weights) < 1e-12);
  fmt::print("same output:  {}\n", largest_gap(loop.output, batch.output) < 1e-12);

  section("The library's layer");
  const nn::MultiHeadAttention layer = layer_of(all);
  const auto [y, weights] = layer.with_weights(x, x);
  fmt::print("{}\n", layer.describe());
  fmt::print("same weights: {}\n", largest_gap(weights, batch.weights) < 1e-12);
  fmt::print("same output:  {}\n",
             largest_gap(y, batch.output) < 1e-12 && largest_gap(layer(x), batch.output) < 1e-12);
}

void cost() {
  section("What heads cost");
  const int64_t B = 8, S = 64, H = 256;
  fmt::print("B = {}, S = {}, H = {}\n\n", B, S, H);
  fmt::print("{:>5}  {:>4}  {:>10}  {:>27}  {:>23}\n", "heads", "D", "parameters",
             "multiply-adds in q k^T, w v", "numbers through softmax");
  for (const int64_t A : {1, 2, 4, 8, 16, 32}) {
    Rng rng(1);
    const nn::MultiHeadAttention layer(H, A, rng);
    fmt::print("{:>5}  {:>4}  {:>10}  {:>27}  {:>23}\n", A, H / A, layer.num_parameters(),
               2 * B * A * S * S * (H / A), B * A * S * S);
  }

  section("Time by number of heads");
  const NoGrad no_tape;
  Rng rng(4);
  const Tensor x = randn({B, S, H}, rng);
  std::vector<double> heads, loop, batch, fused;
  fmt::print("milliseconds of one forward\n\n{:>5}  {:>6}  {:>8}  {:>13}\n", "heads", "loop", "at once",
             "library, fused");
  for (const int64_t A : {1, 2, 4, 8, 16, 32}) {
    const ManyHeads all = random_heads(H, A, 5, DType::f32);
    const nn::MultiHeadAttention layer = layer_of(all);
    const auto milliseconds = [](const auto& fn) { return 1e3 * seconds_of(fn, 15); };
    heads.push_back(static_cast<double>(A));
    loop.push_back(milliseconds([&] { loop_over_heads(x, all); }));
    batch.push_back(milliseconds([&] { all_at_once(x, all); }));
    fused.push_back(milliseconds([&] { layer(x); }));
    fmt::print("{:>5}  {:>6.2f}  {:>8.2f}  {:>14.2f}\n", A, loop.back(), batch.back(), fused.back());
  }
  plot::Chart chart;
  chart.title = "Milliseconds of one forward";
  chart.x_label = "number of heads";
  chart.log_x = true;
  int color = 1;
  for (const auto& [name, times] :
       {std::pair{"loop over heads", loop}, {"all at once", batch}, {"library, fused", fused}}) {
    plot::ChartSeries series;
    series.name = name;
    series.x = heads;
    series.y = times;
    series.color = color++;
    series.markers = true;
    chart.series.push_back(series);
  }
  save_figure("time_by_heads.svg", plot::draw(chart));
}

TwoQuestions trained(int64_t A, Projection output = Projection::kept, uint64_t seed = 1) {
  Rng rng(seed);
  const TwoQuestions net(32, A, rng, output);
  net.to(DType::f64);
  train(net, 300, seed + 1);
  return net;
}

std::string percent(double share) { return fixed(100 * share, 1) + " %"; }

void print_answers(const std::string& name, const TwoQuestions& net) {
  const Answers share = answers_of(net, 3);
  fmt::print("{:<12} {:>10}  {:>14}  {:>18}  {:>8}\n", name, net.num_parameters(), percent(share.self),
             percent(share.topic), percent(share.both));
}

/// The words of a sentence, one of which is the topic.
Sentences sentence(const std::vector<std::string>& words, int64_t topic) {
  std::vector<int64_t> ids, marks;
  for (const std::string& word : words) {
    ids.push_back(std::find(vocabulary.begin(), vocabulary.end(), word) - vocabulary.begin());
    marks.push_back(static_cast<int64_t>(marks.size()) == topic);
  }
  const auto S = static_cast<int64_t>(words.size());
  return {tensor(ids, Shape{1, S}), tensor(marks, Shape{1, S}), {}};
}

/// How word `place` looks at the sentence, by every head of both networks, and what it answers.
void look(const std::vector<std::string>& words, int64_t topic, int64_t place, const TwoQuestions& one,
          const TwoQuestions& two, const std::string& file) {
  const NoGrad no_tape;
  const Sentences in = sentence(words, topic);
  std::vector<Tensor> rows;
  std::vector<std::string> names;
  for (const TwoQuestions* net : {&one, &two}) {
    const Tensor x = net->embedded(in);
    const Tensor weights = net->attention.with_weights(x, x).second;  // [1, A, S, S]
    for (int64_t a = 0; a < weights.size(1); ++a) {
      rows.push_back(weights.select(0, 0).select(0, a).select(0, place));
      names.push_back(net == &one ? "the only head" : fmt::format("head {} of two", a + 1));
    }
  }
  const Tensor table = stack(rows, 0);
  const std::string& word = words[static_cast<size_t>(place)];
  print_table(fmt::format("\"{}\" looks at", word), names, words, table);
  fmt::print("\n");
  for (const TwoQuestions* net : {&one, &two}) {
    const Tensor z = net->attended(in).select(0, 0).select(0, place);
    const auto answer = [&](const nn::Linear& question) {
      return vocabulary[static_cast<size_t>(argmax(question(z), 0).item())];
    };
    fmt::print("{:<10} who are you? \"{}\"   what is the topic? \"{}\"\n",
               net == &one ? "one head:" : "two heads:", answer(net->who_am_i),
               answer(net->what_is_the_topic));
  }
  plot::HeatMap map;
  map.title = fmt::format("Where \"{}\" looks", word);
  map.rows = names;
  map.columns = words;
  map.values = table.to_vector<double>();
  map.low = 0;
  map.high = 1;
  save_figure(file, plot::draw(map));
}

/// Returns the network with two heads.
TwoQuestions two_questions() {
  section("Two questions");
  fmt::print("{:<12} {:>10}  {:>14}  {:>18}  {:>8}\n", "", "parameters", "who are you?", "what is the topic?",
             "both");
  const TwoQuestions one = trained(1), two = trained(2), four = trained(4);
  print_answers("one head", one);
  print_answers("  seed 2", trained(1, Projection::kept, 2));
  print_answers("  seed 3", trained(1, Projection::kept, 3));
  print_answers("two heads", two);
  print_answers("four heads", four);
  section("All is well");
  look(all_is_well, 0, 2, one, two, "well_looks.svg");
  section("The dog and the food");
  look(dog_sentence, 1, 6, one, two, "it_looks.svg");
  return two;
}

void padding() {
  section("Padding changes nothing");
  const ManyHeads all = random_heads(8, 2, 6);
  const nn::MultiHeadAttention layer = layer_of(all);
  Rng rng(7);
  const Tensor sentence = randn({1, 3, 8}, rng, DType::f64), rest = randn({1, 4, 8}, rng, DType::f64);
  const Tensor padded = concat({sentence, rest}, 1);
  const Tensor allowed = less(arange(7), tensor<int64_t>({3})).unsqueeze(0);  // [1, 7]
  const Tensor alone = layer(sentence);
  const auto first = [](const Tensor& y) { return y.slice(1, 0, 3); };
  fmt::print("allowed = {}\n\n", allowed);
  fmt::print("a sentence alone and with four words of padding after it:\n");
  fmt::print("  with the mask, same output:    {}\n",
             largest_gap(first(layer(padded, {.allowed = allowed})), alone) < 1e-12);
  fmt::print("  without the mask, same output: {}\n", largest_gap(first(layer(padded)), alone) < 1e-12);
}

void gradients() {
  section("Gradient check");
  const ManyHeads all = random_heads(6, 3, 8);
  Rng rng(9);
  const std::vector<Tensor> inputs = {randn({2, 4, 6}, rng, DType::f64), all.query, all.key, all.value,
                                      all.output};
  check_gradient(
      "loop over heads",
      [](const auto& in) {
        return loop_over_heads(in[0], {3, in[1], in[2], in[3], in[4]}).output;
      },
      inputs);
  check_gradient(
      "all at once",
      [](const auto& in) {
        return all_at_once(in[0], {3, in[1], in[2], in[3], in[4]}).output;
      },
      inputs);
}

void museum(const TwoQuestions& right) {
  section("Museum: a projection that is made anew");
  const TwoQuestions wrong = trained(2, Projection::anew);
  const NoGrad no_tape;
  fmt::print("{:<12} {:>10}  {:>14}  {:>18}  {:>8}\n", "W_o", "parameters", "who are you?",
             "what is the topic?", "both");
  print_answers("kept", right);
  print_answers("made anew", wrong);

  section("Museum: what catches it");
  const Sentences in = sentence(all_is_well, 0);
  fmt::print("the same sentence twice, same output:\n");
  fmt::print("  kept       {}\n", largest_gap(right.attended(in), right.attended(in)) == 0);
  fmt::print("  made anew  {}\n\n", largest_gap(wrong.attended(in), wrong.attended(in)) == 0);
  fmt::print("parameters that no gradient reaches:\n");
  for (const auto& [name, output] : {std::pair{"kept", Projection::kept}, {"made anew", Projection::anew}}) {
    const GradMode tape(true);
    Rng rng(1);
    const auto missing = without_gradient(TwoQuestions(32, 2, rng, output));
    fmt::print("  {:<9}  {}\n", name, missing.empty() ? "none" : fmt::format("{}", fmt::join(missing, ", ")));
  }
  fmt::print("\ngradient check passes:\n");
  Rng rng(2);
  const Tensor x = randn({1, 3, 32}, rng, DType::f64);
  for (const TwoQuestions* net : {&right, &wrong}) {
    const bool passed = gradcheck([&](const auto& v) { return net->mixed(v[0]); }, {x}).passed;
    fmt::print("  {:<9}  {}\n", net == &right ? "kept" : "made anew", passed);
  }
}

void chapter() {
  heads_are_views();
  nothing_is_copied();
  same_numbers();
  cost();
  const TwoQuestions two = two_questions();
  padding();
  gradients();
  museum(two);
}

}  // namespace

int main(int argc, char** argv) { return run_chapter(argc, argv, chapter); }
