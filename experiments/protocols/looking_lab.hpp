// The laboratory of looking: one trial of each kind of probe, on a copy.
#pragma once

#include <vector>

#include "experiments/protocols/looking_view.hpp"
#include "experiments/protocols/protocol.hpp"

namespace infans::experiments {

std::vector<ProbeKind> looking_probes();

// The view and `model` are the copy's: what they learn here lasts until it goes. Streams are keyed by `seed`, the
// occasion and the trial. One value a measure of the kind.
std::vector<double> looking_trial(const Trial& trial, const LookingSettings& settings, std::uint64_t seed,
                                  LookingView& view, inference::SequenceModel& model);

}  // namespace infans::experiments
