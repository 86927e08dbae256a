// A hidden state that moves in discrete time and is seen through an observation (Kalman 1960; Rao & Ballard 1997):
//
//   x_t = f(x_{t-1}, a_{t-1}) + w_t,  w_t ~ N(0, Q), Pi_w = Q^-1        t = 1..T
//   o_t = g(x_t) + v_t,               v_t ~ N(0, R), Pi_v = R^-1
//   x_0 ~ N(m_0, P_0)
//
// x: n states, a: k actions (k may be 0), o: m observations; units are the model's own, covariances in their products.
#pragma once

#include <Eigen/Dense>

namespace infans::model {

// Gaussian noise with a full precision. Both forms are kept: settling weights errors by the precision, prediction adds
// the covariance, and neither is inverted again.
struct GaussianNoise {
  // Throw base::UserError unless the matrix is square, finite, symmetric (to 1e-9 of its largest element) and positive
  // definite. `name` stands in the message.
  static GaussianNoise from_precision(const Eigen::MatrixXd& precision, const char* name = "noise precision");
  static GaussianNoise from_covariance(const Eigen::MatrixXd& covariance, const char* name = "noise covariance");

  Eigen::MatrixXd precision, covariance;  // Pi and Pi^-1, symmetric
  double log_det_precision = 0.0;         // ln|Pi|
  int size() const { return static_cast<int>(precision.rows()); }
};

// Parameters only: const while beliefs settle, shared by all threads.
class TemporalModel {
 public:
  // initial_mean: m_0 (n). m may be 0 (a default GaussianNoise): a level without senses of its own. Throws
  // base::UserError if a size disagrees or a number is not finite.
  TemporalModel(Eigen::VectorXd initial_mean, GaussianNoise initial, GaussianNoise state_noise,
                GaussianNoise observation_noise, int actions);
  virtual ~TemporalModel() = default;

  // next (n) = f(x, a); jacobian (n x n) = df/dx, if asked for. Outputs have their size; must not allocate.
  virtual void transition(const Eigen::VectorXd& x, const Eigen::VectorXd& a, Eigen::VectorXd& next,
                          Eigen::MatrixXd* jacobian) const = 0;
  // df/da (n x k), what a level is driven by included; used where levels stack (temporal_hierarchy.hpp). Here by
  // central differences of transition(), which allocates and leaves about 1e-10 of f.
  virtual void action_jacobian(const Eigen::VectorXd& x, const Eigen::VectorXd& a, Eigen::MatrixXd& jacobian) const;
  // A model whose law depends on time overrides both: the move of step t = 0, 1, .. and its Q (n x n, positive
  // semidefinite). Here: transition() and state_noise.
  virtual void transition_at(long step, const Eigen::VectorXd& x, const Eigen::VectorXd& a, Eigen::VectorXd& next,
                             Eigen::MatrixXd* jacobian) const;
  virtual const Eigen::MatrixXd& state_covariance_at(long step) const;
  // o (m) = g(x); jacobian (m x n) = dg/dx, if asked for. Outputs have their size; must not allocate.
  virtual void observation(const Eigen::VectorXd& x, Eigen::VectorXd& o, Eigen::MatrixXd* jacobian) const = 0;

  int states() const { return state_noise.size(); }              // n
  int observations() const { return observation_noise.size(); }  // m
  int actions() const { return actions_; }                       // k

  Eigen::VectorXd initial_mean;     // m_0
  GaussianNoise initial;            // P_0
  GaussianNoise state_noise;        // Q
  GaussianNoise observation_noise;  // R

 protected:
  TemporalModel(const TemporalModel&) = default;
  TemporalModel& operator=(const TemporalModel&) = default;

 private:
  int actions_;
};

// f(x, a) = A x + B a, g(x) = C x.
class LinearTemporalModel final : public TemporalModel {
 public:
  // a: n x n, b: n x k, c: m x n. Throws base::UserError if a size disagrees or a number is not finite.
  LinearTemporalModel(Eigen::MatrixXd a, Eigen::MatrixXd b, Eigen::MatrixXd c, Eigen::VectorXd initial_mean,
                      GaussianNoise initial, GaussianNoise state_noise, GaussianNoise observation_noise);

  void transition(const Eigen::VectorXd& x, const Eigen::VectorXd& a, Eigen::VectorXd& next,
                  Eigen::MatrixXd* jacobian) const override;
  void observation(const Eigen::VectorXd& x, Eigen::VectorXd& o, Eigen::MatrixXd* jacobian) const override;
  void action_jacobian(const Eigen::VectorXd& x, const Eigen::VectorXd& a, Eigen::MatrixXd& jacobian) const override;

  // The same model in states T x (t: n x n, invertible): T A T^-1, T B, C T^-1, T Q T', T m_0, T P_0 T'; observations
  // have the same law, so learning A, C and Q together finds them up to such a T.
  LinearTemporalModel transformed(const Eigen::MatrixXd& t) const;

  Eigen::MatrixXd A, B, C;
};

// T (n x n) that takes the states of `from` to those of `to`, by least squares on their observability matrices
// (C; C A; ..; C A^(n-1)): from.transformed(T) is `to` when the two differ by a change of states only and `to` is
// observable. Throws base::UserError if their sizes differ.
Eigen::MatrixXd similarity(const LinearTemporalModel& from, const LinearTemporalModel& to);

// Expected second moments of a regression y = W z + noise, summed over steps, and what they teach (Ghahramani & Hinton
// 1996, eq. 14-25).
struct Moments {
  Moments(int y, int z);      // sizes of y and z; all zero
  void scale(double factor);  // of every sum and of the count

  Eigen::MatrixXd yy, yz, zz;  // sums of E[y y'], E[y z'], E[z z']
  double count = 0.0;          // steps

  // Sets columns [first, first + columns) of w to those that minimise F while its others stay; of least length where z
  // does not decide.
  void regress(int first, int columns, Eigen::MatrixXd& w) const;
  // Sum of E[(y - W z)(y - W z)'].
  Eigen::MatrixXd residual(const Eigen::MatrixXd& w) const;
  // E[noise noise'] given w, with `weight` further steps at the covariance `prior`. Throws base::UserError if that is
  // not positive definite (too few steps and no prior).
  GaussianNoise noise(const Eigen::MatrixXd& w, const Eigen::MatrixXd& prior, double weight) const;
};

// Adds a step of o = C x + v, v ~ N(0, R), with E[x] = mean and E[x x'] = xx. Missing elements are completed in
// expectation from x and the seen ones: o = D o_seen + G x + N(0, R given the seen).
void add_observation(const Eigen::MatrixXd& c, const Eigen::MatrixXd& r, const Eigen::VectorXd& o,
                     const Eigen::Array<bool, Eigen::Dynamic, 1>& seen, const Eigen::VectorXd& mean,
                     const Eigen::MatrixXd& xx, Moments& sums);

}  // namespace infans::model
