#include "experiments/run/population.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <limits>
#include <memory>

#include "core/base/build_info.hpp"
#include "core/base/error.hpp"
#include "core/kernels/kernels.hpp"
#include "core/parallel/parallel.hpp"
#include "envs/mujoco/world.hpp"
#include "experiments/record/access.hpp"
#include "experiments/run/family.hpp"
#include "experiments/run/fault_options.hpp"
#include "experiments/run/parallel_lives.hpp"
#include "experiments/run/population_progress.hpp"
#include "experiments/run/request_text.hpp"
#include "experiments/run/resume.hpp"
#include "experiments/run/run_folder.hpp"
#include "experiments/run/stop_signal.hpp"

namespace infans::experiments {
namespace {

// The numbers that are to be lived, ascending.
std::vector<int> chosen_numbers(const RunRequest& request, const Design& design) {
  std::vector<int> numbers = request.participants;
  if (numbers.empty())
    for (int k = 1; k <= design.participants; ++k) numbers.push_back(k);
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  for (const int k : numbers)
    if (k < 1 || k > design.participants)
      throw base::OptionError("participants", "--participants " + std::to_string(k) +
                                                  ": this study has the numbers 1 .. " +
                                                  std::to_string(design.participants));
  return numbers;
}

StudyTable table_of(const std::string& name, std::vector<Variable> columns, const std::vector<Variable>& own) {
  columns.insert(columns.end(), own.begin(), own.end());
  return {name, variables_json(columns), static_cast<int>(columns.size())};
}

const std::vector<Variable> life_columns = {{"sample", "", "samples lived, from 1"},
                                            {"age_days", "d", "developmental age after it"},
                                            {"seconds", "s", "simulated time lived"},
                                            {"stage", "", "place in the participant's stages, from 0"}};
const std::vector<Variable> probe_columns = {{"occasion", "", "which test of this probe, from 0"},
                                             {"trial", "", "of the occasion, from 1"},
                                             {"age_days", "d", "developmental age"},
                                             {"sample", "", "samples lived before"},
                                             {"stage", "", "place in the participant's stages, from 0"}};

// What is logged of each participant of a cell: its size is the same all over the cell and all over a life.
struct CellLogs {
  std::string signals_json;
  std::size_t signals = 0;  // values
  int physics = 0;
  bool bodies = false;
};

// What a body is like is known from a body.
void look_at_body(const Design& d, const Cell& cell, const LogPolicy& policy, CellLogs& logs) {
  const Design::Person first = d.person(cell.first);
  const config::Options& options = first.stages->front().options;
  const std::unique_ptr<Participant> participant = d.study.protocol.make(options, first.identity);
  participant->begin_stage(options);
  participant->set_age(d.start_days);
  logs.bodies = !participant->body().empty();
  if (policy.physics_every > 0) logs.physics = static_cast<int>(participant->physics().size());
}

std::vector<CellLogs> logs_of(const Design& d) {
  const LogPolicy policy = log_policy(d.study.options);
  const Protocol& protocol = d.study.protocol;
  std::vector<CellLogs> cells(d.cells.size());
  for (std::size_t c = 0; c < cells.size(); ++c) {
    if (policy.signals != LogPolicy::Signals::none && protocol.signals) {
      const std::vector<Signal> signals = protocol.signals(d.cells[c].orders.front().front().options);
      cells[c].signals_json = signals_json(signals);
      cells[c].signals = values_of(signals);
    }
    if (policy.bodies()) look_at_body(d, d.cells[c], policy, cells[c]);
  }
  return cells;
}

StudyHeader header_of(const Design& d, const std::vector<int>& numbers, const std::vector<CellLogs>& logs,
                      const RunRequest& request) {
  const StudyFile& s = d.study;
  const LogPolicy policy = log_policy(s.options);
  StudyHeader h;
  h.texts = {{"infans_version", base::version()},         {"git_hash", base::git_hash()},
             {"mujoco_version", envs::mujoco_version()},  {"isa", kernels::best().isa},
             {"spec_name", s.options.text("study.name")}, {"protocol", s.protocol.name},
             {"options_toml", recorded_toml(s.options)},  {"spec_toml", s.text},
             {"request", request_toml(request)},          {"design", design_json(d)}};
  h.seed = static_cast<std::uint64_t>(s.options.integer("population.seed"));
  h.compression = static_cast<int>(s.options.integer("record.compression"));
  h.faults = faults_of(s.options, "record");
  h.life = table_of("life", life_columns, s.protocol.variables);
  for (const ProbePlan& p : d.probes) h.probes.push_back(table_of(p.entry->name(), probe_columns, p.kind->measures));
  for (const int k : numbers) {
    const Design::Person person = d.person(k);
    const auto cell = static_cast<std::size_t>(person.cell);
    StudyHeader::Person p{k, person.cell, person.identity.seed, d.cells[cell].name, stages_json(*person.stages)};
    p.signals_json = logs[cell].signals_json;
    p.signals = logs[cell].signals > 0 ? 1 + static_cast<int>(logs[cell].signals) : 0;
    p.physics = logs[cell].physics;
    p.bodies = logs[cell].bodies;
    p.states = policy.states;
    h.people.push_back(std::move(p));
  }
  return h;
}

std::unique_ptr<const Design> design_of(const RunRequest& request) {
  StudyFile study = read_study_file(request.spec, request.protocol, request.settings);
  study.protocol = with_probes(std::move(study.protocol), request.probes);
  if (request.agents) {
    study.options.set("population.participants", static_cast<long>(*request.agents), "--agents");
    for (Entry& group : study.groups) group.fields.set("group.participants", 0L, "--agents");
  }
  if (request.seed) {
    const std::uint64_t most = std::numeric_limits<long>::max();  // beyond a long the value would turn negative
    study.options.set("population.seed", static_cast<long>(std::min(*request.seed, most)), "--seed");
  }
  if (request.world)
    throw base::OptionError("world", "a study of protocol " + study.protocol.name +
                                         " has its own worlds; give a Protocol to put another in their place");
  return make_design(std::move(study));
}

void print_results(const RunFolder& folder, const PopulationProgress& progress) {
  std::fflush(stdout);
  const bool drawn = write_report(folder.file("run.h5"), folder.file("report.html"), true);
  std::printf("%s\nrecord   %s\nsummary  %s\nreport   %s\n", progress.table().c_str(), folder.file("run.h5").c_str(),
              folder.file("summary.json").c_str(),
              drawn ? folder.file("report.html").c_str()
                    : "not drawn: infans-report is not on the PATH (scripts/setup installs it) or failed");
  if (interrupted()) std::printf("stopped; it goes on with: infans resume %s\n", folder.path().c_str());
  std::fflush(stdout);
}

// identity: refused before the record is touched.
std::unique_ptr<StudyRecorder> open_record(const std::string& path, const StudyHeader& header, const Texts& identity,
                                           bool resumes, bool quiet) {
  if (!resumes) return std::make_unique<StudyRecorder>(path, header);
  Texts there;
  for (const auto& [name, text] : identity) there.emplace_back(name, read_text(path, name));
  require_same(path, there, identity);
  recover_aloud(path, quiet);
  return std::make_unique<StudyRecorder>(path, header, StudyRecorder::Resume{});
}

// Before the record is opened for writing: what an earlier session has brought to its end.
void report_ended(const std::string& path, PopulationProgress& progress) {
  const std::vector<double> wall = read_values(path, "ledger/wall_seconds"),
                            samples = read_values(path, "ledger/samples"), excluded = read_values(path, "excluded");
  for (std::size_t k = 0; k < wall.size(); ++k)
    if (!std::isnan(wall[k]))
      progress.ended_before(static_cast<int>(k), static_cast<long>(samples[k]), wall[k], static_cast<int>(excluded[k]));
}

}  // namespace

std::vector<std::pair<std::string, std::string>> study_texts(const RunRequest& request) {
  const std::unique_ptr<const Design> design = design_of(request);
  return header_of(*design, chosen_numbers(request, *design), std::vector<CellLogs>(design->cells.size()), request)
      .texts;
}

std::string run_population(const RunRequest& request) {
  if (request.threads) require_threads(*request.threads);
  // Eigen blocks its products by the caches it finds: with fixed sizes, sums keep their order on every processor.
  Eigen::setCpuCacheSizes(32 << 10, 256 << 10, 2 << 20);
  const std::unique_ptr<const Design> design = design_of(request);
  const std::vector<int> numbers = chosen_numbers(request, *design);
  const std::vector<Family> families = families_of(numbers, *design);
  const std::string& name = design->study.options.text("study.name");
  const RunFolder folder(request.out, name, request.resume);
  const std::string path = folder.file("run.h5");
  const bool resumes = request.resume && folder.has_record();
  if (!request.quiet)
    for (const std::string& remark : design->remarks) std::fprintf(stderr, "infans: %s\n", remark.c_str());
  const std::vector<CellLogs> logs = logs_of(*design);
  std::vector<std::size_t> signals;
  for (const CellLogs& cell : logs) signals.push_back(cell.signals);
  StudyHeader header = header_of(*design, numbers, logs, request);
  const int threads = request.threads.value_or(parallel::available_threads());
  const Texts identity = header.texts;
  header.texts.emplace_back("threads", std::to_string(threads));
  const Checkpoints checkpoints(folder.path(), identity, design->study.options.number("record.checkpoint_seconds"),
                                faults_of(design->study.options, "checkpoint"));
  PopulationProgress progress(*design, numbers, request.quiet);
  std::exception_ptr failure;
  {
    const StopOnSignal guard;
    const std::unique_ptr<StudyRecorder> recorder = open_record(path, header, identity, resumes, request.quiet);
    const double spent = resumes ? read_values(path, "ledger/joules").at(0) : 0.0;
    if (resumes) report_ended(path, progress);
    const FamilyRun run({*design, numbers, signals, *recorder, progress, checkpoints, resumes, request.on_sample});
    if (resumes && run.check(families)) folder.remove_results();
    const Outcome outcome = live_in_parallel(
        static_cast<int>(families.size()), threads, [&] { return !recorder->failed(); },
        [&](int k) { run.live(families[static_cast<std::size_t>(k)]); });
    failure = outcome.failure;  // the other lives went on; their files are completed first
    if (!recorder->failed()) recorder->commit_energy(spent + outcome.joules);
    recorder->close();
  }
  progress.finish();
  write_text_file(folder.file("summary.json"), progress.json(interrupted()));
  if (!request.quiet) print_results(folder, progress);
  if (failure) std::rethrow_exception(failure);
  return path;
}

}  // namespace infans::experiments
