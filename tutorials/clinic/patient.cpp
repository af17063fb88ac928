#include "patient.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <sstream>

#include "nn/optimizers/optimizer.hpp"
#include "nn/optimizers/schedule.hpp"
#include "tutorials/support/check.hpp"
#include "tutorials/support/kit.hpp"

namespace gradus::tutorials::clinic {
namespace {

constexpr double peak_rate = 5e-3, decay = 0.5, dropout = 0.05;
constexpr int64_t warm_up = 40, log_every = 20, unknown_id = 1;
constexpr uint64_t held_out_seeds = 9'000'000;  // far from those of any training

/// Under the sanitizers, and where a test tries diagnoses, a patient is hardly trained: the same code runs,
/// and what a proof rests on holds from the first step on.
int64_t steps_of_a_training() { return short_run || Check::quick() ? training_steps / 10 : training_steps; }

/// The vocabulary of somebody else: the same words in another order.
std::vector<std::string> shuffled_tokens(uint64_t seed) {
  std::vector<std::string> words(tokens.begin() + next_sentence::signs, tokens.end());
  Rng(seed, 3).shuffle(words);
  std::vector<std::string> all(tokens.begin(), tokens.begin() + next_sentence::signs);
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

/// The mean of -log p(label) over what is asked of logits [N, C] by labels [N]; 0 if nothing is.
Tensor mean_surprise(const Tensor& logits, const Tensor& labels) {
  return cross_entropy(logits, labels, {.ignore_index = not_asked});
}

Tensor loss_of(const Outputs& out, const Batch& batch, Fault fault) {
  const int64_t rows = batch.labels.size(0);
  const Tensor pairs = mean_surprise(out.pairs, batch.pair_labels);
  if (fault != Fault::mean_of_means) {
    const Tensor all = out.words.reshape({-1, out.words.size(2)});  // [B S, V]
    return mean_surprise(all, batch.labels.reshape({-1})) + pairs;
  }
  Tensor sum_of_means = scalar(0);
  for (int64_t row = 0; row < rows; ++row) {
    sum_of_means = sum_of_means + mean_surprise(out.words.select(0, row), batch.labels.select(0, row));
  }
  return sum_of_means / static_cast<double>(rows) + pairs;
}

double share(const Tensor& logits, const Tensor& labels) {
  const std::vector<int64_t> said = argmax(logits.detach(), -1).to_vector<int64_t>();
  const std::vector<int64_t> wanted = labels.to_vector<int64_t>();
  int64_t asked = 0, right = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    asked += wanted[i] != not_asked;
    right += wanted[i] == said[i];
  }
  return static_cast<double>(right) / static_cast<double>(std::max<int64_t>(asked, 1));
}

/// Copies of tensors, so that training does not touch them.
nn::StateDict copies(const nn::StateDict& state) {
  nn::StateDict kept;
  for (const auto& [name, tensor] : state) kept.emplace(name, tensor.detach().clone());
  return kept;
}

}  // namespace

double words_right(const Outputs& out, const Batch& batch) { return share(out.words, batch.labels); }
double pairs_right(const Outputs& out, const Batch& batch) { return share(out.pairs, batch.pair_labels); }

struct Patient::Self {
  Fault fault;
  uint64_t seed;
  std::vector<std::string> vocabulary;
  std::vector<LogLine> log;
  Rng rng;
  Body body;
  std::unique_ptr<nn::AdamW> optimizer;
  bool trained = false;

  Self(Fault wrong, uint64_t number)
      : fault(wrong),
        seed(number),
        vocabulary(wrong == Fault::other_vocabulary ? shuffled_tokens(number) : clinic::tokens),
        rng(number),
        body(wrong, dropout, rng),
        optimizer(fresh_optimizer()) {}

  std::unique_ptr<nn::AdamW> fresh_optimizer() const {
    nn::AdamOptions options{.lr = peak_rate, .weight_decay = decay};
    if (fault == Fault::norms_decay)
      options.decays = [](const std::string& name) { return !name.ends_with("bias"); };
    return std::make_unique<nn::AdamW>(body, options);
  }

  Batch batch(int64_t step) const {
    const uint64_t mine = 1000 * seed + static_cast<uint64_t>(step);
    Rng dice(mine, 1);
    return batch_of(pairs_for(training_rows, mine), fault, dice);
  }

  Outputs learn(const Batch& rows) {
    const nn::Schedule schedule{nn::Schedule::Kind::linear, peak_rate,
                                fault == Fault::no_warm_up ? 0 : warm_up, training_steps};
    body.train();
    optimizer->zero_grad();
    Outputs out = body(rows, false);
    loss_of(out, rows, fault).backward();
    optimizer->set_learning_rate(schedule(std::min(optimizer->steps(), training_steps)));
    optimizer->clipped_step(1.0);
    return out;
  }

  /// Trains where nobody has done so yet; a patient who comes in twice is not trained twice.
  void be_trained() {
    if (trained) return;
    struct Past {
      nn::StateDict weights, moments;
      std::vector<LogLine> log;
    };
    static std::map<std::pair<Fault, uint64_t>, Past> known;
    auto found = known.find({fault, seed});
    if (found == known.end()) {
      manual_seed(seed);  // of the dropout
      for (int64_t step = 0; step < steps_of_a_training(); ++step) {
        const Batch rows = batch(step);
        const Outputs out = learn(rows);
        if ((step + 1) % log_every == 0) write(step + 1, out, rows);
      }
      const Past past{copies(body.state_dict()), copies(optimizer->state_dict()), log};
      found = known.emplace(std::pair(fault, seed), past).first;
    } else {
      const NoGrad no_tape;
      body.load_state_dict(found->second.weights);
      optimizer->load_state_dict(found->second.moments);
      log = found->second.log;
    }
    trained = true;
  }

  void write(int64_t step, const Outputs& out, const Batch& rows) {
    const Tensor words = out.words.detach().reshape({-1, out.words.size(2)});
    const auto loss = [](const Tensor& logits, const Tensor& labels) {
      return mean_surprise(logits.detach(), labels).item();
    };
    log.push_back({step, loss(words, rows.labels.reshape({-1})), loss(out.pairs, rows.pair_labels),
                   words_right(out, rows), pairs_right(out, rows)});
  }
};

Patient::Patient(Fault fault, uint64_t seed) : self_(std::make_unique<Self>(fault, seed)) {}
Patient::Patient(Patient&&) noexcept = default;
Patient& Patient::operator=(Patient&&) noexcept = default;
Patient::~Patient() = default;

Batch Patient::training_batch(int64_t step) const { return self_->batch(step); }
const std::vector<std::string>& Patient::tokens() const { return self_->vocabulary; }

std::vector<int64_t> Patient::encode(const std::string& text) const {
  std::vector<int64_t> ids;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const auto found = std::find(self_->vocabulary.begin(), self_->vocabulary.end(), word);
    ids.push_back(found == self_->vocabulary.end() ? unknown_id : found - self_->vocabulary.begin());
  }
  return ids;
}

Batch Patient::held_out(int64_t rows, uint64_t seed) const {
  std::vector<Pair> pairs = pairs_for(rows, held_out_seeds + seed);
  for (Pair& pair : pairs) {
    pair.a = encode(next_sentence::text_of(pair.a));
    pair.b = encode(next_sentence::text_of(pair.b));
  }
  Rng dice(held_out_seeds + seed, 1);
  return batch_of(pairs, Fault::none, dice);
}

Outputs Patient::look(const Batch& batch) const {
  self_->be_trained();
  const NoGrad no_tape;
  self_->body.train(self_->fault == Fault::dropout_left_on);
  return self_->body(batch, true);
}
Outputs Patient::look_in_training(const Batch& batch) const {
  self_->be_trained();
  const NoGrad no_tape;
  self_->body.train();
  return self_->body(batch, false);
}
Tensor Patient::loss(const Batch& batch) const {
  self_->be_trained();
  self_->body.eval();
  return loss_of(self_->body(batch, false), batch, self_->fault);
}

std::vector<std::pair<std::string, Tensor>> Patient::parameters() const {
  self_->be_trained();
  return self_->body.named_parameters();
}
void Patient::begin_again() {
  self_ = std::make_unique<Self>(self_->fault, self_->seed);
  self_->trained = true;  // as far as it has come
}
void Patient::train(int64_t steps) {
  self_->be_trained();
  for (int64_t i = 0; i < steps; ++i) self_->learn(self_->batch(self_->optimizer->steps()));
}
void Patient::train_on(const Batch& batch) {
  self_->be_trained();
  self_->learn(batch);
}
int64_t Patient::steps_done() const {
  self_->be_trained();
  return self_->optimizer->steps();
}
const std::vector<LogLine>& Patient::log() const {
  self_->be_trained();
  return self_->log;
}

}  // namespace gradus::tutorials::clinic
