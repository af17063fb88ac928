// Chapter 10: a decoder and a whole Transformer from primitives, the same as the library's; then one that
// learns to write dates.
#include <fmt/format.h>

#include "decoding.hpp"
#include "museum.hpp"
#include "plot/plot.hpp"
#include "training.hpp"
#include "tutorials/support/kit.hpp"
#include "tutorials/support/table.hpp"
#include "writing.hpp"

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::translation;

namespace {

const std::vector<std::string> five = {"0", "1", "2", "3", "4"};

Tensor random(const Shape& shape, uint64_t seed) {
  Rng rng(seed);
  return randn(shape, rng, DType::f64);
}

void the_task() {
  section("The task");
  const Date date{3, 5, 2021};
  for (const int style : {0, 1}) fmt::print("{:<12} -> {}\n", said(date, style), iso(date));
  Rng rng(1);
  const Batch batch = batch_of({date}, rng);
  fmt::print("\ntarget as ids {}\n\n", batch.target.select(0, 0));
  const Lesson lesson = lesson_of(batch.target);
  const auto given = lesson.given.to_vector<int64_t>(), wanted = lesson.wanted.to_vector<int64_t>();
  fmt::print("place  the decoder has seen   it has to say\n");
  std::vector<int64_t> so_far;
  for (size_t i = 0; i < given.size(); ++i) {
    so_far.push_back(given[i]);
    fmt::print("{:>5}  {:<21}  {}\n", i, translation::written().text(so_far),
               translation::written().name(wanted[i]));
  }
}

void the_mask() {
  section("The causal mask");
  const Tensor mask = causal_mask(5);
  print_table("may see", five, five, mask.to(DType::f64), 0);
  const Tensor scores = random({5, 5}, 1);
  const Tensor hidden = logical_not(mask);
  const Tensor weights = softmax(masked_fill(scores, hidden, -std::numeric_limits<double>::infinity()));
  fmt::print("\n");
  print_table("weights", five, five, weights);
}

Tensor derivatives_of(int64_t ahead) {
  const nn::Decoder decoder = small_decoder();
  const Weights w = weights_of(decoder);
  const Tensor memory = random({1, 3, 8}, 5);
  return largest_derivatives(
      [&](const Tensor& x) {
        return decoder_layer(x, memory, causal_mask(5, ahead), 2, w, "layer.0").output;
      },
      random({1, 5, 8}, 4));
}

void the_future() {
  section("The future");
  const Tensor derivatives = derivatives_of(0);
  print_table("|dy/dx|", five, five, derivatives);
  fmt::print("\nlargest number above the diagonal: {}\n", from_the_future(derivatives));
  const nn::Decoder decoder = small_decoder();
  const Tensor memory = random({1, 3, 8}, 5);
  const Tensor of_library =
      largest_derivatives([&](const Tensor& x) { return decoder(x, memory); }, random({1, 5, 8}, 4));
  fmt::print("in the library's decoder:          {}\n", from_the_future(of_library));
}

void cross_attention() {
  section("Cross-attention");
  // One head, and every matrix the identity: queries, keys and values are the vectors themselves.
  Weights w;
  for (const char* part : {"self.query", "self.key", "self.value", "output.dense"}) {
    w[fmt::format("cross.{}.weight", part)] = eye(2, DType::f64);
    w[fmt::format("cross.{}.bias", part)] = zeros({2}, DType::f64);
  }
  const Tensor x = tensor<double>({3, 0, 0, 3}, Shape{1, 2, 2});               // two words of the decoder
  const Tensor memory = tensor<double>({1, 0, 0, 1, -1, -1}, Shape{1, 3, 2});  // three of the encoder
  const Tensor all = tensor<bool>({true, true, true});
  const Look found = look(x, looked_at(memory, 1, w, "cross"), all, w, "cross");
  fmt::print("queries from the decoder {}, keys and values from the encoder {}\n", x.shape(), memory.shape());
  fmt::print("weights {}, output {}\n\n", found.weights.shape(), found.output.shape());
  print_table("weights", {"writes 0", "writes 1"}, {"reads 0", "reads 1", "reads 2"},
              found.weights.select(0, 0).select(0, 0));
  print_table("output", {"writes 0", "writes 1"}, {}, found.output.select(0, 0));

  section("Queries from the wrong side");
  const Look wrong = look(memory, looked_at(memory, 1, w, "cross"), all, w, "cross");
  fmt::print("weights {}, output {}\n", wrong.weights.shape(), wrong.output.shape());
  try {
    fmt::print("{}\n", (x + wrong.output).shape());
  } catch (const Error& error) {
    fmt::print("x + output: {}\n", error.what());
  }
}

void the_layer() {
  section("The decoder layer");
  const nn::Decoder decoder = small_decoder();
  const Tensor x = random({1, 5, 8}, 4), memory = random({1, 3, 8}, 5);
  const DecoderSteps steps = decoder_layer(x, memory, causal_mask(5), 2, weights_of(decoder), "layer.0");
  const nn::DecoderTrace trace = decoder.trace(x, memory);
  fmt::print("x [B, S, H]            {}\nmemory [B, T, H]       {}\n", x.shape(), memory.shape());
  fmt::print("self weights           {}\ncross weights          {}\noutput                 {}\n",
             steps.self.shape(), steps.cross.shape(), steps.output.shape());
  fmt::print("same output as the library's layer: {}\n",
             largest_gap(steps.output, decoder(x, memory)) < 1e-12);
  fmt::print("same weights: {}\n", largest_gap(steps.self, trace.self_attentions[0]) < 1e-12 &&
                                       largest_gap(steps.cross, trace.cross_attentions[0]) < 1e-12);
}

void the_transformer(const Data& data) {
  section("The whole Transformer");
  const nn::Transformer model = fresh_model();
  const Weights w = weights_of(model);
  Rng rng(3);
  const Batch batch = batch_of({data.known.begin(), data.known.begin() + 4}, rng);
  const Lesson lesson = lesson_of(batch.target);
  const Reading ours = transformer(batch.source, lesson.given, 4, w);
  fmt::print("source ids [B, T]      {}\ntarget ids [B, S]      {}\n", batch.source.shape(),
             lesson.given.shape());
  fmt::print("logits [B, S, V]       {}\n", ours.logits.shape());
  fmt::print("parameters             {}\n\n", model.num_parameters());
  fmt::print("same logits as the library's: {}\n",
             largest_gap(ours.logits, model(batch.source, lesson.given)) < 1e-12);
  fmt::print("same loss: {}\n", largest_gap(loss_of(ours.logits, lesson.wanted),
                                            model.loss(batch.source, batch.target)) < 1e-12);
}

void gradients(const Data& data) {
  section("Gradient check");
  const nn::Decoder decoder = small_decoder();
  const Weights w = weights_of(decoder);
  const auto layer = [&](const std::vector<Tensor>& in) {
    return decoder_layer(in[0], in[1], causal_mask(3), 2, w, "layer.0").output;
  };
  check_gradient("a decoder layer, by x and the memory", layer, {random({1, 3, 8}, 6), random({1, 2, 8}, 7)});

  const nn::Transformer model = fresh_model();
  Rng rng(4);
  const Batch batch = batch_of({data.known.begin(), data.known.begin() + 2}, rng);
  const Lesson lesson = lesson_of(batch.target);
  std::vector<std::string> names;
  std::vector<Tensor> values;
  for (const auto& [name, value] : weights_of(model)) {
    names.push_back(name);
    values.push_back(value.detach());
  }
  const auto loss = [&](const std::vector<Tensor>& in) {
    Weights given;
    for (size_t i = 0; i < in.size(); ++i) given[names[i]] = in[i];
    return loss_of(transformer(batch.source, lesson.given, 4, given).logits, lesson.wanted);
  };
  check_gradient(fmt::format("the loss of a Transformer, by its {} tensors", names.size()), loss, values,
                 {.directions = 2});
}

void training(const nn::Transformer& model, const Data& data) {
  section("Training");
  Rng rng(5);
  const Batch test = batch_of(data.unseen, rng);
  const Lesson lesson = lesson_of(test.target);
  plot::ChartSeries losses{.name = "loss", .x = {}, .y = {}};
  fmt::print("{} dates to learn from, {} unseen\n\n", data.known.size(), data.unseen.size());
  fmt::print("steps    loss   unseen: next right   exact\n");
  train(
      model, data.known, {}, [&](const Batch& batch) { return model.loss(batch.source, batch.target); },
      [&](int64_t step, double loss) {
        losses.x.push_back(static_cast<double>(step));
        losses.y.push_back(loss);
        if (step != 50 && step % 100 != 0) return;
        const NoGrad no_tape;
        fmt::print("{:>5}  {:.4f}             {:5.1f} %  {:5.1f} %\n", step, loss,
                   100 * next_right(model(test.source, lesson.given), lesson.wanted),
                   100 * exact_match(model, data.unseen, test.source));
      });
  plot::Chart chart;
  chart.title = "The loss of each step";
  chart.x_label = "step";
  chart.log_y = chart.whole_x = true;
  chart.series = {losses};
  save_figure("loss.svg", plot::draw(chart));

  section("The result");
  const double exact = exact_match(model, data.unseen, test.source);
  fmt::print("at least 99 % of the unseen dates are written exactly: {}\n\n", exact >= 0.99);
  for (const char* text : {"3 May 2021", "May 3, 2021", "29 Feb 2000", "Dec 31, 1999"}) {
    fmt::print("{:<12} -> {}\n", text,
               translation::written().text(nn::greedy(model, source_of(text))[0].ids));
  }
}

void museum(const Data& data) {
  section("Museum: the mask that sees one too far");
  print_table("|dy/dx|", five, five, derivatives_of(1));
  fmt::print("\nlargest number above the diagonal: {:.4f}\n", from_the_future(derivatives_of(1)));

  section("Museum: trained with it");
  Rng order(9);
  const std::vector<Date> some(data.unseen.begin(), data.unseen.begin() + 100);
  const Batch test = batch_of(some, order);
  const Lesson lesson = lesson_of(test.target);
  for (const int64_t ahead : {0, 1}) {
    Rng rng(10);
    const nn::Transformer model(small_model(), rng);
    double last = 0;
    train(
        model, data.known, {.steps = 80, .batch = 16},
        [&](const Batch& batch) {
          if (ahead == 0) return model.loss(batch.source, batch.target);  // the same, and faster
          const Lesson now = lesson_of(batch.target);
          return loss_of(transformer(batch.source, now.given, 4, weights_of(model), ahead).logits,
                         now.wanted);
        },
        [&](int64_t, double loss) { last = loss; });
    const NoGrad no_tape;
    const Tensor logits = transformer(test.source, lesson.given, 4, weights_of(model), ahead).logits;
    fmt::print("{:<18} loss after 80 steps {:.3f}, next right {:5.1f} %, alone {:5.1f} %\n",
               ahead == 0 ? "the right mask:" : "one place too far:", last,
               100 * next_right(logits, lesson.wanted), 100 * characters_right(model, some, test.source));
  }

  section("Museum: a mean of means");
  const Tensor logits = random({2, 8, 5}, 11);
  const Tensor wanted = tensor<int64_t>({3, 1, 0, 0, 0, 0, 0, 0, 4, 2, 1, 3, 3, 1, 4, 2}, Shape{2, 8});
  fmt::print("two texts, of 2 and of 8 characters\n\n");
  for (const Averaging how : {Averaging::tokens, Averaging::mean_of_means}) {
    fmt::print("{:<15} loss {:.4f}   cut otherwise: changes by {:.4f}\n",
               how == Averaging::tokens ? "over characters" : "mean of means",
               loss_of(logits, wanted, how).item(), gap_when_cut_otherwise(logits, wanted, how));
  }
  check_gradient("the mean of means",
                 [&](const auto& in) { return loss_of(in[0], wanted, Averaging::mean_of_means); }, {logits});
}

void chapter() {
  const Data data(1);
  the_task();
  the_mask();
  the_future();
  cross_attention();
  the_layer();
  the_transformer(data);
  gradients(data);
  Rng rng(1);
  const nn::Transformer model(small_model(), rng);
  training(model, data);
  model.eval();
  greedy_step_by_step(model);
  kept(model, data);
  beams(model, data);
  looking(model, data);
  museum(data);
}

}  // namespace

int main(int argc, char** argv) { return run_chapter(argc, argv, chapter); }
