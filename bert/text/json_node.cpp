#include "bert/text/json_node.hpp"

#include <algorithm>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "bert/text/text_kind.hpp"

namespace gradus::bert {
using nlohmann::json;
namespace {

/// A value as a message shows it: itself when it is short.
std::string shown(const json& value) {
  if (value.is_array()) return "a list";
  if (value.is_object()) return "an object";
  constexpr size_t longest = 60;
  std::string out = value.dump();
  return out.size() > longest ? std::string("a long ") + value.type_name() : out;
}

/// A whole number that int64_t holds.
bool is_int64(const json& value) {
  return value.is_number_integer() &&
         (!value.is_number_unsigned() || value.get<uint64_t>() <= uint64_t{INT64_MAX});
}

}  // namespace

json parse_json_file(const std::filesystem::path& path) {
  const std::string content = read_file(path);
  refuse_other_kinds(content, path.string());
  json out;
  try {
    out = json::parse(content);
  } catch (const json::parse_error& error) {
    const std::string_view before = std::string_view(content).substr(0, error.byte > 0 ? error.byte - 1 : 0);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const size_t place = before.size() - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
    fail<FormatError>("{}: not valid JSON at line {}, byte {}", path.string(), line, place);
  } catch (const json::out_of_range&) {
    fail<FormatError>("{}: a number is too large to be read", path.string());
  }
  if (!out.is_object()) fail<FormatError>("{}: must hold a JSON object", path.string());
  return out;
}

JsonNode JsonNode::at(const std::string& key) const {
  if (!value_->is_object()) refuse("an object");
  const auto found = value_->find(key);
  if (found == value_->end()) fail<FormatError>("{}: the key \"{}\" is missing", file_, path_to(key));
  return {file_, path_to(key), *found};
}

std::vector<JsonNode> JsonNode::items() const {
  if (!value_->is_array()) refuse("a list");
  std::vector<JsonNode> out;
  for (const json& item : *value_) out.push_back({file_, fmt::format("{}[{}]", key_, out.size()), item});
  return out;
}

bool JsonNode::boolean() const {
  if (!value_->is_boolean()) refuse("true or false");
  return value_->get<bool>();
}

std::string JsonNode::text() const {
  if (!value_->is_string()) refuse("a string");
  return value_->get<std::string>();
}

int64_t JsonNode::whole() const {
  if (!is_int64(*value_)) refuse("a whole number below 2^63");
  return value_->get<int64_t>();
}

int64_t JsonNode::whole(int64_t lowest, int64_t highest) const {
  const bool fits =
      is_int64(*value_) && value_->get<int64_t>() >= lowest && value_->get<int64_t>() <= highest;
  if (!fits) refuse(fmt::format("a whole number from {} to {}", lowest, highest));
  return value_->get<int64_t>();
}

double JsonNode::number() const {
  if (!value_->is_number()) refuse("a number");
  return value_->get<double>();
}

void JsonNode::refuse(std::string_view wanted) const {
  fail<FormatError>("{}: the key \"{}\" is {}, but must be {}", file_, key_, shown(*value_), wanted);
}

}  // namespace gradus::bert
