// The attention of a model as the page of it wants it.
#include "bert/report/model_attention.hpp"

#include "bert/checkpoint/checkpoint.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::bert;

namespace {

const char* const folder = GRADUS_FIXTURES "/bert/small";  // 2 layers of 3 heads, 16 positions

}  // namespace

TEST_CASE("model_attention gives every head of the model's forward, and says which token is of which text") {
  const Bert model = load_bert(folder).model;
  const Tokenizer tokenizer = load_tokenizer(folder);
  const Encoding pair = tokenizer.encode("the dog", "a cat runs");
  const AttentionPage page = model_attention(model, pair);
  CHECK(page.tokens ==
        std::vector<std::string>{"[CLS]", "the", "dog", "[SEP]", "a", "cat", "run", "##s", "[SEP]"});
  CHECK(page.segments == std::vector<int>{0, 0, 0, 0, 1, 1, 1, 1, 1});
  CHECK(page.layers == 2);
  CHECK(page.heads == 3);
  CHECK(model.is_training());

  const nn::EvalMode eval(model);
  const NoGrad no_grad;
  const auto row = [](const std::vector<TokenId>& values) {
    return tensor(std::vector<int64_t>(values.begin(), values.end()), Shape{1, 9});
  };
  const BertOutput out = model(row(pair.ids), row(pair.token_type_ids), {}, {.attentions = true});
  for (int64_t layer = 0; layer < 2; ++layer) {
    for (int64_t head = 0; head < 3; ++head) {
      const Tensor want = out.attentions[static_cast<size_t>(layer)].select(0, 0).select(0, head);
      CHECK(page.head_weights(layer, head) == want.to_vector<float>());
    }
  }
  CHECK_THROWS_WITH(page.head_weights(2, 0), "attention page: layer 2, head 0; there are 2 and 3");
  CHECK_THROWS_WITH(page.head_weights(0, 3), "attention page: layer 0, head 3; there are 2 and 3");
  CHECK_THROWS_WITH(page.head_weights(-1, 0), "attention page: layer -1, head 0; there are 2 and 3");
}

TEST_CASE("model_attention: one text has no segments, and one that is too long is refused") {
  const Bert model = load_bert(folder).model;
  const Tokenizer tokenizer = load_tokenizer(folder);
  CHECK(model_attention(model, tokenizer.encode("the dog")).segments.empty());
  CHECK(model_attention(model, tokenizer.encode("a a a a a a a a a a a a a a")).tokens.size() == 16);
  CHECK_THROWS_WITH(
      model_attention(model, tokenizer.encode("a a a a a a a a a a a a a a a")),
      "the text has 17 pieces with [CLS] and [SEP], and the model takes 16 at most; shorten it");
}

TEST_CASE("attention picture: a long text's palest cells are left out, a short one's are drawn") {
  const auto cells = [](size_t size) {
    std::vector<float> weights(size * size, 0.009F);
    weights[1] = 0.01F;
    const std::string body = attention_picture(std::vector<std::string>(size, "a"), weights, "").body;
    size_t count = 0;
    for (size_t at = body.find("\"cell\""); at != std::string::npos; at = body.find("\"cell\"", at + 1))
      ++count;
    return count;
  };
  CHECK(cells(64) == 64 * 64);
  CHECK(cells(65) == 1);
}
