#pragma once

#include <pybind11/pybind11.h>

#include <optional>
#include <vector>

#include "experiments/protocols/protocol.hpp"
#include "experiments/run/extra_probes.hpp"

namespace infans::bindings {

void bind_protocols(pybind11::module_& module);
// What infans.protocol describes: a class of participants as a protocol, functions as probes. None: none.
std::optional<experiments::Protocol> protocol_of(const pybind11::object& description);
std::vector<experiments::ExtraProbe> probes_of(const pybind11::object& descriptions);

}  // namespace infans::bindings
