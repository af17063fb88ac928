// Chapter 15: what is computed by hand is the library's and what `gradus embed` gives, and has the right
// gradient; learning tells the meanings of "cranes" apart on any seed, and word vectors and untrained
// networks do not; the folder comes back bit for bit; its bugs are caught.
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "bert/evaluation/features.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/run_program.hpp"
#include "support/temporary_folder.hpp"
#include "support/training_seed.hpp"
#include "tutorials/15_what_bert_gives_back/museum.hpp"
#include "tutorials/15_what_bert_gives_back/pictures.hpp"

using namespace gradus;
using namespace gradus::test;
using namespace gradus::tutorials::gives_back;

namespace {

bert::BertForPreTraining model_in_f64(uint64_t seed) {
  bert::BertForPreTraining model = small_bert(seed);
  model.to(DType::f64);
  return model;
}

/// Two texts, the first with four places of padding.
struct TwoTexts {
  bert::PretrainingBatch batch =
      batch_of({row_of({{cranes_id, thing_of(bird, 0)}}),
                row_of({{noun_of(bird, 1), thing_of(bird, 5)}, {cranes_id, thing_of(machine, 1)}})});
  Tensor ids = tensor(batch.input_ids, Shape{2, 9});
  Tensor real = tensor(batch.attention_mask, Shape{2, 9}).to(DType::boolean);
  std::vector<std::string> texts = {"cranes have eggs", "gulls have nests and cranes have oil"};
};

Question question(const std::string& name) {
  for (const Question& one : questions()) {
    if (one.name == name) return one;
  }
  FAIL("no question " << name);
  return {};
}

}  // namespace

TEST_CASE("15: a sentence has one clause or two, of a noun and one of its things, and cranes once at most",
          "[tutorials]") {
  CHECK(vocabulary_size() == first_thing + 2 * things);
  CHECK(bert::SpecialIds{}.cls == cls_id);
  CHECK(bert::SpecialIds{}.sep == sep_id);
  Rng rng(1);
  int64_t shorter = 0, with_cranes[2] = {0, 0};
  for (int i = 0; i < 2000; ++i) {
    const Ids row = sentence(rng);
    REQUIRE((row.size() == 5 || row.size() == 9));
    CHECK(row.front() == cls_id);
    CHECK(row.back() == sep_id);
    CHECK(std::count(row.begin(), row.end(), cranes_id) <= 1);
    shorter += row.size() == 5;
    for (size_t at = 1; at + 2 < row.size(); at += 4) {
      const Meaning meaning = row[at + 2] < thing_of(machine, 0) ? bird : machine;
      CHECK(row[at + 1] == have_id);
      if (row[at] == cranes_id) {
        ++with_cranes[meaning];
      } else {
        CHECK((row[at] - first_noun) / nouns == meaning);
      }
    }
  }
  CHECK(std::abs(shorter - 600) < 100);
  CHECK(std::abs(with_cranes[bird] - with_cranes[machine]) < 120);
}

TEST_CASE("15: questions are balanced: each meaning at both places, beside the same words", "[tutorials]") {
  for (const Question& q : questions()) {
    INFO(q.name);
    std::map<std::pair<int64_t, int64_t>, int64_t> counts;
    for (const Crane& crane : q.asked) {
      CHECK(crane.row[static_cast<size_t>(crane.place)] == cranes_id);
      ++counts[{crane.place, crane.meaning}];
    }
    for (const auto& [at, count] : counts) {
      CHECK(count == counts[{at.first, 1 - at.second}]);
    }
  }
  const auto words_of = [](const std::vector<Crane>& all) {
    std::set<int64_t> words;
    for (const Crane& crane : all) words.insert(crane.row.begin(), crane.row.end());
    for (const int64_t id : {cls_id, sep_id, cranes_id, have_id, and_id}) words.erase(id);
    return words;
  };
  const Question q = question("twice, other words");
  CHECK(words_of(q.shown).size() == 6);
  CHECK(words_of(q.asked).size() == 6);
  for (const int64_t id : words_of(q.shown)) CHECK_FALSE(words_of(q.asked).contains(id));
  CHECK(q.asked.size() == 36);
}

TEST_CASE("15: states, maps, [CLS], pooled and mean by hand are the library's, padding or not",
          "[tutorials]") {
  const TwoTexts two;
  const bert::BertForPreTraining model = model_in_f64(3);
  const bert::BertOutput theirs =
      model.bert(two.ids, {}, two.real, {.hidden_states = true, .attentions = true});
  const GivenBack ours = give_back(model.bert, two.ids, two.real);
  REQUIRE(ours.states.size() == 3);
  REQUIRE(theirs.hidden_states.size() == 3);
  for (size_t i = 0; i < 3; ++i) CHECK(worst_difference(ours.states[i], theirs.hidden_states[i]) < 1e-12);
  REQUIRE(theirs.attentions.size() == 2);
  for (size_t i = 0; i < 2; ++i) {
    CHECK(worst_difference(ours.maps[i], theirs.attentions[i]) < 1e-12);
    CHECK(ours.maps[i].shape() == Shape{2, 4, 9, 9});
    CHECK(worst_difference(sum(ours.maps[i], Axes{3}), ones({2, 4, 9}, DType::f64)) < 1e-12);
    CHECK(max(ours.maps[i].select(0, 0).slice(2, 5, 9)).item() == 0);  // nobody looks at padding
  }
  const Tensor last = ours.states.back();
  const nn::Linear& pooler = model.bert.pooler->dense;
  CHECK(worst_difference(pooled(last, pooler.weight, pooler.bias), theirs.pooled) < 1e-12);
  CHECK(worst_difference(mean_of_real(last, two.real), bert::pool(last, two.real, bert::Pooling::mean)) <
        1e-12);
}

#ifdef GRADUS_PROGRAM
TEST_CASE("15: `gradus embed` of the chapter's folder gives what is computed by hand", "[tutorials]") {
  const TwoTexts two;
  const TemporaryFolder home;
  const bert::BertForPreTraining model = small_bert(3);
  const bert::Tokenizer words = tokenizer();
  bert::save_pretrained(home / "cranes", model, &words);
  const NoGrad no_tape;
  const GivenBack ours = give_back(model.bert, two.ids, two.real);
  const nn::Linear& pooler = model.bert.pooler->dense;
  const auto check = [&](const std::vector<std::string>& options, const Tensor& wanted) {
    std::vector<std::string> call = {GRADUS_PROGRAM, "embed",      (home / "cranes").string(),
                                     two.texts[0],   two.texts[1], "--json"};
    call.insert(call.end(), options.begin(), options.end());
    const ProgramResult result = run_program(call);
    INFO(result.errors);
    REQUIRE(result.exit_code == 0);
    std::istringstream lines(result.out);
    std::string line;
    int64_t text = 0;
    for (; std::getline(lines, line); ++text) {
      const nlohmann::json object = nlohmann::json::parse(line);
      std::vector<double> numbers;
      if (object.contains("vector")) {
        numbers = object["vector"].get<std::vector<double>>();
      } else {
        for (const auto& row : object["vectors"]) {
          for (const double number : row) numbers.push_back(number);
        }
      }
      const Tensor own = wanted.select(0, text).reshape({-1});
      REQUIRE(static_cast<int64_t>(numbers.size()) <= own.numel());
      const Tensor theirs = tensor(numbers);
      CHECK(worst_difference(own.slice(0, 0, theirs.numel()).to(DType::f64), theirs) < 1e-5);
    }
    CHECK(text == 2);
  };
  for (size_t i = 0; i < 3; ++i)
    check({"--vectors", "tokens", "--layers", std::to_string(i)}, ours.states[i]);
  check({"--vectors", "cls"}, first_vector(ours.states.back()));
  check({"--vectors", "pooled"}, pooled(ours.states.back(), pooler.weight, pooler.bias));
  check({"--vectors", "mean"}, mean_of_real(ours.states.back(), two.real));
}
#endif

TEST_CASE("15: the pooler, the mean and the whole body have the right gradient", "[tutorials]") {
  const Tensor x = random_normal({2, 4, 5}, 1);
  const Tensor real = less(tensor<int64_t>({0, 1, 2, 3, 0, 1, 2, 9}, Shape{2, 4}), 3.0);
  for (const bool second_order : {false, true}) {
    INFO(second_order);
    const GradcheckOptions options{.second_order = second_order};
    CHECK(gradcheck([](const auto& in) { return pooled(in[0], in[1], in[2]); },
                    {x, random_normal({5, 5}, 2), random_normal({5}, 3)}, options)
              .passed);
    CHECK(gradcheck([&](const auto& in) { return mean_of_real(in[0], real); }, {x}, options).passed);
  }
  const bert::BertForPreTraining model = model_in_f64(4);
  const Padded text = padded(row_of({{cranes_id, thing_of(bird, 0)}}), 2);
  const auto all = [&](const auto&) {
    const GivenBack back = give_back(model.bert, text.ids, text.real);
    const nn::Linear& pooler = model.bert.pooler->dense;
    return pooled(back.states.back(), pooler.weight, pooler.bias) + mean_of_real(back.states[1], text.real);
  };
  CHECK(nn::gradcheck(model.bert, all, {}, {.directions = 2}).passed);
}

TEST_CASE("15: cosines are 1 for equal vectors, and pairs at different places do not count", "[tutorials]") {
  const std::vector<Crane> all = {{{}, 1, bird}, {{}, 1, bird}, {{}, 1, machine}, {{}, 5, machine}};
  const Tensor vectors = tensor<double>({1, 0, 2, 0, 0, 3, -1, 0}, Shape{4, 2});
  const Cosines found = cosines(vectors, all);
  CHECK(found.same == Approx(1));
  CHECK(found.different == Approx(0).margin(1e-12));
}

TEST_CASE("15: the nearest mean by hand", "[tutorials]") {
  const Tensor shown = tensor<double>({0, 0, 2, 0, 10, 10, 12, 10}, Shape{4, 2});
  const Tensor meanings = tensor<int64_t>({bird, bird, machine, machine});
  const Tensor said = by_nearest_mean(shown, meanings, tensor<double>({5, 4, 7, 7}, Shape{2, 2}));
  CHECK(said.to_vector<int64_t>() == std::vector<int64_t>{bird, machine});
}

TEST_CASE("15: two numbers of many keep the distances of points that lie in a plane", "[tutorials]") {
  const Tensor plane = random_normal({2, 6}, 2), flat = random_normal({9, 2}, 1) * tensor<double>({5, 1});
  const Tensor x = matmul(flat, plane) + random_normal({6}, 3);
  const Tensor two = in_two_numbers(x);
  CHECK(two.shape() == Shape{9, 2});
  const auto distances = [](const Tensor& points) {
    const Tensor gaps = points.unsqueeze(0) - points.unsqueeze(1);
    return sum(gaps * gaps, Axes{2});
  };
  CHECK(worst_difference(distances(two), distances(x)) < 1e-6 * max(distances(x)).item());
}

TEST_CASE("15: an untrained network finds the meaning only in sentences that were shown, with the word once",
          "[tutorials]") {
  const int64_t networks = is_sanitized ? 5 : 50;
  const double room = is_sanitized ? 0.35 : 0.15;
  CHECK(found_untrained(question("once, shown"), networks).back() > 0.75);
  for (const std::string name : {"once, other words", "twice, shown", "twice, other words"}) {
    INFO(name);
    CHECK(std::abs(found_untrained(question(name), networks).back() - 0.5) < room);
  }
}

TEST_CASE("15: learning on hidden words alone tells the meanings apart, and word vectors never do",
          "[tutorials]") {
  const bert::BertForPreTraining fresh = small_bert(training_seed(5)), learnt = small_bert(training_seed(5));
  train(learnt, training_seed(11));
  for (const Question& q : questions()) {
    INFO(q.name);
    CHECK(found_by([&](const auto& all) { return word_vectors_of(learnt, all); }, q) == 0.5);
    CHECK(found(learnt, q)[0] == 0.5);  // state 0 knows the word and the place
    CHECK(found(learnt, q).back() >= 0.7);
  }
  const Question q = question("twice, other words");
  CHECK(found_by([&](const auto& all) { return mean_words_of(learnt, all); }, q) == 0.5);
  const std::vector<Tensor> before = vectors_of(fresh, q.asked), after = vectors_of(learnt, q.asked);
  for (const Tensor& state : {before[0], after[0]}) {
    CHECK(cosines(state, q.asked).same == Approx(1));
    CHECK(cosines(state, q.asked).different == Approx(1));
  }
  const Cosines last_before = cosines(before.back(), q.asked), last_after = cosines(after.back(), q.asked);
  CHECK(last_before.different < 1 - 1e-5);
  CHECK(std::abs(last_before.same - last_before.different) < 0.002);
  CHECK(last_after.same > last_after.different + 0.01);
  // Only hidden words were asked for, so the pooler is as it was drawn.
  CHECK(fresh.bert.pooler->dense.weight.to_vector<float>() ==
        learnt.bert.pooler->dense.weight.to_vector<float>());
  CHECK_FALSE(same_weights(fresh, learnt));
}

TEST_CASE("15: the folder comes back bit for bit, and without --keep nothing is left", "[tutorials]") {
  const bert::BertForPreTraining model = small_bert(7);
  const bert::Tokenizer words = tokenizer();
  std::filesystem::path path;
  {
    const ModelFolder folder({});
    path = folder.path();
    bert::save_pretrained(path, model, &words);
    const auto again = bert::load_for_pretraining(path);
    CHECK(again.warnings.empty());
    CHECK(same_weights(model, again.model));
    CHECK_FALSE(same_weights(model, small_bert(8)));
  }
  CHECK_FALSE(std::filesystem::exists(path));
  const TemporaryFolder home;
  {
    const ModelFolder folder(home / "kept");
    bert::save_pretrained(folder.path(), model, &words);
  }
  CHECK(std::filesystem::exists(home / "kept" / "model.safetensors"));
}

TEST_CASE("15 museum: a mean over padding, a pooler that was never trained, dropout left on", "[tutorials]") {
  const bert::BertForPreTraining model = model_in_f64(5);
  const double alone = mean_when_padded(model.bert, 0, false);
  CHECK(mean_when_padded(model.bert, 0, true) == Approx(alone));
  CHECK(std::abs(mean_when_padded(model.bert, 7, false) - alone) < 1e-12);
  CHECK(std::abs(mean_when_padded(model.bert, 7, true) - alone) > 1e-3);

  Rng rng(6);
  CHECK(not_reached(small_bert(5), lesson(32, rng)) ==
        std::vector<std::string>{"bert.pooler.dense.weight", "bert.pooler.dense.bias",
                                 "cls.seq_relationship.weight", "cls.seq_relationship.bias"});

  const bert::BertForPreTraining with_dropout = small_bert(5, 0.1);
  CHECK_FALSE(same_twice(with_dropout.bert));
  with_dropout.eval();
  CHECK(same_twice(with_dropout.bert));
}
