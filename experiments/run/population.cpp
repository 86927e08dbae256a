#include "experiments/run/population.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <limits>
#include <map>
#include <memory>
#include <optional>

#include "core/base/build_info.hpp"
#include "core/base/error.hpp"
#include "core/kernels/kernels.hpp"
#include "core/parallel/parallel.hpp"
#include "envs/mujoco/world.hpp"
#include "experiments/run/lifetime.hpp"
#include "experiments/run/population_progress.hpp"
#include "experiments/run/run_folder.hpp"
#include "experiments/run/stop_signal.hpp"

namespace infans::experiments {
namespace {

// Whoever is yoked to somebody lives right after its partner, on the same thread, from its tape.
struct Family {
  int partner = 0;              // number
  std::vector<int> yoked;       // numbers of those in the run
  bool partner_counts = false;  // false: it is lived only for its tape
};

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

std::vector<Family> families_of(const std::vector<int>& numbers, const Design& design) {
  std::map<int, Family> families;
  for (const int k : numbers) {
    const int partner = design.person(k).partner;
    Family& f = families[partner > 0 ? partner : k];
    f.partner = partner > 0 ? partner : k;
    if (partner > 0)
      f.yoked.push_back(k);
    else
      f.partner_counts = true;
  }
  std::vector<Family> list;
  for (auto& [partner, family] : families) list.push_back(std::move(family));
  return list;
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

StudyHeader header_of(const Design& d, const std::vector<int>& numbers) {
  const StudyFile& s = d.study;
  StudyHeader h;
  h.texts = {{"infans_version", base::version()},
             {"git_hash", base::git_hash()},
             {"mujoco_version", envs::mujoco_version()},
             {"isa", kernels::best().isa},
             {"spec_name", s.options.text("study.name")},
             {"protocol", s.protocol.name},
             {"spec_toml", s.text},
             {"options_toml", s.options.toml()},
             {"design", design_json(d)}};
  h.seed = static_cast<std::uint64_t>(s.options.integer("population.seed"));
  h.life = table_of("life", life_columns, s.protocol.variables);
  for (const ProbePlan& p : d.probes) h.probes.push_back(table_of(p.entry->name(), probe_columns, p.kind->measures));
  for (const int k : numbers) {
    const Design::Person person = d.person(k);
    h.people.push_back({k, person.cell, person.identity.seed, d.cells[static_cast<std::size_t>(person.cell)].name,
                        stages_json(*person.stages)});
  }
  return h;
}

class Run {
 public:
  Run(const Design& design, const std::vector<int>& numbers, StudyRecorder& recorder, PopulationProgress& progress)
      : design_(design), numbers_(numbers), recorder_(recorder), progress_(progress) {}

  void live(const Family& family) {
    Tape tape;
    Tape* const wanted = family.yoked.empty() ? nullptr : &tape;
    try {
      live(family.partner, family.partner_counts, nullptr, wanted);
    } catch (const base::FileError&) {
      throw;
    } catch (const base::Error&) {
      for (const int k : family.yoked) never_lived(k, "its partner failed");
      throw;
    }
    for (const int k : family.yoked) live(k, true, &tape, nullptr);
  }

 private:
  int index_of(int number) const {
    return static_cast<int>(std::lower_bound(numbers_.begin(), numbers_.end(), number) - numbers_.begin());
  }

  void never_lived(int number, const std::string& why) {
    recorder_.commit_end(index_of(number), -1, {});
    progress_.never_lived(index_of(number), why);
  }

  void live(int number, bool counts, const Tape* partner, Tape* tape) {
    if (interrupted()) return;
    const int index = index_of(number);
    const Design::Person person = design_.person(number);
    std::optional<Lifetime> life;
    try {
      life.emplace(design_, person, partner, Lifetime::Output{counts ? &recorder_ : nullptr, index, tape});
      while (!interrupted() && life->next_step())
        if (counts) progress_.report(index, *life);
    } catch (const base::FileError&) {
      throw;  // the record itself: nothing more can be written
    } catch (const std::exception& e) {
      const long samples = life ? life->samples() : 0;
      if (counts && life) {
        life->fail();  // the rows that led to the failure are its explanation
        progress_.end(index, *life, e.what());
      } else if (counts) {
        never_lived(number, e.what());
      }
      const std::string who =
          "participant " + std::to_string(number) + " (seed " + std::to_string(person.identity.seed) + ")";
      throw base::SimulationError(who, samples, e.what());
    }
    if (!counts) return;
    if (interrupted()) return life->interrupt();
    life->finalize();
    progress_.end(index, *life, "");
  }

  const Design& design_;
  const std::vector<int>& numbers_;
  StudyRecorder& recorder_;
  PopulationProgress& progress_;
};

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
  std::fflush(stdout);
}

}  // namespace

std::string run_population(const RunRequest& request) {
  // Eigen blocks its products by the caches it finds: with fixed sizes, sums keep their order on every processor.
  Eigen::setCpuCacheSizes(32 << 10, 256 << 10, 2 << 20);
  const std::unique_ptr<const Design> design = design_of(request);
  const std::vector<int> numbers = chosen_numbers(request, *design);
  const std::vector<Family> families = families_of(numbers, *design);
  const std::string& name = design->study.options.text("study.name");
  const RunFolder folder(request.out, name);
  if (!request.quiet)
    for (const std::string& remark : design->remarks) std::fprintf(stderr, "infans: %s\n", remark.c_str());
  PopulationProgress progress(*design, numbers, request.quiet);
  std::exception_ptr failure;
  {
    const StopOnSignal guard;
    StudyRecorder recorder(folder.file("run.h5"), header_of(*design, numbers));
    Run run(*design, numbers, recorder, progress);
    try {
      parallel::for_each(static_cast<int>(families.size()), request.threads.value_or(parallel::available_threads()),
                         [&](int k) { run.live(families[static_cast<std::size_t>(k)]); });
    } catch (...) {
      failure = std::current_exception();  // the other lives went on; their files are completed first
    }
    recorder.close();
  }
  progress.finish();
  write_text_file(folder.file("summary.json"), progress.json(interrupted()));
  if (!request.quiet) print_results(folder, progress);
  if (failure) std::rethrow_exception(failure);
  return folder.file("run.h5");
}

}  // namespace infans::experiments
