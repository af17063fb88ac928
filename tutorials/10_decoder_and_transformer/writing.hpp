/// @file
/// Chapter 10, the sections about writing: the trained model writes, and shows where it looks.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "decoding.hpp"
#include "plot/plot.hpp"
#include "training.hpp"
#include "tutorials/support/kit.hpp"

namespace gradus::tutorials::translation {

inline void greedy_step_by_step(const nn::Transformer& model) {
  section("Greedy, step by step");
  const Weights w = model.state_dict();
  const Next next_of = asking(source_of("3 May 2021"), 4, w);
  const Text text = greedy_by_hand(next_of, Alphabet::end, 12);
  fmt::print("written so far  likeliest next\n");
  for (size_t n = 0; n <= text.ids.size(); ++n) {
    const std::vector<int64_t> prefix(text.ids.begin(), text.ids.begin() + static_cast<std::ptrdiff_t>(n));
    const std::vector<double> log_p = next_of(prefix);
    const auto best = std::max_element(log_p.begin(), log_p.end());
    fmt::print("{:<14}  {}   p = {:.4f}\n", "<" + written().text(prefix),
               written().name(best - log_p.begin()), std::exp(*best));
  }
}

inline void kept(const nn::Transformer& model, const Data& data) {
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

/// The probability of one text: the product over its characters and the end, each after those before it.
inline double probability_of(const nn::Transformer& model, const std::string& from, const std::string& to) {
  std::vector<int64_t> given = written().ids(to), wanted = given;
  given.insert(given.begin(), Alphabet::begin);
  wanted.push_back(Alphabet::end);
  const NoGrad no_grad;
  const nn::EvalMode eval(model);
  const Tensor logits = model(source_of(from), nn::padded({given}, Alphabet::pad));  // [1, S, V]
  const Tensor log_p = log_softmax(logits.select(0, 0));                             // [S, V]
  double sum = 0;
  for (size_t i = 0; i < wanted.size(); ++i) sum += log_p.at({static_cast<int64_t>(i), wanted[i]});
  return std::exp(sum);
}

inline void beams(const nn::Transformer& model, const Data& data) {
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
    const auto p = [&](size_t beam) { return std::exp(results[0].at(beam).log_probability); };
    fmt::print("  {}  p = {:.4f}, the next beams {:.4f} and {:.4f}\n", written().text(results[0][0].ids),
               p(0), p(1), p(2));
  }
  fmt::print("  as July {:.4f}, as June {:.4f}\n", probability_of(model, "Ju 3, 2021", "2021-07-03"),
             probability_of(model, "Ju 3, 2021", "2021-06-03"));
  Rng rng(8);
  const Batch test = batch_of({data.unseen.begin(), data.unseen.begin() + 100}, rng);
  const auto greedy = nn::greedy(model, test.source, {.max_length = 12});
  const auto one = nn::beam_search(model, test.source, {.beams = 1}, {.max_length = 12});
  size_t same = 0;
  for (size_t i = 0; i < greedy.size(); ++i) same += greedy[i].ids == one[i][0].ids ? 1 : 0;
  fmt::print("a beam of 1 writes what greedy writes: {} of {}\n", same, greedy.size());
}

/// The mean over the heads of where each written character looks: [S, T].
inline Tensor alignment(const nn::Transformer& model, const std::string& from, const std::string& to) {
  std::vector<int64_t> given = written().ids(to);
  given.insert(given.begin(), Alphabet::begin);
  const nn::DecoderTrace trace = model.trace(source_of(from), nn::padded({given}, Alphabet::pad));
  return mean(trace.cross_attentions[0].select(0, 0), Axes{0});
}

inline plot::Picture alignment_map(const nn::Transformer& model, const Date& date, int style) {
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

inline void looking(const nn::Transformer& model, const Data& data) {
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

}  // namespace gradus::tutorials::translation
