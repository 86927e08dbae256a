#pragma once

#include <pybind11/pybind11.h>

namespace infans::bindings {

void bind_body(pybind11::module_& module);

}  // namespace infans::bindings
