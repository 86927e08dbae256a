// The program's own runs of lives, stopped (SIGTERM) or killed (SIGKILL) once and again, go on to the same datasets as
// one that was left alone.
#include <doctest/doctest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.hpp"
#include "envs/analytic/cartpole.hpp"
#include "experiments/record/access.hpp"
#include "experiments/record/recorder.hpp"
#include "experiments/run/resume.hpp"
#include "experiments/run/study.hpp"
#include "tests/coin_protocol.hpp"
#include "tests/lives.hpp"
#include "tests/same_datasets.hpp"

extern char** environ;

namespace {

using namespace infans;
using tests::contains;
using tests::TemporaryFolder;
namespace fs = std::filesystem;

constexpr int agents = 3;
// Small, but everything happens: planning, learning, consolidation, probes, ends of episodes.
const std::vector<std::pair<std::string, std::string>> small = {
    {"life.decisions", "40"},     {"life.successes", "0"},      {"world.episode_steps", "8"}, {"success.steps", "3"},
    {"probe.states", "10"},       {"agent.filter", "smoothed"}, {"senses.noise", "0.02"},     {"planner.horizon", "6"},
    {"planner.candidates", "40"}, {"agent.data", "random"},     {"model.harmonic_order", "1"}};

pid_t start(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), INFANS_EXECUTABLE);
  std::vector<char*> argv;
  for (std::string& a : arguments) argv.push_back(a.data());
  argv.push_back(nullptr);
  pid_t child = -1;
  REQUIRE(posix_spawn(&child, INFANS_EXECUTABLE, nullptr, nullptr, argv.data(), environ) == 0);
  return child;
}

std::vector<std::string> run_in(const std::string& folder, const std::string& threads, const std::string& every) {
  std::vector<std::string> a = {"run",      "cartpole_swingup",    "--quiet", "--out", folder, "--threads", threads,
                                "--agents", std::to_string(agents)};
  for (const auto& [key, value] : small) a.insert(a.end(), {"--set", key + "=" + value});
  a.insert(a.end(), {"--set", "record.checkpoint_seconds=" + every});
  return a;
}

bool is_record(const std::string& run_h5) {
  try {
    experiments::inspect(run_h5);
  } catch (const base::FileError&) {
    return false;
  }
  return true;
}

std::int64_t rows_of(const std::string& run_h5) {
  std::int64_t rows = 0;
  try {
    for (const auto& agent : experiments::inspect(run_h5).per_agent) rows += agent.committed_steps;
  } catch (const base::FileError&) {  // not there yet
  }
  return rows;
}

// Exit code of the child, or minus the signal that ended it; `signal` comes once so many rows are on record.
int end_of(pid_t child, int signal, const std::string& run_h5, std::int64_t rows) {
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (signal != 0 && rows_of(run_h5) >= rows) {
      kill(child, signal);
      waitpid(child, &status, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::vector<std::string> datasets() {
  std::vector<std::string> names = {"committed_steps", "committed_episodes", "ledger/samples", "ledger/belief_updates",
                                    "ledger/operations"};
  for (int k = 1; k <= agents; ++k) {
    const std::string group = "agents/00" + std::to_string(k);
    for (const char* step : {"episode",
                             "index",
                             "observation",
                             "next_observation",
                             "action",
                             "prediction",
                             "prediction_error",
                             "predictive_std",
                             "precision",
                             "vfe",
                             "accuracy",
                             "complexity",
                             "information_gain",
                             "efe",
                             "pragmatic",
                             "epistemic",
                             "rejected_action",
                             "rejected_pragmatic",
                             "rejected_epistemic",
                             "planned",
                             "physics"})
      names.push_back(group + "/step/" + step);
    for (const char* end : {"success", "decisions", "best_distance", "hold_distance", "log_evidence", "length_scale",
                            "model_error", "evaluation"})
      names.push_back(group + "/episode/" + end);
  }
  return names;
}

void check_same(const std::string& a, const std::string& b) {
  infans::tests::check_same_datasets(a, b, datasets());
  for (const double operations : experiments::read_values(b, "ledger/operations")) CHECK(operations > 1e6);
  for (const double seconds : experiments::read_values(b, "ledger/agent_wall_seconds")) CHECK(!std::isnan(seconds));
}

experiments::RunRequest request_of(const std::string& out) {
  experiments::RunRequest r;
  r.spec = "cartpole_swingup";
  r.out = out;
  r.settings = small;
  r.agents = 2;
  r.threads = 1;
  r.quiet = true;
  return r;
}

}  // namespace

TEST_CASE("a run that is stopped or killed goes on to the same datasets") {
  const TemporaryFolder folder;
  const std::string whole = folder.file("whole");
  REQUIRE(end_of(start(run_in(whole, "2", "60")), 0, "", 0) == 0);
  const std::int64_t all = rows_of(whole + "/run.h5");
  int number = 0;
  for (const std::string threads : {"1", "2"})
    for (const int signal : {SIGTERM, SIGKILL})
      for (const std::int64_t share : {threads[0] == '1' ? 1 : 0, threads[0] == '1' ? 4 : 3}) {
        CAPTURE(threads);
        CAPTURE(signal);
        CAPTURE(share);
        const std::string run = folder.file(std::to_string(++number)), record = run + "/run.h5";
        const std::string every = signal == SIGTERM ? "0" : "0.02";
        const int first = end_of(start(run_in(run, threads, every)), signal, record, all * share / 6);
        // Whoever was quicker than the signal ended well, and is taken up again in vain; one that hardly began, or has
        // ended all but its process, does not listen yet or any more.
        CHECK((first == 0 || first == -signal || (signal == SIGTERM && first == 130)));
        if (!is_record(record)) continue;  // killed before it was made: nothing was lived
        const std::vector<std::string> on = {"resume", run, "--quiet", "--threads", threads};
        const int second = end_of(start(on), signal, record, all * (share + 1) / 6);
        CHECK((second == 0 || second == -signal || (signal == SIGTERM && second == 130)));
        REQUIRE(end_of(start(on), 0, "", 0) == 0);
        check_same(whole + "/run.h5", record);
        CHECK_FALSE(fs::exists(run + "/checkpoints"));
      }
}

TEST_CASE("lives that have ended or failed are not lived again") {
  struct Mined {
    int steps = 0;
  } seen[2];
  // The second agent's world ends it at its 5th step.
  class World final : public envs::Environment {
   public:
    explicit World(int* steps, bool mined) : steps_(steps), mined_(mined) {}
    const envs::Spec& spec() const override { return inner_->spec(); }
    std::span<const double> reset(random::Stream& stream) override { return inner_->reset(stream); }
    std::span<const double> step(std::span<const double> action) override {
      if (++*steps_ == 5 && mined_) throw base::SimulationError("minefield", 5, "boom");
      return inner_->step(action);
    }
    void save(std::span<double> state) const override { inner_->save(state); }
    void restore(std::span<const double> state) override { inner_->restore(state); }
    void set_joints(std::span<const double> q, std::span<const double> v) override { inner_->set_joints(q, v); }

   private:
    std::unique_ptr<envs::Environment> inner_ = envs::make_analytic_cartpole({});
    int* steps_;
    bool mined_;
  };
  const TemporaryFolder folder;
  experiments::RunRequest request = request_of(folder.file("run"));
  request.world = [&](int agent) { return std::make_unique<World>(&seen[agent].steps, agent == 1); };
  CHECK_THROWS_AS(experiments::run_study(request), base::SimulationError);
  const int lived = seen[0].steps;
  CHECK(lived >= 40);
  CHECK(seen[1].steps == 5);
  experiments::RunRequest rest;
  rest.quiet = true;
  rest.world = request.world;
  experiments::resume(folder.file("run"), rest);
  CHECK(seen[0].steps == lived);
  CHECK(seen[1].steps == 5);
  rest.world = {};  // a world from outside this program cannot be made here
  CHECK_THROWS_AS(experiments::resume(folder.file("run"), rest), base::FileError);
}

TEST_CASE("a run of other options or another body is refused with both values, and stays as it is") {
  const TemporaryFolder folder;
  experiments::RunRequest request = request_of(folder.file("run"));
  request.settings.emplace_back("life.decisions", "9");
  const std::string path = experiments::run_study(request);
  const auto size = fs::file_size(path);
  request.resume = true;
  request.settings.emplace_back("planner.horizon", "7");
  const auto horizon = tests::caught<base::FileError>([&] { experiments::run_study(request); });
  CHECK(contains(horizon.what(), "horizon = 6"));
  CHECK(contains(horizon.what(), "horizon = 7"));
  request.settings.back() = {"body.mjcf", "cartpole_dmc"};
  const auto body = tests::caught<base::FileError>([&] { experiments::run_study(request); });
  CHECK(contains(body.what(), "\"cartpole\""));
  CHECK(contains(body.what(), "\"cartpole_dmc\""));
  CHECK(fs::file_size(path) == size);
}
