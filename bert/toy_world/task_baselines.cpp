#include "bert/toy_world/task_baselines.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "bert/evaluation/bag_of_words.hpp"
#include "bert/evaluation/label_baselines.hpp"
#include "bert/metrics/correlation.hpp"
#include "bert/metrics/entities.hpp"

namespace gradus::bert {
namespace {

using Strings = std::vector<std::string>;

/// One string of each example.
template <class Example, class Get>
Strings column(const std::vector<Example>& examples, Get&& get) {
  Strings strings;
  for (const Example& example : examples) strings.push_back(std::invoke(get, example));
  return strings;
}

double ratio(double part, double all) { return all == 0 ? 0 : part / all; }

/// The share of guesses that are right, of all and by kind.
BaselineFigure share_right(const std::string& name, const Strings& guesses, const Strings& truth,
                           const Strings& kinds) {
  std::map<std::string, std::pair<double, double>> by_kind;
  double right = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    const double hit = guesses[i] == truth[i] ? 1 : 0;
    right += hit;
    by_kind[kinds[i]].first += hit;
    by_kind[kinds[i]].second += 1;
  }
  BaselineFigure figure{name, ratio(right, static_cast<double>(truth.size())), {}};
  for (const auto& [kind, counts] : by_kind)
    figure.by_kind.emplace_back(kind, ratio(counts.first, counts.second));
  return figure;
}

}  // namespace

TaskBaselines baselines_of(const ToySplits<ToyText>& set) {
  const Strings texts = column(set.train, &ToyText::text), labels = column(set.train, &ToyText::label);
  const Strings tests = column(set.test, &ToyText::text), truth = column(set.test, &ToyText::label),
                kinds = column(set.test, &ToyText::kind);
  const Strings constant(truth.size(), most_frequent(labels));
  return {"accuracy",
          {share_right("most frequent label", constant, truth, kinds),
           share_right("bag of words", BagOfWords(texts, labels).predict(tests), truth, kinds),
           share_right("words and pairs", BagOfWords(texts, labels, {.bigrams = true}).predict(tests), truth,
                       kinds)}};
}

TaskBaselines baselines_of(const ToySplits<ToyTagged>& set) {
  std::vector<Strings> words, tags;
  for (const ToyTagged& sentence : set.train) {
    words.push_back(sentence.words);
    tags.push_back(sentence.tags);
  }
  const FrequentTags model(words, tags);
  std::vector<Strings> truth, guesses;
  for (const ToyTagged& sentence : set.test) {
    truth.push_back(sentence.tags);
    guesses.push_back(model.tag(sentence.words));
  }
  const EntityScores scores = score_entities(truth, guesses);
  BaselineFigure figure{"most frequent tag", scores.all.f1(), {}};
  for (const auto& [type, score] : scores.by_type) figure.by_kind.emplace_back(type, score.f1());
  return {"entity F1", {figure}};
}

TaskBaselines baselines_of(const ToySplits<ToyQuestion>& set) {
  const LastAnswer model(column(set.train, &ToyQuestion::question), column(set.train, &ToyQuestion::answer));
  const Strings truth = column(set.test, &ToyQuestion::answer), kinds = column(set.test, &ToyQuestion::kind);
  const Strings last =
      column(set.test, [&](const ToyQuestion& q) { return model.answer(q.question, q.context); });
  return {"exact match",
          {share_right("no answer", Strings(truth.size()), truth, kinds),
           share_right("the last place or person", last, truth, kinds)}};
}

TaskBaselines baselines_of(const ToySplits<ToyTextPair>& set) {
  std::vector<double> overlap, score;
  for (const ToyTextPair& pair : set.test) {
    overlap.push_back(word_overlap(pair.first, pair.second));
    score.push_back(pair.score);
  }
  return {"Spearman's rank correlation", {{"word overlap", spearman(overlap, score), {}}}};
}

TaskBaselines baselines_of(const ToySplits<ToyCoreference>& set) {
  const auto whole = [](const ToyCoreference& e) { return e.text + ' ' + e.first + ' ' + e.second; };
  const Strings texts = column(set.train, whole), labels = column(set.train, &ToyCoreference::label);
  const Strings tests = column(set.test, whole), truth = column(set.test, &ToyCoreference::label),
                types = column(set.test, &ToyCoreference::type);
  std::vector<bool> first_is_right;
  for (const std::string& label : labels) first_is_right.push_back(label == "first");
  const NounPreference nouns(column(set.train, &ToyCoreference::first),
                             column(set.train, &ToyCoreference::second), first_is_right);
  const auto figure = [&](const std::string& name, const Strings& guesses) {
    BaselineFigure of_rows = share_right(name, guesses, truth, types);
    std::map<int64_t, bool> both;
    for (size_t i = 0; i < truth.size(); ++i) {
      bool& right = both.try_emplace(set.test[i].pair, true).first->second;
      right = right && guesses[i] == truth[i];
    }
    const auto whole_pairs = std::ranges::count_if(both, [](const auto& pair) { return pair.second; });
    of_rows.by_kind.emplace_back("pairs",
                                 ratio(static_cast<double>(whole_pairs), static_cast<double>(both.size())));
    return of_rows;
  };
  return {"accuracy",
          {figure("most frequent label", Strings(truth.size(), most_frequent(labels))),
           figure("noun preference", column(set.test,
                                            [&](const ToyCoreference& e) {
                                              return nouns.prefers_first(e.first, e.second) ? "first"
                                                                                            : "second";
                                            })),
           figure("bag of words", BagOfWords(texts, labels).predict(tests))}};
}

}  // namespace gradus::bert
