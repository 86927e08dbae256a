// Bodies to live in, as entries of the task table: no reward, no end.
#pragma once

#include "envs/api/task.hpp"

namespace infans::envs {

// Adds infant-supine-v0 and infant-seated-v0, which feel all that they can (options age_months, senses and of the
// scene), and NAME-v0 for every other shipped body, with its joints and sensors. Commands are in [-1, 1] in either kind
// of Commands; 20 ms between two of them; an episode is cut off after 1,000.
void add_body_tasks(TaskTable& table);

}  // namespace infans::envs
