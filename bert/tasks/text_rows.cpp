#include "bert/tasks/text_rows.hpp"

#include <algorithm>
#include <numeric>

#include "autograd/error.hpp"
#include "parallel/share_out.hpp"

namespace gradus::bert {
namespace {

using Ids = std::vector<TokenId>;

/// Cuts `ids` to `room` pieces.
Ids cut(const Ids& ids, size_t room, Fit fit) {
  if (ids.size() <= room) return ids;
  const size_t from_head = fit == Fit::head ? room : fit == Fit::tail ? 0 : room / 4;
  const auto head_end = ids.begin() + static_cast<std::ptrdiff_t>(from_head);
  Ids kept(ids.begin(), head_end);
  kept.insert(kept.end(), ids.end() - static_cast<std::ptrdiff_t>(room - from_head), ids.end());
  return kept;
}

TextRow row_of(const SpecialIds& special, const Ids& text, const Ids* pair) {
  TextRow row;
  row.ids.push_back(special.cls);
  row.ids.insert(row.ids.end(), text.begin(), text.end());
  row.ids.push_back(special.sep);
  row.first_length = static_cast<int64_t>(row.ids.size());
  if (pair != nullptr) {
    row.ids.insert(row.ids.end(), pair->begin(), pair->end());
    row.ids.push_back(special.sep);
  }
  return row;
}

/// All of `ids` in windows of `room` pieces, the last of them full as well.
std::vector<Ids> windows_of(const Ids& ids, size_t room, size_t overlap) {
  std::vector<Ids> windows;
  for (size_t begin = 0;; begin += room - overlap) {
    const size_t end = std::min(begin + room, ids.size());
    const size_t from = end == ids.size() && end > room ? end - room : begin;
    windows.emplace_back(ids.begin() + static_cast<std::ptrdiff_t>(from),
                         ids.begin() + static_cast<std::ptrdiff_t>(end));
    if (end == ids.size()) return windows;
  }
}

}  // namespace

Fit fit_by_name(std::string_view name) {
  if (name == "head") return Fit::head;
  if (name == "tail") return Fit::tail;
  if (name == "head-and-tail") return Fit::head_and_tail;
  if (name == "windows") return Fit::windows;
  fail<ValueError>("'{}' says not what is kept of a long text; choose head, tail, head-and-tail or windows",
                   name);
}

FittedText fit_text(const Tokenizer& tokenizer, std::string_view text, std::string_view pair, bool has_pair,
                    const FitOptions& options) {
  constexpr int64_t least = 5;
  if (options.max_length < least)
    fail<ValueError>("rows of {} slots are too short for a text; take at least {}", options.max_length,
                     least);
  const SpecialIds& special = tokenizer.special_ids();
  Ids first = tokenizer.tokenize(text), second;
  if (has_pair) second = tokenizer.tokenize(pair);
  const size_t room = static_cast<size_t>(options.max_length) - (has_pair ? 3 : 2);
  FittedText fitted;
  if (first.size() + second.size() <= room) {
    fitted.rows.push_back(row_of(special, first, has_pair ? &second : nullptr));
    return fitted;
  }
  if (options.fit == Fit::windows) {
    const size_t kept_room = has_pair ? first.size() : 0;
    const auto overlap = static_cast<size_t>(options.overlap);
    if (options.overlap < 0 || kept_room + overlap + 1 > room)
      fail<ValueError>(
          "windows of {} slots leave no room beside {} pieces of the first text and an overlap of {}; take "
          "longer rows or a smaller overlap",
          options.max_length, kept_room, options.overlap);
    for (const Ids& window : windows_of(has_pair ? second : first, room - kept_room, overlap))
      fitted.rows.push_back(has_pair ? row_of(special, first, &window) : row_of(special, window, nullptr));
    return fitted;
  }
  fitted.left_out = static_cast<int64_t>(first.size() + second.size() - room);
  const auto [first_room, second_room] = longest_first(first.size(), second.size(), room);
  first = cut(first, first_room, options.fit);
  if (has_pair) second = cut(second, second_room, options.fit);
  fitted.rows.push_back(row_of(special, first, has_pair ? &second : nullptr));
  return fitted;
}

std::vector<const TextRow*> rows_at(std::span<const TextRow> rows, std::span<const int64_t> which) {
  std::vector<const TextRow*> some;
  some.reserve(which.size());
  for (const int64_t row : which) some.push_back(&rows[static_cast<size_t>(row)]);
  return some;
}

void for_batches_by_length(std::span<const TextRow> rows,
                           const std::function<void(RowNumbers, RowBatch)>& work) {
  const auto length = [&](int64_t row) { return rows[static_cast<size_t>(row)].ids.size(); };
  std::vector<int64_t> order(rows.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::ranges::stable_sort(order, std::ranges::greater{}, length);
  constexpr size_t batch_slots = 4096;
  for (size_t begin = 0; begin < order.size();) {
    const size_t fitting = std::max<size_t>(1, batch_slots / length(order[begin]));
    const auto some = std::span(order).subspan(begin, std::min(fitting, order.size() - begin));
    std::vector<const TextRow*> batch;
    for (const int64_t row : some) batch.push_back(&rows[static_cast<size_t>(row)]);
    work(some, batch);
    begin += some.size();
  }
}

void for_outputs_by_length(std::span<const TextRow> rows, const Scoring& scoring,
                           const std::function<std::vector<double>(RowNumbers, RowBatch)>& compute,
                           const std::function<void(RowNumbers, RowBatch, std::span<const double>)>& use) {
  std::vector<std::vector<int64_t>> numbers;
  std::vector<std::vector<const TextRow*>> batches;
  for_batches_by_length(rows, [&](RowNumbers some, RowBatch batch) {
    numbers.emplace_back(some.begin(), some.end());
    batches.emplace_back(batch.begin(), batch.end());
  });
  parallel::share_out(
      *scoring.world, std::ssize(batches),
      [&](int64_t b) { return compute(numbers[static_cast<size_t>(b)], batches[static_cast<size_t>(b)]); },
      [&](int64_t b, std::span<const double> outputs) {
        use(numbers[static_cast<size_t>(b)], batches[static_cast<size_t>(b)], outputs);
      },
      scoring.check_stop);
}

std::pair<int64_t, int64_t> count_slots(std::span<const TextRow* const> rows) {
  int64_t longest = 0, pieces = 0;
  for (const TextRow* row : rows) {
    const auto size = std::ssize(row->ids);
    longest = std::max(longest, size);
    pieces += size - 2;
  }
  return {longest * std::ssize(rows), pieces};
}

TaskInput to_input(std::span<const TextRow* const> rows, TokenId pad) {
  size_t longest = 0;
  for (const TextRow* row : rows) longest = std::max(longest, row->ids.size());
  const Shape shape{static_cast<int64_t>(rows.size()), static_cast<int64_t>(longest)};
  TaskInput input{full(shape, pad, DType::i64), zeros(shape, DType::i64), zeros(shape, DType::i64)};
  for (size_t i = 0; i < rows.size(); ++i) {
    const TextRow& row = *rows[i];
    const size_t begin = i * longest;
    std::copy(row.ids.begin(), row.ids.end(), input.ids.mutable_data<int64_t>() + begin);
    std::fill(input.token_type_ids.mutable_data<int64_t>() + begin + static_cast<size_t>(row.first_length),
              input.token_type_ids.mutable_data<int64_t>() + begin + row.ids.size(), 1);
    std::fill_n(input.attention_mask.mutable_data<int64_t>() + begin, row.ids.size(), 1);
  }
  return input;
}

}  // namespace gradus::bert
