// gradus bench: how fast this is here, and how near to the most that this machine can do.
#include <algorithm>
#include <memory>
#include <optional>

#include "app/bench/bench_call.hpp"
#include "app/bench/chart.hpp"
#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/options/options.hpp"
#include "autograd/file.hpp"
#include "autograd/kernels/products/blis_choice.hpp"
#include "autograd/threads.hpp"

namespace gradus::app {
namespace {

/// An option, and the parts of which one must be measured for it to say anything.
struct Belonging {
  Option option;
  std::vector<std::string> parts;
};

void check_call(const BenchCall& call, const std::vector<Belonging>& belongings) {
  for (const auto& [option, parts] : belongings) {
    if (!option.is_given() || std::ranges::any_of(parts, [&](auto& part) { return call.measures(part); }))
      continue;
    std::string names;
    for (const std::string& part : parts) names += (names.empty() ? "" : " or ") + part;
    fail<WrongCall>("{} belongs to --what {}", option.name(), names);
  }
  if (call.svg.empty()) return;
  if (call.svg.extension() != ".svg")
    fail<WrongCall>("--svg: '{}' does not end in .svg, and nothing else is drawn", call.svg.string());
  refuse_to_overwrite(call.svg, call.force, "--svg");
}

/// One thread, and all of them; or what was asked for.
std::vector<int> thread_counts(const BenchCall& call) {
  if (call.threads > 0) return {static_cast<int>(call.threads)};
  if (num_threads() == 1) return {1};
  return {1, num_threads()};
}

/// Prints each figure when it is there, unless JSON is wanted.
BenchResults measure(const BenchCall& call) {
  const auto show = [&](const auto& figures) {
    if (!call.json) print(to_text(figures));
  };
  std::optional<BenchText> text;
  if (call.measures("tokenizer") || call.measures("vocabulary")) text = read_text(call);
  BenchResults results;
  results.machine = measure_machine();
  show(results.machine);
  for (const int threads : thread_counts(call)) {
    set_num_threads(threads);
    show(results.limits.emplace_back(measure_limits()));
    for (const std::string& size : call.sizes) {
      if (call.measures("step"))
        show(results.steps.emplace_back(time_step(call, size, results.limits.back())));
      if (!call.measures("inference")) continue;
      for (const InferenceTiming& timing : time_inference(call, size, results.limits.back())) {
        results.inference.push_back(timing);
        show(timing);
      }
    }
  }
  if (text) show(results.text.emplace(time_text(call, *text)));
  if (call.measures("tensors")) show(results.tensors.emplace(time_small_tensors(results.machine)));
  return results;
}

nlohmann::ordered_json to_json(const BenchResults& results) {
  using Json = nlohmann::ordered_json;
  const auto list = [](const auto& timings) {
    Json all = Json::array();
    for (const auto& timing : timings) all.push_back(to_json(timing));
    return all;
  };
  Json object;
  add_to_json(object, results.machine);
  object.update(to_json(results.limits.back()));
  object["by_threads"] = list(results.limits);
  if (!results.steps.empty()) object["sizes"] = list(results.steps);
  if (!results.inference.empty()) object["inference"] = list(results.inference);
  if (results.text) object["text"] = to_json(*results.text);
  if (results.tensors) object["tensors"] = to_json(*results.tensors);
  return object;
}

void run(const BenchCall& call, const std::vector<Belonging>& belongings) {
  if (!call.floor_of.empty()) return print(floor_of_list(call.floor_of));
  if (call.kernels) {
    for (const std::string& name : kernels::usable_blis_sets(kernels::this_blis_host())) print(name + "\n");
    return;
  }
  check_call(call, belongings);
  // Where it cannot be written is better said at once; nothing of it is there while bench measures.
  if (!call.svg.empty()) (void)AtomicFile(call.svg);
  const BenchResults results = measure(call);
  if (call.json) print(to_json(results));
  if (call.svg.empty()) return;
  AtomicFile picture(call.svg);
  picture.write(chart_of(results));
  picture.commit();
  print_error(fmt::format("gradus bench: {} is drawn\n", call.svg.string()));
}

}  // namespace

void add_bench(CLI::App& program) {
  auto call = std::make_shared<BenchCall>();
  CLI::App* c =
      add_command(program, "bench", "Time a training step and more beside what this machine can do",
                  "gradus bench tiny --what step --threads 1 --steps 3\n"
                  "gradus bench tiny --what inference tokenizer vocabulary tensors --svg bench.svg");
  std::vector<Belonging> belongings;
  const auto of = [&](std::vector<std::string> parts, const Option& option) {
    belongings.push_back({option, std::move(parts)});
  };
  of({"step", "inference"},
     add_choices(*c, "SIZE", call->sizes, {"tiny", "mini", "small", "medium", "base"}, "Published sizes"));
  add_choices(*c, "--what", call->what, BenchCall::parts(), "What to time");
  of({"step"}, add_whole(*c, "--steps", call->steps, "Steps to time; the median counts"));
  of({"step"},
     add_whole(*c, "--batch", call->batch, "Rows; the default is 32 for tiny and mini, else 16", 1, 4096));
  of({"step", "inference"}, add_whole(*c, "--length", call->length, "Slots a row", 5, 512));
  of({"step", "inference", "tokenizer", "vocabulary"},
     add_whole(*c, "--vocab-size", call->vocabulary, "Pieces of the vocabulary", 10, 10000000));
  of({"step"}, add_number(*c, "--dropout", call->dropout, "Dropout", {0, 1, true, false}));
  of({"tokenizer", "vocabulary"}, add_path(*c, "--text", call->text, "FILE",
                                           "The text to cut and to learn of; the default is the toy world"));
  const Option kernels = add_switch(
      *c, "--kernels", call->kernels,
      "Only list the kernel sets of BLIS that this processor runs: BLIS_ARCH_TYPE=NAME takes another");
  const Option svg = add_path(*c, "--svg", call->svg, "FILE", "Draw the figures as bars");
  add_switch(*c, "--force", call->force, "Replace the file of --svg").needs(svg);
  const Option threads = add_threads(*c, call->threads, "Threads; the default is one, and then all");
  add_text(*c, "--floor-of", call->floor_of, "LIST", "What bench asks of itself").hide();
  for (const Option& other : {svg, threads, add_json(*c, call->json)}) kernels.excludes(other);
  for (const auto& [option, parts] : belongings) kernels.excludes(option);
  on_call(*c, [call, belongings] { run(*call, belongings); });
}

}  // namespace gradus::app
