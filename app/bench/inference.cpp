#include "app/bench/inference.hpp"

#include "app/bench/random_pieces.hpp"
#include "app/bench/timing.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/plural.hpp"
#include "bert/cost/step_cost.hpp"
#include "bert/model/model.hpp"

namespace gradus::app {

std::vector<InferenceTiming> time_inference(const BenchCall& call, const std::string& size,
                                            const Limits& limits) {
  bert::Config config = bert::Config::named(size, call.vocabulary);
  config.max_position_embeddings = std::max<int64_t>(call.length, 128);
  Rng rng(1);
  bert::Bert model(config, rng, /*with_pooler=*/false);
  model.eval();
  const NoGrad no_grad;
  std::vector<InferenceTiming> timings;
  for (const int64_t batch : {1, 32}) {
    const Tensor ids =
        tensor(random_pieces(batch, call.length, call.vocabulary, rng), Shape{batch, call.length});
    const double seconds = seconds_a_call([&] { mean(model(ids).last_hidden, Axes{1}).to_vector<float>(); });
    const double nominal = bert::nominal_flops(config, {batch, call.length, 0}) / 3;  // no backward
    timings.push_back({size, limits, batch, call.length, seconds, nominal});
  }
  return timings;
}

std::string to_text(const InferenceTiming& t) {
  const int threads = t.limits.threads;
  return fmt::format(
      "embed {}, {} {} of {}, {} {}: {:.2f} ms, {:.0f} sequences a second, {:.2f} of the peak\n", t.size,
      t.batch, plural(t.batch, "row"), t.length, threads, plural(threads, "thread"), 1e3 * t.seconds,
      t.sequences_a_second(), t.share_of_peak());
}

nlohmann::ordered_json to_json(const InferenceTiming& t) {
  return {{"size", t.size},
          {"threads", t.limits.threads},
          {"batch", t.batch},
          {"length", t.length},
          {"milliseconds", 1e3 * t.seconds},
          {"sequences_a_second", t.sequences_a_second()},
          {"share_of_peak", t.share_of_peak()}};
}

}  // namespace gradus::app
