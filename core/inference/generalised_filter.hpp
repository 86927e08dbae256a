// Generalised filter: belief about hidden states and causes in generalised coordinates of motion, so that smooth
// (coloured) noise is modelled as smooth (Friston 2008, "Hierarchical models in the brain", the D-step; Friston,
// Stephan, Li & Daunizeau 2010, "Generalised filtering").
//
//   model      x' = f(x, v) + w,  y = g(x, v) + z,  v = h(x, v) + eta + r;  w, z, r Gaussian and smooth
//   motions    f~ = (f, f_x x' + f_v v', f_x x'' + f_v v'', ..), g~ alike (local linearity: f_xx is dropped)
//   errors     e_x = D x~ - f~,  e_v = v~ - h~ - eta~,  e_y = y~ - g~
//   energy     F = 1/2 e' Pi e - 1/2 ln|Pi|, nats; left out: (n (N_x + N_y) + d N_v) / 2 ln(2 pi), and the entropy of q
//   belief     d mu~ / dt = D mu~ - rate dF/dmu~, mu~ = (x~, v~); y~ and eta~ move by D meanwhile
// Shapes: N_x states, N_v causes (may be 0), N_y outputs; orders n (states, outputs) and d (causes), value included.
// Time is in any one unit shared by f, the smoothness and the intervals; written as seconds.
// h is 0 in a flat model; in a hierarchy it is what the levels above say of the causes (generalised_hierarchy.hpp).
// F is of one instant: the memory of the filter is the embedding window and 1 / rate. It beats a Kalman filter of white
// noise when the states' noise is strong and smooth over several samples, and loses when the outputs' noise dominates
// or is white. RecursiveGeneralisedFilter (recursive_generalised_filter.hpp) carries the past along and beats both.
#pragma once

#include <Eigen/Dense>
#include <vector>

namespace infans::inference {

// Value and Jacobians of a model at one point; sized once by the filter's state, written in place by the model.
struct GeneralisedTerms {
  // Sizes of the model; all zero.
  GeneralisedTerms(int states, int causes, int outputs);
  GeneralisedTerms() = default;

  Eigen::VectorXd f, g;                // N_x (unit of x per s), N_y
  Eigen::MatrixXd f_x, f_v, g_x, g_v;  // N_x x N_x, N_x x N_v, N_y x N_x, N_y x N_v
  Eigen::VectorXd h;                   // N_v; zero unless the model predicts its causes
  Eigen::MatrixXd h_x, h_v;            // N_v x N_x, N_v x N_v

  // Scratch of composed models: no meaning between calls.
  std::vector<GeneralisedTerms> parts;
  Eigen::VectorXd x, v;
};

// A model given as functions. Implementations are const under evaluate() and shared by all threads.
class GeneralisedModel {
 public:
  virtual ~GeneralisedModel() = default;
  virtual int states() const = 0;
  virtual int causes() const = 0;
  virtual int outputs() const = 0;
  // x: N_x, v: N_v. Writes f, g and their Jacobians, keeping the shapes; also h, h_x, h_v if it predicts its causes
  // (they are zero before).
  virtual void evaluate(const Eigen::VectorXd& x, const Eigen::VectorXd& v, GeneralisedTerms& terms) const = 0;
};

// f = A x + B v, g = C x + H v. Throws base::UserError if the shapes do not fit each other.
class LinearGeneralisedModel final : public GeneralisedModel {
 public:
  LinearGeneralisedModel(Eigen::MatrixXd a, Eigen::MatrixXd b, Eigen::MatrixXd c, Eigen::MatrixXd h);
  int states() const override { return static_cast<int>(a_.rows()); }
  int causes() const override { return static_cast<int>(b_.cols()); }
  int outputs() const override { return static_cast<int>(c_.rows()); }
  void evaluate(const Eigen::VectorXd& x, const Eigen::VectorXd& v, GeneralisedTerms& terms) const override;

 private:
  Eigen::MatrixXd a_, b_, c_, h_;
};

struct GeneralisedFilterOptions {
  int order = 6;        // n, 1 .. model::max_generalised_order
  int cause_order = 2;  // d, 1 .. n
  double state_smoothness = 0.5, output_smoothness = 0.5, cause_smoothness = 0.5;  // s of w, z, r; seconds, > 0
  double rate = 1.0;                 // of the descent on F, per second, > 0; large: mu~ sits at the minimum of F
  Eigen::MatrixXd state_precision;   // Pi of w, N_x x N_x; symmetric positive definite, as the next two
  Eigen::MatrixXd output_precision;  // Pi of z, N_y x N_y
  Eigen::MatrixXd cause_precision;   // Pi of r, N_v x N_v
};

// Belief and scratch of one filter: one per thread, made by GeneralisedFilter::start().
struct GeneralisedBelief {
  Eigen::MatrixXd states;     // x~, N_x x n: column k is the k-th motion, unit / s^k
  Eigen::MatrixXd causes;     // v~, N_v x d
  double vfe = 0.0;           // F as above, nats, at the last evaluation
  Eigen::VectorXd error;      // (e_x, e_v, e_y), n N_x + d N_v + n N_y
  Eigen::VectorXd gradient;   // dF/d(x~, v~), n N_x + d N_v
  Eigen::MatrixXd curvature;  // d2F/d(x~, v~)2 under local linearity: the precision of q (Laplace)

  // Scratch: no meaning between calls.
  GeneralisedTerms terms;
  Eigen::VectorXd x, v, weighted, flow, delta;
  Eigen::MatrixXd jacobian, weighted_jacobian;                              // de/d(x~, v~), Pi times it
  Eigen::MatrixXd flow_jacobian, propagated_jacobian, phi, power, product;  // over (x~, v~, y~, eta~)
  double propagated_interval = 0.0;
};

class GeneralisedFilter {
 public:
  // The model must outlive the filter. Throws base::OptionError for options outside the ranges above.
  GeneralisedFilter(const GeneralisedModel& model, GeneralisedFilterOptions options);

  // Belief that starts at x (N_x) with causes v (N_v) at rest: x' = f, x'' = f_x f, ... Throws base::UserError on
  // shape.
  GeneralisedBelief start(const Eigen::VectorXd& x, const Eigen::VectorXd& v) const;

  // F, errors, gradient and curvature of a belief. outputs: y~, N_y x n; priors: eta~, N_v x d. Returns F, nats.
  // Throws base::UserError if a shape does not fit. Allocates nothing.
  double evaluate(GeneralisedBelief& belief, const Eigen::MatrixXd& outputs, const Eigen::MatrixXd& priors) const;

  // Moves the belief over one interval (seconds, > 0) by local linearisation (Ozaki 1992): with u = (x~, v~, y~, eta~)
  // and J its Jacobian, u += (exp(J t) - 1) J^-1 du/dt; exact when the model is linear. outputs and priors belong to
  // the START of the interval (model::embedding_matrix with lag 1 gives them when the newest sample is at its end).
  // Returns F at the start. The propagator is kept while J and the interval stay the same. Allocates nothing. Throws
  // base::UserError if a shape does not fit or the interval is not positive, base::Error if the belief stops being
  // finite.
  double step(GeneralisedBelief& belief, const Eigen::MatrixXd& outputs, const Eigen::MatrixXd& priors,
              double interval) const;

  // Covariance of q over the stacked (x~, v~), from the last evaluation: curvature^-1 (Laplace approximation, Friston
  // 2008).
  Eigen::MatrixXd covariance(const GeneralisedBelief& belief) const;

  const GeneralisedFilterOptions& options() const { return options_; }

 private:
  void propagator(GeneralisedBelief& belief, double interval) const;

  const GeneralisedModel& model_;
  GeneralisedFilterOptions options_;
  Eigen::Index n_, d_, nx_, nv_, ny_;
  Eigen::MatrixXd precision_;  // block diagonal over (e_x, e_v, e_y)
  double log_det_;             // ln|Pi|
};

}  // namespace infans::inference
