#include "bert/training/checkpoint_folder.hpp"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <string>
#include <string_view>
#include <system_error>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "autograd/system_reason.hpp"

namespace gradus::bert {
namespace fs = std::filesystem;
namespace {

std::string unfinished(int64_t step) { return fmt::format(".step-{}.unfinished", step); }
std::string whole_name(int64_t step) { return fmt::format("step-{}", step); }
std::string replaced(int64_t step) { return fmt::format(".step-{}.replaced", step); }

/// Takes a whole checkpoint out of sight in one step, then removes its files.
void remove_whole(const fs::path& checkpoint) {
  const fs::path removed =
      checkpoint.parent_path() / fmt::format(".step-{}.removed", step_of_checkpoint(checkpoint));
  std::error_code error;
  fs::remove_all(removed, error);
  fs::rename(checkpoint, removed, error);
  if (!error) fs::remove_all(removed, error);
}

}  // namespace

int64_t step_of_checkpoint(const fs::path& folder) {
  const std::string name = folder.filename().string();
  std::string_view text = name;
  if (text.starts_with('.') && text.ends_with(".replaced")) {
    text.remove_prefix(1);
    text.remove_suffix(std::string_view(".replaced").size());
  }
  constexpr std::string_view prefix = "step-";
  if (!text.starts_with(prefix)) return -1;
  int64_t step = -1;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data() + prefix.size(), end, step);
  return error == std::errc() && stopped == end ? step : -1;
}

std::vector<fs::path> CheckpointFolder::whole() const {
  std::map<int64_t, fs::path, std::greater<>> found;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(folder_, missing)) {
    const int64_t step = step_of_checkpoint(entry.path());
    if (step < 0) continue;
    fs::path& known = found[step];
    // The newer of two of one step has the plain name.
    if (known.empty() || entry.path().filename() == whole_name(step)) known = entry.path();
  }
  std::vector<fs::path> paths;
  paths.reserve(found.size());
  for (const auto& [step, path] : found) paths.push_back(path);
  return paths;
}

void CheckpointFolder::clear_leftovers() const {
  remove_leftovers(folder_.parent_path());
  std::error_code ignored;  // what cannot be cleared away now does no harm
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(folder_, ignored)) entries.push_back(entry.path());
  for (const fs::path& entry : entries) {
    const std::string name = entry.filename().string();
    const int64_t step = step_of_checkpoint(entry);
    if (name.starts_with(".step-") && (name.ends_with(".unfinished") || name.ends_with(".removed"))) {
      fs::remove_all(entry, ignored);
    } else if (step >= 0 && name == replaced(step)) {
      const fs::path target = folder_ / whole_name(step);
      if (fs::exists(target, ignored))
        remove_whole(entry);
      else
        fs::rename(entry, target, ignored);  // the run was killed before the new one had the name
    }
  }
}

fs::path CheckpointFolder::save(int64_t step, const std::function<void(const fs::path& place)>& write) const {
  const fs::path target = folder_ / whole_name(step), place = folder_ / unfinished(step),
                 old = folder_ / replaced(step);
  clear_leftovers();
  std::error_code error;
  fs::create_directories(place, error);
  if (error) fail<IoError>("{}: cannot make this folder: {}", place.string(), system_reason(error.value()));
  try {
    write(place);
    // An old checkpoint of this step steps aside, still whole, until the new one has its name.
    if (fs::exists(target)) {
      if (fs::exists(old)) remove_whole(old);
      fs::rename(target, old);
    }
    fs::rename(place, target);
    if (const int code = flush_folder(folder_); code != 0)
      throw fs::filesystem_error("flush", std::error_code(code, std::generic_category()));
    if (fs::exists(old)) remove_whole(old);
  } catch (const fs::filesystem_error& failure) {
    fs::remove_all(place, error);
    fail<IoError>("{}: cannot put this checkpoint in place: {}", target.string(), failure.code().message());
  } catch (...) {
    fs::remove_all(place, error);
    throw;
  }
  return target;
}

void CheckpointFolder::keep(int64_t count, int64_t best) const {
  const std::vector<fs::path> newest_first = whole();
  for (size_t i = static_cast<size_t>(count); i < newest_first.size(); ++i)
    if (step_of_checkpoint(newest_first[i]) != best) remove_whole(newest_first[i]);
}

std::optional<fs::path> newest_checkpoint(const fs::path& run) {
  const std::vector<fs::path> newest_first = CheckpointFolder(run).whole();
  if (newest_first.empty()) return std::nullopt;
  return newest_first.front();
}

}  // namespace gradus::bert
