// What an agent needs of a model of its world, whatever the model is: it takes transitions one by one, consolidates
// them, says what it expects with a covariance, and imagines many steps at once.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/inference/batch.hpp"
#include "core/inference/rollout_information.hpp"
#include "core/model/encoding.hpp"
#include "core/model/transitions.hpp"
#include "core/random/stream.hpp"

namespace infans::base {
class Archive;
}

namespace infans::inference {

// Belief about the next state before it is seen; vectors of state_size, SI units.
struct Belief {
  Eigen::VectorXd mean, standard_deviation, precision;  // precision: of the learned sensory noise, 1/unit^2
  Eigen::MatrixXd covariance;                           // state_size x state_size

  void describe(base::Archive& archive);
};

// What one transition did, in SI units and nats (the free energy is of the next state's density in SI units).
struct Surprise {
  Eigen::VectorXd prediction_error;
  double vfe = 0, accuracy = 0, complexity = 0, information_gain = 0;

  void describe(base::Archive& archive);
};

// Predictions far outside what a velocity scale means are extrapolation: imagined velocities are clipped at this
// multiple of the scale. Positions are never clipped: a hinge that turned many times is a legal state.
inline constexpr float velocity_clip = 8.0F;

// Derivatives of an imagined step at T points of a trajectory.
struct Linearisation {
  std::vector<Eigen::MatrixXd> jacobian;  // T of S x (S + U): d next / d [state; action]
  Eigen::MatrixXd gain_gradient;          // (S + U) x T: d gain / d [state; action]
};

// Floating-point operations, as core/kernels/operations.hpp counts them.
struct Operations {
  double step = 0;       // of a candidate's imagined step
  double linearise = 0;  // of a point's linearisation
};

// Steps of a frozen world model in thought.
class Imagination {
 public:
  virtual ~Imagination() = default;

  // curious: with the gain. Zeros where they are not counted.
  virtual Operations operations(bool) const { return {}; }

  // next = f(state, action) by the mean model for n candidates, velocities clipped; gain[k] = information about the
  // parameters that the step would bring, nats (if gain is not null; padded(n) floats).
  virtual void step(const Batch& state, const Batch& action, int n, Batch& next, float* gain) = 0;
  // What the posterior draws added to the last step() that was asked for its gain; valid until the next step().
  virtual Deviations deviations() const { return {}; }
  // At the columns of state (S x T) and action (U x T). Without `curious` the gain's gradient is zero.
  virtual void linearise(const Eigen::MatrixXd& state, const Eigen::MatrixXd& action, bool curious,
                         Linearisation& out) = 0;
};

class WorldModel {
 public:
  virtual ~WorldModel() = default;

  virtual const model::Encoding& encoding() const = 0;
  virtual Belief predict(const Eigen::VectorXd& state, const Eigen::VectorXd& action) const = 0;
  // Stores the transition and updates the weights.
  virtual Surprise observe(const Eigen::VectorXd& state, const Eigen::VectorXd& action,
                           const Eigen::VectorXd& next) = 0;
  // Forgets every transition and stores these; refit() learns from them.
  virtual void replace(const model::Transitions& lived) = 0;
  // Learns from all stored transitions: scales, precisions, exact posterior.
  virtual void refit() = 0;
  // The model as it is, ready for thought; posterior draws that estimate information gain come from the stream. Valid
  // until the next call that is not const. With `curious` false no draw is made and no gain may be asked for.
  virtual Imagination& imagine(bool curious, random::Stream& draws) = 0;
  // Likewise by one draw of the weights from their posterior instead of their mean. Equal streams draw alike: while
  // data come in, the draw of a stream moves with the posterior. Throws base::UserError for a model that cannot draw.
  virtual Imagination& imagine_draw(random::Stream& stream);

  // Log evidence of everything lived since the last refit began, nats: the marginal likelihood, or the leave-one-out
  // density of the rows of the last refit where that has no closed form.
  virtual double log_evidence() const = 0;
  // Length scale of every encoded input; NaN where a model has none.
  virtual Eigen::VectorXd length_scale() const = 0;

  // Everything lived and learned, for a model made alike. What imagine() returned is not part of it.
  virtual void describe(base::Archive& archive) = 0;
};

}  // namespace infans::inference
