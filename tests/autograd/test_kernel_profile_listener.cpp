// Who listens to a profile hears of every scope as it closes, with its own time, by either clock.
#include "autograd/kernels/measure/profile_listener.hpp"

#include <chrono>
#include <thread>

#include "autograd/module_scope.hpp"
#include "support/catch.hpp"

using namespace gradus;

namespace {

struct Heard {
  std::string name, part;
  double seconds;
};

/// What a listener hears while `work` runs.
template <class Work>
std::vector<Heard> heard_of(profile::TimeOf time, Work work) {
  std::vector<Heard> heard;
  profile::listen([&](const char* name, double seconds) { heard.push_back({name, module_path(), seconds}); });
  profile::measure(time);
  profile::start();
  work();
  profile::stop();
  profile::measure(profile::TimeOf::clock);
  profile::listen(nullptr);
  return heard;
}

void sleep(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

}  // namespace

TEST_CASE(
    "profile: a listener hears scopes from the inside out, with their own time and the part that runs") {
  const auto heard = heard_of(profile::TimeOf::clock, [] {
    const ModuleScope model("model");
    const ProfileScope outer("outer");
    sleep(20);
    const ModuleScope part("part");
    const ProfileScope inner("inner");
    sleep(60);
  });
  REQUIRE(heard.size() == 2);
  CHECK(heard[0].name == "inner");
  CHECK(heard[0].part == "model.part");
  CHECK(heard[0].seconds >= 0.06);
  CHECK(heard[1].name == "outer");
  CHECK(heard[1].part == "model");
  CHECK(heard[1].seconds >= 0.02);
  CHECK(heard[0].seconds + heard[1].seconds >= 0.08);
}

TEST_CASE("profile: the time of the thread leaves out while it waits") {
  const auto heard = heard_of(profile::TimeOf::thread, [] {
    const ProfileScope scope("waiting");
    sleep(100);
  });
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].seconds >= 0);
  CHECK(heard[0].seconds < 0.05);
}

TEST_CASE("profile: nobody is told before start, after stop, or after the listener has gone") {
  int calls = 0;
  profile::listen([&](const char*, double) { ++calls; });
  { const ProfileScope scope("early"); }
  CHECK(calls == 0);
  profile::start();
  { const ProfileScope scope("heard"); }
  CHECK(calls == 1);
  profile::listen(nullptr);
  { const ProfileScope scope("unheard"); }
  CHECK(profile::stop().size() == 2);
  CHECK(calls == 1);
}
