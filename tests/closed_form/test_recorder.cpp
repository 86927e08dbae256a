// What goes into a record comes out bit for bit; what must be refused is refused and changes nothing.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "core/base/error.hpp"
#include "tests/crash/known_rows.hpp"

using namespace infans;
using namespace infans::test;
using doctest::Contains;
using experiments::inspect;
using experiments::Recorder;

namespace {

std::string bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Blocks of uneven sizes, across chunk borders; `order` says which agent commits first.
void write_known(const std::string& path, std::vector<int> order) {
  Recorder recorder(path, known_header(2));
  long row = 0, episode = 0;
  for (const long count : {1L, 20L, 43L, 0L, 64L, 130L, 7L}) {
    for (const int k : order) recorder.commit(k, known_steps(k, row, count), {known_episode(k, episode)});
    row += count;
    ++episode;
  }
  for (const int k : order) recorder.commit_ledger(k, {1.0 + k, 2.0 + k, 3.0 + k});
  recorder.close();
  recorder.close();  // twice is once
}

}  // namespace

TEST_CASE("known rows come back bit for bit") {
  const Directory d;
  const std::string path = d.file("run.h5");
  write_known(path, {0, 1});
  const RunSummary s = inspect(path);
  CHECK(s.filetype == "infans-run");
  CHECK(s.format_major == 1);
  CHECK(s.infans_version == "0.1.0");
  CHECK(s.spec_name == "known");
  REQUIRE(s.agents == 2);
  CHECK(s.per_agent[1].seed == 8);
  CHECK(s.per_agent[0].committed_steps == 265);
  CHECK(s.per_agent[1].committed_episodes == 7);
  CHECK(s.per_agent[1].success == std::vector<int>{0, 1, 0, 1, 0, 1, 0});
  CHECK(s.per_agent[1].evaluation == std::vector<int>{1, 0, 0, 0, 0, 1, 0});
  CHECK(s.per_agent[1].decisions == std::vector<std::int64_t>{20, 40, 60, 80, 100, 120, 140});
  CHECK(wrong_rows(path, s) == "");
  CHECK(experiments::read_values(path, "agents/001/step/physics").size() == 265 * 20);
  CHECK(experiments::read_values(path, "ledger/agent_cpu_seconds") == std::vector<double>{2.0, 3.0});
  CHECK(experiments::read_text(path, "spec_toml") == "# µ\n");
}

TEST_CASE("the order of the agents' commits changes no dataset") {
  const Directory d;
  write_known(d.file("a.h5"), {0, 1});
  write_known(d.file("b.h5"), {1, 0});
  CHECK(wrong_rows(d.file("b.h5"), inspect(d.file("a.h5"))) == "");
  CHECK(wrong_rows(d.file("a.h5"), inspect(d.file("b.h5"))) == "");
}

TEST_CASE("a fresh record reads as empty, its ledger as unknown") {
  const Directory d;
  const Recorder recorder(d.file("run.h5"), known_header(3));
  const RunSummary s = inspect(d.file("run.h5"));  // while it is being written
  CHECK(s.agents == 3);
  CHECK(s.per_agent[2].committed_steps == 0);
  for (const double x : experiments::read_values(d.file("run.h5"), "ledger/decision_seconds")) CHECK(std::isnan(x));
}

TEST_CASE("long texts, a 64-bit seed and sizes of zero fit") {
  const Directory d;
  RunHeader h = known_header(1);
  h.mjcf.assign(200'000, 'x');
  h.seed = ~std::uint64_t{0};
  h.rejected = h.model_inputs = 0;
  {
    Recorder recorder(d.file("run.h5"), h);
    StepRow step = known_step(0, 0);
    step.rejected_action.clear();
    step.rejected_pragmatic.clear();
    step.rejected_epistemic.clear();
    EpisodeRow episode = known_episode(0, 0);
    episode.length_scale.clear();
    recorder.commit(0, {step}, {episode});
  }
  CHECK(experiments::read_text(d.file("run.h5"), "mjcf") == h.mjcf);
  CHECK(inspect(d.file("run.h5")).per_agent[0].seed == h.seed);
  CHECK(experiments::read_values(d.file("run.h5"), "agents/001/step/rejected_action").empty());
  CHECK(experiments::read_values(d.file("run.h5"), "agents/001/step/vfe") == std::vector<double>{known_step(0, 0).vfe});
}

TEST_CASE("an existing file is refused and keeps its bytes") {
  const Directory d;
  const std::string path = d.file("run.h5");
  write_known(path, {0, 1});
  const std::string before = bytes(path);
  CHECK_THROWS_WITH_AS(Recorder(path, known_header(1)), Contains("never overwritten"), base::FileError);
  CHECK(bytes(path) == before);
  std::ofstream(d.file("other")) << "mine";
  CHECK_THROWS_AS(Recorder(d.file("other"), known_header(1)), base::FileError);
  CHECK(bytes(d.file("other")) == "mine");
}

TEST_CASE("a missing directory is named") {
  const Directory d;
  CHECK_THROWS_WITH_AS(Recorder(d.file("none/run.h5"), known_header(1)), Contains("none/run.h5"), base::FileError);
  CHECK_FALSE(std::filesystem::exists(d.file("none")));
}

TEST_CASE("rows of a wrong size are refused by name, and the record goes on") {
  const Directory d;
  Recorder recorder(d.file("run.h5"), known_header(1));
  recorder.commit(0, known_steps(0, 0, 3), {});
  std::vector<StepRow> steps = known_steps(0, 3, 2);
  steps[1].precision.pop_back();
  CHECK_THROWS_WITH_AS(recorder.commit(0, steps, {}), Contains("precision has 3"), std::logic_error);
  EpisodeRow episode = known_episode(0, 0);
  episode.length_scale.push_back(0.0);
  CHECK_THROWS_WITH_AS(recorder.commit(0, {}, {episode}), Contains("length_scale has 7"), std::logic_error);
  CHECK_THROWS_AS(recorder.commit(1, {}, {}), std::logic_error);
  CHECK_THROWS_AS(recorder.commit_ledger(-1, {}), std::logic_error);
  recorder.commit(0, known_steps(0, 3, 2), {known_episode(0, 0)});
  recorder.close();
  CHECK_THROWS_AS(recorder.commit(0, {}, {}), base::FileError);
  const RunSummary s = inspect(d.file("run.h5"));
  CHECK(s.per_agent[0].committed_steps == 5);
  CHECK(wrong_rows(d.file("run.h5"), s) == "");
}

TEST_CASE("inspect says what a file is when it is no record") {
  const Directory d;
  CHECK_THROWS_WITH_AS(inspect(d.file("none")), Contains("no such file"), base::FileError);
  std::ofstream(d.file("garbage")) << std::string(5000, 'g');
  CHECK_THROWS_WITH_AS(inspect(d.file("garbage")), Contains("not an HDF5 file"), base::FileError);
  std::ofstream(d.file("empty")) << "";
  CHECK_THROWS_WITH_AS(inspect(d.file("empty")), Contains("not an HDF5 file"), base::FileError);
  CHECK_THROWS_WITH_AS(inspect(d.path.string()), Contains("not an HDF5 file"), base::FileError);
  experiments::write_text(d.file("foreign.h5"), "title", "something else");
  CHECK_THROWS_WITH_AS(inspect(d.file("foreign.h5")), Contains("not an infans-run"), base::FileError);
  write_known(d.file("run.h5"), {0, 1});
  experiments::write_text(d.file("run.h5"), "unknown", "a newer minor version may add this");
  experiments::write_integers(d.file("run.h5"), "format_version", {1, 9});
  CHECK(inspect(d.file("run.h5")).format_minor == 9);
  experiments::write_integers(d.file("run.h5"), "format_version", {2, 0});
  CHECK_THROWS_WITH_AS(inspect(d.file("run.h5")), Contains("newer format 2.0"), base::FileError);
  experiments::write_text(d.file("run.h5"), "filetype", "infans-checkpoint");
  CHECK_THROWS_WITH_AS(inspect(d.file("run.h5")), Contains("infans-checkpoint"), base::FileError);
}

TEST_CASE("a damaged full chunk is an error, not a wrong number") {
  const Directory d;
  write_known(d.file("run.h5"), {0, 1});
  std::string content = bytes(d.file("run.h5"));
  const double value = known_step(0, 0).vfe;
  const char* p = reinterpret_cast<const char*>(&value);
  // The last copy: earlier ones are what the chunk was before it was full.
  const auto at = std::find_end(content.begin(), content.end(), p, p + sizeof value);
  REQUIRE(at != content.end());
  *at ^= 1;
  std::ofstream(d.file("damaged.h5"), std::ios::binary) << content;
  CHECK_THROWS_WITH_AS(experiments::read_values(d.file("damaged.h5"), "agents/001/step/vfe"), Contains("checksum"),
                       base::FileError);
}
