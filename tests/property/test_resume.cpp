// A study that is stopped or killed at any sample and goes on has the same datasets as one that was not.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.hpp"
#include "experiments/record/access.hpp"
#include "experiments/run/resume.hpp"
#include "experiments/run/stop_signal.hpp"
#include "tests/coin_protocol.hpp"
#include "tests/same_datasets.hpp"

using namespace infans;
namespace fs = std::filesystem;

namespace {

// Stages of two kinds, a probe in their middle, a group that is yoked, everything logged.
const std::string study = tests::coin_study(
    "[population]\nparticipants = 2\n"
    "[record]\nsignals = \"every\"\nphysics_every = 2\nstates = true\n"
    "[[group]]\nname = \"free\"\n[[group]]\nname = \"yoked\"\nyoked_to = \"free\"\n"
    "[[stage]]\nname = \"a\"\nsamples = 7\n"
    "[[stage]]\nname = \"b\"\ncriterion = \"five_heads\"\nsamples = 9\ncoin.bias = 0.9\n"
    "[[probe]]\nname = \"p\"\nkind = \"guess\"\nevery = \"3 days\"\ntrials = 2\n"
    "[[exclude]]\nname = \"all tails\"\nseries = \"head\"\nat = \"mean\"\nbelow = 0.01\n");
constexpr int participants = 4;

experiments::RunRequest request_of(const std::string& out, int threads = 1) {
  experiments::RunRequest r;
  r.spec = study;
  r.out = out;
  r.threads = threads;
  r.quiet = true;
  r.protocol = tests::coin_protocol();
  return r;
}

std::vector<std::string> datasets() {
  std::vector<std::string> names = {"committed",      "committed_logs",        "excluded",
                                    "ledger/samples", "ledger/belief_updates", "ledger/operations"};
  for (int k = 1; k <= participants; ++k)
    for (const char* table :
         {"life", "probes/p", "signals", "physics", "bodies", "bodies_text", "states", "states_bytes"})
      names.push_back("participants/000" + std::to_string(k) + "/" + table);
  return names;
}

void check_same(const std::string& a, const std::string& b) { tests::check_same_datasets(a, b, datasets()); }

const std::string& whole() {
  static const tests::TemporaryFolder folder;
  static const std::string path = experiments::run_study(request_of(folder.file("whole")));
  return path;
}

// Samples of all participants together.
long lived() {
  double sum = 0.0;
  for (const double n : experiments::read_values(whole(), "ledger/samples")) sum += n;
  return static_cast<long>(sum);
}

}  // namespace

TEST_SUITE_BEGIN("resume");

TEST_CASE("a study that is stopped after any sample goes on to the same datasets") {
  const long all = lived();
  REQUIRE(all > 30);
  for (long at = 1; at <= all; ++at) {
    CAPTURE(at);
    const tests::TemporaryFolder folder;
    experiments::RunRequest r = request_of(folder.file("run"));
    long seen = 0;
    r.on_sample = [&](int, long, const experiments::Participant&) {
      if (++seen == at) std::raise(SIGTERM);
    };
    const std::string path = experiments::run_study(r);
    CHECK(seen == at);
    CHECK(experiments::interrupted());
    experiments::RunRequest rest = request_of("");
    rest.on_sample = [&](int, long, const experiments::Participant&) { ++seen; };
    CHECK(experiments::resume(folder.file("run"), rest) == path);
    CHECK(seen == all);  // nothing is lived twice
    check_same(path, whole());
    CHECK_FALSE(fs::exists(folder.file("run/checkpoints")));
  }
}

TEST_CASE("a study that is killed after any sample goes on from its checkpoints, or from birth, to the same datasets") {
  const long all = lived();
  for (const char* every : {"0", "1e-9"}) {  // never, and after every sample
    const tests::TemporaryFolder folder;
    experiments::RunRequest r = request_of(folder.file("run"));
    r.settings = {{"record.checkpoint_seconds", every}};
    long seen = 0;
    // What the disk holds now is what a killed process leaves.
    r.on_sample = [&](int, long, const experiments::Participant&) {
      fs::copy(folder.file("run"), folder.file("killed" + std::to_string(++seen)), fs::copy_options::recursive);
    };
    experiments::run_study(r);
    REQUIRE(seen == all);
    for (long at = 1; at <= all; at += 3) {
      CAPTURE(at);
      const std::string killed = folder.file("killed" + std::to_string(at));
      long again = 0;
      experiments::RunRequest rest = request_of("");
      rest.on_sample = [&](int, long, const experiments::Participant&) { ++again; };
      const std::string path = experiments::resume(killed, rest);
      // A kill costs what is being lived and what is being written.
      if (every[0] == '1') CHECK(again <= all - at + 2);
      check_same(path, whole());
    }
  }
}

TEST_CASE("a partner that has ended is lived again for its tape only: unseen, and as it is on record") {
  const tests::TemporaryFolder folder;
  experiments::RunRequest r = request_of(folder.file("run"));
  r.settings = {{"record.checkpoint_seconds", "1e-9"}};
  // Killed at the first sample of who is yoked to participant 1: the last checkpoint is of participant 1.
  r.on_sample = [&](int number, long sample, const experiments::Participant&) {
    if (number != 3 || sample != 1) return;
    for (int tries = 0; tries < 1000; ++tries) {  // until the writer has written that participant 1 has ended
      fs::remove_all(folder.file("killed"));
      fs::copy(folder.file("run"), folder.file("killed"), fs::copy_options::recursive);
      if (!std::isnan(experiments::read_values(folder.file("killed/run.h5"), "ledger/wall_seconds")[0])) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  };
  experiments::run_study(r);
  const double wall = experiments::read_values(folder.file("killed/run.h5"), "ledger/wall_seconds")[0];
  REQUIRE_FALSE(std::isnan(wall));
  REQUIRE(fs::exists(folder.file("killed/checkpoints/0001.h5")));
  long ones = 0;
  experiments::RunRequest rest = request_of("");
  rest.on_sample = [&](int number, long, const experiments::Participant&) { ones += number == 1 ? 1 : 0; };
  const std::string path = experiments::resume(folder.file("killed"), rest);
  CHECK(ones == 0);
  CHECK(experiments::read_values(path, "ledger/wall_seconds")[0] == wall);
  check_same(path, whole());
}

TEST_CASE("a study that has ended is left as it is") {
  const tests::TemporaryFolder folder;
  experiments::run_study(request_of(folder.file("run")));
  std::ofstream(folder.file("run/report.html")) << "mine";
  long lived = 0;
  experiments::RunRequest rest = request_of("");
  rest.on_sample = [&](int, long, const experiments::Participant&) { ++lived; };
  const std::string path = experiments::resume(folder.file("run"), rest);
  CHECK(lived == 0);
  CHECK(fs::exists(folder.file("run/report.html")));
  check_same(path, whole());
}

TEST_CASE("threads, and stopping more than once, change nothing") {
  for (const int threads : {1, 2, 3, 4, 8}) {
    const tests::TemporaryFolder folder;
    experiments::RunRequest r = request_of(folder.file("run"), threads);
    r.resume = true;  // of nothing: it begins
    for (int sessions = 0;; ++sessions) {
      REQUIRE(sessions < 100);
      std::atomic<int> seen = 0;
      r.on_sample = [&](int, long, const experiments::Participant&) {
        if (++seen == 5) std::raise(SIGTERM);
      };
      const std::string path = experiments::run_study(r);
      if (experiments::interrupted()) continue;
      check_same(path, whole());
      break;
    }
  }
}

TEST_CASE("another program, study or option is refused with both values, and nothing changes") {
  const tests::TemporaryFolder folder;
  experiments::RunRequest r = request_of(folder.file("run"));
  r.on_sample = [](int, long sample, const experiments::Participant&) {
    if (sample == 5) std::raise(SIGTERM);
  };
  const std::string path = experiments::run_study(r);
  const auto refused = [&](const std::vector<std::string>& words, auto change) {
    experiments::RunRequest other = request_of(folder.file("run"));
    other.resume = true;
    change(other);
    std::string said = "nothing";
    try {
      experiments::run_study(other);
    } catch (const base::UserError& e) {
      said = e.what();
    }
    CAPTURE(said);
    for (const std::string& word : words) CHECK(said.find(word) != std::string::npos);
    CHECK(fs::exists(folder.file("run/summary.json")));
  };
  refused({"[coin] 'bias = 0.5' was saved", "'bias = 0.75' is here"}, [](auto& o) {
    o.settings = {{"coin.bias", "0.75"}};
  });
  refused({"seed"}, [](auto& o) { o.seed = 9; });
  refused({"participants"}, [](auto& o) { o.participants = {1, 2}; });
  // A participant that has another state: its model's shape differs.
  struct Other final : tests::CoinWatcher {
    using tests::CoinWatcher::CoinWatcher;
    void describe(base::Archive& a) override {
      double more = 0.0;
      a("heads", more)("hands", more);
    }
  };
  refused({"'tails'", "'hands'"}, [](auto& o) {
    o.protocol->make = [](const config::Options&, const experiments::Identity& who) {
      return std::make_unique<Other>(who);
    };
  });
  // Another body, of the same shape.
  struct Heavier final : tests::CoinWatcher {
    using tests::CoinWatcher::CoinWatcher;
    std::string body() const override { return "<mujoco model='heavy coin'/>"; }
  };
  refused({"'<mujoco model='coin 1'/>'", "'<mujoco model='heavy coin'/>'"}, [](auto& o) {
    o.protocol->make = [](const config::Options&, const experiments::Identity& who) {
      return std::make_unique<Heavier>(who);
    };
  });
  CHECK(experiments::resume(folder.file("run"), request_of("")) == path);
  check_same(path, whole());
}

TEST_SUITE_END();
