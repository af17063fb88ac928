// A piece of work so many times, for benchmarks/check to count its instructions: a training step, a text
// through the tokenizer, to ids alone or with offsets, or small tensors through forward and backward.
//
//     bench_instructions step|tokenizer|offsets|tensors TIMES
#include <charconv>
#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/autograd.hpp"
#include "autograd/random.hpp"
#include "autograd/threads.hpp"
#include "bert/model/heads.hpp"
#include "bert/tokenizer/tokenizer.hpp"
#include "bert/tokenizer/wordpiece_trainer.hpp"
#include "bert/toy_world/toy_world.hpp"
#include "nn/optimizers/optimizer.hpp"

using namespace gradus;

namespace {

std::function<void()> step() {
  bert::Config config = bert::Config::named("tiny", 2048);
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.1;
  Rng rng(1);
  const auto model = std::make_shared<bert::BertForPreTraining>(config, rng);
  const auto optimizer =
      std::make_shared<nn::AdamW>(*model, nn::AdamOptions{.lr = 1e-4, .weight_decay = 0.01});
  bert::PretrainingBatch batch;
  batch.rows = 4;
  batch.length = 64;
  for (int64_t i = 0; i < batch.rows * batch.length; ++i) {
    batch.input_ids.push_back(rng.between(5, config.vocab_size - 1));
    batch.token_type_ids.push_back(i % batch.length < batch.length / 2 ? 0 : 1);
    batch.attention_mask.push_back(1);
    if (i % 7 == 3)
      batch.masked_positions.push_back(i), batch.masked_labels.push_back(batch.input_ids.back());
  }
  for (int64_t b = 0; b < batch.rows; ++b) {
    batch.lengths.push_back(batch.length);
    batch.next_sentence_labels.push_back(b % 2);
  }
  return [=] {
    optimizer->zero_grad();
    model->loss(batch).loss.backward();
    optimizer->clipped_step(1.0);
  };
}

struct Text {
  std::string text;
  std::shared_ptr<const bert::Tokenizer> tokenizer;  // whose vocabulary is learnt of it
};

Text fifty_stories() {
  const std::string text = bert::toy_corpus({.stories = 50});
  bert::WordCounter counter;
  counter.add(text);
  bert::VocabTrainerOptions wanted;
  wanted.vocab_size = 200;
  return {text, std::make_shared<bert::Tokenizer>(bert::train_vocab(counter, wanted))};
}

std::function<void()> tokenizer() {
  return [of = fifty_stories()] {
    std::vector<bert::TokenId> ids;
    of.tokenizer->tokenize(of.text, ids);
  };
}

std::function<void()> offsets() {
  return [of = fifty_stories()] { of.tokenizer->encode(of.text); };
}

std::function<void()> tensors() {
  Rng rng(1);
  const Tensor w = randn({8, 8}, rng).requires_grad(), b = randn({8}, rng).requires_grad(),
               x = randn({8, 8}, rng);
  return [=] {
    for (int i = 0; i < 100; ++i) sum(tanh(matmul(x, w) + b) * 0.5).backward();
  };
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string_view, std::function<void()> (*)()> works = {
      {"step", step}, {"tokenizer", tokenizer}, {"offsets", offsets}, {"tensors", tensors}};
  const std::string_view name = argc == 3 ? argv[1] : "", times = argc == 3 ? argv[2] : "";
  int count = 0;
  const bool is_number = std::from_chars(times.data(), times.data() + times.size(), count).ec == std::errc();
  if (!is_number || !works.contains(name)) {
    std::fputs("usage: bench_instructions step|tokenizer|offsets|tensors TIMES\n", stderr);
    return 2;
  }
  try {
    set_num_threads(1);
    const std::function<void()> work = works.at(name)();
    for (int i = 0; i < count; ++i) work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_instructions: %s\n", error.what());
    return 1;
  }
  return 0;
}
