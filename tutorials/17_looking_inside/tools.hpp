/// @file
/// Chapter 17's sentences and network as the library and the program want them.
#pragma once

#include <stdlib.h>

#include <filesystem>

#include "autograd/file.hpp"
#include "bert/checkpoint/checkpoint.hpp"
#include "bert/tasks/pronouns.hpp"
#include "looking.hpp"

namespace gradus::tutorials::looking_inside {

/// The vocabulary as a tokenizer: every word is one piece.
inline bert::Tokenizer tokenizer() { return bert::Tokenizer(bert::Vocab(tokens)); }

/// A sentence without its signs.
inline std::string plain_text(const Case& one) {
  return text_of(Ids(one.row.begin() + 1, one.row.end() - 1));
}

/// Sentences with their two nouns, of which who eats is the first, wherever it stands.
inline std::vector<bert::PronounCase> pronoun_cases(const std::vector<Case>& cases) {
  std::vector<bert::PronounCase> all;
  for (const Case& one : cases) {
    const auto noun = [&](Role role) { return tokens[static_cast<size_t>(one.id_at(one.nouns[role]))]; };
    all.push_back({plain_text(one), noun(eater), noun(eaten), one.meant == eater,
                   fmt::format("case {}", all.size() + 1)});
  }
  return all;
}

/// The same as a table for `gradus probe`.
inline std::string table_of(const std::vector<Case>& cases) {
  std::string table = "text\tfirst_noun\tsecond_noun\tlabel\n";
  for (const bert::PronounCase& one : pronoun_cases(cases))
    table += one.text + "\t" + one.first + "\t" + one.second + "\t" +
             (one.first_is_right ? "first" : "second") + "\n";
  return table;
}

/// The share of sentences of whose two nouns the library's reader names the right one.
inline double named_by_library(const bert::BertForPreTraining& model, const std::vector<Case>& cases) {
  const std::vector<bert::PronounCase> all = pronoun_cases(cases);
  const std::vector<bert::PronounRow> rows =
      bert::pronoun_rows(tokenizer(), all, "it", model.bert.config.max_position_embeddings);
  return bert::judge_pronouns(all, bert::name_pronouns(model, rows, pad_id), bert::Detail::figures_only)
      .value();
}

/// Writes the network and the tables of both parts: what `gradus probe` reads.
inline void save_for_probe(const std::filesystem::path& folder, const bert::BertForPreTraining& model) {
  const bert::Tokenizer words = tokenizer();
  bert::save_pretrained(folder, model, &words);
  write_file_atomically(folder / "validation.tsv", table_of(cases_of(Part::validation)));
  write_file_atomically(folder / "test.tsv", table_of(cases_of(Part::test)));
}

}  // namespace gradus::tutorials::looking_inside
