#include "autograd/file.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <iterator>
#include <set>
#include <string>

#include "autograd/error.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace fs = std::filesystem;
using gradus::AtomicFile;
using gradus::IoError;
using gradus::read_file;
using gradus::remove_leftovers;
using gradus::write_file_atomically;

namespace {

std::ptrdiff_t entries(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

/// While it lives, no file of this process grows past `bytes`: a full disk that needs no disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit old_{};
};

}  // namespace

TEST_CASE("a file comes back byte for byte, and no sibling stays") {
  const TemporaryFolder folder;
  const std::string bytes("a\0b\r\n\xff", 6);
  write_file_atomically(folder / "x.bin", bytes);
  CHECK(read_file(folder / "x.bin") == bytes);
  write_file_atomically(folder / "x.bin", "");
  CHECK(read_file(folder / "x.bin").empty());
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("a large file is read whole") {
  const TemporaryFolder folder;
  std::string bytes;
  for (int i = 0; i < 300'000; ++i) bytes += static_cast<char>(i * 31 % 251);
  write_file_atomically(folder / "large", bytes);
  CHECK(read_file(folder / "large") == bytes);
}

TEST_CASE("a file that reports no size is read to its end") {
  CHECK(read_file("/proc/self/status").find("Name:") == 0);
  CHECK(read_file("/dev/null").empty());
}

TEST_CASE("reading says what is wrong with the path") {
  const TemporaryFolder folder;
  const std::string missing = (folder / "missing").string();
  CHECK_THROWS_AS(read_file(missing), IoError);
  CHECK_THROWS_WITH(read_file(missing), "cannot read " + missing + ": there is no such file");
  const std::string directory = folder.path().string();
  CHECK_THROWS_WITH(read_file(directory), "cannot read " + directory + ": it is a folder, not a file");
  write_file_atomically(folder / "file", "x");
  const std::string below = (folder / "file").string() + "/below";
  CHECK_THROWS_WITH(read_file(below),
                    "cannot read " + below + ": a part of this path is a file, not a folder");
}

TEST_CASE("writing says what is wrong with the path") {
  const TemporaryFolder folder;
  const std::string directory = folder.path().string();
  CHECK_THROWS_AS(write_file_atomically(directory, "x"), IoError);
  CHECK_THROWS_WITH(write_file_atomically(directory, "x"),
                    "cannot write " + directory + ": it is a folder, not a file");
  const std::string below = directory + "/missing/file";
  CHECK_THROWS_WITH(write_file_atomically(below, "x"),
                    "cannot write " + below + ": the folder " + directory + "/missing does not exist");
  CHECK(entries(folder.path()) == 0);
}

TEST_CASE("a disk that fills up leaves the old file and nothing else") {
  const TemporaryFolder folder;
  const std::string path = (folder / "file").string();
  write_file_atomically(path, "old");
  std::string message;
  {
    const FileSizeLimit limit(1000);
    try {
      write_file_atomically(path, std::string(5000, 'x'));
    } catch (const IoError& error) {
      message = error.what();
    }
  }
  CHECK(message == "cannot write " + path + ": File too large");
  CHECK(read_file(path) == "old");
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("a device is written in place, and its error is seen") {
  CHECK_THROWS_WITH(write_file_atomically("/dev/full", "x"),
                    "cannot write /dev/full: No space left on device");
  CHECK_NOTHROW(write_file_atomically("/dev/null", "x"));
  CHECK(fs::is_character_file("/dev/null"));
}

TEST_CASE("without a commit the old file stays") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "file", "old");
  {
    AtomicFile file(folder / "file");
    file.write("ne");
    file.write("w");
    CHECK(entries(folder.path()) == 2);
    CHECK(read_file(folder / "file") == "old");
  }
  CHECK(read_file(folder / "file") == "old");
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("pieces are joined at the commit") {
  const TemporaryFolder folder;
  AtomicFile file(folder / "file");
  file.write("one ");
  file.write("two");
  CHECK_FALSE(fs::exists(folder / "file"));
  file.commit();
  CHECK(read_file(folder / "file") == "one two");
}

TEST_CASE("a replaced file keeps its permissions, and a link stays a link") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "file", "old");
  fs::permissions(folder / "file", fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("file", folder / "link");
  write_file_atomically(folder / "link", "new");
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(read_file(folder / "file") == "new");
  struct stat status {};
  REQUIRE(::stat((folder / "file").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("what killed processes have left is removed, and nothing else") {
  const TemporaryFolder folder;
  // A child that has ended is a process that is gone.
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ::waitpid(gone, nullptr, 0);
  const std::string dead = std::to_string(gone), alive = std::to_string(::getpid());
  const std::set<std::string> stay = {".a.txt." + alive + "-0.tmp",
                                      ".a.txt." + dead + "-x.tmp",
                                      ".a.txt." + dead + ".tmp",
                                      "a.txt." + dead + "-0.tmp",
                                      ".a.txt." + dead + "-0",
                                      ".tmp",
                                      ".a.0-0.tmp",
                                      "a.txt"};
  std::set<std::string> all = stay;
  all.insert({".a.txt." + dead + "-0.tmp", ".my.long.name." + dead + "-17.tmp"});
  for (const std::string& name : all) write_file_atomically(folder / name, "x");
  std::filesystem::create_directory(folder / (".saving." + dead + "-0.tmp"));
  write_file_atomically(folder / (".saving." + dead + "-0.tmp") / "in it", "x");
  remove_leftovers(folder.path());
  std::set<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    left.insert(entry.path().filename().string());
  CHECK(left == stay);
  remove_leftovers(folder / "missing");
}
