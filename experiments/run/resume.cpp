#include "experiments/run/resume.hpp"

#include <cstdio>
#include <filesystem>

#include "core/base/error.hpp"
#include "experiments/record/recover.hpp"
#include "experiments/record/study_recorder.hpp"
#include "experiments/run/population.hpp"
#include "experiments/run/request_text.hpp"
#include "experiments/run/run_folder.hpp"

namespace infans::experiments {

namespace fs = std::filesystem;

void recover_aloud(const std::string& path, bool quiet) {
  const Recovered r = recover(path);
  if (r.was_closed || quiet) return;
  std::fprintf(stderr, "infans: %s was left open by a crash: %lld rows are kept; as it was: %s\n", path.c_str(),
               static_cast<long long>(r.kept), r.crashed.c_str());
}

std::string resume(const std::string& run, const RunRequest& given) {
  const std::string path = record_of(run);
  if (fs::path(path).filename() != "run.h5")
    throw base::FileError(path, "a run goes on in its folder, where the record is called run.h5; give that folder");
  if (filetype_of(path) == "infans-run") return resume_run(path, given);
  RunRequest request = request_of_record(path);
  if (request.out.empty()) request.out = ".";
  request.threads = given.threads;
  request.quiet = given.quiet;
  request.protocol = given.protocol;
  request.probes = given.probes;
  request.on_sample = given.on_sample;
  return run_population(request);
}

}  // namespace infans::experiments
