// MuJoCo's pointers, errors and warnings in C++ terms. Internal to envs/mujoco.
#pragma once

#include <mujoco/mujoco.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace infans::envs {

// MuJoCo called mju_error while a LogCapture was open on this thread.
class EngineError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// While one lives, this thread's MuJoCo errors become EngineError and its warnings are kept instead of printed.
// Other threads and other users of the same libmujoco keep their own handler. Allocates nothing unless an error comes.
class LogCapture {
 public:
  LogCapture() noexcept;
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  // The first warning since construction, "" when there was none.
  const char* warning() const noexcept;
};

// Puts the handler behind LogCapture in front of the one that is installed. Idempotent and thread-safe.
void install_log_handler();

struct DataDeleter {
  void operator()(mjData* d) const { mj_deleteData(d); }
};
using DataPtr = std::unique_ptr<mjData, DataDeleter>;

// Compiles MJCF text, or returns the model that a living world already has of it. Thread-safe.
// Throws base::BodyError with MuJoCo's own message, which names the element and the line.
std::shared_ptr<const mjModel> load_model(const std::string& mjcf_text, const std::string& source);

}  // namespace infans::envs
