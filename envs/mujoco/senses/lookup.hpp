// Elements of a model by name, with errors that say which name is missing and what is near. Internal to envs/mujoco.
#pragma once

#include <mujoco/mujoco.h>

#include <string>
#include <vector>

namespace infans::envs::senses {

// "geom", "joint", ...
const char* kind(mjtObj type);
// The name of an element, "" when it has none.
std::string name_of(const mjModel& m, mjtObj type, int id);
// The same, or "number 3".
std::string label_of(const mjModel& m, mjtObj type, int id);
// The id of a named element; `who` wants it. Throws base::BodyError with the nearest name.
int find(const mjModel& m, mjtObj type, const std::string& name, const std::string& source, const std::string& who);
// The ids, in the order of the model, whose name a list takes ("*" at the end of an entry: any ending; an empty list:
// all, named or not). Throws base::BodyError for an entry that takes none.
std::vector<int> select(const mjModel& m, mjtObj type, const std::vector<std::string>& list, const std::string& source,
                        const std::string& who);
// Whether the list takes the name, by the same rule.
bool takes(const std::vector<std::string>& list, const std::string& name);

}  // namespace infans::envs::senses
