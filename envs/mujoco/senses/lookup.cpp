#include "envs/mujoco/senses/lookup.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/config/option.hpp"

namespace infans::envs::senses {
namespace {

int count(const mjModel& m, mjtObj type) {
  switch (type) {
    case mjOBJ_BODY:
      return static_cast<int>(m.nbody);
    case mjOBJ_JOINT:
      return static_cast<int>(m.njnt);
    case mjOBJ_GEOM:
      return static_cast<int>(m.ngeom);
    case mjOBJ_SITE:
      return static_cast<int>(m.nsite);
    case mjOBJ_CAMERA:
      return static_cast<int>(m.ncam);
    case mjOBJ_SENSOR:
      return static_cast<int>(m.nsensor);
    case mjOBJ_ACTUATOR:
      return static_cast<int>(m.nactuator);
    case mjOBJ_KEY:
      return static_cast<int>(m.nkey);
    default:
      return 0;
  }
}

bool matches(const std::string& entry, const std::string& name) {
  if (!entry.empty() && entry.back() == '*') return name.compare(0, entry.size() - 1, entry, 0, entry.size() - 1) == 0;
  return entry == name;
}

[[noreturn]] void missing(const mjModel& m, mjtObj type, const std::string& name, const std::string& source,
                          const std::string& who) {
  std::vector<std::string> names;
  for (int id = 0; id < count(m, type); ++id) {
    if (std::string known = name_of(m, type, id); !known.empty()) names.push_back(std::move(known));
  }
  const std::string near = config::nearest(name, names);
  throw base::BodyError(source, who + " names the " + kind(type) + " \"" + name + "\", which the body has not" +
                                    (near.empty() ? "; no " + std::string(kind(type)) + " of it has a name"
                                                  : "; nearest: \"" + near + "\""));
}

}  // namespace

const char* kind(mjtObj type) { return mju_type2Str(type); }

std::string name_of(const mjModel& m, mjtObj type, int id) {
  const char* const name = mj_id2name(&m, type, id);
  return name != nullptr ? name : "";
}

std::string label_of(const mjModel& m, mjtObj type, int id) {
  const std::string name = name_of(m, type, id);
  return name.empty() ? "number " + std::to_string(id) : name;
}

int find(const mjModel& m, mjtObj type, const std::string& name, const std::string& source, const std::string& who) {
  const int id = mj_name2id(&m, type, name.c_str());
  if (id < 0) missing(m, type, name, source, who);
  return id;
}

std::vector<int> select(const mjModel& m, mjtObj type, const std::vector<std::string>& list, const std::string& source,
                        const std::string& who) {
  std::vector<int> ids;
  for (int id = 0; id < count(m, type); ++id) {
    if (takes(list, name_of(m, type, id))) ids.push_back(id);
  }
  for (const std::string& entry : list) {
    const bool any = std::any_of(ids.begin(), ids.end(), [&](int id) { return matches(entry, name_of(m, type, id)); });
    if (!any) missing(m, type, entry, source, who);
  }
  return ids;
}

bool takes(const std::vector<std::string>& list, const std::string& name) {
  return list.empty() ||
         std::any_of(list.begin(), list.end(), [&](const std::string& entry) { return matches(entry, name); });
}

}  // namespace infans::envs::senses
