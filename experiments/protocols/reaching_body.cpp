#include "experiments/protocols/reaching_body.hpp"

#include <algorithm>
#include <cmath>

#include "core/random/stream.hpp"
#include "envs/mujoco/body.hpp"

namespace infans::experiments {
namespace {

constexpr int elbow = 3;            // joint
constexpr double widest_arm = 1.3;  // so that every draw is a legal body

double length(double spread, random::Stream& stream) {
  return std::clamp(std::exp(spread * stream.normal()), 1.0 / widest_arm, widest_arm);
}

}  // namespace

BodyDraw draw_body(const BodySettings& settings, std::uint64_t seed) {
  random::Stream stream({seed, 0, random::Purpose::features, 1});
  BodyDraw d;
  d.sex = stream.uniform() < 0.5 ? envs::Sex::girl : envs::Sex::boy;
  d.arm = length(settings.spread, stream);
  d.forearm = length(settings.spread, stream);
  return d;
}

envs::ReachingArm body_at(const BodyDraw& draw, const BodySettings& s, double age_days, double changed) {
  envs::InfantOptions o;
  o.age_months = std::min(envs::oldest_infant, age_days / envs::days_per_month);
  o.sex = draw.sex;
  const bool longer = s.kind == ArmChange::longer_forearm || s.kind == ArmChange::growing_forearm;
  const double forearm = longer ? 1.0 + changed * (s.longer - 1.0) : 1.0;
  o.limb_scale[envs::arm_right] = draw.arm;
  o.limb_scale[envs::forearm_right] = std::clamp(draw.forearm * forearm, 0.5, 2.0);
  // Always there, so that the loaded body has the elements of the unloaded one.
  const double load = s.kind == ArmChange::added_mass ? changed * s.added_mass : 0.0;
  o.added.push_back({"hand_right", std::max(load, 1e-6)});
  return envs::reaching_infant(o);
}

Eigen::VectorXd crossed(Eigen::VectorXd q, const Eigen::VectorXd& low, const Eigen::VectorXd& high) {
  q(elbow) = low(elbow) + high(elbow) - q(elbow);
  return q;
}

}  // namespace infans::experiments
