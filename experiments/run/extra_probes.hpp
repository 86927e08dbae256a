// Probes from outside a protocol: tests of its participants that somebody else wrote.
#pragma once

#include <functional>
#include <vector>

#include "experiments/protocols/protocol.hpp"

namespace infans::experiments {

struct ExtraProbe {
  ProbeKind kind;
  // One trial on a copy of a participant; as Participant::test.
  std::function<std::vector<double>(Participant& copy, const Trial& trial)> test;
};

// The protocol with these probes beside its own. Throws base::OptionError when it has one of the name.
Protocol with_probes(Protocol protocol, const std::vector<ExtraProbe>& probes);

}  // namespace infans::experiments
