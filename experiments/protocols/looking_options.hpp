// What a study of looking can set (looking.cpp says what it is).
#pragma once

#include <string>
#include <vector>

#include "agents/sampling/looker.hpp"
#include "core/config/option.hpp"
#include "core/inference/sequence_model.hpp"
#include "envs/worlds/pop_up.hpp"
#include "envs/worlds/sequence.hpp"

namespace infans::experiments {

config::OptionTable looking_options();

struct LookingSettings {
  envs::PopUpOptions world;
  std::vector<envs::SequenceKind> kinds;  // of the sequences of life, in balanced order
  envs::SequenceLaw law;
  int longest = 60;  // events of a sequence or a look
  agents::LookerOptions looker;
  inference::SequenceOptions model;

  struct Habituation {
    double criterion = 0.5;
    int trials = 20;
  } habituation;
  struct Violation {
    envs::SequenceKind kind = envs::SequenceKind::constant;
    int familiar = 16;
  } violation;
  struct Pair {
    envs::SequenceKind first = envs::SequenceKind::markov, second = envs::SequenceKind::uniform;
    int events = 60;  // of the test, or of each while they become familiar
  } preferential, forced;
};

// Throws base::OptionError for options that do not fit together.
LookingSettings looking_settings(const config::Options& options);

}  // namespace infans::experiments
