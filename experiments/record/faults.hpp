// Faults on purpose, to see what they lead to: the debug options of whoever writes a record or a checkpoint.
#pragma once

namespace infans::experiments {

struct Faults {
  enum class Kind {
    none,
    full,       // a write finds no room (ENOSPC)
    io,         // a write fails (EIO)
    sync,       // fsync fails (EIO)
    read_only,  // the file cannot be created or opened for writing (EROFS); `at` does not matter
    removed,    // the file is removed by somebody else, just before a write
    memory,     // no memory is left for a block (std::bad_alloc)
  };
  Kind kind = Kind::none;
  long at = 1;          // the first write, fsync or block that it concerns, from 1
  bool lasting = true;  // all that come after it, too
};

}  // namespace infans::experiments
