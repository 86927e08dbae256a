// The mind of a participant that reaches, from its settings.
#pragma once

#include <Eigen/Dense>
#include <memory>
#include <vector>

#include "agents/drives/own_goals.hpp"
#include "agents/reflex/body_mapper.hpp"
#include "core/inference/hand_model.hpp"
#include "experiments/protocols/reaching_settings.hpp"

namespace infans::experiments {

// The map that it begins with: nothing is known.
std::unique_ptr<inference::HandModel> make_map(const MindSettings& settings, int joints, std::uint64_t seed);

// living: goals of its own are wanted within play_width; in a laboratory all things are, within a third of the radius.
agents::BodyMapperOptions mapper_options(const ReachingSettings& settings, bool living);

// offered: places that a caregiver or a task shows, m.
agents::OwnGoalsOptions goal_options(const MindSettings& settings, const std::vector<Eigen::Vector3d>& offered);

}  // namespace infans::experiments
