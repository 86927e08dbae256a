// A writer that dies at any moment leaves every committed row readable and bitwise right.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "core/base/error.hpp"
#include "tests/crash/known_rows.hpp"

using namespace infans;
using namespace infans::test;
using experiments::inspect;
using experiments::Recorder;

namespace {

// What happens at one write: the process dies before it, or between two of its pages (where the kernel stops a killed
// process's write); or it fails, and alone or with all that follow.
enum class Fault { kill, tear, error, full };
std::atomic<long> writes_left{-1};  // to the fault; never if negative from the start
std::atomic<Fault> fault{Fault::kill};
std::atomic<bool> disk_full{false};
constexpr std::size_t page = 4096;

}  // namespace

// HDF5 writes through this one instead of libc's.
extern "C" ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  const std::size_t first = page - static_cast<std::size_t>(offset) % page;
  const bool counts = fault != Fault::tear || first < size;  // only what crosses a page can be torn
  const bool now = counts && writes_left >= 0 && writes_left-- == 0;
  if (now && (fault == Fault::kill || fault == Fault::tear)) {
    if (fault == Fault::tear) syscall(SYS_pwrite64, fd, data, first, offset);
    ::kill(getpid(), SIGKILL);
  }
  if (now && fault == Fault::full) disk_full = true;
  if (now || disk_full) {
    errno = disk_full ? ENOSPC : EIO;
    return -1;
  }
  return syscall(SYS_pwrite64, fd, data, size, offset);
}

namespace {

constexpr long block = 20;  // rows; chunks of 64 fill in the middle of a block

struct Progress {
  std::atomic<long> done[2];  // blocks whose commit returned: all but the last of them are written
  std::atomic<long> writes;   // still to come of a large number
  std::atomic<bool> started;
};

struct Shared {
  Progress* at = static_cast<Progress*>(
      mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  Shared() { new (at) Progress{}; }
  ~Shared() { munmap(at, sizeof(Progress)); }
};

void commit_block(Recorder& recorder, int agent, long i, Progress& progress) {
  recorder.commit(agent, known_steps(agent, i * block, block), {known_episode(agent, i)});
  progress.done[agent] = i + 1;
}

template <typename Body>
pid_t in_child(const Body& body) {
  std::cout.flush();  // or a child that exits prints it again
  const pid_t child = fork();
  if (child == 0) {
    int status = 99;
    try {
      status = body();
    } catch (const std::exception& e) {
      std::fprintf(stderr, "child: %s\n", e.what());
    }
    _exit(status);
  }
  return child;
}

int status_of(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

// All but the block under way count, at most one block more does, and what counts is right.
void check_record(const std::string& path, const Progress& progress) {
  const RunSummary s = inspect(path);
  REQUIRE(s.agents == 2);
  for (int k = 0; k < 2; ++k) {
    const RunSummary::Agent& a = s.per_agent[static_cast<std::size_t>(k)];
    const long done = progress.done[k];
    CHECK(a.committed_steps >= (done - 1) * block);
    CHECK(a.committed_steps <= (done + 1) * block);
    CHECK(a.committed_steps % block == 0);
    CHECK(a.committed_episodes >= done - 1);
    CHECK(a.committed_episodes * block <= a.committed_steps);
  }
  CHECK(wrong_rows(path, s) == "");
}

constexpr long blocks = 8;  // 160 rows of each agent: two full chunks and a partial one
constexpr long never = 1'000'000'000;

// Creates a record and lives; the fault comes at write `at`.
int live(const std::string& path, long at, Progress& progress) {
  Recorder recorder(path, known_header(2));
  writes_left = at;
  for (long i = 0; i < blocks; ++i)
    for (int k = 0; k < 2; ++k) commit_block(recorder, k, i, progress);
  recorder.sync();
  progress.writes = at - writes_left;
  recorder.close();
  return 0;
}

// Lives to a failed write: 0 if all goes as it must, down to a normal exit.
int fail(const Directory& d, long at, Progress& progress) {
  Recorder recorder(d.file("run.h5"), known_header(2));
  writes_left = at;
  std::string text;
  try {
    for (long i = 0; i < blocks; ++i)
      for (int k = 0; k < 2; ++k) commit_block(recorder, k, i, progress);
    recorder.sync();
  } catch (const base::FileError& e) {
    text = e.what();
  }
  const char* reason = fault == Fault::full ? "No space left" : "Input/output error";
  if (text.find("run.h5") == std::string::npos || text.find(reason) == std::string::npos) {
    std::fprintf(stderr, "%s\n", text.c_str());
    return 1;
  }
  disk_full = false;  // room again, but this record is over
  try {
    recorder.commit(1, {}, {});
    return 2;
  } catch (const base::FileError&) {
  }
  if (wrong_rows(d.file("run.h5"), inspect(d.file("run.h5"))) != "") return 3;  // this process reads it, too
  recorder.close();
  Recorder next(d.file("next.h5"), known_header(1));
  next.commit(0, known_steps(0, 0, block), {});
  next.close();
  if (inspect(d.file("next.h5")).per_agent[0].committed_steps != block) return 4;
  std::exit(0);  // with what HDF5 does at exit
}

}  // namespace

TEST_CASE("killed at random moments, two threads") {
  const char* more = std::getenv("INFANS_CRASH_TRIALS");
  const int trials = more != nullptr ? std::atoi(more) : 10;
  unsigned key = 20260731;
  for (int trial = 0; trial < trials; ++trial) {
    CAPTURE(trial);
    const Directory d;
    const Shared shared;
    const pid_t child = in_child([&] {
      Recorder recorder(d.file("run.h5"), known_header(2));
      shared.at->started = true;
      const auto endless = [&](int k) {
        for (long i = 0;; ++i) commit_block(recorder, k, i, *shared.at);
      };
      std::thread other(endless, 1);
      endless(0);
      return 0;
    });
    for (int i = 0; i < 10'000 && !shared.at->started; ++i) usleep(1000);
    CHECK(shared.at->started);  // or the child could not even create it
    key = key * 1664525u + 1013904223u;
    usleep(5000 + (key >> 8) % 120'000);
    ::kill(child, SIGKILL);
    const int status = status_of(child);
    REQUIRE(WIFSIGNALED(status));
    check_record(d.file("run.h5"), *shared.at);
  }
}

namespace {

// How many writes `blocks` blocks take that the fault can come at.
long count_writes(Fault f) {
  fault = f;
  const Directory d;
  const Shared shared;
  REQUIRE(status_of(in_child([&] { return live(d.file("run.h5"), never, *shared.at); })) == 0);
  check_record(d.file("run.h5"), *shared.at);
  REQUIRE(shared.at->writes >= 8);  // or the trials would try nothing
  return shared.at->writes;
}

// 1: every write. The default samples evenly; a prime meets all datasets.
long stride() {
  const char* chosen = std::getenv("INFANS_CRASH_STRIDE");
  return chosen != nullptr ? std::max(1L, std::atol(chosen)) : 23;
}

}  // namespace

TEST_CASE("killed before every write, and in the middle of every write that crosses a page") {
  for (const Fault f : {Fault::kill, Fault::tear}) {
    const long writes = count_writes(f);
    for (long at = 0; at < writes; at += f == Fault::tear ? 1 : stride()) {
      CAPTURE(at);
      CAPTURE(static_cast<int>(f));
      const Directory d;
      const Shared shared;
      fault = f;
      const int status = status_of(in_child([&] { return live(d.file("run.h5"), at, *shared.at); }));
      REQUIRE(WIFSIGNALED(status));
      check_record(d.file("run.h5"), *shared.at);
    }
  }
}

TEST_CASE("a failed write is an error that names the file and its reason, and nothing is written after it") {
  for (const Fault f : {Fault::error, Fault::full}) {
    const long writes = count_writes(f);
    for (long at = f == Fault::full ? 7 : 0; at < writes; at += stride()) {
      CAPTURE(at);
      CAPTURE(static_cast<int>(f));
      const Directory d;
      const Shared shared;
      fault = f;
      REQUIRE(status_of(in_child([&] { return fail(d, at, *shared.at); })) == 0);
      check_record(d.file("run.h5"), *shared.at);
    }
  }
}

TEST_CASE("a record that cannot be created leaves nothing behind") {
  for (const long at : {0L, 1L, 5L, 20L}) {
    CAPTURE(at);
    const Directory d;
    fault = Fault::full;
    REQUIRE(status_of(in_child([&] {
              writes_left = at;
              try {
                Recorder(d.file("run.h5"), known_header(2));
                return 1;
              } catch (const base::FileError&) {
              }
              disk_full = false;
              if (std::filesystem::exists(d.file("run.h5"))) return 2;
              Recorder again(d.file("run.h5"), known_header(2));
              again.commit(0, known_steps(0, 0, block), {});
              return 0;
            })) == 0);
    CHECK(inspect(d.file("run.h5")).per_agent[0].committed_steps == block);
  }
}
