// Linear probes and their control tasks.
#include "bert/inspection/probe.hpp"

#include <algorithm>

#include "autograd/ops.hpp"
#include "autograd/random.hpp"
#include "support/catch.hpp"
#include "support/error_text.hpp"

using namespace gradus;
using namespace gradus::bert;
using test::error_text;

namespace {

/// Vectors of `width` numbers; the label follows from the first two, the word is one of `words`.
LabelledVectors by_sign(int64_t count, int64_t width, int64_t words, uint64_t seed) {
  Rng rng(seed);
  std::vector<double> values;
  LabelledVectors data;
  for (int64_t i = 0; i < count; ++i) {
    const size_t begin = values.size();
    for (int64_t c = 0; c < width; ++c) values.push_back(rng.normal());
    data.labels.emplace_back(values[begin] + 0.5 * values[begin + 1] > 0.2 ? "up" : "down");
    data.words.push_back("w" + std::to_string(rng.below(static_cast<uint64_t>(words))));
  }
  data.vectors = tensor(values, Shape{count, width});
  return data;
}

}  // namespace

TEST_CASE("probe: a line is found where there is one, and its control task is no better than chance") {
  const LabelledVectors training = by_sign(600, 8, 300, 1), scored = by_sign(300, 8, 300, 2);
  const ProbeResult found = probe(training, scored);
  CHECK(found.accuracy > 0.95);
  CHECK(found.control < 0.7);
  CHECK(found.selectivity() == found.accuracy - found.control);
  CHECK(found.majority < 0.7);
}

TEST_CASE("probe: vectors that say which word they are of let the control task be learnt by heart") {
  // Three words with a direction each: any labels of words can be told.
  LabelledVectors data;
  std::vector<double> values;
  for (int i = 0; i < 90; ++i) {
    for (int c = 0; c < 3; ++c) values.push_back(c == i % 3 ? 1 : 0);
    data.words.push_back("w" + std::to_string(i % 3));
    data.labels.emplace_back(i % 3 == 0 ? "a" : "b");
  }
  data.vectors = tensor(values, Shape{90, 3});
  uint64_t seed = 0;  // one that gives the three words two labels
  const auto labels = [&] { return control_labels({"w0", "w1", "w2"}, data.labels, seed); };
  while (labels()[0] == labels()[1] && labels()[1] == labels()[2]) ++seed;
  const ProbeResult found = probe(data, data, {}, seed);
  CHECK(found.accuracy == 1);
  CHECK(found.control == 1);
}

TEST_CASE("probe: the control task gives a word one label, and labels as often as the true ones") {
  std::vector<std::string> words;
  for (int i = 0; i < 2000; ++i) words.push_back("w" + std::to_string(i));
  const std::vector<std::string> like = {"a", "a", "a", "b"};
  const std::vector<std::string> labels = control_labels(words, like, 3);
  CHECK(labels == control_labels(words, like, 3));
  CHECK(labels != control_labels(words, like, 4));
  CHECK(static_cast<double>(std::ranges::count(labels, "a")) == Approx(1500).margin(80));
  CHECK(control_labels({"w7", "x", "w7"}, like, 3)[0] == labels[7]);
  CHECK(control_labels({"w7", "x", "w7"}, like, 3)[2] == labels[7]);
}

TEST_CASE("probe: scale and place of a column do not matter, not even of one that never changes") {
  LabelledVectors training = by_sign(300, 4, 50, 5);
  const LinearProbe plain(training);
  LabelledVectors moved = training;
  moved.vectors = training.vectors * 100.0 + 7.0;
  CHECK(LinearProbe(moved).predict(moved.vectors) == plain.predict(training.vectors));
  LabelledVectors same = training;
  same.vectors = concat({training.vectors, ones({300, 1}, DType::f64)}, 1);
  CHECK(LinearProbe(same).predict(same.vectors) == plain.predict(training.vectors));
}

TEST_CASE("probe: what cannot be learnt is refused") {
  LabelledVectors data = by_sign(10, 2, 5, 1);
  data.labels.pop_back();
  CHECK(error_text([&] { LinearProbe probe(data); }) == "probe: vectors [10, 2] for 9 labels");
  data.labels.assign(10, "same");
  CHECK(error_text([&] { LinearProbe probe(data); }) == "probe: every vector has the label 'same'");
  data.words.pop_back();
  CHECK(error_text([&] { probe(data, data); }) == "probe: 9 words for 10 labels");
}
