// Worlds for measuring models on little data: states drawn uniformly in a box, one command, one control step.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/model/encoding.hpp"
#include "core/model/transitions.hpp"
#include "core/random/stream.hpp"
#include "envs/api/environment.hpp"

namespace infans::experiments {

// A world with the box that its states are drawn from and the scales that its models take.
struct SmallWorld {
  std::unique_ptr<envs::Environment> world;
  Eigen::VectorXd low, high;       // 2 n: positions, then velocities
  Eigen::VectorXd position_scale;  // n, m; of sliding joints (unused for hinges)
  Eigen::VectorXd velocity_scale;  // n, m/s or rad/s

  int joints() const { return static_cast<int>(world->spec().joints.size()); }
  // Hinges are circular, sliding joints linear, in these scales.
  model::Encoding encoding() const;
};

// "cartpole": the shipped body, 0.1 s, x +-1 m, angle +-pi, +-4 m/s, +-14 rad/s.
// "chainN", N = 1 to 9: envs::chain_mjcf, 0.05 s, angles +-pi, speeds +-4 rad/s; with "-friction" (1.0 N m), "-limits"
// (+-120 degrees; angles drawn in +-2.09 rad) and "-ground" (0.8 m below the base) appended in that order.
// Throws base::OptionError for another name.
SmallWorld make_small_world(const std::string& name);

// `count` transitions of states uniform in the box and commands uniform in [-1, 1]; every number from the stream.
model::Transitions sample_uniform(SmallWorld& world, int count, random::Stream& stream);

// The streams of the training set of a seed and of the test set that all seeds share.
random::Stream training_stream(int seed);
random::Stream test_stream();

}  // namespace infans::experiments
