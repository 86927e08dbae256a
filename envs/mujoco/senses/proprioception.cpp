#include "envs/mujoco/senses/proprioception.hpp"

#include <algorithm>
#include <cmath>

#include "envs/mujoco/senses/lookup.hpp"

namespace infans::envs::senses {
namespace {

// "rad" when all agree, else one unit per number: "m,rad".
std::string joined(const std::vector<std::string>& units) {
  const bool same = std::all_of(units.begin(), units.end(), [&](const std::string& u) { return u == units[0]; });
  std::string text;
  for (std::size_t i = 0; i < (same ? std::min<std::size_t>(1, units.size()) : units.size()); ++i) {
    text += (i > 0 ? "," : "") + units[i];
  }
  return text;
}

// A value as a part of the way from the limit's neighbourhood (0) to the limit (1), beyond it more.
double nearness(double q, double low, double high, double width) {
  const double zone = width * (high - low);
  const double up = 1.0 - (high - q) / zone, down = 1.0 - (q - low) / zone;
  return std::max(up, 0.0) - std::max(down, 0.0);
}

class Proprioception final : public Sense {
 public:
  Proprioception(const mjModel& m, const ProprioceptionOptions& o, const std::string& source)
      : Sense(o.name.empty() ? "proprioception" : o.name, o.channel), width_(o.limit_width) {
    const std::string who = name();
    const std::vector<int> joints = select(m, mjOBJ_JOINT, o.joints, source, written(who, o.channel.origin));
    std::vector<std::string> position_units, velocity_units;
    for (const int j : joints) {
      const std::size_t slides = m.jnt_type[j] == mjJNT_FREE ? 3U : m.jnt_type[j] == mjJNT_SLIDE ? 1U : 0U;
      const std::size_t turns = m.jnt_type[j] == mjJNT_SLIDE ? 0U : m.jnt_type[j] == mjJNT_HINGE ? 1U : 3U;
      position_units.insert(position_units.end(), slides, "m");
      velocity_units.insert(velocity_units.end(), slides, "m/s");
      if (turns == 1) position_units.emplace_back("rad");
      if (turns == 3) position_units.insert(position_units.end(), 4, "1");
      velocity_units.insert(velocity_units.end(), turns, "rad/s");
      const std::size_t nq = slides + (turns == 3 ? 4U : turns), nv = slides + turns;
      if (o.position) append(qpos_, m.jnt_qposadr[j], nq);
      if (o.velocity) append(qvel_, m.jnt_dofadr[j], nv);
      if (o.limits && m.jnt_limited[j] && nv == 1) limited_.push_back(j);
    }
    std::vector<std::string> force_units;
    if (o.force) add_forces(m, o, joints, force_units);
    const std::string prefix = o.name.empty() ? "" : o.name + ".";
    if (o.position) parts_.push_back({prefix + "joint_position", joined(position_units), int(qpos_.size())});
    if (o.velocity) parts_.push_back({prefix + "joint_velocity", joined(velocity_units), int(qvel_.size())});
    if (o.force) parts_.push_back({prefix + "actuator_force", joined(force_units), int(forces_.size())});
    if (o.limits) parts_.push_back({prefix + "joint_limit", "1", int(limited_.size())});
  }

  void sample(const Instant& at, std::span<double> out) override {
    auto next = out.begin();
    for (const int i : qpos_) *next++ = at.d.qpos[i];
    for (const int i : qvel_) *next++ = at.d.qvel[i];
    for (const Force& f : forces_)
      *next++ = at.d.actuator_force[f.output] * (f.geared ? at.m.actuator_gear[6 * f.output] : 1.0);
    for (const int j : limited_) {
      const mjtNum* const range = at.m.jnt_range + 2 * j;
      *next++ = nearness(at.d.qpos[at.m.jnt_qposadr[j]], range[0], range[1], width_);
    }
  }

 private:
  static void append(std::vector<int>& list, int first, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) list.push_back(first + static_cast<int>(i));
  }

  // Every output of the actuators at the joints; without a list of joints of all, whatever they pull at.
  void add_forces(const mjModel& m, const ProprioceptionOptions& o, const std::vector<int>& joints,
                  std::vector<std::string>& units) {
    for (int a = 0; a < m.nactuator; ++a) {
      const bool at_joint = m.actuator_trntype[a] == mjTRN_JOINT || m.actuator_trntype[a] == mjTRN_JOINTINPARENT;
      const bool ours = at_joint && std::find(joints.begin(), joints.end(), m.actuator_trnid[2 * a]) != joints.end();
      if (!o.joints.empty() && !ours) continue;
      const int type = at_joint ? m.jnt_type[m.actuator_trnid[2 * a]] : -1;
      for (int k = 0; k < m.actuator_outnum[a]; ++k) {
        forces_.push_back({m.actuator_outadr[a] + k, type == mjJNT_SLIDE || type == mjJNT_HINGE});
        units.emplace_back(type == mjJNT_HINGE || type == mjJNT_BALL ? "N m" : "N");
      }
    }
  }

  struct Force {
    int output;
    bool geared;  // the joint feels the gear times the actuator's force
  };

  double width_;
  std::vector<int> qpos_, qvel_, limited_;
  std::vector<Force> forces_;
};

}  // namespace

std::unique_ptr<Sense> make_proprioception(const mjModel& m, const ProprioceptionOptions& options,
                                           const std::string& source) {
  return std::make_unique<Proprioception>(m, options, source);
}

}  // namespace infans::envs::senses
