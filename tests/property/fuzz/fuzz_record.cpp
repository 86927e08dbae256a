// Fuzz target: a record as it lies on the disk: what `infans inspect` and `infans recover` read.
#include <sys/resource.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/error.hpp"
#include "experiments/record/access.hpp"
#include "experiments/record/recorder.hpp"
#include "experiments/record/recover.hpp"
#include "experiments/record/study_recorder.hpp"
#include "tests/coin_protocol.hpp"

using namespace infans;

namespace {

namespace fs = std::filesystem;

// No input is larger than 200 kB; what is written of one that claims more ends here, as on a full disk.
void limit_written_files() {
  constexpr rlim_t most_bytes = rlim_t{64} << 20;
  const rlimit most{most_bytes, most_bytes};
  setrlimit(RLIMIT_FSIZE, &most);
  std::signal(SIGXFSZ, SIG_IGN);
}

// In a folder of its own, that what was kept as it was does not pile up.
void recover_copy(const std::string& path) {
  const tests::TemporaryFolder folder;
  const std::string copy = folder.file("run.h5");
  fs::copy_file(path, copy);
  experiments::recover(copy);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const tests::TemporaryFolder folder;
  static const bool limited = (limit_written_files(), true);
  static_cast<void>(limited);
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
  try {
    recover_copy(path);
  } catch (const base::UserError&) {
  }
  return 0;
}
