#include "envs/mujoco/senses/effect.hpp"

#include <algorithm>

#include "envs/mujoco/senses/lookup.hpp"

namespace infans::envs::senses {
namespace {

class Effect final : public Sense {
 public:
  Effect(const mjModel& m, const EffectOptions& o, const std::string& source)
      : Sense(o.name, o.channel),
        body_(find(m, mjOBJ_BODY, o.body, source, written(o.name, o.channel.origin))),
        rotation_(o.rotation) {
    parts_ = {{o.name + ".position", "m", 3}};
    if (rotation_) parts_.push_back({o.name + ".orientation", "1", 4});
    parts_.push_back({o.name + ".velocity", "m/s", 3});
    if (rotation_) parts_.push_back({o.name + ".rotation", "rad/s", 3});
  }

  void sample(const Instant& at, std::span<double> out) override {
    mjtNum velocity[6];
    mj_objectVelocity(&at.m, &at.d, mjOBJ_XBODY, body_, velocity, 0);
    auto next = std::copy_n(at.d.xpos + 3 * body_, 3, out.begin());
    if (rotation_) next = std::copy_n(at.d.xquat + 4 * body_, 4, next);
    next = std::copy_n(velocity + 3, 3, next);
    if (rotation_) std::copy_n(velocity, 3, next);
  }

 private:
  int body_;
  bool rotation_;
};

}  // namespace

std::unique_ptr<Sense> make_effect(const mjModel& m, const EffectOptions& options, const std::string& source) {
  return std::make_unique<Effect>(m, options, source);
}

}  // namespace infans::envs::senses
