// The V-curve: error against step has the slopes of theory.
#include <cmath>

#include "autograd/ops.hpp"
#include "gradlab/subject.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"

using namespace gradus;

TEST_CASE("the V-curve of every smooth subject falls like eps / h and rises like h^2", "[sweep]") {
  int subjects = 0;
  for (const lab::Subject& subject : lab::subjects()) {
    if (!subject.smooth || !test::is_taken(subjects++)) continue;
    const Sweep sweep = lab::sweep(subject.sample(1), {.sample = subject.group == "op" ? 8 : 2});
    INFO(subject.name << ": " << to_json(sweep));
    CHECK(sweep.f64.truncation_slope == Approx(2.0).margin(0.2));
    CHECK(sweep.f64.roundoff_slope == Approx(-1.0).margin(0.3));
    // Theory for f64: h near 6e-6 with an error near 4e-11; for f32 h near 5e-3 with 2e-5.
    CHECK(sweep.f64.best_error < 1e-9);
    CHECK(sweep.f64.best_step > 1e-7);
    CHECK(sweep.f64.best_step < 1e-3);
    CHECK(sweep.f32.best_error > 1e-7);
    CHECK(sweep.f32.best_error < 1e-3);
    CHECK(sweep.f32.best_step > sweep.f64.best_step);
  }
  CHECK(subjects > 45);
}

TEST_CASE("a function without curvature has no truncation error", "[sweep]") {
  const Sweep sweep = lab::sweep(lab::find_subject("linear")->sample(1));
  CHECK(std::isnan(sweep.f64.truncation_slope));
}

TEST_CASE("a sweep leaves the inputs and the parameters as they were", "[sweep]") {
  const lab::Sample sample = lab::find_subject("LayerNorm")->sample(2);
  const std::vector<float> before = sample.module->parameters()[0].to_vector<float>();
  lab::sweep(sample);
  CHECK(sample.module->parameters()[0].dtype() == DType::f32);
  CHECK(sample.module->parameters()[0].to_vector<float>() == before);
}
