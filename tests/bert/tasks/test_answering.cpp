// Questions as rows, and the best span of a text.
#include "bert/tasks/answering.hpp"

#include <limits>

#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::bert;

namespace {

using Slots = std::vector<std::array<int64_t, 2>>;
using Rows = std::vector<std::string>;
const std::string eight = "a b c d e f g h";

/// Each letter is a piece; "a" has the id 5.
const Tokenizer& letters() {
  static const Tokenizer tokenizer = [] {
    std::vector<std::string> pieces = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    for (char c = 'a'; c <= 'z'; ++c) pieces.emplace_back(1, c);
    return Tokenizer(Vocab(pieces));
  }();
  return tokenizer;
}

/// One question about one text.
Questions one(const std::string& context, const std::string& question = "x",
              std::vector<GoldAnswer> answers = {}) {
  return {"q.json", true, {context}, {{"q1", question, 0, std::move(answers)}}};
}

/// "<x>|abc>" for "[CLS] x [SEP] a b c [SEP]".
Rows shown(const QuestionRows& all) {
  Rows rows;
  for (const TextRow& row : all.rows) {
    std::string text;
    for (size_t i = 0; i < row.ids.size(); ++i) {
      if (static_cast<int64_t>(i) == row.first_length) text += '|';
      const TokenId id = row.ids[i];
      text += id == 2 ? '<' : id == 3 ? '>' : static_cast<char>('a' + id - 5);
    }
    rows.push_back(text);
  }
  return rows;
}

/// Windows [0, 4), [2, 6) and [4, 8) of eight pieces.
const AnsweringOptions three_windows{.max_length = 8, .overlap = 2};

/// Scores of 0 for every slot of every row.
std::vector<SlotScores> no_scores(const QuestionRows& rows) {
  std::vector<SlotScores> scores;
  for (const TextRow& row : rows.rows) scores.emplace_back(row.ids.size());
  return scores;
}

/// The context's piece `letter` in the row `w`, whose question is "x".
std::array<double, 2>& at(std::vector<SlotScores>& scores, const QuestionRows& rows, char letter,
                          size_t w = 0) {
  return scores[w][static_cast<size_t>(3 + (letter - 'a') - rows.windows[w].begin)];
}

}  // namespace

TEST_CASE("answering: a row is the question and a window, windows overlap as asked, and the last is full") {
  CHECK(shown(question_rows(letters(), one(eight), {.max_length = 12})) == Rows{"<x>|abcdefgh>"});
  const QuestionRows rows = question_rows(letters(), one(eight), three_windows);
  CHECK(shown(rows) == Rows{"<x>|abcd>", "<x>|cdef>", "<x>|efgh>"});
  CHECK(rows.windows[1].begin == 2);
  CHECK(rows.windows[1].end == 6);
  CHECK(shown(question_rows(letters(), one(eight), {.max_length = 9, .overlap = 1})) ==
        Rows{"<x>|abcde>", "<x>|defgh>"});
  CHECK(shown(question_rows(letters(), one("a b c"), {.max_length = 12, .overlap = 9})) == Rows{"<x>|abc>"});
  CHECK(shown(question_rows(letters(), one("a", "s t u v"), {.max_length = 12, .max_question = 2})) ==
        Rows{"<st>|a>"});
}

TEST_CASE("answering: questions of several contexts keep their rows together") {
  Questions all = one(eight);
  all.contexts.emplace_back("nobody asks about this");
  all.contexts.emplace_back("s t");
  all.questions.push_back({"q2", "y", 2});
  all.questions.push_back({"q3", "z", 0});
  const QuestionRows rows = question_rows(letters(), all, three_windows);
  CHECK(shown(rows) ==
        Rows{"<x>|abcd>", "<x>|cdef>", "<x>|efgh>", "<y>|st>", "<z>|abcd>", "<z>|cdef>", "<z>|efgh>"});
  CHECK(rows.first_row == std::vector<size_t>{0, 3, 4, 7});
  CHECK(rows.windows[4].question == 2);
  CHECK(rows.offsets[1].empty());
  CHECK(rows.offsets[2] == std::vector<CharSpan>{{0, 1}, {2, 3}});
}

TEST_CASE("answering: what leaves no room is refused") {
  const auto refused = [](const Questions& questions, const AnsweringOptions& options,
                          const std::string& message) {
    CHECK_THROWS_WITH(question_rows(letters(), questions, options), message);
  };
  refused(one(eight), {.max_length = 4}, "rows of 4 pieces, but 5 is the least");
  refused(one(eight), {.overlap = -1}, "an overlap of -1 pieces, but 0 is the least");
  refused(one(eight), {.max_question = 0}, "questions of 0 pieces, but 1 is the least");
  refused(one(eight), {.max_answer = 0}, "answers of 0 pieces, but 1 is the least");
  refused(
      one(eight, "x y"), {.max_length = 8, .overlap = 3},
      "q.json, question 'q1': rows of 8 slots leave no room beside 2 pieces of the question and an overlap "
      "of 3; take longer rows or a smaller overlap");
  refused(
      one("a", eight), {.max_length = 11, .overlap = 0},
      "q.json, question 'q1': rows of 11 slots leave no room beside 8 pieces of the question and an overlap "
      "of 0; take longer rows or a smaller overlap");
  refused(one("\u200b"), {}, "q.json, question 'q1': the tokenizer finds nothing in its context");
  refused(one("a", "\u200b"), {}, "q.json, question 'q1': the tokenizer finds nothing in its text");
}

TEST_CASE("answering: an answer's slots are those of its pieces, whatever characters stand before it") {
  const Tokenizer tokenizer(Vocab({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "ein", "cafe", "##s", "hier",
                                   "他", "去", "了", "北", "京"}));
  const auto slots_of = [&](const std::string& context, const std::string& answer, int64_t begin) {
    const Questions questions = one(context, "hier", {{answer, begin}});
    return answer_slots(questions, question_rows(tokenizer, questions, {}))[0];
  };
  using Two = std::array<int64_t, 2>;
  CHECK(slots_of("ein Café hier", "Café", 4) == Two{4, 4});
  CHECK(slots_of("\U0001F600 ein \U0001F600\U0001F600 Cafés hier", "Cafés", 9) == Two{6, 7});
  CHECK(slots_of("他去了北京。", "北京", 3) == Two{6, 7});
  CHECK(slots_of("e\u0301e\u0301 ein", "ein", 5) == Two{4, 4});
  // A part of a piece is that piece.
  CHECK(slots_of("ein Cafés hier", "Caf", 4) == Two{4, 4});
  CHECK(slots_of("ein Cafés hier", "s hier", 8) == Two{5, 6});
  // What the tokenizer drops is in no piece.
  CHECK(slots_of("ein \u200b hier", "\u200b", 4) == Two{0, 0});
}

TEST_CASE("answering: an answer that a window does not have as a whole is none there") {
  const auto slots_of = [](const std::string& answer, int64_t begin) {
    const Questions questions = one(eight, "x", {{answer, begin}, {"a", 0}});
    return answer_slots(questions, question_rows(letters(), questions, three_windows));
  };
  CHECK(slots_of("d", 6) == Slots{{6, 6}, {4, 4}, {0, 0}});
  CHECK(slots_of("d e", 6) == Slots{{0, 0}, {4, 5}, {0, 0}});
  CHECK(slots_of("e f", 8) == Slots{{0, 0}, {5, 6}, {3, 4}});
  CHECK(slots_of("d e f g", 6) == Slots{{0, 0}, {0, 0}, {0, 0}});
  const Questions none = one(eight);
  CHECK(answer_slots(none, question_rows(letters(), none, three_windows)) == Slots(3, {0, 0}));
}

TEST_CASE("answering: the best span begins before it ends, is short enough, and stands in the context") {
  const Questions questions = one("a b c d");
  const QuestionRows rows = question_rows(letters(), questions, {});
  std::vector<SlotScores> scores = no_scores(rows);
  const auto best = [&](int64_t max_answer = 30) {
    return best_spans(questions, rows, scores, max_answer)[0];
  };
  for (const size_t slot : {0, 1, 2, 7}) scores[0][slot] = {50, 50};  // [CLS] x [SEP] and the last [SEP]
  at(scores, rows, 'd')[0] = 6;
  at(scores, rows, 'a')[1] = 5;
  CHECK(best().span == "d");
  CHECK(best().score == 6);
  CHECK(best().id == "q1");
  CHECK(best().begin == 6);
  CHECK(best().end == 7);
  at(scores, rows, 'a') = {4, 0};
  at(scores, rows, 'd') = {0, 5};
  at(scores, rows, 'c')[1] = 2;
  CHECK(best(4).span == "a b c d");
  CHECK(best(3).span == "a b c");
  CHECK(best(3).score == 6);
}

TEST_CASE("answering: a span counts in the window where it has most context") {
  const Questions questions = one(eight);
  const QuestionRows rows = question_rows(letters(), questions, three_windows);
  std::vector<SlotScores> scores = no_scores(rows);
  // "d" ends the first window, and has a piece before it and two after it in the second.
  at(scores, rows, 'd', 0)[0] = 100;
  at(scores, rows, 'd', 1) = {1, 1};
  CHECK(best_spans(questions, rows, scores, 30)[0].span == "d");
  CHECK(best_spans(questions, rows, scores, 30)[0].score == 2);
  // "c d" is at the edge of either: then the first window counts.
  scores = no_scores(rows);
  at(scores, rows, 'c', 1)[0] = 100;
  at(scores, rows, 'd', 1)[1] = -200;
  at(scores, rows, 'e', 1)[1] = at(scores, rows, 'f', 1)[1] = -200;
  at(scores, rows, 'c', 0)[0] = at(scores, rows, 'd', 0)[1] = 1;
  CHECK(best_spans(questions, rows, scores, 30)[0].span == "c d");
  CHECK(best_spans(questions, rows, scores, 30)[0].score == 2);
}

TEST_CASE("answering: no span is lost between windows, up to a piece more than they overlap") {
  for (const int64_t overlap : {0, 1, 2, 3}) {
    const Questions questions = one("a b c d e f g h i j k");
    const QuestionRows rows = question_rows(letters(), questions, {.max_length = 4 + 5, .overlap = overlap});
    REQUIRE(rows.rows.size() >= 3);
    for (int64_t first = 0; first < 11; ++first) {
      for (int64_t last = first; last < std::min<int64_t>(11, first + overlap + 1); ++last) {
        INFO(overlap << " " << first << " " << last);
        std::vector<SlotScores> scores = no_scores(rows);
        for (size_t w = 0; w < rows.rows.size(); ++w) {
          const auto [question, begin, end] = rows.windows[w];
          if (first < begin || last >= end) continue;
          at(scores, rows, static_cast<char>('a' + first), w)[0] = 10;
          at(scores, rows, static_cast<char>('a' + last), w)[1] = 10;
        }
        const SpanAnswer best = best_spans(questions, rows, scores, 30)[0];
        CHECK(best.score == 20);
        CHECK(best.span == questions.contexts[0].substr(static_cast<size_t>(2 * first),
                                                        static_cast<size_t>(2 * (last - first) + 1)));
      }
    }
  }
}

TEST_CASE("answering: no answer is said where its smallest score is more than the threshold above the best") {
  const Questions questions = one(eight);
  const QuestionRows rows = question_rows(letters(), questions, three_windows);
  std::vector<SlotScores> scores = no_scores(rows);
  at(scores, rows, 'a', 0) = {2, 1};
  scores[0][0] = {3, 4};
  scores[1][0] = {4, 0.5};
  scores[2][0] = {9, 0};
  SpanAnswer best = best_spans(questions, rows, scores, 30)[0];
  CHECK(best.span == "a");
  CHECK(best.score == 3);
  CHECK(best.null_difference == 1.5);
  CHECK(best.answer().empty());
  CHECK(best.answer(1).empty());
  CHECK(best.answer(1.5) == "a");
  best.null_difference = 0;
  CHECK(best.answer() == "a");
}

TEST_CASE("answering: an answer is cut out of the text as it stands there") {
  const Tokenizer tokenizer(
      Vocab({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "ein", "cafe", "hier", "北", "京", "."}));
  const auto span_of = [&](const std::string& context, size_t first, size_t last) {
    const Questions questions = one(context, "hier");
    const QuestionRows rows = question_rows(tokenizer, questions, {});
    std::vector<SlotScores> scores = no_scores(rows);
    scores[0][3 + first][0] = scores[0][3 + last][1] = 1;
    return best_spans(questions, rows, scores, 30)[0].span;
  };
  CHECK(span_of("Ein  CAFÉ hier.", 0, 1) == "Ein  CAFÉ");
  CHECK(span_of("\U0001F600 ein\tCafé\nhier", 1, 3) == "ein\tCafé\nhier");
  CHECK(span_of("北京 北京", 1, 2) == "京 北");
  CHECK(span_of("ein Cafe\u0301 hier", 1, 1) == "Cafe\u0301");  // the accent is a character of its own
  CHECK(span_of("Łódź ein", 0, 0) == "Łódź");                   // [UNK]
}

TEST_CASE("answering: scores that are not finite are refused with the question") {
  const Questions questions = one("a b");
  const QuestionRows rows = question_rows(letters(), questions, {});
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    std::vector<SlotScores> scores = no_scores(rows);
    for (auto& slot : scores[0]) slot = {bad, bad};
    CHECK_THROWS_WITH(best_spans(questions, rows, scores, 30),
                      "q.json, question 'q1': the model's scores are not finite; take an earlier checkpoint");
  }
}
