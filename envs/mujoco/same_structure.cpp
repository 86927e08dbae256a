#include "envs/mujoco/same_structure.hpp"

#include <array>
#include <tuple>

#include "core/base/error.hpp"
#include "envs/mujoco/senses/lookup.hpp"

namespace infans::envs {
namespace {

int type_of(const mjModel& m, mjtObj kind, int id) {
  switch (kind) {
    case mjOBJ_BODY:
      return m.body_parentid[id];
    case mjOBJ_JOINT:
      return 10 * m.jnt_bodyid[id] + m.jnt_type[id];
    case mjOBJ_GEOM:
      return 100 * m.geom_bodyid[id] + m.geom_type[id];
    case mjOBJ_ACTUATOR:
      return m.actuator_ctrlnum[id];
    case mjOBJ_SENSOR:
      return 100 * m.sensor_type[id] + m.sensor_dim[id];
    default:
      return 0;
  }
}

}  // namespace

void check_same_structure(const mjModel& a, const mjModel& b, const std::string& source) {
  const auto refuse = [&](const std::string& what) {
    throw base::BodyError(source, "cannot take the place of the body that lives: " + what + " differs");
  };
  const std::array<std::tuple<mjtObj, mjtSize, mjtSize>, 7> kinds = {{{mjOBJ_BODY, a.nbody, b.nbody},
                                                                      {mjOBJ_JOINT, a.njnt, b.njnt},
                                                                      {mjOBJ_GEOM, a.ngeom, b.ngeom},
                                                                      {mjOBJ_SITE, a.nsite, b.nsite},
                                                                      {mjOBJ_CAMERA, a.ncam, b.ncam},
                                                                      {mjOBJ_ACTUATOR, a.nactuator, b.nactuator},
                                                                      {mjOBJ_SENSOR, a.nsensor, b.nsensor}}};
  for (const auto& [kind, before, after] : kinds) {
    if (before != after) refuse("the number of " + std::string(senses::kind(kind)) + "s");
    for (int id = 0; id < before; ++id) {
      const bool same =
          senses::name_of(a, kind, id) == senses::name_of(b, kind, id) && type_of(a, kind, id) == type_of(b, kind, id);
      if (!same) refuse(std::string(senses::kind(kind)) + " " + senses::label_of(a, kind, id));
    }
  }
  const bool same_state = a.nu == b.nu && a.nout == b.nout && a.nkey == b.nkey &&
                          mj_stateSize(&a, mjSTATE_INTEGRATION) == mj_stateSize(&b, mjSTATE_INTEGRATION);
  if (!same_state) refuse("the state (activations, constraints or keyframes)");
}

}  // namespace infans::envs
