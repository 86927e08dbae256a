#include "experiments/run/study.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <system_error>

#include "core/base/build_info.hpp"
#include "core/base/error.hpp"
#include "core/kernels/kernels.hpp"
#include "core/parallel/parallel.hpp"
#include "envs/bodies/bodies.hpp"
#include "envs/mujoco/world.hpp"
#include "experiments/run/life.hpp"
#include "experiments/run/options.hpp"
#include "experiments/run/progress.hpp"

namespace infans::experiments {
namespace {

namespace fs = std::filesystem;

// A signal handler can reach nothing but a static; every run resets it.
volatile sig_atomic_t stop_requested = 0;

void request_stop(int) { stop_requested = 1; }

// While it lives, Ctrl-C and SIGTERM ask the lives to end after the decision at hand; a second Ctrl-C kills.
class StopOnSignal {
 public:
  StopOnSignal() {
    stop_requested = 0;
    struct sigaction action {};
    action.sa_handler = request_stop;
    action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, &interrupt_before_);
    sigaction(SIGTERM, &action, &terminate_before_);
  }
  ~StopOnSignal() {
    sigaction(SIGINT, &interrupt_before_, nullptr);
    sigaction(SIGTERM, &terminate_before_, nullptr);
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

 private:
  struct sigaction interrupt_before_ {
  }, terminate_before_{};
};

std::string json_list(const std::vector<std::string>& items) {
  std::string text = "[";
  for (std::size_t i = 0; i < items.size(); ++i) text += (i ? ", " : "") + items[i];
  return text + "]";
}

std::string quoted(const std::string& s) { return "\"" + s + "\""; }

std::string modalities_json(const envs::Spec& body) {
  std::vector<std::string> items;
  for (const envs::Modality& m : body.modalities)
    items.push_back("{\"name\": " + quoted(m.name) + ", \"unit\": " + quoted(m.unit) +
                    ", \"offset\": " + std::to_string(m.offset) + ", \"size\": " + std::to_string(m.size) + "}");
  return json_list(items);
}

std::string joints_json(const envs::Spec& body) {
  std::vector<std::string> items;
  for (const envs::Joint j : body.joints) items.push_back(quoted(j == envs::Joint::hinge ? "hinge" : "slide"));
  return json_list(items);
}

std::string outcome_json(const config::Options& o) {
  const auto number = [&](const char* key) { return config::to_text(o.number(key)); };
  return "{\"kind\": \"planar_tip\", \"length\": " + number("preference.length") + ", \"goal\": [" +
         number("preference.goal_x") + ", " + number("preference.goal_z") +
         "], \"width\": " + number("preference.width") + ", \"tolerance\": " + number("success.tolerance") + "}";
}

config::Options resolve(const RunRequest& request) {
  config::Options options = load_study(request.spec);
  for (const auto& [key, value] : request.settings) options.set_text(key, value, "--set " + key);
  if (request.agents) options.set("population.agents", static_cast<long>(*request.agents), "--agents");
  if (request.seed) options.set("population.seed", static_cast<long>(*request.seed), "--seed");
  if (request.threads && (*request.threads < 1 || *request.threads > 4096))
    throw base::OptionError("threads",
                            "--threads = " + std::to_string(*request.threads) + " is out of range; legal: 1 .. 4096");
  if (options.integer("success.steps") > options.integer("world.episode_steps"))
    throw base::OptionError("success.steps", "success.steps = " + std::to_string(options.integer("success.steps")) +
                                                 " is longer than an episode (world.episode_steps = " +
                                                 std::to_string(options.integer("world.episode_steps")) + ")");
  return options;
}

void require_cart_and_pole(const envs::Spec& body, const std::string& source) {
  if (body.joints.size() == 2 && body.joints[0] == envs::Joint::slide && body.joints[1] == envs::Joint::hinge) return;
  throw base::BodyError(source,
                        "a preference for the tip of a pole needs exactly a slide joint, then a hinge joint; "
                        "this body has " +
                            joints_json(body));
}

std::string choose_directory(const RunRequest& request, const std::string& study) {
  if (!request.out.empty()) return request.out;
  for (int k = 1;; ++k) {
    const std::string path = "runs/" + study + "-" + std::to_string(k);
    if (!fs::exists(path)) return path;
  }
}

void make_directory(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error || !fs::is_directory(path))
    throw base::FileError(path, "cannot be made a directory (" + (error ? error.message() : "a file is there") +
                                    "); choose another --out");
  if (access(path.c_str(), W_OK) != 0)
    throw base::FileError(path, "is not writable; choose another --out or change its permissions");
  if (fs::exists(fs::path(path) / "run.h5"))
    throw base::FileError((fs::path(path) / "run.h5").string(),
                          "exists already and is never overwritten; choose another --out or move it away");
}

// Atomic: readers see the old file or the new one.
void write_text(const std::string& path, const std::string& text) {
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

// The report is drawn by the Python package's infans-report; false if that is not installed or fails.
bool write_report(const std::string& run, const std::string& report) {
  const pid_t child = fork();
  if (child == 0) {
    const int null = open("/dev/null", O_WRONLY);
    dup2(null, STDOUT_FILENO);
    execlp("infans-report", "infans-report", run.c_str(), "-o", report.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  int status = 0;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void live(Life& life, Progress& progress) {
  while (stop_requested == 0) {
    const bool goes_on = life.next_step();
    if (!goes_on) break;
    if (life.episode_just_ended()) progress.report(life.progress(), false);
  }
  life.finalize();
  progress.report(life.progress(), true);
}

}  // namespace

bool interrupted() { return stop_requested != 0; }

std::vector<std::pair<std::string, std::string>> build_info() {
  return {{"version", base::version()},       {"git_hash", base::git_hash()},
          {"compiler", base::compiler()},     {"isa", kernels::best().isa},
          {"mujoco", envs::mujoco_version()}, {"processors", std::to_string(parallel::available_threads())}};
}

std::string run_study(const RunRequest& request) {
  const config::Options options = resolve(request);
  agent_options(options);
  const std::string source = options.text("body.mjcf"), mjcf = envs::load_mjcf(source);
  const envs::MujocoOptions world_options{options.number("world.control_period"), options.number("world.reset_std")};
  const auto make_world = [&] {
    return envs::make_mujoco_world(options.text("study.name"), mjcf, source, world_options);
  };
  const std::unique_ptr<envs::Environment> first = make_world();
  const envs::Spec& body = first->spec();
  require_cart_and_pole(body, source);
  const ModelProbe probe = make_probe(options, *first);

  const std::string directory = choose_directory(request, options.text("study.name"));
  make_directory(directory);
  const std::string run = (fs::path(directory) / "run.h5").string();
  const int agents = static_cast<int>(options.integer("population.agents"));
  RunHeader header{base::version(),
                   base::git_hash(),
                   envs::mujoco_version(),
                   kernels::best().isa,
                   options.text("study.name"),
                   options.toml(),
                   mjcf,
                   modalities_json(body),
                   joints_json(body),
                   outcome_json(options)};
  header.seed = static_cast<std::uint64_t>(options.integer("population.seed"));
  header.agents = agents;
  header.observation_size = body.observation_size();
  header.action_size = body.action_size;
  header.model_inputs = agents::encoding_of(body, agent_options(options)).inputs();
  header.rejected = static_cast<int>(options.integer("record.rejected"));
  header.physics_size = body.state_size;
  header.episode_steps = static_cast<int>(options.integer("world.episode_steps"));
  header.control_period = options.number("world.control_period");

  std::exception_ptr failure;
  Progress progress(agents, options.integer("life.decisions"), request.quiet);
  {
    Recorder recorder(run, header);
    const StopOnSignal guard;
    try {
      parallel::for_each(agents, request.threads.value_or(parallel::available_threads()), [&](int agent) {
        if (stop_requested != 0) return;
        Life life(options, agent, make_world(), probe, recorder);
        live(life, progress);
      });
    } catch (...) {
      failure = std::current_exception();
    }
    recorder.close();
  }
  progress.finish();
  write_text((fs::path(directory) / "summary.json").string(),
             summary_json(options.text("study.name"), progress.started_lives(), interrupted()));
  if (!request.quiet) {
    const std::string report = (fs::path(directory) / "report.html").string();
    const bool drawn = write_report(run, report);
    std::fprintf(
        stdout, "%s\nrecord   %s\nsummary  %s\nreport   %s\n", summary_table(progress.started_lives()).c_str(),
        run.c_str(), (fs::path(directory) / "summary.json").string().c_str(),
        drawn ? report.c_str() : "not drawn: infans-report is not on the PATH (scripts/setup installs it) or failed");
    std::fflush(stdout);
  }
  if (failure) std::rethrow_exception(failure);
  return run;
}

}  // namespace infans::experiments
