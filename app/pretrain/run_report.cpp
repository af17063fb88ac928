#include "app/pretrain/run_report.hpp"

#include "app/command.hpp"
#include "app/runs/environment.hpp"
#include "app/terminal/progress.hpp"
#include "autograd/file.hpp"
#include "autograd/plural.hpp"
#include "bert/data/pair_planner.hpp"
#include "bert/evaluation/verdict.hpp"

namespace gradus::app {
namespace {

bert::KeyValues settings(const bert::Config& config, const bert::TokenizedCorpus& training,
                         const bert::TokenizedCorpus& held_out, const bert::TrainerOptions& options) {
  std::string lengths;
  for (const bert::LengthStage& stage : options.lengths) {
    lengths += fmt::format("{}{} slots up to {:.0f} %", lengths.empty() ? "" : ", ", stage.length,
                           100 * stage.until);
  }
  return {
      {"Model",
       fmt::format("{}, hidden {}, {}, inner width {}, {}", counted(config.num_hidden_layers, "layer"),
                   config.hidden_size, counted(config.num_attention_heads, "head"), config.intermediate_size,
                   config.layers_text())},
      {"Vocabulary", with_commas(config.vocab_size)},
      {"Training text",
       fmt::format("{} ({} of two sentences or more, which can give pairs), {}, {}",
                   counted(training.documents(), "document"),
                   with_commas(static_cast<int64_t>(bert::pairing_documents(training).size())),
                   counted(training.sentences(), "sentence"), counted(training.tokens(), "token"))},
      {"Held-out text",
       fmt::format("{}, {}", counted(held_out.documents(), "document"), counted(held_out.tokens(), "token"))},
      {"Length", options.steps > 0
                     ? counted(options.steps, "step")
                     : fmt::format("{} {}", options.minutes, plural(options.minutes, "minute"))},
      {"Slots a step", fmt::format("{} x {}, in {} on {}", options.slots, options.accumulate,
                                   counted(options.shards, "shard"), counted(options.world->size(), "rank"))},
      {"Rows", lengths},
      {"Optimiser", fmt::format("{}, learning rate {}, {} {} of warm-up, weight decay {}, clip {}",
                                options.optimizer, options.learning_rate, options.warmup,
                                plural(options.warmup, "step"), options.weight_decay, options.clip)},
      {"Dropout", fmt::format("{}", config.hidden_dropout_prob)},
      {"Seed", std::to_string(options.seed)}};
}

}  // namespace

nlohmann::ordered_json to_json(const bert::Evaluation& e) {
  nlohmann::ordered_json result{{"mlm_loss", e.mlm_loss()},
                                {"mlm_accuracy", e.mlm_accuracy()},
                                {"perplexity", e.perplexity()},
                                {"positions", e.positions}};
  if (const int64_t pairs = e.pairs[0] + e.pairs[1]; pairs > 0) {
    result["nsp_loss"] = e.nsp_loss();
    result["nsp_accuracy"] = e.nsp_accuracy();
    result["nsp_accuracy_by_class"] = {{"next", e.nsp_accuracy_of(0)}, {"random", e.nsp_accuracy_of(1)}};
    result["pairs"] = pairs;
  }
  if (e.unigram) {
    result["unigram_accuracy"] = e.unigram->accuracy();
    result["unigram_perplexity"] = e.unigram->perplexity();
  }
  if (e.bigram) {
    result["bigram_accuracy"] = e.bigram->accuracy();
    result["bigram_perplexity"] = e.bigram->perplexity();
  }
  return result;
}

std::string to_text(const bert::Evaluation& e, int64_t seen, int64_t text_tokens) {
  std::string text = fmt::format("masked tokens   {:>10}\n", with_commas(e.positions));
  const auto row = [&](std::string_view name, double accuracy, double perplexity) {
    text += fmt::format("{:<15} {:>9.1f} %   perplexity {:.2f}\n", name, 100 * accuracy, perplexity);
  };
  row("the model", e.mlm_accuracy(), e.perplexity());
  if (e.bigram) row(bert::two_neighbours_name, e.bigram->accuracy(), e.bigram->perplexity());
  if (e.unigram) row(bert::frequency_name, e.unigram->accuracy(), e.unigram->perplexity());
  if (const int64_t pairs = e.pairs[0] + e.pairs[1]; pairs > 0) {
    text += fmt::format(
        "next sentence   {:>9.1f} %   of {}: {:.1f} % where B follows, {:.1f} % where it is random\n",
        100 * e.nsp_accuracy(), counted(pairs, "pair"), 100 * e.nsp_accuracy_of(0),
        100 * e.nsp_accuracy_of(1));
  }
  const auto say = [&text](const std::string& sentences) {
    if (!sentences.empty()) text += sentences + "\n";
  };
  if (e.pairs[0] > 0 && e.pairs[1] > 0) say(bert::one_answer(e.nsp_accuracy_of(0), e.nsp_accuracy_of(1)));
  if (e.bigram) {
    say(bert::below_baseline({e.mlm_accuracy(), e.perplexity()},
                             {e.bigram->accuracy(), e.bigram->perplexity()}, seen, text_tokens));
  }
  return text;
}

RunReport::RunReport(std::filesystem::path folder, const bert::Config& config,
                     const bert::TokenizedCorpus& training, const bert::TokenizedCorpus& held_out,
                     const bert::Tokenizer& tokenizer, const bert::TrainerOptions& options, int64_t samples)
    : folder_(std::move(folder)) {
  report_.title = "Pretraining a BERT";
  report_.subtitle =
      fmt::format("{}, hidden size {}, on {} of text", counted(config.num_hidden_layers, "layer"),
                  config.hidden_size, counted(training.tokens(), "token"));
  report_.training_tokens = training.tokens();
  report_.settings = settings(config, training, held_out, options);
  report_.environment = run_environment();
  constexpr int64_t sample_pieces = 30;
  if (samples > 0 && held_out.documents() > 0) {
    samples_.emplace(held_out, tokenizer, samples,
                     std::min(sample_pieces, config.max_position_embeddings - 2), options.seed);
    if (!samples_->sentences().empty()) recorder_.emplace(config, *samples_);
  }
}

bool RunReport::is_finished(const bert::TrainingState& state, bool evaluates) const {
  for (const char* file : {"model.safetensors", "metrics.csv", "report.html"}) {
    if (!std::filesystem::exists(folder_ / file)) return false;
  }
  if (!evaluates) return true;
  const std::vector<bert::MetricsRow> rows = bert::read_metrics_csv(folder_ / "metrics.csv");
  return !rows.empty() && rows.back().kind == bert::MetricsRow::Kind::eval && rows.back().step == state.step;
}

void RunReport::look_at(const bert::TrainingState& state, const std::optional<bert::Evaluation>& evaluation) {
  last_step_.step = state.step;
  last_step_.slots = state.slots;
  last_step_.tokens = state.tokens;
  last_step_.seconds = state.seconds;
  last_ = evaluation;
}

std::vector<std::string> RunReport::begin(const bert::TrainingState& state, bool evaluates_again) {
  look_at(state, std::nullopt);
  const std::filesystem::path metrics = folder_ / "metrics.csv", samples = folder_ / "samples.json",
                              history = folder_ / "history.json";
  std::vector<std::string> missing;
  const auto is_there = [&](const std::filesystem::path& file, std::string_view what) {
    if (std::filesystem::exists(file)) return true;
    missing.push_back(
        fmt::format("{} is not there, so {} after step {}", file.string(), what, with_commas(state.step)));
    return false;
  };
  if (state.step > 0) {
    is_there(metrics, "it and the report's curves begin");
    if (samples_ && is_there(samples, "the report's samples begin"))
      samples_->restore(read_file(samples), state.step, samples);
    if (recorder_ && is_there(history, "the report's time machine begins"))
      recorder_->restore(read_file(history), state.step, history);
  }
  metrics_.emplace(metrics, state.step > 0 ? std::optional(state.step) : std::nullopt, evaluates_again);
  return missing;
}

void RunReport::add(const bert::StepReport& step) {
  last_step_ = step;
  metrics_->append({.kind = bert::MetricsRow::Kind::train,
                    .step = step.step,
                    .tokens = step.slots,
                    .seconds = step.seconds,
                    .loss = step.loss,
                    .mlm_loss = step.mlm_loss,
                    .nsp_loss = step.nsp_loss,
                    .mlm_accuracy = step.mlm_accuracy,
                    .nsp_accuracy = step.nsp_accuracy,
                    .learning_rate = step.learning_rate,
                    .gradient_norm = step.gradient_norm,
                    .tokens_per_second = step.slots_per_second});
}

void RunReport::add(const bert::StepReport& step, const bert::Evaluation& e,
                    const bert::BertForPreTraining& model) {
  last_step_ = step;
  last_ = e;
  const int64_t pairs = e.pairs[0] + e.pairs[1];
  const auto of_pairs = [&](double value) { return pairs > 0 ? value : bert::MetricsRow::not_measured; };
  const auto of_class = [&](int label) {  // a kind that no pair is of has no share, rather than 0
    return e.pairs.at(static_cast<size_t>(label)) > 0 ? e.nsp_accuracy_of(label)
                                                      : bert::MetricsRow::not_measured;
  };
  metrics_->append({.kind = bert::MetricsRow::Kind::eval,
                    .step = step.step,
                    .tokens = step.slots,
                    .seconds = step.seconds,
                    .loss = e.loss(),
                    .mlm_loss = e.mlm_loss(),
                    .nsp_loss = of_pairs(e.nsp_loss()),
                    .mlm_accuracy = e.mlm_accuracy(),
                    .nsp_accuracy = of_pairs(e.nsp_accuracy()),
                    .nsp_accuracy_next = of_class(0),
                    .nsp_accuracy_random = of_class(1),
                    .perplexity = e.perplexity(),
                    .positions = static_cast<double>(e.positions),
                    .pairs = static_cast<double>(pairs)});
  if (e.unigram && e.bigram) {
    report_.baselines = {e.unigram->accuracy(), e.unigram->perplexity(), e.bigram->accuracy(),
                         e.bigram->perplexity()};
  }
  if (samples_) {
    samples_->observe(model, step.step);
    write_file_atomically(folder_ / "samples.json", samples_->to_json());
    if (recorder_) {
      recorder_->observe(model, *samples_, step.step);
      write_file_atomically(folder_ / "history.json", recorder_->to_json());
    }
  }
  write(model);
}

void RunReport::write(const bert::BertForPreTraining& model) {
  report_.rows = metrics_->rows();
  report_.seen_tokens = last_step_.tokens;
  if (samples_ && !samples_->sentences().empty()) {
    report_.samples = samples_->sentences();
    report_.history = recorder_->history();
    report_.attention = samples_->attention(model);
    report_.attention->subtitle =
        fmt::format("after {} {}", last_step_.step, plural(last_step_.step, "step"));
    write_file_atomically(folder_ / "attention.html", bert::render_attention_page(*report_.attention));
    const bert::AttentionPage& map = *report_.attention;
    const size_t head = map.tokens.size() * map.tokens.size();
    const std::vector<float> last(map.weights.end() - static_cast<std::ptrdiff_t>(head), map.weights.end());
    write_file_atomically(folder_ / "attention.svg",
                          bert::attention_svg(map.tokens, last, "Last layer, last head"));
  }
  write_file_atomically(folder_ / "accuracy.svg",
                        plot::to_svg_file(plot::draw(bert::accuracy_chart(report_))));
  write_file_atomically(folder_ / "report.html", bert::render_report(report_));
}

nlohmann::ordered_json RunReport::summary() const {
  nlohmann::ordered_json result = last_ ? to_json(*last_) : nlohmann::ordered_json::object();
  result["steps"] = last_step_.step;
  result["tokens"] = last_step_.slots;
  result["seconds"] = last_step_.seconds;
  result["folder"] = folder_.string();
  return result;
}

std::string RunReport::closing_words() const {
  std::string text =
      fmt::format("{}{}, {} (padding counted) in {}\nmodel:     {}\nreport:    {}\n",
                  last_ ? to_text(*last_, last_step_.tokens, report_.training_tokens) : std::string(),
                  counted(last_step_.step, "step"), counted(last_step_.slots, "token"),
                  clock_text(last_step_.seconds), folder_.string(), (folder_ / "report.html").string());
  const std::filesystem::path attention = folder_ / "attention.html";
  if (std::filesystem::exists(attention)) text += fmt::format("attention: {}\n", attention.string());
  return text;
}

}  // namespace gradus::app
