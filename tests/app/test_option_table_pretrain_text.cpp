// What each option of pretrain does that chooses the text and what is made of it.
#include <algorithm>
#include <set>

#include "app/option_table.hpp"
#include "bert/text/lines.hpp"
#include "bert/text/unicode.hpp"

namespace gradus::test {
namespace {

/// The tokens of the training text, of which the run's settings keep count.
int64_t training_tokens(const Outcome& run) {
  const std::string settings = run.json("run/checkpoints/step-2/training_state.json").at("settings");
  const size_t end = settings.find(" tokens");
  return std::stoll(settings.substr(settings.rfind(' ', end - 1)));
}

Words pieces_of(const Outcome& run) {
  Words pieces;
  bert::for_each_line(run.folder / "run/vocab.txt",
                      [&](std::string_view line) { pieces.emplace_back(line); });
  return pieces;
}

/// The characters that the pieces are made of, but for those of [CLS] and the like.
std::set<char32_t> characters_of(const Outcome& run) {
  std::set<char32_t> characters;
  for (const std::string& piece : pieces_of(run)) {
    if (piece.starts_with("[") && piece.size() > 1) continue;
    for (const char32_t c : bert::decode_utf8(piece.starts_with("##") ? piece.substr(2) : piece))
      characters.insert(c);
  }
  return characters;
}

bool has_capitals(const Outcome& run) {
  return std::ranges::any_of(characters_of(run), [](char32_t c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

std::vector<OptionRow> pretrain_text_rows() {
  const Words small = small_pretraining();
  // Texts and vocabularies of the run's own.
  const Words alone = without(without(small, "--vocab"), "--held-out");
  const Words held_out_alone = with(alone, {"--held-out-fraction", "0"});
  Words twice = small;
  twice.insert(twice.begin() + 1, "../toy/train.txt");
  Words lines = with(with(held_out_alone, {"--no-nsp"}), {"--block-sentences", "3"});
  lines[1] = "../lines.txt";

  return {
      {"pretrain", "TEXT", small, twice,
       [](auto& base, auto& changed) {
         CHECK(training_tokens(changed) == 2 * training_tokens(base));
         CHECK((changed.weight_bytes() != base.weight_bytes()));
       }},
      {"pretrain", "--out", small, with(small, {"--out", "deep/er"}),
       [](auto& base, auto& changed) {
         CHECK((changed.text("deep/er/model.safetensors") == base.weight_bytes()));
         CHECK(changed.has("deep/er/report.html"));
         CHECK(changed.has("deep/er/metrics.csv"));
         CHECK(!changed.has("run"));
       }},
      {"pretrain", "--held-out", small,
       with(small, {"--held-out", "../toy/held-out.txt", "../toy/held-out.txt"}),
       [](auto& base, auto& changed) {
         CHECK((changed.weight_bytes() == base.weight_bytes()));
         CHECK(changed.evaluations().back().positions > 1.5 * base.evaluations().back().positions);
       }},
      {"pretrain", "--held-out-fraction", with(alone, {"--held-out-fraction", "0"}),
       with(alone, {"--held-out-fraction", "0.3"}),
       [](auto& base, auto& changed) {
         CHECK(base.evaluations().empty());
         CHECK(changed.evaluations().size() == 2);
         CHECK(training_tokens(changed) < 0.9 * static_cast<double>(training_tokens(base)));
         CHECK(training_tokens(changed) > 0.5 * static_cast<double>(training_tokens(base)));
       }},
      {"pretrain", "--held-out-fraction", with(small, {"--held-out-fraction", "0"}),
       with(small, {"--held-out-fraction", "0.3"}),
       [](auto&, auto& changed) {
         CHECK(changed.complains("--held-out-fraction is for a text of which a part is held out"));
         CHECK(!changed.has("run"));
       },
       0, 2},
      {"pretrain", "--vocab", without(small, "--vocab"), small,
       [](auto& base, auto& changed) {
         CHECK(changed.text("run/vocab.txt") == read_file(changed.folder / "../vocab.txt"));
         CHECK(pieces_of(base).size() > 150);  // all that the text gives
       }},
      {"pretrain", "--vocab-size", held_out_alone, with(held_out_alone, {"--vocab-size", "100"}),
       [](auto& base, auto& changed) {
         CHECK(pieces_of(changed).size() == 100);
         CHECK(pieces_of(base).size() > 150);
       }},
      {"pretrain", "--alphabet", held_out_alone, with(held_out_alone, {"--alphabet", "12"}),
       [](auto& base, auto& changed) {
         CHECK(characters_of(changed).size() == 12);
         CHECK(characters_of(base).size() > 20);
       }},
      {"pretrain", "--cased", held_out_alone, with(held_out_alone, {"--cased"}),
       [](auto& base, auto& changed) {
         CHECK(has_capitals(changed));
         CHECK(!has_capitals(base));
         CHECK(changed.json("run/tokenizer_config.json").at("do_lower_case") == false);
         CHECK(base.json("run/tokenizer_config.json").at("do_lower_case") == true);
       }},
      {"pretrain", "--google", held_out_alone, with(held_out_alone, {"--google"}),
       [](auto& base, auto& changed) {
         CHECK(!base.json("run/tokenizer_config.json").contains("google_rules"));
         CHECK(changed.json("run/tokenizer_config.json").at("google_rules") == true);
       }},
      {"pretrain", "--block-sentences", lines, with(lines, {"--block-sentences", "6"}),
       [](auto& base, auto& changed) {
         CHECK(base.complains("../lines.txt: 20 documents, 60 sentences"));
         CHECK(changed.complains("../lines.txt: 10 documents, 60 sentences"));
       }},
      {"pretrain", "--map-above", small, with(small, {"--map-above", "0"}),
       [](auto& base, auto& changed) {
         CHECK(!base.has("run/text.tokens"));
         CHECK(changed.has("run/text.tokens"));
         CHECK(changed.has("run/held-out.tokens"));
         CHECK((changed.weight_bytes() == base.weight_bytes()));
       }},
      {"pretrain", "--masked", small, with(small, {"--masked", "0.45"}),
       [](auto& base, auto& changed) {
         CHECK((changed.weight_bytes() != base.weight_bytes()));
         // However a run masks, it is scored on the same gaps.
         CHECK(changed.evaluations().back().positions == base.evaluations().back().positions);
       }},
      {"pretrain", "--masked-at-end", small, with(small, {"--masked-at-end", "0.6"}),
       [](auto& base, auto& changed) {
         CHECK((changed.weight_bytes() != base.weight_bytes()));
         CHECK(changed.evaluations().front().loss == base.evaluations().front().loss);
       }},
      {"pretrain", "--pack", with(small, {"--short-rows", "1"}), with(small, {"--short-rows", "1", "--pack"}),
       [](auto& base, auto& changed) {
         CHECK(changed.last_step().tokens >= base.last_step().tokens);  // rows are as long as --length says
         CHECK((changed.weight_bytes() != base.weight_bytes()));
         CHECK(changed.evaluations().front().pairs == base.evaluations().front().pairs);
       }},
      // (The B that is drawn is seen by its effect on the weights; how many are drawn stays.)
      {"pretrain", "--nearby-negatives", with(small, {"--nearby-negatives", "0"}),
       with(small, {"--nearby-negatives", "1"}),
       [](auto& base, auto& changed) {
         CHECK((changed.weight_bytes() != base.weight_bytes()));
         CHECK(changed.evaluations().back().pairs == base.evaluations().back().pairs);
       }},
      {"pretrain", "--short-rows", with(small, {"--short-rows", "0"}), with(small, {"--short-rows", "1"}),
       [](auto& base, auto& changed) {
         CHECK(changed.evaluations().back().pairs > base.evaluations().back().pairs);  // as each holds less
         CHECK((changed.weight_bytes() != base.weight_bytes()));
       }},
      {"pretrain", "--whole-words", with(small, {"--vocab", "../letters.txt"}),
       with(with(small, {"--vocab", "../letters.txt"}), {"--whole-words"}),
       [](auto& base, auto& changed) {
         CHECK(changed.evaluations().back().pairs == base.evaluations().back().pairs);
         CHECK(changed.evaluations().back().positions == base.evaluations().back().positions);
         CHECK((changed.weight_bytes() != base.weight_bytes()));
       }},
      {"pretrain", "--no-nsp", small, with(small, {"--no-nsp"}),
       [](auto& base, auto& changed) {
         CHECK(base.evaluations().back().pairs > 0);
         CHECK(changed.evaluations().back().pairs == 0);
         CHECK(base.last_step().nsp_loss > 0);
         CHECK(!(changed.last_step().nsp_loss > 0));
         CHECK(changed.weight("cls.seq_relationship.bias") == std::vector<float>{0, 0});
         CHECK(base.weight("cls.seq_relationship.bias") != std::vector<float>{0, 0});
       }},
  };
}

}  // namespace gradus::test

TEST_CASE("options: pretrain, each of its text alone") {
  gradus::test::run_table(gradus::test::pretrain_text_rows());
}
