#include "app/pretrain/pretrain_start.hpp"

#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "app/command.hpp"
#include "app/input/left_out.hpp"
#include "app/input/pretraining_text.hpp"
#include "app/input/text_source.hpp"
#include "app/pretrain/start_model.hpp"
#include "app/terminal/progress.hpp"
#include "autograd/plural.hpp"
#include "bert/text/lines.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"
#include "bert/tokenizer/wordpiece_trainer.hpp"
#include "nn/transformer/feed_forward.hpp"

namespace gradus::app {
namespace {

namespace fs = std::filesystem;

/// @throws WrongCall for a fresh model that this machine cannot hold, before minutes are spent on drawing it.
void check_memory(const bert::Config& c) {
  const auto H = static_cast<double>(c.hidden_size), I = static_cast<double>(c.intermediate_size);
  const double tables = static_cast<double>(c.vocab_size + c.max_position_embeddings) * H;
  const double layer = 4 * H * H + (c.variant.gated ? 3 : 2) * H * I;
  const double parameters = tables + static_cast<double>(c.num_hidden_layers) * layer + 2 * H * H;
  constexpr double bytes = 16, gigabyte = 1e9;  // a weight, its gradient and its two moments
  const double there =
      static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGE_SIZE));
  if (bytes * parameters <= there) return;
  fail<WrongCall>(
      "a model of {:.0f} million parameters takes {:.0f} GB to train, and this machine has {:.0f}; take "
      "fewer "
      "--layers or a smaller --hidden",
      parameters / 1e6, bytes * parameters / gigabyte, there / gigabyte);
}

/// The longest row of the run.
int64_t longest_row(const PretrainCall& call) {
  int64_t longest = 0;
  for (const bert::LengthStage& stage : call.trainer.lengths) longest = std::max(longest, stage.length);
  return longest;
}

/// "2 layers of 128"
std::string layers_of(const bert::Config& config) {
  return fmt::format("{} {} of {}", config.num_hidden_layers, plural(config.num_hidden_layers, "layer"),
                     config.hidden_size);
}

/// The config of a model that another run left. What the call says about it may only repeat it; dropout is a
/// matter of the run.
bert::Config config_of_start(const PretrainCall& call, int64_t vocabulary) {
  bert::Config config = bert::load_config(call.from / "config.json");
  StartChecks checks(call.from, call.given);
  if (checks.is_given("--size")) {
    const bert::Config named = bert::Config::named(call.size, config.vocab_size);
    checks.compare("--size", layers_of(config), layers_of(named));
  }
  checks.compare("--layers", config.num_hidden_layers, call.layers);
  checks.compare("--hidden", config.hidden_size, call.hidden);
  checks.compare("--heads", config.num_attention_heads, call.heads);
  checks.compare("--intermediate", config.intermediate_size, call.intermediate);
  checks.compare("--positions", config.max_position_embeddings, call.positions);
  checks.compare("--activation", config.hidden_act, call.activation);
  if (checks.is_given("--pre-norm") && !config.variant.pre_norm)
    checks.add("--pre-norm", "has its LayerNorms after the sums");
  if (checks.is_given("--gated") && !config.variant.gated) checks.add("--gated", "has no gates");
  for (const char* option : {"--init-std", "--no-sinusoids", "--output-from-value"})
    checks.refuse_fresh(option);
  checks.finish();
  if (const int64_t longest = longest_row(call); longest > config.max_position_embeddings) {
    fail<WrongCall>("--length: rows of {} slots are longer than the {} positions of the model in '{}'",
                    longest, config.max_position_embeddings, call.from.string());
  }
  if (call.data.next_sentence && config.type_vocab_size < 2) {
    fail<WrongCall>(
        "--from: the model in '{}' knows one segment only, so it cannot read pairs; "
        "add --no-nsp",
        call.from.string());
  }
  config.vocab_size = std::max(config.vocab_size, vocabulary);  // --vocab may bring more pieces
  if (call.said("--dropout")) config.hidden_dropout_prob = config.attention_probs_dropout_prob = call.dropout;
  return config;
}

std::string about_heads(const bert::Config& config) {
  int64_t fitting = config.num_attention_heads;
  while (config.hidden_size % fitting != 0) --fitting;
  return fmt::format(
      "--hidden {} cannot be shared out among --heads {}; take --heads {}, or another --hidden",
      config.hidden_size, config.num_attention_heads, fitting);
}

bert::Tokenizer learn_vocabulary(const PretrainCall& call, std::vector<std::string>& notes) {
  if (const std::optional<fs::path> tokens = token_file_of(call.texts))
    fail<WrongCall>("{} is a token file; name the vocabulary that it was made with, by --vocab or --from",
                    tokens->string());
  Progress progress("learning a vocabulary");
  const auto all = static_cast<double>(size_of(call.texts));
  int64_t bytes = 0;
  bert::WordCounter words(call.rules.normalizer());
  for (const fs::path& file : call.texts) {
    bert::for_each_line(file, [&](std::string_view line) {
      words.add(line);
      bytes += static_cast<int64_t>(line.size()) + 1;
      if (progress.is_due()) progress.update(all == 0 ? -1 : std::min(1.0, static_cast<double>(bytes) / all));
    });
  }
  if (words.total() == 0)
    fail<FormatError>("{}: no sentence found: the text is empty", joined_names(call.texts));
  bert::VocabTrainerOptions options;
  options.vocab_size = static_cast<size_t>(call.vocab_size);
  options.alphabet_limit = static_cast<size_t>(call.alphabet);
  bert::LeftOut left_out;
  options.on_left_out = [&](const bert::LeftOut& characters) { left_out = characters; };
  try {
    bert::Tokenizer tokenizer = call.rules.tokenizer(bert::train_vocab(words, options));
    notes.push_back(fmt::format("a vocabulary of {} was learned from {}",
                                counted(tokenizer.vocab().size(), "piece"), counted(words.total(), "word")));
    if (left_out.characters > 0)
      notes.push_back(left_out_text(left_out, call.alphabet > 0 ? "--alphabet" : "--vocab-size"));
    return tokenizer;
  } catch (const Error& error) {
    fail<Error>("--vocab-size {}: {}", call.vocab_size, error.what());
  }
}

/// The first rank learns a vocabulary and tells the others its pieces, none of which has a space in it.
bert::Tokenizer learn_for_all(const PretrainCall& call, std::vector<std::string>& notes,
                              parallel::World& world) {
  std::optional<bert::Tokenizer> learnt;
  std::string pieces;
  if (world.rank() == 0) {
    learnt = learn_vocabulary(call, notes);
    pieces = fmt::format("{}", fmt::join(learnt->vocab().pieces(), " "));
  }
  world.broadcast(pieces);
  if (learnt) return *std::move(learnt);
  std::vector<std::string> list;
  std::istringstream words(pieces);
  for (std::string piece; words >> piece;) list.push_back(std::move(piece));
  return call.rules.tokenizer(bert::Vocab(std::move(list)));
}

/// The tokenizer of --from with the pieces that --vocab has more.
/// @throws WrongCall unless --vocab begins with all pieces of the model.
bert::Tokenizer extended(const bert::Tokenizer& tokenizer, const PretrainCall& call) {
  const bert::Vocab longer = open_tokenizer(call.vocab, call.rules).vocab();
  const std::vector<std::string>& had = tokenizer.vocab().pieces();
  const auto [own, other] = std::ranges::mismatch(had, longer.pieces());
  if (own != had.end()) {
    fail<WrongCall>(
        "--vocab: as piece {} {} {}, and the model in '{}' has '{}'; leave --vocab out, or give one that "
        "begins with all pieces of the model",
        own - had.begin(), call.vocab.string(),
        other == longer.pieces().end() ? "has nothing" : fmt::format("has '{}'", *other), call.from.string(),
        *own);
  }
  return bert::Tokenizer(longer, tokenizer.normalizer(), tokenizer.max_word_chars(),
                         tokenizer.extra_specials(), tokenizer.added_words());
}

}  // namespace

bert::Config make_config(const PretrainCall& call, int64_t vocabulary) {
  if (!call.from.empty()) return config_of_start(call, vocabulary);
  bert::Config config = bert::Config::named(call.size, vocabulary);
  if (call.layers > 0) config.num_hidden_layers = call.layers;
  if (call.hidden > 0) {
    config.hidden_size = call.hidden;
    config.intermediate_size = 4 * call.hidden;
    config.num_attention_heads = std::max<int64_t>(1, call.hidden / 64);
  }
  if (call.heads > 0) config.num_attention_heads = call.heads;
  config.variant = call.variant;
  constexpr int64_t whole_registers = 8;  // the width of a gated layer is two thirds of a plain one's
  if (config.variant.gated)
    config.intermediate_size = nn::gated_width(config.intermediate_size, whole_registers);
  if (call.intermediate > 0) config.intermediate_size = call.intermediate;
  config.hidden_act = call.activation;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = call.dropout;
  config.initializer_range = call.init_std;
  config.init.sinusoidal_positions = !call.no_sinusoids;
  config.init.output_from_value = call.output_from_value;
  const int64_t longest = longest_row(call);
  if (call.positions > 0 && call.positions < longest) {
    fail<WrongCall>("--positions {} is less than the {} slots of --length; take at least as many",
                    call.positions, longest);
  }
  config.max_position_embeddings = call.positions > 0 ? call.positions : std::max<int64_t>(128, longest);
  if (config.hidden_size % config.num_attention_heads != 0) fail<WrongCall>("{}", about_heads(config));
  if (const std::string problem = config.problem(); !problem.empty()) fail<WrongCall>("{}", problem);
  check_memory(config);
  return config;
}

bert::Tokenizer tokenizer_of(const PretrainCall& call, const std::optional<fs::path>& checkpoint,
                             std::vector<std::string>& notes, parallel::World& world) {
  const bool has_vocab_size = call.said("--vocab-size");
  if (has_vocab_size && !call.vocab.empty())
    fail<WrongCall>(
        "--vocab-size is for a vocabulary that is learned, and --vocab names one; give one of them");
  if (call.said("--alphabet") && !call.vocab.empty())
    fail<WrongCall>(
        "--alphabet is for a vocabulary that is learned, and --vocab names one; give one of them");
  if (!checkpoint && call.from.empty())
    return call.vocab.empty() ? learn_for_all(call, notes, world) : open_tokenizer(call.vocab, call.rules);
  bert::Tokenizer tokenizer = bert::load_tokenizer(checkpoint ? *checkpoint : call.from);
  if (!checkpoint) {
    StartChecks checks(call.from, call.given);
    checks.compare("--vocab-size", tokenizer.vocab().size(), call.vocab_size);
    if (checks.is_given("--alphabet"))
      checks.add("--alphabet", "has a vocabulary, and this is for one that is learned");
    checks.finish();
    return call.vocab.empty() ? tokenizer : extended(tokenizer, call);
  }
  if (has_vocab_size && call.vocab_size < tokenizer.vocab().size()) {
    fail<WrongCall>("--vocab-size: the run in '{}' has {} pieces, not {}", call.out.string(),
                    tokenizer.vocab().size(), call.vocab_size);
  }
  if (!call.vocab.empty() && !(open_tokenizer(call.vocab, call.rules).vocab() == tokenizer.vocab())) {
    fail<WrongCall>(
        "--vocab: the run in '{}' was begun with another vocabulary than {}; leave "
        "--vocab out to go on with that of the run",
        call.out.string(), call.vocab.string());
  }
  return tokenizer;
}

}  // namespace gradus::app
