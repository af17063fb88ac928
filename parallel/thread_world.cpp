#include "parallel/thread_world.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <tuple>

namespace gradus::parallel {
namespace {

using Bytes = std::vector<std::byte>;

/// What has been sent and not yet been received. Of one sender, receiver and tag, the first message belongs
/// to the first swap that was begun, whichever asks first.
class Mail {
 public:
  void post(int64_t from, int64_t to, int64_t tag, Bytes bytes) {
    const std::scoped_lock lock(mutex_);
    Box& box = boxes_[{from, to, tag}];
    box.messages.emplace(box.posted++, std::move(bytes));
  }

  /// The number of the message that a swap begun now is to have.
  int64_t expect(int64_t from, int64_t to, int64_t tag) {
    const std::scoped_lock lock(mutex_);
    return boxes_[{from, to, tag}].expected++;
  }

  bool take(int64_t from, int64_t to, int64_t tag, int64_t number, Bytes& bytes) {
    const std::scoped_lock lock(mutex_);
    auto message = boxes_[{from, to, tag}].messages.extract(number);
    if (message.empty()) return false;
    bytes = std::move(message.mapped());
    return true;
  }

  /// The next one that nobody has a number for.
  bool take_next(int64_t from, int64_t to, int64_t tag, Bytes& bytes) {
    const std::scoped_lock lock(mutex_);
    auto& messages = boxes_[{from, to, tag}].messages;
    if (messages.empty()) return false;
    bytes = std::move(messages.extract(messages.begin()).mapped());
    return true;
  }

 private:
  struct Box {
    int64_t posted = 0, expected = 0;
    std::map<int64_t, Bytes> messages;  // by number
  };
  std::mutex mutex_;
  std::map<std::tuple<int64_t, int64_t, int64_t>, Box> boxes_;
};

constexpr int64_t note_tag = World::most_tags;

class ThreadSwap : public Swap {
 public:
  ThreadSwap(Mail& mail, int64_t from, int64_t to, int64_t tag, std::span<std::byte> in)
      : mail_(mail), from_(from), to_(to), tag_(tag), in_(in), is_done_(in.empty()) {
    if (!is_done_) number_ = mail_.expect(from, to, tag);
  }

  bool is_done() override {
    Bytes bytes;
    if (is_done_ || !mail_.take(from_, to_, tag_, number_, bytes)) return is_done_;
    if (bytes.size() != in_.size())
      fail<Error>("rank {} sent {} bytes to rank {}, which waits for {}", from_, bytes.size(), to_,
                  in_.size());
    std::ranges::copy(bytes, in_.begin());
    return is_done_ = true;
  }

 private:
  Mail& mail_;
  int64_t from_, to_, tag_, number_ = 0;
  std::span<std::byte> in_;
  bool is_done_;
};

class ThreadWorld : public World {
 public:
  ThreadWorld(int64_t rank, int64_t size, const WorldOptions& options, Mail& mail)
      : World(rank, size, options), mail_(mail) {}

  std::unique_ptr<Swap> swap(int64_t other, int64_t tag, std::span<const std::byte> out,
                             std::span<std::byte> in) override {
    if (!out.empty()) mail_.post(rank(), other, tag, Bytes(out.begin(), out.end()));
    return std::make_unique<ThreadSwap>(mail_, other, rank(), tag, in);
  }

  std::string name_of(int64_t rank) const override { return fmt::format("rank {}", rank); }

 private:
  void send_note(int64_t other, Note note) override {
    const auto bytes = std::as_bytes(std::span(&note, 1));
    mail_.post(rank(), other, note_tag, Bytes(bytes.begin(), bytes.end()));
  }

  int64_t receive_note(Note& note) override {
    Bytes bytes;
    for (int64_t from = 0; from < size(); ++from) {
      if (!mail_.take_next(from, rank(), note_tag, bytes)) continue;
      std::memcpy(&note, bytes.data(), sizeof note);
      return from;
    }
    return -1;
  }

  Mail& mail_;
};

}  // namespace

void run_ranks(int64_t ranks, const std::function<void(World&)>& work, const WorldOptions& options) {
  Mail mail;
  std::vector<std::unique_ptr<ThreadWorld>> worlds;
  for (int64_t r = 0; r < ranks; ++r)
    worlds.push_back(std::make_unique<ThreadWorld>(r, ranks, options, mail));
  std::mutex mutex;
  std::exception_ptr told;
  const auto rank_of = [&](World& world) {
    try {
      work(world);
      world.barrier();  // who is done waits for the others, and hears if one fails
    } catch (const OtherRankFailed&) {
      world.farewell(false);
    } catch (...) {
      const std::exception_ptr error = std::current_exception();
      if (!world.farewell(true).speaks) return;
      const std::scoped_lock lock(mutex);
      told = error;
    }
  };
  std::vector<std::thread> threads;
  for (const auto& world : worlds) threads.emplace_back(rank_of, std::ref(*world));
  for (std::thread& thread : threads) thread.join();
  if (told) std::rethrow_exception(told);
}

}  // namespace gradus::parallel
