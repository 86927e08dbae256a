#include "experiments/protocols/protocol.hpp"

namespace infans::experiments {

std::vector<Protocol> shipped_protocols() { return {}; }

}  // namespace infans::experiments
