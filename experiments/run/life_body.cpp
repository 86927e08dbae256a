#include "experiments/run/life_body.hpp"

#include <algorithm>
#include <map>

#include "core/base/error.hpp"
#include "core/kernels/kernels.hpp"
#include "envs/bodies/bodies.hpp"
#include "envs/mujoco/body_table.hpp"
#include "envs/mujoco/inspection.hpp"

namespace infans::experiments {
namespace {

// An error of `work` also says who asked for this body.
template <typename Work>
auto asked(const std::string& asked_by, Work&& work) {
  const auto without = [](const std::string& message, const std::string& prefix) {
    return message.starts_with(prefix + ": ") ? message.substr(prefix.size() + 2) : message;
  };
  try {
    return work();
  } catch (const base::FileError& e) {
    throw base::FileError(e.path, without(e.what(), e.path) + asked_by);
  } catch (const base::BodyError& e) {
    throw base::BodyError(e.source, without(e.what(), e.source) + asked_by);
  } catch (const base::OptionError& e) {
    throw base::OptionError(e.key, e.what() + asked_by);
  }
}

// "1 free, 38 hinge"
std::string joints_in_words(const envs::Inspection& body) {
  std::map<std::string, int> counts;
  for (const envs::JointPart& joint : body.joints) ++counts[joint.kind];
  std::string text;
  for (const auto& [kind, count] : counts) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + kind;
  return text.empty() ? "none" : text;
}

void require_actuators(int actuators, const std::string& source) {
  constexpr int most_actuators = kernels::max_inputs - 5;  // beside x, sin, cos and two velocities
  if (actuators < 1 || actuators > most_actuators)
    throw base::BodyError(source, "has " + std::to_string(actuators) + " actuators; the agent takes 1 .. " +
                                      std::to_string(most_actuators));
}

constexpr const char* one_wish =
    "a preference for the tip of a pole needs exactly a slide joint, then a hinge joint, and the agent has no other "
    "wish "
    "yet; ";

void require_cart_and_pole(const envs::Inspection& body, const std::string& source) {
  require_actuators(static_cast<int>(body.motors.size()), source);
  if (body.joints.size() == 2 && body.joints[0].kind == "slide" && body.joints[1].kind == "hinge") return;
  throw base::BodyError(source, one_wish + ("this body's joints are " + joints_in_words(body)) +
                                    " (infans.Body in Python takes any body)");
}

void require_joints_alone(const envs::Spec& body, const std::string& source) {
  const int joints = 2 * static_cast<int>(body.joints.size());
  if (joints > 0 && body.observation_size() == joints) return;
  std::string unused;
  for (const envs::Modality& m : body.modalities) {
    if (joints == 0 || m.offset >= joints) unused += (unused.empty() ? "" : ", ") + m.name;
  }
  throw base::BodyError(source,
                        "the agent learns from the position and velocity of every joint, in this order and alone, "
                        "and cannot use " +
                            (unused.empty() ? "a body without them" : unused) +
                            "; take it out of [body] (infans.Body in Python takes any body)");
}

}  // namespace

envs::BodyOptions options_of_body(const config::Options& options, const std::string& source) {
  envs::BodyOptions body = envs::body_options(options);
  if (options.where("body.age_days").empty()) body.age_days = envs::age_months_of(source) * envs::days_per_month;
  return body;
}

LifeBody read_body(const config::Options& options) {
  LifeBody body;
  body.source = options.text("body.mjcf");
  if (const std::string where = options.where("body.mjcf"); !where.empty())
    body.asked_by = "; body.mjcf stands in " + where;
  body.mjcf = asked(body.asked_by, [&] { return envs::load_mjcf(body.source); });
  body.options = options_of_body(options, body.source);
  body.bare = envs::is_bare(options);
  make_body(body, body.source);
  return body;
}

std::unique_ptr<envs::BodyWorld> make_body(const LifeBody& body, const std::string& name) {
  return asked(body.asked_by, [&] { return envs::make_body_world(name, body.mjcf, body.source, body.options); });
}

void require_cart_and_pole(const envs::Spec& world) {
  require_actuators(world.action_size, world.name);
  if (world.joints != std::vector{envs::Joint::slide, envs::Joint::hinge})
    throw base::BodyError(world.name, one_wish + std::string("this world's spec has others: "
                                                             "World(env, joints=[\"slide\", \"hinge\"]) says that its "
                                                             "observation is both positions, then both velocities"));
  require_joints_alone(world, world.name);
}

LifeBody load_body(const config::Options& options) {
  LifeBody body = read_body(options);
  asked(body.asked_by, [&] { require_cart_and_pole(envs::inspect_body(body.mjcf, body.source), body.source); });
  if (!body.bare) require_joints_alone(make_body(body, body.source)->spec(), body.source);
  return body;
}

std::unique_ptr<envs::Environment> make_world(const LifeBody& body, const std::string& name) {
  if (body.bare) return make_bare_world(body, name);
  return make_body(body, name);
}

std::unique_ptr<envs::Environment> make_bare_world(const LifeBody& body, const std::string& name) {
  return envs::make_mujoco_world(name, body.mjcf, body.source, body.options.world);
}

}  // namespace infans::experiments
