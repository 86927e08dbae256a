#pragma once

#include <pybind11/pybind11.h>

#include <functional>
#include <memory>

#include "envs/api/environment.hpp"

namespace infans::bindings {

// Adds the tasks of envs and pools of them.
void bind_envs(pybind11::module_& module);
// The worlds that a Python function of the agent's number (from 0) makes, an infans.envs.World each; it is called with
// the GIL taken, from any thread. None: no function.
std::function<std::unique_ptr<envs::Environment>(int)> worlds_of(const pybind11::object& make);

}  // namespace infans::bindings
