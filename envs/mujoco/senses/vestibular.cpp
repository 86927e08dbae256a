#include "envs/mujoco/senses/vestibular.hpp"

#include <algorithm>
#include <array>

#include "envs/mujoco/senses/lookup.hpp"

namespace infans::envs::senses {
namespace {

class Vestibular final : public Sense {
 public:
  Vestibular(const mjModel& m, const VestibularOptions& o, const std::string& source) : Sense(o.name, o.channel) {
    const auto [type, id] = find_any(m, {mjOBJ_SITE, mjOBJ_BODY}, o.head, source, written(o.name, o.channel.origin));
    site_ = type == mjOBJ_SITE ? id : -1;
    body_ = site_ >= 0 ? m.site_bodyid[site_] : id;
    for (int b = body_; b > 0; b = m.body_parentid[b]) chain_.push_back(b);
    std::reverse(chain_.begin(), chain_.end());
    parts_ = {{o.name + ".acceleration", "m/s2", 3}, {o.name + ".rotation", "rad/s", 3}};
  }

  // Spatial velocity and acceleration along the chain of bodies up to the head (Featherstone 2008, recursive
  // Newton-Euler with the world accelerating by -g), then the acceleration of a material point: MuJoCo's own
  // accelerometer, without the pass over all bodies that it needs.
  void sample(const Instant& at, std::span<double> out) override {
    const mjModel& m = at.m;
    const mjData& d = at.d;
    std::array<mjtNum, 6> velocity{}, acceleration{};  // rotation, then translation at the tree's centre of mass
    if ((m.opt.disableflags & mjDSBL_GRAVITY) == 0) {
      for (int i = 0; i < 3; ++i) acceleration[static_cast<std::size_t>(3 + i)] = -m.opt.gravity[i];
    }
    for (const int b : chain_) {
      for (int dof = m.body_dofadr[b]; dof < m.body_dofadr[b] + m.body_dofnum[b]; ++dof) {
        for (int i = 0; i < 6; ++i) {
          velocity[static_cast<std::size_t>(i)] += d.cdof[6 * dof + i] * at.velocity[dof];
          acceleration[static_cast<std::size_t>(i)] +=
              d.cdof_dot[6 * dof + i] * at.velocity[dof] + d.cdof[6 * dof + i] * d.qacc[dof];
        }
      }
    }
    const mjtNum* const place = site_ >= 0 ? d.site_xpos + 3 * site_ : d.xpos + 3 * body_;
    const mjtNum* const frame = site_ >= 0 ? d.site_xmat + 9 * site_ : d.xmat + 9 * body_;
    const mjtNum* const centre = d.subtree_com + 3 * m.body_rootid[body_];
    mjtNum arm[3], turned[3], linear[3], still[3];
    mju_sub3(arm, place, centre);
    mju_cross(turned, velocity.data(), arm);
    mju_add3(still, velocity.data() + 3, turned);
    mju_cross(linear, acceleration.data(), arm);
    mju_addTo3(linear, acceleration.data() + 3);
    mju_cross(turned, velocity.data(), still);
    mju_addTo3(linear, turned);
    mju_mulMatTVec3(out.data(), frame, linear);
    mju_mulMatTVec3(out.data() + 3, frame, velocity.data());
  }

 private:
  int site_, body_;
  std::vector<int> chain_;
};

}  // namespace

std::unique_ptr<Sense> make_vestibular(const mjModel& m, const VestibularOptions& options, const std::string& source) {
  return std::make_unique<Vestibular>(m, options, source);
}

}  // namespace infans::envs::senses
