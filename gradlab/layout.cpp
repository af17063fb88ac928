// Subjects: layout and indexing. They move numbers and compute none, so differences are exact.
#include "autograd/ops.hpp"
#include "gradlab/subject.hpp"

namespace gradus::lab {
namespace {

Subject moves(const std::string& name, const std::vector<Shape>& shapes, Function fn) {
  const auto sample = [=](uint64_t seed) {
    Inputs inputs;
    for (size_t i = 0; i < shapes.size(); ++i) inputs.push_back(spread(shapes[i], 89 * seed + i));
    return Sample{fn, inputs};
  };
  return {name, "op", sample, false};
}

}  // namespace

std::vector<Subject> layout_subjects() {
  return {
      moves("reshape", {{3, 4}},
            [](const Inputs& x) {
              return x[0].reshape({2, -1});
            }),
      moves("transpose", {{3, 4}}, [](const Inputs& x) { return x[0].transpose(0, 1); }),
      moves("transpose.square", {{3, 3}}, [](const Inputs& x) { return x[0].transpose(0, 1); }),
      moves("permute", {{2, 3, 4}},
            [](const Inputs& x) {
              return x[0].permute({2, 0, 1});
            }),
      moves("permute.cube", {{3, 3, 3}},
            [](const Inputs& x) {
              return x[0].permute({2, 0, 1});
            }),
      moves("slice", {{3, 7}}, [](const Inputs& x) { return x[0].slice(1, 1, 7, 2); }),
      moves("select", {{3, 4}}, [](const Inputs& x) { return x[0].select(0, 1); }),
      moves("expand", {{3, 1}},
            [](const Inputs& x) {
              return x[0].expand({3, 4});
            }),
      moves("squeeze", {{3, 1, 4}}, [](const Inputs& x) { return x[0].squeeze(1); }),
      moves("unsqueeze", {{3, 4}}, [](const Inputs& x) { return x[0].unsqueeze(1); }),
      moves("contiguous", {{3, 4}}, [](const Inputs& x) { return x[0].transpose(0, 1).contiguous(); }),
      moves("clone", {{3, 4}}, [](const Inputs& x) { return x[0].clone(); }),
      moves("to", {{3, 4}}, [](const Inputs& x) { return x[0].to(DType::f64); }),
      moves("concat", {{3, 2}, {3, 4}},
            [](const Inputs& x) {
              return concat({x[0], x[1], x[0]}, 1);
            }),
      moves("stack", {{3, 4}, {3, 4}},
            [](const Inputs& x) {
              return stack({x[0], x[1]}, 1);
            }),
      moves("split", {{3, 6}},
            [](const Inputs& x) {
              const std::vector<Tensor> parts = split(x[0], {1, 3, 2}, 1);
              return concat({parts[2], parts[0], parts[1] * 3.0}, 1);
            }),
      moves("pad", {{3, 4}}, [](const Inputs& x) { return pad(x[0], 1, 2, 1, 5); }),
      // A row that is taken twice gets both gradients.
      moves("embedding", {{5, 3}},
            [](const Inputs& x) {
              return embedding(x[0], tensor({4, 1, 1, 0}, Shape{2, 2}));
            }),
      moves("index_select", {{3, 5}},
            [](const Inputs& x) {
              return index_select(x[0], 1, tensor({4, 0, 4}));
            }),
      moves("gather", {{3, 4}},
            [](const Inputs& x) {
              return gather(x[0], 0, tensor({2, 0, 0, 1, 2, 1, 0, 1}, Shape{2, 4}));
            }),
      moves("scatter_add", {{3, 4}, {2, 4}},
            [](const Inputs& x) {
              return scatter_add(x[0], 0, tensor({2, 0, 0, 1, 2, 1, 0, 1}, Shape{2, 4}), x[1]);
            }),
  };
}

}  // namespace gradus::lab
