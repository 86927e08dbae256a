#include "experiments/protocols/protocol.hpp"

namespace infans::experiments {

std::vector<Protocol> shipped_protocols() {
  return {
      body_map_protocol(), growth_protocol(), habit_protocol(), looking_protocol(), mobile_protocol(),
  };
}

}  // namespace infans::experiments
