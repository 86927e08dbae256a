#include "experiments/run/life_log.hpp"

#include <stdexcept>

#include "core/base/state.hpp"
#include "experiments/protocols/signal_values.hpp"

namespace infans::experiments {
LogPolicy log_policy(const config::Options& o) {
  using Signals = LogPolicy::Signals;
  const std::string& word = o.text("record.signals");
  const Signals signals = word == "every"    ? Signals::every
                          : word == "last"   ? Signals::last
                          : word == "events" ? Signals::events
                                             : Signals::none;
  return {signals, o.integer("record.signals_every"), o.integer("record.physics_every"), o.flag("record.states")};
}

std::size_t values_of(const std::vector<Signal>& signals) {
  std::size_t n = 0;
  for (const Signal& s : signals) n += size_of(s);
  return n;
}

std::string signals_json(const std::vector<Signal>& signals) {
  using config::quote;
  std::string text = "[";
  std::size_t offset = 1;
  for (const Signal& s : signals) {
    std::string shape;
    for (const int n : s.shape) shape += (shape.empty() ? "" : ", ") + std::to_string(n);
    text += (offset > 1 ? ", " : "");
    text += "{\"name\": " + quote(s.name) + ", \"unit\": " + quote(s.unit) + ", \"doc\": " + quote(s.doc) +
            ", \"shape\": [" + shape + "], \"offset\": " + std::to_string(offset) + "}";
    offset += size_of(s);
  }
  return text + "]";
}

long LifeLog::signals(const Participant& p, long samples, StudyRecorder::Block& block) const {
  if (signals_ == 0) return 0;
  const std::vector<double> values = p.signals();
  if (values.size() != signals_)
    throw std::logic_error("Participant: a sample gave " + std::to_string(values.size()) + " values of signals, " +
                           std::to_string(signals_) + " are declared");
  block.signals.push_back(static_cast<double>(samples));
  block.signals.insert(block.signals.end(), values.begin(), values.end());
  return 1;
}

long LifeLog::body(const Participant& p, long samples, double age_days, StudyRecorder::Block& block) {
  std::string now = p.body();
  if (now.empty() || (bodies_ > 0 && now == body_)) return 0;
  block.bodies.push_back({static_cast<double>(samples), age_days, now});
  body_ = std::move(now);
  ++bodies_;
  return 1;
}

long LifeLog::physics(const Participant& p, long samples, double age_days, StudyRecorder::Block& block) {
  const std::vector<double> state = p.physics();
  if (state.empty()) return 0;
  const long rows = body(p, samples, age_days, block);
  block.physics.insert(block.physics.end(), {static_cast<double>(samples), static_cast<double>(bodies_ - 1)});
  block.physics.insert(block.physics.end(), state.begin(), state.end());
  return rows + 1;
}

long LifeLog::birth(const Participant& p, double age_days, StudyRecorder::Block& block) {
  const long rows = policy_.bodies() ? body(p, 0, age_days, block) : 0;
  return policy_.physics_every > 0 ? rows + physics(p, 0, age_days, block) : rows;
}

long LifeLog::sample(const Participant& p, long samples, double age_days, StudyRecorder::Block& block) {
  using Signals = LogPolicy::Signals;
  const bool every = policy_.signals == Signals::every && samples % policy_.signals_every == 0;
  const bool event = policy_.signals == Signals::events && p.event();
  long rows = every || event ? signals(p, samples, block) : 0;
  if (policy_.physics_every > 0 && samples % policy_.physics_every == 0) rows += physics(p, samples, age_days, block);
  return rows;
}

long LifeLog::stage_end(Participant& p, long samples, double age_days, std::size_t stage, StudyRecorder::Block& block) {
  long rows = policy_.signals == LogPolicy::Signals::last ? signals(p, samples, block) : 0;
  if (policy_.bodies()) rows += body(p, samples, age_days, block);
  if (!policy_.states) return rows;
  block.states.push_back({static_cast<double>(samples), age_days, static_cast<double>(stage), base::state_of(p)});
  return rows + 1;
}

}  // namespace infans::experiments
