#include "nn/optimizers/schedule.hpp"

#include "nn/safetensors.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::nn;

TEST_CASE("schedules are those of transformers", "[schedule]") {
  const StateDict fixture = read_safetensors(GRADUS_FIXTURES "/nn/schedules.safetensors");
  using Kind = Schedule::Kind;
  const std::vector<std::pair<std::string, Schedule>> all = {
      {"constant", {.kind = Kind::constant, .peak = 0.5, .warmup = 4}},
      {"linear", {.kind = Kind::linear, .peak = 0.5, .warmup = 4, .total = 20}},
      {"cosine", {.kind = Kind::cosine, .peak = 0.5, .warmup = 4, .total = 20}},
      {"linear_no_warmup", {.kind = Kind::linear, .peak = 0.5, .warmup = 0, .total = 20}}};
  for (const auto& [name, schedule] : all) {
    for (int64_t step = 0; step < 25; ++step) {
      INFO(name << " at step " << step);
      // transformers' cosine rises again after its end; ours stays at 0.
      if (name == "cosine" && step > 20) {
        CHECK(schedule(step) == Approx(0).margin(1e-12));
      } else {
        CHECK(schedule(step) == Approx(fixture.at(name).at({step})).margin(1e-12));
      }
    }
  }
  CHECK(schedule_by_name("constant") == Kind::constant);
  CHECK(schedule_by_name("linear") == Kind::linear);
  CHECK(schedule_by_name("cosine") == Kind::cosine);
  CHECK_THROWS_WITH(schedule_by_name("step"), "unknown schedule \"step\": constant, linear and cosine exist");
}

TEST_CASE("a schedule that has no length is refused", "[schedule]") {
  using Kind = Schedule::Kind;
  CHECK_THROWS_WITH(Schedule{}(0),
                    "schedule: total 0 must be above warmup 0: set it to the number of steps in all");
  CHECK_THROWS_WITH((Schedule{.kind = Kind::cosine, .warmup = 5, .total = 5}(2)),
                    "schedule: total 5 must be above warmup 5: set it to the number of steps in all");
  CHECK_THROWS_WITH((Schedule{.total = 5}(-1)), "schedule: step -1 and warmup 0 must be at least 0");
  CHECK((Schedule{.kind = Kind::constant, .peak = 2, .warmup = 4}(1)) == 0.5);
}
