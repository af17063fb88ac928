/// @file
/// Named entities in BIO tags, and how many of them were found: counted as seqeval counts.
///
/// A tag is `O`, `B-type` or `I-type`. An entity is right if its type, its first and its last token are.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::bert {

/// Whether this is `O`, `B-type` or `I-type`.
bool is_entity_tag(std::string_view tag);

/// The tokens [first, end) of a sentence are an entity of this type.
struct EntitySpan {
  size_t first, end;
  std::string type;
  auto operator<=>(const EntitySpan&) const = default;
};

/// What is made of an I- that does not go on with an entity of its type.
enum class TagRules {
  conlleval,    ///< it begins an entity (seqeval's default, and that of CoNLL-2000's conlleval)
  strict_iob2,  ///< it is no part of any entity (seqeval's mode="strict", scheme=IOB2)
};

/// The entities of one sentence, in order; none for a sentence without tags.
/// @throws ValueError for a tag that is none, with its place.
std::vector<EntitySpan> entity_spans(std::span<const std::string> tags, TagRules rules = TagRules::conlleval);

/// Entities counted. The figures are from 0 to 1, and 0 where the denominator is 0.
struct EntityScore {
  int64_t right = 0, predicted = 0, truly = 0;

  double precision() const;  ///< right / predicted
  double recall() const;     ///< right / truly
  double f1() const;         ///< 2 right / (predicted + truly)
};

/// What entities came to: all together (the micro average) and each type that the truth or the guess has.
struct EntityScores {
  EntityScore all;
  std::map<std::string, EntityScore> by_type;

  /// The mean of the types' F1, each with the same weight; 0 where there is no type.
  double macro_f1() const;
};

/// Scores predicted tags beside the true ones, a list of tags a sentence.
/// @throws ValueError for no sentences, for sentences or tags that differ in number, and for a tag that is
///         none; the sentence is counted from 0.
EntityScores score_entities(std::span<const std::vector<std::string>> truth,
                            std::span<const std::vector<std::string>> predicted,
                            TagRules rules = TagRules::conlleval);

}  // namespace gradus::bert
