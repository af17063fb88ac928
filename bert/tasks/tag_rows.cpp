#include "bert/tasks/tag_rows.hpp"

#include <algorithm>
#include <utility>

#include "autograd/error.hpp"
#include "autograd/plural.hpp"

namespace gradus::bert {
namespace {

/// The words [begin, end) of those that have pieces.
struct Range {
  size_t begin = 0, end = 0;
};

/// The words of one sentence that have pieces.
struct Pieces {
  std::vector<std::vector<TokenId>> of_word;
  std::vector<int64_t> word;   // its number in the sentence
  std::vector<size_t> before;  // pieces before each, and after the last: all

  size_t count() const { return of_word.size(); }
  size_t all() const { return before.back(); }
  size_t between(size_t begin, size_t end) const { return before[end] - before[begin]; }
  /// The end of the words from `begin` on that `room` pieces hold.
  size_t end_from(size_t begin, size_t room) const {
    size_t end = begin;
    while (end < count() && between(begin, end + 1) <= room) ++end;
    return end;
  }
  /// The begin of those that end before `end`.
  size_t begin_before(size_t end, size_t room) const {
    size_t begin = end;
    while (begin > 0 && between(begin - 1, end) <= room) --begin;
    return begin;
  }
};

Pieces pieces_of(const Tokenizer& tokenizer, const std::vector<std::string>& words, size_t room,
                 TagRows& counts) {
  Pieces pieces;
  pieces.before = {0};
  for (size_t i = 0; i < words.size(); ++i) {
    std::vector<TokenId> ids = tokenizer.tokenize(words[i]);
    counts.without_piece += ids.empty();
    counts.shortened += ids.size() > room;
    if (ids.empty()) continue;
    ids.resize(std::min(ids.size(), room));
    pieces.before.push_back(pieces.all() + ids.size());
    pieces.word.push_back(static_cast<int64_t>(i));
    pieces.of_word.push_back(std::move(ids));
  }
  return pieces;
}

/// Windows over all words, each with something new and the last of them full as well.
std::vector<Range> windows_of(const Pieces& pieces, size_t room, size_t overlap) {
  std::vector<Range> windows = {{0, pieces.end_from(0, room)}};
  while (windows.back().end < pieces.count()) {
    const size_t last = windows.back().end, next_word = pieces.between(last, last + 1);
    const size_t begin = pieces.begin_before(last, std::min(overlap, room - next_word));
    windows.push_back({begin, pieces.end_from(begin, room)});
  }
  windows.back().begin = pieces.begin_before(pieces.count(), room);
  return windows;
}

/// The window of each word: that with the most pieces on the word's shorter side.
std::vector<size_t> window_of_each(const Pieces& pieces, const std::vector<Range>& windows) {
  std::vector<size_t> chosen(pieces.count(), 0);
  std::vector<int64_t> most(pieces.count(), -1);
  for (size_t w = 0; w < windows.size(); ++w) {
    for (size_t i = windows[w].begin; i < windows[w].end; ++i) {
      const auto context = static_cast<int64_t>(
          std::min(pieces.between(windows[w].begin, i), pieces.between(i + 1, windows[w].end)));
      if (context <= most[i]) continue;
      most[i] = context;
      chosen[i] = w;
    }
  }
  return chosen;
}

/// What is kept of a sentence that is too long for one row.
std::vector<Range> kept_words(const Pieces& pieces, size_t room, Fit fit) {
  if (fit == Fit::head) return {{0, pieces.end_from(0, room)}};
  if (fit == Fit::tail) return {{pieces.begin_before(pieces.count(), room), pieces.count()}};
  const Range head{0, pieces.end_from(0, room / 4)};
  return {head, {pieces.begin_before(pieces.count(), room - pieces.between(0, head.end)), pieces.count()}};
}

/// Adds a row of the words of `ranges`, those that `is_said` in its list.
template <class IsSaid>
void add_row(TagRows& all, const SpecialIds& special, const Pieces& pieces, const std::vector<Range>& ranges,
             IsSaid is_said) {
  TextRow row{{special.cls}, 0};
  std::vector<RowWord> said;
  for (const auto [begin, end] : ranges) {
    for (size_t i = begin; i < end; ++i) {
      if (is_said(i))
        said.push_back({std::ssize(all.sentence_words) - 1, pieces.word[i], std::ssize(row.ids)});
      row.ids.insert(row.ids.end(), pieces.of_word[i].begin(), pieces.of_word[i].end());
    }
  }
  if (said.empty()) return;
  row.ids.push_back(special.sep);
  row.first_length = std::ssize(row.ids);
  all.rows.push_back(std::move(row));
  all.words.push_back(std::move(said));
}

void add_sentence(TagRows& all, const SpecialIds& special, const Pieces& pieces, size_t room,
                  const FitOptions& options) {
  const auto each = [](size_t) { return true; };
  if (pieces.all() <= room) return add_row(all, special, pieces, {{0, pieces.count()}}, each);
  if (options.fit == Fit::windows) {
    const std::vector<Range> windows = windows_of(pieces, room, static_cast<size_t>(options.overlap));
    const std::vector<size_t> chosen = window_of_each(pieces, windows);
    for (size_t w = 0; w < windows.size(); ++w)
      add_row(all, special, pieces, {windows[w]}, [&](size_t i) { return chosen[i] == w; });
    return;
  }
  const std::vector<Range> kept = kept_words(pieces, room, options.fit);
  size_t words = 0;
  for (const auto [begin, end] : kept) words += end - begin;
  ++all.cut;
  all.left_out += static_cast<int64_t>(pieces.count() - words);
  add_row(all, special, pieces, kept, each);
}

}  // namespace

int64_t TagRows::said() const {
  int64_t count = 0;
  for (const std::vector<RowWord>& of_row : words) count += std::ssize(of_row);
  return count;
}

TagRows tag_rows(const Tokenizer& tokenizer, const TaggedSentences& sentences, const FitOptions& options) {
  constexpr int64_t least = 5;
  if (options.max_length < least)
    fail<ValueError>("rows of {} slots are too short for a sentence; take at least {}", options.max_length,
                     least);
  const int64_t room = options.max_length - 2;  // beside [CLS] and [SEP]
  if (options.fit == Fit::windows && (options.overlap < 0 || options.overlap >= room))
    fail<ValueError>(
        "windows of {} slots leave no room beside an overlap of {}; take longer rows or a smaller overlap",
        options.max_length, options.overlap);
  TagRows all;
  for (const TaggedSentence& sentence : sentences.sentences) {
    all.sentence_words.push_back(std::ssize(sentence.words));
    const Pieces pieces = pieces_of(tokenizer, sentence.words, static_cast<size_t>(room), all);
    add_sentence(all, tokenizer.special_ids(), pieces, static_cast<size_t>(room), options);
  }
  return all;
}

std::vector<std::string> notes_of_words(const std::string& name, const TagRows& rows,
                                        const FitOptions& options) {
  std::vector<std::string> notes;
  const auto note = [&](int64_t count, const std::string& what) {
    if (count > 0) notes.push_back(fmt::format("{}: {}", name, what));
  };
  int64_t words = 0;
  for (const int64_t count : rows.sentence_words) words += count;
  const auto sentences = std::ssize(rows.sentence_words);
  note(rows.cut,
       fmt::format("{} of {} {} longer than {} pieces; {} of {} words are left out, and are O", rows.cut,
                   sentences, plural(sentences, "sentence"), options.max_length, rows.left_out, words));
  note(rows.without_piece,
       fmt::format("{} of {} words {} no piece and {} O", rows.without_piece, words,
                   plural(rows.without_piece, "has", "have"), plural(rows.without_piece, "is", "are")));
  note(rows.shortened,
       fmt::format("{} of {} words {} longer than a row and lost {} last pieces", rows.shortened, words,
                   plural(rows.shortened, "is", "are"), plural(rows.shortened, "its", "their")));
  return notes;
}

}  // namespace gradus::bert
