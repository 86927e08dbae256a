// Touch: contact forces spread over taxels on the surface of geoms.
#pragma once

#include <memory>

#include "envs/mujoco/senses/sense.hpp"

namespace infans::envs::senses {

class Skin : public Sense {
 public:
  virtual std::vector<Taxel> taxels(const mjModel& m, const mjData& d) const = 0;

 protected:
  using Sense::Sense;
};

// Throws base::BodyError for a geom without a surface formula (plane, mesh, ...), base::OptionError for a density or
// spread outside its range.
std::unique_ptr<Skin> make_skin(const mjModel& m, const SkinOptions& options, const std::string& source);

}  // namespace infans::envs::senses
