// What readers may answer in chapter 12, wrong and right.
#include "tutorials/12_masked_language_modelling/exercise.hpp"

#include "tests/tutorials/wrong_answers/answers.hpp"

#define expected_shares right_expected_shares
#define places_to_guess right_places_to_guess
#define table_gradient right_table_gradient
#include "tutorials/12_masked_language_modelling/solution.cpp"
#undef expected_shares
#undef places_to_guess
#undef table_gradient

namespace gradus::tutorials::masked {
namespace {

const Answers<decltype(expected_shares)> shares(
    1, right_expected_shares,
    {{"80 % of all words", "which are 15 % of all",
      [](double, int64_t drawable) {
        Expected wrong = right_expected_shares(1, drawable);
        return wrong;
      }},
     {"always 15 %", "it depends on the fraction that is chosen",
      [](double, int64_t drawable) { return right_expected_shares(0.15, drawable); }},
     {"a random word is always another one", "in 1 of 4 draws",
      [](double fraction, int64_t drawable) {
        Expected wrong = right_expected_shares(fraction, drawable);
        wrong.changed = fraction * 0.1;
        return wrong;
      }},
     {"10 % of what is left after [MASK]", "and not of those that are no [MASK]",
      [](double fraction, int64_t drawable) {
        Expected wrong = right_expected_shares(fraction, drawable);
        wrong.changed = fraction * 0.2 * 0.1 * (1 - 1.0 / static_cast<double>(drawable));
        return wrong;
      }},
     {"half of what is seen is right", "a quarter is right by chance",
      [](double fraction, int64_t drawable) {
        Expected wrong = right_expected_shares(fraction, drawable);
        wrong.right = 0.5;
        return wrong;
      }},
     {"right ones as a share of all", "not of all",
      [](double fraction, int64_t drawable) {
        Expected wrong = right_expected_shares(fraction, drawable);
        wrong.right *= fraction * 0.2;
        return wrong;
      }},
     {"counted in hundredths", accepted, [](double fraction, int64_t drawable) {
        const double lucky = 10.0 / static_cast<double>(drawable);
        return Expected{fraction * 80 / 100, fraction * (10 - lucky) / 100, (10 + lucky) / 20};
      }}});

using Row = std::vector<int64_t>;

/// The places that hold words.
std::vector<int64_t> places_of(const Row& row, const std::set<int64_t>& signs_of) {
  std::vector<int64_t> places;
  for (size_t place = 0; place < row.size(); ++place) {
    if (!signs_of.contains(row[place])) places.push_back(static_cast<int64_t>(place));
  }
  return places;
}

/// `wanted` of the places, at random, rising.
std::vector<int64_t> some_of(std::vector<int64_t> places, int64_t wanted, Rng& rng) {
  rng.shuffle(places);
  places.resize(std::min(places.size(), static_cast<size_t>(wanted)));
  std::sort(places.begin(), places.end());
  return places;
}

int64_t rounded(double fraction, size_t count) {
  return std::max<int64_t>(1, std::llround(fraction * static_cast<double>(count)));
}

const Answers<decltype(places_to_guess)> places(
    2, right_places_to_guess,
    {{"signs too", "leave out every place whose id is among signs_of",
      [](const Row& row, const std::set<int64_t>&, double fraction, Rng& rng) {
        return right_places_to_guess(row, {}, fraction, rng);
      }},
     {"padding too", "padding is no word",
      [](const Row& row, const std::set<int64_t>& signs_of, double fraction, Rng& rng) {
        std::set<int64_t> others = signs_of;
        others.erase(0);
        return right_places_to_guess(row, others, fraction, rng);
      }},
     {"a share of the whole row", "where signs are no words",
      [](const Row& row, const std::set<int64_t>& signs_of, double fraction, Rng& rng) {
        return some_of(places_of(row, signs_of), rounded(fraction, row.size()), rng);
      }},
     {"a coin for each place", "A coin for each place",
      [](const Row& row, const std::set<int64_t>& signs_of, double fraction, Rng& rng) {
        std::vector<int64_t> found;
        for (const int64_t place : places_of(row, signs_of)) {
          if (rng.chance(fraction)) found.push_back(place);
        }
        return found;
      }},
     {"with putting back", "draw without putting back",
      [](const Row& row, const std::set<int64_t>& signs_of, double fraction, Rng& rng) {
        const std::vector<int64_t> all = places_of(row, signs_of);
        std::vector<int64_t> found;
        for (int64_t i = rounded(fraction, all.size()); i > 0 && !all.empty(); --i) {
          found.push_back(all[rng.below(all.size())]);
        }
        std::sort(found.begin(), found.end());
        return found;
      }},
     {"not sorted", "sort at the end",
      [](const Row& row, const std::set<int64_t>& signs_of, double fraction, Rng& rng) {
        std::vector<int64_t> found = places_of(row, signs_of);
        const int64_t wanted = rounded(fraction, found.size());
        rng.shuffle(found);
        found.resize(std::min(found.size(), static_cast<size_t>(wanted)));
        return found;
      }},
     {"the first words", "not the first ones",
      [](const Row& row, const std::set<int64_t>& signs_of, double fraction, Rng&) {
        std::vector<int64_t> found = places_of(row, signs_of);
        found.resize(std::min(found.size(), static_cast<size_t>(rounded(fraction, found.size()))));
        return found;
      }},
     {"a run that begins anywhere", "are not a random choice",
      [](const Row& row, const std::set<int64_t>& signs_of, double fraction, Rng& rng) {
        const std::vector<int64_t> all = places_of(row, signs_of);
        if (all.empty()) return all;
        std::vector<int64_t> found;
        const size_t start = rng.below(all.size());
        for (int64_t i = 0; i < rounded(fraction, all.size()); ++i) {
          found.push_back(all[(start + static_cast<size_t>(i)) % all.size()]);
        }
        std::sort(found.begin(), found.end());
        return found;
      }},
     {"rounded down", "round to the nearest",
      [](const Row& row, const std::set<int64_t>& signs_of, double fraction, Rng& rng) {
        const std::vector<int64_t> all = places_of(row, signs_of);
        const auto wanted = static_cast<int64_t>(fraction * static_cast<double>(all.size()));
        return some_of(all, std::max<int64_t>(1, wanted), rng);
      }},
     {"none in a short row", "a row without a question teaches nothing",
      [](const Row& row, const std::set<int64_t>& signs_of, double fraction, Rng& rng) {
        const std::vector<int64_t> all = places_of(row, signs_of);
        return some_of(all, std::llround(fraction * static_cast<double>(all.size())), rng);
      }},
     {"one after the other, each with its chance", accepted,
      [](const Row& row, const std::set<int64_t>& signs_of, double fraction, Rng& rng) {
        const std::vector<int64_t> all = places_of(row, signs_of);
        std::vector<int64_t> found;
        if (all.empty()) return found;
        auto wanted = static_cast<uint64_t>(rounded(fraction, all.size()));
        for (size_t i = 0; i < all.size(); ++i) {
          if (rng.below(all.size() - i) >= wanted) continue;
          found.push_back(all[i]);
          --wanted;
        }
        return found;
      }}});

const Answers<decltype(table_gradient)> gradient(
    3, right_table_gradient,
    {{"as word vectors only", "so row v of dE is the sum over all rows",
      [](int64_t V, const Tensor& ids, const Tensor& dx, const Tensor& h, const Tensor& dz) {
        return right_table_gradient(V, ids, dx, h, dz * 0);
      }},
     {"as scores only", "row ids[i] of dE gets dx[i]",
      [](int64_t V, const Tensor& ids, const Tensor& dx, const Tensor& h, const Tensor& dz) {
        return right_table_gradient(V, ids, dx * 0, h, dz);
      }},
     {"assigned", "the last one must not win",
      [](int64_t V, const Tensor& ids, const Tensor& dx, const Tensor& h, const Tensor& dz) {
        Tensor all = zeros({V, dx.size(1)}, dx.dtype());
        const std::vector<int64_t> rows = ids.to_vector<int64_t>();
        for (size_t i = 0; i < rows.size(); ++i) {
          all.select(0, rows[i]).copy_(dx.select(0, static_cast<int64_t>(i)));
        }
        return all + matmul(dz.transpose(0, 1), h);
      }},
     {"the mean of the two", "[V, m] times [m, H]",
      [](int64_t V, const Tensor& ids, const Tensor& dx, const Tensor& h, const Tensor& dz) {
        return right_table_gradient(V, ids, dx, h, dz) / 2;
      }},
     {"scores where there are any", "neither their mean, nor one in place of the other",
      [](int64_t V, const Tensor& ids, const Tensor& dx, const Tensor& h, const Tensor& dz) {
        const bool scores = max(abs(dz)).item() > 0;
        return right_table_gradient(V, ids, scores ? dx * 0 : dx, h, dz);
      }},
     {"scores of the looked-up rows only", "so row v of dE is the sum over all rows",
      [](int64_t V, const Tensor& ids, const Tensor& dx, const Tensor& h, const Tensor& dz) {
        const Tensor used = index_select(matmul(dz.transpose(0, 1), h), 0, ids);
        return right_table_gradient(V, ids, dx + used, h, dz * 0);
      }},
     {"by scatter_add", accepted,
      [](int64_t V, const Tensor& ids, const Tensor& dx, const Tensor& h, const Tensor& dz) {
        const Tensor index = ids.unsqueeze(1).expand(dx.shape());
        return scatter_add(zeros({V, dx.size(1)}, dx.dtype()), 0, index, dx) + matmul(dz.transpose(0, 1), h);
      }}});

}  // namespace

Expected expected_shares(double fraction, int64_t drawable) { return shares(fraction, drawable); }
std::vector<int64_t> places_to_guess(const std::vector<int64_t>& row, const std::set<int64_t>& signs_of,
                                     double fraction, Rng& rng) {
  return places(row, signs_of, fraction, rng);
}
Tensor table_gradient(int64_t vocabulary, const Tensor& ids, const Tensor& dx, const Tensor& h,
                      const Tensor& dz) {
  return gradient(vocabulary, ids, dx, h, dz);
}

}  // namespace gradus::tutorials::masked
