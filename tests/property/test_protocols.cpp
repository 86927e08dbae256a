// Every shipped study, cut short: probes leave no trace, and threads and company change nothing, bit for bit.
#include <doctest/doctest.h>

#include <map>
#include <sstream>

#include "experiments/record/access.hpp"
#include "experiments/record/study_recorder.hpp"
#include "experiments/run/options.hpp"
#include "experiments/run/study_file.hpp"
#include "tests/coin_protocol.hpp"
#include "tests/lives.hpp"

using namespace infans;

namespace {

// The text without its probes and what refers to them.
std::string without_probes(const std::string& toml) {
  std::istringstream in(toml);
  std::string kept;
  bool skipping = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("["))
      skipping = line.starts_with("[[probe]]") || line.starts_with("[[analysis]]") || line.starts_with("[[exclude]]");
    if (!skipping) kept += line + "\n";
  }
  return kept;
}

// Bits of every participant's tables, by number and name.
using Lives = std::map<std::pair<int, std::string>, tests::Bits>;

Lives live(const std::string& toml, int threads, const std::vector<int>& participants = {}) {
  const tests::TemporaryFolder folder;
  experiments::RunRequest request;
  request.spec = folder.write("study.toml", toml);
  request.out = folder.file("out");
  request.quiet = true;
  request.agents = 1;
  request.threads = threads;
  request.participants = participants;
  request.settings = {{"time.most_samples", "5"}};
  const std::string path = experiments::run_study(request);
  const experiments::StudySummary study = experiments::inspect_study(path);
  Lives lives;
  for (const auto& person : study.people) {
    CHECK(person.ended);
    char group[32];
    std::snprintf(group, sizeof group, "participants/%04d/", person.number);
    for (std::size_t k = 0; k < study.tables.size(); ++k) {
      const std::string table = k == 0 ? study.tables[k] : "probes/" + study.tables[k];
      tests::append(lives[{person.number, study.tables[k]}], experiments::read_values(path, group + table));
    }
  }
  return lives;
}

std::size_t trials(const Lives& lives) {
  std::size_t values = 0;
  for (const auto& [who, bits] : lives) values += who.second == "life" ? 0 : bits.size();
  return values;
}

}  // namespace

TEST_CASE("in every shipped study a probe leaves no trace, and threads and company change nothing") {
  for (const experiments::ShippedStudy& study : experiments::shipped_studies()) {
    if (experiments::protocol_of(study.name).empty()) continue;
    CAPTURE(study.name);
    const Lives all = live(study.toml, 1);
    if (study.toml.find("\n[[probe]]") != std::string::npos)
      CHECK(trials(all) > 0);  // at the cut the stages' ends are tested
    CHECK(live(study.toml, 3) == all);
    const Lives plain = live(without_probes(study.toml), 2);
    for (const auto& [who, bits] : plain) {
      CAPTURE(who.first);
      CHECK(all.at(who) == bits);
    }
    const int last = all.rbegin()->first.first;
    for (const auto& [who, bits] : live(study.toml, 1, {last})) CHECK(all.at(who) == bits);
  }
}
