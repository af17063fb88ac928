#include "parallel/mpi/mpi_world.hpp"

#include <mpi.h>
#include <signal.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <limits>

namespace gradus::parallel {
namespace {

void check(int code, const char* what) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  MPI_Error_string(code, text, &length);
  fail<Error>("MPI: {}: {}", what, std::string(text, static_cast<size_t>(length)));
}

int count_of(size_t bytes) {
  if (bytes > static_cast<size_t>(std::numeric_limits<int>::max()))
    fail<ValueError>("MPI: a message of {} bytes; one may have 2^31 - 1", bytes);
  return static_cast<int>(bytes);
}

class MpiSwap : public Swap {
 public:
  MpiSwap(MPI_Comm world, int other, int tag, std::span<const std::byte> out, std::span<std::byte> in) {
    if (!in.empty())
      check(MPI_Irecv(in.data(), count_of(in.size()), MPI_BYTE, other, tag, world, &requests_[0]), "receive");
    if (!out.empty())
      check(MPI_Isend(out.data(), count_of(out.size()), MPI_BYTE, other, tag, world, &requests_[1]), "send");
  }
  ~MpiSwap() override {
    // A run that ends early leaves swaps that nobody answers. Their memory is about to be used for other
    // things, so they are called off; what then still moves gets a moment for it, and the first one that
    // needs more has had it for all.
    static bool has_waited = false;
    if (requests_[0] != MPI_REQUEST_NULL) MPI_Cancel(&requests_[0]);
    const double until = MPI_Wtime() + (has_waited ? 0 : 0.1);
    int done = 0;
    do {
      if (MPI_Testall(2, requests_, &done, MPI_STATUSES_IGNORE) != MPI_SUCCESS) return;
    } while (done == 0 && MPI_Wtime() < until);
    has_waited = has_waited || done == 0;
  }

  bool is_done() override {
    int done = 0;
    check(MPI_Testall(2, requests_, &done, MPI_STATUSES_IGNORE), "wait");
    return done != 0;
  }

 private:
  MPI_Request requests_[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
};

/// A container may forbid to read the memory of another process, by which Open MPI sends to a neighbour; it
/// finds out too late, and the message is lost. So it is told to copy twice where that is so.
void mind_containers() {
  char from = 0, to = 0;
  const iovec here{&to, 1}, there{&from, 1};
  if (process_vm_readv(getpid(), &here, 1, &there, 1, 0) != 1)
    setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", 0);
}

/// MPI from its beginning to its end.
class Session {
 public:
  Session() {
    mind_containers();
    int provided = 0;
    // All calls come from the thread that trains; OpenMP's threads make none.
    check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided), "begin");
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  }
  ~Session() { MPI_Finalize(); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  using Ask = int(MPI_Comm, int*);
  static int64_t number(Ask* ask) {
    int value = 0;
    check(ask(MPI_COMM_WORLD, &value), "count the ranks");
    return value;
  }
};

class MpiWorld : private Session, public World {
 public:
  explicit MpiWorld(const WorldOptions& options)
      : World(number(MPI_Comm_rank), number(MPI_Comm_size), options) {
    check(MPI_Comm_dup(MPI_COMM_WORLD, &swaps_), "copy the world");
    check(MPI_Comm_dup(MPI_COMM_WORLD, &notes_), "copy the world");
    learn_names();
  }

  std::unique_ptr<Swap> swap(int64_t other, int64_t tag, std::span<const std::byte> out,
                             std::span<std::byte> in) override {
    return std::make_unique<MpiSwap>(swaps_, static_cast<int>(other), static_cast<int>(tag), out, in);
  }

  std::string name_of(int64_t rank) const override {
    const Name& name = names_.at(static_cast<size_t>(rank));
    return fmt::format("rank {} (process {} on {})", rank, name.process, name.host);
  }

 private:
  struct Name {
    int64_t process;
    char host[MPI_MAX_PROCESSOR_NAME];
  };

  void learn_names() {
    Name mine{};
    int length = 0;
    mine.process = getpid();
    check(MPI_Get_processor_name(mine.host, &length), "name the machine");
    names_.resize(static_cast<size_t>(size()));
    check(MPI_Allgather(&mine, sizeof mine, MPI_BYTE, names_.data(), sizeof mine, MPI_BYTE, swaps_),
          "tell the names");
  }

  void send_note(int64_t other, Note note) override {
    // Its memory stays until the process ends, for nobody may ever receive it.
    const Note& kept = sent_.emplace_back(note);
    MPI_Request request = MPI_REQUEST_NULL;
    check(MPI_Isend(&kept, sizeof kept, MPI_BYTE, static_cast<int>(other), 0, notes_, &request), "send");
    MPI_Request_free(&request);
  }

  /// A process of this machine that mpirun has found dead is no longer there; of others nothing is known.
  bool is_alive(int64_t rank) const override {
    const Name& name = names_.at(static_cast<size_t>(rank));
    const Name& own = names_[static_cast<size_t>(this->rank())];
    if (std::strcmp(name.host, own.host) != 0) return true;
    return kill(static_cast<pid_t>(name.process), 0) == 0 || errno != ESRCH;
  }

  int64_t receive_note(Note& note) override {
    int there = 0;
    MPI_Status status;
    check(MPI_Iprobe(MPI_ANY_SOURCE, 0, notes_, &there, &status), "look for a note");
    if (there == 0) return -1;
    check(MPI_Recv(&note, sizeof note, MPI_BYTE, status.MPI_SOURCE, 0, notes_, MPI_STATUS_IGNORE), "receive");
    return status.MPI_SOURCE;
  }

  MPI_Comm swaps_ = MPI_COMM_NULL, notes_ = MPI_COMM_NULL;
  std::vector<Name> names_;
  std::deque<Note> sent_;
};

}  // namespace

std::shared_ptr<World> mpi_world(const WorldOptions& options) { return std::make_shared<MpiWorld>(options); }

void leave_mpi(int code) {
  std::fflush(nullptr);
  _exit(code);
}

}  // namespace gradus::parallel
