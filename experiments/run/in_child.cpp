#include "experiments/run/in_child.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "core/base/error.hpp"
#include "experiments/run/clocks.hpp"

namespace infans::experiments {

int in_child(const std::string& path, double limit_seconds, const std::function<int()>& read) {
  std::fflush(nullptr);  // or both would print what waits
  const pid_t child = fork();
  if (child < 0) return read();
  if (child == 0) {
    const int code = read();
    std::fflush(nullptr);
    _exit(code);
  }
  const double began = wall_seconds();
  int status = 0;
  for (useconds_t pause = 500; waitpid(child, &status, WNOHANG) == 0; pause = pause < 50000 ? 2 * pause : pause) {
    if (wall_seconds() - began > limit_seconds) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      throw base::FileError(path, "is damaged: reading it came to no end; nothing was changed");
    }
    usleep(pause);
  }
  if (WIFSIGNALED(status))
    throw base::FileError(path, "is damaged: HDF5 ended with signal " + std::to_string(WTERMSIG(status)) +
                                    " while it was read; nothing was changed");
  return WEXITSTATUS(status);
}

}  // namespace infans::experiments
