#include "app/options/options.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>

#include <fmt/format.h>

namespace gradus::app {
namespace {

/// What all of `text` says: a value, or none where it is not written as a T or is one that no T holds.
template <class T>
struct Parsed {
  std::optional<T> value;
  bool is_beyond = false;
};
template <class T>
Parsed<T> parse(const std::string& text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (stop != end || error == std::errc::invalid_argument) return {};
  if (error != std::errc()) return {.value = {}, .is_beyond = true};
  return {.value = value};
}

std::string describe(Range range) {
  const bool has_end = std::isfinite(range.high);
  if (!has_end) return fmt::format("{} {}", range.with_low ? "of at least" : "above", range.low);
  if (range.with_low && range.with_high) return fmt::format("from {} to {}", range.low, range.high);
  return fmt::format("{} {} and {} {}", range.with_low ? "of at least" : "above", range.low,
                     range.with_high ? "at most" : "below", range.high);
}

bool holds(Range range, double value) {
  const bool above = range.with_low ? value >= range.low : value > range.low;
  return above && (range.with_high ? value <= range.high : value < range.high);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// A check that says what the choices are.
std::function<std::string(const std::string&)> one_of(const std::vector<std::string>& choices) {
  return [choices](const std::string& text) {
    if (std::find(choices.begin(), choices.end(), text) != choices.end()) return std::string();
    return fmt::format("'{}' is none of: {}", text, joined(choices));
  };
}

std::string check_name(const std::string& name) { return name.empty() ? "the name is empty" : ""; }

}  // namespace

const Option& Option::required() const {
  option_->required();
  return *this;
}

const Option& Option::excludes(const Option& other) const {
  option_->excludes(other.option_);
  return *this;
}

const Option& Option::needs(const Option& other) const {
  option_->needs(other.option_);
  return *this;
}

const Option& Option::hide() const {
  option_->group("");
  return *this;
}

bool Option::is_given() const { return option_->count() > 0; }

std::string Option::name() const { return option_->get_name(); }

CLI::App* add_command(CLI::App& program, const std::string& name, const std::string& description,
                      const std::string& example) {
  CLI::App* command = program.add_subcommand(name, description)->group("Commands");
  std::string lines = "Example:";
  for (size_t begin = 0; begin < example.size();) {
    const size_t end = std::min(example.find('\n', begin), example.size());
    lines += "\n  " + example.substr(begin, end - begin);
    begin = end + 1;
  }
  command->footer(lines);
  return command;
}

void on_call(CLI::App& command, std::function<void()> work) { command.callback(std::move(work)); }

void explain_above_example(CLI::App& command, const std::string& text) {
  command.footer(text + "\n\n" + command.get_footer());
}

std::set<std::string> given_options(const CLI::App& command) {
  std::set<std::string> names;
  for (const CLI::Option* option : command.get_options())
    if (option->count() > 0) names.insert(option->get_name());
  return names;
}

namespace {

/// Says what is wrong of a text that is no whole number from `lowest` to `highest`. The check comes before
/// CLI11's own conversion, which takes 1e3, 0x10 and "12 " and has messages of its own.
std::function<std::string(const std::string&)> whole_check(int64_t lowest, int64_t highest) {
  return [lowest, highest](const std::string& text) {
    const auto [number, is_beyond] = parse<int64_t>(text);
    if (number && *number >= lowest && *number <= highest) return std::string();
    const bool has_end = highest != std::numeric_limits<int64_t>::max() || is_beyond;
    const std::string range =
        has_end ? fmt::format("from {} to {}", lowest, highest) : fmt::format("of at least {}", lowest);
    return fmt::format("'{}' is not a whole number {}", text, range);
  };
}

std::function<std::string(const std::string&)> number_check(Range range) {
  return [range](const std::string& text) {
    const auto [number, is_beyond] = parse<double>(text);
    if (number && holds(range, *number)) return std::string();
    if (is_beyond) return fmt::format("'{}' is nearer to 0 or to infinity than a double can be", text);
    return fmt::format("'{}' is not a number {}", text, describe(range));
  };
}

}  // namespace

Option add_whole(CLI::App& command, const std::string& names, int64_t& value, const std::string& description,
                 int64_t lowest, int64_t highest) {
  CLI::Option* option =
      command.add_option(names, value, description)->check(whole_check(lowest, highest), "");
  // A value below the least stands for "as something else says", and is none that a call may give.
  option->type_name("N")->default_str(value < lowest ? "" : std::to_string(value));
  return Option(*option);
}

Option add_wholes(CLI::App& command, const std::string& names, std::vector<int64_t>& values,
                  const std::string& description, int64_t lowest, int64_t highest) {
  CLI::Option* option = command.add_option(names, values, description);
  return Option(*option->check(whole_check(lowest, highest), "")->type_name("N"));
}

Option add_number(CLI::App& command, const std::string& names, double& value, const std::string& description,
                  Range range) {
  CLI::Option* option = command.add_option(names, value, description)->check(number_check(range), "");
  return Option(*option->type_name("X")->default_str(std::isnan(value) ? "" : fmt::format("{}", value)));
}

Option add_numbers(CLI::App& command, const std::string& names, std::vector<double>& values,
                   const std::string& description, Range range) {
  CLI::Option* option = command.add_option(names, values, description);
  return Option(*option->check(number_check(range), "")->type_name("X"));
}

Option add_choice(CLI::App& command, const std::string& names, std::string& value,
                  const std::vector<std::string>& choices, const std::string& description) {
  CLI::Option* option = command.add_option(names, value, description + ": " + joined(choices));
  option->check(one_of(choices), "");
  return Option(*option->type_name("NAME")->default_str(value));
}

Option add_choices(CLI::App& command, const std::string& names, std::vector<std::string>& values,
                   const std::vector<std::string>& choices, const std::string& description) {
  CLI::Option* option = command.add_option(names, values, description + ": " + joined(choices));
  return Option(*option->check(one_of(choices), "")->type_name("NAME")->default_str(joined(values)));
}

Option add_text(CLI::App& command, const std::string& names, std::string& value, const std::string& kind,
                const std::string& description) {
  return Option(*command.add_option(names, value, description)->type_name(kind)->default_str(value));
}

Option add_texts(CLI::App& command, const std::string& names, std::vector<std::string>& values,
                 const std::string& kind, const std::string& description) {
  return Option(*command.add_option(names, values, description)->type_name(kind));
}

Option add_path(CLI::App& command, const std::string& names, std::filesystem::path& value,
                const std::string& kind, const std::string& description) {
  CLI::Option* option = command.add_option(names, value, description);
  option->check(check_name, "");
  return Option(*option->type_name(kind)->default_str(value.string()));
}

Option add_paths(CLI::App& command, const std::string& names, std::vector<std::filesystem::path>& values,
                 const std::string& kind, const std::string& description) {
  CLI::Option* option = command.add_option(names, values, description);
  option->check(check_name, "");
  return Option(*option->type_name(kind));
}

Option add_switch(CLI::App& command, const std::string& name, bool& value, const std::string& description) {
  return Option(*command.add_flag(name, value, description)->disable_flag_override());
}

Option add_off_switch(CLI::App& command, const std::string& name, bool& value,
                      const std::string& description) {
  return Option(*command
                     .add_flag_callback(
                         name, [&value] { value = false; }, description)
                     ->disable_flag_override());
}

Option add_threads(CLI::App& command, int64_t& threads, const std::string& description) {
  // OpenMP asks the system for every one of them, and ends the program where it gets too few.
  constexpr int64_t most = 1024;
  return add_whole(command, "--threads", threads, description, 1, most);
}

Option add_json(CLI::App& command, bool& json) {
  return add_switch(command, "--json", json, "Print the result as one JSON object");
}

}  // namespace gradus::app
