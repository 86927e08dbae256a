// All that HDF5 writes of one file goes through its gate. After a failed write it is shut: HDF5 can then close the
// file, and believes that it writes, while the disk keeps what a kill at that moment would have left. Private to this
// folder.
#pragma once

#include <atomic>
#include <exception>
#include <string>

#include "experiments/record/faults.hpp"
#include "experiments/record/h5.hpp"

namespace infans::experiments::h5 {

class Gate {
 public:
  explicit Gate(const Faults& faults = {}) : faults_(faults) {}
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  void shut() { shut_ = true; }
  bool is_shut() const { return shut_; }

  // What is to come of the next of each: 0, or errno.
  int open();
  int write(const std::string& path);
  int sync();
  // Throws std::bad_alloc where it is refused.
  void take_memory();

 private:
  bool comes(Faults::Kind kind, std::atomic<long>& count);

  const Faults faults_;
  std::atomic<bool> shut_{false};
  std::atomic<long> writes_{0}, syncs_{0}, blocks_{0};
};

// Shuts a gate where its scope is left by an exception; declared after the file's handle, before those into it.
class ShutOnError {
 public:
  explicit ShutOnError(Gate& gate) : gate_(gate) {}
  ~ShutOnError() {
    if (std::uncaught_exceptions() > before_) gate_.shut();
  }
  ShutOnError(const ShutOnError&) = delete;
  ShutOnError& operator=(const ShutOnError&) = delete;

 private:
  Gate& gate_;
  const int before_ = std::uncaught_exceptions();
};

// Lets a file be opened through the gate, which must outlive it.
void pass_through(const Handle& access, Gate& gate);

}  // namespace infans::experiments::h5
