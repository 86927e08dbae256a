#include "experiments/benchmarks/small_data.hpp"

#include <numbers>
#include <string_view>

#include "core/base/error.hpp"
#include "envs/bodies/bodies.hpp"
#include "envs/bodies/chain.hpp"
#include "envs/mujoco/world.hpp"

namespace infans::experiments {
namespace {

using Eigen::VectorXd;
constexpr double pi = std::numbers::pi;

SmallWorld make_cartpole() {
  SmallWorld w;
  w.world = envs::make_mujoco_world("cartpole", envs::load_mjcf("cartpole"), "cartpole", {0.1, 0.0});
  w.high = Eigen::Vector4d(1.0, pi, 4.0, 14.0);
  w.low = -w.high;
  w.position_scale = Eigen::Vector2d(1.0, 1.0);
  w.velocity_scale = Eigen::Vector2d(2.0, 6.0);
  return w;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

SmallWorld make_chain(const std::string& name, const envs::ChainOptions& o) {
  SmallWorld w;
  w.world = envs::make_mujoco_world(name, envs::chain_mjcf(o), name, {0.05, 0.0});
  w.high.resize(2 * o.links);
  w.high << VectorXd::Constant(o.links, o.limit > 0.0 ? 2.09 : pi), VectorXd::Constant(o.links, 4.0);
  w.low = -w.high;
  w.position_scale = VectorXd::Ones(o.links);
  w.velocity_scale = VectorXd::Constant(o.links, 4.0);
  return w;
}

}  // namespace

model::Encoding SmallWorld::encoding() const {
  const envs::Spec& spec = world->spec();
  model::Encoding e;
  for (const envs::Joint j : spec.joints)
    e.coordinates.push_back(j == envs::Joint::hinge ? model::Coordinate::circular : model::Coordinate::linear);
  e.position_scale = position_scale;
  e.velocity_scale = velocity_scale;
  e.actions = spec.action_size;
  e.dt = spec.control_period;
  return e;
}

SmallWorld make_small_world(const std::string& name) {
  std::string_view rest = name;
  if (rest == "cartpole") return make_cartpole();
  if (take(rest, "chain") && !rest.empty() && rest[0] >= '1' && rest[0] <= '9') {
    envs::ChainOptions o;
    o.links = rest[0] - '0';
    rest.remove_prefix(1);
    if (take(rest, "-friction")) o.friction = 1.0;
    if (take(rest, "-limits")) o.limit = 120.0 * pi / 180.0;
    if (take(rest, "-ground")) o.ground = 0.8;
    if (rest.empty()) return make_chain(name, o);
  }
  throw base::OptionError("world", "no world '" + name + "'; it is cartpole or chain1 to chain9, the latter with " +
                                       "-friction, -limits and -ground in that order");
}

model::Transitions sample_uniform(SmallWorld& w, int count, random::Stream& stream) {
  const int n = w.joints(), m = w.world->spec().action_size;
  model::Transitions t;
  for (Eigen::MatrixXd* x : {&t.q0, &t.v0, &t.q1, &t.v1}) x->resize(count, n);
  t.u.resize(count, m);
  VectorXd state(2 * n), action(m);
  for (int k = 0; k < count; ++k) {
    for (int i = 0; i < 2 * n; ++i) state(i) = stream.uniform(w.low(i), w.high(i));
    for (int i = 0; i < m; ++i) action(i) = stream.uniform(-1.0, 1.0);
    const std::size_t joints = static_cast<std::size_t>(n);
    w.world->set_joints({state.data(), joints}, {state.data() + n, joints});
    const auto next = w.world->step({action.data(), static_cast<std::size_t>(m)});
    const Eigen::Map<const VectorXd> after(next.data(), 2 * n);
    t.q0.row(k) = state.head(n);
    t.v0.row(k) = state.tail(n);
    t.u.row(k) = action;
    t.q1.row(k) = after.head(n);
    t.v1.row(k) = after.tail(n);
  }
  return t;
}

random::Stream training_stream(int seed) {
  return random::Stream({static_cast<std::uint64_t>(seed), 0, random::Purpose::test, 0});
}

random::Stream test_stream() { return random::Stream({0, 1, random::Purpose::test, 0}); }

}  // namespace infans::experiments
