// Fuzz target: a record as it lies on the disk: what `infans inspect` and `infans recover` read.
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>

#include "core/base/error.hpp"
#include "experiments/record/access.hpp"
#include "experiments/record/recorder.hpp"
#include "experiments/record/study_recorder.hpp"
#include "tests/coin_protocol.hpp"

using namespace infans;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const tests::TemporaryFolder folder;
  const std::string path = folder.file("run.h5");
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  try {
    const bool study = experiments::filetype_of(path) == "infans-study";
    if (study)
      experiments::inspect_study(path);
    else
      experiments::inspect(path);
    experiments::read_values(path, study ? "participants/0001/life" : "agents/001/step/observation");
  } catch (const base::UserError&) {
  }
  return 0;
}
