// Which element makes a direction fail.
#include <algorithm>

#include "autograd/gradcheck/tensor_check.hpp"

namespace gradus::gradchecking {
namespace {

/// The search gives up after this many halvings: only very many kinks take more.
constexpr int most_halvings = 1000;

Direction part_of(const Direction& all, size_t begin, size_t end) {
  const auto from = static_cast<std::ptrdiff_t>(begin), to = static_cast<std::ptrdiff_t>(end);
  return {{all.elements.begin() + from, all.elements.begin() + to},
          {all.signs.begin() + from, all.signs.begin() + to}};
}

Direction without(const Direction& all, const std::vector<Measurement>& kinks) {
  Direction rest;
  for (size_t k = 0; k < all.elements.size(); ++k) {
    const auto is_it = [&](const Measurement& m) { return m.element == all.elements[k]; };
    if (std::any_of(kinks.begin(), kinks.end(), is_it)) continue;
    rest.elements.push_back(all.elements[k]);
    rest.signs.push_back(all.signs[k]);
  }
  return rest;
}

}  // namespace

/// Looks for the element behind a direction that does not pass. A direction over many kinks may lie outside
/// both of its slopes though every element is right (the gradient of relu is 0 at each of many zeros, while
/// the slopes along the direction are sums over those that move to one side). Then what is left of the
/// direction without the elements at kinks decides.
Measurement TensorCheck::blame(const Direction& all, const Measurement& whole) {
  halvings_left_ = most_halvings;
  std::vector<Measurement> kinks;
  const std::optional<Measurement> wrong = find_wrong(all, kinks);
  if (wrong) return *wrong;
  Measurement left_over = whole;
  if (!kinks.empty()) {
    const Direction rest = without(all, kinks);
    if (!rest.elements.empty()) left_over = measure(rest);
    if (rest.elements.empty() || verdict(left_over) <= Verdict::kink) return kinks.front();
  }
  if (verdict(left_over) == Verdict::kink) return left_over;
  // Each of its elements is right alone, at steps of its own size. Together they have steps for one size
  // only.
  left_over.in_doubt = left_over.in_doubt || halvings_left_ > 0;
  left_over.direction = whole.direction;
  return left_over;
}

/// Halves the direction again and again, past every half that passes and first towards the larger
/// disagreement. Gives the first element that is neither right nor at a kink; those at kinks go to `kinks`.
std::optional<Measurement> TensorCheck::find_wrong(const Direction& part, std::vector<Measurement>& kinks) {
  const size_t size = part.elements.size();
  if (size == 1) {
    const Measurement found = element(part.elements[0]);
    if (verdict(found) > Verdict::kink) return found;
    if (verdict(found) == Verdict::kink) kinks.push_back(found);
    return {};
  }
  if (halvings_left_-- <= 0) return {};
  const Direction halves[2] = {part_of(part, 0, size / 2), part_of(part, size / 2, size)};
  const Measurement found[2] = {measure(halves[0]), measure(halves[1])};
  const size_t first = disagreement(found[0]) >= disagreement(found[1]) ? 0 : 1;
  for (const size_t half : {first, 1 - first}) {
    if (verdict(found[half]) == Verdict::pass) continue;
    if (const auto wrong = find_wrong(halves[half], kinks)) return wrong;
  }
  return {};
}

}  // namespace gradus::gradchecking
