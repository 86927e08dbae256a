#include "envs/mujoco/senses/lookup.hpp"

#include <algorithm>
#include <string_view>

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

// Whether the name is the entry with something for each '*' in it.
bool matches(std::string_view entry, std::string_view name) {
  std::size_t star = std::string_view::npos, after = 0, i = 0, k = 0;
  while (k < name.size()) {
    if (i < entry.size() && entry[i] == '*') {
      star = i++;
      after = k;
    } else if (i < entry.size() && entry[i] == name[k]) {
      ++i;
      ++k;
    } else if (star != std::string_view::npos) {
      i = star + 1;
      k = ++after;
    } else {
      return false;
    }
  }
  return entry.find_first_not_of('*', i) == std::string_view::npos;
}

// "camera, site or body"
std::string kinds(const std::vector<mjtObj>& types) {
  std::string text;
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (i > 0) text += i + 1 < types.size() ? ", " : " or ";
    text += kind(types[i]);
  }
  return text;
}

[[noreturn]] void missing(const mjModel& m, const std::vector<mjtObj>& types, const std::string& name,
                          const std::string& source, const std::string& who) {
  std::vector<std::string> names;
  std::vector<mjtObj> kind_of;
  for (const mjtObj type : types) {
    for (int id = 0; id < count(m, type); ++id) {
      if (std::string known = name_of(m, type, id); !known.empty()) {
        names.push_back(std::move(known));
        kind_of.push_back(type);
      }
    }
  }
  const std::string what = kinds(types);
  const std::string start = who + " names the " + what + " \"" + name + "\", which the body has not; ";
  if (names.empty()) throw MissingElement(source, start + "no " + what + " of it has a name", "", "");
  // "hand" may be meant for "hand_left": beginnings count as names do.
  std::vector<std::string> spellings = names;
  for (const std::string& known : names) spellings.push_back(known.substr(0, name.size()));
  const auto spelling = std::find(spellings.begin(), spellings.end(), config::nearest(name, spellings));
  const auto at = static_cast<std::size_t>(spelling - spellings.begin()) % names.size();
  throw MissingElement(source, start + "nearest: \"" + names[at] + "\"", kind(kind_of[at]), names[at]);
}

}  // namespace

std::string written(const std::string& name, const std::string& origin) {
  return origin.empty() ? name : name + " (" + origin + ")";
}

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
  if (id < 0) missing(m, {type}, name, source, who);
  return id;
}

std::pair<mjtObj, int> find_any(const mjModel& m, const std::vector<mjtObj>& types, const std::string& name,
                                const std::string& source, const std::string& who) {
  for (const mjtObj type : types) {
    if (const int id = mj_name2id(&m, type, name.c_str()); id >= 0) return {type, id};
  }
  missing(m, types, name, source, who);
}

std::vector<int> select(const mjModel& m, mjtObj type, const std::vector<std::string>& list, const std::string& source,
                        const std::string& who) {
  std::vector<int> ids;
  for (int id = 0; id < count(m, type); ++id) {
    if (takes(list, name_of(m, type, id))) ids.push_back(id);
  }
  for (const std::string& entry : list) {
    const bool any = std::any_of(ids.begin(), ids.end(), [&](int id) { return matches(entry, name_of(m, type, id)); });
    if (!any) missing(m, {type}, entry, source, who);
  }
  return ids;
}

bool takes(const std::vector<std::string>& list, const std::string& name) {
  return list.empty() ||
         std::any_of(list.begin(), list.end(), [&](const std::string& entry) { return matches(entry, name); });
}

}  // namespace infans::envs::senses
