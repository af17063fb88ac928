#include "bert/training/training_samples.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "bert/evaluation/fill_mask.hpp"
#include "bert/report/model_attention.hpp"

namespace gradus::bert {
namespace {

using json = nlohmann::ordered_json;

constexpr int64_t pieces_per_mask = 6;
constexpr int64_t guesses_shown = 5;

Tensor row_tensor(const std::vector<int64_t>& ids) {
  return tensor(ids, Shape{1, static_cast<int64_t>(ids.size())});  // [1, S]
}

}  // namespace

TrainingSamples::TrainingSamples(const TokenizedCorpus& corpus, const Tokenizer& tokenizer, int64_t count,
                                 int64_t pieces, uint64_t seed)
    : tokenizer_(tokenizer) {
  const int64_t documents = corpus.documents();
  count = std::min(count, documents);
  for (int64_t i = 0; i < count; ++i) {
    const auto document = corpus.document(i * documents / count);
    const auto n = std::min<int64_t>(pieces, static_cast<int64_t>(document.size()));
    Row row;
    row.ids.push_back(tokenizer.special_ids().cls);
    row.ids.insert(row.ids.end(), document.begin(), document.begin() + n);
    row.ids.push_back(tokenizer.special_ids().sep);
    Rng rng = Rng(seed).split(static_cast<uint64_t>(i));
    std::vector<int64_t> places;
    for (int64_t at = 1; at <= n; ++at) {  // what is [UNK] has no right answer
      if (!tokenizer.is_special(static_cast<TokenId>(row.ids[static_cast<size_t>(at)]))) places.push_back(at);
    }
    if (places.empty()) continue;
    rng.shuffle(places);
    places.resize(std::min(places.size(), static_cast<size_t>(std::max<int64_t>(1, n / pieces_per_mask))));
    std::sort(places.begin(), places.end());
    row.positions = places;
    row.masked_ids = row.ids;

    SampleSentence sentence;
    for (const int64_t id : row.ids)
      sentence.pieces.push_back(tokenizer.vocab().piece(static_cast<TokenId>(id)));
    for (const int64_t at : places) {
      row.masked_ids[static_cast<size_t>(at)] = tokenizer.special_ids().mask;
      sentence.blanks.push_back({static_cast<size_t>(at), sentence.pieces[static_cast<size_t>(at)], {}});
    }
    rows_.push_back(std::move(row));
    sentences_.push_back(std::move(sentence));
  }
}

void TrainingSamples::observe(const BertForPreTraining& model, int64_t step) {
  const nn::EvalMode eval(model);
  const NoGrad no_grad;
  for (size_t i = 0; i < rows_.size(); ++i) {
    const PretrainingOutput out =
        model(row_tensor(rows_[i].masked_ids), Tensor(), Tensor(), tensor(rows_[i].positions));
    const Tensor probabilities = softmax(out.mlm_logits).to(DType::f64);  // [n, V]
    for (size_t k = 0; k < sentences_[i].blanks.size(); ++k) {
      SampleMoment moment{step, {}};
      const std::vector<double> row = probabilities.select(0, static_cast<int64_t>(k)).to_vector<double>();
      for (const Candidate& c : best_candidates(row, guesses_shown, tokenizer_)) {
        moment.guesses.push_back({c.piece, c.probability});
      }
      std::vector<SampleMoment>& moments = sentences_[i].blanks[k].moments;
      if (!moments.empty() && moments.back().step == step) moments.pop_back();
      moments.push_back(std::move(moment));
    }
  }
}

std::string TrainingSamples::to_json() const {
  json list = json::array();
  for (const SampleSentence& sentence : sentences_) {
    for (const SampleBlank& blank : sentence.blanks) {
      json moments = json::array();
      for (const SampleMoment& moment : blank.moments) {
        json guesses = json::array();
        for (const Guess& guess : moment.guesses) guesses.push_back({guess.word, guess.probability});
        moments.push_back({{"step", moment.step}, {"guesses", guesses}});
      }
      list.push_back({{"answer", blank.answer}, {"moments", moments}});
    }
  }
  return json{{"blanks", list}}.dump() + "\n";
}

void TrainingSamples::restore(const std::string& text, int64_t step, const std::filesystem::path& file) {
  std::vector<SampleBlank> read;
  try {
    const json object = json::parse(text);
    for (const json& blank : object.at("blanks")) {
      read.push_back({0, blank.at("answer"), {}});
      for (const json& moment : blank.at("moments")) {
        if (moment.at("step").get<int64_t>() > step) break;
        read.back().moments.push_back({moment.at("step"), {}});
        for (const json& guess : moment.at("guesses"))
          read.back().moments.back().guesses.push_back({guess.at(0), guess.at(1)});
      }
    }
  } catch (const json::exception&) {
    fail<FormatError>("{}: these are not the samples of a run; remove the file to go on without them",
                      file.string());
  }
  std::vector<SampleBlank*> own;
  for (SampleSentence& sentence : sentences_) {
    for (SampleBlank& blank : sentence.blanks) own.push_back(&blank);
  }
  const auto same = [](const SampleBlank* a, const SampleBlank& b) { return a->answer == b.answer; };
  if (!std::equal(own.begin(), own.end(), read.begin(), read.end(), same)) return;
  for (size_t i = 0; i < own.size(); ++i) own[i]->moments = std::move(read[i].moments);
}

AttentionPage TrainingSamples::attention(const BertForPreTraining& model) const {
  Encoding encoding;
  encoding.pieces = sentences_[0].pieces;
  encoding.ids.assign(rows_.at(0).ids.begin(), rows_.at(0).ids.end());
  encoding.token_type_ids.assign(encoding.ids.size(), 0);
  return model_attention(model.bert, encoding);
}

}  // namespace gradus::bert
