// Chapter 19: cuts, windows, tags, means and answers by hand are the library's; windows see every piece and
// lose no answer that fits into the overlap; what tiny networks make of long letters is what the text says,
// with any seed; the bugs are caught.
#include <set>

#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/sanitized.hpp"
#include "support/training_seed.hpp"
#include "tutorials/19_long_texts/answering.hpp"
#include "tutorials/19_long_texts/by_library.hpp"
#include "tutorials/19_long_texts/museum.hpp"
#include "tutorials/19_long_texts/pictures.hpp"
#include "tutorials/19_long_texts/storm.hpp"

using namespace gradus;
using namespace gradus::test;
using namespace gradus::tutorials::long_texts;

namespace {

constexpr int64_t lessons = is_sanitized ? 3 : 300;

std::vector<Stretch> stretches(std::initializer_list<std::pair<int64_t, int64_t>> all) {
  std::vector<Stretch> made;
  for (const auto& [begin, end] : all) made.push_back({begin, end});
  return made;
}

}  // namespace

TEST_CASE("19: each word is one piece, and groups are where the vocabulary has them", "[tutorials]") {
  const bert::Tokenizer words = tokenizer();
  CHECK(words.special_ids() == bert::SpecialIds{});
  CHECK(names.first + names.count == clues[0].first);
  CHECK(clues[1].first + clues[1].count == quote_id);
  CHECK(pieces[quote_id] == "quote");
  CHECK(pieces[unquote_id] == "unquote");
  CHECK(std::ssize(pieces) == unquote_id + 1);
  for (bert::TokenId id = 5; id < static_cast<bert::TokenId>(pieces.size()); ++id) {
    CHECK(words.tokenize(pieces[static_cast<size_t>(id)]) == Ids{id});
    const int groups = idle.has(id) + telling[0].has(id) + telling[1].has(id) + names.has(id) +
                       clues[0].has(id) + clues[1].has(id) + (id >= quote_id);
    CHECK(groups == 1);
  }
  Rng rng(1);
  const Letter letter = named(idle_letter(20, rng), 5, 9, 1, rng);
  CHECK(names.has(letter.text[5]));
  CHECK(clues[1].has(letter.text[9]));
  CHECK(text_of({letter.text.data() + 5, 1}) == pieces[static_cast<size_t>(letter.text[5])]);
}

TEST_CASE("19: head, tail and both by hand, and what fits is not cut", "[tutorials]") {
  CHECK(keep_head(20, 8) == stretches({{0, 8}}));
  CHECK(keep_tail(20, 8) == stretches({{12, 20}}));
  CHECK(keep_both(20, 8) == stretches({{0, 2}, {14, 20}}));
  CHECK(keep_both(9, 7) == stretches({{0, 1}, {3, 9}}));
  for (const auto& keep : {keep_head, keep_tail, keep_both}) CHECK(keep(8, 8) == stretches({{0, 8}}));
  CHECK(keep_both(1000, 510) == stretches({{0, 127}, {617, 1000}}));
}

TEST_CASE("19: windows are full, a stride apart, and have every piece, and the library has the same rows",
          "[tutorials]") {
  CHECK(windows_over(20, 8, 8) == stretches({{0, 8}, {8, 16}, {12, 20}}));
  CHECK(windows_over(20, 8, 4) == stretches({{0, 8}, {4, 12}, {8, 16}, {12, 20}}));
  CHECK(windows_over(3, 8, 4) == stretches({{0, 3}}));
  CHECK(windows_over(8, 8, 1) == stretches({{0, 8}}));
  for (int64_t length = 1; length < 40; ++length) {
    for (int64_t stride = 1; stride <= 8; ++stride) {
      const std::vector<Stretch> all = windows_over(length, 8, stride);
      CHECK(unseen(length, all) == 0);
      for (size_t w = 0; w < all.size(); ++w) {
        CHECK(all[w].length() == std::min<int64_t>(8, length));
        if (w + 1 < all.size()) CHECK(all[w].begin == static_cast<int64_t>(w) * stride);
        if (w > 0) CHECK(all[w].begin > all[w - 1].begin);
      }
    }
  }
  const SameRows same = same_rows(is_sanitized ? 25 : 60);
  CHECK(same.texts > 500);
  CHECK(same.same == same.texts);
}

TEST_CASE("19: the example of Google's code: 'bought' is said by span C", "[tutorials]") {
  // the man went to the store and bought a gallon of milk
  const std::vector<Stretch> spans = stretches({{0, 5}, {3, 8}, {6, 11}});
  CHECK(context_of(spans[1], 7, 7) == 0);
  CHECK(context_of(spans[2], 7, 7) == 1);
  CHECK(context_of(spans[0], 7, 7) < 0);
  CHECK(speaker(spans, 7, 7) == 2);
  CHECK(speaker(spans, 7, 7, Speaks::first) == 1);
  CHECK(speaker(spans, 7, 7, Speaks::last) == 2);
  CHECK(speaker(stretches({{0, 4}, {1, 5}}), 2, 2) == 0);  // equal ones: the first
}

TEST_CASE("19: with most context every piece inside a text has half of the overlap on each side",
          "[tutorials]") {
  for (int64_t stride = 1; stride <= 16; ++stride) {
    const std::vector<Stretch> windows = windows_over(165, 16, stride);
    INFO(stride);
    CHECK(least_context(165, windows, Speaks::most_context, 16) == (16 - stride) / 2);
    CHECK(least_context(165, windows, Speaks::first, 16) == 0);
  }
}

TEST_CASE("19: an answer is whole somewhere for sure if it has at most one piece more than the overlap",
          "[tutorials]") {
  const int64_t width = 16, length = 16 * 40;
  for (int64_t stride = 1; stride <= width; stride += is_sanitized ? 5 : 1) {
    const std::vector<Stretch> windows = windows_over(length, width, stride);
    for (int64_t answer = 1; answer <= width; ++answer) {
      INFO("stride " << stride << ", answer " << answer);
      const double share = answer_recall(length, windows, answer);
      CHECK((share == 1) == (answer <= width - stride + 1));
      CHECK(std::abs(share - std::min(1.0, static_cast<double>(width - answer + 1) /
                                               static_cast<double>(stride))) < 0.05);
      // By its first piece alone, as in Google's code, answers longer than half of the overlap get lost.
      const double by_first = answer_recall(length, windows, answer, Counts::in_window_of_its_first);
      CHECK(by_first <= share);
      if (answer <= (width - stride) / 2 + 1) CHECK(by_first == 1);
      if (answer > (width - stride) / 2 + 1 && stride < width) CHECK(by_first < 1);
    }
  }
  CHECK(answer_recall(100, windows_over(100, 16, 8), 17) == 0);
  CHECK(pieces_read(20, windows_over(20, 8, 4)) == 1.6);
}

TEST_CASE("19: windows put together by hand, with the right gradient", "[tutorials]") {
  const Tensor x = tensor<double>({1, 5, 3, -1, 2, 2, -4, 9}, Shape{4, 2});
  CHECK(together(x, {3, 1}, Together::mean).to_vector<double>() == std::vector<double>{2, 2, -4, 9});
  CHECK(together(x, {3, 1}, Together::max).to_vector<double>() == std::vector<double>{3, 5, -4, 9});
  CHECK(together(x, {3, 1}, Together::proof).to_vector<double>() == std::vector<double>{1, 5, -4, 9});
  const Tensor random = random_normal({7, 3}, 1);
  for (const Together how : {Together::mean, Together::max, Together::proof}) {
    for (const bool second_order : {false, true}) {
      CHECK(gradcheck(
                [how](const auto& in) {
                  return together(in[0], {2, 1, 4}, how);
                },
                {random}, {.second_order = second_order})
                .passed);
    }
  }
}

TEST_CASE("19: every span counts once, and in the window that knows most around it", "[tutorials]") {
  const std::vector<Stretch> windows = windows_over(30, 10, 6);  // overlap 4
  std::vector<WindowScores> scores;
  Rng rng(3);
  for (const Stretch& window : windows) {
    scores.push_back(
        {std::vector<std::array<double, 2>>(static_cast<size_t>(window.length())), rng.normal()});
    for (auto& [begin, end] : scores.back().of_pieces) begin = rng.normal(), end = rng.normal();
  }
  std::set<std::pair<int64_t, int64_t>> seen;
  const std::vector<Candidate> once = candidates(windows, scores, 5, true);
  for (const Candidate& one : once) {
    CHECK(seen.insert({one.first, one.last}).second);
    CHECK(speaker(windows, one.first, one.last) == one.w);
  }
  CHECK(seen.size() == 30 + 29 + 28 + 27 + 26);  // none is lost: 5 pieces are the overlap and one more
  CHECK(candidates(windows, scores, 5, false).size() > once.size());
  CHECK(std::ranges::is_sorted(once, std::ranges::greater{}, &Candidate::score));
  CHECK(none_of_all({{{}, 2}, {{}, -1}, {{}, 3}}) == -1);

  const std::vector<Stretch> story = windows_over(std::ssize(storm), 8, 4);
  const std::vector<WindowScores> said = storm_scores(story);
  const Candidate best = candidates(story, said, 4, true).front();
  CHECK(answer_text(storm, story, best, false) == "the old lamp");
  CHECK(none_of_all(said) < best.score);
  CHECK(said[0].none > best.score);  // one window that is sure of "no answer" does not decide
}

TEST_CASE("19: best spans, tags and means are the library's", "[tutorials]") {
  const int64_t texts = is_sanitized ? 40 : 400;
  CHECK(same_answers(texts, training_seed(8)) == texts);
  Rng rng(training_seed(4));
  std::vector<Letter> letters = long_named(1, rng);
  letters.erase(letters.begin() + (is_sanitized ? 1 : 4), letters.end());
  letters.push_back({idle_letter(7, rng), 0, 0});
  letters.push_back({idle_letter(16, rng), 0, 0});
  letters.push_back({idle_letter(17, rng), 0, 0});
  CHECK(gap_of_means(small_classifier({"a", "b", "c"}, training_seed(5)), letters) < 1e-4);
  CHECK(gap_of_tags(small_tagger(training_seed(6)), letters) < 1e-4);
}

TEST_CASE("19: long letters come in twos that only what is asked tells apart", "[tutorials]") {
  Rng rng(5);
  const auto check = [](const std::vector<Letter>& letters, int64_t differ) {
    REQUIRE(letters.size() % 2 == 0);
    for (size_t i = 0; i < letters.size(); i += 2) {
      CHECK(letters[i].label == 0);
      CHECK(letters[i + 1].label == 1);
      REQUIRE(std::ssize(letters[i].text) == long_length);
      int64_t other = 0;
      for (size_t at = 0; at < letters[i].text.size(); ++at)
        other += letters[i].text[at] != letters[i + 1].text[at];
      CHECK(other == differ);
    }
  };
  check(long_about(0, 80, 1, rng), 1);
  check(long_any(20, long_length, rng), 1);
  check(long_mostly(20, rng), 8);
  check(long_named(1, rng), 1);
  CHECK(long_named(1, rng).size() == 2 * (2 * 80 - 2 * reach));
}

TEST_CASE("19: cuts read what they keep and toss a coin on the rest, and windows read everything",
          "[tutorials]") {
  const Classifier model = small_classifier({"sea", "woods"}, training_seed(1));
  train(model, short_about, training_seed(11), lessons);
  Rng rng(training_seed(20));
  for (int64_t first = 0; first < long_length; first += is_sanitized ? 40 : 8) {
    INFO(first);
    const std::vector<Letter> letters = long_about(first, first + 8, is_sanitized ? 1 : 5, rng);
    const auto right = [&](bert::Fit fit) { return share_right(read_letters(model, letters, fit), letters); };
    const double head = right(bert::Fit::head), tail = right(bert::Fit::tail),
                 both = right(bert::Fit::head_and_tail), all = right(bert::Fit::windows);
    if (is_sanitized) continue;
    CHECK((first < 16 ? head >= 0.95 : std::abs(head - 0.5) <= 0.05));
    CHECK((first >= 64 ? tail >= 0.95 : std::abs(tail - 0.5) <= 0.05));
    if (first >= 8 && first < 64) CHECK(std::abs(both - 0.5) <= 0.05);
    CHECK(all >= 0.95);
  }
  // A network that never saw a letter that tells nothing says something of idle windows, and that decides.
  const Classifier sure = small_classifier({"sea", "woods"}, training_seed(1));
  train(sure, short_telling, training_seed(11), lessons);
  const std::vector<Letter> letters = long_about(0, long_length, is_sanitized ? 1 : 3, rng);
  const double by_sure = share_right(read_letters(sure, letters, bert::Fit::windows), letters);
  if (!is_sanitized) CHECK(by_sure <= 0.65);
  // What a text is mostly about: the mean weighs windows, the max forgets how many there were.
  const std::vector<Letter> mostly = long_mostly(is_sanitized ? 2 : 200, rng);
  const double by_mean = share_right(read_letters(model, mostly, bert::Fit::windows), mostly);
  const double by_max = share_right(read_letters(model, mostly, bert::Fit::windows, Together::max), mostly);
  if (is_sanitized) return;
  CHECK(by_mean >= 0.8);
  CHECK(by_mean >= by_max + 0.1);
}

TEST_CASE("19: one window that shows it is outvoted in a mean, and not if 'nothing' takes its least",
          "[tutorials]") {
  const Classifier model = small_classifier({"nothing", "sea"}, training_seed(2));
  train(model, short_any, training_seed(12), lessons);
  Rng rng(training_seed(21));
  const std::vector<Letter> letters = long_any(is_sanitized ? 2 : 200, long_length, rng);
  const double by_mean = share_right(read_letters(model, letters, bert::Fit::windows), letters);
  const double by_proof =
      share_right(read_letters(model, letters, bert::Fit::windows, Together::proof), letters);
  if (is_sanitized) return;
  CHECK(by_mean <= 0.55);
  CHECK(by_proof >= 0.95);
}

TEST_CASE("19: names at the edge of a window are read by the window with most context", "[tutorials]") {
  const Tagger model = small_tagger(training_seed(3));
  train(model, short_named, training_seed(13), lessons);
  Rng rng(training_seed(22));
  const std::vector<Letter> letters = long_named(is_sanitized ? 1 : 2, rng);
  const NamesRead first = read_names(model, letters, room / 2, Speaks::first),
                  last = read_names(model, letters, room / 2, Speaks::last),
                  most = read_names(model, letters, room / 2, Speaks::most_context),
                  mean = read_names(model, letters, room / 2, std::nullopt),
                  apart = read_names(model, letters, room, Speaks::most_context);
  CHECK(most.told == 1);
  CHECK(mean.told == 1);
  CHECK(first.told < 0.8);
  CHECK(last.told < 0.8);
  CHECK(apart.told < 0.8);
  if (is_sanitized) return;
  CHECK(most.right >= 0.97);
  CHECK(mean.right >= 0.95);
  for (const NamesRead& read : {first, last, apart}) CHECK(read.right < 0.93);
}

TEST_CASE("19: a window's answer is where it is whole, and [CLS] elsewhere", "[tutorials]") {
  Rng rng(6);
  int64_t whole = 0, none = 0;
  for (int i = 0; i < 300; ++i) {
    const AnswerLesson lesson = answer_lesson(rng);
    REQUIRE(std::ssize(lesson.row.ids) == slots);
    const auto has = [&](bert::TokenId id) { return std::ranges::count(lesson.row.ids, id) == 1; };
    const bool is_whole = has(quote_id) && has(unquote_id);
    CHECK(is_whole == (lesson.first_slot > 0));
    if (is_whole) {
      CHECK(lesson.row.ids[static_cast<size_t>(lesson.first_slot)] == quote_id);
      CHECK(lesson.row.ids[static_cast<size_t>(lesson.last_slot)] == unquote_id);
    }
    CHECK((lesson.first_slot == 0) == (lesson.last_slot == 0));
    ++(is_whole ? whole : none);
  }
  CHECK(whole > 50);
  CHECK(none > 50);
}

TEST_CASE("19: a network finds the answers that are whole in a window, and no others", "[tutorials]") {
  const Answerer model = small_answerer(training_seed(4));
  train_answers(model, training_seed(14), lessons);
  Rng rng(training_seed(24));
  for (const int64_t answer : {2, 9, 12, 16}) {
    for (const int64_t overlap : {0, 8}) {
      INFO("answer " << answer << ", overlap " << overlap);
      const std::vector<Stretch> windows = windows_over(long_length, room, room - overlap);
      const double whole = answer_recall(long_length, windows, answer);
      const double right =
          share_answered(model, long_quoted(answer, is_sanitized ? 30 : 1, rng), room - overlap);
      if (!is_sanitized) CHECK(std::abs(whole - right) <= 0.03);
    }
  }
  const double none = share_answered(model, long_unquoted(is_sanitized ? 2 : 100, rng), room / 2);
  if (!is_sanitized) CHECK(none >= 0.95);
}

TEST_CASE("19 museum: an unseen tail, a stride for an overlap, pieces twice, a place in the window",
          "[tutorials]") {
  CHECK(unseen(21, windows_without_the_tail(21, 8, 4)) == 1);
  CHECK(unseen(20, windows_without_the_tail(20, 8, 4)) == 0);
  CHECK(unseen(7, windows_without_the_tail(7, 8, 4)) == 7);

  const std::vector<Stretch> as_stride = windows_over(3000, 370, 128),
                             as_overlap = windows_over(3000, 370, 242);
  CHECK(as_stride.size() == static_cast<size_t>(1 + (3000 - 370 + 127) / 128));
  CHECK(as_overlap.size() == static_cast<size_t>(1 + (3000 - 370 + 241) / 242));
  CHECK(answer_recall(3000, as_stride, 200) == 1);
  CHECK(answer_recall(3000, as_overlap, 200) < 0.8);

  const CountedTwice counts = counted(40, windows_over(40, 16, 8), {8, 16});
  CHECK(counts.of_pieces == 40);
  CHECK(counts.right_pieces == 32);
  CHECK(counts.of_windows == 64);
  CHECK(counts.right_in_windows == 48);
  CHECK(counts.mean_of_means == Approx(0.75));

  const std::vector<Stretch> windows = windows_over(std::ssize(storm), 8, 4);
  const Candidate best = candidates(windows, storm_scores(windows), 4, true).front();
  CHECK(answer_text(storm, windows, best, true) == "the keeper went");
}
