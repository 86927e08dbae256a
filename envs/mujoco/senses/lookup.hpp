// Elements of a model by name, with errors that say which name is missing and what is near. Internal to envs/mujoco.
#pragma once

#include <mujoco/mujoco.h>

#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"

namespace infans::envs::senses {

// A name that the body has not. `nearest` is what may be meant ("": nothing is), an element of that kind.
class MissingElement : public base::BodyError {
 public:
  MissingElement(const std::string& source, std::string message, std::string kind, std::string nearest)
      : BodyError(source, message), message(std::move(message)), kind(std::move(kind)), nearest(std::move(nearest)) {}
  std::string message;  // without the source
  std::string kind, nearest;
};

// "skin", or "skin (life.toml:12)" when it is known where its options were written.
std::string written(const std::string& name, const std::string& origin);

// "geom", "joint", ...
const char* kind(mjtObj type);
// The name of an element, "" when it has none.
std::string name_of(const mjModel& m, mjtObj type, int id);
// The same, or "number 3".
std::string label_of(const mjModel& m, mjtObj type, int id);
// The id of a named element; `who` wants it. Throws MissingElement with the nearest name.
int find(const mjModel& m, mjtObj type, const std::string& name, const std::string& source, const std::string& who);
// The same among several kinds, of which the first that has the name is taken.
std::pair<mjtObj, int> find_any(const mjModel& m, const std::vector<mjtObj>& types, const std::string& name,
                                const std::string& source, const std::string& who);
// The ids, in the order of the model, whose name a list takes ("*" in an entry: any letters; an empty list: all, named
// or not). Throws MissingElement for an entry that takes none.
std::vector<int> select(const mjModel& m, mjtObj type, const std::vector<std::string>& list, const std::string& source,
                        const std::string& who);
// Whether the list takes the name, by the same rule.
bool takes(const std::vector<std::string>& list, const std::string& name);

}  // namespace infans::envs::senses
