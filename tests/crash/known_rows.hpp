// Rows whose every value says where it belongs, and the check that a record holds exactly these.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/record/access.hpp"
#include "experiments/record/recorder.hpp"

namespace infans::test {

using experiments::EpisodeRow;
using experiments::RunHeader;
using experiments::RunSummary;
using experiments::StepRow;

inline RunHeader known_header(int agents) {
  RunHeader h;
  h.infans_version = "0.1.0";
  h.git_hash = "abc";
  h.mujoco_version = "4.0.0";
  h.isa = "avx2";
  h.spec_name = "known";
  h.spec_toml = "# µ\n";
  h.seed = 7;
  h.agents = agents;
  h.observation_size = 4;
  h.action_size = 2;
  h.model_inputs = 6;
  h.rejected = 3;
  h.physics_size = 20;  // a chunk larger than a page
  h.episode_steps = 20;
  h.control_period = 0.05;
  return h;
}

// Thirds: no value is exact in fewer than 53 bits.
inline double known(int agent, long row, int dataset, std::size_t column = 0) {
  return (1e6 * agent + static_cast<double>(row) + 1e-2 * dataset + 1e-4 * static_cast<double>(column)) / 3.0;
}

inline std::vector<double> known_vector(int agent, long row, int dataset, std::size_t size) {
  std::vector<double> v(size);
  for (std::size_t i = 0; i < size; ++i) v[i] = known(agent, row, dataset, i);
  return v;
}

inline StepRow known_step(int agent, long row) {
  StepRow r;
  r.episode = static_cast<std::int32_t>(row / 20);
  r.index = static_cast<std::int32_t>(row % 20);
  int d = 0;
  for (auto* v :
       {&r.observation, &r.next_observation, &r.prediction, &r.prediction_error, &r.predictive_std, &r.precision})
    *v = known_vector(agent, row, d++, 4);
  r.action = known_vector(agent, row, d++, 2);
  r.physics = known_vector(agent, row, d++, 20);
  r.rejected_action = known_vector(agent, row, d++, 6);
  r.rejected_pragmatic = known_vector(agent, row, d++, 3);
  r.rejected_epistemic = known_vector(agent, row, d++, 3);
  for (double* x : {&r.vfe, &r.accuracy, &r.complexity, &r.information_gain, &r.efe, &r.pragmatic, &r.epistemic})
    *x = known(agent, row, d++);
  r.planned = static_cast<std::int8_t>(row % 3);
  return r;
}

inline EpisodeRow known_episode(int agent, long row) {
  EpisodeRow r;
  r.success = static_cast<std::int8_t>(row % 2);
  r.evaluation = static_cast<std::int8_t>(row % 5 == 0);
  r.decisions = 20 * (row + 1);
  int d = 40;
  for (double* x : {&r.best_distance, &r.hold_distance, &r.log_evidence, &r.model_error}) *x = known(agent, row, d++);
  r.length_scale = known_vector(agent, row, d++, 6);
  return r;
}

inline std::vector<StepRow> known_steps(int agent, long first, long count) {
  std::vector<StepRow> rows;
  for (long i = 0; i < count; ++i) rows.push_back(known_step(agent, first + i));
  return rows;
}

template <typename Row>
using Getter = std::function<std::vector<double>(const Row&)>;
template <typename Row>
using Getters = std::vector<std::pair<const char*, Getter<Row>>>;

template <typename Row>
Getter<Row> all_of(std::vector<double> Row::*member) {
  return [=](const Row& r) { return r.*member; };
}
template <typename Row, typename T>
Getter<Row> one(T Row::*member) {
  return [=](const Row& r) { return std::vector<double>{static_cast<double>(r.*member)}; };
}

// The second listing of FORMAT.md, on purpose: a column wired to the wrong member shows.
inline Getters<StepRow> step_getters() {
  using R = StepRow;
  return {{"episode", one(&R::episode)},
          {"index", one(&R::index)},
          {"observation", all_of(&R::observation)},
          {"next_observation", all_of(&R::next_observation)},
          {"action", all_of(&R::action)},
          {"prediction", all_of(&R::prediction)},
          {"prediction_error", all_of(&R::prediction_error)},
          {"predictive_std", all_of(&R::predictive_std)},
          {"precision", all_of(&R::precision)},
          {"vfe", one(&R::vfe)},
          {"accuracy", one(&R::accuracy)},
          {"complexity", one(&R::complexity)},
          {"information_gain", one(&R::information_gain)},
          {"efe", one(&R::efe)},
          {"pragmatic", one(&R::pragmatic)},
          {"epistemic", one(&R::epistemic)},
          {"rejected_action", all_of(&R::rejected_action)},
          {"rejected_pragmatic", all_of(&R::rejected_pragmatic)},
          {"rejected_epistemic", all_of(&R::rejected_epistemic)},
          {"planned", one(&R::planned)},
          {"physics", all_of(&R::physics)}};
}

inline Getters<EpisodeRow> episode_getters() {
  using R = EpisodeRow;
  return {{"success", one(&R::success)},
          {"decisions", one(&R::decisions)},
          {"best_distance", one(&R::best_distance)},
          {"hold_distance", one(&R::hold_distance)},
          {"log_evidence", one(&R::log_evidence)},
          {"length_scale", all_of(&R::length_scale)},
          {"model_error", one(&R::model_error)},
          {"evaluation", one(&R::evaluation)}};
}

// Names the datasets of one table whose first `rows` rows are not the known ones, bit for bit; "" if none.
template <typename Row>
std::string wrong_datasets(const std::string& path, const std::string& table, const Getters<Row>& getters, int agent,
                           long rows, Row (*row)(int, long)) {
  std::string wrong;
  for (const auto& [name, get] : getters) {
    std::vector<double> expected;
    for (long i = 0; i < rows; ++i) {
      const std::vector<double> v = get(row(agent, i));
      expected.insert(expected.end(), v.begin(), v.end());
    }
    std::vector<double> found = experiments::read_values(path, table + "/" + name);
    if (found.size() >= expected.size()) found.resize(expected.size());
    if (found != expected) wrong += table + "/" + name + " ";
  }
  return wrong;
}

// All committed rows of a file; "" where every one is the known one.
inline std::string wrong_rows(const std::string& path, const RunSummary& summary) {
  std::string wrong;
  for (int k = 0; k < summary.agents; ++k) {
    const RunSummary::Agent& a = summary.per_agent[static_cast<std::size_t>(k)];
    const std::string group = "agents/00" + std::to_string(k + 1);
    wrong += wrong_datasets(path, group + "/step", step_getters(), k, a.committed_steps, known_step);
    wrong += wrong_datasets(path, group + "/episode", episode_getters(), k, a.committed_episodes, known_episode);
  }
  return wrong;
}

// A directory of its own that goes away with the test.
struct Directory {
  std::filesystem::path path;
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "infans-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    path = name;
  }
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string file(const char* name) const { return (path / name).string(); }
};

}  // namespace infans::test
