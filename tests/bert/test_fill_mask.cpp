// What fills in a [MASK], and what it does to the model's mode.
#include "bert/fill_mask.hpp"

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
                    "fill-mask: the model's probabilities are NaN; look at its training, or run it under "
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
