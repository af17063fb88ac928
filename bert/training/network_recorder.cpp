#include "bert/training/network_recorder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "autograd/error.hpp"

namespace gradus::bert {
namespace {

using json = nlohmann::ordered_json;

constexpr int64_t most_bytes = 1'000'000;

/// Where in NetworkHistory::parts a parameter of this name counts.
size_t part_of(const std::string& name, int64_t layers) {
  const std::string layer = "bert.encoder.layer.";
  if (name.starts_with(layer)) return 1 + static_cast<size_t>(std::stoll(name.substr(layer.size())));
  const auto after_the_layers = static_cast<size_t>(1 + layers);
  if (name.starts_with("bert.embeddings.")) return 0;
  return name.starts_with("bert.") ? after_the_layers : after_the_layers + 1;
}

double sum_of_squares(const Tensor& x) {
  double sum = 0;
  for (const double value : x.to(DType::f64).to_vector<double>()) sum += value * value;
  return sum;
}

void take_norms(const BertForPreTraining& model, int64_t layers, NetworkMoment& moment) {
  std::vector<bool> has_gradient(moment.gradient_norms.size(), false);
  for (const auto& [name, parameter] : model.named_parameters()) {
    const size_t part = part_of(name, layers);
    moment.weight_norms[part] += sum_of_squares(parameter.detach());
    const Tensor gradient = parameter.grad();
    if (!gradient.defined()) continue;
    has_gradient[part] = true;
    moment.gradient_norms[part] += sum_of_squares(gradient);
  }
  for (double& norm : moment.weight_norms) norm = std::sqrt(norm);
  for (size_t p = 0; p < has_gradient.size(); ++p) {
    double& norm = moment.gradient_norms[p];
    norm = has_gradient[p] && moment.step > 0 ? std::sqrt(norm) : MetricsRow::not_measured;
  }
}

json numbers(const std::vector<double>& values) {
  json list = json::array();
  for (const double value : values) list.push_back(std::isfinite(value) ? json(value) : json());
  return list;
}

std::vector<double> read_numbers(const json& list) {
  std::vector<double> values;
  for (const json& value : list) {
    values.push_back(value.is_null() ? MetricsRow::not_measured : value.get<double>());
  }
  return values;
}

}  // namespace

NetworkRecorder::NetworkRecorder(const Config& config, const TrainingSamples& samples) {
  history_.tokens = samples.sentences().at(0).pieces;
  history_.layers = config.num_hidden_layers;
  history_.heads = config.num_attention_heads;
  history_.parts.emplace_back("embeddings");
  for (int64_t layer = 1; layer <= history_.layers; ++layer) {
    history_.parts.push_back(fmt::format("layer {}", layer));
  }
  history_.parts.emplace_back("pooler");
  history_.parts.emplace_back("heads");
  const auto size = static_cast<int64_t>(history_.tokens.size());
  most_moments_ = std::clamp<int64_t>(most_bytes / (history_.layers * history_.heads * size * size), 2, 64);
}

void NetworkRecorder::observe(const BertForPreTraining& model, const TrainingSamples& samples, int64_t step) {
  NetworkMoment moment;
  moment.step = step;
  moment.weight_norms.resize(history_.parts.size());
  moment.gradient_norms.resize(history_.parts.size());
  take_norms(model, history_.layers, moment);
  for (const float weight : samples.attention(model).weights)
    moment.attention.push_back(attention_byte(weight));
  std::vector<NetworkMoment>& moments = history_.moments;
  if (!moments.empty() && moments.back().step == step) {
    moment.number = moments.back().number;
    moments.pop_back();
  } else if (!moments.empty()) {
    moment.number = moments.back().number + 1;
  }
  moments.push_back(std::move(moment));
  thin();
}

/// Keeps the moments whose number a power of two divides, the least that leaves few enough, and the last. So
/// it follows from the number of evaluations alone what is kept, however often the run was stopped.
void NetworkRecorder::thin() {
  std::vector<NetworkMoment>& moments = history_.moments;
  const int64_t last = moments.back().number;
  int64_t stride = 1;
  while (last / stride + 1 >= most_moments_ && stride <= last) stride *= 2;
  std::erase_if(moments, [&](const NetworkMoment& m) { return m.number % stride != 0 && m.number != last; });
}

std::string NetworkRecorder::to_json() const {
  json moments = json::array();
  for (const NetworkMoment& moment : history_.moments) {
    moments.push_back({{"step", moment.step},
                       {"number", moment.number},
                       {"weights", numbers(moment.weight_norms)},
                       {"gradients", numbers(moment.gradient_norms)},
                       {"attention", moment.attention}});
  }
  return json{{"tokens", history_.tokens},
              {"parts", history_.parts},
              {"heads", history_.heads},
              {"moments", moments}}
             .dump() +
         "\n";
}

void NetworkRecorder::restore(const std::string& text, int64_t step, const std::filesystem::path& file) {
  const auto refuse = [&] {
    fail<FormatError>("{}: this is not the history of a run; remove the file to go on without it",
                      file.string());
  };
  std::vector<NetworkMoment> moments;
  bool same = false;
  try {
    const json object = json::parse(text);
    same = object.at("tokens") == json(history_.tokens) && object.at("heads") == history_.heads &&
           object.at("parts") == json(history_.parts);
    for (const json& moment : object.at("moments")) {
      if (moment.at("step").get<int64_t>() > step) break;
      moments.push_back({moment.at("step"), moment.at("number"), moment.at("attention"),
                         read_numbers(moment.at("weights")), read_numbers(moment.at("gradients"))});
    }
  } catch (const json::exception&) {
    refuse();
  }
  if (!same) return;
  if (!std::ranges::all_of(moments, [this](const NetworkMoment& moment) { return fits(moment); })) refuse();
  history_.moments = std::move(moments);
}

/// Whether a moment has the sizes of this network and sentence.
bool NetworkRecorder::fits(const NetworkMoment& moment) const {
  const size_t size = history_.tokens.size(), parts = history_.parts.size();
  return moment.attention.size() == static_cast<size_t>(history_.layers * history_.heads) * size * size &&
         moment.weight_norms.size() == parts && moment.gradient_norms.size() == parts;
}

}  // namespace gradus::bert
