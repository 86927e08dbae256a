// [debug]: faults on purpose, for whoever wants to see what they lead to.
#pragma once

#include <string>

#include "core/config/option.hpp"
#include "experiments/record/faults.hpp"

namespace infans::experiments {

config::OptionTable fault_options();
// file: "record" or "checkpoint"; no faults where debug.fault_in is another.
Faults faults_of(const config::Options& options, const std::string& file);
// As a record keeps them: without [debug], which is not what was lived.
std::string recorded_toml(config::Options options);

}  // namespace infans::experiments
