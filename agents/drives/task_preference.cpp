#include "agents/drives/task_preference.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "agents/drives/gap_preference.hpp"
#include "agents/drives/saturating.hpp"
#include "core/base/error.hpp"
#include "core/config/option.hpp"

namespace infans::agents {
namespace {

constexpr double turn = 2.0 * std::numbers::pi;

std::shared_ptr<Preference> tip_pendulum() {
  // reward = -(th^2 + 0.1 w^2): a density exp(reward / temperature) has weights 2 / temperature.
  constexpr double temperature = 0.1;
  return std::make_shared<QuadraticState>(Eigen::VectorXd::Zero(2), Eigen::Vector2d(2.0, 0.2) / temperature,
                                          std::vector<bool>{true, false});
}

// Angle 0 is upright, and the reward takes the tip at x + l sin(theta): a pole of negative length.
std::shared_ptr<Preference> pilco_cartpole() {
  return std::make_shared<PlanarTip>(-0.6, 0.0, 0.6, 0.25, kernels::best());
}

// reward = exp(-d^2 / 0.36) - 0.01 a^2, a = 3 u, over the temperature. A rail ends where no law of motion says so: 2.5
// m from the middle cost a third of a step at the goal.
std::shared_ptr<Preference> pets_cartpole() {
  constexpr double temperature = 0.1;
  return std::make_shared<Saturating>(std::make_shared<PlanarTip>(0.6, 0.0, 0.6, std::sqrt(0.18), kernels::best()),
                                      temperature, Eigen::Vector4d(1.0, 0.0, 0.0, 0.0), 2.0 * 0.01 * 9.0 / temperature);
}

// The goal's place, with a width of a tenth of the road.
std::shared_ptr<Preference> mountain_car() {
  constexpr double width = 0.18;
  return std::make_shared<QuadraticState>(Eigen::Vector2d(0.5, 0.0), Eigen::Vector2d(1.0 / (width * width), 0.0),
                                          std::vector<bool>{false, false});
}

std::shared_ptr<Preference> reacher(const GapPreferenceOptions& options) {
  return std::make_shared<GapPreference>(2, 2, options, kernels::best());
}

// reward = -|gap| - |a|^2, m, at a temperature.
std::shared_ptr<Preference> tip_reacher() {
  constexpr double temperature = 0.02;
  return reacher({.temperature = temperature, .softness = 0.01, .command_precision = 2.0 / temperature});
}

// reward = 1 inside the target: the finger at its middle, soft over half of the radii of both.
std::shared_ptr<Preference> dmc_reacher_easy() { return reacher({.temperature = 0.02, .softness = 0.03}); }
std::shared_ptr<Preference> dmc_reacher_hard() { return reacher({.temperature = 0.01, .softness = 0.0125}); }

// reward = 1 within 8 degrees of upright (angle 0): there at rest.
std::shared_ptr<Preference> dmc_pendulum() {
  return std::make_shared<QuadraticState>(Eigen::VectorXd::Zero(2), Eigen::Vector2d(20.0, 1.0),
                                          std::vector<bool>{true, false});
}

// The tip of the upright pole over the middle of the rail.
std::shared_ptr<Preference> dmc_cartpole() {
  return std::make_shared<PlanarTip>(-1.0, 0.0, 1.0, 0.25, kernels::best());
}

// As narrow as a swing's step before the goal: nothing pulls from the valley.
std::shared_ptr<Preference> sparse_mountain_car() { return std::make_shared<SparsePlace>(0, 0.45, 0.05, 0.01); }

using Make = std::shared_ptr<Preference> (*)();
constexpr std::pair<const char*, Make> preferences[] = {
    {"dmc-cartpole-swingup-v0", dmc_cartpole}, {"dmc-cartpole-swingup_sparse-v0", dmc_cartpole},
    {"dmc-pendulum-swingup-v0", dmc_pendulum}, {"dmc-reacher-easy-v0", dmc_reacher_easy},
    {"dmc-reacher-hard-v0", dmc_reacher_hard}, {"tip-reacher-v0", tip_reacher},
    {"tip-pendulum-v0", tip_pendulum},         {"pilco-cartpole-v0", pilco_cartpole},
    {"pets-cartpole-v0", pets_cartpole},       {"mountain-car-v0", mountain_car},
    {"mountain-car-feef-v0", mountain_car},    {"mountain-car-short", sparse_mountain_car}};

}  // namespace

QuadraticState::QuadraticState(Eigen::VectorXd goal, Eigen::VectorXd weight, std::vector<bool> circular,
                               double command_precision)
    : goal_(std::move(goal)),
      weight_(std::move(weight)),
      circular_(std::move(circular)),
      command_precision_(command_precision) {}

void QuadraticState::add_log_density(const Batch& state, int n, float* sum) {
  for (Eigen::Index i = 0; i < goal_.size(); ++i) {
    const float* x = state.row(static_cast<int>(i));
    const float goal = static_cast<float>(goal_(i)), half = static_cast<float>(0.5 * weight_(i));
    const bool circular = circular_[static_cast<std::size_t>(i)];
    for (int k = 0; k < n; ++k) {
      float d = x[k] - goal;
      if (circular) d -= static_cast<float>(turn) * std::nearbyint(d * static_cast<float>(1.0 / turn));
      sum[k] -= half * d * d;
    }
  }
}

void QuadraticState::residual(const Eigen::VectorXd& s, Eigen::VectorXd& r, Eigen::MatrixXd& jacobian) const {
  const Eigen::VectorXd root = weight_.cwiseSqrt();
  r = s - goal_;
  for (Eigen::Index i = 0; i < r.size(); ++i)
    if (circular_[static_cast<std::size_t>(i)]) r(i) = std::remainder(r(i), turn);
  r = r.cwiseProduct(root).eval();
  jacobian = root.asDiagonal();
}

SparsePlace::SparsePlace(int element, double goal, double width, double floor)
    : element_(element), goal_(goal), width_(width), floor_(floor) {}

void SparsePlace::add_log_density(const Batch& state, int n, float* sum) {
  const float* x = state.row(element_);
  const float goal = static_cast<float>(goal_), half = static_cast<float>(0.5 / (width_ * width_)),
              floor = static_cast<float>(floor_);
  for (int k = 0; k < n; ++k) {
    const float d = std::max(0.0F, goal - x[k]);
    sum[k] += std::log(std::exp(-half * d * d) + floor);
  }
}

void SparsePlace::residual(const Eigen::VectorXd& s, Eigen::VectorXd& r, Eigen::MatrixXd& jacobian) const {
  const double d = std::max(0.0, goal_ - s(element_)) / width_, peak = std::exp(-0.5 * d * d);
  const double share = std::sqrt(peak / (peak + floor_));
  r = Eigen::VectorXd::Constant(1, share * d);
  jacobian.setZero(1, s.size());
  if (d > 0.0) jacobian(0, element_) = -share / width_;
}

std::shared_ptr<Preference> task_preference(const std::string& task) {
  std::vector<std::string> known;
  for (const auto& [name, make] : preferences) {
    if (task == name) return make();
    known.emplace_back(name);
  }
  throw base::OptionError(
      "task", "task: no preference is known for '" + task + "'; did you mean '" + config::nearest(task, known) + "'?");
}

}  // namespace infans::agents
