#include "envs/mujoco/senses/sensors.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "envs/mujoco/senses/lookup.hpp"

namespace infans::envs::senses {
namespace {

const char* unit_of(int type) {
  switch (type) {
    case mjSENS_ACCELEROMETER:
    case mjSENS_FRAMELINACC:
      return "m/s2";
    case mjSENS_VELOCIMETER:
    case mjSENS_FRAMELINVEL:
    case mjSENS_SUBTREELINVEL:
      return "m/s";
    case mjSENS_GYRO:
    case mjSENS_FRAMEANGVEL:
    case mjSENS_BALLANGVEL:
      return "rad/s";
    case mjSENS_FRAMEANGACC:
      return "rad/s2";
    case mjSENS_TOUCH:
    case mjSENS_FORCE:
      return "N";
    case mjSENS_TORQUE:
      return "N m";
    case mjSENS_MAGNETOMETER:
      return "T";
    case mjSENS_RANGEFINDER:
    case mjSENS_FRAMEPOS:
    case mjSENS_SUBTREECOM:
    case mjSENS_TENDONPOS:
    case mjSENS_GEOMDIST:
    case mjSENS_GEOMFROMTO:
      return "m";
    case mjSENS_CLOCK:
      return "s";
    default:
      return "";  // depends on the joint, or has none
  }
}

class Sensors final : public Sense {
 public:
  Sensors(const mjModel& m, const std::string& name, const std::vector<int>& ids, const ChannelOptions& channel)
      : Sense(name, channel), ids_(ids) {
    int size = 0;
    std::string unit = unit_of(m.sensor_type[ids[0]]);
    for (const int id : ids) {
      size += m.sensor_dim[id];
      if (unit != unit_of(m.sensor_type[id])) unit = "";
    }
    parts_ = {{name, unit, size}};
  }

  void sample(const Instant& at, std::span<double> out) override {
    auto next = out.begin();
    for (const int id : ids_) next = std::copy_n(at.d.sensordata + at.m.sensor_adr[id], at.m.sensor_dim[id], next);
  }

 private:
  std::vector<int> ids_;
};

}  // namespace

std::vector<std::unique_ptr<Sense>> make_sensors(const mjModel& m, const BodyOptions& options,
                                                 const std::string& source) {
  std::vector<std::unique_ptr<Sense>> list;
  std::vector<bool> taken(static_cast<std::size_t>(m.nsensor));
  for (const SensorOptions& entry : options.sensors) {
    const std::string who = written(entry.name, entry.channel.origin);
    const std::vector<int> ids = select(m, mjOBJ_SENSOR, entry.sensors, source, who);
    if (ids.empty()) throw base::BodyError(source, who + " takes sensors, but the body has none");
    for (const int id : ids) {
      if (taken[static_cast<std::size_t>(id)]) {
        throw base::BodyError(source, who + " takes the sensor " + label_of(m, mjOBJ_SENSOR, id) +
                                          ", which an entry before it has taken");
      }
      taken[static_cast<std::size_t>(id)] = true;
    }
    list.push_back(std::make_unique<Sensors>(m, entry.name, ids, entry.channel));
  }
  for (int id = 0; options.other_sensors && id < m.nsensor; ++id) {
    const std::string name = name_of(m, mjOBJ_SENSOR, id);
    if (name.empty() || taken[static_cast<std::size_t>(id)]) continue;
    list.push_back(std::make_unique<Sensors>(m, name, std::vector<int>{id}, ChannelOptions{}));
  }
  return list;
}

}  // namespace infans::envs::senses
