#include "agents/agent.hpp"

#include "core/base/archive.hpp"
#include "core/base/error.hpp"

namespace infans::agents {
namespace {

PlannerOptions planner_options(const AgentOptions& o) {
  PlannerOptions p = o.planner;
  if (o.policy == Policy::greedy || o.policy == Policy::thompson) p.epistemic_weight = 0.0;
  if (o.policy == Policy::flex || o.policy == Policy::uncertainty) {
    p.pragmatic_weight = 0.0;
    p.epistemic_weight = 1.0;
  }
  if (o.policy == Policy::flex) {
    p.horizon = 2;
    p.information = Information::joint;
    p.ilqr_iterations = 0;
  }
  if (o.policy == Policy::uncertainty) p.information = Information::variance;
  return p;
}

Eigen::VectorXd joints_of(std::span<const double> observation, const model::Encoding& encoding) {
  return Eigen::Map<const Eigen::VectorXd>(observation.data(), encoding.state_size());
}

std::unique_ptr<Agent> make_partner(const envs::Spec& body, AgentOptions o, std::shared_ptr<Preference> preference,
                                    std::uint64_t seed, int episode_steps) {
  if (o.policy != Policy::yoked) return nullptr;
  if (o.partner == Policy::yoked)
    throw base::OptionError("agent.partner", "agent.partner = yoked: a partner must decide for itself");
  o.policy = o.partner;
  return std::make_unique<Agent>(body, o, std::move(preference), seed, episode_steps, o.partner_agent);
}

}  // namespace

model::Encoding encoding_of(const envs::Spec& body, const AgentOptions& o) {
  model::Encoding e;
  const auto n = static_cast<Eigen::Index>(body.joints.size());
  e.position_scale.resize(n);
  e.velocity_scale.resize(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const bool hinge = body.joints[static_cast<std::size_t>(i)] == envs::Joint::hinge;
    e.coordinates.push_back(hinge ? model::Coordinate::circular : model::Coordinate::linear);
    e.position_scale(i) = hinge ? 1.0 : o.slide_scale;
    e.velocity_scale(i) = hinge ? o.hinge_velocity_scale : o.slide_velocity_scale;
  }
  e.actions = body.action_size;
  e.dt = body.control_period;
  return e;
}

Agent::Agent(const envs::Spec& body, const AgentOptions& options, std::shared_ptr<Preference> preference,
             std::uint64_t seed, int episode_steps, std::uint32_t agent)
    : options_(options),
      preference_(std::move(preference)),
      seed_(seed),
      agent_(agent),
      model_(inference::make_world_model(encoding_of(body, options), options.model, seed, agent)),
      planner_(model_->encoding().state_size(), body.action_size, planner_options(options), preference_),
      babbling_(options.policy == Policy::random ? 0.0 : options.babbling_colour, options.babbling_spread,
                body.action_size, episode_steps, options.policy == Policy::random),
      partner_(make_partner(body, options, preference_, seed, episode_steps)),
      state_(Eigen::VectorXd::Zero(model_->encoding().state_size())) {
  if (options.filter == Filter::smoothed) filter_ = std::make_unique<inference::StateFilter>(*model_, options.senses);
}

void Agent::begin_episode(int episode, bool babble) {
  if (partner_) partner_->begin_episode(episode, babble);
  babble_ = babble || !plans();
  episode_ = static_cast<std::uint64_t>(episode);
  planner_.reset();
  expected_ = {};
  preference_->begin_episode();
  random::Stream stream({seed_, agent_, random::Purpose::babbling, static_cast<std::uint64_t>(episode)});
  babbling_.begin(stream);
  action_.resize(0);
  if (filter_) filter_->begin_episode();
}

Eigen::VectorXd Agent::perceive(std::span<const double> observation) {
  const bool came = !observation.empty();
  Eigen::VectorXd seen;
  if (came) {
    preference_->see(observation);
    preference_->learn(observation);
    seen = joints_of(observation, model_->encoding());
  }
  believe(came ? &seen : nullptr);
  if (partner_) partner_->believe(came ? &seen : nullptr);
  return state_;
}

void Agent::believe(const Eigen::VectorXd* seen) {
  if (filter_) {
    filter_->perceive(action_.size() > 0 ? &action_ : nullptr, seen);
    state_ = filter_->mean();
  } else if (seen != nullptr) {
    state_ = *seen;
  }
}

// The key of a held draw stays the same, so that the draw follows the posterior.
inference::Imagination& Agent::imagination() {
  const auto hold = static_cast<std::uint64_t>(options_.draw_decisions);
  const bool draws_weights = options_.policy == Policy::thompson;
  const std::uint64_t step = !draws_weights ? decisions_ : hold == 0 ? episode_ : decisions_ / hold;
  random::Stream draws({seed_, agent_, random::Purpose::posterior_draws, step});
  return draws_weights ? model_->imagine_draw(draws) : model_->imagine(planner_.curious(), draws);
}

Decision Agent::decide(const Eigen::VectorXd& state) {
  Decision d;
  if (partner_) {
    d = partner_->decide(filter_ ? partner_->state_ : state);
  } else if (babble_) {
    d.action = babbling_.next();
  } else if (planner_.follows(surprise(state))) {
    d.action = planner_.follow(state);
  } else {
    random::Stream candidates({seed_, agent_, random::Purpose::candidates, decisions_});
    d.plan = planner_.plan(state, imagination(), candidates);
    d.action = d.plan.action;
    d.planned = true;
  }
  ++decisions_;
  action_ = d.action;
  d.belief = expected_ = model_->predict(state, d.action);
  preference_->expect(d.belief.mean);
  return d;
}

double Agent::surprise(const Eigen::VectorXd& state) const {
  if (expected_.mean.size() == 0) return 0.0;
  return ((state - expected_.mean).array().abs() / expected_.standard_deviation.array()).maxCoeff();
}

namespace {

constexpr std::uint32_t tester = 1;  // the streams' agent number; agent 0 lives

PlannerOptions without_curiosity(PlannerOptions o) {
  o.epistemic_weight = 0.0;
  return o;
}

}  // namespace

Tester::Tester(Agent& agent)
    : agent_(agent),
      preference_(agent.preference_->clone()),
      planner_(agent.model_->encoding().state_size(), agent.model_->encoding().actions,
               without_curiosity(agent.options_.planner), preference_) {}

void Tester::begin_episode() {
  planner_.reset();
  preference_ = agent_.preference_->clone();
  preference_->begin_episode();
  planner_.want(preference_);
}

Eigen::VectorXd Tester::perceive(std::span<const double> observation) {
  preference_->see(observation);
  return joints_of(observation, agent_.model_->encoding());
}

Eigen::VectorXd Tester::decide(const Eigen::VectorXd& state) {
  random::Stream draws({agent_.seed_, tester, random::Purpose::posterior_draws, decisions_});
  random::Stream candidates({agent_.seed_, tester, random::Purpose::candidates, decisions_});
  ++decisions_;
  const Eigen::VectorXd action = planner_.plan(state, agent_.model_->imagine(false, draws), candidates).action;
  preference_->expect(agent_.model_->predict(state, action).mean);
  return action;
}

inference::Surprise Agent::learn(const Eigen::VectorXd& state, const Eigen::VectorXd& action,
                                 const Eigen::VectorXd& next) {
  if (preference_->held(state) || preference_->held(next)) return {Eigen::VectorXd::Zero(state.size())};
  if (partner_) partner_->learn(state, action, next);
  ++learned_;
  if (!filter_) return model_->observe(state, action, next);
  filter_->keep();
  return filter_->surprise();
}

void Agent::consolidate() {
  if (partner_) partner_->consolidate();
  consolidated_ = learned_;
  if (!filter_) return model_->refit();
  filter_->consolidate();
  state_ = filter_->mean();
}

bool Agent::consolidation_due(int every) const {
  const long fresh = learned_ - consolidated_;
  // Behind noisy senses a few transitions say little, and the first models would be noise.
  const bool young = !filter_ && fresh >= 2 && 2 * fresh >= consolidated_;
  return every > 0 && (fresh >= every || young);
}

Agent::Work Agent::work() const {
  Work work = partner_ ? partner_->work() : Work{};
  work.belief_updates += static_cast<double>(learned_);
  work.operations += planner_.operations();
  return work;
}

void Agent::describe(base::Archive& archive) {
  archive("model", *model_)("preference", *preference_)("planner", planner_)("babbling", babbling_);
  if (filter_) archive("filter", *filter_);
  if (partner_) archive("partner", *partner_);
  archive("babble", babble_)("expected", expected_)("decisions", decisions_)("episode", episode_);
  archive("learned", learned_)("consolidated", consolidated_)("state", state_)("action", action_);
}

}  // namespace infans::agents
