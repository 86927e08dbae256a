// Typed errors. A message says where, what and what to do; the fields keep the data for programs.
#pragma once

#include <stdexcept>
#include <string>

namespace infans::base {

// Anything a caller can handle. Library bugs are std::logic_error or asserts, never this.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A mistake in what the user wrote or asked for; the CLI exits with 2.
class UserError : public Error {
 public:
  using Error::Error;
};

// An option key that does not exist, or a value outside its legal range.
class OptionError : public UserError {
 public:
  OptionError(std::string key, const std::string& message) : UserError(message), key(std::move(key)) {}
  std::string key;
};

// A number in an array that cannot be used, such as NaN; index is its place in the array.
class ValueError : public UserError {
 public:
  ValueError(std::string name, long index, const std::string& message)
      : UserError(message), name(std::move(name)), index(index) {}
  std::string name;
  long index;
};

// A file that is missing, unreadable, unwritable, of another type or version, or already there.
class FileError : public UserError {
 public:
  FileError(std::string path, const std::string& message) : UserError(path + ": " + message), path(std::move(path)) {}
  std::string path;
};

// A body description (MJCF) that does not load or does not fit its use.
class BodyError : public UserError {
 public:
  BodyError(std::string source, const std::string& message)
      : UserError(source + ": " + message), source(std::move(source)) {}
  std::string source;
};

// A world that left its domain while running (NaN state, engine warning); step is the control step in the episode.
class SimulationError : public Error {
 public:
  SimulationError(std::string world, long step, const std::string& message)
      : Error(world + ", step " + std::to_string(step) + ": " + message),
        world(std::move(world)),
        reason(message),
        step(step) {}
  std::string world, reason;
  long step;
};

}  // namespace infans::base
