// Heads that look from a pronoun at the noun that it means.
#include "bert/inspection/antecedents.hpp"

#include "autograd/ops.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"
#include "support/error_text.hpp"

using namespace gradus;
using namespace gradus::bert;
using test::error_text;

namespace {

Tokenizer words() {
  return Tokenizer(Vocab({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "dog", "egg", "it", "was",
                          "##s",   "ate",   ".",     "good",  "bad",    "old", "a",   "b",   "c",  "d"}));
}

/// A model of one layer whose head 0 looks from "it" at "dog" whatever else there is, and head 1 at "egg": q
/// of "it" and k of the noun are large in one direction of the head.
Bert looking_model() {
  Config config = test::small_config();
  config.num_hidden_layers = 1;
  config.num_attention_heads = 3;
  config.max_position_embeddings = 16;
  config.initializer_range = 1e-3;
  Rng rng(1);
  Bert model(config, rng);
  const NoGrad no_grad;
  Tensor table = model.embeddings.word_embeddings.weight.detach();  // [V, H]
  const auto set = [](Tensor row, const std::vector<double>& values) {
    row.copy_(tensor(values).to(DType::f32));
  };
  std::vector<double> it(12, 0), dog(12, 0), egg(12, 0), wants(12, 0), offers(12, 0), offers_egg(12, 0);
  it[0] = dog[1] = egg[2] = 1;
  wants[0] = offers[1] = offers_egg[2] = 6;
  set(table.select(0, 8), it);
  set(table.select(0, 6), dog);
  set(table.select(0, 7), egg);
  const nn::MultiHeadAttention& attention = model.encoder.layers[0].attention;
  set(attention.query.weight.detach().select(0, 0), wants);
  set(attention.key.weight.detach().select(0, 0), offers);
  set(attention.query.weight.detach().select(0, 4), wants);  // a head has four rows
  set(attention.key.weight.detach().select(0, 4), offers_egg);
  return model;
}

}  // namespace

TEST_CASE("antecedents: the head that looks at the right noun is found, wherever the nouns stand") {
  const Bert model = looking_model();
  const std::vector<PronounCase> cases = {
      {"The dog ate the eggs . it was bad", "the dog", "the eggs", true, "t.tsv, line 1"},
      {"it was the egg the dog ate . it was bad", "the egg", "the dog", false, "t.tsv, line 2"}};
  const std::vector<HeadScore> scores = antecedent_scores(model, words(), cases);
  REQUIRE(scores.size() == 3);
  CHECK(scores[0].accuracy == 1);
  CHECK(scores[1].accuracy == 0);
  CHECK(best_head(scores).head == HeadName{0, 0});
  std::vector<PronounCase> wrong = cases;
  for (PronounCase& one : wrong) one.first_is_right = !one.first_is_right;
  CHECK(antecedent_scores(model, words(), wrong)[0].accuracy == 0);
  wrong[0].first_is_right = true;
  CHECK(antecedent_scores(model, words(), wrong)[0].accuracy == 0.5);
}

TEST_CASE("antecedents: a text without the pronoun or a noun is named") {
  const Bert model = looking_model();
  const auto refusal = [&](const PronounCase& one) {
    return error_text([&] { antecedent_scores(model, words(), {one}); });
  };
  CHECK(refusal({"the dog ate the egg .", "the dog", "the egg", true, "t.tsv, line 1"}) ==
        "t.tsv, line 1: there is no 'it' in 'the dog ate the egg .'");
  CHECK(refusal({"a dog ate the egg . it was bad", "the dog", "the egg", true, "t.tsv, line 1"}) ==
        "t.tsv, line 1: there is no 'the dog' in 'a dog ate the egg . it was bad'");
  CHECK(error_text([&] { antecedent_scores(model, words(), {}); }) == "there is no text with a pronoun");
}
