#include "experiments/run/study.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <limits>

#include "core/base/build_info.hpp"
#include "core/base/error.hpp"
#include "core/kernels/kernels.hpp"
#include "core/parallel/parallel.hpp"
#include "envs/mujoco/world.hpp"
#include "experiments/record/access.hpp"
#include "experiments/run/agent_run.hpp"
#include "experiments/run/fault_options.hpp"
#include "experiments/run/life.hpp"
#include "experiments/run/life_body.hpp"
#include "experiments/run/life_file.hpp"
#include "experiments/run/options.hpp"
#include "experiments/run/parallel_lives.hpp"
#include "experiments/run/population.hpp"
#include "experiments/run/progress.hpp"
#include "experiments/run/resume.hpp"
#include "experiments/run/run_folder.hpp"
#include "experiments/run/stop_signal.hpp"
#include "experiments/run/study_file.hpp"

namespace infans::experiments {
namespace {

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

void require_no_protocol(const std::string& spec, const std::string& remedy) {
  if (const std::string protocol = protocol_of(spec); !protocol.empty())
    throw base::OptionError("study.protocol", spec + ": a developmental study (protocol " + protocol + "); " + remedy);
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
  if (options.integer("success.steps") > options.integer("world.episode_steps"))
    throw base::OptionError("success.steps", "success.steps = " + std::to_string(options.integer("success.steps")) +
                                                 " is longer than an episode (world.episode_steps = " +
                                                 std::to_string(options.integer("world.episode_steps")) + ")");
  return options;
}

// A study whose every part was checked: what can be refused has been, and nothing is written yet but its folder.
struct Prepared {
  config::Options options;
  LifeBody body;  // without a world from outside
  std::function<std::unique_ptr<envs::Environment>(int)> outside;
  ModelProbe probe;
  RunHeader header;
  std::optional<RunFolder> folder;

  std::unique_ptr<envs::Environment> make_world(int agent) const {
    return outside ? outside(agent) : experiments::make_world(body, options.text("study.name"));
  }
  std::string file(const char* name) const { return folder->file(name); }
};

RunHeader describe(const config::Options& o, const envs::Spec& body, const std::string& mjcf) {
  RunHeader h{base::version(),
              base::git_hash(),
              envs::mujoco_version(),
              kernels::best().isa,
              o.text("study.name"),
              recorded_toml(o),
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
  h.faults = faults_of(o, "record");
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
  p.header.threads = std::to_string(request.threads.value_or(parallel::available_threads()));
  p.folder.emplace(request.out, p.options.text("study.name"), request.resume);
  return p;
}

void write_summary(const Prepared& study, const std::vector<LifeProgress>& lives) {
  write_text_file(study.file("summary.json"), summary_json(study.options.text("study.name"), lives, interrupted()));
}

// The end of `infans run`: the report is drawn, the table and the paths go to stdout.
void print_results(const Prepared& study, const std::vector<LifeProgress>& lives) {
  const bool drawn = write_report(study.file("run.h5"), study.file("report.html"));
  std::fprintf(stdout, "%s\nrecord   %s\nsummary  %s\nreport   %s\n", summary_table(lives).c_str(),
               study.file("run.h5").c_str(), study.file("summary.json").c_str(),
               drawn ? study.file("report.html").c_str()
                     : "not drawn: infans-report is not on the PATH (scripts/setup installs it) or failed");
  if (interrupted()) std::printf("stopped; it goes on with: infans resume %s\n", study.folder->path().c_str());
  std::fflush(stdout);
}

// What a checkpoint and a record fit only.
Texts identity_of(const RunHeader& h) {
  return {{"infans_version", h.infans_version}, {"git_hash", h.git_hash},
          {"mujoco_version", h.mujoco_version}, {"isa", h.isa},
          {"spec_toml", h.spec_toml},           {"mjcf", h.mjcf}};
}

std::unique_ptr<Recorder> open_record(const std::string& path, const RunHeader& header, bool resumes, bool quiet) {
  if (!resumes) return std::make_unique<Recorder>(path, header);
  Texts there;
  for (const auto& [name, text] : identity_of(header)) there.emplace_back(name, read_text(path, name));
  require_same(path, there, identity_of(header));
  recover_aloud(path, quiet);
  return std::make_unique<Recorder>(path, header, Recorder::Resume{});
}

}  // namespace

std::vector<std::pair<std::string, std::string>> build_info() {
  return {{"version", base::version()},       {"git_hash", base::git_hash()},
          {"compiler", base::compiler()},     {"isa", kernels::best().isa},
          {"mujoco", envs::mujoco_version()}, {"processors", std::to_string(parallel::available_threads())}};
}

std::string run_study(const RunRequest& request) {
  if (request.threads) require_threads(*request.threads);
  if (!protocol_of(request.spec).empty()) return run_population(request);
  if (!request.participants.empty())
    throw base::OptionError("participants", "--participants chooses among those of a developmental study, and '" +
                                                request.spec + "' names no protocol; use --agents and --seed");
  if (request.protocol || !request.probes.empty())
    throw base::OptionError("study.protocol", "'" + request.spec + "' names no protocol; write protocol = \"" +
                                                  (request.protocol ? request.protocol->name : "...") +
                                                  "\" in its [study]");
  const Prepared study = prepare(request);
  const std::string path = study.file("run.h5");
  const bool resumes = request.resume && study.folder->has_record();
  const Checkpoints checkpoints(study.folder->path(), identity_of(study.header),
                                study.options.number("record.checkpoint_seconds"),
                                faults_of(study.options, "checkpoint"));
  std::exception_ptr failure;
  Progress progress(study.header.agents, request.quiet);
  {
    const StopOnSignal guard;
    const std::unique_ptr<Recorder> recorder = open_record(path, study.header, resumes, request.quiet);
    const double spent = resumes ? read_values(path, "ledger/joules").at(0) : 0.0;
    bool left = !resumes;
    for (int k = 0; k < study.header.agents; ++k) left = left || !recorder->ended(k);
    if (resumes && left) study.folder->remove_results();
    if (resumes)
      for (const LifeProgress& life : ended_lives(path, study.options)) progress.ended_before(life);
    AgentRun run({study.options, study.probe, [&](int agent) { return study.make_world(agent); }, *recorder, progress,
                  study.outside ? nullptr : &checkpoints, resumes});
    const Outcome outcome = live_in_parallel(
        study.header.agents, request.threads.value_or(parallel::available_threads()),
        [&] { return !recorder->failed(); }, [&](int agent) { run.live(agent); });
    failure = outcome.failure;  // the other lives went on; their files are completed first
    if (!recorder->failed()) recorder->commit_energy(spent + outcome.joules);
    recorder->close();
  }
  progress.finish();
  write_summary(study, progress.started_lives());
  if (!request.quiet) print_results(study, progress.started_lives());
  if (failure) std::rethrow_exception(failure);
  return path;
}

std::string resume_run(const std::string& path, const RunRequest& given) {
  RunRequest request;
  request.spec = read_text(path, "spec_toml") + "\n";  // a text, not a name
  request.out = std::filesystem::path(path).parent_path().string();
  if (request.out.empty()) request.out = ".";
  request.resume = true;
  request.threads = given.threads;
  request.quiet = given.quiet;
  request.world = given.world;
  if (read_text(path, "mjcf").empty() && !request.world)
    throw base::FileError(path, "was lived in a world from outside this program; go on from where it was made");
  return run_study(request);
}

struct SteppedLife::Impl {
  explicit Impl(const RunRequest& request)
      : study(prepare(request)),
        recorder(study.file("run.h5"), study.header),
        log(recorder),
        life(study.options, 0, study.make_world(0), study.probe, log) {}
  Prepared study;
  Recorder recorder;
  RecorderLog log;
  Life life;
  bool ended = false, finalized = false;
};

SteppedLife::SteppedLife(RunRequest request) {
  require_no_protocol(request.spec, "it is run as a whole: infans run, infans.run()");
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
