// Heads: what is lost without each, and which finds whom a pronoun means.
#include <algorithm>
#include <functional>
#include <memory>

#include "app/command.hpp"
#include "app/input/model_files.hpp"
#include "app/input/row_length.hpp"
#include "app/input/task_folder.hpp"
#include "app/probe/probe_call.hpp"
#include "app/terminal/progress.hpp"
#include "autograd/file.hpp"
#include "bert/inspection/antecedents.hpp"
#include "bert/tasks/classification.hpp"
#include "plot/heat_map.hpp"
#include "plot/svg_file.hpp"

namespace gradus::app {
namespace {

/// A number for each head, layers from top to bottom.
std::string picture_of(const std::string& title, const std::vector<double>& values,
                       const bert::Config& config, bool diverging) {
  plot::HeatMap map;
  map.title = title;
  map.row_title = "layer";
  map.column_title = "head";
  for (int64_t layer = 1; layer <= config.num_hidden_layers; ++layer)
    map.rows.push_back(std::to_string(layer));
  for (int64_t head = 1; head <= config.num_attention_heads; ++head)
    map.columns.push_back(std::to_string(head));
  map.values = values;
  map.diverging = diverging;
  map.decimals = 3;
  return plot::to_svg_file(plot::draw(map));
}

nlohmann::ordered_json json_of(const bert::HeadName& head) {
  return {{"layer", head.layer + 1}, {"head", head.head + 1}};
}

std::string name_of(const bert::HeadName& head) {
  return fmt::format("layer {}, head {}", head.layer + 1, head.head + 1);
}

/// A model whose accuracy on some examples can be counted again and again.
struct Scored {
  std::shared_ptr<const nn::Module> owner;  // of `body`
  const bert::Bert* body = nullptr;
  std::function<double()> accuracy;
  int64_t examples = 0;
};

Scored scored_classifier(const ProbeCall& call) {
  auto opened = open_task<bert::BertForSequenceClassification>("probe", call.model);
  if (opened.model.task.regression)
    fail<WrongCall>("{} gives numbers, and a classifier is wanted", call.model.string());
  auto model = std::make_shared<const bert::BertForSequenceClassification>(std::move(opened.model));
  const bert::LabelledTexts texts = bert::read_labelled_texts(call.train, bert::LabelKind::name);
  const bert::FittedTexts rows = bert::fit_texts(
      opened.tokenizer, texts, fit_for(call.model, model->bert.config.max_position_embeddings, {}, false));
  const auto accuracy = [own = model.get(), texts, rows, pad = opened.tokenizer.special_ids().pad] {
    return bert::judge(own->task, texts, bert::classify(*own, rows, pad), bert::Detail::figures_only).value();
  };
  const bert::Bert* body = &model->bert;
  return {std::move(model), body, accuracy, std::ssize(texts.rows)};
}

/// By the noun that the MLM head names.
Scored scored_pronouns(const ProbeCall& call) {
  OpenedModel opened = open_model("probe", call.model);
  auto model = std::make_shared<const bert::BertForPreTraining>(std::move(opened.model));
  const std::vector<bert::PronounCase> cases =
      bert::pronoun_cases(bert::read_labelled_texts(call.train, bert::LabelKind::name));
  const std::vector<bert::PronounRow> rows =
      bert::pronoun_rows(opened.tokenizer, cases, call.pronoun, model->bert.config.max_position_embeddings);
  const auto accuracy = [own = model.get(), cases, rows, pad = opened.tokenizer.special_ids().pad] {
    return bert::judge_pronouns(cases, bert::name_pronouns(*own, rows, pad), bert::Detail::figures_only)
        .value();
  };
  const bert::Bert* body = &model->bert;
  return {std::move(model), body, accuracy, std::ssize(cases)};
}

}  // namespace

void probe_heads(const ProbeCall& call) {
  const bool is_task = bert::find_task_config(call.model / "config.json").has_value();
  const Scored scored = is_task ? scored_classifier(call) : scored_pronouns(call);
  const bert::Bert& body = *scored.body;
  const double whole = scored.accuracy();
  const std::vector<bert::HeadName> heads = bert::all_heads(body);
  Progress progress("without each head");
  std::vector<double> without;
  for (size_t i = 0; i < heads.size(); ++i) {
    progress.update(static_cast<double>(i) / static_cast<double>(heads.size()));
    const bert::HeadAblation ablation(body, {heads[i]});
    without.push_back(scored.accuracy());
  }
  double none = 0;
  {
    const bert::HeadAblation ablation(body, heads);
    none = scored.accuracy();
  }
  progress.clear();
  std::vector<double> lost;
  for (const double value : without) lost.push_back(whole - value);
  if (!call.svg.empty())
    write_file_atomically(call.svg,
                          picture_of("Accuracy that is lost without each head", lost, body.config, true));
  if (call.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (size_t i = 0; i < heads.size(); ++i) {
      nlohmann::ordered_json entry = json_of(heads[i]);
      entry["accuracy"] = without[i];
      list.push_back(entry);
    }
    return print({{"what", "heads"}, {"accuracy", whole}, {"without", list}, {"without_any", none}});
  }
  std::string text =
      fmt::format("accuracy with all heads     {:.3f}   of {}\n", whole, counted(scored.examples, "example"));
  for (size_t i = 0; i < heads.size(); ++i)
    text +=
        fmt::format("without {:<20}{:.3f}   {:+.3f}\n", name_of(heads[i]), without[i], without[i] - whole);
  print(text + fmt::format("without any head            {:.3f}   {:+.3f}\n", none, none - whole));
}

void probe_antecedents(const ProbeCall& call) {
  const OpenedBert opened = open_bert("probe", call.model);
  const auto cases_of = [](const std::filesystem::path& file) {
    return bert::pronoun_cases(bert::read_labelled_texts(file, bert::LabelKind::name));
  };
  const std::vector<bert::PronounCase> chosen_on = cases_of(call.train), scored_on = cases_of(call.test);
  Progress progress("reading attention");
  const auto scores_of = [&](const std::vector<bert::PronounCase>& cases) {
    return bert::antecedent_scores(opened.model, opened.tokenizer, cases, call.pronoun,
                                   [&] { progress.update(-1); });
  };
  const std::vector<bert::HeadScore> chosen = scores_of(chosen_on), scored = scores_of(scored_on);
  progress.clear();
  const auto best = static_cast<size_t>(&bert::best_head(chosen) - chosen.data());
  std::vector<double> values;
  for (const bert::HeadScore& score : scored) values.push_back(score.accuracy);
  if (!call.svg.empty())
    write_file_atomically(
        call.svg, picture_of(fmt::format("How often a head looks from '{}' at whom it means", call.pronoun),
                             values, opened.model.config, false));
  if (call.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (size_t i = 0; i < scored.size(); ++i) {
      nlohmann::ordered_json entry = json_of(scored[i].head);
      entry["accuracy"] = scored[i].accuracy;
      entry["accuracy_on_train"] = chosen[i].accuracy;
      list.push_back(entry);
    }
    return print({{"what", "antecedents"},
                  {"best", json_of(scored[best].head)},
                  {"accuracy", scored[best].accuracy},
                  {"heads", list}});
  }
  std::string text = fmt::format("{:<20}  {:>6}  {:>6}\n", "", "TRAIN", "TEST");
  for (size_t i = 0; i < scored.size(); ++i)
    text += fmt::format("{:<20}  {:>6.3f}  {:>6.3f}{}\n", name_of(scored[i].head), chosen[i].accuracy,
                        scored[i].accuracy, i == best ? "   the best on TRAIN" : "");
  print(text);
}

}  // namespace gradus::app
