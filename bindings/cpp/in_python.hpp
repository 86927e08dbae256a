// Calls from the library's threads into Python.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <string>

#include "core/base/error.hpp"

namespace infans::bindings {

// A Python function's error becomes SimulationError, which a life survives and reports with its step.
template <typename Work>
auto in_python(const std::string& name, Work&& work) {
  const pybind11::gil_scoped_acquire acquire;
  try {
    return work();
  } catch (const pybind11::error_already_set& e) {
    throw base::SimulationError(name, 0, e.what());
  } catch (const pybind11::cast_error& e) {
    throw base::SimulationError(name, 0, e.what());
  }
}

// A pybind11 object may only be dropped with the GIL.
using Held = std::shared_ptr<pybind11::object>;
inline Held hold(const pybind11::object& object) {
  return {new pybind11::object(object), [](pybind11::object* o) {
            const pybind11::gil_scoped_acquire acquire;
            delete o;
          }};
}

}  // namespace infans::bindings
