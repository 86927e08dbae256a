#include "experiments/protocols/reaching_mind.hpp"

#include <algorithm>

#include "core/inference/changing_hand.hpp"
#include "core/inference/schema_learner.hpp"
#include "core/inference/told_hand.hpp"
#include "core/inference/torus_learner.hpp"

namespace infans::experiments {

using agents::GoalSource;

std::unique_ptr<inference::HandModel> make_map(const MindSettings& m, int joints, std::uint64_t seed) {
  std::unique_ptr<inference::HandModel> map;
  if (m.map == MapKind::chain) {
    inference::SchemaOptions o;
    o.noise = 0.01;
    o.precision = m.sensory_precision;
    o.restarts = 4;
    map =
        std::make_unique<inference::SchemaLearner>(joints, o, random::Stream({seed, 0, random::Purpose::features, 0}));
  } else {
    inference::TorusOptions o;
    o.noise_ratio = 1e-2;
    o.precision = m.sensory_precision;
    map = std::make_unique<inference::TorusHand>(joints, o);
  }
  if (!m.watch) return std::make_unique<inference::ToldHand>(std::move(map));
  inference::ChangeOptions change;
  change.mirrors = true;
  return std::make_unique<inference::ToldHand>(std::make_unique<inference::ChangingHand>(std::move(map), change));
}

agents::OwnGoalsOptions goal_options(const MindSettings& m, const std::vector<Eigen::Vector3d>& offered) {
  agents::OwnGoalsOptions o;
  o.source = m.goals;
  o.given = offered;
  return o;
}

agents::BodyMapperOptions mapper_options(const ReachingSettings& s, bool living) {
  agents::BodyMapperOptions o;
  o.planner.candidates = s.mind.candidates;
  o.planner.iterations = 4;
  o.planner.elites = std::max(1, s.mind.candidates / 8);
  const bool own = living && s.mind.goals != GoalSource::caregiver && s.mind.goals != GoalSource::task;
  o.planner.goal_width = own ? s.mind.play_width : s.mind.radius / 3.0;
  o.planner.epistemic_weight = s.mind.epistemic_weight;
  o.planner.variance_weight = s.mind.variance_weight;
  o.efference_copy = s.mind.efference_copy;
  o.proprioceptive_sd = std::max(0.005, s.senses.proprioceptive_noise);
  o.sensory_precision = s.mind.sensory_precision;
  if (s.mind.memory > 0.0) o.memory = s.mind.memory;
  return o;
}

}  // namespace infans::experiments
