#include "bert/training_state.hpp"

#include <nlohmann/json.hpp>

#include "autograd/error.hpp"

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
  TrainingState s;
  const auto read = [&](const char* key, auto& value) {
    try {
      object.at(key).get_to(value);
    } catch (const json::exception&) {
      fail<FormatError>("{}: the key \"{}\" is missing or of the wrong kind", file.string(), key);
    }
  };
  read("step", s.step);
  read("epoch", s.epoch);
  read("index", s.index);
  read("length", s.length);
  read("slots", s.slots);
  read("seconds", s.seconds);
  read("best_loss", s.best_loss);
  read("best_step", s.best_step);
  if (object.contains("must_evaluate")) read("must_evaluate", s.must_evaluate);  // older files have none
  read("seed", s.seed);
  read("settings", s.settings);
  return s;
}

}  // namespace gradus::bert
