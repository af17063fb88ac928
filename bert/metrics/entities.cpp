#include "bert/metrics/entities.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "autograd/error.hpp"
#include "bert/metrics/share.hpp"

namespace gradus::bert {
namespace {

/// `where` begins the sentence of an error: "entities", or with the sentence that is read.
std::vector<EntitySpan> read_spans(std::span<const std::string> tags, TagRules rules,
                                   const std::string& where) {
  std::vector<EntitySpan> spans;
  bool inside = false;
  for (size_t i = 0; i < tags.size(); ++i) {
    const std::string_view tag = tags[i];
    if (!is_entity_tag(tag))
      fail<ValueError>("{}: tag {} is \"{}\", but must be O, B-type or I-type", where, i, tag);
    if (tag == "O") {
      inside = false;
      continue;
    }
    const std::string_view type = tag.substr(2);
    if (tag[0] == 'I' && inside && spans.back().type == type) {
      spans.back().end = i + 1;
    } else {
      inside = tag[0] == 'B' || rules == TagRules::conlleval;
      if (inside) spans.push_back({i, i + 1, std::string(type)});
    }
  }
  return spans;
}

}  // namespace

bool is_entity_tag(std::string_view tag) {
  return tag == "O" || (tag.size() > 2 && (tag[0] == 'B' || tag[0] == 'I') && tag[1] == '-');
}

std::vector<EntitySpan> entity_spans(std::span<const std::string> tags, TagRules rules) {
  return read_spans(tags, rules, "entities");
}

double EntityScore::precision() const { return share(right, predicted); }
double EntityScore::recall() const { return share(right, truly); }
double EntityScore::f1() const { return share(2 * right, predicted + truly); }

double EntityScores::macro_f1() const {
  double sum = 0;
  for (const auto& [type, score] : by_type) sum += score.f1();
  return by_type.empty() ? 0 : sum / static_cast<double>(by_type.size());
}

EntityScores score_entities(std::span<const std::vector<std::string>> truth,
                            std::span<const std::vector<std::string>> predicted, TagRules rules) {
  if (truth.size() != predicted.size()) {
    fail<ValueError>("entities: {} true and {} predicted sentences; each needs both", truth.size(),
                     predicted.size());
  }
  if (truth.empty()) fail<ValueError>("entities: there is no sentence to count");
  EntityScores scores;
  for (size_t s = 0; s < truth.size(); ++s) {
    if (truth[s].size() != predicted[s].size()) {
      fail<ValueError>("entities: sentence {} has {} true and {} predicted tags", s, truth[s].size(),
                       predicted[s].size());
    }
    const auto wanted = read_spans(truth[s], rules, fmt::format("entities: true sentence {}", s));
    const auto found = read_spans(predicted[s], rules, fmt::format("entities: predicted sentence {}", s));
    for (const EntitySpan& span : wanted) ++scores.by_type[span.type].truly;
    for (const EntitySpan& span : found) {
      EntityScore& score = scores.by_type[span.type];
      ++score.predicted;
      // Both lists are in order of their first token, which no two entities share.
      if (std::binary_search(wanted.begin(), wanted.end(), span)) ++score.right;
    }
  }
  for (const auto& [type, score] : scores.by_type) {
    scores.all.right += score.right;
    scores.all.predicted += score.predicted;
    scores.all.truly += score.truly;
  }
  return scores;
}

}  // namespace gradus::bert
