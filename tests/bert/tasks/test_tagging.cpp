// Tags of words: saying them, scoring them and learning them.
#include "bert/tasks/tagging.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "autograd/file.hpp"
#include "autograd/ops.hpp"
#include "bert/metrics/entities.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"
#include "support/error_text.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;
using namespace gradus::bert;
using test::error_text;
using test::largest_difference;

using Words = std::vector<std::string>;

namespace {

Tokenizer letters() {
  return Tokenizer(
      Vocab({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "d", "mr", "left", "##b", "##c"}));
}

const TaskConfig people{.task = Task::token_classification, .labels = {"B-PER", "I-PER", "O"}};

BertForTokenClassification small_model(double dropout = 0, const TaskConfig& task = people) {
  Config config = test::small_config();
  config.initializer_range = 0.2;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = dropout;
  Rng rng(3);
  return {config, task, rng};
}

/// A word after "mr" is a person, and so is one of two pieces that follows it; elsewhere they are O.
TaggedSentences table(int64_t count, uint64_t seed) {
  TaggedSentences all{"people.conll", {}};
  Rng rng(seed);
  const Words fillers = {"a", "b", "c", "d", "left"};
  const Words seconds = {"ab", "dc"};
  int64_t line = 1;
  for (int64_t i = 0; i < count; ++i) {
    TaggedSentence sentence{.words = {}, .line = line};
    const auto add = [&](const std::string& word, const std::string& tag) {
      sentence.words.push_back(word);
      sentence.tags.push_back(tag);
    };
    for (uint64_t n = rng.below(3); n > 0; --n) add(fillers[rng.below(5)], "O");
    if (rng.below(4) > 0) {
      add("mr", "O");
      add(fillers[rng.below(5)], "B-PER");
      if (rng.below(2) == 0) add(seconds[rng.below(2)], "I-PER");
    } else {
      add(seconds[rng.below(2)], "O");
    }
    if (rng.below(2) == 0) add("left", "O");
    line += std::ssize(sentence.words) + 1;
    all.sentences.push_back(std::move(sentence));
  }
  return all;
}

TaggedSentences one_of(const Words& words, const Words& tags) {
  return {"one.conll", {{.words = words, .tags = tags, .line = 4}}};
}

double figure(const Findings& findings, const std::string& name) {
  for (const Figure& figure : findings.figures)
    if (figure.name == name) return figure.value;
  FAIL("there is no figure " << name);
  return 0;
}

/// Logits that say each of these labels with a loss of log(1 + 2 / e).
Tensor surely(const std::vector<int64_t>& labels) {
  std::vector<float> said(labels.size() * 3, 0);
  for (size_t i = 0; i < labels.size(); ++i) said[i * 3 + static_cast<size_t>(labels[i])] = 1;
  return tensor(said, Shape{std::ssize(labels), 3});
}

const double low_loss = std::log(1 + 2 * std::exp(-1.0)), high_loss = low_loss + 1;

LoopOptions options_of(int64_t steps) {
  LoopOptions options;
  options.steps = steps;
  options.warmup = 0;
  options.evaluations = 3;
  options.learning_rate = 5e-3;
  options.settings = "test";
  return options;
}

}  // namespace

TEST_CASE("tags: pieces, the labels at them and the loss are those of transformers") {
  const std::filesystem::path tasks = std::filesystem::path(GRADUS_FIXTURES) / "bert/tasks";
  const auto fixture = nlohmann::json::parse(read_file(tasks / "word_tags.json"));
  TaggedSentences sentences{"word_tags.json", {}};
  for (const auto& sentence : fixture["sentences"])
    sentences.sentences.push_back(
        {.words = sentence["words"].get<Words>(), .tags = sentence["tags"].get<Words>()});
  auto [model, warnings] = load_task<BertForTokenClassification>(tasks / "words");
  model.to(DType::f64);
  model.eval();
  const TagRows rows = tag_rows(load_tokenizer(tasks / "words"), sentences, {});
  REQUIRE(rows.rows.size() == fixture["sentences"].size());
  CHECK(rows.without_piece == 1);
  for (size_t s = 0; s < rows.rows.size(); ++s) {
    const auto& expected = fixture["sentences"][s];
    INFO(expected.dump());
    CHECK(rows.rows[s].ids == expected["ids"].get<std::vector<TokenId>>());
    std::vector<int64_t> labels(rows.rows[s].ids.size(), no_label);
    for (const RowWord& word : rows.words[s])
      labels[static_cast<size_t>(word.slot)] =
          model.task.label_id(sentences.sentences[s].tags[static_cast<size_t>(word.word)]);
    CHECK(labels == expected["labels"].get<std::vector<int64_t>>());
  }
  const Tagging task(model, load_tokenizer(tasks / "words"), sentences, {}, {});
  CHECK(task.loss(std::vector<int64_t>{0, 1, 2, 3}).item() ==
        Approx(fixture["loss"].get<double>()).epsilon(1e-12));
}

TEST_CASE("tags: what a word is said to be hangs neither on other sentences nor on the mode") {
  const auto model = small_model(0.3);
  const TaggedSentences many = table(9, 5);
  const TagRows all = tag_rows(letters(), many, {});
  const Tensor said = tag(model, all, 0);
  CHECK(model.is_training());
  CHECK(said.shape() == Shape{many.words(), 3});
  int64_t first = 0;
  for (const TaggedSentence& sentence : many.sentences) {
    const TagRows alone = tag_rows(letters(), {"one.conll", {sentence}}, {});
    const int64_t end = first + std::ssize(sentence.words);
    CHECK(largest_difference(tag(model, alone, 0), said.slice(0, first, end)) < 1e-5);
    first = end;
  }
}

TEST_CASE("tags: of long sentences each word has the logits of its window, and those left out are O") {
  const auto model = small_model();
  const Words nine = {"a", "b", "c", "d", "a", "b", "c", "d", "a"};
  const TaggedSentences sentence = one_of(nine, Words(9, "O"));
  const FitOptions fit{.max_length = 7, .fit = Fit::windows, .overlap = 3};
  const Tensor said = tag(model, tag_rows(letters(), sentence, fit), 0);
  REQUIRE(said.shape() == Shape{9, 3});
  const auto part = [&](std::ptrdiff_t from) {
    const Words words(nine.begin() + from, nine.begin() + from + 5);
    return tag(model, tag_rows(letters(), one_of(words, Words(5, "O")), {}), 0);
  };
  CHECK(largest_difference(said.slice(0, 0, 4), part(0).slice(0, 0, 4)) < 1e-5);
  CHECK(largest_difference(said.slice(0, 4, 6), part(2).slice(0, 2, 4)) < 1e-5);
  CHECK(largest_difference(said.slice(0, 6, 9), part(4).slice(0, 2, 5)) < 1e-5);

  const TagRows head = tag_rows(letters(), sentence, {.max_length = 5});
  CHECK(said_tags(people, head, surely({0, 1, 0})) ==
        std::vector<Words>{{"B-PER", "I-PER", "B-PER", "O", "O", "O", "O", "O", "O"}});
}

TEST_CASE("tags: entities, words and the loss are scored, by sentence") {
  TaggedSentences truth{"t.conll", {}};
  truth.sentences = {{.words = {"mr", "a", "ab"}, .tags = {"O", "B-PER", "I-PER"}, .line = 1},
                     {.words = {"b", "left"}, .tags = {"B-PER", "O"}, .line = 5},
                     {.words = {"c", "\u200B"}, .tags = {"O", "O"}, .line = 8},
                     {.words = {"d", "d"}, .tags = {"O", "B-PER"}, .line = 11}};
  const TagRows rows = tag_rows(letters(), truth, {});
  // Right; the right entity and one too many; nothing; none where there is one.
  const Tensor said = surely({2, 0, 1, 0, 0, 2, 2, 2});
  const Findings found = judge_tags(people, truth, rows, said, Detail::all);
  CHECK(found.examples == 4);
  CHECK(found.figures[0].name == "entity F1");
  CHECK(found.value() == Approx(2.0 * 2 / (3 + 3)));
  CHECK(figure(found, "precision") == Approx(2.0 / 3));
  CHECK(figure(found, "recall") == Approx(2.0 / 3));
  CHECK(figure(found, "macro F1") == Approx(2.0 / 3));
  CHECK(figure(found, "word accuracy") == Approx(7.0 / 9));
  CHECK(figure(found, "loss") == Approx((6 * low_loss + 2 * high_loss) / 8));
  CHECK(found.figures[0].low < found.value());
  CHECK(found.figures[0].high > found.value());
  CHECK(found.classes == people.labels);
  CHECK((*found.confusion)(0, 2) == 1);
  CHECK((*found.confusion)(2, 0) == 1);
  CHECK((*found.confusion)(2, 2) == 4);  // the word without a piece is said to be O
  CHECK(found.confusion->examples() == 9);
  REQUIRE(found.worst.size() == 2);
  CHECK(found.worst[0].text == "b left");  // equal losses: the first
  CHECK(found.worst[0].truth == "b (PER)");
  CHECK(found.worst[0].said == "b (PER), left (PER)");
  CHECK(found.worst[0].loss == Approx((low_loss + high_loss) / 2));
  CHECK(found.worst[1].truth == "d (PER)");
  CHECK(found.worst[1].said == "none");

  const Findings quick = judge_tags(people, truth, rows, said, Detail::figures_only);
  CHECK(quick.value() == found.value());
  CHECK(std::isnan(quick.figures[0].low));
  CHECK(quick.worst.empty());
}

TEST_CASE("tags: an entity of several words is shown with all of them") {
  const TaggedSentences truth = one_of({"mr", "a", "ab"}, {"O", "B-PER", "I-PER"});
  const Findings found =
      judge_tags(people, truth, tag_rows(letters(), truth, {}), surely({2, 0, 2}), Detail::all);
  REQUIRE(found.worst.size() == 1);
  CHECK(found.worst[0].truth == "a ab (PER)");
  CHECK(found.worst[0].said == "a (PER)");
}

TEST_CASE("tags: sentences of which no word has a piece are O, and are scored") {
  const TaggedSentences truth = one_of({"\u200B", "\u200B"}, {"O", "B-PER"});
  const TagRows rows = tag_rows(letters(), truth, {});
  const Tensor said = tag(small_model(), rows, 0);
  CHECK(said.shape() == Shape{0, 3});
  const Findings found = judge_tags(people, truth, rows, said, Detail::all);
  CHECK(found.value() == 0);
  CHECK(figure(found, "word accuracy") == 0.5);
  CHECK(figure(found, "loss") == 0);
  CHECK((*found.confusion)(0, 2) == 1);
}

TEST_CASE("tags: the figures are those of all sentences together, with types that few have") {
  const TaskConfig task{.task = Task::token_classification,
                        .labels = {"B-LOC", "B-ORG", "B-PER", "I-LOC", "I-PER", "O"}};
  const std::vector<size_t> known = {0, 2, 3, 4, 5};  // ORG is said and never true
  Rng rng(8);
  TaggedSentences truth{"t.conll", {}};
  std::vector<Words> true_tags;
  std::vector<float> logits;
  for (int i = 0; i < 60; ++i) {
    TaggedSentence sentence;
    for (uint64_t n = 1 + rng.below(6); n > 0; --n) {
      sentence.words.emplace_back("a");
      const size_t truly = known[rng.below(5)], say = rng.below(3) == 0 ? rng.below(6) : truly;
      sentence.tags.push_back(task.labels[truly]);
      for (size_t c = 0; c < 6; ++c) logits.push_back(c == say ? 1.0F : 0.0F);
    }
    true_tags.push_back(sentence.tags);
    truth.sentences.push_back(std::move(sentence));
  }
  const TagRows rows = tag_rows(letters(), truth, {});
  const Tensor said = tensor(logits, Shape{rows.said(), 6});
  const Findings found = judge_tags(task, truth, rows, said, Detail::figures_only);
  const EntityScores scores = score_entities(true_tags, said_tags(task, rows, said));
  CHECK(found.value() == scores.all.f1());
  CHECK(figure(found, "precision") == scores.all.precision());
  CHECK(figure(found, "recall") == scores.all.recall());
  CHECK(figure(found, "macro F1") == Approx(scores.macro_f1()).epsilon(1e-12));
}

TEST_CASE("tags: what cannot be learnt or scored is named") {
  const TaggedSentences known = one_of({"a", "b"}, {"O", "B-PER"});
  const TaggedSentences other = one_of({"a", "b"}, {"O", "B-LOC"});
  CHECK_THROWS_WITH(Tagging(small_model(), letters(), known, other, {}),
                    "one.conll, line 5: there is no label 'B-LOC'; the labels are B-PER, I-PER, O");
  CHECK_THROWS_WITH(Tagging(small_model(), letters(), one_of({"a", "b"}, {}), {}, {}),
                    "one.conll, line 4: the words have no tags");
  CHECK_THROWS_WITH(Tagging(small_model(), letters(), known, {}, {.class_weights = {1, 2}}),
                    "2 weights of tags for 3 labels");
  const TaskConfig nouns{.task = Task::token_classification, .labels = {"O", "noun"}};
  CHECK_THROWS_WITH(Tagging(small_model(0, nouns), letters(), known, {}, {}),
                    "the label 'noun' is none of O, B-type and I-type, so it says nothing of entities");
  const TagRows rows = tag_rows(letters(), known, {});
  CHECK_THROWS_WITH(said_tags(people, rows, zeros({3, 3})), "tags: logits [3, 3] for 2 words and 3 labels");
  CHECK_THROWS_WITH(judge_tags(people, {}, rows, zeros({2, 3}), Detail::all),
                    "tags: 0 sentences and rows of 1");
}

TEST_CASE("tags: weights of classes are by words") {
  const TaggedSentences all = one_of({"a", "b", "c", "d"}, {"O", "B-PER", "O", "O"});
  CHECK(balanced_weights(all, {"B-PER", "O"}) == std::vector<double>{4 / 2.0, 4 / 6.0});
  CHECK_THROWS_WITH(balanced_weights(all, people.labels),
                    "one.conll: no word has the tag 'I-PER', so it cannot be weighed by its share");
  Tagging even(small_model(), letters(), all, {}, {});
  Tagging weighed(small_model(), letters(), all, {}, {.class_weights = {3, 1, 0.5}});
  const std::vector<int64_t> row = {0};
  CHECK(even.weight(row) == 4);
  CHECK(weighed.weight(row) == 4.5);
  CHECK(even.slots_and_pieces(row) == std::pair<int64_t, int64_t>(6, 4));
}

TEST_CASE("tags: the gradient of a step is the same however its rows are cut") {
  const bool has_weights = GENERATE(false, true);
  std::vector<std::vector<Tensor>> gradients;
  std::vector<double> losses;
  for (const int64_t at_once : {0, 7, 1}) {
    Tagging task(small_model(), letters(), table(30, 1), {},
                 {.class_weights = has_weights ? std::vector<double>{3, 2, 0.5} : std::vector<double>{}});
    task.model().to(DType::f64);
    FinetuneLearner learner(task, {.batch_rows = 20, .rows_at_once = at_once});
    ShardedStep alone;
    TrainingState state;
    losses.push_back(learner.forward_backward(state, false, alone, [] {}));
    gradients.emplace_back();
    for (const Tensor& parameter : task.model().parameters()) gradients.back().push_back(parameter.grad());
  }
  for (size_t other : {1, 2}) {
    CHECK(losses[other] == Approx(losses[0]).epsilon(1e-12));
    double most = 0;
    for (size_t i = 0; i < gradients[0].size(); ++i)
      most = std::max(most, largest_difference(gradients[0][i], gradients[other][i]));
    CHECK(most < 1e-13);
  }
}

TEST_CASE("tags: who stands after mr is learnt, and the folder says the same") {
  const TemporaryFolder folder;
  Tagging task(small_model(), letters(), table(300, 1), table(60, 2), {});
  CHECK(task.measure() == "entity F1");
  CHECK(task.notes().empty());
  FinetuneLearner learner(task, {.batch_rows = 16});
  TrainingLoop(learner, options_of(16 * learner.steps_of_an_epoch()), folder / "run").run();
  CHECK(learner.findings().value() == 1);
  CHECK(figure(learner.findings(), "word accuracy") == 1);
  const Baselines guesses = task.baselines();
  REQUIRE(guesses.size() == 1);
  CHECK(guesses[0].first == "most frequent tag of each word");
  CHECK(guesses[0].second < 0.6);
  const auto [saved, warnings] = load_task<BertForTokenClassification>(folder / "run");
  CHECK(warnings.empty());
  CHECK(saved.task == people);
  const TagRows rows = tag_rows(letters(), table(4, 3), {});
  CHECK(tag(saved, rows, 0).to_vector<float>() == tag(task.model(), rows, 0).to_vector<float>());
}

TEST_CASE("tags: a run that is stopped and resumed ends with the same bits, windows and dropout on") {
  const TemporaryFolder folder;
  const TaggingOptions short_rows{.fit = {.max_length = 6, .fit = Fit::windows, .overlap = 1}};
  const auto task = [&] {
    return Tagging(small_model(0.1), letters(), table(30, 1), table(5, 2), short_rows);
  };
  Tagging whole = task();
  CHECK(whole.rows() > 30);
  FinetuneLearner learner(whole, {.batch_rows = 8});
  CHECK(TrainingLoop(learner, options_of(12), folder / "whole").run() == TrainingEnd::finished);
  Tagging begun = task();
  FinetuneLearner first(begun, {.batch_rows = 8});
  const TrainingLoop* running = nullptr;
  LoopEvents events;
  events.stop = [&] { return running->state().step == 7; };
  TrainingLoop stopped(first, options_of(12), folder / "cut", events);
  running = &stopped;
  CHECK(stopped.run() == TrainingEnd::interrupted);
  Tagging fresh = task();
  FinetuneLearner second(fresh, {.batch_rows = 8});
  TrainingLoop resumed(second, options_of(12), folder / "cut");
  REQUIRE(resumed.resume());
  CHECK(resumed.run() == TrainingEnd::finished);
  CHECK(read_file(folder / "cut/model.safetensors") == read_file(folder / "whole/model.safetensors"));
}

TEST_CASE("tags: the baseline knows each word's most frequent tag, and nothing of what stands beside it") {
  TaggedSentences training{"t.conll", {}}, scored{"s.conll", {}};
  training.sentences = {{.words = {"x", "Rome", "left"}, .tags = {"O", "B-PER", "O"}},
                        {.words = {"x", "Rome", "Rome"}, .tags = {"O", "B-LOC", "B-LOC"}}};
  scored.sentences = {{.words = {"Rome", "left"}, .tags = {"B-LOC", "O"}},
                      {.words = {"x", "Rome"}, .tags = {"O", "B-PER"}},
                      {.words = {"x", "left"}, .tags = {"B-LOC", "O"}}};
  // Rome is said to be a place twice, which is right once of three entities.
  CHECK(tag_baselines(training, scored)[0].second == Approx(2.0 * 1 / (2 + 3)));
}
