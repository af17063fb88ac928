#include "bert/training/training_state.hpp"

#include <nlohmann/json.hpp>

#include "autograd/error.hpp"
#include "bert/text/json_node.hpp"

namespace gradus::bert {

std::string to_json(const TrainingState& s) {
  // Doubles are written with all digits that they need to be read back bit for bit.
  return nlohmann::json{{"step", s.step},           {"epoch", s.epoch},
                        {"index", s.index},         {"length", s.length},
                        {"slots", s.slots},         {"tokens", s.tokens},
                        {"seconds", s.seconds},     {"best_loss", s.best_loss},
                        {"best_step", s.best_step}, {"must_evaluate", s.must_evaluate},
                        {"no_better", s.no_better}, {"seed", s.seed},
                        {"settings", s.settings}}
             .dump(2) +
         "\n";
}

TrainingState training_state_from_json(const std::string& text, const std::filesystem::path& file) {
  const auto object = nlohmann::json::parse(text, nullptr, false);
  if (!object.is_object()) fail<FormatError>("{}: this is not a JSON object", file.string());
  const JsonNode root(file.string(), object);
  // No run takes that many steps or reads that much, and what is added to a number below stays far from
  // overflow.
  constexpr int64_t most = 1'000'000'000'000'000;
  const auto whole = [&](const char* key, int64_t lowest = 0) { return root.at(key).whole(lowest, most); };
  TrainingState s;
  s.step = whole("step");
  s.epoch = whole("epoch");
  s.index = whole("index");
  s.length = whole("length");
  s.slots = whole("slots");
  s.tokens = root.has("tokens") ? whole("tokens") : s.slots;  // older files have none
  s.seconds = root.at("seconds").number();
  if (!(s.seconds >= 0)) root.at("seconds").refuse("a number from 0 on");
  s.best_loss = root.at("best_loss").number();
  s.best_step = whole("best_step", -1);
  if (root.has("no_better")) s.no_better = whole("no_better");  // older files have none
  if (root.has("must_evaluate"))
    s.must_evaluate = root.at("must_evaluate").boolean();  // older files have none
  if (!root.at("seed").value().is_number_unsigned()) root.at("seed").refuse("a whole number below 2^64");
  s.seed = root.at("seed").value().get<uint64_t>();
  s.settings = root.at("settings").text();
  return s;
}

void refuse_state(const std::filesystem::path& file, const std::string& key, const std::string& value,
                  const std::string& wanted) {
  fail<FormatError>("{}: the key \"{}\" is {}, but must be {}", file.string(), key, value, wanted);
}

void check_after_steps(const TrainingState& s, int64_t step, const std::filesystem::path& file) {
  if (s.step != step)
    refuse_state(file, "step", std::to_string(s.step),
                 fmt::format("{} in the checkpoint of that step", step));
  // Every step reads at least one slot, and so does every epoch.
  if (s.slots < step) refuse_state(file, "slots", std::to_string(s.slots), fmt::format("at least {}", step));
  if (s.tokens > s.slots)
    refuse_state(file, "tokens", std::to_string(s.tokens),
                 fmt::format("at most {}, the slots seen", s.slots));
  if (s.epoch > s.slots)
    refuse_state(file, "epoch", std::to_string(s.epoch), fmt::format("at most {}, the slots seen", s.slots));
  if (s.best_step > step)
    refuse_state(file, "best_step", std::to_string(s.best_step), fmt::format("at most {}", step));
  if (s.best_step >= 0 && s.best_loss < 0)
    refuse_state(file, "best_loss", fmt::format("{}", s.best_loss), "a number from 0 on");
}

}  // namespace gradus::bert
