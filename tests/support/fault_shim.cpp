// A library to be loaded before libc (LD_PRELOAD): makes one call of a program that writes files fail, or
// kills the program there, so that a test can look at what is left.
//
//     FAULT_CALL   write, fsync, rename, open, unlink or mkdir
//     FAULT_NUMBER which of these calls; 0 for none
//     FAULT_KIND   kill, or the number of an error (EIO, ENOSPC)
//     FAULT_COUNT  a file to which the number of such calls is written at the end
//
// Only what changes files counts: a file opened for reading, and standard output and error, do not.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

long calls = 0;

const char* setting(const char* name) {
  const char* const value = getenv(name);
  return value == nullptr ? "" : value;
}

/// Whether this call is the one that fails; errno is then set.
bool fails(const char* call) {
  if (strcmp(setting("FAULT_CALL"), call) != 0) return false;
  if (++calls != atol(setting("FAULT_NUMBER"))) return false;
  const char* const kind = setting("FAULT_KIND");
  if (strcmp(kind, "kill") == 0) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
  }
  errno = atoi(kind);
  return true;
}

bool is_file(int descriptor) { return descriptor > STDERR_FILENO; }

bool writes(int flags) { return (flags & O_ACCMODE) != O_RDONLY; }

[[gnu::destructor]] void report() {
  const char* const path = setting("FAULT_COUNT");
  if (*path == '\0') return;
  const long file = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  char text[32];
  const int size = snprintf(text, sizeof text, "%ld\n", calls);
  if (file >= 0) syscall(SYS_write, file, text, size);
}

int open_file(const char* path, int flags, mode_t mode) {
  if (writes(flags) && fails("open")) return -1;
  return static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

mode_t mode_of(int flags, va_list rest) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? static_cast<mode_t>(va_arg(rest, int)) : 0;
}

}  // namespace

extern "C" {

ssize_t write(int descriptor, const void* bytes, size_t size) {
  if (is_file(descriptor) && fails("write")) return -1;
  return syscall(SYS_write, descriptor, bytes, size);
}

ssize_t writev(int descriptor, const iovec* pieces, int count) {
  if (is_file(descriptor) && fails("write")) return -1;
  return syscall(SYS_writev, descriptor, pieces, count);
}

int fsync(int descriptor) {
  if (fails("fsync")) return -1;
  return static_cast<int>(syscall(SYS_fsync, descriptor));
}

int rename(const char* from, const char* to) noexcept {
  if (fails("rename")) return -1;
  return static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int unlink(const char* path) noexcept {
  if (fails("unlink")) return -1;
  return static_cast<int>(syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

int unlinkat(int folder, const char* path, int flags) noexcept {
  if (fails("unlink")) return -1;
  return static_cast<int>(syscall(SYS_unlinkat, folder, path, flags));
}

int rmdir(const char* path) noexcept {
  if (fails("unlink")) return -1;
  return static_cast<int>(syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR));
}

int remove(const char* path) noexcept {
  if (fails("unlink")) return -1;
  const int as_file = static_cast<int>(syscall(SYS_unlinkat, AT_FDCWD, path, 0));
  if (as_file == 0 || (errno != EISDIR && errno != EPERM)) return as_file;
  return static_cast<int>(syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR));
}

int mkdir(const char* path, mode_t mode) noexcept {
  if (fails("mkdir")) return -1;
  return static_cast<int>(syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_file(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_file(path, flags, mode);
}

}  // extern "C"
