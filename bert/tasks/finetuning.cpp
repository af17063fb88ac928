#include "bert/tasks/finetuning.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/error.hpp"
#include "autograd/plural.hpp"
#include "autograd/random.hpp"

namespace gradus::bert {
namespace {

std::string layer_name(int64_t layer) { return fmt::format("bert.encoder.layer.{}", layer); }

}  // namespace

void TaskTraining::hide_pieces(double share) {
  if (!(share >= 0 && share < 1))
    fail<ValueError>("a share of {} of the pieces cannot be hidden; it must be from 0 up to 1", share);
  hidden_share_ = share;
}

TaskInput TaskTraining::shown(TaskInput input, const SpecialIds& special) const {
  if (hidden_share_ == 0) return input;
  auto* id = input.ids.mutable_data<int64_t>();
  for (int64_t i = 0; i < input.ids.numel(); ++i, ++id) {
    const bool is_text = *id != special.pad && *id != special.cls && *id != special.sep;
    if (is_text && default_rng().chance(hidden_share_)) *id = special.mask;
  }
  return input;
}

FinetuneLearner::FinetuneLearner(TaskTraining& task, const FinetuneRows& rows) : task_(task), rows_(rows) {
  if (rows_.batch_rows < 1) fail<ValueError>("a batch of {} rows teaches nothing", rows_.batch_rows);
  if (rows_.rows_at_once < 0) fail<ValueError>("{} rows at once is below 0", rows_.rows_at_once);
  if (rows_.rows_at_once > 0 && !task_.can_be_cut())
    fail<ValueError>(
        "the loss of this task compares all rows of a batch with each other, so they must be in memory "
        "at once");
  if (task_.rows() < 1) fail<ValueError>("there is no row to learn from");
  FinetuneLearner::go_to(TrainingState{});
}

int64_t FinetuneLearner::steps_of_an_epoch() const {
  return (task_.rows() + rows_.batch_rows - 1) / rows_.batch_rows;
}

void FinetuneLearner::go_to(const TrainingState& state) {
  order_.resize(static_cast<size_t>(task_.rows()));
  std::iota(order_.begin(), order_.end(), int64_t{0});
  Rng rng = Rng(rows_.seed).split(static_cast<uint64_t>(state.epoch));
  for (size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[rng.below(i)]);
}

void FinetuneLearner::go_on_from(const TrainingState& state, const std::filesystem::path& file) {
  if (state.index > task_.rows())
    refuse_state(file, "index", std::to_string(state.index),
                 fmt::format("at most {}, the rows of its epoch", task_.rows()));
  go_to(state);
}

/// The rows of the next step, and moves `state` past them.
std::vector<int64_t> FinetuneLearner::next_rows(TrainingState& state) {
  if (state.index >= task_.rows()) {
    ++state.epoch;
    state.index = 0;
    go_to(state);
  }
  const int64_t count = std::min(rows_.batch_rows, task_.rows() - state.index);
  const auto begin = order_.begin() + state.index;
  state.index += count;
  return {begin, begin + count};
}

double FinetuneLearner::forward_backward(TrainingState& state, bool /*with_figures*/, ShardedStep& step,
                                         const std::function<void()>& check_stop) {
  if (step.shards() > 1 && !task_.can_be_cut())
    fail<ValueError>(
        "the loss of this task compares all rows of a batch with each other, so a step is one shard");
  const std::vector<int64_t> rows = next_rows(state);
  // Each piece weighs what it holds, so that the step's loss is one mean however it is cut.
  const double whole = task_.weight(rows);
  int64_t counts[2] = {0, 0};
  const auto work = [&](int64_t shard, std::span<double> figures) {
    const parallel::Range part = step.rows_of(shard, std::ssize(rows));
    const int64_t at_once = rows_.rows_at_once > 0 ? rows_.rows_at_once : part.size();
    for (int64_t begin = part.begin; begin < part.end; begin += at_once) {
      // Ranks may have other numbers of pieces, and what is asked between them must be asked of all.
      if (begin > part.begin && step.world().size() == 1) check_stop();
      const int64_t end = std::min(begin + at_once, part.end);
      const auto piece =
          std::span(rows).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
      const auto [slots, pieces] = task_.slots_and_pieces(piece);
      counts[0] += slots;
      counts[1] += pieces;
      const double share = whole > 0 ? task_.weight(piece) / whole : 0;
      const Tensor loss = task_.loss(piece) * share;
      step.backward(loss, end == part.end);
      figures[0] += loss.item();
    }
  };
  const std::vector<double> sums = step.run(1, work, check_stop);
  step.add_up(counts);
  state.slots += counts[0];
  state.tokens += counts[1];
  return sums[0];
}

double FinetuneLearner::evaluate(int64_t /*rows*/, parallel::World& world,
                                 const std::function<void()>& check_stop) {
  findings_ = task_.score(Scoring(check_stop, world), Detail::figures_only);
  return 1 - findings_.value();
}

void freeze_layers(const nn::Module& model, int64_t layers) {
  int64_t there = 0;
  const auto named = model.named_parameters();
  const auto is_there = [&](int64_t layer) {
    const auto is_in = nn::names_under(layer_name(layer));
    return std::ranges::any_of(named, [&](const auto& entry) { return is_in(entry.first); });
  };
  while (is_there(there)) ++there;
  if (layers < 0 || layers > there)
    fail<ValueError>("{} {} cannot be frozen: the model has {}", layers, plural(layers, "layer"), there);
  std::vector<std::function<bool(const std::string&)>> frozen = {nn::names_under("bert.embeddings")};
  for (int64_t n = 0; n < layers; ++n) frozen.push_back(nn::names_under(layer_name(n)));
  for (const auto& [name, parameter] : named) {
    const bool is_frozen =
        std::ranges::any_of(frozen, [&, &of = name](const auto& holds) { return holds(of); });
    if (is_frozen) Tensor(parameter).requires_grad(false);
  }
}

std::vector<nn::ParameterGroup> layer_wise_rates(int64_t layers, double decay) {
  if (!(decay > 0 && decay <= 1))
    fail<ValueError>("the rates of layers shrink by {}, and must shrink by a number above 0 and at most 1",
                     decay);
  std::vector<nn::ParameterGroup> groups;
  if (decay == 1) return groups;
  for (int64_t n = 0; n < layers; ++n)
    groups.push_back(
        {.holds = nn::names_under(layer_name(n)), .rate = std::pow(decay, static_cast<double>(layers - n))});
  groups.push_back({.holds = nn::names_under("bert.embeddings"),
                    .rate = std::pow(decay, static_cast<double>(layers + 1))});
  return groups;
}

}  // namespace gradus::bert
