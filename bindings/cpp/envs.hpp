#pragma once

#include <pybind11/pybind11.h>

namespace infans::bindings {

// Adds the tasks of envs and pools of them.
void bind_envs(pybind11::module_& module);

}  // namespace infans::bindings
