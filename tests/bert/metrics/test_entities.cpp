#include "bert/metrics/entities.hpp"

#include "bert/metrics/metric_fixtures.hpp"
#include "support/catch.hpp"

using namespace gradus;
using bert::entity_spans;
using bert::EntityScore;
using bert::EntityScores;
using bert::EntitySpan;
using bert::score_entities;
using bert::TagRules;

using Tags = std::vector<std::string>;

namespace {

std::vector<EntitySpan> spans_of(const nlohmann::json& values) {
  std::vector<EntitySpan> spans;
  for (const auto& value : values)
    spans.push_back({value[0].get<size_t>(), value[1].get<size_t>(), value[2].get<std::string>()});
  return spans;
}

void check_score(const EntityScore& score, const nlohmann::json& expected) {
  CHECK(same_figure(score.precision(), expected["precision"]));
  CHECK(same_figure(score.recall(), expected["recall"]));
  CHECK(same_figure(score.f1(), expected["f1-score"]));
  CHECK(score.truly == expected["support"]);
}

void check_scores(const EntityScores& scores, const nlohmann::json& expected) {
  check_score(scores.all, expected["micro avg"]);
  CHECK(same_figure(scores.macro_f1(), expected["macro avg"]["f1-score"]));
  CHECK(scores.by_type.size() + 2 == expected.size());
  for (const auto& [type, score] : scores.by_type) {
    INFO(type);
    REQUIRE(expected.contains(type));
    check_score(score, expected[type]);
  }
}

}  // namespace

TEST_CASE("metrics: entities are found and scored as seqeval does, in both modes") {
  int cases = 0;
  for (const auto& fixture : metric_cases("entities.json")) {
    INFO(fixture.dump());
    ++cases;
    const auto truth = fixture["truth"].get<std::vector<Tags>>();
    const auto predicted = fixture["predicted"].get<std::vector<Tags>>();
    for (size_t s = 0; s < truth.size(); ++s) {
      CHECK(entity_spans(truth[s]) == spans_of(fixture["spans"][s]));
      CHECK(entity_spans(truth[s], TagRules::strict_iob2) == spans_of(fixture["strict_spans"][s]));
    }
    check_scores(score_entities(truth, predicted), fixture["scores"]);
    check_scores(score_entities(truth, predicted, TagRules::strict_iob2), fixture["strict_scores"]);
  }
  CHECK(cases == 18);
}

TEST_CASE("metrics: an I- that begins an entity opens one by conlleval's rules only") {
  const Tags tags = {"I-PER", "O", "B-LOC", "I-PER", "I-PER", "B-PER"};
  CHECK(entity_spans(tags) ==
        std::vector<EntitySpan>{{0, 1, "PER"}, {2, 3, "LOC"}, {3, 5, "PER"}, {5, 6, "PER"}});
  CHECK(entity_spans(tags, TagRules::strict_iob2) == std::vector<EntitySpan>{{2, 3, "LOC"}, {5, 6, "PER"}});
  CHECK(entity_spans(Tags{}).empty());
}

TEST_CASE("metrics: an entity is right only with its type and both ends") {
  const std::vector<Tags> truth = {{"B-PER", "I-PER", "O", "B-LOC", "B-LOC"}};
  const std::vector<Tags> guess = {{"B-PER", "O", "O", "B-LOC", "B-PER"}};
  const EntityScores scores = score_entities(truth, guess);
  CHECK(scores.all.right == 1);
  CHECK(scores.all.precision() == 1.0 / 3);
  CHECK(scores.by_type.at("PER").f1() == 0);
  CHECK(same_figure(scores.by_type.at("LOC").f1(), 2.0 / 3));
  CHECK(same_figure(scores.macro_f1(), 1.0 / 3));
}

TEST_CASE("metrics: without any entity the figures are 0") {
  const std::vector<Tags> truth = {{"O", "O"}};
  const EntityScores scores = score_entities(truth, truth);
  CHECK(scores.by_type.empty());
  CHECK(scores.all.precision() == 0);
  CHECK(scores.all.recall() == 0);
  CHECK(scores.all.f1() == 0);
  CHECK(scores.macro_f1() == 0);
}

TEST_CASE("metrics: tags that are none and sentences that differ are refused") {
  CHECK_THROWS_WITH(entity_spans(Tags{"O", "PER"}),
                    "entities: tag 1 is \"PER\", but must be O, B-type or I-type");
  CHECK_THROWS_WITH(entity_spans(Tags{"B-"}), "entities: tag 0 is \"B-\", but must be O, B-type or I-type");
  CHECK_THROWS_WITH(entity_spans(Tags{"E-PER"}),
                    "entities: tag 0 is \"E-PER\", but must be O, B-type or I-type");
  const std::vector<Tags> none, one = {{"O"}}, two = {{"O"}, {"O"}}, longer = {{"O"}, {"O", "O"}},
                                bad = {{"O"}, {""}};
  CHECK_THROWS_WITH(score_entities(one, two), "entities: 1 true and 2 predicted sentences; each needs both");
  CHECK_THROWS_WITH(score_entities(none, none), "entities: there is no sentence to count");
  CHECK_THROWS_WITH(score_entities(two, longer), "entities: sentence 1 has 1 true and 2 predicted tags");
  CHECK_THROWS_WITH(score_entities(bad, two),
                    "entities: true sentence 1: tag 0 is \"\", but must be O, B-type or I-type");
  CHECK_THROWS_WITH(score_entities(two, bad),
                    "entities: predicted sentence 1: tag 0 is \"\", but must be O, B-type or I-type");
}
