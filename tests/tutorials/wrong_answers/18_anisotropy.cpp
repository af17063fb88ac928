// What readers may answer in chapter 18, wrong and right.
#include "tests/tutorials/wrong_answers/answers.hpp"
#include "tutorials/18_anisotropy/cures.hpp"
#include "tutorials/18_anisotropy/exercise.hpp"

#define whiten right_whiten
#define find_planted right_find_planted
#define few_texts right_few_texts
#include "tutorials/18_anisotropy/solution.cpp"
#undef whiten
#undef find_planted
#undef few_texts

namespace gradus::tutorials::anisotropy {
namespace {

/// How many directions stay.
int64_t with_variance(const Tensor& d) {
  int64_t kept = 0;
  while (kept < d.size(0) && d.at({kept}) > 1e-10 * d.at({0})) ++kept;
  return kept;
}

const Answers<decltype(whiten)> whitenings(
    1, right_whiten,
    {{"W transposed", "number k is x times column k of U",
      [](const Tensor& x, const Tensor& m, const Tensor& u, const Tensor& d) {
        const int64_t k = with_variance(d);
        return matmul(x - m, (u.slice(1, 0, k) * rsqrt(d.slice(0, 0, k))).transpose(0, 1));
      }},
     {"D^(-1/2) from the left", "number k is x times column k of U",
      [](const Tensor& x, const Tensor& m, const Tensor& u, const Tensor& d) {
        const int64_t k = with_variance(d);
        return matmul((x - m) * rsqrt(d), u.slice(1, 0, k));
      }},
     {"divided by the variance", "divided by the root of variance k",
      [](const Tensor& x, const Tensor& m, const Tensor& u, const Tensor& d) {
        const int64_t k = with_variance(d);
        return matmul(x - m, u.slice(1, 0, k) / d.slice(0, 0, k));
      }},
     {"multiplied by the root", "divided by the root of variance k",
      [](const Tensor& x, const Tensor& m, const Tensor& u, const Tensor& d) {
        const int64_t k = with_variance(d);
        return matmul(x - m, u.slice(1, 0, k) * sqrt(d.slice(0, 0, k)));
      }},
     {"the mean forgotten", "take off the m that you are given",
      [](const Tensor& x, const Tensor&, const Tensor& u, const Tensor& d) {
        const int64_t k = with_variance(d);
        return matmul(x, u.slice(1, 0, k) * rsqrt(d.slice(0, 0, k)));
      }},
     {"the mean of x", "not the mean of x",
      [](const Tensor& x, const Tensor&, const Tensor& u, const Tensor& d) {
        const int64_t k = with_variance(d);
        return matmul(x - mean(x, Axes{0}), u.slice(1, 0, k) * rsqrt(d.slice(0, 0, k)));
      }},
     {"turned and not stretched", "divided by the root of variance k",
      [](const Tensor& x, const Tensor& m, const Tensor& u, const Tensor& d) {
        return matmul(x - m, u.slice(1, 0, with_variance(d)));
      }},
     {"no direction left out", "it is left out: three columns",
      [](const Tensor& x, const Tensor& m, const Tensor& u, const Tensor& d) {
        return matmul(x - m, u * rsqrt(d + 1e-300));
      }},
     {"the small ones left out, too", "this direction stays",
      [](const Tensor& x, const Tensor& m, const Tensor& u, const Tensor& d) {
        int64_t k = 0;
        while (k < d.size(0) && d.at({k}) > 1e-5) ++k;
        const Tensor w = u.slice(1, 0, k) * rsqrt(d.slice(0, 0, k));
        return matmul(x - m, w);
      }},
     {"direction by direction", accepted,
      [](const Tensor& x, const Tensor& m, const Tensor& u, const Tensor& d) {
        std::vector<Tensor> columns;
        for (int64_t k = 0; k < with_variance(d); ++k)
          columns.push_back(sum((x - m) * u.select(1, k), Axes{1}) / std::sqrt(d.at({k})));
        return stack(columns, 1);
      }}});

/// The answer with a rest of its own.
Planted with_rest(const Tensor& x, const Tensor& rest) {
  Planted found = right_find_planted(x);
  found.rest = rest;
  return found;
}

const Answers<decltype(find_planted)> plantings(
    2, right_find_planted,
    {{"the sum for the mean", "shows in the mean over all vectors",
      [](const Tensor& x) {
        Planted found = right_find_planted(x);
        found.shared = sum(x, Axes{0});
        return found;
      }},
     {"the mean of each vector", "shows in the mean over all vectors",
      [](const Tensor& x) {
        Planted found = right_find_planted(x);
        found.shared = mean(x, Axes{1});
        return found;
      }},
     {"the direction with the mean still in", "the shared vector would be found again",
      [](const Tensor& x) {
        Planted found = right_find_planted(x);
        const Tensor c = matmul(x.transpose(0, 1), x);
        found.direction = directions_of(c).vectors.select(1, 0);
        return found;
      }},
     {"the direction of least variance", "in which the vectors spread most",
      [](const Tensor& x) {
        Planted found = right_find_planted(x);
        found.direction = directions_of(covariance(x)).vectors.select(1, x.size(1) - 1);
        return found;
      }},
     {"a row of U", "in which the vectors spread most",
      [](const Tensor& x) {
        Planted found = right_find_planted(x);
        found.direction = directions_of(covariance(x)).vectors.select(0, 0);
        return found;
      }},
     {"a direction of any length", "divide it by its length",
      [](const Tensor& x) {
        Planted found = right_find_planted(x);
        found.direction = found.direction * 3;
        return found;
      }},
     {"the direction as a column", "six numbers, one for each column",
      [](const Tensor& x) {
        Planted found = right_find_planted(x);
        found.direction = found.direction.unsqueeze(1);
        return found;
      }},
     {"the direction taken off, and not as much of it as there is", "as much of the direction as this vector",
      [](const Tensor& x) { return with_rest(x, x - mean(x, Axes{0}) - right_find_planted(x).direction); }},
     {"only the mean taken off", "as much of the direction as this vector has",
      [](const Tensor& x) { return with_rest(x, x - mean(x, Axes{0})); }},
     {"only the direction taken out", "from each vector the mean goes",
      [](const Tensor& x) {
        const Tensor d = right_find_planted(x).direction.unsqueeze(1);
        return with_rest(x, x - matmul(matmul(x, d), d.transpose(0, 1)));
      }},
     {"a vector with itself is a pair", "the cosine of a vector with itself is no pair",
      [](const Tensor& x) {
        Planted found = right_find_planted(x);
        found.cosine_before = shared_part(x);
        found.cosine_after = shared_part(found.rest);
        return found;
      }},
     {"dot products for cosines", "each divided by its own length",
      [](const Tensor& x) {
        Planted found = right_find_planted(x);
        const Tensor all = sum(x, Axes{0});
        const auto n = static_cast<double>(x.size(0));
        found.cosine_before = (sum(all * all).item() - sum(x * x).item()) / (n * (n - 1));
        return found;
      }},
     {"by all directions, and all pairs", accepted, [](const Tensor& x) {
        const Directions all = directions_of(covariance(x));
        const Tensor rest = removed(x, 1)(x);
        return Planted{mean(x, Axes{0}), -all.vectors.select(1, 0), rest, mean_cosine(x), mean_cosine(rest)};
      }}});

FewTexts with_directions(int64_t texts, int64_t directions) {
  FewTexts found = right_few_texts(texts, texts, 1, 1);
  found.directions = directions;
  return found;
}
FewTexts with_cosine(int64_t texts, int64_t width, double most, double least, double cosine) {
  FewTexts found = right_few_texts(texts, width, most, least);
  found.cosine = cosine;
  return found;
}

const Answers<decltype(few_texts)> fews(
    3, right_few_texts,
    {{"as many directions as texts", "n points lie in n - 1 directions around their mean",
      [](int64_t texts, int64_t width, double, double) {
        return with_directions(texts, std::min(texts, width));
      }},
     {"as many directions as numbers", "n points lie in n - 1 directions around their mean",
      [](int64_t texts, int64_t width, double, double) { return with_directions(texts, width); }},
     {"more directions than numbers", "there are never more directions than numbers",
      [](int64_t texts, int64_t, double, double) { return with_directions(texts, texts - 1); }},
     {"one less of the numbers, too", "n points lie in n - 1 directions",
      [](int64_t texts, int64_t width, double, double) {
        return with_directions(texts, std::min(texts, width) - 1);
      }},
     {"right angles", "0 = n + n (n - 1) c",
      [](int64_t texts, int64_t width, double most, double least) {
        return with_cosine(texts, width, most, least, 0);
      }},
     {"one over n", "0 = n + n (n - 1) c",
      [](int64_t texts, int64_t width, double most, double least) {
        return with_cosine(texts, width, most, least, -1.0 / static_cast<double>(texts));
      }},
     {"the sign forgotten", "0 = n + n (n - 1) c",
      [](int64_t texts, int64_t width, double most, double least) {
        return with_cosine(texts, width, most, least, 1.0 / static_cast<double>(texts - 1));
      }},
     {"the root forgotten", "divided by the root of its variance",
      [](int64_t texts, int64_t width, double most, double least) {
        FewTexts found = right_few_texts(texts, width, most, least);
        found.stretched = most / least;
        return found;
      }},
     {"the other way round", "divided by the root of its variance",
      [](int64_t texts, int64_t width, double most, double least) {
        FewTexts found = right_few_texts(texts, width, most, least);
        found.stretched = std::sqrt(least / most);
        return found;
      }},
     {"by two factors", accepted, [](int64_t texts, int64_t width, double most, double least) {
        const auto others = static_cast<double>(texts - 1);
        return FewTexts{texts > width ? width : texts - 1, 1 / others * -1,
                        (1 / std::sqrt(least)) / (1 / std::sqrt(most))};
      }}});

}  // namespace

Tensor whiten(const Tensor& x, const Tensor& m, const Tensor& directions, const Tensor& variances) {
  return whitenings(x, m, directions, variances);
}
Planted find_planted(const Tensor& x) { return plantings(x); }
FewTexts few_texts(int64_t texts, int64_t width, double most, double least) {
  return fews(texts, width, most, least);
}

}  // namespace gradus::tutorials::anisotropy
