// Where a run keeps the states from which it goes on: checkpoints/NNNN.h5 of its folder, one of each who lives.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/record/faults.hpp"

namespace infans::experiments {

// Names and values of what a state fits only: program, processor, body, options.
using Texts = std::vector<std::pair<std::string, std::string>>;

// Throws base::FileError(path): the first of `here` that is another text there, with both values (of texts of more
// lines, the first line that differs), and what to do.
void require_same(const std::string& path, const Texts& there, const Texts& here);

class Checkpoints {
 public:
  // every_seconds: of wall time, between two states of the same life; 0: only where it is broken off.
  Checkpoints(const std::string& run_folder, Texts identity, double every_seconds, const Faults& faults = {});

  // Whether one is due that was saved last at `saved`, a time of clocks.hpp. Nothing that is lived depends on it.
  bool due(double saved) const;
  // Throws base::FileError; the one before it then still loads.
  void save(int slot, std::vector<std::uint8_t> state) const;
  // The newest that is whole; nothing where there is none. Throws base::FileError where it is of another program, body
  // or options.
  std::optional<std::vector<std::uint8_t>> load(int slot) const;
  bool has(int slot) const;
  // Of who has lived to the end.
  void remove(int slot) const;
  std::string file(int slot) const;

 private:
  mutable std::mutex folder_mutex_;  // one thread must not take the folder away that another writes to
  std::string folder_;
  Texts identity_;
  double every_;
  Faults faults_;
};

}  // namespace infans::experiments
