// The body that a participant of a reaching study is born with, how it grows and what happens to it.
#pragma once

#include <Eigen/Dense>
#include <cstdint>

#include "envs/bodies/reaching_arm.hpp"
#include "experiments/protocols/reaching_settings.hpp"

namespace infans::experiments {

// Drawn once.
struct BodyDraw {
  envs::Sex sex = envs::Sex::average;
  double arm = 1.0, forearm = 1.0;  // lengths, in usual ones
};
BodyDraw draw_body(const BodySettings& settings, std::uint64_t seed);

// At an age (days; sizes end at 24 months), with `changed` (0..1) of the change that the settings name.
envs::ReachingArm body_at(const BodyDraw& draw, const BodySettings& settings, double age_days, double changed);

// The angles that the mind means or feels when the body's are q, and the other way: crossed nerves turn the elbow's
// range over. rad.
Eigen::VectorXd crossed(Eigen::VectorXd q, const Eigen::VectorXd& low, const Eigen::VectorXd& high);

}  // namespace infans::experiments
