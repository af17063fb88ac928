/// @file
/// Texts and pairs as rows that fit into a model, and what becomes of those that are too long.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bert/tasks/scoring.hpp"
#include "bert/tasks/task_models.hpp"
#include "bert/tokenizer/tokenizer.hpp"

namespace gradus::bert {

/// What is kept of a text that is too long.
enum class Fit {
  head,           ///< its beginning
  tail,           ///< its end
  head_and_tail,  ///< a quarter of the room for its beginning, the rest for its end (Sun et al. 2019, section
                  ///< 5.3.1)
  windows         ///< all of it, in several rows that overlap
};

/// @throws ValueError for another name than head, tail, head-and-tail and windows.
Fit fit_by_name(std::string_view name);

struct FitOptions {
  int64_t max_length = 128;  ///< slots of a row, [CLS] and [SEP] counted; at least 5
  Fit fit = Fit::head;
  int64_t overlap = 32;  ///< pieces that a window has in common with the one before it
};

/// `[CLS] A [SEP]` or `[CLS] A [SEP] B [SEP]`.
struct TextRow {
  std::vector<TokenId> ids;
  int64_t first_length = 0;  ///< how many of them are of the first segment
};

/// The rows of one text or pair: one, or with windows one or more. Of a pair the longer text is cut first, as
/// Hugging Face's longest_first does; windows slide over the second text and have all of the first.
struct FittedText {
  std::vector<TextRow> rows;
  int64_t left_out = 0;  ///< pieces that are in no row
};

/// @throws ValueError for a max_length below 5, an overlap that leaves a window nothing new, and for a first
///         text of a pair that leaves windows no room.
FittedText fit_text(const Tokenizer& tokenizer, std::string_view text, std::string_view pair, bool has_pair,
                    const FitOptions& options);

/// The rows with these numbers.
std::vector<const TextRow*> rows_at(std::span<const TextRow> rows, std::span<const int64_t> which);

/// Calls `work` for batches of rows of similar length, the longest first, with their numbers. A batch has at
/// most 4,096 slots, or one row.
using RowNumbers = std::span<const int64_t>;
using RowBatch = std::span<const TextRow* const>;
void for_batches_by_length(std::span<const TextRow> rows,
                           const std::function<void(RowNumbers, RowBatch)>& work);

/// The same batches: compute(numbers, batch) gives the model's outputs,
/// and use(numbers, batch, outputs) takes them, on every rank and in this order.
void for_outputs_by_length(std::span<const TextRow> rows, const Scoring& scoring,
                           const std::function<std::vector<double>(RowNumbers, RowBatch)>& compute,
                           const std::function<void(RowNumbers, RowBatch, std::span<const double>)>& use);

/// The slots of rows as a batch, padding counted, and the pieces in them, [CLS] and the last [SEP] not
/// counted.
std::pair<int64_t, int64_t> count_slots(std::span<const TextRow* const> rows);

/// Rows as a batch, filled up with [PAD] to the longest: i64 [B, S].
TaskInput to_input(std::span<const TextRow* const> rows, TokenId pad);

}  // namespace gradus::bert
