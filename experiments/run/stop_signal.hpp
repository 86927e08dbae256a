// Ctrl-C and SIGTERM as a wish to stop, for everything that runs lives.
#pragma once

#include <csignal>

namespace infans::experiments {

// While it lives, Ctrl-C and SIGTERM ask the lives to end after the decision at hand; a second Ctrl-C kills.
class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

 private:
  struct sigaction interrupt_before_ {
  }, terminate_before_{};
};

// True if the last run of this process was asked to stop.
bool interrupted();

}  // namespace infans::experiments
