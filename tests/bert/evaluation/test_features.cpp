// The vectors of texts: which layers and tokens they are made of, and that a batch changes nothing.
#include "bert/evaluation/features.hpp"

#include <limits>

#include "bert/checkpoint/checkpoint.hpp"
#include "nn/safetensors.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::bert;
using gradus::test::largest_difference;

namespace {

const Tokenizer tokenizer(Vocab({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c"}));
// 6, 2, 3, 5 and 3 pieces with [CLS] and [SEP].
const std::vector<std::string> texts = {"a b a c", "", "b", "c c b", "a"};

Bert make_model(bool with_pooler = true) {
  Rng rng(1);
  return {test::small_config(), rng, with_pooler};
}

/// What the model itself gives for one text, all of its layers.
BertOutput forward(const Bert& model, const std::string& text) {
  const std::vector<TokenId> ids = tokenizer.encode(text).ids;
  const nn::EvalMode eval(model);
  const NoGrad no_grad;
  return model(
      tensor(std::vector<int64_t>(ids.begin(), ids.end()), Shape{1, static_cast<int64_t>(ids.size())}), {},
      {}, {.hidden_states = true});
}

std::vector<float> numbers(const Tensor& x) { return x.to_vector<float>(); }

}  // namespace

TEST_CASE("mix_layers adds up layers, which may count from the end") {
  const std::vector<Tensor> states = {tensor<float>({1, 2}), tensor<float>({10, 20}),
                                      tensor<float>({100, 200})};
  CHECK(numbers(mix_layers(states, {0})) == std::vector<float>{1, 2});
  CHECK(numbers(mix_layers(states, {-1})) == std::vector<float>{100, 200});
  CHECK(numbers(mix_layers(states, {0, -1, 1})) == std::vector<float>{111, 222});
  CHECK(numbers(mix_layers(states, {-3, 1}, /*mean=*/true)) == std::vector<float>{5.5, 11});
  CHECK(numbers(states[0]) == std::vector<float>{1, 2});  // they are left as they are
  CHECK_THROWS_WITH(mix_layers(states, {}), "features: name at least one layer");
  CHECK_THROWS_WITH(mix_layers(states, {0, 3}),
                    "layer 3: the model has 0 (its embeddings) to 2, or -3 to -1 from the end");
  CHECK_THROWS_WITH(mix_layers(states, {-4}),
                    "layer -4: the model has 0 (its embeddings) to 2, or -3 to -1 from the end");
}

TEST_CASE("pool looks at real tokens alone, even where padding holds NaN") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor x = tensor<float>({1, -8, 3, -4, nan, nan, 5, 6, 7, 8, 9, 1}, Shape{2, 3, 2});
  Tensor real = ones({2, 3}, DType::boolean);
  real.mutable_data<bool>()[2] = false;
  CHECK(numbers(pool(x, real, Pooling::cls)) == std::vector<float>{1, -8, 5, 6});
  CHECK(numbers(pool(x, real, Pooling::mean)) == std::vector<float>{2, -6, 7, 5});
  CHECK(numbers(pool(x, real, Pooling::max)) == std::vector<float>{3, -4, 9, 8});
  CHECK_THROWS_WITH(pool(x, real, Pooling::none),
                    "pool: only [CLS], the mean and the largest are made of the vectors alone");
}

TEST_CASE("normalized vectors have length 1, and a vector of zeros stays one") {
  CHECK(numbers(normalized(tensor<float>({3, 4, 0, 0}, Shape{2, 2}))) ==
        std::vector<float>{0.6F, 0.8F, 0, 0});
}

TEST_CASE("features are what the model's own forward gives, text by text and in their order") {
  const Bert model = make_model();
  const auto found = [&](const FeatureOptions& options) {
    return features(model, tokenizer, texts, options);
  };
  const auto sum_of_two = found({.layers = {0, 2}, .pooling = Pooling::none});
  const auto mean_of_all = found({.layers = {0, 1, 2}, .mean_of_layers = true, .pooling = Pooling::none});
  const auto cls = found({.layers = {1}, .pooling = Pooling::cls});
  const auto pooled = found({.pooling = Pooling::pooled});
  const auto mean = found({});
  const auto max = found({.pooling = Pooling::max});
  const auto unit = found({.normalize = true});
  for (size_t i = 0; i < texts.size(); ++i) {
    INFO(texts[i]);
    const BertOutput out = forward(model, texts[i]);
    const auto state = [&](size_t layer) { return out.hidden_states[layer].select(0, 0); };
    const auto near = [](const Tensor& a, const Tensor& b) { return largest_difference(a, b) < 1e-5; };
    CHECK(sum_of_two[i].pieces == tokenizer.encode(texts[i]).pieces);
    CHECK(near(sum_of_two[i].vectors, state(0) + state(2)));
    CHECK(near(mean_of_all[i].vectors, (state(0) + state(1) + state(2)) / 3));
    CHECK(near(cls[i].vectors, state(1).select(0, 0)));
    CHECK(near(pooled[i].vectors, out.pooled.select(0, 0)));
    const Tensor by_hand = gradus::mean(state(2), Axes{0});  // of [CLS] and [SEP], too
    CHECK(near(mean[i].vectors, by_hand));
    CHECK(near(max[i].vectors, gradus::max(state(2), Axes{0})));
    CHECK(near(unit[i].vectors, by_hand / std::sqrt(sum(by_hand * by_hand).item())));
    CHECK_FALSE(mean[i].is_cut);
  }
}

TEST_CASE("features of a folder that transformers made: layers and mean as it computes them") {
  // The batch of the fixture has two segments, and features() takes one text; so its parts are compared.
  const Bert model = load_bert(GRADUS_FIXTURES "/bert/small").model;
  const nn::StateDict want = nn::read_safetensors(GRADUS_FIXTURES "/bert/small_expected.safetensors");
  const Tensor mask = want.at("attention_mask");
  const nn::EvalMode eval(model);
  const NoGrad no_grad;
  const BertOutput out =
      model(want.at("input_ids"), want.at("token_type_ids"), mask, {.hidden_states = true});
  const Tensor sum = want.at("hidden_states.1") + want.at("hidden_states.2");
  CHECK(largest_difference(mix_layers(out.hidden_states, {-2, -1}), sum) < 1e-5);
  // sentence-transformers' mean: the sum of h times the mask, divided by the sum of the mask.
  const Tensor weight = mask.to(DType::f32).unsqueeze(-1);
  const Tensor mean =
      gradus::sum(want.at("hidden_states.2") * weight, Axes{1}) / gradus::sum(weight, Axes{1});
  const Tensor real = logical_not(equal(mask, scalar(0, DType::i64)));
  CHECK(largest_difference(pool(mix_layers(out.hidden_states, {-1}), real, Pooling::mean), mean) < 1e-5);
}

TEST_CASE("features do not hang on what stands in the batch beside a text") {
  const Bert model = make_model();
  const auto together = features(model, tokenizer, texts, {.pooling = Pooling::none});
  const auto alone = features(model, tokenizer, texts, {.pooling = Pooling::none, .batch_tokens = 1});
  for (size_t i = 0; i < texts.size(); ++i) {
    CHECK(largest_difference(together[i].vectors, alone[i].vectors) < 1e-5);
  }
}

TEST_CASE("features tell after each batch how many texts are done") {
  std::vector<size_t> done;
  features(make_model(), tokenizer, texts, {.batch_tokens = 10},
           [&](size_t count) { done.push_back(count); });
  CHECK(done == std::vector<size_t>{1, 3, 5});  // of 6; 5 and 3; 3 and 2 pieces
}

TEST_CASE("features of a text that is too long are those of its beginning") {
  const Bert model = make_model();  // of 9 positions
  const std::vector<std::string> two = {"a b c a b c a b c a b c", "a b c a b c a"};
  const auto found = features(model, tokenizer, two);
  CHECK(found[0].is_cut);
  CHECK_FALSE(found[1].is_cut);  // which just fits
  CHECK(found[0].pieces == found[1].pieces);
  CHECK(largest_difference(found[0].vectors, found[1].vectors) < 1e-5);
  const auto short_ones = features(model, tokenizer, two, {.max_length = 3});
  CHECK(short_ones[1].is_cut);
  CHECK(short_ones[1].pieces == std::vector<std::string>{"[CLS]", "a", "[SEP]"});
}

TEST_CASE("features leave the model's mode as it was, and record nothing") {
  const Bert model = make_model();
  model.encoder.eval();
  CHECK_FALSE(features(model, tokenizer, texts)[0].vectors.needs_grad());
  CHECK(model.is_training());
  CHECK_FALSE(model.encoder.is_training());
}

TEST_CASE("features refuse what the model cannot give") {
  const Bert model = make_model();
  const auto refused = [&](const FeatureOptions& options, const std::string& message) {
    CHECK_THROWS_WITH(features(model, tokenizer, texts, options), message);
  };
  refused({.layers = {}}, "features: name at least one layer");
  refused({.layers = {3}}, "layer 3: the model has 0 (its embeddings) to 2, or -3 to -1 from the end");
  for (const std::vector<int64_t>& layers : {std::vector<int64_t>{1}, std::vector<int64_t>{2, 2}}) {
    refused({.layers = layers, .pooling = Pooling::pooled},
            "features: the pooled vector is made of the last layer, and of no other");
  }
  CHECK_NOTHROW(features(model, tokenizer, texts, {.layers = {2}, .pooling = Pooling::pooled}));
  for (const int64_t length : {-1, 2, 10}) {
    refused({.max_length = length},
            fmt::format("features: max_length {} is not from 3 to 9, the model's positions", length));
  }
  CHECK_THROWS_WITH(features(make_model(false), tokenizer, texts, {.pooling = Pooling::pooled}),
                    "features: the model has no pooler, so there is no pooled vector; take that of [CLS]");

  const int64_t c = tokenizer.vocab().id("c");
  Tensor(model.embeddings.word_embeddings.weight)
      .detach()
      .select(0, c)
      .fill_(std::numeric_limits<double>::quiet_NaN());
  CHECK_THROWS_WITH(features(model, tokenizer, {"a", "b b b b b b c", "c", "b"}),
                    "the model's vectors of the text that begins [CLS] b b b b b b c are not finite: take an "
                    "earlier checkpoint, or run it under DetectAnomaly to find the part");
}
