#include "bert/training_state.hpp"

#include <nlohmann/json.hpp>

#include "autograd/error.hpp"
#include "bert/json_node.hpp"

namespace gradus::bert {

using nlohmann::json;

std::string to_json(const TrainingState& s) {
  // Doubles are written with all digits that they need to be read back bit for bit.
  return json{{"step", s.step},           {"epoch", s.epoch},         {"index", s.index},
              {"length", s.length},       {"slots", s.slots},         {"seconds", s.seconds},
              {"best_loss", s.best_loss}, {"best_step", s.best_step}, {"must_evaluate", s.must_evaluate},
              {"seed", s.seed},           {"settings", s.settings}}
             .dump(2) +
         "\n";
}

TrainingState training_state_from_json(const std::string& text, const std::filesystem::path& file) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) fail<FormatError>("{}: this is not a JSON object", file.string());
  const JsonNode root(file.string(), object);
  // No run takes so many steps or reads so much, and what is added to a number below stays far from overflow.
  constexpr int64_t most = 1'000'000'000'000'000;
  const auto whole = [&](const char* key, int64_t lowest = 0) { return root.at(key).whole(lowest, most); };
  TrainingState s;
  s.step = whole("step");
  s.epoch = whole("epoch");
  s.index = whole("index");
  s.length = whole("length");
  s.slots = whole("slots");
  s.seconds = root.at("seconds").number();
  if (!(s.seconds >= 0)) root.at("seconds").refuse("a number from 0 on");
  s.best_loss = root.at("best_loss").number();
  s.best_step = whole("best_step", -1);
  if (root.has("must_evaluate"))
    s.must_evaluate = root.at("must_evaluate").boolean();  // older files have none
  if (!root.at("seed").value().is_number_unsigned()) root.at("seed").refuse("a whole number below 2^64");
  s.seed = root.at("seed").value().get<uint64_t>();
  s.settings = root.at("settings").text();
  return s;
}

}  // namespace gradus::bert
