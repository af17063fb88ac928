// gradus inspect: what is in a checkpoint's folder, or in one safetensors file; how two of them differ; or
// what a training step costs.
#include <memory>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/commands/inspect_comparison.hpp"
#include "app/commands/inspect_cost.hpp"
#include "app/commands/inspected.hpp"
#include "app/input/model_files.hpp"
#include "app/options/options.hpp"

namespace gradus::app {
namespace fs = std::filesystem;
namespace {

struct InspectCall {
  fs::path path, other;
  CostCall cost;
  int64_t vocab_size = 0;
  bool with_cost = false, json = false;
};

nlohmann::ordered_json to_json(const Weights& file) {
  nlohmann::ordered_json tensors = nlohmann::ordered_json::array();
  for (const auto& [name, entry] : file.tensors) {
    tensors.push_back({{"name", name},
                       {"dtype", entry.dtype},
                       {"shape", std::vector<int64_t>(entry.shape.begin(), entry.shape.end())},
                       {"numbers", entry.shape.numel()}});
  }
  return {{"path", file.path.string()},
          {"bytes", file.bytes},
          {"numbers", file.numbers()},
          {"metadata", file.metadata},
          {"tensors", tensors}};
}

nlohmann::ordered_json to_json(const Contents& found, const fs::path& path) {
  nlohmann::ordered_json out = {{"path", path.string()}};
  out["config"] = found.config ? config_json(*found.config) : nlohmann::ordered_json();
  out["tokenizer"] = found.tokenizer ? tokenizer_json(*found.tokenizer) : nlohmann::ordered_json();
  out["weights"] = nlohmann::ordered_json::array();
  for (const Weights& file : found.weights) out["weights"].push_back(to_json(file));
  return out;
}

std::string to_text(const bert::Config& config) {
  return fmt::format(
      "config\n"
      "  {}, {}, hidden size {}, intermediate size {}, {}\n"
      "  {}, {}, {}\n"
      "  dropout {} and {} (attention), LayerNorm eps {:g}, {} MLM decoder\n",
      counted(config.num_hidden_layers, "layer"), counted(config.num_attention_heads, "head"),
      with_commas(config.hidden_size), with_commas(config.intermediate_size), config.layers_text(),
      counted(config.vocab_size, "piece"), counted(config.max_position_embeddings, "position"),
      counted(config.type_vocab_size, "segment"), config.hidden_dropout_prob,
      config.attention_probs_dropout_prob, config.layer_norm_eps,
      config.tie_word_embeddings ? "tied" : "untied");
}

std::string to_text(const bert::Tokenizer& tokenizer) {
  const bert::BertNormalizer& normalizer = tokenizer.normalizer();
  return fmt::format("tokenizer\n  {}, {}, {}{}\n", counted(tokenizer.vocab().size(), "piece"),
                     normalizer.lowercase ? "lower case" : "cased",
                     normalizer.strips_accents() ? "accents stripped" : "accents kept",
                     normalizer.google ? ", Google's rules" : "");
}

std::string to_text(const Weights& file) {
  std::string out =
      fmt::format("{}\n  {}, {}, {}\n", file.path.filename().string(),
                  counted(static_cast<int64_t>(file.tensors.size()), "tensor"),
                  counted(file.numbers(), "number"), counted(static_cast<int64_t>(file.bytes), "byte"));
  for (const auto& [key, value] : file.metadata) out += fmt::format("  {}: {}\n", key, value);
  for (const auto& [name, entry] : file.tensors) {
    out += fmt::format("  {:>12}  {:<4}  {:<16}  {}\n", with_commas(entry.shape.numel()), entry.dtype,
                       fmt::format("{}", entry.shape), name);
  }
  return out;
}

void run_cost(const InspectCall& options) {
  CostCall call = options.cost;
  call.path = options.path;
  call.json = options.json;
  if (options.vocab_size > 0) call.vocab_size = options.vocab_size;
  show_cost(call);
}

void run(const InspectCall& options) {
  if (options.with_cost) return run_cost(options);
  if (!options.other.empty()) return compare_checkpoints(options.path, options.other, options.json);
  const Contents found = read_contents(options.path);
  if (found.config && found.tokenizer) check_vocabulary("inspect", *found.tokenizer, *found.config);
  if (options.json) return print(to_json(found, options.path));
  std::string text;
  if (found.config) text += to_text(*found.config);
  if (found.tokenizer) text += to_text(*found.tokenizer);
  for (const Weights& file : found.weights) text += to_text(file);
  print(text);
}

}  // namespace

void add_inspect(CLI::App& program) {
  CLI::App* command = add_command(
      program, "inspect", "Show what is in a checkpoint, how two differ, or what a training step costs",
      "gradus corpus toy --out toy --stories 2000\n"
      "gradus vocab toy/train.txt --size 1000 --out tokenizer/\n"
      "gradus inspect tokenizer\n"
      "gradus vocab toy/held-out.txt --size 500 --out other/\n"
      "gradus inspect tokenizer other\n"
      "gradus inspect tiny --cost --batch 2 --length 32 --vocab-size 1000");
  auto options = std::make_shared<InspectCall>();
  add_path(*command, "PATH", options->path, "", "A model's folder, or a .safetensors file").required();
  const Option other =
      add_path(*command, "OTHER", options->other, "", "Another folder or file, to be compared with it");
  const Option cost =
      add_switch(*command, "--cost", options->with_cost,
                 "Show operations, bytes and milliseconds of each part of a training step, forward and "
                 "backward, predicted and found; PATH may also be a config.json, or a published size: tiny, "
                 "mini, small, medium, base")
          .excludes(other);
  CostCall& call = options->cost;
  add_whole(*command, "--batch", call.batch, "Rows of the step", 1, 4096).needs(cost);
  add_whole(*command, "--length", call.length,
            "Slots a row; the default is 128, or the model's positions where they are fewer")
      .needs(cost);
  add_number(*command, "--masked", call.masked, "Share of the slots that is masked", {0, 1}).needs(cost);
  add_whole(*command, "--vocab-size", options->vocab_size, "Pieces of a published size; the default is 30522",
            10)
      .needs(cost);
  add_whole(*command, "--steps", call.steps,
            "Steps to measure, of which each kernel's best counts; 0: predict only", 0)
      .needs(cost);
  add_threads(*command, call.threads).needs(cost);
  add_json(*command, options->json);
  explain_above_example(
      *command,
      "Two that were compared are no failure, whether they are the same or not: the exit code is "
      "0, and --json says\n\"same\".");
  on_call(*command, [options] { run(*options); });
}

}  // namespace gradus::app
