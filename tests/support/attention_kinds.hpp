// Loops that the tests of attention share: every score, and fused ops beside their twins.
#pragma once

#include "nn/attention/attention_score.hpp"
#include "support/catch.hpp"

namespace gradus::test {

template <class F>
void for_every_kind(F&& f) {
  for (const char* name : {"dot", "scaled_dot", "general", "additive"}) {
    INFO(name);
    f(nn::score_by_name(name));
  }
}

template <class F>
void for_both_twins(F&& f) {
  for (const bool composed : {false, true}) {
    INFO((composed ? "composed" : "fused"));
    const ComposedOps twins(composed);
    f();
  }
}

}  // namespace gradus::test
