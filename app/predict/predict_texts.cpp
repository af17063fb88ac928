// The labels or numbers that a model gives to texts, and how good they are.
#include <algorithm>

#include "app/command.hpp"
#include "app/finetune/task_run.hpp"
#include "app/input/input_texts.hpp"
#include "app/input/row_length.hpp"
#include "app/input/task_folder.hpp"
#include "app/predict/predict_call.hpp"
#include "app/predict/table_groups.hpp"
#include "app/terminal/progress.hpp"
#include "autograd/ops.hpp"
#include "bert/tasks/classification.hpp"

namespace gradus::app {
namespace {

using Model = bert::BertForSequenceClassification;

bert::LabelledTexts texts_of(const PredictCall& call, const bert::TaskConfig& task) {
  if (call.file.empty()) {
    check_argument("--text", call.text);
    check_argument("--pair", call.pair);
    return {"--text", !call.pair.empty(), {{call.text, call.pair, "", 0, 1}}};
  }
  const bert::LabelKind kind = !call.score       ? bert::LabelKind::none
                               : task.regression ? bert::LabelKind::number
                                                 : bert::LabelKind::name;
  return bert::read_labelled_texts(call.file, kind);
}

/// A model says something of any text, also of what it has never learnt to read: then a line says so.
void warn_of_pairs(const PredictCall& call, const bert::TaskConfig& task, const bert::LabelledTexts& texts) {
  if (!task.pairs || *task.pairs == texts.has_pairs) return;
  const std::string model = call.model.string(), given = texts.file.string();
  print_error(
      texts.has_pairs
          ? fmt::format("gradus predict: warning: {} has learnt from single texts, and {} gives it pairs: "
                        "what it says of them means little; leave {} out, or fine-tune a model on pairs\n",
                        model, given, call.file.empty() ? "--pair" : "the column of the second texts")
          : fmt::format("gradus predict: warning: {} has learnt from pairs, and {} gives it single texts: "
                        "what it says of them means little; give {}, or fine-tune a model on single texts\n",
                        model, given, call.file.empty() ? "--pair" : "a column pair with the second texts"));
}

/// The rows of these numbers alone.
bert::LabelledTexts some_of(const bert::LabelledTexts& texts, const std::vector<int64_t>& which) {
  bert::LabelledTexts some = texts;
  some.rows.clear();
  for (const int64_t i : which) some.rows.push_back(texts.rows[static_cast<size_t>(i)]);
  return some;
}

void print_score(const PredictCall& call, const bert::TaskConfig& task, const bert::LabelledTexts& texts,
                 const Tensor& said) {
  const auto of_rows = [&](const std::vector<int64_t>& rows) {
    return bert::judge(task, some_of(texts, rows), index_select(said, 0, tensor(rows)),
                       bert::Detail::figures_only);
  };
  const std::vector<bool> right =
      task.regression ? std::vector<bool>() : right_rows(said, bert::targets_of(task, texts).labels);
  print_groups(call, columns_of(texts), bert::judge(task, texts, said, bert::Detail::all), right, of_rows);
}

/// A line for each text: what is said, its probability, the text.
void print_predictions(const PredictCall& call, const bert::TaskConfig& task,
                       const bert::LabelledTexts& texts, const Tensor& said) {
  const std::vector<double> values =
      (task.regression ? said : softmax(said.to(DType::f64))).to(DType::f64).to_vector<double>();
  const size_t width = task.labels.size();
  std::string out;
  if (!call.json)
    out = fmt::format("{}\ttext{}\n", task.regression ? "score" : "label\tprobability",
                      texts.has_pairs ? "\tpair" : "");
  for (size_t i = 0; i < texts.rows.size(); ++i) {
    const auto row = std::span(values).subspan(i * width, width);
    const auto best = static_cast<size_t>(std::ranges::max_element(row) - row.begin());
    const bert::LabelledText& text = texts.rows[i];
    if (call.json) {
      nlohmann::ordered_json object{{"text", text.text}};
      if (texts.has_pairs) object["pair"] = text.pair;
      if (task.regression) {
        object["score"] = row[0];
      } else {
        object["label"] = task.labels[best];
        for (size_t c = 0; c < width; ++c) object["probabilities"][task.labels[c]] = row[c];
      }
      out += object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
      continue;
    }
    out += task.regression ? fmt::format("{:.4g}", row[0])
                           : fmt::format("{}\t{:.4f}", task.labels[best], row[best]);
    out += "\t" + text.text + (texts.has_pairs ? "\t" + text.pair : "") + "\n";
  }
  print(out);
}

}  // namespace

void predict_texts(const PredictCall& call) {
  const auto [tokenizer, model] = open_task<Model>("predict", call.model);
  if (!call.together.empty() && model.task.regression)
    fail<WrongCall>("--together is for labels, and {} gives numbers", call.model.string());
  const bert::LabelledTexts texts = texts_of(call, model.task);
  check_columns(call, columns_of(texts));  // before all the work
  warn_of_pairs(call, model.task, texts);
  if (call.score) bert::targets_of(model.task, texts);
  const bert::FitOptions fit =
      fit_for(call.model, model.bert.config.max_position_embeddings, call.fit, call.said_length);
  const bert::FittedTexts fitted = bert::fit_texts(tokenizer, texts, fit);
  if (const std::string note = bert::note_of_cuts(texts.file.string(), fitted, fit); !note.empty())
    print_error(fmt::format("gradus predict: {}\n", note));
  Progress progress("predicting");
  const Tensor said =
      bert::classify(model, fitted, tokenizer.special_ids().pad, [&] { progress.update(-1); });
  progress.clear();
  call.score ? print_score(call, model.task, texts, said) : print_predictions(call, model.task, texts, said);
}

}  // namespace gradus::app
