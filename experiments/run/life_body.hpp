// The body of a life: from its options to worlds of it.
#pragma once

#include <memory>
#include <string>

#include "core/config/option.hpp"
#include "envs/api/environment.hpp"
#include "envs/mujoco/body.hpp"

namespace infans::experiments {

struct LifeBody {
  std::string source, mjcf;  // as given, and the text
  envs::BodyOptions options;
  bool bare = true;      // positions and velocities of its joints are all it feels
  std::string asked_by;  // "; body.mjcf stands in life.toml:3", "" for a default
};

// envs::body_options; where the table gives no age, senses and motors have that of the shipped infant `source`.
envs::BodyOptions options_of_body(const config::Options& options, const std::string& source);

// Any body, checked by making it once: throws base::OptionError, base::FileError, base::BodyError that say where in the
// life's file they come from.
LifeBody read_body(const config::Options& options);
std::unique_ptr<envs::BodyWorld> make_body(const LifeBody& body, const std::string& name);

// As read_body, for a body in which the agent can live: joints that are a slide, then a hinge, and nothing else to
// feel. Throws base::BodyError that names what the agent cannot use.
LifeBody load_body(const config::Options& options);
// A world of a body from load_body, with what its table says of senses and motors.
std::unique_ptr<envs::Environment> make_world(const LifeBody& body, const std::string& name);
// Throws base::BodyError, with the name of the world, for one that today's agent cannot live in.
void require_cart_and_pole(const envs::Spec& world);
// The same joints and actuators without noise, delay or gain.
std::unique_ptr<envs::Environment> make_bare_world(const LifeBody& body, const std::string& name);

}  // namespace infans::experiments
