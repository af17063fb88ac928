// Reading checkpoint folders. checkpoint_write.cpp has the other half.
#include "bert/checkpoint/checkpoint.hpp"

#include <algorithm>
#include <set>

#include "bert/checkpoint/checkpoint_names.hpp"
#include "bert/text/json_node.hpp"
#include "nn/safetensors.hpp"

namespace gradus::bert {
namespace fs = std::filesystem;
namespace {

/// Where the weights of a folder are. @throws an error that says what is there instead.
fs::path find_weights(const fs::path& folder) {
  for (const char* name : {"model.safetensors", "model.safetensors.index.json"}) {
    if (fs::exists(folder / name)) return folder / name;
  }
  for (const char* name : {"pytorch_model.bin", "pytorch_model.bin.index.json"}) {
    if (!fs::exists(folder / name)) continue;
    fail<FormatError>(
        "{}: a pickle can run any code when it is opened, so Gradus does not; convert it in Python with "
        "transformers.AutoModelForPreTraining.from_pretrained(FOLDER).save_pretrained(FOLDER), which writes "
        "model.safetensors",
        (folder / name).string());
  }
  fail<IoError>("{}: holds no model.safetensors", folder.string());
}

/// The files that an index names, each once. They must lie in the folder itself.
std::set<std::string> shards(const fs::path& index) {
  const nlohmann::json content = parse_json_file(index);
  const JsonNode map = JsonNode(index.string(), content).at("weight_map");
  if (!map.value().is_object() || map.value().empty()) map.refuse("an object of names and files");
  std::set<std::string> files;
  for (const auto& [name, value] : map.value().items()) {
    const std::string file = map.at(name).text();
    if (fs::path(file).filename() != file || file.empty() || file == "..") {
      map.at(name).refuse("the name of a file in the same folder");
    }
    files.insert(file);
  }
  return files;
}

/// Whether a tensor of this name can be one of a BERT.
bool is_of_bert(const std::string& name) {
  const std::string known_as = canonical_name(name);
  return known_as.starts_with("bert.") || known_as.starts_with("cls.");
}

/// The tensors of one file. What a BERT has no use for may be of a dtype that is not read; a warning names
/// it.
nn::StateDict read_file_of_tensors(const fs::path& path, std::vector<std::string>& warnings) {
  nn::SafetensorsFile file(path);
  nn::StateDict tensors;
  for (const auto& [name, entry] : file.entries()) {
    if (nn::SafetensorsFile::can_read(entry) || is_of_bert(name)) {
      tensors.emplace(name, file.read(name));
    } else {
      warnings.push_back(fmt::format("{}: {} is {}, which is not read; this model has no use for it",
                                     path.string(), name, entry.dtype));
    }
  }
  return tensors;
}

nn::StateDict read_tensors(const fs::path& file, std::vector<std::string>& warnings) {
  if (file.extension() != ".json") return read_file_of_tensors(file, warnings);
  nn::StateDict all;
  for (const std::string& shard : shards(file)) {
    for (auto& [name, value] : read_file_of_tensors(file.parent_path() / shard, warnings)) {
      if (!all.emplace(name, value).second) {
        fail<FormatError>("{}: {} is in two shards, one of them {}", file.string(), name, shard);
      }
    }
  }
  return all;
}

std::string listed(const std::vector<std::string>& names) {
  constexpr size_t most_shown = 6;
  if (names.size() <= most_shown) return fmt::format("{}", fmt::join(names, ", "));
  return fmt::format("{} and {} more", fmt::join(names.begin(), names.begin() + most_shown, ", "),
                     names.size() - most_shown);
}

bool may_be_fresh(const std::string& name) {
  return name.starts_with("bert.pooler.") || !name.starts_with("bert.");
}

/// A bare model has the base's names without their prefix.
std::string full_name(const std::string& own, const std::vector<std::pair<std::string, Tensor>>& named) {
  return named.front().first.starts_with("bert.") ? own : "bert." + own;
}

}  // namespace

Checkpoint read_checkpoint(const fs::path& folder) {
  if (fs::exists(folder) && !fs::is_directory(folder)) {
    fail<IoError>("{}: is a file; a checkpoint is a folder with config.json and model.safetensors",
                  folder.string());
  }
  if (!fs::exists(folder)) fail<IoError>("{}: there is no such folder", folder.string());
  Checkpoint checkpoint;
  checkpoint.file = find_weights(folder);
  checkpoint.config = load_config(folder / "config.json");
  std::string wrapper;
  for (auto& [name, value] : read_tensors(checkpoint.file, checkpoint.warnings)) {
    if (wrapper.empty()) wrapper = wrapper_prefix(name);
    const std::string known_as = canonical_name(name);
    if (known_as.empty()) continue;
    if (!checkpoint.weights.emplace(known_as, value).second) {
      fail<FormatError>("{}: {} is there under two names", checkpoint.file.string(), known_as);
    }
  }
  if (!wrapper.empty()) {
    checkpoint.warnings.push_back(fmt::format(
        "{}: the names begin with \"{}\", which PyTorch's wrapper of the model has put there; they are "
        "read without it",
        checkpoint.file.string(), wrapper));
  }
  cut_padded_vocabulary(checkpoint);
  resolve_decoder(checkpoint);
  check_sizes(checkpoint);
  return checkpoint;
}

bool has_all_weights(const Checkpoint& checkpoint, const nn::Module& model) {
  const auto named = model.named_parameters();
  return std::ranges::all_of(
      named, [&](const auto& own) { return checkpoint.weights.contains(full_name(own.first, named)); });
}

void load_weights(Checkpoint& checkpoint, const nn::Module& model) {
  const auto named = model.named_parameters();
  nn::StateDict state;
  std::vector<std::string> fresh, missing, misshaped;
  std::set<std::string> used;
  for (const auto& [own, parameter] : named) {
    const std::string name = full_name(own, named);
    const auto found = checkpoint.weights.find(name);
    if (found == checkpoint.weights.end()) {
      (may_be_fresh(name) ? fresh : missing).push_back(name);
      continue;
    }
    used.insert(name);
    if (!is_float(found->second.dtype())) {
      misshaped.push_back(
          fmt::format("{} is {} and should be f32", name, gradus::name(found->second.dtype())));
    } else if (found->second.shape() != parameter.shape()) {
      misshaped.push_back(
          fmt::format("{} is {} and should be {}", name, found->second.shape(), parameter.shape()));
    }
    state.emplace(own, found->second);
  }
  const std::string file = checkpoint.file.string();
  if (!missing.empty()) fail<FormatError>("{}: missing {}", file, listed(missing));
  if (!misshaped.empty()) fail<FormatError>("{}: {}", file, listed(misshaped));

  std::vector<std::string> unused;
  for (const auto& [name, value] : checkpoint.weights) {
    if (!used.contains(name)) unused.push_back(name);
  }
  if (!fresh.empty()) {
    checkpoint.warnings.push_back(
        fmt::format("{}: has no {}; fresh weights stand there, which know nothing yet", file, listed(fresh)));
  }
  if (!unused.empty()) {
    checkpoint.warnings.push_back(fmt::format("{}: this model has no use for {}", file, listed(unused)));
  }
  model.load_state_dict(state, /*strict=*/false);
}

Loaded<Bert> load_bert(const fs::path& folder) { return bare_bert(read_checkpoint(folder)); }

Loaded<Bert> bare_bert(Checkpoint checkpoint) {
  const Bert model = model_to_load(checkpoint, [&] {
    Rng rng(0);
    return Bert(checkpoint.config, rng, checkpoint.weights.contains("bert.pooler.dense.weight"));
  });
  // Heads are no part of a bare model; leaving them is what was asked for.
  std::erase_if(checkpoint.weights, [](const auto& entry) { return !entry.first.starts_with("bert."); });
  load_weights(checkpoint, model);
  return {model, checkpoint.warnings};
}

Loaded<BertForPreTraining> load_for_pretraining(const fs::path& folder, uint64_t seed) {
  Checkpoint checkpoint = read_checkpoint(folder);
  const BertForPreTraining model = model_to_load(checkpoint, [&] {
    Rng rng(seed);
    return BertForPreTraining(checkpoint.config, rng);
  });
  load_weights(checkpoint, model);
  return {model, checkpoint.warnings};
}

}  // namespace gradus::bert
