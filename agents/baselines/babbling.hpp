// Commands without a plan: coloured babbling, or independent uniform commands.
#pragma once

#include <Eigen/Dense>

#include "agents/planning/coloured_noise.hpp"

namespace infans::base {
class Archive;
}

namespace infans::agents {

class Babbling {
 public:
  // uniform: independent commands in [-1, 1]; else coloured noise of this spread, clipped to [-1, 1].
  Babbling(double colour, double spread, int actions, int length, bool uniform);
  void begin(random::Stream& stream);  // draws a whole episode (at most 1,024 commands, then they repeat)
  Eigen::VectorXd next();
  void describe(base::Archive& archive);

 private:
  ColouredNoise noise_;
  double spread_;
  bool uniform_;
  Eigen::MatrixXd plan_;  // U x length
  Eigen::Index step_ = 0;
};

}  // namespace infans::agents
