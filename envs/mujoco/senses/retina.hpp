// Sight without OpenGL: each receptor is a ray into the scene.
#pragma once

#include <memory>

#include "envs/mujoco/senses/sense.hpp"

namespace infans::envs::senses {

class Retina : public Sense {
 public:
  virtual const std::vector<Receptor>& receptors() const = 0;

 protected:
  using Sense::Sense;
};

// Throws base::BodyError when the eye is no camera, site or body; base::OptionError for a number outside its range.
std::unique_ptr<Retina> make_retina(const mjModel& m, const RetinaOptions& options, const std::string& source);

}  // namespace infans::envs::senses
