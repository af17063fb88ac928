// What readers may answer in chapter 17, wrong and right.
#include "tutorials/17_looking_inside/exercise.hpp"

#include "tests/tutorials/wrong_answers/answers.hpp"

#define choose_head right_choose_head
#define without_head right_without_head
#define left_by_luck right_left_by_luck
#define what_arrives right_what_arrives
#include "tutorials/17_looking_inside/solution.cpp"
#undef choose_head
#undef without_head
#undef left_by_luck
#undef what_arrives

namespace gradus::tutorials::looking_inside {
namespace {

/// The best head of some sentences by a measure of each sentence from its two weights.
template <class Measure>
int64_t best_by(const Observed& seen, const Measure& measure) {
  int64_t best = 0;
  double most = -1e9;
  for (int64_t head = 0; head < seen.maps.size(1); ++head) {
    double sum = 0;
    for (size_t n = 0; n < seen.from.size(); ++n) {
      const auto at = [&](int64_t k) {
        return seen.maps.at({static_cast<int64_t>(n), head, seen.from[n], k});
      };
      sum += measure(at(seen.right[n]), at(seen.wrong[n]));
    }
    if (sum > most) most = sum, best = head;
  }
  return best;
}

Observed both(const Observed& one, const Observed& other) {
  Observed all{concat({one.maps, other.maps}, 0), one.from, one.right, one.wrong};
  all.from.insert(all.from.end(), other.from.begin(), other.from.end());
  all.right.insert(all.right.end(), other.right.begin(), other.right.end());
  all.wrong.insert(all.wrong.end(), other.wrong.begin(), other.wrong.end());
  return all;
}

const Answers<decltype(choose_head)> chosen(
    1, right_choose_head,
    {{"chosen on the test", "the choice is made on the validation, whatever the test says",
      [](const Observed&, const Observed& test) { return right_choose_head(test, test); }},
     {"scored on the validation", "the two thirds that made it the best are no score",
      [](const Observed& validation, const Observed&) { return right_choose_head(validation, validation); }},
     {"chosen and scored on all sentences", "the choice is made on the validation",
      [](const Observed& validation, const Observed& test) {
        const Observed all = both(validation, test);
        return right_choose_head(all, all);
      }},
     {"the best score of any head on the test", "the score is that of the chosen head",
      [](const Observed& validation, const Observed& test) {
        return ChosenHead{right_choose_head(validation, test).head, right_choose_head(test, test).score};
      }},
     {"columns for rows", "Token q looks by row q of a map",
      [](const Observed& validation, const Observed& test) {
        Observed one = validation, other = test;
        one.maps = one.maps.transpose(2, 3), other.maps = other.maps.transpose(2, 3);
        return right_choose_head(one, other);
      }},
     {"the largest mean weight", "sentences are counted",
      [](const Observed& validation, const Observed& test) {
        const int64_t head = best_by(validation, [](double right, double) { return right; });
        Observed one = test;
        one.maps = test.maps.slice(1, head, head + 1);
        return ChosenHead{head, right_choose_head(one, one).score};
      }},
     {"equal looks are no find", "equal looks are half a find",
      [](const Observed& validation, const Observed& test) {
        const int64_t head = right_choose_head(validation, test).head;
        double finds = 0;
        for (size_t n = 0; n < test.from.size(); ++n) {
          const auto at = [&](int64_t k) {
            return test.maps.at({static_cast<int64_t>(n), head, test.from[n], k});
          };
          finds += at(test.right[n]) > at(test.wrong[n]) ? 1 : 0;
        }
        return ChosenHead{head, finds / static_cast<double>(test.from.size())};
      }},
     {"the last of equal heads", "of equal ones the first",
      [](const Observed& validation, const Observed& test) {
        const int64_t heads = validation.maps.size(1);
        const auto turned = [&](Observed seen) {
          std::vector<Tensor> maps;
          for (int64_t a = heads - 1; a >= 0; --a) maps.push_back(seen.maps.select(1, a));
          seen.maps = stack(maps, 1);
          return seen;
        };
        ChosenHead last = right_choose_head(turned(validation), turned(test));
        last.head = heads - 1 - last.head;
        return last;
      }},
     {"by a measure of both", accepted, [](const Observed& validation, const Observed& test) {
        const int64_t head = best_by(validation, [](double right, double wrong) {
          return static_cast<double>((right > wrong) - (right < wrong));
        });
        Observed one = test;
        one.maps = test.maps.slice(1, head, head + 1);
        return ChosenHead{head, right_choose_head(one, one).score};
      }}});

const Answers<decltype(without_head)> taken(
    2, right_without_head,
    {{"a mean in its place", "not a mean",
      [](const Tensor& each, int64_t head, const Tensor& wo, const Tensor& bo) {
        Tensor left = each.clone();
        left.select(1, head).copy_(mean(each, Axes{1}));
        return linear(left.transpose(1, 2).reshape({each.size(0), each.size(2), wo.size(1)}), wo, bo);
      }},
     {"the others made larger", "the others are not made larger",
      [](const Tensor& each, int64_t head, const Tensor& wo, const Tensor& bo) {
        const auto heads = static_cast<double>(each.size(1));
        return right_without_head(each * (heads / (heads - 1)), head, wo, bo);
      }},
     {"without the bias", "the bias b_o, which is nobody's, stays",
      [](const Tensor& each, int64_t head, const Tensor& wo, const Tensor& bo) {
        return right_without_head(each, head, wo, bo * 0.0);
      }},
     {"in place", "the heads' own numbers were changed",
      [](const Tensor& each, int64_t head, const Tensor& wo, const Tensor& bo) {
        const Tensor result = right_without_head(each, head, wo, bo);
        each.select(1, head).fill_(0);
        return result;
      }},
     {"W_o changed in place", "W_o itself was changed",
      [](const Tensor& each, int64_t head, const Tensor& wo, const Tensor& bo) {
        const Tensor result = right_without_head(each, head, wo, bo);
        const int64_t width = each.size(3);
        wo.slice(1, head * width, (head + 1) * width).fill_(0);
        return result;
      }},
     {"W_o's rows for its columns", "what the head has gathered is 0 then",
      [](const Tensor& each, int64_t head, const Tensor& wo, const Tensor& bo) {
        Tensor weight = wo.clone();
        weight.slice(0, head, head + 1).fill_(0);
        return linear(each.transpose(1, 2).reshape({each.size(0), each.size(2), wo.size(1)}), weight, bo);
      }},
     {"the head alone", "what the head has gathered is 0 then",
      [](const Tensor& each, int64_t head, const Tensor& wo, const Tensor& bo) {
        Tensor only = zeros(each.shape(), each.dtype());
        only.select(1, head).copy_(each.select(1, head));
        return linear(only.transpose(1, 2).reshape({each.size(0), each.size(2), wo.size(1)}), wo, bo);
      }},
     {"heads and tokens not changed over", "the heads before the tokens",
      [](const Tensor& each, int64_t head, const Tensor& wo, const Tensor& bo) {
        Tensor left = each.clone();
        left.select(1, head).fill_(0);
        return linear(left.reshape({each.size(0), each.size(2), wo.size(1)}), wo, bo);
      }},
     {"W_o's columns in a copy", accepted,
      [](const Tensor& each, int64_t head, const Tensor& wo, const Tensor& bo) {
        Tensor weight = wo.clone();
        weight.slice(1, head * each.size(3), (head + 1) * each.size(3)).fill_(0);
        return linear(each.transpose(1, 2).reshape({each.size(0), each.size(2), wo.size(1)}), weight, bo);
      }}});

const Answers<decltype(left_by_luck)> lucky(
    2, right_left_by_luck,
    {{"the chance among the mean number", "the mean of the two chances",
      [](int64_t animals, int64_t foods) {
        Luck wrong = right_left_by_luck(animals, foods);
        wrong.of_the_kind = 2 / static_cast<double>(animals + foods);
        return wrong;
      }},
     {"animals only", "half of the sentences have one chance in two",
      [](int64_t animals, int64_t foods) {
        Luck wrong = right_left_by_luck(animals, foods);
        wrong.of_the_kind = 1 / static_cast<double>(animals);
        return wrong;
      }},
     {"one of two nouns by their numbers", "however many there are elsewhere",
      [](int64_t animals, int64_t foods) {
        Luck wrong = right_left_by_luck(animals, foods);
        wrong.of_the_two = static_cast<double>(animals) / static_cast<double>(animals + foods);
        return wrong;
      }},
     {"a coin for the kind, then a noun", "one of twelve is right in every sentence",
      [](int64_t animals, int64_t foods) {
        Luck wrong = right_left_by_luck(animals, foods);
        wrong.of_all = wrong.of_the_kind / 2;
        return wrong;
      }},
     {"whole numbers divided", "whichever kind it is",
      [](int64_t animals, int64_t foods) {
        Luck wrong = right_left_by_luck(animals, foods);
        wrong.of_the_kind = static_cast<double>(1 / animals);
        return wrong;
      }},
     {"counted", accepted, [](int64_t animals, int64_t foods) {
        double sum = 0;
        for (const int64_t count : {animals, foods}) sum += 0.5 / static_cast<double>(count);
        return Luck{sum, 1.0 / 2, 1.0 / static_cast<double>(animals + foods)};
      }}});

/// The lengths of `carried` [S, H], and what is done with a head's map [S, S] and them.
template <class Combine>
Tensor by_head(const Tensor& maps, const Tensor& values, const Tensor& wo, const Combine& combine) {
  const int64_t width = values.size(2);
  std::vector<Tensor> heads;
  for (int64_t a = 0; a < maps.size(0); ++a)
    heads.push_back(combine(maps.select(0, a), values.select(0, a), wo.slice(1, a * width, (a + 1) * width)));
  return stack(heads, 0);
}

Tensor length(const Tensor& rows) { return sqrt(sum(rows * rows, Axes{1})); }

const Answers<decltype(what_arrives)> arrives(
    3, right_what_arrives,
    {{"the map itself", "of a value of zeros nothing arrives",
      [](const Tensor& maps, const Tensor&, const Tensor&) { return maps * 1.0; }},
     {"values without W_o", "a head's own columns of W_o",
      [](const Tensor& maps, const Tensor& values, const Tensor&) {
        return maps * sqrt(sum(values * values, Axes{2})).unsqueeze(1);
      }},
     {"lengths without weights", "0.25 times (3, 4) is 1.25 long",
      [](const Tensor& maps, const Tensor& values, const Tensor& wo) {
        return right_what_arrives(ones(maps.shape(), maps.dtype()), values, wo);
      }},
     {"a sum in place of a length", "0.25 times (3, 4) is 1.25 long",
      [](const Tensor& maps, const Tensor& values, const Tensor& wo) {
        return by_head(maps, values, wo, [](const Tensor& map, const Tensor& value, const Tensor& own) {
          return map * sum(matmul(value, own.transpose(0, 1)), Axes{1}).unsqueeze(0);
        });
      }},
     {"no root", "0.25 times (3, 4) is 1.25 long",
      [](const Tensor& maps, const Tensor& values, const Tensor& wo) {
        return by_head(maps, values, wo, [](const Tensor& map, const Tensor& value, const Tensor& own) {
          const Tensor carried = matmul(value, own.transpose(0, 1));
          return map * sum(carried * carried, Axes{1}).unsqueeze(0);
        });
      }},
     {"the lengths at the rows", "column k whose value it is",
      [](const Tensor& maps, const Tensor& values, const Tensor& wo) {
        return by_head(maps, values, wo, [](const Tensor& map, const Tensor& value, const Tensor& own) {
          return map * length(matmul(value, own.transpose(0, 1))).unsqueeze(1);
        });
      }},
     {"the first head's columns for all", "a head's own columns of W_o",
      [](const Tensor& maps, const Tensor& values, const Tensor& wo) {
        const Tensor first = wo.slice(1, 0, values.size(2));
        return by_head(maps, values, wo, [&](const Tensor& map, const Tensor& value, const Tensor&) {
          return map * length(matmul(value, first.transpose(0, 1))).unsqueeze(0);
        });
      }},
     {"every vector by itself", accepted, [](const Tensor& maps, const Tensor& values, const Tensor& wo) {
        return by_head(maps, values, wo, [](const Tensor& map, const Tensor& value, const Tensor& own) {
          const Tensor carried = matmul(value, own.transpose(0, 1)).unsqueeze(0) * map.unsqueeze(2);
          return sqrt(sum(carried * carried, Axes{2}));  // [S, S, H] -> [S, S]
        });
      }}});

}  // namespace

ChosenHead choose_head(const Observed& validation, const Observed& test) { return chosen(validation, test); }
Tensor without_head(const Tensor& each, int64_t head, const Tensor& wo, const Tensor& bo) {
  return taken(each, head, wo, bo);
}
Luck left_by_luck(int64_t animals, int64_t foods) { return lucky(animals, foods); }
Tensor what_arrives(const Tensor& maps, const Tensor& values, const Tensor& wo) {
  return arrives(maps, values, wo);
}

}  // namespace gradus::tutorials::looking_inside
