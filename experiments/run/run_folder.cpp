#include "experiments/run/run_folder.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "core/base/error.hpp"

namespace infans::experiments {
namespace {

namespace fs = std::filesystem;

std::string choose_directory(const std::string& wanted, const std::string& study) {
  if (!wanted.empty()) return wanted;
  for (int k = 1;; ++k) {
    const std::string path = "runs/" + study + "-" + std::to_string(k);
    if (!fs::exists(path)) return path;
  }
}

}  // namespace

RunFolder::RunFolder(const std::string& wanted, const std::string& study, bool resume)
    : path_(choose_directory(wanted, study)) {
  if (resume && wanted.empty()) throw base::OptionError("out", "--resume: name the run's folder with --out");
  std::error_code error;
  fs::create_directories(path_, error);
  if (error || !fs::is_directory(path_))
    throw base::FileError(path_, "cannot be made a directory (" + (error ? error.message() : "a file is there") +
                                     "); choose another --out");
  if (access(path_.c_str(), W_OK) != 0)
    throw base::FileError(path_, "is not writable; choose another --out or change its permissions");
  if (resume && has_record()) return;
  for (const char* name : {"run.h5", "summary.json", "report.html"})
    if (fs::exists(file(name)))
      throw base::FileError(file(name),
                            "exists already and is never overwritten; choose another --out, move it away, or go on "
                            "with it: infans resume " +
                                path_);
}

void RunFolder::remove_results() const {
  std::error_code ignored;
  for (const char* name : {"summary.json", "report.html", "results.json"}) fs::remove(file(name), ignored);
}

bool RunFolder::has_record() const { return fs::exists(file("run.h5")); }

std::string RunFolder::file(const char* name) const { return (fs::path(path_) / name).string(); }

std::string record_of(const std::string& run) {
  const std::string path = fs::is_directory(run) ? (fs::path(run) / "run.h5").string() : run;
  if (!fs::exists(path))
    throw base::FileError(path, "is not there; give the folder of a run, e.g. runs/body_map-1, or its run.h5");
  return path;
}

void write_text_file(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".tmp";
  std::FILE* f = std::fopen(temporary.c_str(), "wb");
  const bool written = f != nullptr && std::fwrite(text.data(), 1, text.size(), f) == text.size() &&
                       std::fflush(f) == 0 && fsync(fileno(f)) == 0;
  const int error = errno;
  if (f != nullptr) std::fclose(f);
  std::error_code renamed;
  if (written) fs::rename(temporary, path, renamed);
  if (!written || renamed)
    throw base::FileError(
        path, "cannot be written: " + (renamed ? renamed.message() : std::generic_category().message(error)));
}

bool write_report(const std::string& run, const std::string& report, bool table) {
  const pid_t child = fork();
  if (child == 0) {
    if (!table) dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
    execlp("infans-report", "infans-report", run.c_str(), "-o", report.c_str(), table ? "--table" : nullptr,
           static_cast<char*>(nullptr));
    _exit(127);
  }
  int status = 0;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace infans::experiments
