#include "app/finetune/start_training.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "app/command.hpp"
#include "app/input/model_files.hpp"
#include "app/input/row_length.hpp"
#include "bert/tasks/answering.hpp"
#include "bert/tasks/choices.hpp"
#include "bert/tasks/classification.hpp"
#include "bert/tasks/pronouns.hpp"
#include "bert/tasks/similarity.hpp"
#include "bert/tasks/tagging.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"

namespace gradus::app {
namespace {

/// A part of the rows, drawn by the seed, goes from `training` to `validation`.
template <class Row>
void hold_out(std::vector<Row>& training, std::vector<Row>& validation, const FinetuneCall& call) {
  std::vector<int64_t> order(training.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
  Rng(static_cast<uint64_t>(call.seed)).shuffle(order);
  const auto count = std::lround(call.validation_fraction * static_cast<double>(order.size()));
  std::vector<bool> is_held_out(order.size(), false);
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) is_held_out[static_cast<size_t>(order[i])] = true;
  std::vector<Row> kept;
  for (size_t i = 0; i < training.size(); ++i)
    (is_held_out[i] ? validation : kept).push_back(std::move(training[i]));
  if (kept.empty())
    fail<FormatError>("{}: too few examples to hold some of them out", call.training.string());
  training = std::move(kept);
}

bert::StartOptions start_options(const FinetuneCall& call) {
  bert::StartOptions how{.seed = static_cast<uint64_t>(call.seed)};
  if (!std::isnan(call.dropout)) how.dropout = call.dropout;
  return how;
}

bert::KeyValues counts(int64_t training, int64_t validation) {
  return {{"Training examples", with_commas(training)}, {"Validation examples", with_commas(validation)}};
}

StartedTask started(std::unique_ptr<bert::TaskTraining> task, const bert::Config& config,
                    std::vector<std::string> warnings, int64_t training, int64_t validation) {
  std::vector<std::string> notes = task->notes();
  notes.insert(notes.end(), warnings.begin(), warnings.end());
  return {std::move(task), std::move(notes), config, counts(training, validation)};
}

// ---- Labels and numbers ----

struct Tables {
  bert::LabelledTexts training, validation;
};

Tables read_tables(const FinetuneCall& call, bert::LabelKind kind) {
  Tables tables{bert::read_labelled_texts(call.training, kind), {}};
  auto& [training, validation] = tables;
  if (call.validation.empty()) {
    validation.file = call.training;
    validation.has_pairs = training.has_pairs;
    hold_out(training.rows, validation.rows, call);
    return tables;
  }
  validation = bert::read_labelled_texts(call.validation, kind);
  if (validation.has_pairs == training.has_pairs) return tables;
  const auto has = [](const bert::LabelledTexts& texts) {
    return texts.has_pairs ? "pairs" : "single texts";
  };
  fail<FormatError>("{} has {}, and {} has {}", call.training.string(), has(training),
                    call.validation.string(), has(validation));
}

/// Gives the labels the order that the folder has, where it was trained on just these.
void keep_order(const FinetuneCall& call, bert::TaskConfig& task) {
  const std::optional<bert::TaskConfig> has = bert::find_task_config(call.model / "config.json");
  if (!has || has->regression || has->task != task.task) return;
  std::vector<std::string> sorted = has->labels;
  std::ranges::sort(sorted);
  if (sorted == task.labels) task.labels = has->labels;
}

bert::TaskConfig task_of(const FinetuneCall& call, const bert::LabelledTexts& training) {
  bert::TaskConfig task;
  task.labels = training.labels();
  if (task.labels.size() < 2)
    fail<FormatError>("{}: every row has the label '{}', so there is nothing to tell apart",
                      call.training.string(), task.labels.front());
  keep_order(call, task);
  return task;
}

/// @throws FormatError where all rows have the same number.
void check_numbers(const bert::LabelledTexts& training) {
  const double first = training.rows.front().number;
  if (std::ranges::all_of(training.rows, [&](const bert::LabelledText& row) { return row.number == first; }))
    fail<FormatError>("{}: every row has the number {}, so there is nothing to learn", training.file.string(),
                      first);
}

StartedTask start_classification(const FinetuneCall& call, const bert::FitOptions& fit,
                                 bert::Tokenizer tokenizer) {
  const bool regression = call.task == "regression";
  const auto [training, validation] =
      read_tables(call, regression ? bert::LabelKind::number : bert::LabelKind::name);
  bert::TaskConfig task =
      regression ? bert::TaskConfig{.labels = {"LABEL_0"}, .regression = true} : task_of(call, training);
  if (regression) check_numbers(training);
  task.pooling = bert::text_pooling_by_name(call.pooling);
  task.pairs = training.has_pairs;
  auto [model, warnings] =
      bert::start_task<bert::BertForSequenceClassification>(call.model, task, start_options(call));
  bert::ClassificationOptions options{.fit = fit};
  if (call.class_weights == "balanced") options.class_weights = bert::balanced_weights(training, task.labels);
  const bert::Config config = model.bert.config;
  StartedTask start = started(std::make_unique<bert::Classification>(std::move(model), std::move(tokenizer),
                                                                     training, validation, options),
                              config, warnings, std::ssize(training.rows), std::ssize(validation.rows));
  if (!regression) start.about.emplace_back("Labels", fmt::format("{}", fmt::join(task.labels, ", ")));
  return start;
}

// ---- Choices ----

StartedTask start_choices(const FinetuneCall& call, const bert::FitOptions& fit, bert::Tokenizer tokenizer) {
  bert::ChoiceQuestions training = bert::read_choices(call.training, true), validation = training;
  validation.questions.clear();
  if (call.validation.empty()) {
    hold_out(training.questions, validation.questions, call);
  } else {
    validation = bert::read_choices(call.validation, true);
  }
  auto [model, warnings] = bert::start_task<bert::BertForMultipleChoice>(
      call.model, {.task = bert::Task::multiple_choice}, start_options(call));
  const bert::Config config = model.bert.config;
  return started(
      std::make_unique<bert::Choices>(std::move(model), std::move(tokenizer), training, validation, fit),
      config, warnings, std::ssize(training.questions), std::ssize(validation.questions));
}

// ---- Words ----

StartedTask start_entities(const FinetuneCall& call, const bert::FitOptions& fit, bert::Tokenizer tokenizer) {
  const bert::TagColumn column = call.iob1 ? bert::TagColumn::iob1 : bert::TagColumn::iob2;
  bert::TaggedSentences training = bert::read_tagged_sentences(call.training, column), validation;
  bert::TaskConfig task{.task = bert::Task::token_classification, .labels = training.labels()};
  keep_order(call, task);
  if (call.validation.empty()) {
    validation.file = call.training;
    hold_out(training.sentences, validation.sentences, call);
  } else {
    validation = bert::read_tagged_sentences(call.validation, column);
  }
  auto [model, warnings] =
      bert::start_task<bert::BertForTokenClassification>(call.model, task, start_options(call));
  bert::TaggingOptions options{.fit = fit};
  if (call.class_weights == "balanced") options.class_weights = bert::balanced_weights(training, task.labels);
  const bert::Config config = model.bert.config;
  StartedTask start = started(
      std::make_unique<bert::Tagging>(std::move(model), std::move(tokenizer), training, validation, options),
      config, warnings, std::ssize(training.sentences), std::ssize(validation.sentences));
  start.about.emplace_back("Tags", fmt::format("{}", fmt::join(task.labels, ", ")));
  return start;
}

// ---- Questions ----

StartedTask start_questions(const FinetuneCall& call, const bert::FitOptions& fit,
                            bert::Tokenizer tokenizer) {
  bert::Questions training = bert::read_questions(call.training, true), validation = training;
  validation.questions.clear();
  if (call.validation.empty()) {
    hold_out(training.questions, validation.questions, call);
  } else {
    validation = bert::read_questions(call.validation, true);
  }
  auto [model, warnings] = bert::start_task<bert::BertForQuestionAnswering>(
      call.model, {.task = bert::Task::question_answering}, start_options(call));
  const bert::Config config = model.bert.config;
  const bert::AnsweringOptions options{.max_length = fit.max_length, .overlap = fit.overlap};
  return started(std::make_unique<bert::Answering>(std::move(model), std::move(tokenizer), training,
                                                   validation, options),
                 config, warnings, std::ssize(training.questions), std::ssize(validation.questions));
}

// ---- Two towers ----

StartedTask start_similarity(const FinetuneCall& call, const bert::FitOptions& fit,
                             bert::Tokenizer tokenizer) {
  const auto [training, validation] = read_tables(call, bert::LabelKind::number);
  bert::Checkpoint checkpoint = bert::read_checkpoint(call.model);
  if (!std::isnan(call.dropout))
    checkpoint.config.hidden_dropout_prob = checkpoint.config.attention_probs_dropout_prob = call.dropout;
  auto [body, warnings] = bert::bare_bert(std::move(checkpoint));
  const bert::Config config = body.config;
  bert::SimilarityOptions options{.fit = fit,
                                  .loss = bert::similarity_loss_by_name(call.loss),
                                  .temperature = call.temperature,
                                  .alike_from = call.alike_from};
  return started(std::make_unique<bert::Similarity>(bert::SentenceEncoder(std::move(body)),
                                                    std::move(tokenizer), training, validation, options),
                 config, warnings, std::ssize(training.rows), std::ssize(validation.rows));
}

// ---- Pronouns ----

StartedTask start_pronouns(const FinetuneCall& call, const bert::FitOptions&, bert::Tokenizer tokenizer) {
  const auto cases_of = [](const std::filesystem::path& file) {
    return bert::pronoun_cases(bert::read_labelled_texts(file, bert::LabelKind::name));
  };
  std::vector<bert::PronounCase> training = cases_of(call.training), validation;
  if (call.validation.empty()) {
    hold_out(training, validation, call);
  } else {
    validation = cases_of(call.validation);
  }
  const auto counted_training = std::ssize(training), counted_validation = std::ssize(validation);
  bert::Checkpoint checkpoint = bert::read_checkpoint(call.model);
  if (!std::isnan(call.dropout))
    checkpoint.config.hidden_dropout_prob = checkpoint.config.attention_probs_dropout_prob = call.dropout;
  bert::BertForPreTraining model = bert::model_to_load(checkpoint, [&] {
    Rng rng(static_cast<uint64_t>(call.seed));
    return bert::BertForPreTraining(checkpoint.config, rng);
  });
  bert::load_weights(checkpoint, model);
  const bert::Config config = model.bert.config;
  return started(std::make_unique<bert::Pronouns>(std::move(model), std::move(tokenizer), std::move(training),
                                                  std::move(validation), call.pronoun),
                 config, checkpoint.warnings, counted_training, counted_validation);
}

using Start = StartedTask (*)(const FinetuneCall&, const bert::FitOptions&, bert::Tokenizer);

constexpr std::array<std::pair<const char*, Start>, 7> tasks = {{{"classification", start_classification},
                                                                 {"regression", start_classification},
                                                                 {"entities", start_entities},
                                                                 {"questions", start_questions},
                                                                 {"choices", start_choices},
                                                                 {"similarity", start_similarity},
                                                                 {"pronouns", start_pronouns}}};

}  // namespace

std::vector<std::string> task_names() {
  std::vector<std::string> names;
  for (const auto& [name, start] : tasks) names.emplace_back(name);
  return names;
}

StartedTask start_training(const FinetuneCall& call) {
  const bert::Config config = bert::load_config(call.model / "config.json");
  if (call.freeze > config.num_hidden_layers)
    fail<WrongCall>("--freeze {} is more than the {} of {}", call.freeze,
                    counted(config.num_hidden_layers, "layer"), call.model.string());
  const Start start =
      std::ranges::find(tasks, call.task, [](const auto& task) { return task.first; })->second;
  bert::Tokenizer tokenizer = bert::load_tokenizer(call.model);
  check_vocabulary("finetune", tokenizer, config);
  StartedTask made =
      start(call, fit_for(call.model, config.max_position_embeddings, call.fit, call.said("--max-length")),
            std::move(tokenizer));
  made.task->hide_pieces(call.hidden);
  if (call.freeze > 0) bert::freeze_layers(made.task->model(), call.freeze);
  return made;
}

}  // namespace gradus::app
