/// @file
/// Chapter 19's tables of answers that are whole in a window, for sizes as in practice.
#pragma once

#include "pictures.hpp"
#include "tutorials/support/kit.hpp"

namespace gradus::tutorials::long_texts {

/// A text, and rows `[CLS] question [SEP] window [SEP]`.
inline constexpr int64_t book = 3000, question_length = 11;
inline int64_t room_beside_question(int64_t row) { return row - question_length - 3; }

/// The shares of answers of these lengths that count, as the end of a line.
inline void print_shares(const std::vector<Stretch>& kept, const std::vector<int64_t>& lengths,
                         Counts rule = Counts::in_any_window) {
  for (const int64_t answer : lengths)
    fmt::print(" {:>8}", fmt::format("{:.1f} %", 100 * answer_recall(book, kept, answer, rule)));
  fmt::print("\n");
}

inline void print_recall() {
  section("Answers that are whole in a window");
  fmt::print("a text of {} pieces, a question of {}, rows of 384 slots\n", book, question_length);
  fmt::print("{:<8} {:>7} {:>8} {:>7} {:>29}\n", "", "", "", "pieces", "answers of so many pieces");
  fmt::print("{:<8} {:>7} {:>8} {:>7} {:>8} {:>8} {:>8} {:>8} {:>8}\n", "overlap", "stride", "windows",
             "read", 1, 5, 30, 100, 200);
  const auto line = [&](const std::string& name, int64_t stride, const std::vector<Stretch>& kept) {
    fmt::print("{:<8} {:>7} {:>8} {:>7.2f}", name, stride, kept.size(), pieces_read(book, kept));
    print_shares(kept, {1, 5, 30, 100, 200});
  };
  const int64_t wide = room_beside_question(384);
  for (const int64_t overlap : {0, 4, 29, 64, 99, 128, 199, 242})
    line(std::to_string(overlap), wide - overlap, windows_over(book, wide, wide - overlap));
  line("head", 0, keep_head(book, wide));
  save_figure("recall.svg", draw_recall(book, wide, {5, 30, 100, 200}));
}

inline void print_rows() {
  section("Shorter and longer rows");
  fmt::print("overlap 64, answers of 100 pieces\n");
  fmt::print("{:<6} {:>8} {:>12} {:>8}\n", "slots", "windows", "pieces read", "whole");
  for (const int64_t row : {128, 192, 256, 384, 512}) {
    const int64_t wide = room_beside_question(row);
    const std::vector<Stretch> kept = windows_over(book, wide, wide - 64);
    fmt::print("{:<6} {:>8} {:>12.2f}", row, kept.size(), pieces_read(book, kept));
    print_shares(kept, {100});
  }
}

inline void print_whose_context() {
  section("Whose most context");
  fmt::print("rows of 384 slots, overlap 128\n");
  fmt::print("{:<22} {:>8} {:>8} {:>8} {:>8}\n", "answers of pieces", 30, 60, 100, 129);
  const int64_t wide = room_beside_question(384);
  const std::vector<Stretch> kept = windows_over(book, wide, wide - 128);
  for (const auto& [name, rule] : {std::pair{"of the whole answer", Counts::in_any_window},
                                   std::pair{"of its first piece", Counts::in_window_of_its_first}}) {
    fmt::print("{:<22}", name);
    print_shares(kept, {30, 60, 100, 129}, rule);
  }
}

}  // namespace gradus::tutorials::long_texts
