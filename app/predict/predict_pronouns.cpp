// Whom a pronoun means, by the noun that the MLM head rates higher in its place.
#include <algorithm>
#include <map>

#include "app/command.hpp"
#include "app/finetune/task_run.hpp"
#include "app/input/model_files.hpp"
#include "app/predict/predict_call.hpp"
#include "app/predict/table_groups.hpp"
#include "autograd/ops.hpp"
#include "bert/tasks/pronouns.hpp"

namespace gradus::app {
namespace {

std::vector<bert::PronounCase> some_of(const std::vector<bert::PronounCase>& cases,
                                       const std::vector<int64_t>& which) {
  std::vector<bert::PronounCase> some;
  for (const int64_t i : which) some.push_back(cases[static_cast<size_t>(i)]);
  return some;
}

void print_score(const PredictCall& call, const bert::LabelledTexts& texts,
                 const std::vector<bert::PronounCase>& cases, const Tensor& said) {
  const bert::Findings findings = bert::judge_pronouns(cases, said, bert::Detail::all);
  std::vector<int64_t> truth;
  for (const bert::PronounCase& one : cases) truth.push_back(one.first_is_right ? 0 : 1);
  const auto of_rows = [&](const std::vector<int64_t>& rows) {
    return bert::judge_pronouns(some_of(cases, rows), index_select(said, 0, tensor(rows)),
                                bert::Detail::figures_only);
  };
  print_groups(call, columns_of(texts), findings, right_rows(said, truth), of_rows);
}

}  // namespace

void predict_pronouns(const PredictCall& call) {
  if (call.file.empty())
    fail<WrongCall>("--pronoun reads a FILE with the columns text, first_noun and second_noun");
  const auto [tokenizer, model] = open_model("predict", call.model);
  const bert::LabelledTexts texts =
      bert::read_labelled_texts(call.file, call.score ? bert::LabelKind::name : bert::LabelKind::none);
  check_columns(call, columns_of(texts));
  const std::vector<bert::PronounCase> cases = bert::pronoun_cases(texts, call.score);
  const Tensor said = bert::name_pronouns(
      model, bert::pronoun_rows(tokenizer, cases, call.pronoun, model.bert.config.max_position_embeddings),
      tokenizer.special_ids().pad);
  if (call.score) return print_score(call, texts, cases, said);
  const std::vector<double> shares = softmax(said.to(DType::f64)).to_vector<double>();  // [N, 2]
  std::string out = call.json ? "" : "noun\tprobability\ttext\n";
  for (size_t i = 0; i < cases.size(); ++i) {
    const bool first = shares[2 * i] >= shares[2 * i + 1];
    const std::string& noun = first ? cases[i].first : cases[i].second;
    const double share = std::max(shares[2 * i], shares[2 * i + 1]);
    if (call.json) {
      const nlohmann::ordered_json object{{"text", cases[i].text}, {"noun", noun}, {"probability", share}};
      out += object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    } else {
      out += fmt::format("{}\t{:.4f}\t{}\n", noun, share, cases[i].text);
    }
  }
  print(out);
}

}  // namespace gradus::app
