#include "envs/worlds/body_tasks.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "envs/bodies/bodies.hpp"
#include "envs/bodies/infant.hpp"
#include "envs/mujoco/body.hpp"

namespace infans::envs {
namespace {

constexpr double control_period = 0.02;
constexpr int time_limit = 1000;
// Of an infant: cushions and belts take a displacement of this size without a blow.
constexpr double infant_reset_std = 0.01;
constexpr int eye_rays = 256, eye_period = 2;  // 25 Hz

Task task_of(const TaskInfo& info, const std::string& body, const BodyOptions& senses) {
  std::unique_ptr<BodyWorld> world = make_body_world(info.id, load_mjcf(body), body, senses);
  const auto commands = static_cast<std::size_t>(world->spec().action_size);
  const int positions = world->position_size(), velocities = world->velocity_size();
  return {info,
          std::vector<double>(commands, -1.0),
          std::vector<double>(commands, 1.0),
          positions,
          velocities,
          std::move(world)};
}

TaskInfo described(std::string id, std::string source) {
  TaskInfo info;
  info.id = std::move(id);
  info.time_limit = time_limit;
  info.source = std::move(source);
  return info;
}

RetinaOptions eye(const std::string& site) {
  RetinaOptions o;
  o.name = o.eye = site;
  o.rays = eye_rays;
  o.colour = true;
  o.channel.period = eye_period;
  return o;
}

// Its own joints: neither where it lies in the world nor how its toys hang.
std::vector<std::string> infant_joints() {
  std::vector<std::string> names;
  for (const JointStrength& joint : infant_strengths({})) names.push_back(joint.joint);
  return names;
}

BodyOptions infant_senses(const config::Options& chosen, const std::vector<std::string>& toys) {
  const auto& list = std::get<config::Texts>(chosen.value("senses"));
  const auto has = [&](const char* sense) { return std::find(list.begin(), list.end(), sense) != list.end(); };
  BodyOptions o;
  o.world = {control_period, infant_reset_std};
  o.age_days = chosen.number("age_months") * days_per_month;
  o.proprioception[0].joints = infant_joints();
  o.proprioception[0].force = o.proprioception[0].limits = true;
  if (!has("proprioception")) o.proprioception.clear();
  if (has("skin")) o.skin.resize(1);
  if (has("vestibular")) o.vestibular = {{"vestibular", "vestibular", {}}};
  if (has("retina")) o.retina = {eye("eye_left"), eye("eye_right")};
  if (has("effect")) {
    for (const std::string& toy : toys) o.effects.push_back({toy, toy, false, {}});
  }
  return o;
}

std::string age_of(const config::Options& chosen) { return "&age=" + config::to_text(chosen.number("age_months")); }

config::OptionTable infant_choices() {
  const config::Texts felt = {"proprioception", "skin", "vestibular", "retina"};
  config::Texts all = felt;
  all.emplace_back("effect");
  return {{"age_months", 6.0, 0, 24, {}, "months", "age of the body and of its eyes"},
          {"senses", felt, 0, 0, all, "", "what it feels; effect: place and velocity of its toys"}};
}

void add_infants(TaskTable& table) {
  const std::string source = "envs/bodies/README.md";
  TaskInfo supine = described("infant-supine-v0", source);
  supine.options = infant_choices();
  supine.options.push_back({"mobile",
                            std::string("free"),
                            0,
                            0,
                            {"none", "free", "left", "right"},
                            "",
                            "over its legs; left and right tie it to that ankle"});
  table.add(supine, [](const TaskInfo& info, const TaskOptions& options) {
    const config::Options chosen = settings(info, options);
    const std::string& mobile = chosen.text("mobile");
    const std::string body = "infant?scene=supine&mobile=" + mobile + age_of(chosen);
    const config::Texts toys(mobile == "none" ? 0 : 1, "mobile");
    return task_of(info, body, infant_senses(chosen, toys));
  });
  TaskInfo seated = described("infant-seated-v0", source);
  seated.options = infant_choices();
  seated.options.push_back({"table", true, 0, 0, {}, "", "a table with a cube, a ball and a rattle before it"});
  table.add(seated, [](const TaskInfo& info, const TaskOptions& options) {
    const config::Options chosen = settings(info, options);
    const bool laid = chosen.flag("table");
    const std::string body = "infant?scene=seated&table=" + std::to_string(laid) + age_of(chosen);
    const config::Texts toys = laid ? config::Texts{"cube", "ball", "rattle"} : config::Texts{};
    return task_of(info, body, infant_senses(chosen, toys));
  });
}

}  // namespace

void add_body_tasks(TaskTable& table) {
  add_infants(table);
  for (const std::string& name : body_names()) {
    if (name == "infant") continue;
    table.add(described(name + "-v0", "envs/bodies/README.md"), [name](const TaskInfo& info, const TaskOptions&) {
      BodyOptions senses;
      senses.world.control_period = control_period;
      return task_of(info, name, senses);
    });
  }
}

}  // namespace infans::envs
