#include "autograd/kernels/measure/profile.hpp"

#include <algorithm>
#include <ctime>
#include <map>
#include <mutex>

#include "autograd/kernels/measure/profile_listener.hpp"
#include "autograd/kernels/measure/traffic.hpp"

namespace gradus {

namespace {

struct Record {
  std::mutex mutex;
  std::map<std::string, profile::Entry, std::less<>> entries;
  std::map<std::string, int64_t, std::less<>> bytes;  // by the name of the scope
  std::vector<profile::Product> products;
};

Record& record() {
  static Record instance;
  return instance;
}

profile::Listener& listener() {
  static profile::Listener instance;
  return instance;
}

std::atomic<profile::TimeOf> time_of{profile::TimeOf::clock};

std::chrono::steady_clock::time_point now() {
  if (time_of.load(std::memory_order_relaxed) == profile::TimeOf::clock)
    return std::chrono::steady_clock::now();
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::steady_clock::time_point(std::chrono::seconds(time.tv_sec) +
                                               std::chrono::nanoseconds(time.tv_nsec));
}

thread_local ProfileScope* innermost = nullptr;
thread_local const char* innermost_name = nullptr;

}  // namespace

namespace profile {

double Product::flops() const {
  return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) *
         static_cast<double>(batch);
}

bool Product::same_kind(const Product& other) const {
  return m == other.m && n == other.n && k == other.k && batch == other.batch && a == other.a &&
         b == other.b && c == other.c && is_double == other.is_double;
}

void start() {
  Record& r = record();
  const std::lock_guard lock(r.mutex);
  r.entries.clear();
  r.bytes.clear();
  r.products.clear();
  detail::on = true;
}

std::vector<Entry> stop() {
  detail::on = false;
  Record& r = record();
  const std::lock_guard lock(r.mutex);
  std::vector<Entry> result;
  for (const auto& [name, entry] : r.entries) result.push_back(entry);
  std::stable_sort(result.begin(), result.end(),
                   [](const Entry& a, const Entry& b) { return a.self_seconds > b.self_seconds; });
  return result;
}

std::vector<Product> products() {
  Record& r = record();
  const std::lock_guard lock(r.mutex);
  return r.products;
}

void listen(Listener who) { listener() = std::move(who); }
void measure(TimeOf what) { time_of = what; }

void add_product(const Product& product) {
  if (!is_on()) return;
  if (innermost != nullptr) innermost->flops_ += product.flops() * static_cast<double>(product.calls);
  Record& r = record();
  const std::lock_guard lock(r.mutex);
  const auto known = std::find_if(r.products.begin(), r.products.end(),
                                  [&](const Product& p) { return p.same_kind(product); });
  if (known == r.products.end())
    r.products.push_back(product);
  else
    known->calls += product.calls;
}

void add_bytes(int64_t bytes) {
  if (!is_on() || innermost_name == nullptr) return;
  Record& r = record();
  const std::lock_guard lock(r.mutex);
  r.bytes[innermost_name] += bytes;
}

int64_t bytes_of(const std::string& name) {
  Record& r = record();
  const std::lock_guard lock(r.mutex);
  const auto at = r.bytes.find(name);
  return at == r.bytes.end() ? 0 : at->second;
}

}  // namespace profile

void ProfileScope::open(const char* name) {
  name_ = name;
  outer_ = innermost;
  innermost = this;
  innermost_name = name;
  begin_ = now();
}

void ProfileScope::close() noexcept {
  const double seconds = std::chrono::duration<double>(now() - begin_).count();
  innermost = outer_;
  innermost_name = outer_ == nullptr ? nullptr : outer_->name_;
  if (outer_ != nullptr) {
    outer_->inner_seconds_ += seconds;
    outer_->flops_ += flops_;
  }
  if (listener()) listener()(name_, seconds - inner_seconds_);
  Record& r = record();
  const std::lock_guard lock(r.mutex);
  profile::Entry& entry = r.entries[name_];
  entry.name = name_;
  ++entry.calls;
  entry.seconds += seconds;
  entry.self_seconds += seconds - inner_seconds_;
  entry.flops += flops_;
}

}  // namespace gradus
