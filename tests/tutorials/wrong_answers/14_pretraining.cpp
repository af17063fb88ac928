// What readers may answer in chapter 14, wrong and right.
#include "tutorials/14_pretraining/exercise.hpp"

#include "tests/tutorials/wrong_answers/answers.hpp"

#define overfit right_overfit
#define saved right_saved
#define resume right_resume
#define between right_between
#include "tutorials/14_pretraining/solution.cpp"
#undef overfit
#undef saved
#undef resume
#undef between

namespace gradus::tutorials::pretraining {
namespace {

using Model = bert::BertForPreTraining;
using Batch = bert::PretrainingBatch;

const Answers<decltype(overfit)> learn_by_heart(
    1, right_overfit,
    {{"words alone", "with words alone the pairs would stay at ln 2",
      [](const Model& model, const Batch& batch, int64_t steps, double rate) {
        nn::AdamW optimizer(model, {.lr = rate});
        std::vector<double> losses;
        for (int64_t step = 0; step < steps; ++step) {
          optimizer.zero_grad();
          const Tensor loss = model.loss(batch).mlm_loss;
          loss.backward();
          losses.push_back(loss.item());
          optimizer.clipped_step(1.0);
        }
        return losses;
      }},
     {"gradients are never cleared", "zero_grad() before it, in every step",
      [](const Model& model, const Batch& batch, int64_t steps, double rate) {
        nn::AdamW optimizer(model, {.lr = rate});
        std::vector<double> losses;
        for (int64_t step = 0; step < steps; ++step) {
          const Tensor loss = model.loss(batch).loss;
          loss.backward();
          losses.push_back(loss.item());
          optimizer.clipped_step(1.0);
        }
        return losses;
      }},
     {"no clipping", "clipped_step(1.0) in place of step()",
      [](const Model& model, const Batch& batch, int64_t steps, double rate) {
        nn::AdamW optimizer(model, {.lr = rate});
        std::vector<double> losses;
        for (int64_t step = 0; step < steps; ++step) {
          optimizer.zero_grad();
          const Tensor loss = model.loss(batch).loss;
          loss.backward();
          losses.push_back(loss.item());
          optimizer.step();
        }
        return losses;
      }},
     {"clipped to another length", "to 1, and left alone else",
      [](const Model& model, const Batch& batch, int64_t steps, double rate) {
        nn::AdamW optimizer(model, {.lr = rate});
        std::vector<double> losses;
        for (int64_t step = 0; step < steps; ++step) {
          optimizer.zero_grad();
          const Tensor loss = model.loss(batch).loss;
          loss.backward();
          losses.push_back(loss.item());
          optimizer.clipped_step(0.1);
        }
        return losses;
      }},
     {"a new optimiser in each step", "make it once, before the loop",
      [](const Model& model, const Batch& batch, int64_t steps, double rate) {
        std::vector<double> losses;
        for (int64_t step = 0; step < steps; ++step) {
          nn::AdamW optimizer(model, {.lr = rate});
          optimizer.zero_grad();
          const Tensor loss = model.loss(batch).loss;
          loss.backward();
          losses.push_back(loss.item());
          optimizer.clipped_step(1.0);
        }
        return losses;
      }},
     {"backward forgotten", "backward() makes the gradient",
      [](const Model& model, const Batch& batch, int64_t steps, double) {
        std::vector<double> losses;
        for (int64_t step = 0; step < steps; ++step) losses.push_back(model.loss(batch).loss.item());
        return losses;
      }},
     {"the loss after the step", "not of one that is computed after the step",
      [](const Model& model, const Batch& batch, int64_t steps, double rate) {
        nn::AdamW optimizer(model, {.lr = rate});
        std::vector<double> losses;
        for (int64_t step = 0; step < steps; ++step) {
          optimizer.zero_grad();
          model.loss(batch).loss.backward();
          optimizer.clipped_step(1.0);
          losses.push_back(model.loss(batch).loss.item());
        }
        return losses;
      }},
     {"the usual rate", "with the given rate",
      [](const Model& model, const Batch& batch, int64_t steps, double) {
        return right_overfit(model, batch, steps, 1e-3);
      }},
     {"a rate that falls", "nothing rises or falls here",
      [](const Model& model, const Batch& batch, int64_t steps, double rate) {
        nn::AdamW optimizer(model, {.lr = rate});
        std::vector<double> losses;
        for (int64_t step = 0; step < steps; ++step) {
          optimizer.zero_grad();
          const Tensor loss = model.loss(batch).loss;
          loss.backward();
          losses.push_back(loss.item());
          optimizer.set_learning_rate(rate * static_cast<double>(steps - step) / static_cast<double>(steps));
          optimizer.clipped_step(1.0);
        }
        return losses;
      }},
     {"one loss at the end", "one for each step",
      [](const Model& model, const Batch& batch, int64_t steps, double rate) {
        return std::vector<double>{right_overfit(model, batch, steps, rate).back()};
      }},
     {"the two losses added by hand", accepted,
      [](const Model& model, const Batch& batch, int64_t steps, double rate) {
        nn::AdamW optimizer(model, {.lr = rate});
        std::vector<double> losses(static_cast<size_t>(steps));
        for (double& loss : losses) {
          const bert::PretrainingLoss both = model.loss(batch);
          optimizer.zero_grad();
          (both.mlm_loss + both.nsp_loss).backward();
          loss = both.mlm_loss.item() + both.nsp_loss.item();
          optimizer.clipped_step(1.0);
        }
        return losses;
      }}});

const Answers<decltype(saved)> saving(
    2, right_saved,
    {{"shares memory with the run", "state_dict() shares memory with its owner",
      [](const Run& run) {
        return SavedRun{run.model.state_dict(), run.optimizer.state_dict(), run.rng.state(), run.step};
      }},
     {"weights alone", "optimizer.state_dict()",
      [](const Run& run) {
        SavedRun wrong = right_saved(run);
        wrong.moments.clear();
        return wrong;
      }},
     {"the generator as it began", "a generator that begins again",
      [](const Run& run) {
        SavedRun wrong = right_saved(run);
        wrong.rng.position = 0;
        return wrong;
      }},
     {"no random state", "rng.state() as it is now",
      [](const Run& run) {
        SavedRun wrong = right_saved(run);
        wrong.rng = {};
        return wrong;
      }},
     {"no step", "the rate follows from them",
      [](const Run& run) {
        SavedRun wrong = right_saved(run);
        wrong.step = 0;
        return wrong;
      }},
     {"the copies written out", accepted, [](const Run& run) {
        SavedRun all{{}, {}, run.rng.state(), run.step};
        for (const auto& [name, weight] : run.model.named_parameters())
          all.weights[name] = weight.detach().clone();
        for (const auto& [name, moment] : run.optimizer.state_dict())
          all.moments.emplace(name, moment.clone());
        return all;
      }}});

const Answers<decltype(resume)> going_on(
    2, right_resume,
    {{"moments are forgotten", "without them Adam starts anew",
      [](Run& run, const SavedRun& from) {
        run.model.load_state_dict(from.weights);
        run.rng = Rng::from_state(from.rng);
        run.step = from.step;
      }},
     {"the step is forgotten", "else the rate is that of another step",
      [](Run& run, const SavedRun& from) {
        run.model.load_state_dict(from.weights);
        run.optimizer.load_state_dict(from.moments);
        run.rng = Rng::from_state(from.rng);
      }},
     {"the generator is left as it is", "else the next rows and masks are others",
      [](Run& run, const SavedRun& from) {
        const Rng before = run.rng;
        right_resume(run, from);
        run.rng = before;
      }},
     {"the generator is seeded again", "else the next rows and masks are others",
      [](Run& run, const SavedRun& from) {
        right_resume(run, from);
        run.rng = Rng(from.rng.seed);
      }},
     {"weights are forgotten", "model.load_state_dict",
      [](Run& run, const SavedRun& from) {
        run.optimizer.load_state_dict(from.moments);
        run.rng = Rng::from_state(from.rng);
        run.step = from.step;
      }},
     {"in another order", accepted, [](Run& run, const SavedRun& from) {
        run.step = from.step;
        run.rng = Rng::from_state(from.rng);
        run.optimizer.load_state_dict(from.moments);
        run.model.load_state_dict(from.weights);
      }}});

using Sentences = std::vector<std::vector<int64_t>>;

std::vector<double> one(double sum_to, std::vector<double> p) {
  double sum = 0;
  for (const double some : p) sum += some;
  for (double& some : p) some *= sum_to / sum;
  return p;
}

const Answers<decltype(between)> bar(
    3, right_between,
    {{"frequent words counted twice", "p(w) divided out once",
      [](const Sentences& text, int64_t v, int64_t left, int64_t right) {
        std::vector<double> p = right_between(text, v, left, right);
        const std::vector<double> frequency = right_between(text, v, -1, -1);
        if (left < 0 || right < 0) return p;
        for (size_t w = 0; w < p.size(); ++w) p[w] *= frequency[w];
        return one(1, p);
      }},
     {"never divided out", "p(w) p(w) / p(w)",
      [](const Sentences& text, int64_t v, int64_t left, int64_t right) {
        std::vector<double> p = right_between(text, v, left, right);
        const std::vector<double> frequency = right_between(text, v, -1, -1);
        for (size_t w = 0; w < p.size(); ++w) p[w] *= frequency[w];
        return one(1, p);
      }},
     {"not divided by the sum", "divide by the sum over all words",
      [](const Sentences& text, int64_t v, int64_t left, int64_t right) {
        return left < 0 || right < 0 ? right_between(text, v, left, right)
                                     : one(0.8, right_between(text, v, left, right));
      }},
     {"sides exchanged", "counts w right AFTER l",
      [](const Sentences& text, int64_t v, int64_t left, int64_t right) {
        return right_between(text, v, right, left);
      }},
     {"the left neighbour alone", "count the words right BEFORE it",
      [](const Sentences& text, int64_t v, int64_t left, int64_t) {
        return right_between(text, v, left, -1);
      }},
     {"sentences are joined", "sentences are not joined",
      [](const Sentences& text, int64_t v, int64_t left, int64_t right) {
        if (left < 0 && right < 0) return right_between(text, v, left, right);
        std::vector<int64_t> whole;
        for (const auto& sentence : text) whole.insert(whole.end(), sentence.begin(), sentence.end());
        return right_between(left == 2 ? Sentences{whole} : text, v, left, right);
      }},
     {"only what was seen", "the share of what was never seen is p(w), not 0",
      [](const Sentences& text, int64_t v, int64_t left, int64_t right) {
        std::vector<double> p = right_between(text, v, left, right);
        if (left != 0 || right != 2) return p;
        return std::vector<double>{0, 1, 0, 0, 0};
      }},
     {"frequency without the one", "(n(w) + 1) / (N + vocabulary)",
      [](const Sentences& text, int64_t v, int64_t left, int64_t right) {
        std::vector<double> count(static_cast<size_t>(v), 0);
        for (const auto& sentence : text) {
          for (const int64_t word : sentence) ++count[static_cast<size_t>(word)];
        }
        return left < 0 && right < 0 ? one(1, count) : right_between(text, v, left, right);
      }},
     {"by tables of all pairs", accepted, [](const Sentences& text, int64_t v, int64_t left, int64_t right) {
        const auto size = static_cast<size_t>(v);
        std::vector<std::vector<double>> pairs(size, std::vector<double>(size, 0));
        std::vector<double> p(size, 1 / static_cast<double>(v));
        double words = 0;
        for (const auto& sentence : text) words += static_cast<double>(sentence.size());
        for (double& frequency : p) frequency = 1 / (words + static_cast<double>(v));
        for (const auto& sentence : text) {
          for (size_t i = 0; i < sentence.size(); ++i) {
            p[static_cast<size_t>(sentence[i])] += 1 / (words + static_cast<double>(v));
            if (i > 0) ++pairs[static_cast<size_t>(sentence[i - 1])][static_cast<size_t>(sentence[i])];
          }
        }
        const std::vector<double> frequency = p;
        double after = 1, before = 1;
        for (size_t w = 0; w < size; ++w) {
          if (left >= 0) after += pairs[static_cast<size_t>(left)][w];
          if (right >= 0) before += pairs[w][static_cast<size_t>(right)];
        }
        for (size_t w = 0; w < size; ++w) {
          if (left >= 0) p[w] *= (pairs[static_cast<size_t>(left)][w] + frequency[w]) / after / frequency[w];
          if (right >= 0)
            p[w] *= (pairs[w][static_cast<size_t>(right)] + frequency[w]) / before / frequency[w];
        }
        return one(1, p);
      }}});

}  // namespace

std::vector<double> overfit(const Model& model, const Batch& batch, int64_t steps, double rate) {
  return learn_by_heart(model, batch, steps, rate);
}
SavedRun saved(const Run& run) { return saving(run); }
void resume(Run& run, const SavedRun& from) { going_on(run, from); }
std::vector<double> between(const std::vector<std::vector<int64_t>>& sentences, int64_t vocabulary,
                            int64_t left, int64_t right) {
  return bar(sentences, vocabulary, left, right);
}

}  // namespace gradus::tutorials::pretraining
