// Decoder, Transformer, gated feed-forward, pooling and positions as PyTorch computes them: outputs and every
// gradient.
#include "nn/pooling.hpp"
#include "nn/positional.hpp"
#include "nn/transformer/decoder.hpp"
#include "support/catch.hpp"
#include "support/reference_case.hpp"
#include "support/small_stacks.hpp"

using namespace gradus;
using namespace gradus::nn;
using namespace gradus::test;

namespace {

class Case : public ReferenceCase {
 public:
  explicit Case(const std::string& name) : ReferenceCase("transformer_layers", name) {}
};

EncoderOptions sizes() {
  EncoderOptions options = small_stack();
  options.feed_forward = Activation::relu;
  options.hidden_dropout = options.attention_dropout = 0;
  options.layer_norm_eps = 1e-5;
  return options;
}

/// Both stacks, as torch.nn.Transformer has them.
class Stacks : public Module {
 public:
  Stacks(const EncoderOptions& options, Rng& rng)
      : encoder(child("encoder", Encoder(options, rng))), decoder(child("decoder", Decoder(options, rng))) {}
  const Encoder encoder;
  const Decoder decoder;
};

}  // namespace

TEST_CASE("reference: torch.nn.TransformerDecoderLayer", "[reference]") {
  for (const bool pre_norm : {false, true}) {
    for (const bool composed : {false, true}) {
      const ComposedOps twins(composed);
      Case expected(pre_norm ? "decoder_pre" : "decoder_post");
      EncoderOptions options = sizes();
      options.pre_norm = pre_norm;
      if (pre_norm) options.feed_forward = Activation::gelu;
      Rng rng(1);
      const DecoderLayer layer(options, rng);
      expected.load(layer);
      const Tensor x = expected.in("x"), memory = expected.in("memory");
      const DecoderMask mask{.target = expected.in("target_mask"), .memory = expected.in("memory_mask")};
      expected.check(layer(x, memory, mask));
      expected.check(layer.with_weights(x, memory, mask).result);
    }
  }
}

TEST_CASE("reference: torch.nn.Transformer, encoder and decoder", "[reference]") {
  Case expected("transformer");
  EncoderOptions options = sizes();
  options.pre_norm = true;
  Rng rng(1);
  const Stacks model(options, rng);
  expected.load(model);
  const Tensor x = expected.in("x"), memory_mask = expected.in("memory_mask");
  const Tensor memory = model.encoder(expected.in("memory"), {.allowed = memory_mask});
  expected.check(model.decoder(x, memory, {.target = expected.in("target_mask"), .memory = memory_mask}));
}

TEST_CASE("reference: gated feed-forward networks", "[reference]") {
  for (const std::string name : {"glu", "bilinear", "reglu", "geglu", "swiglu"}) {
    INFO(name);
    Case expected(name);
    Rng rng(1);
    const FeedForward layer(8, 12, rng, {.kind = feed_forward_by_name(name)});
    expected.load(layer);
    expected.check(layer(expected.in("x")));
  }
}

TEST_CASE("reference: attention pooling with two queries", "[reference]") {
  Case expected("pooling");
  Rng rng(1);
  const AttentionPooling layer(8, rng, {.size = 3, .queries = 2});
  expected.load(layer);
  expected.check(layer(expected.in("x"), expected.in("memory_mask")));
}

TEST_CASE("reference: sinusoids", "[reference]") {
  const StateDict all = read_safetensors(GRADUS_FIXTURES "/nn/transformer_layers.safetensors");
  CHECK(worst_difference(sinusoids(20, 8), all.at("sinusoids.out")) < 1e-14);
}
