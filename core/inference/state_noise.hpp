// The two noises of a state that is seen through noisy readings, learned by ascent of the evidence of the readings.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/inference/state_moves.hpp"

namespace infans::base {
class Archive;
}

namespace infans::inference {

struct StateNoise {
  Eigen::VectorXd reading;  // S: variance of every element of a reading, its SI unit squared
  Eigen::VectorXd factor;   // S: ln of what a model's claimed variance of every element of a move is multiplied by

  // Covariances of all moves take the factors, and a floor (S, variances) that keeps them positive.
  void scale(Moves& moves, const Eigen::VectorXd& floor) const;
  void describe(base::Archive& archive);
};

struct StateNoisePrior {
  double reading = 0.0;            // variance that every reading is expected to have, SI unit squared
  double reading_deviation = 1.0;  // standard deviation of ln(variance / that)
  double factor_deviation = 3.0;   // of the factors, about 0
};

// One round of coordinate ascent of ln p(readings | moves, noise) + ln p(noise): every logarithm goes to the top of the
// parabola through the present value and one step to either side, or to the best of these. The objective never falls.
// moves[k] are those under readings[k], with the covariances that the model claims; floor as in StateNoise::scale.
// Returns the objective, nats.
double learn_noise(const std::vector<Moves>& moves, std::vector<Readings>& readings, const StateNoisePrior& prior,
                   const Eigen::VectorXd& floor, StateNoise& noise);

}  // namespace infans::inference
