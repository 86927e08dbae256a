#include "envs/analytic/cartpole.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "core/base/error.hpp"

namespace infans::envs {
namespace {

using State = std::array<double, 4>;  // x (m), theta (rad), x' (m/s), theta' (rad/s)

// Rod centre, a = l/2 from the hinge: (x - a sin t, -a cos t); rod inertia about it: J = m l^2 / 12.
//   T = 1/2 M x'^2 + 1/2 m (x'^2 - 2 a x' t' cos t + a^2 t'^2) + 1/2 J t'^2,   V = -m g a cos t.
// d/dt dT/dq' - dT/dq + dV/dq = generalised force, for q = x and q = t:
//   (M + m) x'' - m a cos t t'' = F - b x' - m a sin t t'^2
//   -m a cos t x'' + (J + m a^2) t'' = -m g a sin t
State derivative(const CartpoleBody& p, const State& s, double force) {
  const double a = 0.5 * p.pole_length;
  const double sine = std::sin(s[1]);
  const double m11 = p.cart_mass + p.pole_mass;
  const double m12 = -p.pole_mass * a * std::cos(s[1]);
  const double m22 = p.pole_mass * (p.pole_length * p.pole_length / 12.0 + a * a);
  const double f1 = force - p.friction * s[2] - p.pole_mass * a * sine * s[3] * s[3];
  const double f2 = -p.pole_mass * p.gravity * a * sine;
  const double determinant = m11 * m22 - m12 * m12;
  return {s[2], s[3], (m22 * f1 - m12 * f2) / determinant, (m11 * f2 - m12 * f1) / determinant};
}

State moved(const State& s, const State& d, double h) {
  return {s[0] + h * d[0], s[1] + h * d[1], s[2] + h * d[2], s[3] + h * d[3]};
}

// Classical fourth-order Runge-Kutta.
State advanced(const CartpoleBody& p, const State& s, double force, double h) {
  const State k1 = derivative(p, s, force);
  const State k2 = derivative(p, moved(s, k1, 0.5 * h), force);
  const State k3 = derivative(p, moved(s, k2, 0.5 * h), force);
  const State k4 = derivative(p, moved(s, k3, h), force);
  State next = s;
  for (std::size_t i = 0; i < 4; ++i) next[i] += h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
  return next;
}

void check(const char* key, double value, bool zero_is_legal) {
  if (std::isfinite(value) && (value > 0.0 || (zero_is_legal && value == 0.0))) return;
  throw base::OptionError(key, std::string(key) + " is " + std::to_string(value) + "; it must be " +
                                   (zero_is_legal ? "0 or more" : "above 0"));
}

int checked_substeps(const AnalyticOptions& o) {
  check("control_period", o.control_period, false);
  check("reset_std", o.reset_std, true);
  check("substep", o.substep, false);
  check("cart_mass", o.body.cart_mass, false);
  check("pole_mass", o.body.pole_mass, false);
  check("pole_length", o.body.pole_length, false);
  check("friction", o.body.friction, true);
  check("gravity", o.body.gravity, true);
  check("max_force", o.body.max_force, true);
  const double ratio = o.control_period / o.substep;
  const double whole = std::round(ratio);
  if (whole < 1.0 || whole > 1e6 || std::abs(ratio - whole) > 1e-9 * ratio) {
    throw base::OptionError("substep", "substep is " + std::to_string(o.substep) +
                                           " s; it must divide the control period of " +
                                           std::to_string(o.control_period) + " s into 1 to 1000000 whole parts");
  }
  return static_cast<int>(whole);
}

class AnalyticCartpole final : public Environment {
 public:
  explicit AnalyticCartpole(const AnalyticOptions& options) : options_(options), substeps_(checked_substeps(options)) {
    spec_.name = "analytic_cartpole";
    spec_.joints = {Joint::slide, Joint::hinge};
    spec_.modalities = {{"joint_position", "m,rad", 0, 2}, {"joint_velocity", "m/s,rad/s", 2, 2}};
    spec_.action_size = 1;
    spec_.control_period = options.control_period;
    spec_.state_size = 5;  // and the step counter
  }

  const Spec& spec() const override { return spec_; }

  std::span<const double> reset(random::Stream& stream) override {
    step_ = 0;
    for (double& value : state_) value = options_.reset_std * stream.normal();
    return state_;
  }

  std::span<const double> step(std::span<const double> action) override {
    expect_size("action", action.size(), 1);
    const double force = options_.body.max_force * std::clamp(action[0], -1.0, 1.0);
    ++step_;
    for (int i = 0; i < substeps_; ++i) state_ = advanced(options_.body, state_, force, options_.substep);
    if (!std::all_of(state_.begin(), state_.end(), [](double v) { return std::isfinite(v); })) {
      throw base::SimulationError(spec_.name, step_, "the state is not finite");
    }
    return state_;
  }

  void save(std::span<double> state) const override {
    expect_size("state", state.size(), spec_.state_size);
    std::copy(state_.begin(), state_.end(), state.begin());
    state.back() = static_cast<double>(step_);
  }

  void restore(std::span<const double> state) override {
    expect_size("state", state.size(), spec_.state_size);
    std::copy_n(state.begin(), state_.size(), state_.begin());
    step_ = static_cast<long>(state.back());
  }

  void set_joints(std::span<const double> position, std::span<const double> velocity) override {
    expect_size("position", position.size(), 2);
    expect_size("velocity", velocity.size(), 2);
    state_ = {position[0], position[1], velocity[0], velocity[1]};
    step_ = 0;
  }

 private:
  void expect_size(const char* what, std::size_t size, int wanted) const {
    if (size == static_cast<std::size_t>(wanted)) return;
    throw base::UserError(spec_.name + ": " + what + " has " + std::to_string(size) + " numbers; it must have " +
                          std::to_string(wanted));
  }

  AnalyticOptions options_;
  int substeps_;
  Spec spec_;
  State state_{};
  long step_ = 0;
};

}  // namespace

std::unique_ptr<Environment> make_analytic_cartpole(const AnalyticOptions& options) {
  return std::make_unique<AnalyticCartpole>(options);
}

}  // namespace infans::envs
