// A body as text, for whoever writes its table.
#pragma once

#include <string>

#include "experiments/run/life_body.hpp"

namespace infans::experiments {

// What it is made of, what it feels (name, unit, place in the observation, size) and what it can move.
std::string body_in_words(const LifeBody& body);

}  // namespace infans::experiments
