#include "experiments/run/study.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <limits>
#include <system_error>

#include "core/base/build_info.hpp"
#include "core/base/error.hpp"
#include "core/kernels/kernels.hpp"
#include "core/parallel/parallel.hpp"
#include "envs/mujoco/world.hpp"
#include "experiments/run/life.hpp"
#include "experiments/run/life_body.hpp"
#include "experiments/run/life_file.hpp"
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

using config::quote;

std::string modalities_json(const envs::Spec& body) {
  std::vector<std::string> items;
  for (const envs::Modality& m : body.modalities)
    items.push_back("{\"name\": " + quote(m.name) + ", \"unit\": " + quote(m.unit) +
                    ", \"offset\": " + std::to_string(m.offset) + ", \"size\": " + std::to_string(m.size) + "}");
  return json_list(items);
}

std::string joints_json(const envs::Spec& body) {
  std::vector<std::string> items;
  for (const envs::Joint j : body.joints) items.push_back(quote(j == envs::Joint::hinge ? "hinge" : "slide"));
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
  for (const auto& [key, value] : request.settings) set_option(options, key, value, "--set " + key);
  if (request.agents) options.set("population.agents", static_cast<long>(*request.agents), "--agents");
  if (request.seed) {
    // Beyond a long the value would turn negative in the message.
    const std::uint64_t most = std::numeric_limits<long>::max();
    options.set("population.seed", static_cast<long>(std::min(*request.seed, most)), "--seed");
  }
  if (request.threads && (*request.threads < 1 || *request.threads > 4096))
    throw base::OptionError("threads",
                            "--threads = " + std::to_string(*request.threads) + " is out of range; legal: 1 .. 4096");
  if (options.integer("success.steps") > options.integer("world.episode_steps"))
    throw base::OptionError("success.steps", "success.steps = " + std::to_string(options.integer("success.steps")) +
                                                 " is longer than an episode (world.episode_steps = " +
                                                 std::to_string(options.integer("world.episode_steps")) + ")");
  return options;
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
  for (const char* name : {"run.h5", "summary.json", "report.html"})
    if (fs::exists(fs::path(path) / name))
      throw base::FileError((fs::path(path) / name).string(),
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

// A study whose every part was checked: what can be refused has been, and nothing is written yet but its folder.
struct Prepared {
  config::Options options;
  LifeBody body;  // without a world from outside
  std::function<std::unique_ptr<envs::Environment>(int)> outside;
  std::string directory;
  ModelProbe probe;
  RunHeader header;

  std::unique_ptr<envs::Environment> make_world(int agent) const {
    return outside ? outside(agent) : experiments::make_world(body, options.text("study.name"));
  }
  std::string file(const char* name) const { return (fs::path(directory) / name).string(); }
};

RunHeader describe(const config::Options& o, const envs::Spec& body, const std::string& mjcf) {
  RunHeader h{base::version(),
              base::git_hash(),
              envs::mujoco_version(),
              kernels::best().isa,
              o.text("study.name"),
              o.toml(),
              mjcf,
              modalities_json(body),
              joints_json(body),
              outcome_json(o)};
  h.seed = static_cast<std::uint64_t>(o.integer("population.seed"));
  h.agents = static_cast<int>(o.integer("population.agents"));
  h.observation_size = body.observation_size();
  h.action_size = body.action_size;
  h.model_inputs = agents::encoding_of(body, agent_options(o)).inputs();
  h.rejected = static_cast<int>(o.integer("record.rejected"));
  h.physics_size = body.state_size;
  h.episode_steps = static_cast<int>(o.integer("world.episode_steps"));
  h.control_period = body.control_period;
  return h;
}

Prepared prepare(const RunRequest& request) {
  // Eigen blocks its products by the caches it finds: with fixed sizes, sums keep their order on every processor.
  Eigen::setCpuCacheSizes(32 << 10, 256 << 10, 2 << 20);
  Prepared p{resolve(request), {}, request.world, {}, {}, {}};
  agent_options(p.options);  // refuses what does not fit together
  if (!p.outside) {
    p.body = load_body(p.options);
    p.probe = make_probe(p.options, *make_bare_world(p.body, p.options.text("study.name")));
  }
  const envs::Spec world = p.make_world(0)->spec();
  if (p.outside) require_cart_and_pole(world);
  p.header = describe(p.options, world, p.body.mjcf);
  p.directory = choose_directory(request, p.options.text("study.name"));
  make_directory(p.directory);
  return p;
}

void write_summary(const Prepared& study, const std::vector<LifeProgress>& lives) {
  write_text(study.file("summary.json"), summary_json(study.options.text("study.name"), lives, interrupted()));
}

// The end of `infans run`: the report is drawn, the table and the paths go to stdout.
void print_results(const Prepared& study, const std::vector<LifeProgress>& lives) {
  const bool drawn = write_report(study.file("run.h5"), study.file("report.html"));
  std::fprintf(stdout, "%s\nrecord   %s\nsummary  %s\nreport   %s\n", summary_table(lives).c_str(),
               study.file("run.h5").c_str(), study.file("summary.json").c_str(),
               drawn ? study.file("report.html").c_str()
                     : "not drawn: infans-report is not on the PATH (scripts/setup installs it) or failed");
  std::fflush(stdout);
}

void live(Life& life, Progress& progress) {
  try {
    while (stop_requested == 0) {
      const bool goes_on = life.next_step();
      if (!goes_on) break;
      if (life.episode_just_ended()) progress.report(life.progress(), false);
    }
  } catch (const base::SimulationError& e) {
    life.finalize();  // the rows that led to the failure are its explanation
    LifeProgress failed = life.progress();
    failed.failure = e.what();
    progress.report(failed, true);
    const std::string who = "agent " + std::to_string(failed.agent + 1) + " (seed " + std::to_string(failed.seed) + ")";
    throw base::SimulationError(who + ": " + e.world, e.step, e.reason);
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
  const Prepared study = prepare(request);
  const int agents = study.header.agents;
  std::exception_ptr failure;
  Progress progress(agents, request.quiet);
  {
    Recorder recorder(study.file("run.h5"), study.header);
    const StopOnSignal guard;
    try {
      parallel::for_each(agents, request.threads.value_or(parallel::available_threads()), [&](int agent) {
        if (stop_requested != 0) return;
        Life life(study.options, agent, study.make_world(agent), study.probe, recorder);
        live(life, progress);
      });
    } catch (...) {
      failure = std::current_exception();  // the other lives went on; their files are completed first
    }
    recorder.close();
  }
  progress.finish();
  write_summary(study, progress.started_lives());
  if (!request.quiet) print_results(study, progress.started_lives());
  if (failure) std::rethrow_exception(failure);
  return study.file("run.h5");
}

struct SteppedLife::Impl {
  explicit Impl(const RunRequest& request)
      : study(prepare(request)),
        recorder(study.file("run.h5"), study.header),
        life(study.options, 0, study.make_world(0), study.probe, recorder) {}
  Prepared study;
  Recorder recorder;
  Life life;
  bool ended = false, finalized = false;
};

SteppedLife::SteppedLife(RunRequest request) {
  request.agents = 1;
  impl_ = std::make_unique<Impl>(request);
}

SteppedLife::~SteppedLife() = default;

bool SteppedLife::next_step() {
  if (impl_->ended || impl_->finalized) return false;
  impl_->ended = !impl_->life.next_step();
  return !impl_->ended;
}

std::string SteppedLife::finalize() {
  if (!impl_->finalized) {
    impl_->finalized = true;
    impl_->life.finalize();
    impl_->recorder.close();
    write_summary(impl_->study, {impl_->life.progress()});
  }
  return impl_->study.file("run.h5");
}

const LifeProgress& SteppedLife::progress() const { return impl_->life.progress(); }

}  // namespace infans::experiments
