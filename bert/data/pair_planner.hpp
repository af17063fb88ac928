/// @file
/// Chooses which sentences make the rows of an epoch.
///
/// The pairs follow Devlin et al. 2018 (create_pretraining_data), without the hints by which a model
/// could tell a random B from the true one without reading:
///
/// - The label is drawn after A and after the place of the cut, so that A says nothing about it.
/// - A random B never begins at a document's first sentence, as a true one never does.
/// - A random B is as long as the true one would be: where the true B runs to its document's end, so does the
///   random one; it is then the ending of a document that is nearest in length.
/// - What is too long loses pieces at A's front and at B's end, never where the two meet.
/// - A B that reads like the true one is never called random.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "autograd/random.hpp"
#include "bert/data/pretraining_data.hpp"

namespace gradus::bert {

/// The documents with at least two sentences: those that can give a pair.
std::vector<int64_t> pairing_documents(const TokenizedCorpus& corpus);

/// Appends the rows of the document `documents[index]`. Each is a pair of neighbours or, with probability
/// 0.5, of strangers; a last sentence left alone makes no row. `max_length` is S, with three special tokens.
void plan_pairs(const TokenizedCorpus& corpus, std::span<const int64_t> documents, int64_t index,
                int64_t max_length, const PretrainingOptions& options, Rng rng, PlannedRows& rows);

/// The end of the documents [document, end) whose pieces share one-segment rows: a document of several
/// sentences has its own, and neighbours of one sentence are laid end to end, since one of them would leave
/// most of a row empty (Liu et al. 2019, RoBERTa, section 4.2, lay all documents so).
///
/// They make no pairs: an A from such a document has no true B, so its label would always be "random".
int64_t end_of_shared_rows(const TokenizedCorpus& corpus, int64_t document);

/// Appends one-segment rows, without an NSP label: the documents [first, end) cut into windows of S - 2
/// pieces, so that nothing is lost.
void plan_windows(const TokenizedCorpus& corpus, int64_t first, int64_t end, int64_t max_length,
                  const PretrainingOptions& options, Rng rng, PlannedRows& rows);

/// Appends one-segment rows, without an NSP label, for what no pair of any epoch shows of a document of
/// several sentences: what is always cut off a long one. A row is filled up with what stands around it.
void plan_unpaired(const TokenizedCorpus& corpus, int64_t document, int64_t max_length,
                   const PretrainingOptions& options, Rng rng, PlannedRows& rows);

}  // namespace gradus::bert
