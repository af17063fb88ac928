#include "bert/tasks/text_rows.hpp"

#include "autograd/error.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::bert;

namespace {

/// Each letter is a piece; "a" has the id 5.
const Tokenizer& letters() {
  static const Tokenizer tokenizer = [] {
    std::vector<std::string> pieces = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    for (char c = 'a'; c <= 'z'; ++c) pieces.emplace_back(1, c);
    return Tokenizer(Vocab(pieces));
  }();
  return tokenizer;
}

/// The rows as text: "[a b][c]" for "[CLS] a b [SEP] c [SEP]".
std::vector<std::string> rows_of(const std::string& text, const std::string& pair,
                                 const FitOptions& options) {
  std::vector<std::string> rows;
  for (const TextRow& row : fit_text(letters(), text, pair, !pair.empty(), options).rows) {
    std::string shown;
    for (size_t i = 0; i < row.ids.size(); ++i) {
      if (static_cast<int64_t>(i) == row.first_length) shown += '|';
      const TokenId id = row.ids[i];
      shown += id == 2 ? '<' : id == 3 ? '>' : static_cast<char>('a' + id - 5);
    }
    rows.push_back(shown);
  }
  return rows;
}

using Rows = std::vector<std::string>;
const std::string eight = "a b c d e f g h";

}  // namespace

TEST_CASE("text rows: what fits stays whole") {
  CHECK(rows_of("a b c", "", {.max_length = 5}) == Rows{"<abc>"});
  CHECK(rows_of("a b", "c", {.max_length = 6}) == Rows{"<ab>|c>"});
  CHECK(fit_text(letters(), "a b c", "", false, {.max_length = 5}).left_out == 0);
}

TEST_CASE("text rows: a long text keeps its head, its tail, or a quarter and the rest") {
  CHECK(rows_of(eight, "", {.max_length = 6}) == Rows{"<abcd>"});
  CHECK(rows_of(eight, "", {.max_length = 6, .fit = Fit::tail}) == Rows{"<efgh>"});
  CHECK(rows_of(eight, "", {.max_length = 6, .fit = Fit::head_and_tail}) == Rows{"<afgh>"});
  CHECK(fit_text(letters(), eight, "", false, {.max_length = 6}).left_out == 4);
}

TEST_CASE("text rows: of a pair the longer text is cut first") {
  CHECK(rows_of(eight, "x y", {.max_length = 9}) == Rows{"<abcd>|xy>"});
  CHECK(rows_of("x y", eight, {.max_length = 9}) == Rows{"<xy>|abcd>"});
  CHECK(rows_of("x y", eight, {.max_length = 9, .fit = Fit::tail}) == Rows{"<xy>|efgh>"});
  CHECK(rows_of(eight, eight, {.max_length = 9}) == Rows{"<abc>|abc>"});
  CHECK(rows_of(eight, eight, {.max_length = 10}) == Rows{"<abc>|abcd>"});
}

TEST_CASE("text rows: cutting a pair is what Hugging Face's longest_first does") {
  for (const char* first : {"a", "a b c", "a b c d e f g"}) {
    for (const char* second : {"x", "x y z", "x y z u v w t"}) {
      for (size_t length = 5; length < 15; ++length) {
        const Encoding encoding = letters().encode(first, second, {.max_length = length});
        const auto fitted =
            fit_text(letters(), first, second, true, {.max_length = static_cast<int64_t>(length)});
        INFO(first << " | " << second << " | " << length);
        CHECK(fitted.rows[0].ids == encoding.ids);
      }
    }
  }
}

TEST_CASE("text rows: windows hold every piece, overlap as asked, and the last is full") {
  const FitOptions options{.max_length = 6, .fit = Fit::windows, .overlap = 1};
  CHECK(rows_of(eight, "", options) == Rows{"<abcd>", "<defg>", "<efgh>"});
  CHECK(rows_of("a b c d e f g", "", options) == Rows{"<abcd>", "<defg>"});
  CHECK(rows_of("a b c d", "", options) == Rows{"<abcd>"});
  CHECK(rows_of("x", eight, {.max_length = 7, .fit = Fit::windows, .overlap = 0}) ==
        Rows{"<x>|abc>", "<x>|def>", "<x>|fgh>"});
  CHECK(fit_text(letters(), eight, "", false, options).left_out == 0);
}

TEST_CASE("text rows: what leaves no room is refused") {
  CHECK_THROWS_WITH(rows_of("a", "", {.max_length = 4}),
                    "rows of 4 slots are too short for a text; take at least 5");
  CHECK_THROWS_WITH(rows_of(eight, "", {.max_length = 6, .fit = Fit::windows, .overlap = 4}),
                    "windows of 6 slots leave no room beside 0 pieces of the first text and an overlap of 4; "
                    "take longer rows or a smaller overlap");
  CHECK_THROWS_WITH(
      rows_of(eight, eight, {.max_length = 12, .fit = Fit::windows, .overlap = 1}),
      "windows of 12 slots leave no room beside 8 pieces of the first text and an overlap of 1; "
      "take longer rows or a smaller overlap");
  CHECK(fit_by_name("head-and-tail") == Fit::head_and_tail);
  CHECK_THROWS_WITH(
      fit_by_name("middle"),
      "'middle' says not what is kept of a long text; choose head, tail, head-and-tail or windows");
}

TEST_CASE("text rows: a batch is filled up to its longest row") {
  const TextRow a = fit_text(letters(), "a b", "c", true, {.max_length = 9}).rows[0];
  const TextRow b = fit_text(letters(), "d", "", false, {.max_length = 9}).rows[0];
  const std::vector<const TextRow*> rows = {&a, &b};
  const TaskInput input = to_input(rows, 0);
  CHECK(input.ids.shape() == Shape{2, 6});
  CHECK(input.ids.to_vector<int64_t>() == std::vector<int64_t>{2, 5, 6, 3, 7, 3, 2, 8, 3, 0, 0, 0});
  CHECK(input.token_type_ids.to_vector<int64_t>() ==
        std::vector<int64_t>{0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0});
  CHECK(input.attention_mask.to_vector<int64_t>() ==
        std::vector<int64_t>{1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0});
}
