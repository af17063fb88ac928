// Chapter 16: the heads by hand are the library's and have the right gradient; labels are what the sentences
// say; pretraining carries each task over to words that no label has shown, on any seed; its bugs are caught.
#include <set>

#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/sanitized.hpp"
#include "support/training_seed.hpp"
#include "tutorials/16_fine_tuning/library.hpp"
#include "tutorials/16_fine_tuning/museum.hpp"
#include "tutorials/16_fine_tuning/pooling.hpp"

using namespace gradus;
using namespace gradus::test;
using namespace gradus::tutorials::fine_tuning;

namespace {

/// Goods of a text with their kinds, in its order.
std::vector<std::pair<std::string, int64_t>> goods_in(const std::string& text) {
  std::vector<std::pair<std::string, int64_t>> found;
  for (const std::string& word : bert::words_of(text)) {
    for (int64_t kind = 0; kind < 4; ++kind) {
      if (std::ranges::count(goods[static_cast<size_t>(kind)], word) > 0) found.emplace_back(word, kind);
    }
  }
  return found;
}

std::set<std::string> goods_of(Half half) {
  std::set<std::string> words;
  for (const Words& all : goods) {
    const auto middle = all.begin() + std::ssize(all) / 2;
    words.insert(half == Half::shown ? all.begin() : middle, half == Half::shown ? middle : all.end());
  }
  return words;
}

bool same_bits(const nn::Module& a, const nn::Module& b) {
  const nn::StateDict left = a.state_dict(), right = b.state_dict();
  for (const auto& [name, weight] : left) {
    if (right.contains(name) && right.at(name).to_vector<float>() != weight.to_vector<float>()) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("16: every word of the market is known, names and towns are two pieces, and begin alike",
          "[tutorials]") {
  Rng rng(1);
  for (int i = 0; i < 500; ++i) {
    const TokenRow row = market_text(rng);
    CHECK(std::ranges::count(row.text.ids, tokenizer().special_ids().unk) == 0);
    CHECK(std::ssize(row.text.ids) <= small_config().max_position_embeddings);
  }
  for (const std::string& stem : stems) {
    for (const Words& ends : {family_ends, town_ends}) {
      for (const std::string& end : ends) {
        const bert::Encoding word = tokenizer().encode(stem + end, {.add_special_tokens = false});
        CHECK(word.pieces == Words{stem, "##" + end});
      }
    }
  }
}

TEST_CASE("16: a text of the market has one or two goods for one or two others of one kind", "[tutorials]") {
  Rng rng(2);
  std::set<int64_t> seen;
  for (int i = 0; i < 200; ++i) {
    const std::string text = tokenizer().decode(market_text(rng).text.ids);
    INFO(text);
    const auto found = goods_in(text);
    REQUIRE(found.size() >= 2);
    REQUIRE(found.size() <= 4);
    std::set<std::string> words;
    for (const auto& [word, kind] : found) {
      CHECK(kind == found[0].second);
      words.insert(word);
    }
    CHECK(words.size() == found.size());
    seen.insert(found[0].second);
  }
  CHECK(seen.size() == 4);
}

TEST_CASE("16: what is asked of the others has no good, name or ending that was shown", "[tutorials]") {
  const AllSets sets = all_sets(3, 200, 100);
  for (const auto& [examples, half] :
       {std::pair{&sets.given.training, Half::shown}, std::pair{&sets.given.shown, Half::shown},
        std::pair{&sets.given.others, Half::others}}) {
    const std::set<std::string> words = goods_of(half);
    for (const Given& one : *examples) {
      for (const auto& [good, kind] : goods_in(one.text)) CHECK(words.contains(good));
    }
  }
  const auto ends_with = [](const std::string& word, const Words& ends, size_t first) {
    for (size_t i = first; i < first + 4; ++i)
      if (word.ends_with(ends[i])) return true;
    return false;
  };
  for (const auto& [examples, first] :
       {std::pair{&sets.names.training, size_t{0}}, std::pair{&sets.names.others, size_t{4}}}) {
    for (const Tagged& one : *examples) {
      for (size_t i = 0; i < one.words.size(); ++i) {
        const auto name = std::ranges::find(first_names, one.words[i]);
        const bool is_first_name = name != first_names.end();
        if (is_first_name) {
          CHECK((name - first_names.begin() < 6) == (first == 0));
        } else if (one.tags[i] != 0) {
          CHECK(ends_with(one.words[i], one.tags[i] == 3 ? town_ends : family_ends, first));
        }
      }
    }
  }
}

TEST_CASE("16: the label is the kind of what is given, and something of another kind is wanted",
          "[tutorials]") {
  for (const Given& one : all_sets(4, 300, 0).given.training) {
    INFO(one.text);
    const size_t gives = one.text.find(" gives "), in_return = one.text.find(" for ");
    REQUIRE(gives < in_return);
    for (const auto& [good, kind] : goods_in(one.text.substr(gives, in_return - gives)))
      CHECK(kind == one.kind);
    const auto wanted = goods_in(one.text.substr(in_return));
    REQUIRE_FALSE(wanted.empty());
    for (const auto& [good, kind] : wanted) CHECK(kind != one.kind);
    const std::string given_goods =
        tokenizer().decode(std::span(one.row.text.ids)
                               .subspan(static_cast<size_t>(one.good.first),
                                        static_cast<size_t>(one.good.last - one.good.first + 1)));
    CHECK(given_goods == one.text.substr(gives + 7, in_return - gives - 7));
  }
}

TEST_CASE("16: tags are what a name's ending says, and a word's slots hold its pieces", "[tutorials]") {
  const AllSets sets = all_sets(5, 300, 200);
  for (const auto* examples : {&sets.names.training, &sets.names.others}) {
    for (const Tagged& one : *examples) {
      REQUIRE(one.tags.size() == one.words.size());
      const auto ends_like = [](const std::string& word, const Words& ends) {
        return std::ranges::any_of(ends, [&](const std::string& end) { return word.ends_with(end); });
      };
      for (size_t i = 0; i < one.words.size(); ++i) {
        const std::string& word = one.words[i];
        INFO(word);
        const bool is_small = std::ranges::count(small_words, word) > 0;
        const bool is_person = std::ranges::count(first_names, word) > 0 || ends_like(word, family_ends);
        CHECK(one.tags[i] == (is_small ? 0 : !is_person ? 3 : i == 1 ? 2 : 1));
        const auto [first, last] = one.row.words[i];
        CHECK(tokenizer().decode(
                  std::span(one.row.text.ids)
                      .subspan(static_cast<size_t>(first), static_cast<size_t>(last - first + 1))) == word);
      }
    }
  }
}

TEST_CASE("16: the span of an answer is the answer to its question", "[tutorials]") {
  int64_t guessed = 0, all = 0;
  for (const Asked& one : all_sets(6, 600, 0).questions.training) {
    INFO(one.question << "? " << one.story);
    CHECK(AnswerTask::text_of(one, one.span) == one.answer);
    CHECK(one.span.first >= one.row.text.first_length);
    CHECK(one.span.last - one.span.first < AnswerTask::longest);
    const auto stands = [&](const std::string& words) { return one.story.find(words) != std::string::npos; };
    CHECK(stands("gives " + one.answer + " for ") == (one.question == "gives what"));
    CHECK(stands("in " + one.answer) == (one.question == "where"));
    CHECK(stands(one.answer + " gives") == (one.question == "who"));
    CHECK(goods_in(one.answer).empty() == one.question.starts_with("wh"));
    guessed += one.first_guess == one.answer;
    ++all;
  }
  CHECK(std::abs(static_cast<double>(guessed) / static_cast<double>(all) - 2.0 / 3) < 0.08);
}

TEST_CASE("16: likeness counts the kinds in common, and no good is in both texts", "[tutorials]") {
  std::set<int64_t> scores;
  for (const Likeness& one : all_sets(7, 300, 0).pairs.training) {
    INFO(one.first_text << " | " << one.second_text);
    std::set<int64_t> first, second;
    std::set<std::string> words;
    for (const auto& [good, kind] : goods_in(one.first_text)) first.insert(kind), words.insert(good);
    for (const auto& [good, kind] : goods_in(one.second_text)) second.insert(kind), words.insert(good);
    CHECK(first.size() == 2);
    CHECK(second.size() == 2);
    CHECK(words.size() == 4);
    CHECK(std::ranges::count_if(first, [&](int64_t kind) { return second.contains(kind); }) == one.score);
    scores.insert(one.score);
  }
  CHECK(scores == std::set<int64_t>{0, 1, 2});
}

TEST_CASE("16: each head by hand gives the library's numbers", "[tutorials]") {
  for (const uint64_t seed : {1, 2, 3}) {
    const std::vector<Compared> all = beside_the_library(seed);
    CHECK(all.size() == 7);
    for (const Compared& one : all) {
      INFO(one.head);
      CHECK(one.gap < 1e-12);
    }
  }
}

TEST_CASE("16: the heads and their losses have the right gradient", "[tutorials]") {
  const Tensor x = random_normal({2, 4, 5}, 1), w = random_normal({3, 5}, 2), b = random_normal({3}, 3);
  const Tensor real = less(tensor<int64_t>({0, 1, 2, 3, 0, 1, 2, 9}, Shape{2, 4}), 3.0);
  const Tensor labels = tensor<int64_t>({ignored, 2, ignored, 0, 1, 1, ignored, ignored}, Shape{2, 4});
  using In = std::vector<Tensor>;
  for (const bool second_order : {false, true}) {
    INFO(second_order);
    const auto passes = [&](const auto& fn, const In& inputs) {
      const GradcheckReport report =
          gradcheck([&](const In& in) { return fn(in); }, inputs, {.second_order = second_order});
      INFO(to_string(report));
      CHECK(report.passed);
    };
    passes(
        [&](const In& in) {
          return mean_loss(class_scores(in[0], in[1], in[2]), tensor<int64_t>({2, 0}));
        },
        {random_normal({2, 5}, 4), w, b});
    passes([&](const In& in) { return tag_scores(in[0], in[1], in[2]); }, {x, w, b});
    passes([&](const In& in) { return tag_loss(tag_scores(in[0], in[1], in[2]), labels); }, {x, w, b});
    passes(
        [&](const In& in) {
          return span_loss(span_scores(in[0], real, in[1], in[2]), tensor<int64_t>({0, 1}),
                           tensor<int64_t>({2, 1}));
        },
        {x, random_normal({2, 5}, 5), random_normal({2}, 6)});
    passes([&](const In& in) { return cosine_of(in[0], in[1]); },
           {random_normal({2, 5}, 7), random_normal({2, 5}, 8)});
    passes(
        [&](const In& in) {
          return likeness_loss(cosine_of(in[0], in[1]), tensor<double>({0.5, 1}));
        },
        {random_normal({2, 5}, 7), random_normal({2, 5}, 8)});
    passes(
        [&](const In& in) {
          const Pooled pooled = attention_pooled(in[0], real, in[1], in[2], in[3]);
          return concat({pooled.vector, pooled.weights}, 1);
        },
        {x, random_normal({5, 5}, 9), random_normal({5}, 10), random_normal({5}, 11)});
  }
}

TEST_CASE("16: what has no label has no part in the loss, and no gradient", "[tutorials]") {
  const Tensor scores = random_normal({1, 3, 2}, 1).requires_grad();
  const Tensor labels = tensor<int64_t>({ignored, 1, ignored}, Shape{1, 3});
  const Tensor loss = tag_loss(scores, labels);
  CHECK(worst_difference(loss, mean_loss(scores.select(1, 1), tensor<int64_t>({1}))) < 1e-12);
  loss.backward();
  CHECK(max(abs(scores.grad().select(1, 0))).item() == 0);
  CHECK(max(abs(scores.grad().select(1, 2))).item() == 0);
  CHECK(max(abs(scores.grad().select(1, 1))).item() > 0);
}

TEST_CASE("16: the best span is the best of all that do not cross and are not too long", "[tutorials]") {
  Rng rng(2);
  for (int i = 0; i < 200; ++i) {
    std::vector<double> start, end;
    for (int k = 0; k < 9; ++k) start.push_back(rng.normal()), end.push_back(rng.normal());
    const int64_t begin = rng.between(0, 4), longest = rng.between(1, 5);
    const Span best = best_span(start, end, begin, longest);
    CHECK(best.first >= begin);
    CHECK(best.last >= best.first);
    CHECK(best.last - best.first < longest);
    const auto score = [&](int64_t first, int64_t last) {
      return start[static_cast<size_t>(first)] + end[static_cast<size_t>(last)];
    };
    for (int64_t last = begin; last < 9; ++last) {
      for (int64_t first = std::max(begin, last - longest + 1); first <= last; ++first)
        CHECK(score(first, last) <= score(best.first, best.last));
    }
  }
}

TEST_CASE("16: a body comes below a head bit for bit, and a frozen one stays so", "[tutorials]") {
  const bert::BertForPreTraining body = fresh_bert(1);
  Rng rng(2);
  const auto model = TagTask{}.model(rng);
  CHECK_FALSE(same_bits(body.bert, model.bert));
  const nn::LoadReport report = put_body(body.bert, model.bert);
  CHECK(same_bits(body.bert, model.bert));
  CHECK(report.missing.empty());
  CHECK(report.unexpected == Words{"pooler.dense.bias", "pooler.dense.weight"});

  const AllSets sets = all_sets(3, 20, 0);
  for (const bool frozen : {true, false}) {
    const auto after = tuned(TagTask{}, body.bert, sets.names.training,
                             {.steps = 3, .rows = 8, .rate = 1e-2, .frozen = frozen}, 4);
    CHECK(same_bits(body.bert, after.bert) == frozen);
  }
}

TEST_CASE("16 museum: a tag at every piece, an answer that ends before it begins, padding, a body not loaded",
          "[tutorials]") {
  const std::string sentence = "anna bergmann gives saws for hats in lindheim";
  const Words truth = {"B-PER", "I-PER", "O", "O", "O", "O", "O", "B-LOC"};
  CHECK(entity_f1(sentence, truth, truth, false) == 1);
  CHECK(entity_f1(sentence, truth, truth, true) == 1);
  const Words no_town = {"B-PER", "I-PER", "O", "O", "O", "O", "O", "O"},
              no_person = {"O", "O", "O", "O", "O", "O", "O", "B-LOC"};
  CHECK(entity_f1(sentence, truth, no_town, false) == Approx(2.0 / 3));
  CHECK(entity_f1(sentence, truth, no_person, false) == Approx(2.0 / 3));
  CHECK(entity_f1(sentence, truth, no_town, true) == Approx(2.0 / 4));
  CHECK(entity_f1(sentence, truth, no_person, true) == Approx(4.0 / 5));

  const auto model = drawn(AnswerTask{}, 5);
  const AllSets sets = all_sets(6, 100, 0);
  const Asked& one = sets.questions.training[0];
  const double alone = padded_loss(model, one, 0, false);
  CHECK(padded_loss(model, one, 0, true) == Approx(alone));
  CHECK(std::abs(padded_loss(model, one, 8, false) - alone) < 1e-12);
  CHECK(padded_loss(model, one, 8, true) > alone + 1e-3);

  const bert::BertForPreTraining trained = fresh_bert(1), into = fresh_bert(2);
  const nn::LoadReport wrong = load_by_name(trained, into.bert, true);
  CHECK(wrong.missing.size() == into.bert.named_parameters().size());
  CHECK(same_bits(into.bert, fresh_bert(2).bert));
  const nn::LoadReport right = load_by_name(trained, into.bert, false);
  CHECK(right.missing.empty());
  CHECK(same_bits(into.bert, trained.bert));
}

TEST_CASE("16: pretraining carries over to words that no label has shown, and on a frozen body a query does",
          "[tutorials]") {
  const uint64_t seed = training_seed(5);
  const bert::BertForPreTraining fresh = fresh_bert(seed), learnt = fresh_bert(seed);
  fill_gaps(learnt, seed + 6, is_sanitized ? 3 : pretraining_steps);
  const AllSets sets = all_sets(seed + 16, is_sanitized ? 20 : 800, is_sanitized ? 10 : 200);
  const auto shortened = [](Course how) {
    if (is_sanitized) how.steps = 2;
    return how;
  };
  const std::vector<Reached> all =
      all_four_ways(sets, fresh.bert, learnt.bert, shortened({}), training_seed(31));
  REQUIRE(all.size() == 5);
  const auto right = [&](bert::TextPoolingKind kind, const Course& how) {
    const KindTask task{kind};
    const auto model = tuned(task, learnt.bert, sets.given.training, shortened(how), training_seed(31));
    return figures(task, model, sets.given.shown)[0];
  };
  const double by_mean = right(bert::TextPoolingKind::mean, frozen_course());
  const double by_query = right(bert::TextPoolingKind::attention, frozen_course());
  if (is_sanitized) return;
  for (const Reached& one : all) {
    INFO(one.task << ", " << one.measure << ": guess " << one.guess[1] << ", random " << one.random[0] << " "
                  << one.random[1] << ", pretrained " << one.pretrained[1]);
    CHECK((one.random[0] >= 0.8 || one.task == "questions"));
    const double margin = one.task == "names" ? 0.05 : 0.15;  // of names each ending is a coin
    CHECK(one.random[1] <= one.random[0] - margin);
    CHECK(one.pretrained[1] >= one.random[1] + margin);
    CHECK(one.pretrained[1] > one.guess[1]);
  }
  const auto begun =
      tuned(AnswerTask{}, learnt.bert, sets.questions.training, {.steps = 10}, training_seed(31));
  CHECK(crossing(begun, sets.questions.shown) > 0.02);
  CHECK(by_query > by_mean + 0.1);
  CHECK(all[0].pretrained[1] >= 0.8);  // a body that moves, and other words
}
