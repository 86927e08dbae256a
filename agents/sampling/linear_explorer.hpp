// Learns a linear body that it knows nothing about, x' = A x + B u + w, by choosing u, |u| <= 1, from its belief.
//
// Belief   A - 1 and B: Bayesian readout of z = (x, u) on x' - x; the noise is learned. A sample is one step.
// Rules    white      -1 or 1 by chance: no rule at all
//          one_step   the z of this step teaches most: max ln det of the belief's precision after it
//          flex       the next state teaches most, max x'^T (P^-1)_xx x': one-step D-optimal, FLEX (Blanke & Lelarge
//                     2022, "Online greedy identification of linear dynamical systems"; 2023, "FLEX"), |u| = 1
//          design     the optimal spectrum of the believed body (inference/optimal_input), anew every `redesign` steps;
//                     the signs of its sines in random phases
//          planned    InputPlan of the believed body, replanned every step from what is left of the plan before; no
//                     farther ahead than `horizon`, than it has lived (but 50 steps) or than it will live
#pragma once

#include "agents/sampling/input_plan.hpp"
#include "agents/sampling/sampler.hpp"
#include "core/model/bayesian_readout.hpp"
#include "core/random/stream.hpp"

namespace infans::agents {

enum class InputRule { white, one_step, flex, design, planned };

struct LinearExplorerOptions {
  InputRule rule = InputRule::planned;
  double prior_precision = 1e-4;  // of every weight, in units of noise precision
  double noise_floor = 1e-6;      // least standard deviation of the process noise, in the units of x
  double price = 0.0;             // nats a step
  double fading = 0.999;          // the believed body's slowest motion shrinks by this a step at least, < 1
  int budget = 0;                 // steps it will live, 0: not known; planned
  int horizon = 400;              // steps a plan has at most; planned
  int iterations = 4;             // of the ascent, a step; planned
  int redesign = 50;              // steps; design
};

class LinearExplorer final : public Sampler {
 public:
  // `state`: x where it starts.
  LinearExplorer(const Eigen::VectorXd& state, const LinearExplorerOptions& options, const random::Stream& stream);

  // Sample: {u}. Seen: the next x. Information is about all of A and B, given the noise.
  Eigen::VectorXd propose() override;
  double expected_information(const Eigen::VectorXd& sample) const override;
  double price(const Eigen::VectorXd&) const override { return options_.price; }
  // Planned: whether some beginning of the plan (1, 2, 4, .. steps) teaches more than it costs, since a swing must be
  // built up before it teaches; other rules: this step.
  bool worth_it(const Eigen::VectorXd& sample) const override;
  double observe(const Eigen::VectorXd& sample, const Eigen::VectorXd& seen) override;

  // The mean body; A shrunk where its slowest motion fades less than `fading`; noise: root mean square over elements.
  inference::LinearSystem believed() const;
  const model::BayesianReadout& belief() const { return belief_; }

 private:
  Eigen::VectorXd regressors(double input) const;
  double coin() { return stream_.index(2) ? 1.0 : -1.0; }
  double one_step() const;
  double flex() const;
  double design();
  int horizon() const;
  double plan();
  double surplus(const InputPlan& plan, const Eigen::MatrixXd& precision, const Eigen::MatrixXd& noise) const;

  LinearExplorerOptions options_;
  random::Stream stream_;
  model::BayesianReadout belief_;
  Eigen::VectorXd state_;
  int step_ = 0;
  Eigen::VectorXd inputs_;  // the plan, the next step first
  double surplus_ = 0.0;    // of the plan, nats
  inference::InputDesign design_;
  Eigen::VectorXd phase_;
};

}  // namespace infans::agents
