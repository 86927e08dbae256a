#include "envs/analytic/linear_body.hpp"

#include <cstdint>
#include <utility>

namespace infans::envs {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kGravity = 9.81;  // m/s^2

// inertia q'' = force u - stiffness q - damping q', as dx/dt = rate x + gain u of x = (q, q').
LinearBody mechanical(std::string name, const MatrixXd& inertia, const MatrixXd& stiffness, const MatrixXd& damping,
                      const VectorXd& force) {
  const Eigen::Index n = inertia.rows();
  const Eigen::LLT<MatrixXd> factor(inertia);
  LinearBody body;
  body.name = std::move(name);
  body.rate = MatrixXd::Zero(2 * n, 2 * n);
  body.rate.topRightCorner(n, n) = MatrixXd::Identity(n, n);
  body.rate.bottomLeftCorner(n, n) = -factor.solve(stiffness);
  body.rate.bottomRightCorner(n, n) = -factor.solve(damping);
  body.gain = VectorXd::Zero(2 * n);
  body.gain.tail(n) = factor.solve(force);
  return body;
}

MatrixXd diagonal(double a, double b) { return Eigen::Vector2d(a, b).asDiagonal(); }

// A bob of 1 kg on 0.5 m, pivot friction 0.1 N m s, torque 1 N m at u = 1.
LinearBody hanging_pendulum() {
  constexpr double mass = 1.0, length = 0.5, friction = 0.1;
  const auto one = [](double v) { return MatrixXd::Constant(1, 1, v); };
  LinearBody body = mechanical("linear-pendulum", one(mass * length * length), one(mass * kGravity * length),
                               one(friction), VectorXd::Ones(1));
  body.noise = 1e-2;
  body.joints = {Joint::hinge};
  body.unit = {"rad", "rad/s"};
  return body;
}

// A cart of 1 kg with a uniform rod of 0.1 kg and 1 m hanging from it (the proportions of dm_control's cart-pole), tip
// at x - sin theta (the sign of the body "cartpole"); friction 1 N s/m on the track and 0.005 N m s in the hinge, a
// weak spring of 0.5 N/m to the track's middle, force 1 N at u = 1.
LinearBody hanging_cartpole() {
  constexpr double cart = 1.0, rod = 0.1, length = 1.0, centre = 0.5 * length, spring = 0.5;
  constexpr double track_friction = 1.0, hinge_friction = 0.005;
  MatrixXd inertia(2, 2);
  inertia << cart + rod, -rod * centre, -rod * centre, rod * length * length / 3.0;
  LinearBody body = mechanical("linear-cartpole", inertia, diagonal(spring, rod * kGravity * centre),
                               diagonal(track_friction, hinge_friction), Eigen::Vector2d(1.0, 0.0));
  body.noise = 1e-2;
  body.joints = {Joint::slide, Joint::hinge};
  body.unit = {"m,rad", "m/s,rad/s"};
  return body;
}

// Two first-order lags in a row: u drives the fast one (rate 2), that the slow one (rate 1).
LinearBody two_poles() {
  LinearBody body;
  body.name = "linear-poles";
  body.rate = MatrixXd(2, 2);
  body.rate << -1.0, 1.0, 0.0, -2.0;
  body.gain = Eigen::Vector2d(0.0, 1.0);
  body.noise = 1e-2;
  body.unit = {"1"};
  return body;
}

// Two masses of 1 kg, each on its own spring (2 and 5 rad/s, damping ratio 0.02), both pushed by u N.
LinearBody two_modes() {
  constexpr double slow = 2.0, fast = 5.0, ratio = 0.02;
  LinearBody body = mechanical("linear-modes", MatrixXd::Identity(2, 2), diagonal(slow * slow, fast * fast),
                               diagonal(2.0 * ratio * slow, 2.0 * ratio * fast), VectorXd::Ones(2));
  body.noise = 1e-3;
  body.joints = {Joint::slide, Joint::slide};
  body.unit = {"m", "m/s"};
  return body;
}

class LinearWorld final : public TaskWorld {
 public:
  explicit LinearWorld(const LinearBody& body) : system_(body.system()) {
    spec_.name = body.name;
    spec_.joints = body.joints;
    const int size = static_cast<int>(body.gain.size()), joints = static_cast<int>(body.joints.size());
    if (joints > 0) {
      spec_.modalities = {{"joint_position", body.unit[0], 0, joints},
                          {"joint_velocity", body.unit[1], joints, joints}};
    } else {
      spec_.modalities = {{"state", body.unit[0], 0, size}};
    }
    spec_.action_size = 1;
    spec_.control_period = body.period;
    next_.resize(size);
    prepare(2);
  }

 private:
  void start(random::Stream& stream) override {
    for (double& half : seed()) half = static_cast<double>(stream.bits());
  }

  Outcome advance(std::span<const double> command) override {
    Eigen::Map<VectorXd> x(state_.data(), next_.size());
    next_.noalias() = system_.a * x;
    next_ += command[0] * system_.b;
    const auto high = static_cast<std::uint64_t>(seed()[0]), low = static_cast<std::uint64_t>(seed()[1]);
    random::Stream stream(
        {high << 32 | low, 0, random::Purpose::process_noise, static_cast<std::uint64_t>(step_number())});
    for (double& v : next_) v += system_.noise * stream.normal();
    x = next_;
    return {};
  }

  // Two halves of 32 bits, which doubles hold exactly.
  std::span<double> seed() { return std::span(state_).last(2); }

  inference::LinearSystem system_;
  VectorXd next_;
};

}  // namespace

const std::vector<LinearBody>& linear_bodies() {
  static const std::vector<LinearBody> all = {hanging_pendulum(), hanging_cartpole(), two_poles(), two_modes()};
  return all;
}

std::unique_ptr<TaskWorld> make_linear_body(const LinearBody& body) { return std::make_unique<LinearWorld>(body); }

}  // namespace infans::envs
