#include "app/commands/inspect_cost.hpp"

#include <algorithm>

#include "app/command.hpp"
#include "app/commands/inspected.hpp"
#include "autograd/plural.hpp"
#include "autograd/threads.hpp"
#include "bert/cost/machine_constants.hpp"
#include "bert/cost/measured_step.hpp"

namespace gradus::app {
namespace fs = std::filesystem;
namespace {

constexpr std::array published_sizes = {"tiny", "mini", "small", "medium", "base"};

bert::Config config_of(const CostCall& call) {
  const std::string name = call.path.string();
  if (fs::exists(call.path)) {
    if (call.vocab_size) fail<WrongCall>("--vocab-size is for a published size; {} has its own", name);
    if (!fs::is_directory(call.path)) return bert::load_config(call.path);
    if (!fs::exists(call.path / "config.json")) fail<WrongCall>("--cost: {} has no config.json", name);
    return bert::load_config(call.path / "config.json");
  }
  if (std::ranges::find(published_sizes, name) == published_sizes.end()) {
    fail<WrongCall>("--cost: '{}' is neither a file or folder nor a published size; these are {}", name,
                    fmt::join(published_sizes, ", "));
  }
  return bert::Config::named(name, call.vocab_size.value_or(bert::Config().vocab_size));
}

bert::StepSize step_size(const CostCall& call, const bert::Config& config) {
  const int64_t positions = config.max_position_embeddings;
  if (call.length > positions) {
    fail<WrongCall>("--length {}: the model has {} {}", call.length, positions,
                    plural(positions, "position"));
  }
  const int64_t length = call.length > 0 ? call.length : std::min<int64_t>(128, positions);
  const double slots = static_cast<double>(call.batch * length);
  return {.batch = call.batch, .length = length, .masked = static_cast<int64_t>(call.masked * slots)};
}

/// A line: its work, and the milliseconds of both directions.
struct Line {
  std::string layer, part;
  double flops[2] = {}, bytes[2] = {}, predicted[2] = {};
  std::optional<std::array<double, 2>> measured = {};
  bool is_sum = false;  ///< of the lines above it

  Line& operator+=(const Line& other) {
    for (int i = 0; i < 2; ++i) {
      flops[i] += other.flops[i];
      bytes[i] += other.bytes[i];
      predicted[i] += other.predicted[i];
    }
    return *this;
  }
  bool same_work(const Line& other) const {
    return part == other.part && std::ranges::equal(flops, other.flops) &&
           std::ranges::equal(bytes, other.bytes);
  }
};

/// The ledger with both times. Parts of one kernel are followed by a line of their sum, which was measured.
struct Ledger {
  std::vector<Line> lines;
  Line all{"all", "all parts"};
  double other = 0;  ///< milliseconds of kernels of no part
  bert::MeasuredStep step;

  Ledger(const bert::Config& config, const bert::StepSize& size, const bert::MachineConstants& machine,
         int64_t steps) {
    if (steps > 0) step = bert::measure_step(config, size, steps);
    auto left = step.parts;
    const auto measure = [&](Line& line, const std::string& part) {
      if (steps == 0) return;
      const auto found = left.find({line.layer, part});
      line.measured = {0, 0};
      if (found == left.end()) return;
      line.measured = {1e3 * found->second.forward, 1e3 * found->second.backward};
      left.erase(found);
    };
    std::optional<Line> kernel;  // what several parts come to
    for (const bert::CostRow& row : bert::step_cost(config, size)) {
      const bert::PredictedSeconds time = bert::predicted_seconds(row, machine);
      Line line{row.layer,
                row.part,
                {row.forward.flops, row.backward.flops},
                {row.forward.bytes, row.backward.bytes},
                {1e3 * time.forward, 1e3 * time.backward}};
      all += line;
      if (kernel && row.measured_part() == row.part) close(kernel, measure);
      if (row.measured_part() != row.part) {
        if (!kernel) kernel = Line{row.layer, row.measured_part()};
        *kernel += line;
      } else {
        measure(line, row.part);
      }
      lines.push_back(line);
    }
    for (const auto& [place, seconds] : left) other += 1e3 * (seconds.forward + seconds.backward);
    if (steps == 0) return;
    all.measured = {0, 0};
    for (const auto& [place, seconds] : step.parts) {
      (*all.measured)[0] += 1e3 * seconds.forward;
      (*all.measured)[1] += 1e3 * seconds.backward;
    }
  }

  double predicted() const { return all.predicted[0] + all.predicted[1]; }

 private:
  template <class Measure>
  void close(std::optional<Line>& kernel, const Measure& measure) {
    measure(*kernel, kernel->part);
    kernel->part = "all of attention, one kernel";
    kernel->is_sum = true;
    lines.push_back(*kernel);
    kernel.reset();
  }
};

constexpr int part_width = 46;

std::string cell(double value, int width, int digits) {
  return value > 0 ? fmt::format("{:>{}.{}f}", value, width, digits) : fmt::format("{:>{}}", "", width);
}

std::string to_text(const Line& line) {
  std::string text = fmt::format("  {:<{}}", line.part, part_width);
  for (size_t i = 0; i < 2; ++i) {
    text += cell(line.flops[i] / 1e9, 7, 2) + cell(line.bytes[i] / 1e6, 8, 1) + cell(line.predicted[i], 8, 2);
    text += cell(line.measured ? (*line.measured)[i] : 0, 8, 2);  // a part of a kernel was not measured alone
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

/// "layer 1", or where layers do the same work, "layers 1 to 11, each": with the mean of what was measured.
std::string layers_text(const std::vector<Line>& lines) {
  std::vector<std::vector<Line>> layers;
  for (const Line& line : lines) {
    if (layers.empty() || layers.back().front().layer != line.layer) layers.emplace_back();
    layers.back().push_back(line);
  }
  std::string text;
  for (size_t first = 0, end = 0; first < layers.size(); first = end) {
    const auto same = [&](const std::vector<Line>& other) {
      return std::ranges::equal(layers[first], other,
                                [](const Line& a, const Line& b) { return a.same_work(b); });
    };
    end = first + 1;
    while (end < layers.size() && layers[end].front().layer.starts_with("layer ") && same(layers[end])) ++end;
    const std::string name = layers[first].front().layer;
    text += end == first + 1 ? name + "\n"
                             : fmt::format("layers {} to {}, each\n", name.substr(name.find(' ') + 1),
                                           std::stoll(name.substr(name.find(' ') + 1)) +
                                               static_cast<int64_t>(end - first) - 1);
    for (size_t i = 0; i < layers[first].size(); ++i) {
      Line mean = layers[first][i];
      if (mean.measured) {
        for (size_t direction = 0; direction < 2; ++direction) {
          double sum = 0;
          for (size_t layer = first; layer < end; ++layer) sum += (*layers[layer][i].measured)[direction];
          (*mean.measured)[direction] = sum / static_cast<double>(end - first);
        }
      }
      text += to_text(mean);
    }
  }
  return text;
}

double product_flops(const bert::Config& config, const bert::StepSize& size) {
  double sum = 0;
  for (const bert::CostRow& row : bert::step_cost(config, size))
    sum += row.forward.product_flops() + row.backward.product_flops();
  return sum;
}

std::string to_text(const bert::MachineConstants& machine) {
  double least = machine.peak, most = 0;
  for (const auto* table : {&machine.tall_products, &machine.deep_products, &machine.flat_products}) {
    for (const auto& [size, speed] : *table) least = std::min(least, speed), most = std::max(most, speed);
  }
  return fmt::format(
      "{} {}: a peak of {:.0f} GFLOP/s, products reach {:.0f} to {:.0f}; {:.0f} GB/s from memory, {:.0f} "
      "from the cache\n",
      machine.threads, plural(machine.threads, "thread"), machine.peak / 1e9, least / 1e9, most / 1e9,
      machine.bandwidth.rbegin()->second / 1e9, machine.bandwidth.begin()->second / 1e9);
}

std::string to_text(const Ledger& ledger, const bert::Config& config, const bert::StepSize& size,
                    const bert::MachineConstants& machine) {
  std::string text =
      fmt::format("{}, {}, hidden size {}, {}, {} numbers: {} of {}, {} masked\n",
                  counted(config.num_hidden_layers, "layer"), counted(config.num_attention_heads, "head"),
                  with_commas(config.hidden_size), counted(config.vocab_size, "piece"),
                  with_commas(static_cast<int64_t>(bert::parameter_count(config))),
                  counted(size.batch, "row"), size.length, with_commas(size.masked));
  text += to_text(machine);
  const bool measured = ledger.all.measured.has_value();
  text +=
      fmt::format("\n  {:<{}}{:>31}{:>31}\n  {:<{}}", "", part_width, "forward", "backward", "", part_width);
  for (int i = 0; i < 2; ++i)
    text += fmt::format("{:>7}{:>8}{:>8}{:>8}", "GFLOP", "MB", "ms", measured ? "found" : "");
  text.erase(text.find_last_not_of(' ') + 1);
  text += "\n" + layers_text(ledger.lines) + "\n" + to_text(ledger.all);
  text += fmt::format("\npredicted {:.1f} ms", ledger.predicted());
  if (measured) {
    const double found = 1e3 * ledger.step.seconds();
    text += fmt::format(
        "; found {:.1f} ms, each kernel at its best: the prediction is off by {:+.1f} %\n"
        "whole steps: {:.1f} ms, the median, and {:.1f} ms, the fastest; {:.2f} ms in no kernel; "
        "tensors held {:.1f} MB at most",
        found, 100 * (ledger.predicted() / found - 1), 1e3 * ledger.step.median, 1e3 * ledger.step.fastest,
        1e3 * ledger.step.outside, static_cast<double>(ledger.step.memory) / 1e6);
    if (ledger.other >= 0.01) text += fmt::format(", {:.2f} ms in kernels of no part", ledger.other);
  }
  return text +
         fmt::format(
             "\nproducts: {:.2f} GFLOP; as every BERT is counted, {:.2f} (the last layer for all tokens)\n",
             product_flops(config, size) / 1e9, bert::nominal_flops(config, size) / 1e9);
}

nlohmann::ordered_json to_json(const bert::MachineConstants& machine) {
  const auto in_billions = [](const std::map<int64_t, double>& table) {
    nlohmann::ordered_json out = nlohmann::ordered_json::object();
    for (const auto& [size, speed] : table) out[std::to_string(size)] = speed / 1e9;
    return out;
  };
  return {{"threads", machine.threads},
          {"peak_gigaflops", machine.peak / 1e9},
          {"tall_products_gigaflops", in_billions(machine.tall_products)},
          {"deep_products_gigaflops", in_billions(machine.deep_products)},
          {"flat_products_gigaflops", in_billions(machine.flat_products)},
          {"gigabytes_a_second", in_billions(machine.bandwidth)},
          {"arithmetic_gigaflops", machine.arithmetic / 1e9},
          {"norm_gigaflops", machine.norm / 1e9},
          {"norm_backward_gigaflops", machine.norm_backward / 1e9},
          {"tiles_gigaflops", machine.tiles / 1e9},
          {"softmax_gigaflops", machine.softmax / 1e9},
          {"softmax_backward_gigaflops", machine.softmax_backward / 1e9},
          {"call_milliseconds", 1e3 * machine.call}};
}

nlohmann::ordered_json to_json(const Ledger& ledger, const bert::Config& config, const bert::StepSize& size,
                               const bert::MachineConstants& machine) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Line& line : ledger.lines) {
    nlohmann::ordered_json row = {{"layer", line.layer},
                                  {"part", line.part},
                                  {"flops_forward", line.flops[0]},
                                  {"flops_backward", line.flops[1]},
                                  {"bytes_forward", line.bytes[0]},
                                  {"bytes_backward", line.bytes[1]},
                                  {"predicted_forward_milliseconds", line.predicted[0]},
                                  {"predicted_backward_milliseconds", line.predicted[1]}};
    if (line.measured) {
      row["measured_forward_milliseconds"] = (*line.measured)[0];
      row["measured_backward_milliseconds"] = (*line.measured)[1];
    }
    if (line.is_sum) row["is_sum"] = true;
    rows.push_back(row);
  }
  nlohmann::ordered_json out = {{"config", config_json(config)},
                                {"parameters", bert::parameter_count(config)},
                                {"batch", size.batch},
                                {"length", size.length},
                                {"masked", size.masked},
                                {"machine", to_json(machine)},
                                {"rows", rows},
                                {"product_operations", product_flops(config, size)},
                                {"nominal_operations", bert::nominal_flops(config, size)},
                                {"predicted_milliseconds", ledger.predicted()}};
  if (ledger.all.measured) {
    out["measured_milliseconds"] = 1e3 * ledger.step.seconds();
    out["outside_milliseconds"] = 1e3 * ledger.step.outside;
    out["median_milliseconds"] = 1e3 * ledger.step.median;
    out["memory_bytes"] = ledger.step.memory;
    out["fastest_milliseconds"] = 1e3 * ledger.step.fastest;
  }
  return out;
}

}  // namespace

void show_cost(const CostCall& call) {
  const bert::Config config = config_of(call);
  const bert::StepSize size = step_size(call, config);
  if (call.threads > 0) set_num_threads(static_cast<int>(call.threads));
  const bert::MachineConstants machine = bert::measure_machine_constants();
  const Ledger ledger(config, size, machine, call.steps);
  if (call.json)
    print(to_json(ledger, config, size, machine));
  else
    print(to_text(ledger, config, size, machine));
}

}  // namespace gradus::app
