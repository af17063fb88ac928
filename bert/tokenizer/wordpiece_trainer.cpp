#include "bert/tokenizer/wordpiece_trainer.hpp"

#include <algorithm>
#include <map>
#include <queue>
#include <span>
#include <unordered_set>

#include "autograd/error.hpp"
#include "bert/text/unicode.hpp"

namespace gradus::bert {

void WordCounter::add(std::string_view text) {
  normalizer_.normalize(text, normalized_);
  words_.clear();
  split_words(normalized_.chars, words_);
  const std::u32string_view chars = normalized_.chars;
  for (const WordSpan& span : words_) {
    const std::u32string_view word = chars.substr(span.begin, span.end - span.begin);
    const auto found = counts_.find(word);
    if (found != counts_.end()) {
      ++found->second;
    } else {
      counts_.emplace(word, 1);
    }
  }
  total_ += static_cast<int64_t>(words_.size());
}

void WordCounter::add_word(std::string_view word, int64_t times) {
  counts_[decode_utf8(word)] += times;
  total_ += times;
}

void WordCounter::merge(const WordCounter& other) {
  for (const auto& [word, count] : other.counts_) counts_[word] += count;
  total_ += other.total_;
}

std::vector<std::pair<std::string, int64_t>> WordCounter::sorted() const {
  std::vector<std::pair<std::string, int64_t>> out;
  out.reserve(counts_.size());
  for (const auto& [word, count] : counts_) out.emplace_back(encode_utf8(word), count);
  std::sort(out.begin(), out.end());  // the order of UTF-8's bytes is that of code points
  return out;
}

namespace {

/// Two neighbours in one number, ordered as (left, right).
using Pair = uint64_t;
Pair make_pair(TokenId left, TokenId right) {
  return static_cast<Pair>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}
TokenId left_of(Pair pair) { return static_cast<TokenId>(pair >> 32); }
TokenId right_of(Pair pair) { return static_cast<TokenId>(pair & 0xFFFFFFFFu); }

/// A word as it is cut at the moment.
struct CutWord {
  std::vector<TokenId> pieces;
  int64_t count;
};

/// What is known of a pair: how often it stands in the text, and the words that (once) had it.
struct PairUse {
  int64_t count = 0;
  std::vector<uint32_t> words;
};

/// A pair and its count when it was put into the queue: the most frequent first, then the smaller pair.
struct Candidate {
  int64_t count;
  Pair pair;
  bool operator<(const Candidate& other) const {  // std::priority_queue has the greatest at its top
    return count != other.count ? count < other.count : pair > other.pair;
  }
};

/// A character of the text, how often it stands there, and whether the vocabulary keeps it.
struct Character {
  std::string text;
  int64_t count = 0;
  bool kept = false;
};

class Learner {
 public:
  Learner(const WordCounter& counter, const VocabTrainerOptions& options) : options_(options) {
    for (const std::string& token : options.special_tokens) add_special(token);
    const auto words = counter.sorted();
    if (words.empty()) fail<Error>("learn a vocabulary: the text has no words");
    add_alphabet(words);
    cut_into_characters(words);
    keep_first_characters();
    if (used_ > options.vocab_size) {
      fail<Error>(
          "learn a vocabulary: {} special tokens and the ASCII characters of the text already make {} "
          "pieces, "
          "more than the {} asked for; ask for more or keep a smaller alphabet",
          options.special_tokens.size(), used_, options.vocab_size);
    }
  }

  Vocab run() {
    for (uint32_t w = 0; w < words_.size(); ++w) count_pairs(w);
    for (const auto& [pair, use] : pairs_) queue_.push({use.count, pair});
    while (!queue_.empty()) {
      const Candidate top = queue_.top();
      queue_.pop();
      PairUse& use = pairs_[top.pair];
      if (use.count != top.count) {  // an older count: put it where it belongs now
        if (use.count > 0 && use.count < top.count) queue_.push({use.count, top.pair});
        continue;
      }
      if (top.count < std::max<int64_t>(options_.min_frequency, 1)) break;
      keep_characters(top.count);
      if (is_full_ || used_ == options_.vocab_size) break;
      merge(top, std::exchange(use.words, {}));
    }
    keep_characters(1);
    report_left_out();
    return Vocab(kept_pieces());
  }

 private:
  TokenId id_of(const std::string& piece) {
    const auto [place, is_new] = ids_.emplace(piece, static_cast<TokenId>(pieces_.size()));
    if (is_new) pieces_.push_back(piece);
    return place->second;
  }

  void add_special(const std::string& token) {
    const size_t before = pieces_.size();
    if (!token.empty()) id_of(token);
    if (pieces_.size() == before) {
      fail<FormatError>("learn a vocabulary: the special token \"{}\" is empty or given twice", token);
    }
  }

  void add_alphabet(std::span<const std::pair<std::string, int64_t>> words) {
    std::map<char32_t, int64_t> uses;
    for (const auto& [word, count] : words) {
      for (const char32_t c : decode_utf8(word)) uses[c] += count;
    }
    for (const auto& [c, count] : uses) by_use_.push_back({encode_utf8(std::u32string(1, c)), count});
    std::stable_sort(by_use_.begin(), by_use_.end(),
                     [](const Character& a, const Character& b) { return a.count > b.count; });
    std::vector<std::string> alphabet;
    for (const Character& character : by_use_) {
      if (options_.alphabet_limit > 0 && alphabet.size() == options_.alphabet_limit) break;
      alphabet.push_back(character.text);
    }
    std::sort(alphabet.begin(), alphabet.end());
    for (const std::string& character : alphabet) id_of(character);
  }

  /// How many pieces a character is: one, or two if it continues words as well; none beyond alphabet_limit.
  size_t pieces_of(const Character& character) const {
    return ids_.count(character.text) + ids_.count(std::string(continuation_prefix) + character.text);
  }

  /// Keeps the special tokens, ASCII, and other characters up to half of the vocabulary.
  void keep_first_characters() {
    used_ = options_.special_tokens.size();
    for (Character& character : by_use_) {
      character.kept = character.text.size() == 1 && ids_.contains(character.text);
      if (character.kept) used_ += pieces_of(character);
    }
    for (; next_ < by_use_.size(); ++next_) {
      if (by_use_[next_].kept) continue;
      const size_t pieces = pieces_of(by_use_[next_]);
      if (pieces == 0 || used_ + pieces > options_.vocab_size / 2) break;
      keep(by_use_[next_]);
    }
  }

  /// Keeps the next characters while they are at least as frequent as `count` and there is room. All that a
  /// pair of that count is made of is then kept or there is no room for more.
  void keep_characters(int64_t count) {
    for (; next_ < by_use_.size() && by_use_[next_].count >= count; ++next_) {
      Character& character = by_use_[next_];
      if (character.kept) continue;
      is_full_ = used_ + pieces_of(character) > options_.vocab_size;
      if (is_full_ || pieces_of(character) == 0) return;
      keep(character);
    }
  }

  void keep(Character& character) {
    character.kept = true;
    used_ += pieces_of(character);
  }

  /// The pieces without those of characters that were not kept. No other piece holds such a character.
  std::vector<std::string> kept_pieces() {
    std::unordered_set<std::string> dropped;
    for (const Character& character : by_use_) {
      if (character.kept) continue;
      dropped.insert(character.text);
      dropped.insert(std::string(continuation_prefix) + character.text);
    }
    const auto first = pieces_.begin() + static_cast<std::ptrdiff_t>(options_.special_tokens.size());
    pieces_.erase(std::remove_if(first, pieces_.end(),
                                 [&](const std::string& piece) { return dropped.contains(piece); }),
                  pieces_.end());
    return std::move(pieces_);
  }

  void report_left_out() const {
    constexpr size_t most_examples = 5;
    LeftOut out;
    for (const Character& character : by_use_) {
      out.uses_of_all += character.count;
      if (character.kept) continue;
      ++out.characters;
      out.uses += character.count;
      if (out.examples.size() < most_examples) out.examples.push_back(character.text);
    }
    if (out.characters > 0 && options_.on_left_out) options_.on_left_out(out);
  }

  void cut_into_characters(std::span<const std::pair<std::string, int64_t>> words) {
    words_.reserve(words.size());
    for (const auto& [word, count] : words) {
      CutWord cut{{}, count};
      bool is_first = true;
      for (const char32_t c : decode_utf8(word)) {
        std::string piece;
        append_utf8(piece, c);
        if (ids_.contains(piece)) {  // else the alphabet has dropped it, and the word goes on without
          cut.pieces.push_back(id_of(is_first ? piece : std::string(continuation_prefix) + piece));
        }
        is_first = false;
      }
      words_.push_back(std::move(cut));
    }
  }

  void count_pairs(uint32_t w) {
    const CutWord& word = words_[w];
    for (size_t i = 1; i < word.pieces.size(); ++i) {
      change(make_pair(word.pieces[i - 1], word.pieces[i]), word.count, w);
    }
  }

  /// Adds `by` to a pair's count; where it grows, the word is noted.
  void change(Pair pair, int64_t by, uint32_t w) {
    PairUse& use = pairs_[pair];
    use.count += by;
    if (by > 0 && (use.words.empty() || use.words.back() != w)) use.words.push_back(w);
  }

  void merge(const Candidate& top, const std::vector<uint32_t>& where) {
    const TokenId left = left_of(top.pair), right = right_of(top.pair);
    std::string_view tail = pieces_[static_cast<size_t>(right)];
    if (tail.starts_with(continuation_prefix)) tail.remove_prefix(continuation_prefix.size());
    const std::string piece = pieces_[static_cast<size_t>(left)] + std::string(tail);
    // Two ways of joining may lead to the same piece; it keeps its first number.
    const size_t before = pieces_.size();
    const TokenId merged = id_of(piece);
    used_ += pieces_.size() - before;
    grown_.clear();
    for (const uint32_t w : where) merge_in_word(w, left, right, merged);
    std::sort(grown_.begin(), grown_.end());
    grown_.erase(std::unique(grown_.begin(), grown_.end()), grown_.end());
    for (const Pair pair : grown_) {
      const int64_t count = pairs_[pair].count;
      if (count > 0) queue_.push({count, pair});
    }
    if (options_.on_merge) {
      options_.on_merge(
          {pieces_[static_cast<size_t>(left)], pieces_[static_cast<size_t>(right)], piece, top.count, used_});
    }
  }

  /// Joins each (left, right) of the word from its front, and moves the counts of the pairs around it.
  void merge_in_word(uint32_t w, TokenId left, TokenId right, TokenId merged) {
    CutWord& word = words_[w];
    std::vector<TokenId>& pieces = word.pieces;
    size_t out = 0;
    for (size_t i = 0; i < pieces.size(); ++i) {
      if (pieces[i] != left || i + 1 == pieces.size() || pieces[i + 1] != right) {
        pieces[out++] = pieces[i];
        continue;
      }
      change(make_pair(left, right), -word.count, w);
      if (out > 0) {
        change(make_pair(pieces[out - 1], left), -word.count, w);
        change(make_pair(pieces[out - 1], merged), word.count, w);
        grown_.push_back(make_pair(pieces[out - 1], merged));
      }
      if (i + 2 < pieces.size()) {
        change(make_pair(right, pieces[i + 2]), -word.count, w);
        change(make_pair(merged, pieces[i + 2]), word.count, w);
        grown_.push_back(make_pair(merged, pieces[i + 2]));
      }
      pieces[out++] = merged;
      ++i;
    }
    pieces.resize(out);
  }

  const VocabTrainerOptions& options_;
  std::vector<std::string> pieces_;  // with those of characters that are not kept (yet)
  std::unordered_map<std::string, TokenId> ids_;
  std::vector<CutWord> words_;
  std::unordered_map<Pair, PairUse> pairs_;
  std::priority_queue<Candidate> queue_;
  std::vector<Character> by_use_;  // the most frequent first
  size_t next_ = 0;                // in by_use_: those before it are settled
  size_t used_ = 0;                // pieces that are kept
  bool is_full_ = false;           // a character came for which there was no room
  std::vector<Pair> grown_;        // the pairs that the merge under way has made
};

}  // namespace

Vocab train_vocab(const WordCounter& words, const VocabTrainerOptions& options) {
  return Learner(words, options).run();
}

}  // namespace gradus::bert
