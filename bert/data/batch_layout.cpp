#include "bert/data/batch_layout.hpp"

#include <algorithm>

namespace gradus::bert {

Layout one_a_row(int64_t length, int64_t count, const SlotsOf& slots_of) {
  Layout layout{.rows = count, .length = length};
  if (length == 0)
    for (int64_t e = 0; e < count; ++e) layout.length = std::max(layout.length, slots_of(e));
  for (int64_t e = 0; e < count; ++e) layout.starts.push_back(e * layout.length);
  return layout;
}

Layout packed(int64_t length, int64_t rows, int64_t examples, const SlotsOf& slots_of) {
  Layout layout{.rows = 0, .length = length};
  std::vector<int64_t> used(static_cast<size_t>(rows), 0);  // slots of each row
  for (int64_t e = 0; e < examples; ++e) {
    const int64_t size = slots_of(e);
    const auto row = std::ranges::find_if(used, [&](int64_t taken) { return taken + size <= length; });
    if (row == used.end()) break;
    layout.starts.push_back((row - used.begin()) * length + *row);
    *row += size;
  }
  layout.rows = std::ranges::count_if(used, [](int64_t taken) { return taken > 0; });
  return layout;
}

}  // namespace gradus::bert
