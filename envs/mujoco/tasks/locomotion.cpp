#include "envs/mujoco/tasks/locomotion.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "envs/mujoco/tasks/numbers.hpp"

namespace infans::envs {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

struct Range {
  double low = -infinite, high = infinite;
  bool holds(double x) const { return low < x && x < high; }
};

// A planar body whose first coordinate is the way forward.
// reward = forward speed + pay for being healthy - effort * sum of squared commands.
struct Gait {
  int substeps = 1;
  int skipped = 1;                   // first coordinates that are not observed
  double observed_speed = infinite;  // velocities are clipped to +- this, as observed
  double effort = 0.0;               // weight
  double healthy_pay = 0.0;          // per step
  Range height, angle, rest;         // healthy values of coordinates 1 and 2, and of all numbers from 2 on
  double spread = 0.0;               // of a start: positions uniform within +- this
  bool normal_velocities = false;    // of a start: normal with this deviation, else uniform
  bool ends = false;                 // when not healthy
};

class Forward final : public Rules {
 public:
  Forward(const mjModel& m, const Gait& gait)
      : gait_(gait), period_(m.opt.timestep * gait.substeps), modalities_(joints_observed(m, gait.skipped)) {}

  std::vector<Modality> modalities() const override { return modalities_; }
  int memory_size() const override { return 1; }  // the way made at the last step

  void start(const mjModel& m, mjData& d, std::span<double>, random::Stream& stream) const override {
    const double s = gait_.spread;
    for (int i = 0; i < m.nq; ++i) d.qpos[i] += stream.uniform(-s, s);
    for (int i = 0; i < m.nv; ++i) d.qvel[i] += gait_.normal_velocities ? s * stream.normal() : stream.uniform(-s, s);
  }

  void enter(const mjModel&, const mjData& d, std::span<double> memory) const override { memory[0] = d.qpos[0]; }

  Outcome judge(const mjModel& m, const mjData& d, std::span<const double> command,
                std::span<double> memory) const override {
    const double speed = (d.qpos[0] - memory[0]) / period_;
    memory[0] = d.qpos[0];
    const bool well = healthy(m, d);
    const double reward = speed + (well ? gait_.healthy_pay : 0.0) - effort(gait_.effort, command);
    return {reward, gait_.ends && !well};
  }

  void observe(const mjModel& m, const mjData& d, std::span<const double>, std::span<double> out) const override {
    double* const velocity = std::copy(d.qpos + gait_.skipped, d.qpos + m.nq, out.data());
    const double limit = gait_.observed_speed;
    std::transform(d.qvel, d.qvel + m.nv, velocity, [=](double v) { return std::clamp(v, -limit, limit); });
  }

 private:
  bool healthy(const mjModel& m, const mjData& d) const {
    const auto fine = [&](double x) { return gait_.rest.holds(x); };
    return gait_.height.holds(d.qpos[1]) && gait_.angle.holds(d.qpos[2]) &&
           std::all_of(d.qpos + 2, d.qpos + m.nq, fine) && std::all_of(d.qvel, d.qvel + m.nv, fine);
  }

  Gait gait_;
  double period_;
  std::vector<Modality> modalities_;
};

// reward = 1.25 * speed of the centre of mass + 5 when upright - 0.1 * sum of squared commands - cost of contacts.
class Humanoid final : public Rules {
 public:
  explicit Humanoid(const mjModel& m) : period_(m.opt.timestep * 5) {
    for (int i = 0; i < m.nbody; ++i) mass_ += m.body_mass[i];
    const int bodies = static_cast<int>(m.nbody) - 1;
    modalities_ = {
        {"position", "m,1,rad", 0, static_cast<int>(m.nq) - 2},   {"velocity", "m/s,rad/s", 0, static_cast<int>(m.nv)},
        {"body_inertia", "kg m2,kg m,kg", 0, 10 * bodies},        {"body_velocity", "rad/s,m/s", 0, 6 * bodies},
        {"actuator_force", "N m", 0, static_cast<int>(m.nv) - 6}, {"contact_force", "N m,N", 0, 6 * bodies}};
  }

  std::vector<Modality> modalities() const override { return modalities_; }
  int memory_size() const override { return 1; }  // the centre of mass at the last step

  void start(const mjModel& m, mjData& d, std::span<double>, random::Stream& stream) const override {
    for (int i = 0; i < m.nq; ++i) d.qpos[i] += stream.uniform(-0.01, 0.01);
    for (int i = 0; i < m.nv; ++i) d.qvel[i] += stream.uniform(-0.01, 0.01);
  }

  void enter(const mjModel& m, const mjData& d, std::span<double> memory) const override { memory[0] = centre(m, d); }

  Outcome judge(const mjModel& m, const mjData& d, std::span<const double>, std::span<double> memory) const override {
    const double x = centre(m, d);
    const double speed = (x - memory[0]) / period_;
    memory[0] = x;
    const bool upright = Range{1.0, 2.0}.holds(d.qpos[2]);
    const double gain = 1.25 * speed + (upright ? 5.0 : 0.0);
    const auto count = [](auto n) { return static_cast<std::size_t>(n); };
    const double work = 0.1 * sum_of_squares(std::span<const double>(d.ctrl, count(m.nu)));
    const double blows = 5e-7 * sum_of_squares(std::span<const double>(d.cfrc_ext, count(6 * m.nbody)));
    return {gain - (work + std::min(blows, 10.0)), !upright};
  }

  void observe(const mjModel& m, const mjData& d, std::span<const double>, std::span<double> out) const override {
    double* at = std::copy(d.qpos + 2, d.qpos + m.nq, out.data());
    at = std::copy_n(d.qvel, m.nv, at);
    at = std::copy(d.cinert + 10, d.cinert + 10 * m.nbody, at);
    at = std::copy(d.cvel + 6, d.cvel + 6 * m.nbody, at);
    at = std::copy(d.qfrc_actuator + 6, d.qfrc_actuator + m.nv, at);
    std::copy(d.cfrc_ext + 6, d.cfrc_ext + 6 * m.nbody, at);
  }

 private:
  double centre(const mjModel& m, const mjData& d) const {
    double sum = 0.0;
    for (int i = 0; i < m.nbody; ++i) sum += m.body_mass[i] * d.xipos[3 * i];
    return sum / mass_;
  }

  double period_;
  double mass_ = 0.0;
  std::vector<Modality> modalities_;
};

}  // namespace

std::unique_ptr<Rules> make_swimmer(const mjModel& m, const std::string&) {
  Gait gait;
  gait.substeps = 4;
  gait.skipped = 2;
  gait.effort = 1e-4;
  gait.spread = 0.1;
  return std::make_unique<Forward>(m, gait);
}

std::unique_ptr<Rules> make_hopper(const mjModel& m, const std::string&) {
  Gait gait;
  gait.substeps = 4;
  gait.observed_speed = 10.0;
  gait.effort = 1e-3;
  gait.healthy_pay = 1.0;
  gait.height = {0.7, infinite};
  gait.angle = {-0.2, 0.2};
  gait.rest = {-100.0, 100.0};
  gait.spread = 5e-3;
  gait.ends = true;
  return std::make_unique<Forward>(m, gait);
}

std::unique_ptr<Rules> make_half_cheetah(const mjModel& m, const std::string&) {
  Gait gait;
  gait.substeps = 5;
  gait.effort = 0.1;
  gait.spread = 0.1;
  gait.normal_velocities = true;
  return std::make_unique<Forward>(m, gait);
}

std::unique_ptr<Rules> make_walker(const mjModel& m, const std::string&) {
  Gait gait;
  gait.substeps = 4;
  gait.observed_speed = 10.0;
  gait.effort = 1e-3;
  gait.healthy_pay = 1.0;
  gait.height = {0.8, 2.0};
  gait.angle = {-1.0, 1.0};
  gait.spread = 5e-3;
  gait.ends = true;
  return std::make_unique<Forward>(m, gait);
}

std::unique_ptr<Rules> make_humanoid(const mjModel& m, const std::string&) { return std::make_unique<Humanoid>(m); }

}  // namespace infans::envs
