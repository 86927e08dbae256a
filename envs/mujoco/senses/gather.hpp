// All senses that the options ask for, in the order of the observation. Internal to envs/mujoco.
#pragma once

#include <memory>
#include <vector>

#include "envs/mujoco/senses/retina.hpp"
#include "envs/mujoco/senses/sense.hpp"
#include "envs/mujoco/senses/skin.hpp"
#include "envs/mujoco/senses/words.hpp"

namespace infans::envs::senses {

struct Senses {
  std::vector<std::unique_ptr<Sense>> all;
  // Into `all`.
  std::vector<Skin*> skins;
  std::vector<Retina*> retinas;
  std::vector<Words*> words;
};

// Proprioception, sensors, skin, vestibular, retina, effects, words. Throws base::BodyError, base::OptionError.
Senses gather(const mjModel& m, const BodyOptions& options, const std::string& source);

}  // namespace infans::envs::senses
