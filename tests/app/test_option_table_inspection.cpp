// What each option of similarity and probe does.
#include <cmath>

#include "app/option_table.hpp"

namespace gradus::test {
namespace {

void other_output(const Outcome& base, const Outcome& changed) {
  CHECK(base.result.out != changed.result.out);
}

/// The words of `call` with `word` in place of the one at `place`.
Words at(Words call, size_t place, const std::string& word) {
  call[place] = word;
  return call;
}

}  // namespace

std::vector<OptionRow> similarity_rows() {
  const Words all = {"similarity", "../model", "../pairs.tsv"};
  const Words scored = with(all, {"--score"}), json = with(scored, {"--json"});
  const Words whitened = with(json, {"--cure", "whiten"}), removed = with(json, {"--cure", "remove"});
  const Words kept = with(with(json, {"--cure", "centre"}), {"--save", "cure.safetensors"});
  return {
      {"similarity", "MODEL", all, at(all, 1, "../other"), other_output},
      {"similarity", "FILE", all, at(all, 2, "../others.tsv"),
       [](auto&, auto& changed) { CHECK(changed.says("\tTom\tAnna\n")); }},
      {"similarity", "--score", all, scored,
       [](auto& base, auto& changed) {
         CHECK(base.says("cosine\ttext\tpair\n"));
         CHECK(changed.says("Spearman"));
         CHECK(changed.says("mean cosine of random pairs"));
       }},
      {"similarity", "--layers", all, with(all, {"--layers", "0"}), other_output},
      {"similarity", "--cure", json, whitened,
       [](auto& base, auto& changed) {
         CHECK(base.json().size() == 1);
         const auto both = changed.json();
         CHECK(std::abs(both.at("whiten").at("mean_cosine").template get<double>()) <
               std::abs(both.at("as they are").at("mean_cosine").template get<double>()));
       }},
      {"similarity", "--components", removed, with(removed, {"--components", "3"}), other_output},
      {"similarity", "--fit", whitened, with(whitened, {"--fit", "../toy/train.txt"}), other_output},
      {"similarity", "--save", with(json, {"--cure", "centre"}), kept,
       [](auto& base, auto& changed) {
         CHECK(!base.has("cure.safetensors"));
         CHECK(changed.has("cure.safetensors"));
         CHECK(base.result.out == changed.result.out);
       }},
      {"similarity", "--use", json, with(json, {"--use", "../centre.safetensors"}),
       [](auto&, auto& changed) {
         CHECK(std::abs(changed.json().at("../centre.safetensors").at("mean_cosine").template get<double>()) <
               0.5);
       }},
      {"similarity",
       "--force",
       kept,
       with(kept, {"--force"}),
       [](auto& base, auto&) { CHECK(base.complains("cure.safetensors")); },
       2,
       0,
       "",
       {kept}},
      {"similarity", "--json", scored, json, prints_json({"as they are"})},
  };
}

std::vector<OptionRow> probe_rows() {
  const Words texts = {"probe", "texts", "../model", "../moods.tsv", "../moods.tsv"};
  const Words heads = {"probe", "heads", "../moods", "../moods.tsv"};
  const Words tokens = {"probe", "tokens", "../moods", "--text", "Tom was happy."};
  const Words nouns = {"probe", "antecedents", "../model", "../nouns.tsv", "../nouns.tsv"};
  const Words words = {"probe", "words", "../model", "../old.conll", "../old.conll"};
  const Words drawn = with(heads, {"--svg", "heads.svg"});
  return {
      {"probe", "WHAT", at(nouns, 1, "texts"), nouns,
       [](auto& base, auto& changed) {
         CHECK(base.says("layer  accuracy\n"));
         CHECK(changed.says("the best on TRAIN"));
       }},
      {"probe",
       "MODEL",
       tokens,
       at(tokens, 2, "tuned"),
       other_output,
       0,
       0,
       "",
       {{"finetune", "classification", "../other", "../moods.tsv", "--out", "tuned", "--epochs", "1"}}},
      {"probe", "TRAIN", at(texts, 4, "../kinds.tsv"), at(at(texts, 4, "../kinds.tsv"), 3, "../kinds.tsv"),
       other_output},
      {"probe", "TEST", texts, at(texts, 4, "../kinds.tsv"), other_output},
      {"probe", "--text", tokens, with(tokens, {"--text", "Anna was hungry."}),
       [](auto&, auto& changed) { CHECK(changed.says("\nanna ")); }},
      {"probe", "--pair", tokens, with(tokens, {"--pair", "He ate."}),
       [](auto& base, auto& changed) { CHECK(base.result.out.size() < changed.result.out.size()); }},
      {"probe", "--label", with(tokens, {"--label", "glad"}), with(tokens, {"--label", "sad"}),
       [](auto& base, auto& changed) {
         CHECK(base.says("for 'glad'"));
         CHECK(changed.says("for 'sad'"));
       }},
      {"probe", "--of", words, with(words, {"--of", "positions"}), other_output},
      {"probe", "--pronoun", with(nouns, {"--pronoun", "it"}), with(nouns, {"--pronoun", "that"}),
       other_output},
      {"probe", "--steps", with(tokens, {"--json", "--steps", "1"}),
       with(tokens, {"--json", "--steps", "64"}),
       [](auto& base, auto& changed) {
         const auto gap = [](const Outcome& call) { return std::abs(call.json().at("gap").get<double>()); };
         CHECK(gap(changed) < 1e-4);
         CHECK(gap(changed) <= gap(base));
       }},
      {"probe", "--svg", heads, drawn,
       [](auto& base, auto& changed) {
         CHECK(!base.has("heads.svg"));
         CHECK(changed.text("heads.svg").starts_with("<svg"));
       }},
      {"probe",
       "--force",
       drawn,
       with(drawn, {"--force"}),
       [](auto& base, auto&) { CHECK(base.complains("heads.svg")); },
       2,
       0,
       "",
       {drawn}},
      {"probe", "--json", heads, with(heads, {"--json"}),
       prints_json({"what", "accuracy", "without", "without_any"})},
  };
}

}  // namespace gradus::test

using namespace gradus::test;

TEST_CASE("options: similarity, each alone") { run_table(similarity_rows()); }
TEST_CASE("options: probe, each alone") { run_table(probe_rows()); }
