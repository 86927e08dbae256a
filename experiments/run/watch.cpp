#include "experiments/run/watch.hpp"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <system_error>
#include <thread>

#include "core/base/error.hpp"
#include "experiments/record/access.hpp"
#include "experiments/run/clocks.hpp"
#include "experiments/run/record_view.hpp"
#include "experiments/run/run_folder.hpp"
#include "experiments/run/stop_signal.hpp"

namespace infans::experiments {

namespace fs = std::filesystem;

namespace {

// Whether `test` holds for an entry of a folder; what disappears meanwhile, or cannot be read, does not count.
template <typename Test>
bool any_entry(const fs::path& folder, const Test& test) {
  std::error_code none;
  for (fs::directory_iterator at(folder, none), end; at != end; at.increment(none))
    if (test(at->path())) return true;
  return false;
}

// Linux shows what each process has open.
bool is_written(const std::string& path) {
  std::error_code none;
  struct stat record {};
  if (stat(path.c_str(), &record) != 0) return false;
  return any_entry("/proc", [&](const fs::path& process) {
    if (process.filename().string().find_first_not_of("0123456789") != std::string::npos) return false;
    return any_entry(process / "fd", [&](const fs::path& descriptor) {
      const auto mode = fs::symlink_status(descriptor, none).permissions();
      struct stat open {};  // by what it is, not by its name: a record gets its name when it is whole
      return (mode & fs::perms::owner_write) != fs::perms::none && stat(descriptor.c_str(), &open) == 0 &&
             open.st_dev == record.st_dev && open.st_ino == record.st_ino;
    });
  });
}

bool belongs_to_other(const std::string& path) {
  struct stat status {};
  return geteuid() != 0 && stat(path.c_str(), &status) == 0 && status.st_uid != geteuid();
}

}  // namespace

// In this order: whoever closes a record says so in it first.
WriterState writer_state(const std::string& path) {
  if (is_written(path)) return WriterState::running;
  if (!left_open(path)) return WriterState::gone;
  return belongs_to_other(path) ? WriterState::running : WriterState::killed;
}

namespace {

constexpr double window = 10.0;   // s over which rates are taken
constexpr double patience = 5.0;  // s in which a record may not be readable: while it is made, or opened to go on

std::size_t terminal_rows() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row < 6) return 24;
  return size.ws_row - 1;
}

struct Look {
  RecordView view;
  WriterState writer;
  bool goes_on() const { return writer == WriterState::running && !view.ended(); }
  std::string state() const {
    if (view.ended()) return "ended";
    if (writer == WriterState::running) return "running";
    return writer == WriterState::killed ? "killed" : "stopped";
  }
};

Look look_at(const std::string& path) {
  Look look{view_of(path), writer_state(path)};
  if (!look.goes_on()) look.view = view_of(path);  // what was written before the writer went
  return look;
}

class Follower {
 public:
  explicit Follower(double every) : every_(every), terminal_(isatty(STDOUT_FILENO) == 1) {}

  // Until the record grows no more, or it is told to stop.
  void follow(const std::string& path) {
    const StopOnSignal guard;
    double good = wall_seconds();
    for (bool goes_on = true; goes_on && !interrupted();) {
      try {
        goes_on = show(look_at(path));
        good = wall_seconds();
      } catch (const base::FileError&) {
        if (wall_seconds() - good > patience) throw;
      }
      if (goes_on) wait();
    }
  }

 private:
  bool show(Look look) {
    while (views_.size() > 1 && look.view.at - views_[1].at >= window) views_.pop_front();
    const RecordView* const before = views_.empty() ? nullptr : &views_.front();
    const std::string text = view_in_words(look.view, before, look.state(), terminal_ ? terminal_rows() : 0);
    if (terminal_ && drawn_ > 0) std::printf("\033[%tdA\033[J", drawn_);
    std::fputs(text.c_str(), stdout);
    if (!look.goes_on() && !look.view.ended())
      std::printf("go on with it: infans resume %s\n", fs::path(look.view.path).parent_path().c_str());
    std::fflush(stdout);
    drawn_ = std::count(text.begin(), text.end(), '\n');
    const bool goes_on = look.goes_on();
    views_.push_back(std::move(look.view));
    return goes_on;
  }

  void wait() const {
    const double until = wall_seconds() + every_;
    while (!interrupted() && wall_seconds() < until) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }

  double every_;
  bool terminal_;
  std::ptrdiff_t drawn_ = 0;
  std::deque<RecordView> views_;
};

}  // namespace

int watch(const std::string& run, bool once, double every) {
  if (!(every > 0.0)) throw base::UserError("--every: seconds between two views, above 0");
  const std::string path = record_of(run);
  if (!once) {
    Follower(every).follow(path);
    return 0;
  }
  const Look look = look_at(path);
  std::fputs(view_in_words(look.view, nullptr, look.state(), 0).c_str(), stdout);
  return 0;
}

}  // namespace infans::experiments
