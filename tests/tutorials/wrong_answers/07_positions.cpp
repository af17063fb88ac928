// What readers may answer in chapter 7, wrong and right.
#include "tutorials/07_positions/exercise.hpp"

#include <cmath>
#include <map>
#include <set>

#include "tests/tutorials/wrong_answers/answers.hpp"

#define shift_matrix right_shift_matrix
#define best_without_order right_best_without_order
#define segment_ids right_segment_ids
#include "tutorials/07_positions/solution.cpp"
#undef shift_matrix
#undef best_without_order
#undef segment_ids

namespace gradus::tutorials {
namespace {

const Answers<decltype(shift_matrix)> shift(
    1, right_shift_matrix,
    {{"turned the other way", "the other way round turns back",
      [](int64_t k, int64_t hidden) { return right_shift_matrix(k, hidden).transpose(0, 1); }},
     {"one speed for all pairs", "each pair has its own speed",
      [](int64_t k, int64_t hidden) {
        Tensor r = eye(hidden, DType::f64);
        for (int64_t i = 0; i < hidden; i += 2) {
          r.slice(0, i, i + 2).slice(1, i, i + 2).copy_(right_shift_matrix(k, 2));
        }
        return r;
      }},
     {"sines first, cosines after them", "stands at columns 2i and 2i + 1",
      [](int64_t k, int64_t hidden) {
        std::vector<int64_t> places;  // of the pair's sines, then of its cosines
        for (int64_t i = 0; i < hidden; ++i)
          places.push_back(i < hidden / 2 ? 2 * i : 2 * (i - hidden / 2) + 1);
        return index_select(index_select(right_shift_matrix(k, hidden), 0, tensor(places)), 1,
                            tensor(places));
      }},
     {"never back", "the sign of k turns the rotation round",
      [](int64_t k, int64_t hidden) { return right_shift_matrix(std::abs(k), hidden); }},
     {"k steps of one", accepted, [](int64_t k, int64_t hidden) {
        Tensor r = eye(hidden, DType::f64);
        const Tensor one = right_shift_matrix(1, hidden);
        for (int64_t i = 0; i < std::abs(k); ++i) r = matmul(r, k > 0 ? one : one.transpose(0, 1));
        return r;
      }}});

/// The better answer of each kind of sentence, all kinds with the same `key` taken together.
template <class F>
double best_by(const Tensor& ids, const Tensor& labels, const F& key) {
  std::map<decltype(key(std::vector<int64_t>{})), std::pair<int64_t, int64_t>> kinds;
  for (int64_t i = 0; i < ids.size(0); ++i) {
    auto& [no, yes] = kinds[key(ids.select(0, i).to_vector<int64_t>())];
    (labels.at({i}) == 0 ? no : yes) += 1;
  }
  int64_t right = 0;
  for (const auto& [unused, seen] : kinds) right += std::max(seen.first, seen.second);
  return static_cast<double>(right) / static_cast<double>(ids.size(0));
}

using Ids = std::vector<int64_t>;

const Answers<decltype(best_without_order)> best(
    2, right_best_without_order,
    {{"a half, as for the order task", "must share one answer",
      [](const Tensor&, const Tensor&) { return 0.5; }},
     {"sentences as they stand", "must share one answer",
      [](const Tensor& ids, const Tensor& labels) {
        return best_by(ids, labels, [](const Ids& words) { return words; });
      }},
     {"a set of words", "a set of words is not enough",
      [](const Tensor& ids, const Tensor& labels) {
        return best_by(ids, labels,
                       [](const Ids& words) { return std::set<int64_t>(words.begin(), words.end()); });
      }},
     {"the sum of the ids", "a sum of the ids is not enough",
      [](const Tensor& ids, const Tensor& labels) {
        return best_by(ids, labels, [](const Ids& words) {
          int64_t sum = 0;
          for (const int64_t word : words) sum += word;
          return sum;
        });
      }},
     {"one answer for all", "one answer for all is not the best",
      [](const Tensor& ids, const Tensor& labels) {
        return best_by(ids, labels, [](const Ids&) { return 0; });
      }},
     {"the mean over kinds of sentence", "count sentences, not kinds of sentence",
      [](const Tensor& ids, const Tensor& labels) {
        std::map<Ids, std::vector<double>> kinds;
        for (int64_t i = 0; i < ids.size(0); ++i) {
          Ids words = ids.select(0, i).to_vector<int64_t>();
          std::sort(words.begin(), words.end());
          kinds[words].push_back(labels.at({i}));
        }
        double shares = 0;
        for (const auto& [unused, seen] : kinds) {
          double ones = 0;
          for (const double label : seen) ones += label;
          const double share = ones / static_cast<double>(seen.size());
          shares += std::max(share, 1 - share);
        }
        return shares / static_cast<double>(kinds.size());
      }},
     {"a count of each word", accepted, [](const Tensor& ids, const Tensor& labels) {
        return best_by(ids, labels, [](const Ids& words) {
          std::map<int64_t, int> counts;
          for (const int64_t word : words) ++counts[word];
          return counts;
        });
      }}});

/// Segment ids word by word; `next` gets the word and what was counted so far in its row, which begins at 0.
template <class F>
Tensor word_by_word(const Tensor& ids, const F& next) {
  std::vector<int64_t> segments;
  for (int64_t row = 0; row < ids.size(0); ++row) {
    int64_t seen = 0;
    for (const int64_t word : ids.select(0, row).to_vector<int64_t>()) segments.push_back(next(word, seen));
  }
  return tensor(segments, ids.shape());
}

const Answers<decltype(segment_ids)> segments(
    3, right_segment_ids,
    {{"[SEP] with what follows", "a [SEP] belongs to the sentence that it ends",
      [](const Tensor& ids, int64_t sep) {
        return word_by_word(ids,
                            [=](int64_t word, int64_t& seen) { return (seen += word == sep) == 1 ? 1 : 0; });
      }},
     {"1 for all after the first [SEP]", "padding, after the second [SEP], gets 0",
      [](const Tensor& ids, int64_t sep) {
        return word_by_word(ids, [=](int64_t word, int64_t& seen) {
          const int64_t segment = seen > 0 ? 1 : 0;
          seen += word == sep;
          return segment;
        });
      }},
     {"counted through all rows", "each row by itself",
      [](const Tensor& ids, int64_t sep) {
        int64_t seen = 0;
        return word_by_word(ids, [&](int64_t word, int64_t&) {
          const int64_t segment = seen == 1 ? 1 : 0;
          seen += word == sep;
          return segment;
        });
      }},
     {"padding known by the id 0", "whatever its id",
      [](const Tensor& ids, int64_t sep) {
        return word_by_word(ids, [=](int64_t word, int64_t& seen) {
          const int64_t segment = seen > 0 && word != 0 ? 1 : 0;
          seen += word == sep;
          return segment;
        });
      }},
     {"[SEP] taken for 3", "which is not always 3",
      [](const Tensor& ids, int64_t) { return right_segment_ids(ids, 3); }},
     {"a flat list", "[B, S] in, [B, S] out",
      [](const Tensor& ids, int64_t sep) { return right_segment_ids(ids, sep).reshape({-1}); }},
     {"by the number of [SEP] before", accepted, [](const Tensor& ids, int64_t sep) {
        const Tensor result = word_by_word(ids, [=](int64_t word, int64_t& seen) {
          const int64_t segment = seen == 1 ? 1 : 0;
          seen += word == sep;
          return segment;
        });
        // A single sentence has its padding after the only [SEP].
        const Tensor ends = sum(equal(ids, tensor<int64_t>({sep})).to(DType::f64), Axes{1}, true);
        return (result.to(DType::f64) * less(scalar(1.5, DType::f64), ends).to(DType::f64)).to(DType::i64);
      }}});

}  // namespace

Tensor shift_matrix(int64_t k, int64_t hidden) { return shift(k, hidden); }
double best_without_order(const Tensor& ids, const Tensor& labels) { return best(ids, labels); }
Tensor segment_ids(const Tensor& ids, int64_t sep) { return segments(ids, sep); }

}  // namespace gradus::tutorials
