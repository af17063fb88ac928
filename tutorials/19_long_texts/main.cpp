// Chapter 19: a text that is longer than a row. Its head, its tail, both, or windows over all of it; which
// window says what, and how what they say is put together; what each of these loses.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "answering.hpp"
#include "by_library.hpp"
#include "museum.hpp"
#include "nn/gradcheck.hpp"
#include "pictures.hpp"
#include "storm.hpp"
#include "tables.hpp"

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::long_texts;

namespace {

constexpr int64_t lessons = short_run ? 5 : 300;  ///< steps of learning

std::string percent(double share) { return fmt::format("{:.0f} %", 100 * share); }

/// What a training has shown.
void tell(const std::string& claim, bool holds) { fmt::print("{:<64} {}\n", claim, shown(holds)); }

void a_long_letter() {
  section("A long letter");
  Rng rng(4);
  const Letter letter = about(idle_letter(40, rng), 27, 0, rng);
  fmt::print("{}\n", text_of({letter.text.data(), 20}));
  fmt::print("{}\n", text_of({letter.text.data() + 20, 20}));
  fmt::print("{} pieces; a row has {} slots, so room for {}\n", letter.text.size(), slots, room);
  try {
    small_classifier({"sea", "woods"}, 1)(input_of({row_of(letter.text)}));
  } catch (const Error& error) {
    fmt::print("all of it at once: {}\n", error.what());
  }
}

void three_cuts() {
  section("Three cuts");
  print_kept("head", 20, keep_head(20, 8));
  print_kept("tail", 20, keep_tail(20, 8));
  print_kept("head + tail", 20, keep_both(20, 8));
}

void windows() {
  section("Windows");
  for (const int64_t stride : {8, 5, 2}) {
    const std::vector<Stretch> all = windows_over(20, 8, stride);
    fmt::print("stride {}, overlap {}: {} windows, {:.1f} pieces read for each of the text\n", stride,
               8 - stride, all.size(), pieces_read(20, all));
    if (stride == 2) continue;
    for (size_t w = 0; w < all.size(); ++w) print_kept(fmt::format("  window {}", w), 20, {all[w]});
  }

  section("The same rows");
  const SameRows same = same_rows(short_run ? 25 : 60);
  fmt::print("head, tail, head + tail and windows of texts of 1 to 60 pieces\n");
  fmt::print("all rows the same as those of bert::fit_text: {}\n", same.texts == same.same);
}

void which_window() {
  section("Which window");
  const std::vector<Stretch> all = windows_over(20, 8, 4);
  const auto line = [](const std::string& name, const auto& of_piece) {
    fmt::print("{:<26}", name);
    for (int64_t piece = 0; piece < 20; ++piece) fmt::print(" {:>2}", of_piece(piece));
    fmt::print("\n");
  };
  line("piece", [](int64_t piece) { return piece; });
  for (const auto& [name, rule] :
       {std::pair{"the first that has it", Speaks::first}, std::pair{"the last that has it", Speaks::last},
        std::pair{"the most context", Speaks::most_context}}) {
    line(name, [&](int64_t piece) { return speaker(all, piece, piece, rule); });
    line("  its context",
         [&](int64_t piece) { return context_of(all[speaker(all, piece, piece, rule)], piece, piece); });
  }
  save_figure("windows.svg", draw_contexts(20, all));

  section("The least context");
  fmt::print("{:<8} {:>10} {:>10} {:>14}\n", "overlap", "the first", "the last", "most context");
  for (const int64_t overlap : {0, 2, 4, 8, 12}) {
    const std::vector<Stretch> some = windows_over(200, 16, 16 - overlap);
    fmt::print("{:<8}", overlap);
    for (const Speaks rule : {Speaks::first, Speaks::last, Speaks::most_context}) {
      const int64_t least = least_context(200, some, rule, 16);
      fmt::print(" {:>{}}", least, rule == Speaks::most_context ? 14 : 10);
    }
    fmt::print("\n");
  }
}

void gradients() {
  section("Gradient check");
  Rng rng(7);
  const Tensor x = randn({7, 3}, rng, DType::f64);
  for (const auto& [name, how] :
       {std::pair{"the mean of windows", Together::mean}, std::pair{"the max of windows", Together::max},
        std::pair{"the max, the min of label 0", Together::proof}}) {
    check_gradient(name, [how](const auto& in) { return together(in[0], {2, 1, 4}, how); }, {x});
  }
}

Classifier taught(const std::string& name, std::vector<std::string> labels,
                  const std::function<Letter(Rng&)>& lesson, uint64_t seed) {
  Classifier model = small_classifier(std::move(labels), seed);
  double recent = 0;
  train(model, lesson, seed + 10, lessons, [&](int64_t step, double loss) {
    if (step > lessons - 50) recent += loss / static_cast<double>(std::min<int64_t>(50, lessons));
  });
  fmt::print("{:<32} loss {:.3f}\n", name, recent);
  return model;
}

void by_place(const Classifier& model) {
  section("Right, by where the word stands");
  const std::vector<std::string> how = {"head", "tail", "head + tail", "windows"};
  const std::vector<bert::Fit> fits = {bert::Fit::head, bert::Fit::tail, bert::Fit::head_and_tail,
                                       bert::Fit::windows};
  fmt::print("{:<12} {:>12} {:>12} {:>12} {:>12}\n", "pieces", how[0], how[1], how[2], how[3]);
  Rng rng(20);
  std::vector<double> places;
  std::vector<std::vector<double>> right(fits.size());
  for (int64_t first = 0; first < long_length; first += 8) {
    const std::vector<Letter> letters = long_about(first, first + 8, short_run ? 1 : 5, rng);
    places.push_back(static_cast<double>(first) + 3.5);
    fmt::print("{:<12}", fmt::format("{} to {}", first, first + 7));
    for (size_t i = 0; i < fits.size(); ++i) {
      right[i].push_back(share_right(read_letters(model, letters, fits[i]), letters));
      fmt::print(" {:>12}", percent(right[i].back()));
    }
    fmt::print("\n");
  }
  save_figure("places.svg", draw_right("Letters of 80 pieces that are read rightly",
                                       "where the telling word stands", how, places, right));

  section("Right, in words");
  const auto all = [&](size_t fit, size_t from, size_t end, double low, double high) {
    return std::all_of(right[fit].begin() + static_cast<std::ptrdiff_t>(from),
                       right[fit].begin() + static_cast<std::ptrdiff_t>(end),
                       [&](double share) { return low <= share && share <= high; });
  };
  tell("head: 95 % or more in pieces 0 to 15, and after them a coin:",
       all(0, 0, 2, 0.95, 1) && all(0, 2, 10, 0.45, 0.55));
  tell("tail: a coin in pieces 0 to 63, and after them 95 % or more:",
       all(1, 0, 8, 0.45, 0.55) && all(1, 8, 10, 0.95, 1));
  tell("head + tail: a coin in pieces 8 to 63:", all(2, 1, 8, 0.45, 0.55));
  tell("windows: 95 % or more everywhere:", all(3, 0, 10, 0.95, 1));
}

void mean_or_max(const Classifier& topic, const Classifier& sure, const Classifier& any) {
  section("Mean or max");
  Rng rng(21);
  const int64_t times = short_run ? 4 : 200;
  struct Line {
    std::string question;
    const Classifier& model;
    std::vector<Letter> letters;
    bool has_nothing;  ///< a label that says "nothing here"
  };
  const std::vector<Letter> one_word = long_about(0, long_length, short_run ? 1 : 3, rng);
  const std::vector<Line> lines = {
      {"what about? (one word)", topic, one_word, false},
      {"the same, never taught silence", sure, one_word, false},
      {"what mostly? (six to two)", topic, long_mostly(times, rng), false},
      {"anything of the sea? (one word)", any, long_any(times, long_length, rng), true}};
  std::vector<double> right;
  fmt::print("{:<32} {:>8} {:>8} {:>20}\n", "", "mean", "max", "max, min of nothing");
  for (const Line& line : lines) {
    fmt::print("{:<32}", line.question);
    for (const Together how : {Together::mean, Together::max, Together::proof}) {
      if (how == Together::proof && !line.has_nothing) continue;
      right.push_back(
          share_right(read_letters(line.model, line.letters, bert::Fit::windows, how), line.letters));
      fmt::print(" {:>{}}", percent(right.back()), how == Together::proof ? 20 : 8);
    }
    fmt::print("\n");
  }
  fmt::print("our means are those of bert::classify, to 1e-4: {}\n",
             gap_of_means(topic, {one_word.begin(), one_word.begin() + 8}) < 1e-4);

  section("Mean or max, in words");
  tell("what about: the mean and the max 95 % or more:", right[0] >= 0.95 && right[1] >= 0.95);
  tell("never taught silence: the mean no better than 65 %:", right[2] <= 0.65);
  tell("what mostly: the mean 80 % or more, and 10 points above the max:",
       right[4] >= 0.8 && right[4] >= right[5] + 0.1);
  tell("anything: the mean no better than 55 %:", right[6] <= 0.55);
  tell("anything: the max with the min of nothing 95 % or more:", right[8] >= 0.95);
}

void edges() {
  section("Names at the edge of a window");
  const Tagger model = small_tagger(3);
  train(model, short_named, 13, lessons);
  Rng rng(22);
  const std::vector<Letter> letters = long_named(short_run ? 1 : 2, rng);
  fmt::print("{:<9} {:>16} {:>16} {:>16} {:>16}\n", "overlap", "the first", "the last", "most context",
             "mean of all");
  std::vector<double> overlaps;
  std::vector<std::vector<double>> right(2);
  NamesRead first, most, mean;
  for (const int64_t overlap : {0, 2, 4, 6, 8}) {
    fmt::print("{:<9}", overlap);
    for (const std::optional<Speaks> rule : std::initializer_list<std::optional<Speaks>>{
             Speaks::first, Speaks::last, Speaks::most_context, std::nullopt}) {
      const NamesRead read = read_names(model, letters, room - overlap, rule);
      fmt::print(" {:>16}", fmt::format("{} ({})", percent(read.right), percent(read.told)));
      (rule == Speaks::first ? first : rule == Speaks::most_context ? most : mean) = read;
    }
    fmt::print("\n");
    overlaps.push_back(static_cast<double>(overlap));
    right[0].push_back(most.right);
    right[1].push_back(first.right);
  }
  save_figure("edges.svg", draw_right("Names that are read rightly", "overlap",
                                      {"the window with most context", "the first window"}, overlaps, right));
  fmt::print("our tags are those of bert::tag, to 1e-4: {}\n",
             gap_of_tags(model, {letters.begin(), letters.begin() + 4}) < 1e-4);

  section("Names at the edge of a window, in words");
  tell("overlap 8, most context: every name told, 97 % or more right:", most.told == 1 && most.right >= 0.97);
  tell("overlap 8, the first: one in five not told, below 93 %:", first.told < 0.8 && first.right < 0.93);
  tell("overlap 8, mean of all: 95 % or more:", mean.right >= 0.95);
}

void an_answer() {
  section("An answer");
  const std::vector<Stretch> windows = windows_over(std::ssize(storm), 8, 4);
  const std::vector<WindowScores> scores = storm_scores(windows);
  for (size_t w = 0; w < windows.size(); ++w) {
    fmt::print("window {}, no answer {:.1f}: {}\n", w, scores[w].none,
               fmt::join(storm.begin() + windows[w].begin, storm.begin() + windows[w].end, " "));
  }
  for (const bool once : {false, true}) {
    fmt::print("the best spans, {}\n", once ? "each in the window with most context:" : "all windows:");
    const std::vector<Candidate> best = candidates(windows, scores, 4, once);
    for (size_t i = 0; i < 3; ++i) {
      fmt::print("  {:.1f}  pieces {:>2} to {:>2}, window {}: {}\n", best[i].score, best[i].first,
                 best[i].last, best[i].w, answer_text(storm, windows, best[i], false));
    }
  }
  fmt::print("no answer, the least of all windows: {:.1f}\n", none_of_all(scores));

  section("The same answers");
  const int64_t texts = short_run ? 50 : 500;
  fmt::print("random scores: all answers those of bert::best_spans: {}\n", same_answers(texts, 8) == texts);
}

void answers_found() {
  section("Answers that a network finds");
  const Answerer model = small_answerer(4);
  train_answers(model, 14, lessons);
  Rng rng(24);
  const int64_t every = short_run ? 20 : 1;
  fmt::print("{:<10} {:>12} {:>23}\n", "pieces", "overlap 0:", "overlap 8:");
  fmt::print("{:<10} {:>12} {:>8} {:>14} {:>8}\n", "quoted", "whole", "right", "whole", "right");
  bool all_said = true;
  for (const int64_t answer : {2, 4, 8, 9, 12, 16}) {
    fmt::print("{:<10}", answer);
    for (const int64_t overlap : {0, 8}) {
      const double whole =
          answer_recall(long_length, windows_over(long_length, room, room - overlap), answer);
      const double right = share_answered(model, long_quoted(answer, every, rng), room - overlap);
      all_said = all_said && std::abs(whole - right) <= 0.03;
      fmt::print(" {:>{}} {:>8}", percent(whole), overlap == 0 ? 12 : 14, percent(right));
    }
    fmt::print("\n");
  }
  const double none = share_answered(model, long_unquoted(short_run ? 4 : 100, rng), room / 2);
  fmt::print("letters in which nothing is quoted: {} right\n", percent(none));

  section("Answers that a network finds, in words");
  tell("right are those that are whole in a window, to 3 points:", all_said);
  tell("nothing quoted: 95 % or more right:", none >= 0.95);
}

void museum() {
  section("Museum: a tail that no window has");
  fmt::print("{:<8} {:>16} {:>16}\n", "pieces", "unseen, right", "unseen, bug");
  for (const int64_t length : {7, 8, 20, 21, 24})
    fmt::print("{:<8} {:>16} {:>16}\n", length, unseen(length, windows_over(length, 8, 4)),
               unseen(length, windows_without_the_tail(length, 8, 4)));

  section("Museum: a stride that is read as an overlap");
  fmt::print("128, in rows with room for 370 pieces, text of 3000\n");
  for (const auto& [name, stride] :
       {std::pair{"as the stride", 128}, std::pair{"as the overlap", 370 - 128}}) {
    const std::vector<Stretch> all = windows_over(3000, 370, stride);
    fmt::print("{:<16} {:>3} windows, answers of 200 pieces whole: {:.1f} %\n", name, all.size(),
               100 * answer_recall(3000, all, 200));
  }

  section("Museum: pieces that count twice");
  const CountedTwice counts = counted(40, windows_over(40, 16, 8), {8, 16});
  fmt::print("each piece once:     {} of {} right, {:.1f} %\n", counts.right_pieces, counts.of_pieces,
             100.0 * static_cast<double>(counts.right_pieces) / static_cast<double>(counts.of_pieces));
  fmt::print("all that windows say: {} of {} right, {:.1f} %\n", counts.right_in_windows, counts.of_windows,
             100.0 * static_cast<double>(counts.right_in_windows) / static_cast<double>(counts.of_windows));
  fmt::print("mean of the windows' shares: {:.1f} %\n", 100 * counts.mean_of_means);

  section("Museum: a place in the window for one in the text");
  const std::vector<Stretch> windows = windows_over(std::ssize(storm), 8, 4);
  const Candidate best = candidates(windows, storm_scores(windows), 4, true).front();
  fmt::print("in the text:   {}\n", answer_text(storm, windows, best, false));
  fmt::print("in the window: {}\n", answer_text(storm, windows, best, true));

  section("Museum: a silent cut");
  Rng rng(23);
  bert::LabelledTexts texts;
  for (const Letter& letter : long_about(0, long_length, 1, rng))
    texts.rows.push_back({text_of(letter.text), "", letter.label == 0 ? "sea" : "woods"});
  const bert::FitOptions fit{.max_length = slots};
  const bert::FittedTexts fitted = bert::fit_texts(tokenizer(), texts, fit);
  fmt::print("{} texts in, {} rows out, no error\n", fitted.texts, fitted.rows.size());
  fmt::print("{}\n", bert::note_of_cuts("letters", fitted, fit));
}

}  // namespace

int main(int argc, char** argv) {
  return run_chapter(argc, argv, [] {
    a_long_letter();
    three_cuts();
    windows();
    which_window();
    gradients();
    section("Learning from short letters");
    const Classifier topic = taught("of the sea or of the woods", {"sea", "woods"}, short_about, 1);
    const Classifier sure = taught("the same, never taught silence", {"sea", "woods"}, short_telling, 1);
    const Classifier any = taught("anything of the sea", {"nothing", "sea"}, short_any, 2);
    by_place(topic);
    mean_or_max(topic, sure, any);
    edges();
    an_answer();
    print_recall();
    print_rows();
    print_whose_context();
    answers_found();
    museum();
  });
}
