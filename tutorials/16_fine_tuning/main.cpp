// Chapter 16: one body that learnt from text alone and four heads for it: by hand, by the library, and
// fine-tuned beside the same network without pretraining; attention on top of attention; what goes wrong.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "library.hpp"
#include "museum.hpp"
#include "nn/gradcheck.hpp"
#include "pictures.hpp"
#include "pooling.hpp"
#include "tutorials/support/kit.hpp"

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::fine_tuning;

namespace {

Course usual_course() { return {.steps = short_run ? 5 : 200}; }

std::string percent(double share) { return fmt::format("{:.0f} %", 100 * share); }

std::string pieces_of(const TokenRow& row) {
  Words pieces;
  for (const bert::TokenId id : row.text.ids) pieces.push_back(tokenizer().vocab().piece(id));
  return joined(pieces);
}

// ---- The body ----

void some_texts() {
  section("Some texts");
  Rng rng(3);
  for (int i = 0; i < 6; ++i) fmt::print("{}\n", pieces_of(market_text(rng)));
}

void the_body(const bert::BertForPreTraining& model) {
  section("The body");
  fmt::print("{:>6} {:>7}\n", "steps", "loss");
  const int64_t steps = short_run ? 6 : pretraining_steps, every = steps / 6;
  double recent = 0;
  fill_gaps(model, 11, steps, [&](int64_t step, double loss) {
    recent += loss / static_cast<double>(every);
    if (step % every != 0) return;
    fmt::print("{:>6} {:>7.2f}\n", step, recent);
    recent = 0;
  });
}

// ---- Four heads ----

void the_heads() {
  section("Four heads");
  fmt::print("{:<28} {:<13} {}\n", "by hand", "shape", "the library gives the same");
  for (const Compared& one : beside_the_library(5)) {
    fmt::print("{:<28} {:<13} {}\n", one.head, fmt::format("{}", one.shape), one.gap < 1e-12);
  }
  save_figure("heads.svg", draw_heads());
}

void gradients() {
  section("Gradient check");
  Rng rng(7);
  const auto random = [&](const Shape& shape) { return randn(shape, rng, DType::f64); };
  const Tensor x = random({2, 4, 5}), w = random({3, 5}), b = random({3});
  const Tensor real = less(tensor<int64_t>({0, 1, 2, 3, 0, 1, 2, 9}, Shape{2, 4}), 3.0);
  const Tensor labels = tensor<int64_t>({ignored, 2, ignored, 0, 1, 1, ignored, ignored}, Shape{2, 4});
  check_gradient("a class",
                 [&](const auto& in) {
                   return mean_loss(class_scores(in[0], in[1], in[2]), tensor<int64_t>({2, 0}));
                 },
                 {random({2, 5}), w, b});
  check_gradient("tags", [&](const auto& in) { return tag_loss(tag_scores(in[0], in[1], in[2]), labels); },
                 {x, w, b});
  check_gradient("an answer",
                 [&](const auto& in) {
                   return span_loss(span_scores(in[0], real, in[1], in[2]), tensor<int64_t>({0, 1}),
                                    tensor<int64_t>({2, 1}));
                 },
                 {x, random({2, 5}), random({2})});
  check_gradient("likeness",
                 [&](const auto& in) {
                   return likeness_loss(cosine_of(in[0], in[1]), tensor<double>({0.5, 1}));
                 },
                 {random({2, 5}), random({2, 5})});
  check_gradient("attention pooling",
                 [&](const auto& in) { return attention_pooled(in[0], real, in[1], in[2], in[3]).vector; },
                 {x, random({5, 5}), random({5}), random({5})});
}

// ---- Four tasks ----

void the_examples(const AllSets& sets) {
  section("Labelled examples");
  for (int i = 0; i < 2; ++i) {
    const Given& one = sets.given.training[static_cast<size_t>(i)];
    fmt::print("{}: {}\n", kinds[static_cast<size_t>(one.kind)], one.text);
  }
  for (int i = 0; i < 2; ++i) {
    const Tagged& one = sets.names.training[static_cast<size_t>(i)];
    Words both;
    for (size_t k = 0; k < one.words.size(); ++k)
      both.push_back(one.tags[k] == 0 ? one.words[k]
                                      : one.words[k] + "/" + tags[static_cast<size_t>(one.tags[k])]);
    fmt::print("{}\n", joined(both));
  }
  for (int i = 0; i < 2; ++i) {
    const Asked& one = sets.questions.training[static_cast<size_t>(i)];
    fmt::print("{}? {}: {}\n", one.question, one.story, one.answer);
  }
  for (int i = 0; i < 2; ++i) {
    const Likeness& one = sets.pairs.training[static_cast<size_t>(i)];
    fmt::print("{}: {} | {}\n", one.score, one.first_text, one.second_text);
  }
  section("Other words");
  fmt::print("{}\n", sets.given.others[0].text);
  fmt::print("{}\n", joined(sets.names.others[0].words));
  fmt::print("{}? {}\n", sets.questions.others[0].question, sets.questions.others[0].story);
}

void the_four_ways(const AllSets& sets, const bert::BertForPreTraining& fresh,
                   const bert::BertForPreTraining& learnt) {
  section("Four ways");
  const std::vector<Reached> all = all_four_ways(sets, fresh.bert, learnt.bert, usual_course(), 31);
  fmt::print("{:<13} {:<12} {:<15} {:<15} {:<15}\n", "", "", "a guess", "random start", "pretrained");
  fmt::print("{:<13} {:<12} {:<7} {:<7} {:<7} {:<7} {:<7} {:<7}\n", "words", "", "shown", "others", "shown",
             "others", "shown", "others");
  plot::Bars bars;
  bars.title = "Words that no label has shown";
  bars.width = 760;
  bars.series = {{"a guess", {}, 3}, {"random start", {}, 2}, {"pretrained", {}, 1}};
  for (const Reached& one : all) {
    fmt::print("{:<13} {:<12}", one.task, one.measure);
    size_t series = 0;
    for (const auto* reached : {&one.guess, &one.random, &one.pretrained}) {
      for (const double figure : *reached) fmt::print(" {:<7.2f}", figure);
      bars.series[series++].values.push_back(reached->back());
    }
    fmt::print("\n");
    bars.groups.push_back(one.task + ": " + one.measure);
  }
  save_figure("four_ways.svg", plot::draw(bars));

  section("Four ways, in words");
  const auto all_are = [&](const auto& holds) { return shown(std::ranges::all_of(all, holds)); };
  fmt::print("random start, words that were shown: 0.8 or more but for questions: {}\n",
             all_are([](const Reached& r) { return r.random[0] >= 0.8 || r.task == "questions"; }));
  fmt::print("random start, other words: less in all, by 0.05 or more:            {}\n",
             all_are([](const Reached& r) { return r.random[1] <= r.random[0] - 0.05; }));
  fmt::print("pretrained, other words: better than random start by 0.05 or more:  {}\n",
             all_are([](const Reached& r) { return r.pretrained[1] >= r.random[1] + 0.05; }));
  fmt::print("pretrained, other words: better than the guess:                     {}\n",
             all_are([](const Reached& r) { return r.pretrained[1] > r.guess[1]; }));
}

// ---- Attention on top ----

void attention_on_top(const AllSets& sets, const bert::BertForPreTraining& learnt) {
  section("Attention on top");
  fmt::print("{:<16} {:>19} {:>12} {:>16}\n", "one vector by", "body frozen", "body moves", "numbers on top");
  fmt::print("{:<16} {:>10} {:>8} {:>12}\n", "words", "shown", "others", "others");
  plot::Bars bars;
  bars.title = "What is given: right answers";
  bars.percent = true;
  bars.width = 760;
  bars.groups = pooling_names;
  bars.series = {
      {"frozen, words shown", {}, 3}, {"frozen, other words", {}, 2}, {"moves, other words", {}, 1}};
  Course frozen_way = frozen_course();
  if (short_run) frozen_way.steps = 5;
  double weight[2] = {0, 0};
  for (const bert::TextPoolingKind kind : poolings) {
    const KindTask task{kind};
    const auto still = tuned(task, learnt.bert, sets.given.training, frozen_way, 31);
    const auto moves = tuned(task, learnt.bert, sets.given.training, usual_course(), 31);
    int64_t on_top = 0;
    for (const Tensor& one : still.parameters()) on_top += one.needs_grad() ? one.numel() : 0;
    const double right[] = {figures(task, still, sets.given.shown)[0],
                            figures(task, still, sets.given.others)[0],
                            figures(task, moves, sets.given.others)[0]};
    for (size_t k = 0; k < 3; ++k) bars.series[k].values.push_back(right[k]);
    fmt::print("{:<16} {:>10} {:>8} {:>12} {:>16}\n", pooling_names[bars.series[0].values.size() - 1],
               percent(right[0]), percent(right[1]), percent(right[2]), on_top);
    if (kind != bert::TextPoolingKind::attention) continue;
    weight[0] = weight_on_given(still, sets.given.others);
    weight[1] = weight_on_given(moves, sets.given.others);
  }
  fmt::print("the query's weight on the words for what is given: {}, {}\n", percent(weight[0]),
             percent(weight[1]));
  save_figure("pooling.svg", plot::draw(bars));

  section("Attention on top, in words");
  const std::vector<double>&frozen = bars.series[0].values, &moving = bars.series[2].values;
  fmt::print("body frozen, words shown: attention better by 0.1 or more:    {}\n",
             shown(frozen[3] > std::max({frozen[0], frozen[1], frozen[2]}) + 0.1));
  fmt::print(
      "body frozen, words shown: the others between 0.3 and 0.8:     {}\n",
      shown(std::all_of(frozen.begin(), frozen.begin() + 3, [](double x) { return x > 0.3 && x < 0.8; })));
  fmt::print("body moves, other words: 0.8 or more by each:                 {}\n",
             shown(std::ranges::min(moving) >= 0.8));
}

void frozen_or_full(const bert::BertForPreTraining& learnt) {
  section("Frozen or full");
  fmt::print("{:<30} {:>16} {:>8}\n", "frozen", "numbers that move", "of all");
  for (int64_t layers = -1; layers <= small_config().num_hidden_layers; ++layers) {
    Rng rng(31);
    const auto model = KindTask{}.model(rng);
    put_body(learnt.bert, model.bert);
    if (layers >= 0) bert::freeze_layers(model, layers);
    int64_t moving = 0;
    for (const Tensor& one : model.parameters()) moving += one.needs_grad() ? one.numel() : 0;
    fmt::print("{:<30} {:>16} {:>8}\n",
               layers < 0    ? "nothing"
               : layers == 0 ? "embeddings"
               : layers == 1 ? "embeddings, layer 1"
                             : fmt::format("embeddings, layers 1 to {}", layers),
               moving, percent(static_cast<double>(moving) / static_cast<double>(model.num_parameters())));
  }
}

// ---- Museum ----

void museum(const AllSets& sets, const bert::BertForPreTraining& learnt) {
  section("Museum: a tag at every piece");
  const std::string sentence = "anna bergmann gives saws for hats in lindheim";
  const Words truth = {"B-PER", "I-PER", "O", "O", "O", "O", "O", "B-LOC"};
  const Words no_town = {"B-PER", "I-PER", "O", "O", "O", "O", "O", "O"},
              no_person = {"O", "O", "O", "O", "O", "O", "O", "B-LOC"};
  fmt::print("{:<24} {:>9} {:>10}\n", "entity F1", "by words", "by pieces");
  for (const auto& [who, said] :
       {std::pair{"all found", truth}, {"the person missed", no_person}, {"the town missed", no_town}}) {
    fmt::print("{:<24} {:>9.2f} {:>10.2f}\n", who, entity_f1(sentence, truth, said, false),
               entity_f1(sentence, truth, said, true));
  }

  section("Museum: an answer that ends before it begins");
  const auto model = tuned(AnswerTask{}, learnt.bert, sets.questions.training, {.steps = 10}, 31);
  fmt::print("after 10 steps, the best start lies behind the best end: {}\n",
             percent(crossing(model, sets.questions.shown)));

  section("Museum: padding that can be an answer");
  const auto fresh_model = drawn(AnswerTask{}, 5);
  fmt::print("{:<22} {:>12} {:>12}\n", "slots after the text", "real slots", "all slots");
  for (const int64_t padding : {0, 4, 10}) {
    fmt::print("{:<22} {:>12.4f} {:>12.4f}\n", padding,
               padded_loss(fresh_model, sets.questions.training[0], padding, false),
               padded_loss(fresh_model, sets.questions.training[0], padding, true));
  }

  section("Museum: a body that was not loaded");
  for (const bool bug : {false, true}) {
    const bert::BertForPreTraining into = fresh_bert(9);
    const nn::LoadReport report = load_by_name(learnt, into.bert, bug);
    const size_t all = into.bert.named_parameters().size();
    fmt::print("{:<22} {} of {} tensors loaded\n",
               bug ? "names as they are:" : "without \"bert.\":", all - report.missing.size(), all);
  }
}

}  // namespace

int main(int argc, char** argv) {
  return run_chapter(argc, argv, [] {
    some_texts();
    the_heads();
    gradients();
    const bert::BertForPreTraining fresh = fresh_bert(5), learnt = fresh_bert(5);
    the_body(learnt);
    const AllSets sets = short_run ? all_sets(21, 40, 20) : all_sets(21);
    the_examples(sets);
    the_four_ways(sets, fresh, learnt);
    attention_on_top(sets, learnt);
    frozen_or_full(learnt);
    museum(sets, learnt);
  });
}
