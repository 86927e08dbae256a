// What `infans watch` shows of a record follows from what is on record, and looking at it changes nothing.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.hpp"
#include "experiments/record/access.hpp"
#include "experiments/run/record_view.hpp"
#include "experiments/run/study.hpp"
#include "experiments/run/watch.hpp"
#include "tests/coin_protocol.hpp"
#include "tests/lives.hpp"

using namespace infans;
using experiments::RecordView;
using tests::contains;
namespace fs = std::filesystem;

namespace {

experiments::RunRequest coins(const std::string& out) {
  experiments::RunRequest r;
  r.spec = tests::coin_study(
      "[population]\nparticipants = 2\n[record]\nevery = 2\n"
      "[[stage]]\nname = \"crib\"\nsamples = 7\n[[stage]]\nname = \"floor\"\nsamples = 9\n");
  r.out = out;
  r.quiet = true;
  r.threads = 1;
  r.protocol = tests::coin_protocol();
  return r;
}

experiments::RunRequest poles(const std::string& out) {
  experiments::RunRequest r;
  r.spec = "cartpole_swingup";
  r.out = out;
  r.quiet = true;
  r.threads = 1;
  r.agents = 2;
  r.settings = {{"life.decisions", "40"}, {"life.successes", "0"}, {"world.episode_steps", "8"},
                {"success.steps", "3"},   {"probe.states", "0"},   {"agent.policy", "random"}};
  return r;
}

}  // namespace

TEST_CASE("a finished study is shown with its stages, a stopped one with what is left") {
  const tests::TemporaryFolder folder;
  const RecordView whole = experiments::view_of(experiments::run_study(coins(folder.file("whole"))));
  CHECK(whole.ended());
  CHECK(whole.longest == 16);
  REQUIRE(whole.lives.size() == 2);
  for (const RecordView::Life& life : whole.lives) {
    CHECK(life.samples == 16);
    CHECK(life.rows == 8);
    CHECK(life.where == "2 floor");
  }
  experiments::RunRequest request = coins(folder.file("part"));
  request.on_sample = [](int number, long sample, const experiments::Participant&) {
    if (number == 1 && sample == 6) std::raise(SIGTERM);
  };
  const RecordView part = experiments::view_of(experiments::run_study(request));
  CHECK_FALSE(part.ended());
  CHECK(part.lives[0].samples == 6);
  CHECK(part.lives[0].where == "1 crib");
  CHECK(part.lives[1].rows == 0);
  const std::string text = view_in_words(part, nullptr, "stopped", 0);
  CHECK(contains(text, "stopped: 0 of 2 participants ended, 6 samples"));
  CHECK(contains(text, "not begun"));
}

// 6 samples in 3 s are 2 a second; of two lives of 16, 10 and 16 are left: 13 s.
TEST_CASE("rates and what is left follow from two views") {
  RecordView then{"r/run.h5", "study", "participant", "samples"}, now = then;
  then.at = 10.0;
  now.at = 13.0;
  then.longest = now.longest = 16;
  then.lives.resize(2);
  then.lives[1].number = 2;
  now.lives = then.lives;
  now.lives[0].samples = now.lives[0].rows = 6;
  const std::string text = view_in_words(now, &then, "running", 0);
  CHECK(contains(text, ", 2/s, at most 0:00:13 left"));
  now.lives[1].ended = true;
  now.lives[1].samples = 16;
  now.lives[1].wall_seconds = 4.0;
  CHECK(contains(view_in_words(now, &then, "running", 0), "at most 0:00:05 left"));
  now.longest = 0;  // then the ended ones say how long a life is
  now.lives[1].samples = 8;
  CHECK(contains(view_in_words(now, &then, "running", 0), "about 0:00:01 left"));
}

TEST_CASE("where not all fit, those who live come first") {
  RecordView view{"r/run.h5", "study", "participant", "samples"};
  for (int k = 1; k <= 100; ++k) {
    RecordView::Life& life = view.lives.emplace_back();
    life.number = k;
    life.rows = k <= 50 || k == 77 ? 1 : 0;
    life.ended = k <= 50;
  }
  const std::string text = view_in_words(view, nullptr, "running", 10);
  CHECK(std::count(text.begin(), text.end(), '\n') == 10);
  CHECK(contains(text, "\n         77 "));
  CHECK(contains(text, "94 more"));
}

TEST_CASE("a run is watched while it grows, and has the same bits") {
  const tests::TemporaryFolder folder;
  const std::string alone = experiments::run_study(poles(folder.file("alone")));
  std::atomic<bool> done{false};
  std::string path;
  std::thread writer([&] {
    path = experiments::run_study(poles(folder.file("watched")));
    done = true;
  });
  std::int64_t seen = 0;
  while (!done) {
    try {
      const RecordView view = experiments::view_of(folder.file("watched/run.h5"));
      std::int64_t rows = 0;
      for (const RecordView::Life& life : view.lives) rows += life.rows;
      CHECK(rows >= seen);  // what was committed stays
      seen = rows;
      CHECK(experiments::writer_state(view.path) != experiments::WriterState::killed);
    } catch (const base::FileError&) {  // not there yet
      CHECK(seen == 0);
    }
  }
  writer.join();
  for (const char* const name : {"committed_steps", "agents/001/step/observation", "agents/002/step/physics"}) {
    const auto a = experiments::read_values(alone, name), b = experiments::read_values(path, name);
    REQUIRE(a.size() == b.size());
    CHECK(std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
  }
  const RecordView end = experiments::view_of(path);
  CHECK(end.ended());
  CHECK(end.lives[1].samples == 40);
  CHECK(end.lives[1].where.starts_with("5, "));
  CHECK(experiments::writer_state(path) == experiments::WriterState::gone);
}

TEST_CASE("only records are watched") {
  const tests::TemporaryFolder folder;
  CHECK_THROWS_AS(experiments::watch(folder.file("none"), true, 1.0), base::FileError);
  CHECK_THROWS_AS(experiments::watch(folder.write("text.h5", "no record"), true, 1.0), base::FileError);
  CHECK_THROWS_AS(experiments::watch(folder.file("none"), false, 0.0), base::UserError);
}
