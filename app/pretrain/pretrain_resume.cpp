#include "app/pretrain/pretrain_resume.hpp"

#include <algorithm>
#include <cmath>

#include "app/command.hpp"
#include "autograd/plural.hpp"
#include "nn/optimizers/schedule.hpp"

namespace gradus::app {
namespace {

/// What a run of another length does to the learning rate.
std::string about_longer_run(const PretrainCall& call, const bert::TrainingState& state, double before) {
  const bool by_steps = call.trainer.steps > 0;
  std::string line =
      by_steps ? fmt::format("the run goes on to {} steps instead of {}", call.trainer.steps, before)
               : fmt::format("the run goes on to {} {} instead of {}", call.trainer.minutes,
                             plural(call.trainer.minutes, "minute"), before);
  if (call.decay == "constant") return line + "; its learning rate stays as it is";
  line += fmt::format("; the {} decay now ends there, so the learning rate ", call.decay);
  if (!by_steps) return line + "is higher again than it was";
  const auto rate = [&](int64_t total) {
    return nn::Schedule{.kind = nn::schedule_by_name(call.decay),
                        .peak = call.trainer.learning_rate,
                        .warmup = call.trainer.warmup,
                        .total = std::max({total, state.step + 1, call.trainer.warmup + 1})}(state.step);
  };
  return line + fmt::format("after step {} is {:.3g}, and was to be {:.3g}", state.step,
                            rate(call.trainer.steps),
                            state.step >= std::llround(before) ? 0.0 : rate(std::llround(before)));
}

}  // namespace

std::vector<RunSetting> run_settings(const PretrainCall& call, const bert::Config& config,
                                     const bert::TokenizedCorpus& training,
                                     const bert::TokenizedCorpus& held_out, const std::string& start) {
  const auto say = [](const char* format, const auto&... values) {
    return fmt::format(fmt::runtime(format), values...);
  };
  const bool by_steps = call.trainer.steps > 0;
  const auto said = [&](const char* option) { return call.said(option); };
  // A size names four numbers and a hidden size three: a number that was not said came from there.
  const auto number_of = [&](const std::string& option, const char* from_hidden) {
    if (said(option.c_str())) return option;
    const std::string cause = said(from_hidden) ? from_hidden : said("--size") ? "--size" : "";
    return cause.empty() ? option : fmt::format("{} ({})", cause, option.substr(2));
  };
  const bool learns = call.vocab.empty() && call.from.empty();
  return {{number_of("--layers", "--layers"), pretraining_line + std::to_string(config.num_hidden_layers)},
          {number_of("--hidden", "--hidden"), say("hidden {}", config.hidden_size)},
          {number_of("--heads", "--hidden"), say("heads {}", config.num_attention_heads)},
          {said("--gated") && !said("--intermediate") ? "--gated (intermediate)"
                                                      : number_of("--intermediate", "--hidden"),
           say("intermediate {}", config.intermediate_size)},
          {"--vocab", say("vocabulary {}", config.vocab_size)},
          {"--positions", say("positions {}", config.max_position_embeddings)},
          {"--activation", config.hidden_act},
          {"TEXT", say("{} tokens", training.tokens())},
          {"--length", say("length {}", call.lengths)},
          {"--slots and --accumulate", say("slots {} x {}", call.trainer.slots, call.trainer.accumulate)},
          {by_steps ? "--steps" : "--minutes",
           say("{} {}", by_steps ? "steps" : "minutes",
               by_steps ? static_cast<double>(call.trainer.steps) : call.trainer.minutes)},
          {"--optimizer", call.trainer.optimizer},
          {"--learning-rate", say("rate {}", call.trainer.learning_rate)},
          {"--warmup", say("warm-up {}", call.trainer.warmup)},
          {"--decay", say("{} decay", call.decay)},
          {"--weight-decay", say("weight decay {}", call.trainer.weight_decay)},
          {"--clip", say("clip {}", call.trainer.clip)},
          {"--dropout", say("dropout {}", config.hidden_dropout_prob)},
          {"--init-std", say("std {}", call.init_std)},
          {"--masked", say("masked {}", call.data.masked_fraction)},
          {"--whole-words", say("whole words {}", call.data.whole_words)},
          {"--no-nsp", say("next sentence {}", call.data.next_sentence)},
          {"--nearby-negatives", say("nearby {}", call.data.nearby_negatives)},
          {"--short-rows", say("short rows {}", call.data.short_sequence_probability)},
          {"--seed", say("seed {}", call.seed)},
          {"TEXT", "text " + fingerprint(training)},
          {"--held-out", "held out " + fingerprint(held_out)},
          {"--from", start},
          {"--no-sinusoids", say("sinusoids {}", config.init.sinusoidal_positions)},
          {"--output-from-value", say("output from value {}", config.init.output_from_value)},
          {"--block-sentences", say("blocks of {}", call.block_sentences)},
          {call.held_out.empty() ? "--held-out-fraction" : "--held-out",
           call.held_out.empty() ? say("a part of {}", call.held_out_fraction) : "a text of its own"},
          {"--vocab-size", learns ? say("a learned vocabulary of {}", call.vocab_size) : "a given vocabulary",
           !said("--vocab-size")},
          {"--alphabet", learns ? say("an alphabet of {}", call.alphabet) : "a given alphabet",
           !said("--alphabet")},
          {"--pre-norm", say("pre-norm {}", config.variant.pre_norm)},
          {"--gated", say("gated {}", config.variant.gated)},
          {"--first-slots", say("first slots {}", call.trainer.first_slots)},
          {"--ramp", say("ramp {}", call.trainer.ramp)},
          {"--pack", say("packed {}", call.data.pack)},
          {"--beta1", say("first beta {}", call.trainer.beta1)},
          {"--beta2", say("second beta {}", call.trainer.beta2)},
          {"--no-biases", say("biases {}", call.trainer.train_biases)},
          {"--masked-at-end", say("masked at the end {}", call.trainer.masked_at_end)},
          {"--shards", say("shards {}", call.trainer.shards)}};
}

std::string check_resumed(const PretrainCall& call, const bert::Resumable& found,
                          const std::vector<RunSetting>& settings, Progress& progress) {
  const bert::TrainingState& state = found.state;
  const SettingChanges changes = check_settings(state.settings, settings);
  if (changes.learning_rate) {
    progress.say(fmt::format("the run goes on with another learning rate, {}", call.trainer.learning_rate));
  }
  if (changes.length_before) progress.say(about_longer_run(call, state, *changes.length_before));
  return state.settings;
}

int64_t warmup_of(const PretrainCall& call, const std::optional<bert::Resumable>& found,
                  std::vector<std::string>& notes) {
  const bool said = call.said("--warmup");
  if (found && !said) {
    if (const auto steps = number_in(found->state.settings, "warm-up ")) return std::llround(*steps);
  }
  if (call.trainer.steps == 0 || call.trainer.warmup < call.trainer.steps || found)
    return call.trainer.warmup;
  if (said) {
    notes.push_back(
        fmt::format("warning: --warmup {} is not over when the run ends after {} {}, so the learning "
                    "rate never reaches {}",
                    call.trainer.warmup, call.trainer.steps, plural(call.trainer.steps, "step"),
                    call.trainer.learning_rate));
    return call.trainer.warmup;
  }
  const int64_t tenth = call.trainer.steps / 10;
  if (tenth == 0) {
    notes.push_back(fmt::format("there is no warm-up, since a tenth of {} is less than one; --warmup sets it",
                                counted(call.trainer.steps, "step")));
    return 0;
  }
  notes.push_back(
      fmt::format("the warm-up takes {} of the {} steps, a tenth, instead of {}; --warmup sets it", tenth,
                  call.trainer.steps, call.trainer.warmup));
  return tenth;
}

}  // namespace gradus::app
