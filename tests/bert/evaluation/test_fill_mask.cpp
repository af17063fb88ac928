// What fills in a [MASK], and what it does to the model's mode.
#include "bert/evaluation/fill_mask.hpp"

#include <limits>

#include "support/bert_helpers.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::bert;

namespace {

const Tokenizer tokenizer(Vocab({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c"}));

BertForPreTraining make_model() {
  Rng rng(1);
  return {test::small_config(), rng};
}

}  // namespace

TEST_CASE("best_candidates: the most probable pieces, special ones left out") {
  const std::vector<Candidate> best = best_candidates({9, 9, 9, 9, 9, 0.25, 0.5, 0.25}, 2, tokenizer);
  REQUIRE(best.size() == 2);
  CHECK(best[0].piece == "b");
  CHECK(best[1].piece == "a");
  CHECK(best_candidates({0, 0, 0, 0, 0, 0.25, 0.5, 0.25}, 100, tokenizer).size() == 3);
}

TEST_CASE("fill_mask refuses fewer than one candidate, and a model that gives NaN") {
  const BertForPreTraining model = make_model();
  for (const int64_t k : {0, -1}) {
    const std::string message =
        fmt::format("fill-mask: the number of candidates must be at least 1, not {}", k);
    CHECK_THROWS_WITH(best_candidates({0, 0, 0, 0, 0, 0.5, 0.5, 0}, k, tokenizer), message);
    CHECK_THROWS_WITH(fill_mask(model, tokenizer, "a [MASK]", k), message);
  }
  CHECK(fill_mask(model, tokenizer, "a [MASK]", 1).masks.at(0).candidates.size() == 1);
  Tensor(model.cls.predictions.bias).detach().fill_(std::numeric_limits<double>::quiet_NaN());
  CHECK_THROWS_WITH(fill_mask(model, tokenizer, "a [MASK]", 1),
                    "the model's probabilities are NaN: take an earlier checkpoint, or run it under "
                    "DetectAnomaly to find the part");
}

TEST_CASE("fill_mask puts back the mode of every part, also when it throws") {
  const BertForPreTraining model = make_model();
  model.bert.encoder.eval();
  const auto same_modes = [&] { return model.is_training() && !model.bert.encoder.is_training(); };
  fill_mask(model, tokenizer, "a [MASK]", 1);
  CHECK(same_modes());
  std::string too_long = "[MASK]";
  for (int i = 0; i < 600; ++i) too_long += " a";
  CHECK_THROWS_AS(fill_mask(model, tokenizer, too_long, 1), IndexError);
  CHECK(same_modes());
}

namespace {

/// A model that gives the pieces `best`, the first of them first, in every gap.
BertForPreTraining model_that_says(const Tokenizer& words, const std::vector<std::string>& best) {
  Rng rng(1);
  Config config = test::small_config();
  config.max_position_embeddings = 32;
  config.vocab_size = words.vocab().size();
  BertForPreTraining model(config, rng);
  std::vector<float> bias(static_cast<size_t>(config.vocab_size));
  for (size_t i = 0; i < best.size(); ++i)
    bias[static_cast<size_t>(words.vocab().id(best[i]))] = 100 - 20 * static_cast<float>(i);
  Tensor(model.cls.predictions.bias).detach().copy_(tensor(bias));
  return model;
}

const Tokenizer words(Vocab({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "see", "www", "##ing", ".", "org",
                             "天", "地", "。"}));

}  // namespace

TEST_CASE("fill_mask gives the text as it was written, with its gaps filled") {
  const BertForPreTraining model = model_that_says(words, {"org", "see"});
  const FilledText filled =
      fill_mask(model, words, "See  WWW.debian.[MASK], \xE2\x98\x83 \xC3\xA9t\xC3\xA9 [MASK]!", 1);
  CHECK(filled.text == "See  WWW.debian.org, \xE2\x98\x83 \xC3\xA9t\xC3\xA9 org!");
  CHECK(filled.marked == "See  WWW.debian.[org], \xE2\x98\x83 \xC3\xA9t\xC3\xA9 [org]!");
  CHECK(filled.unknown == std::vector<std::string>{"debian", ",", "\xE2\x98\x83", "\xC3\xA9t\xC3\xA9", "!"});
  CHECK(fill_mask(model, words, "\u5929[MASK]\u3002\u5929", 1).marked == "\u5929[org]\u3002\u5929");
  CHECK(fill_mask(model, words, "[UNK] [MASK]", 1).unknown.empty());
  CHECK(fill_mask(model, words, "debian [MASK] debian", 1).unknown == std::vector<std::string>{"debian"});
}

TEST_CASE("fill_mask: a guess that continues a word stands right after it") {
  const BertForPreTraining model = model_that_says(words, {"##ing"});
  CHECK(fill_mask(model, words, "see  [MASK] [MASK].", 1).marked == "see[ing][ing].");
  CHECK(fill_mask(model, words, "[MASK]", 1).text == "ing");
}

TEST_CASE("fill_mask: each text of a pair is given by itself") {
  const BertForPreTraining model = model_that_says(words, {"org"});
  const FilledText filled = fill_mask(model, words, "see this", 1, "www.[MASK]");
  CHECK(filled.text == "see this");
  CHECK(filled.marked_pair == "www.[org]");
  CHECK(filled.pair == "www.org");
  CHECK(filled.unknown == std::vector<std::string>{"this"});
}

TEST_CASE("fill_mask rates the word that stood there") {
  const BertForPreTraining model = model_that_says(words, {"org", "see", "www"});
  const FilledText filled = fill_mask(model, words, "[MASK] [MASK]", 1, {}, {words.vocab().id("www")});
  REQUIRE(filled.masks.at(0).answer);
  CHECK(filled.masks[0].answer->rank == 3);
  CHECK(filled.masks[0].answer->candidate.piece == "www");
  CHECK(filled.masks[0].answer->candidate.probability < filled.masks[0].candidates[0].probability);
  CHECK_FALSE(filled.masks[1].answer);
  CHECK_THROWS_WITH(fill_mask(model, words, "[MASK]", 1, {}, {1}),
                    "fill-mask: 1 is no piece that can be guessed");
}

TEST_CASE("fill_mask: a mask that is written otherwise is named") {
  const BertForPreTraining model = make_model();
  for (const std::string meant : {"[mask]", "[Mask]", "<mask>", "___", "____", "__________"}) {
    CHECK_THROWS_WITH(fill_mask(model, tokenizer, "a " + meant + ".", 1),
                      "there is no [MASK] in the text to fill in; write it so in place of '" + meant + "'");
  }
  CHECK_THROWS_WITH(fill_mask(model, tokenizer, "a mask", 1), "there is no [MASK] in the text to fill in");
}

TEST_CASE("fill_mask with targets rates them alone, as likely as they are among all pieces") {
  const BertForPreTraining model = model_that_says(words, {"org", "see", "www"});
  const auto targets = target_pieces({"WWW", "see", "##ing", "see"}, words);
  CHECK(targets ==
        std::vector<TokenId>{words.vocab().id("www"), words.vocab().id("see"), words.vocab().id("##ing")});
  const FilledText all = fill_mask(model, words, "[MASK] . [MASK]", 100);
  const FilledText some = fill_mask(model, words, "[MASK] . [MASK]", 2, {}, {}, targets);
  REQUIRE(some.masks.size() == 2);
  for (size_t i = 0; i < 2; ++i) {
    REQUIRE(some.masks[i].candidates.size() == 2);
    for (size_t k = 0; k < 2; ++k) {  // the second and third of all
      CHECK(some.masks[i].candidates[k].piece == (k == 0 ? "see" : "www"));
      CHECK(some.masks[i].candidates[k].probability == all.masks[i].candidates[k + 1].probability);
    }
  }
  CHECK(some.marked == "[see] . [see]");
}

TEST_CASE("target_pieces refuses a word that is not one piece which can be guessed") {
  const auto refused = [](const std::string& word, const std::string& message) {
    CHECK_THROWS_WITH(target_pieces({"see", word}, words), "the target '" + word + "' " + message);
  };
  refused("seeing", "is 2 pieces, see ##ing, and a gap takes one");
  refused("see www", "is 2 pieces, see www, and a gap takes one");
  refused("debian", "is not in the vocabulary");
  refused(" ", "is not in the vocabulary");
  refused("[SEP]", "is never guessed");
  refused("[UNK]", "is never guessed");
}
