#include "app/commands/inspect_comparison.hpp"

#include <algorithm>

#include "app/command.hpp"
#include "app/commands/inspected.hpp"
#include "autograd/plural.hpp"
#include "bert/checkpoint/checkpoint.hpp"
#include "bert/checkpoint/compare.hpp"

namespace gradus::app {
namespace fs = std::filesystem;
namespace {

using json = nlohmann::ordered_json;

/// One of the two, as far as it is compared.
struct Side {
  fs::path path;
  Contents found;
  nn::StateDict weights;
};

Side read_side(const fs::path& path) {
  Side side{path, read_contents(path), {}};
  if (!fs::is_directory(path)) {
    side.weights = nn::read_safetensors(path);
  } else if (side.found.config && !side.found.weights.empty()) {
    side.weights = bert::read_checkpoint(path).weights;
  }
  return side;
}

/// A part that one side may lack: the sentence to print then, or nothing.
std::string only_one(bool has_first, bool has_second, const Side& first, const Side& second) {
  if (has_first == has_second) return {};
  return fmt::format("  only {} has one\n", (has_first ? first : second).path.string());
}

/// key: [first, second] for each value that differs.
json config_differences(const bert::Config& first, const bert::Config& second) {
  const json a = config_json(first), b = config_json(second);
  json differences = json::object();
  for (const auto& [key, value] : a.items()) {
    if (value != b.at(key)) differences[key] = {value, b.at(key)};
  }
  return differences;
}

std::string config_text(const Side& first, const Side& second) {
  const auto &a = first.found.config, &b = second.found.config;
  if (!a && !b) return {};
  std::string text = "config\n";
  if (!a || !b) return text + only_one(a.has_value(), b.has_value(), first, second);
  const json differences = config_differences(*a, *b);
  if (differences.empty()) return text + "  the same\n";
  for (const auto& [key, values] : differences.items()) {
    text += fmt::format("  {}: {} and {}\n", key, values[0].dump(), values[1].dump());
  }
  return text;
}

/// The number of the first piece that differs; that of the shorter vocabulary's end if it begins the longer.
int64_t first_other_piece(const bert::Vocab& first, const bert::Vocab& second) {
  const auto& a = first.pieces();
  const auto& b = second.pieces();
  return std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
}

std::string tokenizer_text(const Side& first, const Side& second) {
  const auto &a = first.found.tokenizer, &b = second.found.tokenizer;
  if (!a && !b) return {};
  std::string text = "tokenizer\n";
  if (!a || !b) return text + only_one(a.has_value(), b.has_value(), first, second);
  const bert::Vocab &one = a->vocab(), &other = b->vocab();
  if (one.pieces() == other.pieces()) {
    text += fmt::format("  the same {}\n", counted(one.size(), "piece"));
  } else {
    const int64_t at = first_other_piece(one, other);
    const auto piece = [at](const bert::Vocab& vocab) {
      return at < vocab.size() ? fmt::format("'{}'", vocab.piece(static_cast<bert::TokenId>(at))) : "none";
    };
    text +=
        fmt::format("  {} and {}; the first that differs is number {}: {} and {}\n",
                    counted(one.size(), "piece"), with_commas(other.size()), at, piece(one), piece(other));
  }
  const json settings = tokenizer_json(*a), others = tokenizer_json(*b);
  for (const auto& [key, value] : settings.items()) {
    if (key != "pieces" && value != others.at(key)) {
      text += fmt::format("  {}: {} and {}\n", key, value.dump(), others.at(key).dump());
    }
  }
  return text;
}

std::string weights_text(const bert::WeightComparison& found, const Side& first, const Side& second) {
  std::string text = "weights\n";
  const auto only = [&text](const std::vector<std::string>& names, const Side& side) {
    for (const std::string& name : names) text += fmt::format("  only in {}: {}\n", side.path.string(), name);
  };
  only(found.only_first, first);
  only(found.only_second, second);
  for (const auto& [name, a, b] : found.misshaped) text += fmt::format("  {} is {} and {}\n", name, a, b);
  for (const auto& [name, shape, largest] : found.differences) {
    text += fmt::format("  {:>10.3g}  {:<16}  {}\n", largest, fmt::format("{}", shape), name);
  }
  const auto compared = static_cast<int64_t>(found.differences.size());
  if (const auto* worst = found.worst()) {
    text += fmt::format("  {} compared; the largest difference is {:.3g}{}\n", counted(compared, "tensor"),
                        worst->largest, worst->largest == 0 ? "" : ", in " + worst->name);
  } else {
    text += "  no tensor is in both with the same shape\n";
  }
  return text;
}

json weights_json(const bert::WeightComparison& found) {
  json misshaped = json::array(), tensors = json::array();
  const auto sizes = [](const Shape& shape) { return std::vector<int64_t>(shape.begin(), shape.end()); };
  for (const auto& [name, a, b] : found.misshaped) {
    misshaped.push_back({{"name", name}, {"shapes", {sizes(a), sizes(b)}}});
  }
  for (const auto& [name, shape, largest] : found.differences) {
    tensors.push_back({{"name", name}, {"shape", sizes(shape)}, {"largest_difference", largest}});
  }
  const auto* worst = found.worst();
  return {{"same", found.is_same()},
          {"only_first", found.only_first},
          {"only_second", found.only_second},
          {"shapes_differ", misshaped},
          {"tensors", tensors},
          {"largest_difference", worst == nullptr ? json() : json(worst->largest)}};
}

/// What differs; null for a part that not both have.
json comparison_json(const Side& first, const Side& second, const bert::WeightComparison& weights) {
  json out = {
      {"paths", {first.path.string(), second.path.string()}}, {"config", nullptr}, {"tokenizer", nullptr}};
  if (first.found.config && second.found.config) {
    out["config"] = config_differences(*first.found.config, *second.found.config);
  }
  if (first.found.tokenizer && second.found.tokenizer) {
    const bert::Vocab &a = first.found.tokenizer->vocab(), &b = second.found.tokenizer->vocab();
    out["tokenizer"] = {{"same_pieces", a.pieces() == b.pieces()}, {"pieces", {a.size(), b.size()}}};
  }
  const bool has_weights = !first.weights.empty() || !second.weights.empty();
  out["weights"] = has_weights ? weights_json(weights) : json();
  return out;
}

}  // namespace

void compare_checkpoints(const fs::path& first, const fs::path& second, bool as_json) {
  if (fs::exists(first) && fs::exists(second) && fs::is_directory(first) != fs::is_directory(second)) {
    fail<WrongCall>("compare two folders or two .safetensors files, not a folder and a file");
  }
  const Side a = read_side(first), b = read_side(second);
  const bert::WeightComparison weights = bert::compare_weights(a.weights, b.weights);
  if (as_json) return print(comparison_json(a, b, weights));
  std::string text = config_text(a, b) + tokenizer_text(a, b);
  if (!a.weights.empty() || !b.weights.empty()) text += weights_text(weights, a, b);
  print(text);
}

}  // namespace gradus::app
