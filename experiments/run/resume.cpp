#include "experiments/run/resume.hpp"

#include <filesystem>

#include "core/base/error.hpp"
#include "experiments/record/study_recorder.hpp"
#include "experiments/run/population.hpp"
#include "experiments/run/request_text.hpp"
#include "experiments/run/run_folder.hpp"

namespace infans::experiments {

namespace fs = std::filesystem;

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
