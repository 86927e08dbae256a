#include "experiments/run/agent_run.hpp"

#include <cmath>
#include <optional>

#include "core/base/error.hpp"
#include "core/base/state.hpp"
#include "experiments/record/access.hpp"
#include "experiments/run/clocks.hpp"
#include "experiments/run/format.hpp"
#include "experiments/run/stop_signal.hpp"

namespace infans::experiments {
namespace {

int slot_of(int agent) { return agent + 1; }

}  // namespace

std::unique_ptr<Life> AgentRun::make(int agent) {
  auto life = std::make_unique<Life>(m_.options, agent, m_.make_world(agent), m_.probe, log_);
  if (m_.resumes && !restore(agent, *life)) m_.recorder.rewind(agent, 0, 0);
  return life;
}

// False, and the life is as new, where there is no checkpoint, or the record lost rows that it builds on.
bool AgentRun::restore(int agent, Life& life) const {
  const int slot = slot_of(agent);
  const auto saved = m_.checkpoints != nullptr ? m_.checkpoints->load(slot) : std::nullopt;
  if (!saved) return false;
  try {
    base::StateReader reader(*saved);
    Recorder::Rows rows;
    reader("steps", rows.steps)("episodes", rows.episodes);
    if (!m_.recorder.rewind(agent, rows.steps, rows.episodes)) return false;
    reader("life", life);
    reader.finish();
  } catch (const base::StateError& e) {
    throw base::FileError(m_.checkpoints->file(slot), "does not fit this program and study: " + std::string(e.what()) +
                                                          "; go on with what made it, or begin anew in another folder");
  }
  return true;
}

// The record first: a checkpoint never builds on rows that the disk may not have.
void AgentRun::save(Life& life) const {
  const int agent = life.progress().agent;
  life.commit();
  m_.recorder.sync();
  Recorder::Rows rows = m_.recorder.rows(agent);
  base::StateWriter writer;
  writer("steps", rows.steps)("episodes", rows.episodes)("life", life);
  m_.checkpoints->save(slot_of(agent), writer.take());
}

// Until it ends or is asked to stop; false: it has ended.
bool AgentRun::live_on(Life& life) const {
  double saved_at = wall_seconds();
  while (!interrupted()) {
    if (!life.next_step()) return false;
    if (life.episode_just_ended()) m_.progress.report(life.progress(), false);
    if (m_.checkpoints == nullptr || !m_.checkpoints->due(saved_at)) continue;
    save(life);
    saved_at = wall_seconds();
  }
  return true;
}

void AgentRun::end(Life& life) const {
  life.finalize();
  if (m_.checkpoints == nullptr) return;
  m_.recorder.sync();
  m_.checkpoints->remove(slot_of(life.progress().agent));
}

void AgentRun::fail(Life& life, const base::SimulationError& error) const {
  end(life);  // the rows that led to the failure are its explanation
  LifeProgress failed = life.progress();
  failed.failure = error.what();
  m_.progress.report(failed, true);
  const std::string who = "agent " + std::to_string(failed.agent + 1) + " (seed " + std::to_string(failed.seed) + ")";
  throw base::SimulationError(who + ": " + error.world, error.step, error.reason);
}

void AgentRun::live(int agent) {
  if (m_.resumes && m_.recorder.ended(agent)) {
    if (m_.checkpoints != nullptr) m_.checkpoints->remove(slot_of(agent));  // killed when all but this was done
    return;
  }
  if (interrupted()) return;
  const std::unique_ptr<Life> life = make(agent);
  try {
    if (!live_on(*life))
      end(*life);
    else if (m_.checkpoints != nullptr)
      save(*life);
    else
      life->commit();  // broken off: what it lived is on record, and it has not ended
  } catch (const base::SimulationError& e) {
    fail(*life, e);
  }
  m_.progress.report(life->progress(), true);
}

namespace {

// As Life::judge counts.
void count_episodes(const RunSummary::Agent& agent, bool random_data, LifeProgress& p) {
  int in_a_row = 0;
  for (std::size_t e = 0; e < agent.success.size(); ++e) {
    if (random_data && agent.evaluation[e] == 0) continue;
    p.success = agent.success[e] == 1;
    in_a_row = p.success ? in_a_row + 1 : 0;
    p.successes += p.success ? 1 : 0;
    if (p.success && p.first_success < 0) p.first_success = agent.decisions[e];
    if (in_a_row == 3 && p.three_in_a_row < 0) p.three_in_a_row = agent.decisions[e];
  }
}

bool lived_enough(const LifeProgress& p, const RunSummary::Agent& agent, const config::Options& o) {
  if (p.decisions >= o.integer("life.decisions")) return true;
  const auto wanted = static_cast<std::size_t>(o.integer("life.successes"));
  std::size_t last = 0;
  for (auto e = agent.success.rbegin(); e != agent.success.rend() && *e == 1; ++e) ++last;
  return wanted > 0 && (last >= wanted || o.text("agent.data") == "random");
}

}  // namespace

std::vector<LifeProgress> ended_lives(const std::string& path, const config::Options& o) {
  const std::vector<double> wall = read_values(path, "ledger/agent_wall_seconds");
  const RunSummary run = inspect(path);
  std::vector<LifeProgress> all;
  for (std::size_t k = 0; k < run.per_agent.size() && k < wall.size(); ++k) {
    if (std::isnan(wall[k])) continue;
    const RunSummary::Agent& agent = run.per_agent[k];
    LifeProgress& p = all.emplace_back();
    p.agent = static_cast<int>(k);
    p.seed = agent.seed;
    p.seconds = wall[k];
    p.episode = static_cast<int>(agent.committed_episodes);
    const std::vector<double> planned = read_values(path, format("agents/%03zu/step/planned", k + 1));
    for (std::int64_t n = 0; n < agent.committed_steps; ++n)
      p.decisions += planned[static_cast<std::size_t>(n)] != 2.0 ? 1 : 0;
    count_episodes(agent, o.text("agent.data") == "random", p);
    if (!lived_enough(p, agent, o)) p.failure = "its world failed in an earlier session";
  }
  return all;
}

}  // namespace infans::experiments
