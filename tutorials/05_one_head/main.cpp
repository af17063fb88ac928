// Chapter 5: one head of attention on three words, four times the same numbers: by loops, by matrix products,
// as something that learns, and as the library's layer.
#include <fmt/format.h>

#include "museum.hpp"
#include "nn/attention/single_head.hpp"
#include "one_head.hpp"
#include "plot/plot.hpp"
#include "tutorials/support/kit.hpp"
#include "tutorials/support/table.hpp"

using namespace gradus;
using namespace gradus::tutorials;

namespace {

const std::vector<std::string>& words = all_is_well;

/// With two places at most, and whole numbers as such: "[1.52, 4]".
std::string numbers(const Row& row) {
  std::string text;
  for (const double x : row)
    text += fmt::format("{}{:.4g}", text.empty() ? "" : ", ", std::round(x * 100) / 100);
  return "[" + text + "]";
}
std::string numbers(const Tensor& row) { return numbers(row.to_vector<double>()); }

/// "k(well)" for word 2.
std::string of(const char* name, size_t word) { return fmt::format("{}({})", name, words[word]); }

/// A heat map of weights: who looks at whom.
void draw_weights(const std::string& file, const std::string& title, const std::vector<std::string>& names,
                  const Tensor& weights) {
  plot::HeatMap map;
  map.title = title;
  map.rows = map.columns = names;
  map.row_title = "this word looks";
  map.column_title = "at this word";
  map.low = 0;
  map.high = 1;
  map.values = weights.detach().to(DType::f64).to_vector<double>();
  save_figure(file, plot::draw(map));
}

void one_word_by_hand() {
  section("One word by hand");
  const PencilHead head;
  const Row& well = head.x[2];
  const Row q = times(head.query, well);
  fmt::print("x(well) = {}\n", numbers(well));
  fmt::print("q(well) = W_q x(well) = {}\n\n", numbers(q));
  Row scores;
  for (size_t j = 0; j < words.size(); ++j) {
    const Row k = times(head.key, head.x[j]);
    scores.push_back(dot(q, k) / std::sqrt(2.0));
    fmt::print("{:<7} = {:<8} q(well).{:<7} = {}   score {} / sqrt(2) = {:.3f}\n", of("k", j), numbers(k),
               of("k", j), dot(q, k), dot(q, k), scores.back());
  }
  const Row weights = softmax_by_hand(scores);
  double sum = 0;
  for (const double s : scores) sum += std::exp(s);
  fmt::print("\ne^score = [{:.3f}, {:.3f}, {:.3f}], their sum {:.3f}\n", std::exp(scores[0]),
             std::exp(scores[1]), std::exp(scores[2]), sum);
  fmt::print("weights = [{:.3f}, {:.3f}, {:.3f}], their sum {:.3f}\n\n", weights[0], weights[1], weights[2],
             weights[0] + weights[1] + weights[2]);
  Row z = {0, 0};
  for (size_t j = 0; j < words.size(); ++j) {
    const Row v = times(head.value, head.x[j]);
    fmt::print("{:<7} = {}\n", of("v", j), numbers(v));
    for (size_t d = 0; d < z.size(); ++d) z[d] += weights[j] * v[d];
  }
  fmt::print("z(well) = {:.3f} v(All) + {:.3f} v(is) + {:.3f} v(well) = {}\n", weights[0], weights[1],
             weights[2], numbers(z));
}

HandSteps by_loops() {
  section("All words by loops");
  const HandSteps steps = attend_by_hand(PencilHead());
  print_table("q", words, {}, to_tensor(steps.q));
  print_table("k", words, {}, to_tensor(steps.k));
  print_table("v", words, {}, to_tensor(steps.v));
  print_table("scores", words, words, to_tensor(steps.scores));
  print_table("weights", words, words, to_tensor(steps.weights));
  print_table("output z", words, {}, to_tensor(steps.output));
  return steps;
}

void by_products(const HandSteps& hand) {
  section("All words by matrix products");
  const Tensor x = to_tensor(PencilHead().x);
  const HeadSteps steps = attend(x, to_head(PencilHead()));
  fmt::print("x       {}\nq       {}\nscores  {}\noutput  {}\n", x.shape(), steps.q.shape(),
             steps.scores.shape(), steps.output.shape());
  print_table("weights", words, words, steps.weights);
  print_table("output z", words, {}, steps.output);
  const Tensor keys = steps.k.transpose(0, 1);
  fmt::print("k {} and its transpose {} share memory: {}\n", steps.k.shape(), keys.shape(),
             keys.shares_memory_with(steps.k));
  fmt::print("rows of the weights sum to 1: {}\n",
             largest_gap(sum(steps.weights, Axes{1}), ones({3}, DType::f64)) < 1e-12);
  fmt::print("same numbers as the loops: {}\n", largest_gap(steps.output, to_tensor(hand.output)) < 1e-12);
  draw_weights("weights_pencil.svg", "Chosen by hand", words, steps.weights);
}

void with_a_batch() {
  section("A batch of sentences");
  const Tensor x = to_tensor(PencilHead().x);
  const Head head = to_head(PencilHead());
  const Tensor batch = stack({x, index_select(x, 0, tensor<int64_t>({2, 1, 0}))}, 0);
  const HeadSteps steps = attend(batch, head);
  fmt::print("x       {}\nweights {}\n", batch.shape(), steps.weights.shape());
  print_table("0: weights", words, words, steps.weights.select(0, 0));
  print_table("1: weights", {"well", "is", "All"}, {"well", "is", "All"}, steps.weights.select(0, 1));
}

/// The head after gradient descent has taught "well" to give 0.6 to "All" and 0.4 to itself.
Head trained() {
  section("Trainable");
  const Tensor x = to_tensor(PencilHead().x);
  Head head = to_head(PencilHead());
  const Tensor wanted = tensor({0.6, 0.0, 0.4});
  fmt::print("wanted for the row of well: 0.60  0.00  0.40\n\n");
  fmt::print("steps  loss    row of well\n");
  int done = 0;
  for (const int steps : {1, 10, 100, 1000}) {
    const double loss = teach_row(x, head, 2, wanted, steps - done, 0.5);
    done = steps;
    const Tensor row = attend(x, head).weights.select(0, 2);
    fmt::print("{:>5}  {:.4f}  {}\n", steps, loss, numbers(row));
  }
  fmt::print("\nthe least loss that any weights could have: {:.4f}\n",
             -(0.6 * std::log(0.6) + 0.4 * std::log(0.4)));
  head.query = head.query.detach();
  head.key = head.key.detach();
  fmt::print("\nW_q = {}\nW_k = {}\n", head.query, head.key);
  return head;
}

void one_word_rules(const Head& head) {
  section("All rules well");
  const Tensor x = to_tensor(PencilHead().x);
  const HeadSteps steps = attend(x, head);
  const Tensor z = steps.output.select(0, 2), weights = steps.weights.select(0, 2);
  print_table("weights", words, words, steps.weights);
  fmt::print("\nz(well) = {:.2f} v(All) + {:.2f} v(is) + {:.2f} v(well) = {}\n\n", weights.at({0}),
             weights.at({1}), weights.at({2}), numbers(z));
  for (int64_t j = 0; j < 3; ++j) {
    fmt::print("cosine of z(well) and {:<7}  {:>5}\n", of("v", static_cast<size_t>(j)),
               fixed(cosine(z, steps.v.select(0, j))));
  }
  draw_weights("weights_all_rules_well.svg", "A head in which \"All\" rules \"well\"", words, steps.weights);
}

void the_dog() {
  section("The dog rules it");
  const Tensor x = dog_words();
  const Head head = pronoun_head();
  const HeadSteps steps = attend(x, head);
  const int64_t it = 6;
  fmt::print("q(it)   = {}\n", steps.q.select(0, it));
  fmt::print("k(dog)  = {}   k(food) = {}   k(ate)  = {}\n\n", steps.k.select(0, 1), steps.k.select(0, 4),
             steps.k.select(0, 2));
  print_table("", {"score of it", "weight of it"}, dog_sentence,
              concat({steps.scores.slice(0, it, it + 1), steps.weights.slice(0, it, it + 1)}, 0));
  fmt::print("\nv(it)   = {}\nz(it)   = {}\nv(dog)  = {}\n", numbers(steps.v.select(0, it)),
             numbers(steps.output.select(0, it)), numbers(steps.v.select(0, 1)));
  draw_weights("weights_dog.svg", "A head that finds what a pronoun stands for", dog_sentence, steps.weights);
}

void as_a_layer(const Head& head) {
  section("The library's layer");
  Rng rng(1);
  const nn::SingleHeadAttention layer(3, 2, rng, {.dropout = 0, .bias = false});
  layer.to(DType::f64);
  layer.load_state_dict(
      {{"query.weight", head.query}, {"key.weight", head.key}, {"value.weight", head.value}});
  fmt::print("{}\n", layer.describe());
  const Tensor x = to_tensor(PencilHead().x).unsqueeze(0);  // [3, 3] -> [1, 3, 3]: a batch of one
  const auto [z, weights] = layer.with_weights(x, x);
  print_table("weights", words, words, weights.select(0, 0));
  print_table("output z", words, {}, z.select(0, 0));
  const HeadSteps ours = attend(x, head);
  fmt::print("same numbers as ours: {}\n",
             largest_gap(z, ours.output) < 1e-12 && largest_gap(layer(x), ours.output) < 1e-12);
}

void gradients() {
  section("Gradient check");
  const PencilHead head;
  check_gradient("one head, by x, W_q, W_k and W_v",
                 [](const auto& in) {
                   return attend(in[0], {in[1], in[2], in[3]}).output;
                 },
                 {to_tensor(head.x), to_tensor(head.query), to_tensor(head.key), to_tensor(head.value)});
  check_gradient("its weights, by x, W_q and W_k",
                 [&](const auto& in) {
                   return attend(in[0], {in[1], in[2], to_tensor(head.value)}).weights;
                 },
                 {to_tensor(head.x), to_tensor(head.query), to_tensor(head.key)});
}

void which_root() {
  section("The root of which size");
  Rng rng(5);
  const int64_t H = 768, D = 64, pairs = 4096;
  const Tensor q = randn({pairs, D}, rng), k = randn({pairs, D}, rng);
  const Tensor dots = sum(q * k, Axes{1});
  fmt::print("a head of D = 64 numbers in a model of H = 768, {} random pairs q, k\n\n", pairs);
  fmt::print("                 variance\n");
  fmt::print("q.k              {:8.3f}\n", var(dots).item());
  fmt::print("q.k / sqrt(D)    {:8.3f}\n", var(dots / std::sqrt(static_cast<double>(D))).item());
  fmt::print("q.k / sqrt(H)    {:8.3f}\n", var(dots / std::sqrt(static_cast<double>(H))).item());
}

void museum() {
  section("Museum: masks that leak");
  // A fourth word that only fills up the sentence. Nobody may look at it.
  const Tensor x = to_tensor({{1, 0, 1}, {0, 1, 1}, {1, 1, 0}, {2, 2, 2}});
  const Tensor other = to_tensor({{9, 9, 9}});
  const Head head = to_head(PencilHead());
  fmt::print("a hidden word changes: how much do the outputs of the words that are not hidden?\n\n");
  const auto say = [&](const char* name, Masking how) {
    fmt::print("{:<32} {}\n", name, fixed(leak(x, other, head, 3, how), 4));
  };
  say("-inf, the weight is exactly 0", Masking::exact);
  say("adding -10", Masking::too_small);
  say("adding -1e9", Masking::billion);
  say("-inf, on the wrong axis", Masking::wrong_axis);

  section("Museum: every key hidden");
  const Tensor nothing = less(arange(4), tensor<int64_t>({0}));  // [4]: all false
  for (const auto& [name, how] :
       {std::pair{"-inf", Masking::exact}, std::pair{"adding -1e9", Masking::billion}}) {
    const HeadSteps steps = attend_masked(
        x.to(DType::f32), {head.query.to(DType::f32), head.key.to(DType::f32), head.value.to(DType::f32)},
        nothing, how);
    fmt::print("{:<12} weights of well {}   z(well) {}\n", name, steps.weights.select(0, 2),
               steps.output.select(0, 2));
  }
}

void chapter() {
  one_word_by_hand();
  const HandSteps hand = by_loops();
  by_products(hand);
  with_a_batch();
  const Head head = trained();
  one_word_rules(head);
  the_dog();
  as_a_layer(head);
  gradients();
  which_root();
  museum();
}

}  // namespace

int main(int argc, char** argv) { return run_chapter(argc, argv, chapter); }
