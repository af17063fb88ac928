// How good a tagger's words are.
#include <algorithm>
#include <map>
#include <optional>

#include "autograd/error.hpp"
#include "autograd/ops.hpp"
#include "bert/evaluation/label_baselines.hpp"
#include "bert/metrics/entities.hpp"
#include "bert/tasks/tagging.hpp"

namespace gradus::bert {
namespace {

using Tags = std::vector<std::string>;

double share(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

void add(EntityScore& sum, const EntityScore& score) {
  sum.right += score.right;
  sum.predicted += score.predicted;
  sum.truly += score.truly;
}

/// What each sentence counts, so that any draw of sentences is scored by adding up.
class SentenceCounts {
 public:
  SentenceCounts(const TaggedSentences& truth, std::span<const Tags> said) {
    std::vector<std::map<std::string, EntityScore>> of_each;
    std::map<std::string, size_t> types;
    for (size_t s = 0; s < said.size(); ++s) {
      const Tags& tags = truth.sentences[s].tags;
      EntityScores scores = score_entities(std::span(&tags, 1), said.subspan(s, 1));
      entities_.push_back(scores.all);
      for (const auto& [type, score] : scores.by_type) types.try_emplace(type, types.size());
      of_each.push_back(std::move(scores.by_type));
      int64_t right = 0;
      for (size_t i = 0; i < tags.size(); ++i) right += tags[i] == said[s][i];
      right_words_.push_back(right);
      words_.push_back(std::ssize(tags));
    }
    types_ = types.size();
    by_type_.resize(said.size() * types_);
    for (size_t s = 0; s < of_each.size(); ++s)
      for (const auto& [type, score] : of_each[s]) by_type_[s * types_ + types.at(type)] = score;
  }

  bool is_wrong(size_t s) const {
    const EntityScore& score = entities_[s];
    return score.right != score.predicted || score.right != score.truly;
  }
  EntityScore entities(std::span<const size_t> which) const {
    EntityScore sum;
    for (const size_t s : which) add(sum, entities_[s]);
    return sum;
  }
  /// The mean F1 of the types that these sentences have, or are said to have.
  double macro_f1(std::span<const size_t> which) const {
    std::vector<EntityScore> sums(types_);
    for (const size_t s : which)
      for (size_t t = 0; t < types_; ++t) add(sums[t], by_type_[s * types_ + t]);
    double f1 = 0;
    int64_t there = 0;
    for (const EntityScore& sum : sums) {
      f1 += sum.f1();
      there += sum.truly + sum.predicted > 0;
    }
    return there == 0 ? 0 : f1 / static_cast<double>(there);
  }
  double word_accuracy(std::span<const size_t> which) const {
    int64_t right = 0, words = 0;
    for (const size_t s : which) {
      right += right_words_[s];
      words += words_[s];
    }
    return share(right, words);
  }

 private:
  std::vector<EntityScore> entities_, by_type_;  // by_type_: [sentence, type]
  size_t types_ = 0;
  std::vector<int64_t> right_words_, words_;
};

/// The numbers of the tags that are said; nothing for a word in no row's list.
std::vector<std::vector<std::optional<int64_t>>> said_numbers(const TaskConfig& task, const TagRows& rows,
                                                              const Tensor& said) {
  if (const Shape wanted{rows.said(), std::ssize(task.labels)}; said.shape() != wanted)
    fail<ShapeError>("tags: logits {} for {} words and {} labels", said.shape(), wanted[0], wanted[1]);
  std::vector<std::vector<std::optional<int64_t>>> numbers;
  for (const int64_t words : rows.sentence_words) numbers.emplace_back(static_cast<size_t>(words));
  const std::vector<int64_t> largest = argmax(said, -1).to_vector<int64_t>();
  auto next = largest.begin();
  for (const std::vector<RowWord>& words : rows.words)
    for (const RowWord& word : words)
      numbers[static_cast<size_t>(word.sentence)][static_cast<size_t>(word.word)] = *next++;
  return numbers;
}

/// Tags of all words, one sentence after the other: the true one beside the one that is said.
std::optional<ConfusionMatrix> confusion_of(const TaskConfig& task,
                                            const std::vector<std::vector<int64_t>>& truth,
                                            const std::vector<std::vector<std::optional<int64_t>>>& said) {
  const auto o = std::ranges::find(task.labels, "O");
  std::vector<int64_t> true_ones, said_ones;
  for (size_t s = 0; s < truth.size(); ++s) {
    for (size_t i = 0; i < truth[s].size(); ++i) {
      if (!said[s][i] && o == task.labels.end()) continue;
      true_ones.push_back(truth[s][i]);
      said_ones.push_back(said[s][i].value_or(o - task.labels.begin()));
    }
  }
  if (true_ones.empty()) return std::nullopt;
  return ConfusionMatrix(true_ones, said_ones, std::ssize(task.labels));
}

/// The mean loss of each sentence's words that are in rows, and of all words.
std::pair<std::vector<double>, double> losses_of(const std::vector<std::vector<int64_t>>& truth,
                                                 const TagRows& rows, const Tensor& said) {
  std::vector<double> sums(truth.size(), 0), counts(truth.size(), 0);
  if (rows.said() == 0) return {sums, 0};
  std::vector<int64_t> targets;
  for (const std::vector<RowWord>& words : rows.words)
    for (const RowWord& word : words)
      targets.push_back(truth[static_cast<size_t>(word.sentence)][static_cast<size_t>(word.word)]);
  const Tensor losses =
      cross_entropy(said.to(DType::f64), tensor(targets), {.reduction = LossReduction::none});  // [n]
  const std::vector<double> of_each = losses.to_vector<double>();
  auto next = of_each.begin();
  for (const std::vector<RowWord>& words : rows.words) {
    for (const RowWord& word : words) {
      sums[static_cast<size_t>(word.sentence)] += *next++;
      ++counts[static_cast<size_t>(word.sentence)];
    }
  }
  for (size_t s = 0; s < sums.size(); ++s) sums[s] /= std::max(counts[s], 1.0);
  return {sums, mean(losses).item()};
}

/// "Anna (PER), New York (LOC)", or "none".
std::string entities_in(const std::vector<std::string>& words, const Tags& tags) {
  std::vector<std::string> entities;
  for (const EntitySpan& span : entity_spans(tags))
    entities.push_back(fmt::format("{} ({})",
                                   fmt::join(words.begin() + static_cast<std::ptrdiff_t>(span.first),
                                             words.begin() + static_cast<std::ptrdiff_t>(span.end), " "),
                                   span.type));
  return entities.empty() ? "none" : fmt::format("{}", fmt::join(entities, ", "));
}

std::vector<Tags> tags_of(const TaskConfig& task,
                          const std::vector<std::vector<std::optional<int64_t>>>& numbers) {
  std::vector<Tags> all;
  for (const auto& sentence : numbers) {
    Tags& tags = all.emplace_back();
    for (const std::optional<int64_t> number : sentence)
      tags.push_back(number ? task.labels[static_cast<size_t>(*number)] : "O");
  }
  return all;
}

}  // namespace

std::vector<std::vector<std::string>> said_tags(const TaskConfig& task, const TagRows& rows,
                                                const Tensor& said) {
  return tags_of(task, said_numbers(task, rows, said));
}

std::vector<std::vector<int64_t>> tag_targets(const TaskConfig& task, const TaggedSentences& sentences) {
  for (const std::string& label : task.labels)
    if (!is_entity_tag(label))
      fail<ValueError>("the label '{}' is none of O, B-type and I-type, so it says nothing of entities",
                       label);
  std::vector<std::vector<int64_t>> targets;
  for (const TaggedSentence& sentence : sentences.sentences) {
    if (sentence.tags.size() != sentence.words.size())
      fail<FormatError>("{}, line {}: the words have no tags", sentences.file.string(), sentence.line);
    std::vector<int64_t>& numbers = targets.emplace_back();
    for (size_t i = 0; i < sentence.tags.size(); ++i) {
      try {
        numbers.push_back(task.label_id(sentence.tags[i]));
      } catch (const ValueError& error) {
        fail<FormatError>("{}, line {}: {}", sentences.file.string(), sentence.line + static_cast<int64_t>(i),
                          error.what());
      }
    }
  }
  return targets;
}

Findings judge_tags(const TaskConfig& task, const TaggedSentences& sentences, const TagRows& rows,
                    const Tensor& said, Detail detail) {
  const std::vector<std::vector<int64_t>> truth = tag_targets(task, sentences);
  if (truth.size() != rows.sentence_words.size())
    fail<ShapeError>("tags: {} sentences and rows of {}", truth.size(), rows.sentence_words.size());
  const auto numbers = said_numbers(task, rows, said);
  const std::vector<Tags> tags = tags_of(task, numbers);
  const SentenceCounts counts(sentences, tags);
  Findings found{.examples = std::ssize(truth)};
  found.figures =
      figures_of({"entity F1", "precision", "recall", "macro F1", "word accuracy"}, truth.size(), detail,
                 [&](std::span<const size_t> which) {
                   const EntityScore entities = counts.entities(which);
                   return std::vector<double>{entities.f1(), entities.precision(), entities.recall(),
                                              counts.macro_f1(which), counts.word_accuracy(which)};
                 });
  const auto [loss_of_each, loss] = losses_of(truth, rows, said);
  found.figures.push_back({"loss", loss});
  found.classes = task.labels;
  found.confusion = confusion_of(task, truth, numbers);
  if (detail == Detail::figures_only) return found;
  std::vector<bool> is_wrong;
  for (size_t s = 0; s < truth.size(); ++s) is_wrong.push_back(counts.is_wrong(s));
  for (const size_t s : worst_of(loss_of_each, is_wrong)) {
    const TaggedSentence& sentence = sentences.sentences[s];
    found.worst.push_back({fmt::format("{}", fmt::join(sentence.words, " ")),
                           entities_in(sentence.words, sentence.tags), entities_in(sentence.words, tags[s]),
                           loss_of_each[s]});
  }
  return found;
}

Baselines tag_baselines(const TaggedSentences& training, const TaggedSentences& scored) {
  std::vector<Tags> words, tags, truth, said;
  for (const TaggedSentence& sentence : training.sentences) {
    words.push_back(sentence.words);
    tags.push_back(sentence.tags);
  }
  const FrequentTags frequent(words, tags);
  for (const TaggedSentence& sentence : scored.sentences) {
    truth.push_back(sentence.tags);
    said.push_back(frequent.tag(sentence.words));
  }
  return {{"most frequent tag of each word", score_entities(truth, said).all.f1()}};
}

}  // namespace gradus::bert
