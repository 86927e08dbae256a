// What each sense of a body costs per control step: bench_senses [BODY [HEAD EYE [OTHER_EYE]]].
// BODY is a shipped name or a path, HEAD a site or body, EYE a camera, site or body. Without any: a body of its own.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "envs/bodies/bodies.hpp"
#include "envs/mujoco/body.hpp"

namespace {

using namespace infans;
using namespace infans::envs;

constexpr double control_period = 0.02;
constexpr int steps = 150, repeats = 7;

const char* const crawler =
    "<mujoco><option timestep='0.005'/><worldbody><geom type='plane' size='2 2 .1'/><body name='head' pos='0 0 .3'>"
    "<freejoint/><geom type='box' size='.1 .06 .04'/><camera name='eye' pos='.11 0 0' xyaxes='0 -1 0 0 0 1'/>"
    "<replicate count='6' euler='0 0 60'><body pos='.12 0 0'><joint name='hip' axis='0 1 0' range='-60 60'/>"
    "<geom type='capsule' size='.02' fromto='0 0 0 .1 0 0'/><body pos='.1 0 0'><joint name='knee' axis='0 1 0'/>"
    "<geom type='capsule' size='.015' fromto='0 0 0 .1 0 -.1'/></body></body></replicate></body></worldbody>"
    "<actuator><motor joint='hip0'/><motor joint='knee0'/><motor joint='hip3'/><motor joint='knee3'/></actuator>"
    "</mujoco>";

struct Row {
  std::string name;
  std::unique_ptr<BodyWorld> world;
  double best = 1e9;  // s per control step
};

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void live(Row& row) {
  random::Stream start({1, 0, random::Purpose::reset, 0}), commands({1, 0, random::Purpose::test, 0});
  row.world->reset(start);
  std::vector<double> command(static_cast<std::size_t>(row.world->spec().action_size));
  double used = 0.0;
  for (int k = 0; k < steps; ++k) {
    for (double& c : command) c = commands.uniform(-1.0, 1.0);
    const double before = thread_seconds();
    row.world->step(command);
    used += thread_seconds() - before;
  }
  row.best = std::min(row.best, used / steps);
}

RetinaOptions eye_of(const std::string& name, const std::string& element, int rays, bool blurred) {
  RetinaOptions eye;
  eye.name = name;
  eye.eye = element;
  eye.rays = rays;
  eye.colour = true;
  eye.blur_by_age = blurred;
  return eye;
}

}  // namespace

int main(int count, char** arguments) try {
  const std::string text = count > 1 ? load_mjcf(arguments[1]) : crawler;
  const std::string head = count > 2 ? arguments[2] : "head", eye = count > 3 ? arguments[3] : "eye";
  std::vector<Row> rows;
  const auto add = [&](const std::string& name, const BodyOptions& o) {
    rows.push_back({name, make_body_world("body", text, count > 1 ? arguments[1] : "crawler", o)});
  };
  BodyOptions none;
  none.world = {control_period, 0.0};
  none.proprioception.clear();
  none.other_sensors = false;
  add("no senses", none);
  BodyOptions most = none;
  most.proprioception.resize(1);
  most.proprioception[0].force = most.proprioception[0].limits = true;
  add("proprioception", most);
  BodyOptions one = none;
  one.vestibular.resize(1);
  one.vestibular[0].head = head;
  most.vestibular = one.vestibular;
  add("vestibular", one);
  one = none;
  one.skin.resize(1);
  most.skin = one.skin;
  add("skin", one);
  one.skin[0].density = 1e4;
  one.skin[0].touch = Touch::split;
  add("skin, 10,000 taxels/m2, both parts", one);
  add("these three", most);
  for (const int rays : {256, 1024}) {
    for (const bool blurred : {false, true}) {
      one = none;
      one.retina = {eye_of("retina", eye, rays, blurred)};
      add("eye, " + std::to_string(rays) + (blurred ? " rays, newborn's blur" : " rays, sharp"), one);
    }
  }
  most.retina = {eye_of("retina", eye, 256, true)};
  if (count > 4) most.retina.push_back(eye_of("other", arguments[4], 256, true));
  for (RetinaOptions& r : most.retina) r.channel.period = 2;
  add("all, eyes of 256 at 25 Hz", most);

  for (int k = 0; k < repeats; ++k) {
    for (Row& row : rows) live(row);
  }
  std::printf("%-36s %12s %12s %10s\n", "senses", "us per step", "of no senses", "numbers");
  for (const Row& row : rows) {
    std::printf("%-36s %12.2f %12.3f %10d\n", row.name.c_str(), 1e6 * row.best, rows[0].best / row.best,
                row.world->spec().observation_size());
  }
  return 0;
} catch (const base::Error& e) {
  std::fprintf(stderr, "bench_senses: %s\n", e.what());
  return 2;
}
