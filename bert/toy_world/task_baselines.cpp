#include "bert/toy_world/task_baselines.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

#include "bert/evaluation/bag_of_words.hpp"
#include "bert/evaluation/label_baselines.hpp"

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

/// An entity: its type, and the words [begin, end).
using Entity = std::tuple<std::string, size_t, size_t>;

std::set<Entity> entities_of(const Strings& tags) {
  std::set<Entity> entities;
  std::string type;
  size_t begin = 0;
  for (size_t i = 0; i <= tags.size(); ++i) {
    const std::string tag = i < tags.size() ? tags[i] : "O";
    const std::string next = tag == "O" ? "" : tag.substr(2);
    if (!type.empty() && (next != type || tag[0] == 'B')) entities.emplace(type, begin, i);
    if (next != type || tag[0] == 'B') begin = i;
    type = next;
  }
  return entities;
}

/// The rank of each value, from 1; equal ones share their mean.
std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> rank(values.size());
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (size_t k = begin; k < end; ++k) rank[order[k]] = static_cast<double>(begin + end + 1) / 2;
  }
  return rank;
}

double correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const double n = static_cast<double>(x.size());
  const double mean_x = std::accumulate(x.begin(), x.end(), 0.0) / n,
               mean_y = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double xy = 0, xx = 0, yy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean_x) * (y[i] - mean_y);
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
  }
  return xy / std::sqrt(xx * yy);
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
  struct Count {
    double both = 0, sum = 0;  // found, and those of the guess and of the truth together
  };
  Count all;
  std::map<std::string, Count> by_type;
  for (const ToyTagged& sentence : set.test) {
    const std::set<Entity> truth = entities_of(sentence.tags), guess = entities_of(model.tag(sentence.words));
    for (const Entity& entity : truth) {
      Count& of_type = by_type[std::get<0>(entity)];
      const double found = guess.contains(entity) ? 1 : 0;
      for (Count* count : {&all, &of_type}) {
        count->both += found;
        count->sum += 1;
      }
    }
    for (const Entity& entity : guess) {
      all.sum += 1;
      by_type[std::get<0>(entity)].sum += 1;
    }
  }
  BaselineFigure figure{"most frequent tag", ratio(2 * all.both, all.sum), {}};
  for (const auto& [type, count] : by_type)
    figure.by_kind.emplace_back(type, ratio(2 * count.both, count.sum));
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
  return {"Spearman's rank correlation", {{"word overlap", correlation(ranks(overlap), ranks(score)), {}}}};
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
