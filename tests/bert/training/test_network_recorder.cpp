// What the report's time machine keeps of a network along its training.
#include "bert/training/network_recorder.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "autograd/error.hpp"
#include "autograd/ops.hpp"
#include "support/catch.hpp"
#include "support/training_world.hpp"

using namespace gradus;
using namespace gradus::bert;
using gradus::test::World;

namespace {

struct Observed {
  World world;
  BertForPreTraining model = world.model();
  TrainingSamples samples{world.held_out->corpus(), world.tokenizer, 1, 20, 1};
  NetworkRecorder recorder() const { return {world.config, samples}; }
};

double total(const std::vector<double>& norms) {
  double sum = 0;
  for (const double norm : norms) sum += norm * norm;
  return std::sqrt(sum);
}

}  // namespace

TEST_CASE("network recorder: the norms of the parts make up those of the whole") {
  const Observed it;
  NetworkRecorder recorder = it.recorder();
  recorder.observe(it.model, it.samples, 0);

  double weights = 0, gradients = 0;
  Tensor loss;
  for (const auto& [name, parameter] : it.model.named_parameters()) {
    const Tensor part = sum(parameter * parameter);
    loss = loss.defined() ? loss + part : part;
  }
  loss.backward();  // the gradient of x^2 is 2 x
  for (const auto& [name, parameter] : it.model.named_parameters()) {
    weights += sum(parameter.detach().to(DType::f64) * parameter.detach().to(DType::f64)).item();
  }
  gradients = 2 * std::sqrt(weights);
  recorder.observe(it.model, it.samples, 7);

  const NetworkHistory& history = recorder.history();
  REQUIRE(history.parts.size() == static_cast<size_t>(it.world.config.num_hidden_layers) + 3);
  CHECK(history.parts.front() == "embeddings");
  CHECK(history.parts[1] == "layer 1");
  CHECK(history.parts.back() == "heads");
  REQUIRE(history.moments.size() == 2);
  CHECK(history.moments[1].step == 7);
  CHECK(total(history.moments[1].weight_norms) == Approx(std::sqrt(weights)));
  CHECK(total(history.moments[1].gradient_norms) == Approx(gradients));
  for (const double norm : history.moments[0].gradient_norms) CHECK(std::isnan(norm));  // no step was made
  for (const double norm : history.moments[1].weight_norms) CHECK(norm > 0);
  const size_t size = history.tokens.size();
  CHECK(history.moments[1].attention.size() ==
        static_cast<size_t>(history.layers * history.heads) * size * size);
  CHECK(history.tokens == it.samples.sentences()[0].pieces);
}

TEST_CASE("network recorder: of many evaluations few enough are kept, evenly, and the last") {
  const Observed it;
  NetworkRecorder recorder = it.recorder();
  for (int64_t i = 0; i <= 150; ++i) {
    recorder.observe(it.model, it.samples, 10 * i);
    REQUIRE(recorder.history().moments.size() <= 64);
    REQUIRE(recorder.history().moments.back().step == 10 * i);
  }
  const std::vector<NetworkMoment>& moments = recorder.history().moments;
  REQUIRE(moments.size() == 39);  // 0, 40, ..., 1480 and 1500
  for (size_t i = 0; i + 1 < moments.size(); ++i) CHECK(moments[i].step == static_cast<int64_t>(40 * i));
  CHECK(moments.back().step == 1500);
}

TEST_CASE("network recorder: a run that goes on has the history of one that was never stopped") {
  const Observed it;
  NetworkRecorder whole = it.recorder();
  for (int64_t i = 0; i <= 70; ++i) whole.observe(it.model, it.samples, i);

  NetworkRecorder first = it.recorder(), second = it.recorder();
  for (int64_t i = 0; i <= 66; ++i) first.observe(it.model, it.samples, i);  // thinned already
  second.restore(first.to_json(), 50, "history.json");                       // of a checkpoint before that
  REQUIRE(second.history().moments.back().step == 50);
  for (int64_t i = 51; i <= 70; ++i) second.observe(it.model, it.samples, i);
  CHECK(second.to_json() == whole.to_json());

  NetworkRecorder again = it.recorder();
  again.restore(whole.to_json(), 70, "history.json");
  again.observe(it.model, it.samples, 70);  // an evaluation that is made again replaces the first
  CHECK(again.to_json() == whole.to_json());
}

TEST_CASE("network recorder: another network's history is passed over, and what is none is refused") {
  const Observed it;
  NetworkRecorder written = it.recorder();
  written.observe(it.model, it.samples, 3);
  const std::string text = written.to_json();

  const TrainingSamples others(it.world.held_out->corpus(), it.world.tokenizer, 1, 8, 1);
  NetworkRecorder other(it.world.config, others);
  other.restore(text, 9, "history.json");
  CHECK(other.history().moments.empty());

  nlohmann::json short_of_one = nlohmann::json::parse(text);
  short_of_one["moments"][0]["attention"].erase(0);
  NetworkRecorder recorder = it.recorder();
  for (const std::string& bad :
       {std::string("{"), std::string("{\"tokens\": []}"), text.substr(0, 80), short_of_one.dump()}) {
    CHECK_THROWS_WITH(recorder.restore(bad, 9, "history.json"),
                      "history.json: this is not the history of a run; remove the file to go on without it");
  }
  CHECK(recorder.history().moments.empty());
}
