#include "envs/api/task.hpp"

#include <stdexcept>
#include <utility>

#include "core/base/error.hpp"
#include "core/config/option.hpp"

namespace infans::envs {

config::Options settings(const TaskInfo& info, const TaskOptions& options) {
  config::Options checked(info.options);
  for (const auto& [key, value] : options.values) checked.set(key, value, "task " + info.id);
  return checked;
}

void TaskTable::add(TaskInfo info, Factory factory) {
  const std::string id = info.id;
  const bool added = entries_.emplace(id, Entry{std::move(info), std::move(factory)}).second;
  if (!added) throw std::logic_error("task " + id + " is in the table already");
}

std::vector<std::string> TaskTable::ids() const {
  std::vector<std::string> ids;
  for (const auto& [id, entry] : entries_) ids.push_back(id);
  return ids;
}

const TaskInfo& TaskTable::info(const std::string& id) const { return find(id).info; }

Task TaskTable::make(const std::string& id, const TaskOptions& options) const {
  const Entry& entry = find(id);
  settings(entry.info, options);  // refuses values that a factory without options would never look at
  return entry.factory(entry.info, options);
}

const TaskTable::Entry& TaskTable::find(const std::string& id) const {
  const auto found = entries_.find(id);
  if (found != entries_.end()) return found->second;
  throw base::OptionError("task", "there is no task '" + id + "'; the nearest is '" + config::nearest(id, ids()) + "'");
}

}  // namespace infans::envs
