#pragma once

#include <pybind11/pybind11.h>

namespace infans::bindings {

// Adds the classes of core/model and core/inference, once for float and once for double.
void bind_core(pybind11::module_& module);

}  // namespace infans::bindings
