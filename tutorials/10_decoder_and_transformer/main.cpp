// Chapter 10: a decoder and a whole Transformer from primitives, the same as the library's; then one that
// learns to write dates.
#include <fmt/format.h>

#include "decoding.hpp"
#include "museum.hpp"
#include "plot/plot.hpp"
#include "training.hpp"
#include "tutorials/support/kit.hpp"
#include "tutorials/support/table.hpp"

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::translation;

namespace {

const std::vector<std::string> five = {"0", "1", "2", "3", "4"};

/// The parameters themselves, by name: what is computed with them has gradients.
Weights weights_of(const nn::Module& module) {
  Weights weights;
  for (const auto& [name, tensor] : module.named_parameters()) weights[name] = tensor;
  return weights;
}

Tensor random(const Shape& shape, uint64_t seed) {
  Rng rng(seed);
  return randn(shape, rng, DType::f64);
}

nn::Decoder small_decoder() {
  Rng rng(3);
  nn::Decoder decoder({.hidden = 8,
                       .heads = 2,
                       .intermediate = 16,
                       .layers = 1,
                       .feed_forward = Activation::relu,
                       .hidden_dropout = 0,
                       .attention_dropout = 0,
                       .layer_norm_eps = 1e-5,
                       .init = nn::init::xavier_uniform()},
                      rng);
  decoder.to(DType::f64);
  return decoder;
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

/// A model for dates that has learned nothing, in f64.
nn::Transformer fresh_model() {
  Rng rng(2);
  nn::Transformer model(small_model(), rng);
  model.to(DType::f64);
  return model;
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

void greedy_step_by_step(const nn::Transformer& model) {
  section("Greedy, step by step");
  const Weights w = model.state_dict();
  const Next next_of = asking(source_of("3 May 2021"), 4, w);
  const Text text = greedy_by_hand(next_of, Alphabet::end, 12);
  fmt::print("written so far  likeliest next\n");
  for (size_t n = 0; n <= text.ids.size(); ++n) {
    const std::vector<int64_t> prefix(text.ids.begin(), text.ids.begin() + static_cast<std::ptrdiff_t>(n));
    const std::vector<double> log_p = next_of(prefix);
    const auto best = std::max_element(log_p.begin(), log_p.end());
    fmt::print("{:<14}  {}   p = {:.4f}\n", "<" + translation::written().text(prefix),
               translation::written().name(best - log_p.begin()), std::exp(*best));
  }
}

void kept(const nn::Transformer& model, const Data& data) {
  section("Kept keys and values");
  const nn::Transformer fresh = fresh_model();
  const Weights w = fresh.state_dict();
  Rng rng(6);
  const Batch batch = batch_of({data.known.begin(), data.known.begin() + 4}, rng);
  const Tensor given = lesson_of(batch.target).given;
  const int64_t S = given.size(1);
  Kept state = start(batch.source, 4, w);
  std::vector<Tensor> each;
  for (int64_t i = 0; i < S; ++i) each.push_back(next(given.slice(1, i, i + 1), state, 4, w));
  const Tensor together = transformer(batch.source, given, 4, w).logits;
  fmt::print("same logits, one place at a time and all at once: {}\n",
             largest_gap(concat(each, 1), together) < 1e-12);
  fmt::print("kept keys {}\n", state.own.keys.shape());
  fmt::print("places computed for {} characters: {} with them, {} without\n", S, S, S * (S + 1) / 2);

  section("What keeping saves");
  const Batch test = batch_of(data.unseen, rng);
  std::vector<nn::Decoded> with, without;
  const double fast = seconds_of([&] { with = nn::greedy(model, test.source, {.max_length = 12}); }, 1);
  const double slow =
      seconds_of([&] { without = nn::greedy(model, test.source, {.max_length = 12, .cached = false}); }, 1);
  size_t same = 0;
  for (size_t i = 0; i < with.size(); ++i) same += with[i].ids == without[i].ids ? 1 : 0;
  fmt::print("500 dates: {:.0f} ms with kept keys and values, {:.0f} ms without\n", 1e3 * fast, 1e3 * slow);
  fmt::print("the same text: {} of {}\n", same, with.size());
}

void beams(const nn::Transformer& model, const Data& data) {
  section("Greedy can miss");
  for (const auto& ids : std::vector<std::vector<int64_t>>{{0}, {0, 0}, {0, 1}, {1}, {1, 0}, {1, 1}}) {
    std::vector<int64_t> prefix;
    double p = 1;
    std::string text, product;
    for (const int64_t id : ids) {
      const double q = std::exp(two_letters(prefix)[static_cast<size_t>(id)]);
      p *= q;
      product += fmt::format("{:.2f} x ", q);
      text += id == 0 ? 'a' : 'b';
      prefix.push_back(id);
    }
    const double q = std::exp(two_letters(prefix)[2]);
    fmt::print("p({}>){:<{}} = {}{:.2f} = {:.4f}\n", text, "", 3 - text.size(), product, q, p * q);
  }
  const Text found = greedy_by_hand(two_letters, 2, 5);
  fmt::print("\ngreedy writes {} with p = {:.4f}\n",
             found.ids == std::vector<int64_t>{0, 0} ? "aa>" : "another", std::exp(found.log_p));

  section("Beams of the trained model");
  for (const char* text : {"3 May 2021", "Ju 3, 2021"}) {
    fmt::print("{}\n", text);
    const auto results = nn::beam_search(model, source_of(text), {.beams = 3}, {.max_length = 12});
    for (const nn::Decoded& one : results[0]) {
      fmt::print("  {}  p = {:.4f}\n", translation::written().text(one.ids), std::exp(one.log_probability));
    }
  }
  Rng rng(8);
  const Batch test = batch_of({data.unseen.begin(), data.unseen.begin() + 100}, rng);
  const auto greedy = nn::greedy(model, test.source, {.max_length = 12});
  const auto one = nn::beam_search(model, test.source, {.beams = 1}, {.max_length = 12});
  size_t same = 0;
  for (size_t i = 0; i < greedy.size(); ++i) same += greedy[i].ids == one[i][0].ids ? 1 : 0;
  fmt::print("a beam of 1 writes what greedy writes: {} of {}\n", same, greedy.size());
}

/// The mean over the heads of where each written character looks: [S, T].
Tensor alignment(const nn::Transformer& model, const std::string& from, const std::string& to) {
  std::vector<int64_t> given = translation::written().ids(to);
  given.insert(given.begin(), Alphabet::begin);
  const nn::DecoderTrace trace = model.trace(source_of(from), nn::padded({given}, Alphabet::pad));
  return mean(trace.cross_attentions[0].select(0, 0), Axes{0});
}

plot::Picture alignment_map(const nn::Transformer& model, const Date& date, int style) {
  const std::string from = said(date, style), to = iso(date);
  plot::HeatMap map;
  map.title = from + " to " + to;
  map.row_title = "writes";
  map.column_title = "looks at";
  for (const char c : from) map.columns.emplace_back(c == ' ' ? "␣" : std::string(1, c));
  for (const char c : to) map.rows.emplace_back(1, c);
  map.rows.emplace_back("end");
  map.values = alignment(model, from, to).to(DType::f64).to_vector<double>();
  map.numbers = false;
  map.low = 0;
  map.high = 1;
  return plot::draw(map);
}

void looking(const nn::Transformer& model, const Data& data) {
  section("Where it looks");
  const NoGrad no_tape;
  const Date date{27, 5, 1968};
  save_figure("alignment.svg", plot::beside({alignment_map(model, date, 0), alignment_map(model, date, 1)}));
  // The year and a day of two digits are copied: the greatest weight should be on the very digit.
  size_t asked = 0, found = 0;
  for (size_t i = 0; i < 50; ++i) {
    const int style = static_cast<int>(i % 2);
    const std::string from = said(data.unseen[i], style), to = iso(data.unseen[i]);
    const Tensor best = argmax(alignment(model, from, to), 1);
    const size_t year = from.size() - 4;
    for (size_t digit = 0; digit < 4; ++digit, ++asked) {
      found += static_cast<size_t>(best.at({static_cast<int64_t>(digit)})) == year + digit ? 1 : 0;
    }
  }
  fmt::print("digits of the year, in {} unseen dates: {} of {} look most at the digit that they copy\n", 50,
             found, asked);
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
          const Lesson now = lesson_of(batch.target);
          return loss_of(transformer(batch.source, now.given, 4, weights_of(model), ahead).logits,
                         now.wanted);
        },
        [&](int64_t, double loss) { last = loss; });
    const NoGrad no_tape;
    const Tensor logits = transformer(test.source, lesson.given, 4, weights_of(model), ahead).logits;
    fmt::print("{:<18} loss after 80 steps {:.3f}, next right {:5.1f} %, exact alone {:5.1f} %\n",
               ahead == 0 ? "the right mask:" : "one place too far:", last,
               100 * next_right(logits, lesson.wanted), 100 * exact_match(model, some, test.source));
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
