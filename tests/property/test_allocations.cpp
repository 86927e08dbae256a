// A step of a body with all senses allocates nothing.
#include <doctest/doctest.h>

#include <cstdlib>
#include <new>
#include <vector>

#include "envs/mujoco/body.hpp"

namespace {

thread_local long allocations = 0;

void* counted(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

TEST_CASE("a step with all senses allocates nothing") {
  using namespace infans::envs;
  const char* const mjcf =
      "<mujoco><worldbody><geom name='floor' type='plane' size='2 2 .1'/><body name='trunk' pos='0 0 .1'><freejoint/>"
      "<geom name='trunk' size='.1'/><camera name='eye' pos='.11 0 0' xyaxes='0 -1 0 0 0 1'/><body pos='0 .15 0'>"
      "<joint name='j'/><geom name='arm' type='capsule' size='.03 .1'/></body></body></worldbody>"
      "<actuator><motor joint='j'/></actuator></mujoco>";
  BodyOptions o;
  o.world.control_period = 0.01;
  o.proprioception[0].force = o.proprioception[0].limits = true;
  o.proprioception[0].channel.noise = 0.1;
  o.skin = {SkinOptions{}};
  o.skin[0].channel.delay = 3;
  o.vestibular.resize(1);
  o.vestibular[0].head = "trunk";
  o.retina.resize(1);
  o.retina[0].eye = "eye";
  o.retina[0].colour = true;
  o.effects.resize(1);
  o.effects[0].name = o.effects[0].body = "trunk";
  o.words.resize(1);
  o.motors.resize(1);
  o.motors[0].channel.delay = 2;
  const auto world = make_body_world("body", mjcf, "body", o);
  infans::random::Stream start({1, 0, infans::random::Purpose::reset, 0});
  world->reset(start);
  const std::vector<double> command(1, 0.5);
  std::vector<double> state(static_cast<std::size_t>(world->spec().state_size));
  const long before = allocations;
  for (int k = 0; k < 100; ++k) world->step(command);
  world->save(state);
  world->restore(state);
  world->reset(start);
  CHECK(allocations == before);
  CHECK(before > 0);
}
