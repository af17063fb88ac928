/// @file
/// Reading JSON files so that each complaint names the file and the key. Used inside the library only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gradus::bert {

/// The JSON object in the file at `path`.
/// @throws IoError when it cannot be read; FormatError, with the line and byte, when it is not JSON, when it
///         holds something else than an object, and when it is another kind of file, which is then named.
nlohmann::json parse_json_file(const std::filesystem::path& path);

/// A value inside a JSON file that knows its file and its key, such as `model.vocab`. It refers to the parsed
/// file, which must outlive it. All members throw FormatError when the value is not what is asked for.
class JsonNode {
 public:
  /// The whole content of `file`.
  JsonNode(std::string file, const nlohmann::json& content) : JsonNode(std::move(file), "", content) {}

  const nlohmann::json& value() const { return *value_; }
  bool has(const std::string& key) const { return value_->is_object() && value_->contains(key); }

  /// The member `key` of this object, which must be there.
  JsonNode at(const std::string& key) const;
  /// The entries of this list.
  std::vector<JsonNode> items() const;

  bool boolean() const;
  std::string text() const;
  int64_t whole() const;
  int64_t whole(int64_t lowest, int64_t highest) const;
  double number() const;

  /// Says that this value is not `wanted`: `config.json: the key "hidden_size" is 0, but must be at least 1`.
  [[noreturn]] void refuse(std::string_view wanted) const;

 private:
  JsonNode(std::string file, std::string key, const nlohmann::json& value)
      : file_(std::move(file)), key_(std::move(key)), value_(&value) {}
  std::string path_to(const std::string& key) const { return key_.empty() ? key : key_ + "." + key; }

  std::string file_, key_;
  const nlohmann::json* value_;
};

}  // namespace gradus::bert
