// What readers may answer in chapter 6, wrong and right.
#include "tutorials/06_many_heads/exercise.hpp"

#include <algorithm>

#include "tests/tutorials/wrong_answers/answers.hpp"

#define parameters_of right_parameters_of
#define reordered right_reordered
#define padding_mask_of right_padding_mask_of
#include "tutorials/06_many_heads/solution.cpp"
#undef parameters_of
#undef reordered
#undef padding_mask_of

namespace gradus::tutorials {
namespace {

const Answers<decltype(parameters_of)> count(
    1, right_parameters_of,
    {{"no biases", "each projection has a bias too", [](int64_t H, int64_t) { return 4 * H * H; }},
     {"W_o forgotten", "there is a fourth projection", [](int64_t H, int64_t) { return 3 * (H * H + H); }},
     {"matrices of its own for each head", "a head does not have matrices of its own",
      [](int64_t H, int64_t A) { return 4 * (H * H + H) * A; }},
     {"one head of them", "that is one head", [](int64_t H, int64_t A) { return 4 * (H * (H / A) + H / A); }},
     {"one bias a projection", "its bias with it", [](int64_t H, int64_t) { return 4 * (H * H + 1); }},
     {"head by head", accepted, [](int64_t H, int64_t A) {
        const int64_t D = H / A;
        return A * 3 * (D * H + D) + H * H + H;
      }}});

/// The places of the numbers of the heads in `order`, for heads of D numbers.
Tensor places(const std::vector<int64_t>& order, int64_t D) {
  std::vector<int64_t> all;
  for (const int64_t a : order) {
    for (int64_t d = 0; d < D; ++d) all.push_back(a * D + d);
  }
  return tensor(all);
}

int64_t size_of_head(const ManyHeads& all) { return all.query.size(0) / all.heads; }

const Answers<decltype(reordered)> order_of_heads(
    2, right_reordered,
    {{"W_o left as it was", "W_o reads them",
      [](const ManyHeads& all, const std::vector<int64_t>& order) {
        ManyHeads result = right_reordered(all, order);
        result.output = all.output;
        return result;
      }},
     {"the rows of W_o", "which in its columns?",
      [](const ManyHeads& all, const std::vector<int64_t>& order) {
        ManyHeads result = right_reordered(all, order);
        result.output = index_select(all.output, 0, places(order, size_of_head(all)));
        return result;
      }},
     {"W_v left as it was", "W_v makes the numbers of a head",
      [](const ManyHeads& all, const std::vector<int64_t>& order) {
        ManyHeads result = right_reordered(all, order);
        result.value = all.value;
        return result;
      }},
     {"one row a head", "head a owns D = H / A rows",
      [](const ManyHeads& all, const std::vector<int64_t>& order) {
        const Tensor index = tensor(order);
        return ManyHeads{all.heads, index_select(all.query, 0, index), index_select(all.key, 0, index),
                         index_select(all.value, 0, index), index_select(all.output, 1, index)};
      }},
     {"the inverse order", "that is the way back",
      [](const ManyHeads& all, const std::vector<int64_t>& order) {
        std::vector<int64_t> back(order.size());
        for (size_t a = 0; a < order.size(); ++a)
          back[static_cast<size_t>(order[a])] = static_cast<int64_t>(a);
        return right_reordered(all, back);
      }},
     {"heads of two numbers only", "head a owns D = H / A rows",
      [](const ManyHeads& all, const std::vector<int64_t>& order) {
        const Tensor index = places(order, 2);
        return ManyHeads{all.heads, index_select(all.query, 0, index), index_select(all.key, 0, index),
                         index_select(all.value, 0, index), index_select(all.output, 1, index)};
      }},
     {"by slices", accepted, [](const ManyHeads& all, const std::vector<int64_t>& order) {
        const int64_t D = size_of_head(all);
        std::vector<Tensor> query, key, value, output;
        for (const int64_t a : order) {
          query.push_back(all.query.slice(0, a * D, a * D + D));
          key.push_back(all.key.slice(0, a * D, a * D + D));
          value.push_back(all.value.slice(0, a * D, a * D + D));
          output.push_back(all.output.slice(1, a * D, a * D + D));
        }
        return ManyHeads{all.heads, concat(query, 0), concat(key, 0), concat(value, 0), concat(output, 1)};
      }}});

const Answers<decltype(padding_mask_of)> mask(
    3, right_padding_mask_of,
    {{"turned round", "true is where a key may be SEEN",
      [](const std::vector<int64_t>& lengths, int64_t S) {
        return logical_not(right_padding_mask_of(lengths, S));
      }},
     {"one place too far", "one place too far",
      [](const std::vector<int64_t>& lengths, int64_t S) {
        return logical_not(less(tensor(lengths).unsqueeze(1), arange(S)));
      }},
     {"a column for each sentence", "a row for each sentence",
      [](const std::vector<int64_t>& lengths, int64_t S) {
        return right_padding_mask_of(lengths, S).transpose(0, 1);
      }},
     {"numbers", "a comparison gives a bool tensor",
      [](const std::vector<int64_t>& lengths, int64_t S) {
        return right_padding_mask_of(lengths, S).to(DType::f32);
      }},
     {"the longest sentence for all", "each sentence has its own length",
      [](const std::vector<int64_t>& lengths, int64_t S) {
        const int64_t longest = *std::max_element(lengths.begin(), lengths.end());
        return right_padding_mask_of(std::vector<int64_t>(lengths.size(), longest), S);
      }},
     {"cut at the longest sentence", "however long the longest sentence is",
      [](const std::vector<int64_t>& lengths, int64_t) {
        return right_padding_mask_of(lengths, *std::max_element(lengths.begin(), lengths.end()));
      }},
     {"number by number", accepted, [](const std::vector<int64_t>& lengths, int64_t S) {
        std::vector<int64_t> padding;
        for (const int64_t length : lengths) {
          for (int64_t s = 0; s < S; ++s) padding.push_back(s < length ? 0 : 1);
        }
        return equal(tensor(padding, Shape{static_cast<int64_t>(lengths.size()), S}), tensor<int64_t>({0}));
      }}});

}  // namespace

int64_t parameters_of(int64_t H, int64_t A) { return count(H, A); }
ManyHeads reordered(const ManyHeads& all, const std::vector<int64_t>& order) {
  return order_of_heads(all, order);
}
Tensor padding_mask_of(const std::vector<int64_t>& lengths, int64_t S) { return mask(lengths, S); }

}  // namespace gradus::tutorials
