#include "envs/mujoco/inspection.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "envs/mujoco/engine.hpp"

namespace infans::envs {
namespace {

std::string name_of(const mjModel& m, int type, int id) {
  const char* const name = mj_id2name(&m, type, id);
  return name != nullptr ? name : "number " + std::to_string(id);
}

std::array<double, 3> triple(const mjtNum* v) { return {v[0], v[1], v[2]}; }

DataPtr fresh_data(const mjModel& m, const std::string& source) {
  DataPtr data(mj_makeData(&m));
  if (!data) throw base::BodyError(source, "MuJoCo has no memory for its state; lower <size memory>");
  mj_forward(&m, data.get());
  return data;
}

Moment moment(const mjModel& m, const mjData& d) {
  Moment now;
  now.time = d.time;
  for (int b = 1; b < m.nbody; ++b) now.places.push_back(triple(d.xpos + 3 * b));
  now.velocities.assign(d.qvel, d.qvel + m.nv);
  now.contacts = static_cast<int>(d.ncon);
  for (int c = 0; c < d.ncon; ++c) now.deepest = std::max(now.deepest, -d.contact[c].dist);
  return now;
}

// Why the simulation cannot go on, "" when it can.
std::string trouble(const mjModel& m, const mjData& d, const LogCapture& capture) {
  for (int w = 0; w < mjNWARNING; ++w) {
    if (d.warning[w].number == 0) continue;
    if (capture.warning()[0] != '\0') return capture.warning();
    return mju_warningText(w, static_cast<std::size_t>(d.warning[w].lastinfo));
  }
  const auto finite = [](const mjtNum* v, int n) {
    return std::all_of(v, v + n, [](mjtNum x) { return std::isfinite(x); });
  };
  if (!finite(d.qpos, static_cast<int>(m.nq)) || !finite(d.qvel, static_cast<int>(m.nv))) {
    return "the state is not finite";
  }
  return {};
}

}  // namespace

Inspection inspect_body(const std::string& mjcf_text, const std::string& source) {
  install_log_handler();
  const std::shared_ptr<const mjModel> model = load_model(mjcf_text, source);
  const mjModel& m = *model;
  const LogCapture capture;
  const DataPtr data = fresh_data(m, source);
  const mjData& d = *data;
  Inspection all;
  all.timestep = m.opt.timestep;
  all.mass = mj_getTotalmass(&m);
  all.position_size = static_cast<int>(m.nq);
  all.velocity_size = static_cast<int>(m.nv);
  for (int b = 1; b < m.nbody; ++b) {
    all.bodies.push_back({name_of(m, mjOBJ_BODY, b), name_of(m, mjOBJ_BODY, m.body_parentid[b]), m.body_mass[b],
                          triple(m.body_inertia + 3 * b), triple(d.xpos + 3 * b)});
  }
  for (int g = 0; g < m.ngeom; ++g) {
    all.shapes.push_back({name_of(m, mjOBJ_GEOM, g), name_of(m, mjOBJ_BODY, m.geom_bodyid[g]),
                          triple(m.geom_size + 3 * g), triple(d.geom_xpos + 3 * g),
                          m.geom_contype[g] != 0 || m.geom_conaffinity[g] != 0});
  }
  for (int s = 0; s < m.nsite; ++s) {
    PlacePart place{
        name_of(m, mjOBJ_SITE, s), name_of(m, mjOBJ_BODY, m.site_bodyid[s]), triple(d.site_xpos + 3 * s), {}};
    std::copy_n(d.site_xmat + 9 * s, 9, place.axes.begin());
    all.places.push_back(place);
  }
  for (int j = 0; j < m.njnt; ++j) {
    constexpr const char* kinds[] = {"free", "ball", "slide", "hinge"};  // in the order of mjtJoint
    all.joints.push_back({name_of(m, mjOBJ_JOINT, j),
                          kinds[m.jnt_type[j]],
                          name_of(m, mjOBJ_BODY, m.jnt_bodyid[j]),
                          triple(d.xanchor + 3 * j),
                          {m.jnt_range[2 * j], m.jnt_range[2 * j + 1]},
                          m.jnt_dofadr[j]});
  }
  for (int a = 0; a < m.nactuator; ++a) {
    const auto c = static_cast<std::size_t>(m.actuator_ctrladr[a]);
    std::array<double, 2> range{};
    if (m.actuator_ctrlnum[a] > 0 && m.actuator_ctrllimited[c])
      range = {m.actuator_ctrlrange[2 * c], m.actuator_ctrlrange[2 * c + 1]};
    all.motors.push_back({name_of(m, mjOBJ_ACTUATOR, a), m.actuator_gear[6 * m.actuator_outadr[a]], range});
  }
  for (int s = 0; s < m.nsensor; ++s) all.sensors.push_back(name_of(m, mjOBJ_SENSOR, s));
  for (int k = 0; k < m.nkey; ++k) all.keyframes.push_back(name_of(m, mjOBJ_KEY, k));
  return all;
}

std::vector<Moment> roll_body(const std::string& mjcf_text, const std::string& source, double seconds,
                              double sample_period,
                              const std::function<void(double time, std::span<double> controls)>& command) {
  install_log_handler();
  const std::shared_ptr<const mjModel> model = load_model(mjcf_text, source);
  const mjModel& m = *model;
  const LogCapture capture;
  std::vector<Moment> moments;
  long step = 0;
  try {
    const DataPtr data = fresh_data(m, source);
    const long steps = std::lround(seconds / m.opt.timestep);
    const long every = std::max(1L, std::lround(sample_period / m.opt.timestep));
    moments.push_back(moment(m, *data));
    while (step < steps) {
      if (command) command(data->time, {data->ctrl, static_cast<std::size_t>(m.nu)});
      mj_step(&m, data.get());
      ++step;
      const std::string why = trouble(m, *data, capture);
      if (!why.empty()) throw base::SimulationError(source, step, why);
      if (step % every == 0) moments.push_back(moment(m, *data));
    }
  } catch (const EngineError& e) {
    throw base::SimulationError(source, step, e.what());
  }
  return moments;
}

}  // namespace infans::envs
