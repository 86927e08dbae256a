// A writer that dies at any moment leaves every committed row readable and bitwise right.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "core/base/error.hpp"
#include "tests/crash/known_rows.hpp"

using namespace infans;
using namespace infans::test;
using experiments::inspect;
using experiments::Recorder;

namespace {

// Where the process dies: at this write from now (-1: never), after the pages before the torn one. The kernel stops a
// killed process's write between pages, so this is what a SIGKILL can do.
std::atomic<long> writes_left{-1};
std::atomic<bool> tear{false};
constexpr std::size_t page = 4096;

}  // namespace

// HDF5 writes through this one instead of libc's.
extern "C" ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  if (writes_left >= 0 && writes_left-- == 0) {
    const std::size_t first = page - static_cast<std::size_t>(offset) % page;
    if (tear && first < size) syscall(SYS_pwrite64, fd, data, first, offset);
    ::kill(getpid(), SIGKILL);
  }
  return syscall(SYS_pwrite64, fd, data, size, offset);
}

namespace {

constexpr long block = 20;  // rows; chunks of 64 fill in the middle of a block

struct Progress {
  std::atomic<long> done[2];  // blocks whose commit returned
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

// Finished commits count, at most one block more does, and what counts is right.
void check_record(const std::string& path, const Progress& progress) {
  const RunSummary s = inspect(path);
  REQUIRE(s.agents == 2);
  for (int k = 0; k < 2; ++k) {
    const RunSummary::Agent& a = s.per_agent[static_cast<std::size_t>(k)];
    const long done = progress.done[k];
    CHECK(a.committed_steps >= done * block);
    CHECK(a.committed_steps <= (done + 1) * block);
    CHECK(a.committed_steps % block == 0);
    CHECK(a.committed_episodes >= done);
    CHECK(a.committed_episodes * block <= a.committed_steps);
  }
  CHECK(wrong_rows(path, s) == "");
}

// Creates a record, then dies at write `death` (-1: closes after `blocks` blocks of each agent).
int live(const std::string& path, long blocks, long death, Progress& progress) {
  constexpr long many = 1'000'000'000;
  Recorder recorder(path, known_header(2));
  writes_left = death >= 0 ? death : many;
  for (long i = 0; i < blocks; ++i)
    for (int k = 0; k < 2; ++k) commit_block(recorder, k, i, progress);
  progress.writes = many - writes_left;
  recorder.close();
  return 0;
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
    while (!shared.at->started) usleep(1000);
    key = key * 1664525u + 1013904223u;
    usleep(5000 + (key >> 8) % 120'000);
    ::kill(child, SIGKILL);
    const int status = status_of(child);
    REQUIRE(WIFSIGNALED(status));
    check_record(d.file("run.h5"), *shared.at);
  }
}

TEST_CASE("killed before every write, and in the middle of every write that crosses a page") {
  const long blocks = 8;  // 160 rows: two full chunks and a partial one
  long writes = 0;
  {
    const Directory d;
    const Shared shared;
    REQUIRE(status_of(in_child([&] { return live(d.file("run.h5"), blocks, -1, *shared.at); })) == 0);
    writes = shared.at->writes;
    check_record(d.file("run.h5"), *shared.at);
  }
  REQUIRE(writes > 100);
  // All of them with INFANS_CRASH_STRIDE=1; the default samples evenly, with a stride that is no multiple of a block.
  const char* chosen = std::getenv("INFANS_CRASH_STRIDE");
  const long stride = chosen != nullptr ? std::max(1L, std::atol(chosen)) : 17;
  for (const bool torn : {false, true})
    for (long death = torn ? 5 : 0; death < writes; death += stride) {
      CAPTURE(death);
      CAPTURE(torn);
      const Directory d;
      const Shared shared;
      tear = torn;
      const int status = status_of(in_child([&] { return live(d.file("run.h5"), blocks, death, *shared.at); }));
      REQUIRE(WIFSIGNALED(status));
      check_record(d.file("run.h5"), *shared.at);
    }
  tear = false;
}

TEST_CASE("a full disk is an error that names the file, and later commits are refused") {
  for (rlim_t room = 0; room < 200'000; room += 10'007) {
    CAPTURE(room);
    const Directory d;
    const Shared shared;
    const pid_t child = in_child([&] {
      signal(SIGXFSZ, SIG_IGN);  // then a write past the limit is EFBIG
      auto recorder = std::make_unique<Recorder>(d.file("run.h5"), known_header(2));
      const rlim_t limit = std::filesystem::file_size(d.file("run.h5")) + room;
      rlimit unlimited;
      getrlimit(RLIMIT_FSIZE, &unlimited);
      const rlimit value{limit, unlimited.rlim_max};
      setrlimit(RLIMIT_FSIZE, &value);
      int wrong = 1;
      try {
        for (long i = 0; i < 10'000; ++i) commit_block(*recorder, 0, i, *shared.at);
      } catch (const base::FileError& e) {
        const std::string text = e.what();
        wrong = text.find("run.h5") == std::string::npos || text.find("File too large") == std::string::npos;
        if (wrong) std::fprintf(stderr, "%s\n", e.what());
      }
      try {
        recorder->commit(1, {}, {});
        wrong |= 2;
      } catch (const base::FileError&) {
      }
      recorder.reset();  // must neither throw nor hang nor write
      setrlimit(RLIMIT_FSIZE, &unlimited);
      Recorder next(d.file("next.h5"), known_header(2));  // room again: other records work
      commit_block(next, 1, 0, *shared.at);
      next.close();
      shared.at->done[1] = 0;
      if (inspect(d.file("next.h5")).per_agent[1].committed_steps != block) wrong |= 4;
      std::fflush(nullptr);
      std::exit(wrong);  // with HDF5's own closing of what is still open
      return wrong;
    });
    REQUIRE(status_of(child) == 0);
    check_record(d.file("run.h5"), *shared.at);
  }
}
