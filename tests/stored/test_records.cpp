// Records of every format version are read: small files that the program of their time wrote.
#include <doctest/doctest.h>

#include <string>

#include "experiments/record/access.hpp"
#include "experiments/record/recorder.hpp"
#include "experiments/record/study_recorder.hpp"

using namespace infans::experiments;

namespace {
std::string stored(const char* name) { return std::string(INFANS_TEST_FILES) + "/records/" + name; }
}  // namespace

TEST_CASE("runs of every version") {
  for (const int minor : {0, 1}) {
    CAPTURE(minor);
    const std::string path = stored(minor == 0 ? "run-1.0.h5" : "run-1.1.h5");
    const RunSummary s = inspect(path);
    CHECK(s.format_major == 1);
    CHECK(s.format_minor == minor);
    REQUIRE(s.agents == 1);
    CHECK(s.per_agent[0].committed_steps == 40);
    CHECK(s.per_agent[0].committed_episodes == 1);
    CHECK(s.per_agent[0].seed == 1);
    CHECK(read_values(path, "agents/001/step/vfe").size() >= 40);
  }
}

TEST_CASE("studies of every version") {
  for (const int minor : {0, 1}) {
    CAPTURE(minor);
    const std::string path = stored(minor == 0 ? "study-1.0.h5" : "study-1.1.h5");
    const StudySummary s = inspect_study(path);
    CHECK(s.format_major == 1);
    CHECK(s.format_minor == minor);
    CHECK(s.protocol == "looking");
    REQUIRE(s.people.size() == (minor == 0 ? 2 : 1));
    CHECK(s.people[0].rows == std::vector<std::int64_t>{minor == 0 ? 20 : 12, 4, 4, 4, 4});
    CHECK(s.people[0].ended);
  }
  // Three logs of the newest: a row a sample, a state every fourth and before the first, one stage's end.
  const std::vector<double> logs = read_values(stored("study-1.1.h5"), "committed_logs");
  REQUIRE(logs.size() == 6);
  CHECK(logs[0] == 12);
  CHECK(logs[1] == 4);
  CHECK(logs[4] == 1);
}
