/// @file
/// Chapter 16: the four tasks: the model of each, its loss by the heads made by hand, and how it is scored.
#pragma once

#include "bert/metrics/answers.hpp"
#include "bert/metrics/correlation.hpp"
#include "bert/metrics/entities.hpp"
#include "bert/tasks/similarity.hpp"
#include "body.hpp"
#include "examples.hpp"

namespace gradus::tutorials::fine_tuning {

template <class Example>
using Some = std::vector<const Example*>;

template <class Example>
bert::TaskInput input_of(const Some<Example>& some, TokenRow Example::*row = &Example::row) {
  std::vector<const bert::TextRow*> texts;
  for (const Example* one : some) texts.push_back(&(one->*row).text);
  return bert::to_input(texts, tokenizer().special_ids().pad);
}

/// The body's vectors [B, S, H], and its pooled ones where it has a pooler.
inline bert::BertOutput vectors_of(const bert::Bert& body, const bert::TaskInput& input) {
  return body(input.ids, input.token_type_ids, input.attention_mask);
}
inline Tensor real_of(const bert::TaskInput& input) { return input.attention_mask.to(DType::boolean); }

/// A class for a text.
struct KindTask {
  using Example = Given;
  using Model = bert::BertForSequenceClassification;
  bert::TextPoolingKind pooling = bert::TextPoolingKind::pooler;

  Model model(Rng& rng) const {
    return Model(small_config(),
                 {.task = bert::Task::sequence_classification, .labels = kinds, .pooling = pooling}, rng);
  }
  Tensor scores(const Model& model, const Some<Given>& some) const {
    const bert::TaskInput input = input_of(some);
    if (pooling != bert::TextPoolingKind::pooler) return model(input);
    return class_scores(vectors_of(model.bert, input).pooled, model.classifier.weight, model.classifier.bias);
  }
  Tensor loss(const Model& model, const Some<Given>& some) const {
    std::vector<int64_t> labels;
    for (const Given* one : some) labels.push_back(one->kind);
    return mean_loss(scores(model, some), tensor(labels));
  }
  std::vector<double> score(const Model& model, const Some<Given>& some) const {
    const std::vector<int64_t> said = argmax(scores(model, some), 1).to_vector<int64_t>();
    double right = 0;
    for (size_t i = 0; i < some.size(); ++i) right += said[i] == some[i]->kind;
    return {right / static_cast<double>(some.size())};
  }
};

/// A tag for each word.
struct TagTask {
  using Example = Tagged;
  using Model = bert::BertForTokenClassification;

  Model model(Rng& rng) const {
    return Model(small_config(), {.task = bert::Task::token_classification, .labels = tags}, rng);
  }
  Tensor scores(const Model& model, const Some<Tagged>& some) const {
    return tag_scores(vectors_of(model.bert, input_of(some)).last_hidden, model.classifier.weight,
                      model.classifier.bias);
  }
  Tensor loss(const Model& model, const Some<Tagged>& some) const {
    const Tensor said = scores(model, some);  // [B, S, C]
    std::vector<int64_t> labels(static_cast<size_t>(said.size(0) * said.size(1)), ignored);
    for (size_t b = 0; b < some.size(); ++b) {
      for (size_t i = 0; i < some[b]->tags.size(); ++i) {
        const auto slot = static_cast<int64_t>(b) * said.size(1) + some[b]->row.words[i].first;
        labels[static_cast<size_t>(slot)] = some[b]->tags[i];
      }
    }
    return tag_loss(said, tensor(labels, Shape{said.size(0), said.size(1)}));
  }
  /// The tags of each sentence, read off the first piece of each word.
  std::vector<Words> said(const Model& model, const Some<Tagged>& some) const {
    const Tensor best = argmax(scores(model, some), 2);  // [B, S]
    std::vector<Words> all;
    for (size_t b = 0; b < some.size(); ++b) {
      all.emplace_back();
      for (const Slots& word : some[b]->row.words) {
        const double tag = best.at({static_cast<int64_t>(b), word.first});
        all.back().push_back(tags[static_cast<size_t>(tag)]);
      }
    }
    return all;
  }
  static std::vector<Words> truth(const Some<Tagged>& some) {
    std::vector<Words> all;
    for (const Tagged* one : some) {
      all.emplace_back();
      for (const int64_t tag : one->tags) all.back().push_back(tags[static_cast<size_t>(tag)]);
    }
    return all;
  }
  std::vector<double> score(const Model& model, const Some<Tagged>& some) const {
    return {bert::score_entities(truth(some), said(model, some)).all.f1()};
  }
};

/// Where an answer begins and ends.
struct AnswerTask {
  using Example = Asked;
  using Model = bert::BertForQuestionAnswering;
  static constexpr int64_t longest = 5;  ///< slots of an answer

  Model model(Rng& rng) const {
    return Model(small_config(), {.task = bert::Task::question_answering, .labels = {"LABEL_0", "LABEL_1"}},
                 rng);
  }
  Tensor scores(const Model& model, const Some<Asked>& some) const {
    const bert::TaskInput input = input_of(some);
    return span_scores(vectors_of(model.bert, input).last_hidden, real_of(input), model.qa_outputs.weight,
                       model.qa_outputs.bias);
  }
  Tensor loss(const Model& model, const Some<Asked>& some) const {
    std::vector<int64_t> first, last;
    for (const Asked* one : some) first.push_back(one->span.first), last.push_back(one->span.last);
    return span_loss(scores(model, some), tensor(first), tensor(last));
  }
  static std::string text_of(const Asked& one, Span span) {
    const auto length = static_cast<size_t>(span.last - span.first + 1);
    const std::string text =
        tokenizer().decode(std::span(one.row.text.ids).subspan(static_cast<size_t>(span.first), length));
    return text.starts_with("##") ? text.substr(2) : text;  // an answer may begin inside a word, and is wrong
  }
  /// The answer to each question, as text.
  Words said(const Model& model, const Some<Asked>& some) const {
    const Tensor all = scores(model, some).to(DType::f64);  // [B, S, 2]
    Words answers;
    for (size_t b = 0; b < some.size(); ++b) {
      const Tensor row =
          all.select(0, static_cast<int64_t>(b)).slice(0, 0, std::ssize(some[b]->row.text.ids) - 1);
      answers.push_back(text_of(
          *some[b], best_span(row.select(1, 0).to_vector<double>(), row.select(1, 1).to_vector<double>(),
                              some[b]->row.text.first_length, longest)));
    }
    return answers;
  }
  static std::vector<double> judge(const Words& answers, const Some<Asked>& some) {
    std::vector<bert::AnsweredQuestion> all;
    for (size_t i = 0; i < some.size(); ++i) all.push_back({answers[i], {some[i]->answer}});
    const bert::AnswerScores scores = bert::score_answers(all);
    return {scores.all.exact, scores.all.f1};
  }
  std::vector<double> score(const Model& model, const Some<Asked>& some) const {
    return judge(said(model, some), some);
  }
};

/// How alike two texts are.
struct LikenessTask {
  using Example = Likeness;
  using Model = bert::SentenceEncoder;

  Model model(Rng& rng) const { return Model(bert::Bert(small_config(), rng, /*with_pooler=*/false)); }
  Tensor cosines(const Model& model, const Some<Likeness>& some) const {
    const auto tower = [&](TokenRow Likeness::*row) {
      const bert::TaskInput input = input_of(some, row);
      return gives_back::mean_of_real(vectors_of(model.bert, input).last_hidden, real_of(input));
    };
    return cosine_of(tower(&Likeness::first), tower(&Likeness::second));
  }
  static std::vector<double> wanted(const Some<Likeness>& some) {
    std::vector<double> all;
    for (const Likeness* one : some) all.push_back(static_cast<double>(one->score) / 2);
    return all;
  }
  Tensor loss(const Model& model, const Some<Likeness>& some) const {
    const Tensor said = cosines(model, some);
    return likeness_loss(said, tensor(wanted(some)).to(said.dtype()));
  }
  std::vector<double> score(const Model& model, const Some<Likeness>& some) const {
    return {bert::spearman(cosines(model, some).to(DType::f64).to_vector<double>(), wanted(some))};
  }
};

}  // namespace gradus::tutorials::fine_tuning
