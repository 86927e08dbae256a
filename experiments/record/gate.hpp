// All that HDF5 writes of one file goes through its gate. A write that fails shuts it, and HDF5 is not told: it
// believes that it writes on, stays sound and can close the file, while the disk keeps what a kill at that moment would
// have left. (HDF5's own way out of a failed write leaves files that cannot be closed.) Private to this folder.
#pragma once

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

  // Nothing more is written.
  void shut() { shut_ = true; }
  bool is_shut() const { return shut_; }
  // The first write that failed: errno and what it was; shuts the gate.
  void fail(int reason, const char* what);
  bool failed() const { return reason_ != 0; }
  // Throws base::FileError of the write that failed, if one did.
  void require_whole(const std::string& path) const;

  // Closes the descriptor of a file that HDF5 will never close.
  void release();
  void opened(int& descriptor) { descriptor_ = &descriptor; }
  // The open file has another name now.
  void renamed(const std::string& path) { name_ = path; }

  // What is to come of the next of each: 0, or errno.
  int open();
  int write(const std::string& path);
  int sync();
  // Throws std::bad_alloc where it is refused.
  void take_memory();

 private:
  bool comes(Faults::Kind kind, long& count);

  const Faults faults_;
  std::string name_;           // "": as it was opened
  int* descriptor_ = nullptr;  // of the open file
  bool shut_ = false;
  int reason_ = 0;
  const char* what_ = "";
  long writes_ = 0, syncs_ = 0, blocks_ = 0;
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
