#pragma once

#include <pybind11/pybind11.h>

namespace infans::bindings {

// Adds decisions until a benchmark task is solved.
void bind_efficiency(pybind11::module_& module);

}  // namespace infans::bindings
