// Subjects: layout and indexing. They move numbers and compute none, so differences are exact.
#include <algorithm>

#include "autograd/ops.hpp"
#include "gradlab/op_subject.hpp"

namespace gradus::lab {
namespace {

Subject moves(const std::string& name, const std::vector<Pattern>& patterns, Function fn) {
  return op_subject(name, patterns, std::move(fn), {.smooth = false, .stream = 89});
}

/// [2, n] rows in [0, 3), some of them twice in a column.
Tensor rows_of_three(int64_t n) {
  const std::vector<int64_t> pattern = {2, 0, 0, 1, 2, 1, 0, 1};
  std::vector<int64_t> index;
  for (int64_t i = 0; i < 2 * n; ++i) index.push_back(pattern[static_cast<size_t>(i) % pattern.size()]);
  return tensor(index, Shape{2, n});
}

}  // namespace

std::vector<Subject> layout_subjects() {
  const std::vector<Pattern> one = {{rows(3), size(4)}};
  return {
      moves("reshape", one,
            [](const Inputs& x) {
              return x[0].reshape({x[0].size(1), x[0].size(0)});
            }),
      moves("transpose", one, [](const Inputs& x) { return x[0].transpose(0, 1); }),
      moves("transpose.square", {{3, 3}}, [](const Inputs& x) { return x[0].transpose(0, 1); }),
      moves("permute", {{2, rows(3), size(4)}},
            [](const Inputs& x) {
              return x[0].permute({2, 0, 1});
            }),
      moves("permute.cube", {{3, 3, 3}},
            [](const Inputs& x) {
              return x[0].permute({2, 0, 1});
            }),
      moves("slice", {{rows(3), size(7)}},
            [](const Inputs& x) {
              const int64_t n = x[0].size(1);
              return x[0].slice(1, std::min<int64_t>(1, n), n, 2);
            }),
      moves("select", {{3, size(4)}}, [](const Inputs& x) { return x[0].select(0, 1); }),
      moves("expand", {{size(3), 1}},
            [](const Inputs& x) {
              return x[0].expand({x[0].size(0), 4});
            }),
      moves("squeeze", {{rows(3), 1, size(4)}}, [](const Inputs& x) { return x[0].squeeze(1); }),
      moves("unsqueeze", one, [](const Inputs& x) { return x[0].unsqueeze(1); }),
      moves("contiguous", one, [](const Inputs& x) { return x[0].transpose(0, 1).contiguous(); }),
      moves("clone", one, [](const Inputs& x) { return x[0].clone(); }),
      moves("to", one, [](const Inputs& x) { return x[0].to(DType::f64); }),
      moves("concat", {{rows(3), 2}, {rows(3), size(4)}},
            [](const Inputs& x) {
              return concat({x[0], x[1], x[0]}, 1);
            }),
      moves("stack", {{rows(3), size(4)}, {rows(3), size(4)}},
            [](const Inputs& x) {
              return stack({x[0], x[1]}, 1);
            }),
      moves("split", {{rows(3), size(6)}},
            [](const Inputs& x) {
              const int64_t n = x[0].size(1);
              const std::vector<Tensor> parts = split(x[0], {n / 6, n / 2, n - n / 6 - n / 2}, 1);
              return concat({parts[2], parts[0], parts[1] * 3.0}, 1);
            }),
      moves("pad", one, [](const Inputs& x) { return pad(x[0], 1, 2, 1, 5); }),
      // A row that is taken twice gets both gradients.
      moves("embedding", {{5, size(3)}},
            [](const Inputs& x) {
              return embedding(x[0], tensor({4, 1, 1, 0}, Shape{2, 2}));
            }),
      moves("index_select", {{size(3), 5}},
            [](const Inputs& x) {
              return index_select(x[0], 1, tensor({4, 0, 4}));
            }),
      moves("gather", {{3, size(4)}},
            [](const Inputs& x) { return gather(x[0], 0, rows_of_three(x[0].size(1))); }),
      moves("scatter_add", {{3, size(4)}, {2, size(4)}},
            [](const Inputs& x) { return scatter_add(x[0], 0, rows_of_three(x[0].size(1)), x[1]); }),
  };
}

}  // namespace gradus::lab
