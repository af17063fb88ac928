#include "app/runs/run_settings.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

#include "app/command.hpp"
#include "autograd/file.hpp"
#include "autograd/ops.hpp"

namespace gradus::app {
namespace {

constexpr std::string_view between = ", ";

std::vector<std::string> parts_of(std::string_view line) {
  std::vector<std::string> parts;
  for (;;) {
    const size_t end = line.find(between);
    parts.emplace_back(line.substr(0, end));
    if (end == std::string_view::npos) return parts;
    line.remove_prefix(end + between.size());
  }
}

/// "--steps: the run has 40000, not 50000"
std::string difference(const std::string& option, std::string_view had, std::string_view now) {
  if (option == "TEXT" || option == "--held-out") {
    return fmt::format("{}: the run was begun with another {} text", option,
                       option == "TEXT" ? "training" : "held-out");
  }
  if (option == "TRAIN" || option == "--validation")
    return fmt::format("{}: the run was begun with other examples", option);
  if (option == "MODEL") return "MODEL: the run was begun with another model";
  if (option == "--from") return fmt::format("--from: the run was begun with {}, not {}", had, now);
  // What both begin with says what it is, as "steps " does, and the option says that too.
  const size_t number = had.find_first_of("0123456789");
  if (number != std::string_view::npos && had.substr(0, number) == now.substr(0, number)) {
    had.remove_prefix(number);
    now.remove_prefix(number);
  }
  return fmt::format("{}: the run has {}, not {}", option, had, now);
}

}  // namespace

std::string settings_line(const std::vector<RunSetting>& settings) {
  std::string line;
  for (const RunSetting& setting : settings) {
    if (!line.empty()) line += between;
    line += setting.text;
  }
  return line;
}

std::string Fingerprint::text() const { return fmt::format("{:016x}", hash_); }

std::string fingerprint(const bert::TokenizedCorpus& corpus) {
  Fingerprint print;
  const auto add = [&print](int64_t number) { print.add(static_cast<uint64_t>(number)); };
  bert::CorpusWalk walk(corpus);
  for (int64_t d = 0; d < corpus.documents(); ++d) {
    walk.at(d);
    for (const int32_t id : corpus.document(d)) add(id);
  }
  for (int64_t d = 0; d < corpus.documents(); ++d) {
    walk.at(d);
    for (int64_t i = corpus.first_sentence(d); i < corpus.end_sentence(d); ++i) add(corpus.begin_of(i));
  }
  for (int64_t d = 0; d < corpus.documents(); ++d) add(corpus.first_sentence(d));
  return print.text();
}

std::string fingerprint(const std::filesystem::path& file) {
  Fingerprint print;
  for (const char byte : read_file(file)) print.add(static_cast<unsigned char>(byte));
  return print.text();
}

std::string checked_fingerprint(const nn::StateDict& weights, const std::string& name) {
  Fingerprint print;
  for (const auto& [parameter, weight] : weights) {
    for (const float value : weight.to(DType::f32).to_vector<float>()) {
      if (!std::isfinite(value))
        fail<FormatError>("{}: {} holds {}, so its weights are of no use; take an earlier checkpoint", name,
                          parameter, value);
      print.add(std::bit_cast<uint32_t>(value));
    }
  }
  return print.text();
}

void keep_unsaid(const std::string& line, std::vector<RunSetting>& settings) {
  const std::vector<std::string> had = parts_of(line);
  for (size_t i = 0; i < settings.size() && i < had.size(); ++i)
    if (settings[i].unsaid) settings[i].text = had[i];
}

std::optional<double> number_in(const std::string& line, const std::string& name) {
  for (const std::string& part : parts_of(line)) {
    double number = 0;
    const char* const end = part.data() + part.size();
    if (part.starts_with(name) && std::from_chars(part.data() + name.size(), end, number).ptr == end)
      return number;
  }
  return std::nullopt;
}

SettingChanges check_settings(const std::string& line, const std::vector<RunSetting>& settings) {
  const std::vector<std::string> had = parts_of(line);
  std::string problem;
  SettingChanges changes;
  const size_t known = std::min(settings.size(), had.size());
  // Other blocks, seeds and parts make other texts of the same files; then only the cause is named.
  const auto is_text = [](const RunSetting& s) {
    return s.option == "TEXT" || s.text.starts_with("held out ");
  };
  const auto is_cause = [&](const RunSetting& s) {
    return !is_text(s) &&
           (s.option == "--block-sentences" || s.option == "--seed" || s.option.starts_with("--held-out"));
  };
  bool has_cause = false;
  for (size_t i = 0; i < known; ++i)
    has_cause = has_cause || (had[i] != settings[i].text && is_cause(settings[i]));
  for (size_t i = 0; i < known; ++i) {
    const std::string &option = settings[i].option, &text = settings[i].text;
    if (had[i] == text) continue;
    if (has_cause && is_text(settings[i])) continue;
    if (option == "--learning-rate") {
      changes.learning_rate = true;
      continue;
    }
    if (option == "--steps" || option == "--minutes" || option == "--epochs") {
      const std::string unit = option.substr(2) + " ";
      const std::optional<double> before = number_in(had[i], unit), after = number_in(text, unit);
      if (before && after && *after > *before) {
        changes.length_before = before;
        continue;
      }
    }
    const std::string more = difference(option, had[i], text);
    if (problem.find(more) != std::string::npos)
      continue;  // a text differs in its length and its fingerprint
    problem += (problem.empty() ? "" : "; ") + more;
  }
  if (problem.empty()) return changes;
  fail<WrongCall>("{}; resume it as it was begun, or name another folder with --out", problem);
}

}  // namespace gradus::app
