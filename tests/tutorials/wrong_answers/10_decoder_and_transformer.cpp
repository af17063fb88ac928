// What readers may answer in chapter 10, wrong and right.
#include "tutorials/10_decoder_and_transformer/exercise.hpp"

#include "tests/tutorials/wrong_answers/answers.hpp"

#define newest_may_see right_newest_may_see
#define beam_by_hand right_beam_by_hand
#define given_and_wanted right_given_and_wanted
#define loss_without_padding right_loss_without_padding
#include "tutorials/10_decoder_and_transformer/solution.cpp"
#undef newest_may_see
#undef beam_by_hand
#undef given_and_wanted
#undef loss_without_padding

namespace gradus::tutorials::translation {
namespace {

const Answers<decltype(newest_may_see)> see(
    1, right_newest_may_see,
    {{"one place too far", "A 1 above the diagonal is a leak",
      [](int64_t S, int64_t T) {
        const Tensor mine = (arange(S) + tensor<int64_t>({T - S + 1})).unsqueeze(1);
        return logical_not(less(mine, arange(T)));
      }},
     {"only what lies before", "keeps a place from seeing itself",
      [](int64_t S, int64_t T) {
        return less(arange(T), (arange(S) + tensor<int64_t>({T - S})).unsqueeze(1));
      }},
     {"row i is place i", "row 0 is not place 0 here",
      [](int64_t S, int64_t T) { return logical_not(less(arange(S).unsqueeze(1), arange(T))); }},
     {"the future instead of the past", "A 1 above the diagonal is a leak",
      [](int64_t S, int64_t T) {
        const Tensor mine = (arange(S) + tensor<int64_t>({T - S})).unsqueeze(1);
        return logical_not(less(arange(T), mine));
      }},
     {"numbers", "a mask is true or false",
      [](int64_t S, int64_t T) { return right_newest_may_see(S, T).to(DType::f32); }},
     {"the last rows of the square", accepted,
      [](int64_t S, int64_t T) { return causal_mask(T).slice(0, T - S, T); }}});

/// Beam search with each of its decisions open to mistakes.
struct Habits {
  bool keeps_ended = true, stops_at_first_end = false, adds_end = true, writes_end = false, marks_end = true;
  bool least = false, mean = false;
};

Text search(const Next& next_of, int64_t beams, int64_t end, int64_t limit, const Habits& habits) {
  std::vector<Text> beam(1);
  for (int64_t step = 0; step < limit; ++step) {
    std::vector<Text> all;
    for (const Text& text : beam) {
      if (text.ended) {
        if (habits.keeps_ended) all.push_back(text);
        continue;
      }
      const std::vector<double> log_p = next_of(text.ids);
      for (size_t id = 0; id < log_p.size(); ++id) {
        Text longer = text;
        longer.ended = static_cast<int64_t>(id) == end;
        if (!longer.ended || habits.adds_end) longer.log_p += log_p[id];
        if (!longer.ended || habits.writes_end) longer.ids.push_back(static_cast<int64_t>(id));
        all.push_back(longer);
      }
    }
    if (all.empty()) break;
    const auto score = [&](const Text& text) {
      if (!habits.mean) return habits.least ? -text.log_p : text.log_p;
      return text.log_p / static_cast<double>(text.ids.size() + (text.ended ? 1 : 0));
    };
    std::stable_sort(all.begin(), all.end(),
                     [&](const Text& a, const Text& b) { return score(a) > score(b); });
    all.resize(std::min(all.size(), static_cast<size_t>(beams)));
    beam = all;
    if (habits.stops_at_first_end && beam.front().ended) break;
  }
  Text best = beam.front();
  if (!habits.marks_end) best.ended = false;
  return best;
}

const Answers<decltype(beam_by_hand)> beam(
    2, right_beam_by_hand,
    {{"greedy, whatever the number of beams", "keep both a and b after the first step",
      [](const Next& next_of, int64_t, int64_t end, int64_t limit) {
        return greedy_by_hand(next_of, end, limit);
      }},
     {"ended texts dropped", "ended texts stay in the beam",
      [](const Next& next_of, int64_t beams, int64_t end, int64_t limit) {
        return search(next_of, beams, end, limit, {.keeps_ended = false});
      }},
     {"the end not counted", "add the log p of every character and of the end",
      [](const Next& next_of, int64_t beams, int64_t end, int64_t limit) {
        return search(next_of, beams, end, limit, {.adds_end = false});
      }},
     {"the end written", "the sign of the end is no character",
      [](const Next& next_of, int64_t beams, int64_t end, int64_t limit) {
        return search(next_of, beams, end, limit, {.writes_end = true});
      }},
     {"ended never set", "whose last character is `end` is ended",
      [](const Next& next_of, int64_t beams, int64_t end, int64_t limit) {
        return search(next_of, beams, end, limit, {.marks_end = false});
      }},
     {"the least likely", "only the likeliest next character stays",
      [](const Next& next_of, int64_t beams, int64_t end, int64_t limit) {
        return search(next_of, beams, end, limit, {.least = true});
      }},
     {"the mean log p of a character", "of short texts and long ones alike",
      [](const Next& next_of, int64_t beams, int64_t end, int64_t limit) {
        return search(next_of, beams, end, limit, {.mean = true});
      }},
     {"stopped when the best has ended", accepted,  // no longer text can become likelier
      [](const Next& next_of, int64_t beams, int64_t end, int64_t limit) {
        return search(next_of, beams, end, limit, {.stops_at_first_end = true});
      }}});

const Answers<decltype(given_and_wanted)> lesson(
    3, right_given_and_wanted,
    {{"the same twice", "the model only learns to repeat",
      [](const Tensor& target) {
        const Tensor given = target.slice(1, 0, target.size(1) - 1);
        return Pair{given, given};
      }},
     {"the other way round", "begin stays",
      [](const Tensor& target) {
        const Pair right = right_given_and_wanted(target);
        return Pair{right.wanted, right.given};
      }},
     {"the whole target given", "the last place, which it has to say, goes", [](const Tensor& target) {
        return Pair{target, target.slice(1, 1, target.size(1))};
      }}});

const Answers<decltype(loss_without_padding)> loss(
    3, right_loss_without_padding,
    {{"padding counted", "the 4 places with padding are counted",
      [](const Tensor& logits, const Tensor& wanted) {
        return -mean(gather(log_softmax(logits), 2, wanted.unsqueeze(2)));
      }},
     {"the sum", "divide by the number of characters",
      [](const Tensor& logits, const Tensor& wanted) {
        return right_loss_without_padding(logits, wanted) *
               sum(not_padding(wanted).to(logits.dtype())).detach();
      }},
     {"divided by the places", "and not the 8 places",
      [](const Tensor& logits, const Tensor& wanted) {
        const Tensor real = not_padding(wanted).to(logits.dtype());
        return -mean(gather(log_softmax(logits), 2, wanted.unsqueeze(2)).squeeze(2) * real);
      }},
     {"without the minus", "a loss is positive",
      [](const Tensor& logits, const Tensor& wanted) { return -right_loss_without_padding(logits, wanted); }},
     {"a mean of means", "a mean of each row's mean would be",
      [](const Tensor& logits, const Tensor& wanted) {
        const Tensor real = not_padding(wanted).to(logits.dtype());
        const Tensor said = gather(log_softmax(logits), 2, wanted.unsqueeze(2)).squeeze(2) * real;
        return -mean(sum(said, Axes{1}) / sum(real, Axes{1}));
      }},
     {"the log of a softmax, by rows", accepted, [](const Tensor& logits, const Tensor& wanted) {
        const int64_t V = logits.size(2);
        const Tensor p = gather(softmax(logits).reshape({-1, V}), 1, wanted.reshape({-1, 1}));
        const Tensor real = not_padding(wanted).to(logits.dtype()).reshape({-1, 1});
        return -sum(log(p) * real) / sum(real);
      }}});

}  // namespace

Tensor newest_may_see(int64_t S, int64_t T) { return see(S, T); }
Text beam_by_hand(const Next& next_of, int64_t beams, int64_t end, int64_t limit) {
  return beam(next_of, beams, end, limit);
}
Pair given_and_wanted(const Tensor& target) { return lesson(target); }
Tensor loss_without_padding(const Tensor& logits, const Tensor& wanted) { return loss(logits, wanted); }

}  // namespace gradus::tutorials::translation
