// The half of checkpoint.hpp that writes.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "autograd/file.hpp"
#include "bert/checkpoint.hpp"
#include "bert/tokenizer_files.hpp"
#include "nn/safetensors.hpp"

namespace gradus::bert {
namespace fs = std::filesystem;
namespace {

/// Brings a change of names in a folder to the disk.
void flush_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;  // a file system that cannot do this keeps its own promises
  ::fsync(descriptor);
  ::close(descriptor);
}

/// A folder that is filled out of sight. What was not moved out of it goes with it.
class Staging {
 public:
  explicit Staging(fs::path place) : path_(std::move(place)) {
    std::error_code error;
    fs::remove_all(path_, error);  // what an earlier process of this number left when it was killed
    fs::create_directories(path_.parent_path(), error);
    if (!error) fs::create_directory(path_, error);
    if (error) fail<IoError>("{}: cannot make this folder: {}", path_.string(), error.message());
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  ~Staging() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void move(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) fail<IoError>("{}: cannot be put in place: {}", to.string(), error.message());
}

/// Calls `write(folder)` with an empty folder and then puts what it wrote in place.
template <class Write>
void write_folder(fs::path folder, const Write& write) {
  if (!folder.has_filename()) folder = folder.parent_path();  // "out/" is "out"
  std::error_code ignored;
  if (fs::exists(folder, ignored) && !fs::is_directory(folder, ignored)) {
    fail<IoError>("{}: is a file; a checkpoint needs a folder", folder.string());
  }
  const std::string name = fmt::format(".saving.{}.tmp", ::getpid());
  if (!fs::exists(folder, ignored)) {  // a new folder appears whole
    const fs::path parent = folder.has_parent_path() ? folder.parent_path() : fs::path(".");
    const Staging staging(parent / fmt::format(".{}{}", folder.filename().string(), name));
    write(staging.path());
    move(staging.path(), folder);
    flush_folder(parent);
    return;
  }
  const Staging staging(folder / name);
  write(staging.path());
  for (const fs::directory_entry& file : fs::directory_iterator(staging.path())) {
    move(file.path(), folder / file.path().filename());
  }
  flush_folder(folder);
}

void save(const fs::path& folder, const nn::StateDict& weights, const Config& config,
          const std::string& architecture, const Tokenizer* tokenizer) {
  if (tokenizer != nullptr) {
    const auto pieces = static_cast<int64_t>(tokenizer->vocab().pieces().size());
    if (pieces > config.vocab_size) {
      fail<FormatError>("save_pretrained: the tokenizer has {} pieces and the model only {}", pieces,
                        config.vocab_size);
    }
  }
  write_folder(folder, [&](const fs::path& place) {
    if (tokenizer != nullptr) save_tokenizer(place, *tokenizer, config.max_position_embeddings);
    write_file_atomically(place / "config.json", config_to_json(config, architecture));
    nn::write_safetensors(place / "model.safetensors", weights, {{"format", "pt"}});
  });
}

/// The parameters in f32, which is what a checkpoint holds.
nn::StateDict single_precision(const nn::Module& model) {
  nn::StateDict state = model.state_dict();
  for (auto& [name, value] : state) value = value.to(DType::f32);
  return state;
}

}  // namespace

void save_pretrained(const fs::path& folder, const Bert& model, const Tokenizer* tokenizer) {
  save(folder, single_precision(model), model.config, "BertModel", tokenizer);
}

void save_pretrained(const fs::path& folder, const BertForPreTraining& model, const Tokenizer* tokenizer) {
  nn::StateDict state = single_precision(model);
  if (!model.bert.config.tie_word_embeddings) {
    // Hugging Face's decoder adds this one then, and not cls.predictions.bias.
    state.emplace("cls.predictions.decoder.bias", state.at("cls.predictions.bias"));
  }
  save(folder, state, model.bert.config, "BertForPreTraining", tokenizer);
}

}  // namespace gradus::bert
