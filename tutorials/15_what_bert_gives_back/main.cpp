// Chapter 15: all that BERT gives back, by hand and by the library; one word in two contexts, before and
// after learning; and the model's folder, which other programs open.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "bert/evaluation/features.hpp"
#include "museum.hpp"
#include "nn/gradcheck.hpp"
#include "pictures.hpp"
#include "tutorials/support/kit.hpp"

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::gives_back;

namespace {

std::string percent(double share) { return fmt::format("{:.0f} %", 100 * share); }

void some_sentences() {
  section("Some sentences");
  Rng rng(3);
  for (int i = 0; i < 8; ++i) fmt::print("{}\n", text_of(sentence(rng)));
}

bert::BertForPreTraining in_f64(uint64_t seed) {
  bert::BertForPreTraining model = small_bert(seed);
  model.to(DType::f64);
  return model;
}

/// What `gradus embed` gives for the texts: a vector for each text, or all its tokens' filled up with zeros.
Tensor embedded(const bert::Bert& model, const std::vector<std::string>& texts,
                const bert::FeatureOptions& how, int64_t longest) {
  std::vector<Tensor> rows;
  for (const bert::TextFeatures& text : bert::features(model, tokenizer(), texts, how)) {
    const Tensor& own = text.vectors;
    rows.push_back(own.rank() == 1 ? own : pad(own, 0, 0, longest - own.size(0)));
  }
  return stack(rows, 0);
}

void what_comes_back() {
  section("Two texts");
  const std::vector<std::string> texts = {"cranes have eggs", "gulls have nests and cranes have oil"};
  const std::vector<Ids> rows = {
      row_of({{cranes_id, thing_of(bird, 0)}}),
      row_of({{noun_of(bird, 1), thing_of(bird, 5)}, {cranes_id, thing_of(machine, 1)}})};
  const bert::PretrainingBatch batch = batch_of(rows);
  const Shape shape{batch.rows, batch.length};
  const Tensor ids = tensor(batch.input_ids, shape),
               real = tensor(batch.attention_mask, shape).to(DType::boolean);
  for (size_t i = 0; i < 2; ++i) {
    Ids row = rows[i];
    row.resize(static_cast<size_t>(batch.length), pad_id);
    fmt::print("{}\n", text_of(row));
  }

  section("What comes back");
  const NoGrad no_tape;
  const bert::BertForPreTraining f32 = small_bert(5), model = in_f64(5);
  const bert::BertOutput library = model.bert(ids, {}, real, {.hidden_states = true, .attentions = true});
  const GivenBack ours = give_back(model.bert, ids, real);
  const Tensor last = ours.states.back();
  const nn::Linear& pooler = model.bert.pooler->dense;
  // The library's number is computed in two ways: by the model, and as `gradus embed` does.
  const auto line = [&](const std::string& name, const Tensor& x, const Tensor& theirs,
                        const std::string& option, const std::optional<bert::FeatureOptions>& how) {
    bool same = largest_gap(x, theirs) < 1e-12;
    if (how) {
      const Tensor real_only = x.rank() == 3 ? masked_fill(x, logical_not(real).unsqueeze(2), 0) : x;
      same = same && largest_gap(real_only, embedded(f32.bert, texts, *how, batch.length)) < 1e-4;
    }
    fmt::print("{:<24} {:<13} {:<5} {}\n", name, fmt::format("{}", x.shape()), same, option);
  };
  fmt::print("{:<24} {:<13} {:<5} {}\n", "what", "shape", "same", "gradus embed MODEL TEXT ...");
  for (size_t i = 0; i < ours.states.size(); ++i) {
    line(fmt::format("state {}{}", i, i == 0 ? ", the embeddings" : fmt::format(", of layer {}", i)),
         ours.states[i], library.hidden_states[i], fmt::format("--vectors tokens --layers {}", i),
         bert::FeatureOptions{.layers = {static_cast<int64_t>(i)}, .pooling = bert::Pooling::none});
  }
  line("[CLS]", first_vector(last), library.last_hidden.select(1, 0), "--vectors cls",
       bert::FeatureOptions{.pooling = bert::Pooling::cls});
  line("pooled", pooled(last, pooler.weight, pooler.bias), library.pooled, "--vectors pooled",
       bert::FeatureOptions{.pooling = bert::Pooling::pooled});
  line("mean of the real tokens", mean_of_real(last, real), bert::pool(last, real, bert::Pooling::mean),
       "--vectors mean", bert::FeatureOptions{.pooling = bert::Pooling::mean});
  for (size_t i = 0; i < ours.maps.size(); ++i) {
    line(fmt::format("attention of layer {}", i + 1), ours.maps[i], library.attentions[i],
         "(gradus attention MODEL TEXT)", {});
  }
}

void gradients() {
  section("Gradient check");
  Rng rng(7);
  const Tensor x = randn({2, 4, 5}, rng, DType::f64),
               real = less(tensor<int64_t>({0, 1, 2, 3, 0, 1, 2, 9}, Shape{2, 4}), 3.0);
  check_gradient("pooled, by its three inputs", [](const auto& in) { return pooled(in[0], in[1], in[2]); },
                 {x, randn({5, 5}, rng, DType::f64), randn({5}, rng, DType::f64)});
  check_gradient("mean of the real tokens", [&](const auto& in) { return mean_of_real(in[0], real); }, {x});
  const bert::BertForPreTraining model = in_f64(5);
  const Padded text = padded(row_of({{cranes_id, thing_of(bird, 0)}}), 2);
  const auto all = [&](const auto&) {
    const GivenBack back = give_back(model.bert, text.ids, text.real);
    const nn::Linear& pooler = model.bert.pooler->dense;
    return pooled(back.states.back(), pooler.weight, pooler.bias) + mean_of_real(back.states[1], text.real);
  };
  fmt::print(
      "pooled and a mean, by all tensors of the body: {}\n",
      nn::gradcheck(model.bert, all, {}, {.directions = 2}).passed ? "agree with differences" : "WRONG");
}

void learning(const bert::BertForPreTraining& model) {
  section("Learning");
  fmt::print("{:>6} {:>7}\n", "steps", "loss");
  double recent = 0;
  train(model, 11, 700, [&](int64_t step, double loss) {
    recent += loss / 100;
    if (step % 100 != 0) return;
    fmt::print("{:>6} {:>7.3f}\n", step, recent);
    recent = 0;
  });
}

/// The cosines of the word vector, and of each state after it.
std::vector<Cosines> all_cosines(const bert::BertForPreTraining& model, const std::vector<Crane>& all) {
  std::vector<Cosines> found = {cosines(word_vectors_of(model, all), all)};
  for (const Tensor& state : vectors_of(model, all)) found.push_back(cosines(state, all));
  return found;
}

void two_contexts(const bert::BertForPreTraining& fresh, const bert::BertForPreTraining& learnt) {
  section("One word in two contexts");
  const std::vector<Crane> all = cranes_twice(shown_things, things);
  const std::vector<Cosines> before = all_cosines(fresh, all), after = all_cosines(learnt, all);
  fmt::print("{:<12} {:>8} {:>10} {:>10}\n", "", "before:", "", "after:");
  fmt::print("{:<12} {:>8} {:>10} {:>10} {:>10}\n", "", "same", "different", "same", "different");
  plot::Chart chart;
  chart.title = "How alike the vectors of \"cranes\" are";
  chart.x_label = "state";
  chart.whole_x = true;
  chart.width = 560;
  chart.series = {{.name = "before learning", .x = {}, .y = {}, .color = 3, .markers = true},
                  {.name = "after, of one meaning", .x = {}, .y = {}, .color = 1, .markers = true},
                  {.name = "after, of two meanings", .x = {}, .y = {}, .color = 2, .markers = true}};
  for (size_t i = 0; i < before.size(); ++i) {
    const std::string name = i == 0 ? "word vector" : fmt::format("state {}", i - 1);
    fmt::print("{:<12} {:>8.3f} {:>10.3f} {:>10.3f} {:>10.3f}\n", name, before[i].same, before[i].different,
               after[i].same, after[i].different);
    if (i == 0) continue;
    const double heights[] = {before[i].different, after[i].same, after[i].different};
    for (size_t k = 0; k < 3; ++k) {
      chart.series[k].x.push_back(static_cast<double>(i - 1));
      chart.series[k].y.push_back(heights[k]);
    }
  }
  save_figure("cosines.svg", plot::draw(chart));

  section("One word in two contexts, in words");
  bool ones = true;
  for (size_t i = 0; i < 2; ++i) {
    for (const Cosines& one : {before[i], after[i]})
      ones = ones && std::abs(one.same - 1) < 1e-6 && std::abs(one.different - 1) < 1e-6;
  }
  fmt::print("word vector and state 0: 1 in all of them:                     {}\n", ones);
  const Cosines a = before.back(), b = after.back();
  fmt::print("before, last state: below 1, and meaning makes no difference:  {}\n",
             a.different < 1 - 1e-5 && std::abs(a.same - a.different) < 0.002);
  fmt::print("after, last state: one meaning more alike than two:            {}\n",
             b.same > b.different + 0.01);
  save_figure("cranes.svg",
              plot::beside({draw_cranes("Before learning", vectors_of(fresh, all).back(), all),
                            draw_cranes("After learning", vectors_of(learnt, all).back(), all)}));
}

void which_meaning(const bert::BertForPreTraining& fresh, const bert::BertForPreTraining& learnt) {
  section("Which meaning");
  plot::Bars bars;
  bars.title = "Meanings of \"cranes\" that are found";
  bars.percent = true;
  bars.width = 760;
  bars.series = {{"word vector", {}, 3}, {"untrained", {}, 2}, {"trained", {}, 1}};
  fmt::print("{:<28} {:>11} {:>10} {:>8}\n", "cranes in a sentence", "word vector", "untrained", "trained");
  std::vector<double> untrained, trained;
  bool words_know_nothing = true;
  for (const Question& q : questions()) {
    const double by_word = found_by([&](const auto& all) { return word_vectors_of(learnt, all); }, q);
    const double by_mean = found_by([&](const auto& all) { return mean_words_of(learnt, all); }, q);
    const bool twice = q.name.starts_with("twice");
    words_know_nothing = words_know_nothing && by_word == 0.5 && (!twice || by_mean == 0.5);
    untrained.push_back(found_untrained(q).back());
    trained.push_back(found(learnt, q).back());
    fmt::print("{:<28} {:>11} {:>10} {:>8}\n", q.name, percent(by_word), percent(untrained.back()),
               percent(trained.back()));
    bars.groups.push_back(q.name);
    const double heights[] = {by_word, untrained.back(), trained.back()};
    for (size_t k = 0; k < 3; ++k) bars.series[k].values.push_back(heights[k]);
  }
  save_figure("meanings.svg", plot::draw(bars));

  section("Which meaning, in words");
  fmt::print("word vectors find half, whatever they have learnt:        {}\n", words_know_nothing);
  fmt::print("untrained, once, shown: 80 % or more:                     {}\n", untrained[0] >= 0.8);
  fmt::print(
      "untrained, everything else: between 35 and 65 %:          {}\n",
      std::all_of(untrained.begin() + 1, untrained.end(), [](double x) { return x > 0.35 && x < 0.65; }));
  fmt::print("trained: 70 % or more everywhere:                         {}\n",
             std::all_of(trained.begin(), trained.end(), [](double x) { return x >= 0.7; }));

  section("Layer by layer");
  const Question q = questions().back();
  const std::vector<double> before = found(fresh, q), after = found(learnt, q);
  fmt::print("{:<10} {:>8} {:>8}\n", "", "before", "after");
  for (size_t i = 0; i < before.size(); ++i) {
    fmt::print("{:<10} {:>8} {:>8}\n", fmt::format("state {}", i), percent(before[i]), percent(after[i]));
  }
}

void the_folder(const bert::BertForPreTraining& model) {
  section("The folder");
  const ModelFolder folder(kept_folder());
  const bert::Tokenizer words = tokenizer();
  bert::save_pretrained(folder.path(), model, &words);
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) fmt::print("{}\n", name);
  const auto again = bert::load_for_pretraining(folder.path());
  fmt::print("read again: {} warnings, the same weights bit for bit: {}\n", again.warnings.size(),
             same_weights(model, again.model));
}

void museum(const bert::BertForPreTraining& fresh, const bert::BertForPreTraining& learnt) {
  section("Museum: a mean over padding");
  const bert::BertForPreTraining model = in_f64(5);
  fmt::print("{:<22} {:>12} {:>12}\n", "places after the text", "real tokens", "all places");
  for (const int64_t padding : {0, 4, 10}) {
    fmt::print("{:<22} {:>12.4f} {:>12.4f}\n", padding, mean_when_padded(model.bert, padding, false),
               mean_when_padded(model.bert, padding, true));
  }

  section("Museum: a pooler that was never trained");
  Rng rng(12);
  fmt::print("not reached by a loss on hidden words:\n");
  for (const std::string& name : not_reached(fresh, lesson(64, rng))) fmt::print("  {}\n", name);
  const auto same = [](const Tensor& a, const Tensor& b) {
    return a.to_vector<float>() == b.to_vector<float>();
  };
  fmt::print("after 700 steps of learning, bit for bit as it was drawn:\n");
  fmt::print("  the pooler's matrix     {}\n",
             same(fresh.bert.pooler->dense.weight, learnt.bert.pooler->dense.weight));
  fmt::print("  the last layer's query  {}\n", same(fresh.bert.encoder.layers[1].attention.query.weight,
                                                    learnt.bert.encoder.layers[1].attention.query.weight));

  section("Museum: dropout left on");
  const bert::BertForPreTraining with_dropout = small_bert(5, 0.1);
  fmt::print("as it is made or loaded: the same text twice gives the same vectors: {}\n",
             same_twice(with_dropout.bert));
  with_dropout.eval();
  fmt::print("after eval():            the same text twice gives the same vectors: {}\n",
             same_twice(with_dropout.bert));
}

}  // namespace

int main(int argc, char** argv) {
  return run_chapter(argc, argv, [] {
    some_sentences();
    what_comes_back();
    gradients();
    const bert::BertForPreTraining fresh = small_bert(5), learnt = small_bert(5);
    learning(learnt);
    two_contexts(fresh, learnt);
    which_meaning(fresh, learnt);
    the_folder(learnt);
    museum(fresh, learnt);
  });
}
