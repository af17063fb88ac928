// What the exercises of chapter 1 are held to.
#include "tutorials/support/check.hpp"

#include "tutorials/01_tensors/exercise.hpp"

int main() {
  using namespace gradus;
  using namespace gradus::tutorials;
  Checks checks("01_tensors");

  checks.exercise("1: strides after a permute", [](Check& check) {
    const std::string hint = "axis i of the result is the old axis order[i], and takes its stride along";
    check.equal("[4, 1] with axes swapped", permuted_strides({4, 1}, {1, 0}), {1, 4},
                hint + "; strides that stay as they were, or are sorted, walk the old tensor");
    check.equal("[12, 4, 1] in the order 0, 1, 2", permuted_strides({12, 4, 1}, {0, 1, 2}), {12, 4, 1},
                hint + "; only order says which axes change places: here none does");
    check.equal("[12, 4, 1] in the order 2, 0, 1", permuted_strides({12, 4, 1}, {2, 0, 1}), {1, 12, 4},
                hint + ", not the other way round: order[0] = 2 says where axis 0 comes from");
    const Tensor x = zeros({2, 3, 4, 5});
    check.equal("as the library permutes", permuted_strides(x.strides(), {0, 2, 1, 3}),
                x.permute({0, 2, 1, 3}).strides(), hint);
  });

  checks.exercise("2: a broadcast is stride 0", [](Check& check) {
    const std::string hint = "stride 0 where the size is 1 and more is wanted, the old stride elsewhere";
    check.equal("[1, 4] to [3, 4]", repeated_strides({1, 4}, {4, 1}, {3, 4}), {0, 1},
                hint + ": with stride 4 the second row would be read from beyond the first");
    check.equal("[3, 1] to [3, 4]", repeated_strides({3, 1}, {1, 1}, {3, 4}), {1, 0}, hint);
    check.equal("[3, 4] to itself", repeated_strides({3, 4}, {4, 1}, {3, 4}), {4, 1}, hint);
    check.equal("[1, 4] to itself", repeated_strides({1, 4}, {4, 1}, {1, 4}), {4, 1},
                "an axis of size 1 that stays 1 does not repeat: it keeps its stride");
    check.equal("[4] to [2, 3, 4]", repeated_strides({4}, {1}, {2, 3, 4}), {0, 0, 1},
                "align the shapes at the back: axes that are missing in front repeat too");
    check.equal(
        "a transposed [4, 3] to [2, 4, 3]", repeated_strides({4, 3}, {1, 4}, {2, 4, 3}), {0, 1, 4},
        "the tensor may be a view: keep the strides that it has, do not make new ones from its shape");
    const Tensor x = zeros({1, 3, 1}).transpose(0, 1);
    check.equal("as the library expands", repeated_strides(x.shape(), x.strides(), {3, 5, 2}),
                x.expand({3, 5, 2}).strides(), hint);
  });

  checks.exercise("3: find the aliasing bug", [](Check& check) {
    const Tensor x = tensor<float>({1, 2, 11, 22, 31, 42}, Shape{3, 2});
    subtract_first_row(x);
    check.close("the first row becomes zero", x.slice(0, 0, 1), zeros({1, 2}),
                "x[0] - x[0] = 0: x itself changes, row 0 with the others, and not a copy of it");
    check.close(
        "the other rows lose the old first row", x, tensor<float>({0, 0, 10, 20, 30, 40}, Shape{3, 2}),
        "what is in `first` when the loop comes to row 1? It is a view of x, also after contiguous()");
    const Tensor y = tensor<float>({1, 2, 11, 22}, Shape{2, 2}).transpose(0, 1);
    subtract_first_row(y);
    check.close("and so does a transposed tensor", y, tensor<float>({0, 0, 1, 11}, Shape{2, 2}),
                "keep to rows of the view; where it lies in memory is no matter");
  });

  return checks.finish();
}
