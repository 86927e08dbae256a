// Worlds in which what to observe next is the whole question, and what a learner has seen of them; shared by the
// tables of bench_sampling and by `infans bench sample-efficiency`.
#pragma once

#include <Eigen/Dense>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/inference/optimal_input.hpp"
#include "core/random/stream.hpp"
#include "envs/analytic/linear_body.hpp"
#include "envs/analytic/task_world.hpp"
#include "experiments/benchmarks/sample_efficiency.hpp"

namespace infans::experiments {

// A feeler before a block whose edge it looks for; a touch is told wrongly with chance `flip`.
class Feeler {
 public:
  Feeler(double flip, std::uint64_t seed);
  // 1: touched the block at height y (m, 0..1), 0: passed above it.
  double touch(double y);
  double height() const { return height_; }  // m, of the block
  int touches() const { return touches_; }
  int shown() const { return shown_; }  // touches until the world's own end, 0 before

 private:
  double flip_;
  std::uint64_t seed_;
  std::unique_ptr<envs::TaskWorld> world_;
  random::Stream starts_;
  double height_ = 0.0;
  int touches_ = 0, shown_ = 0;
};

// A linear body from rest, and what its steps have told.
class LinearLife {
 public:
  // `body` must outlive it.
  LinearLife(const envs::LinearBody& body, std::uint64_t seed);
  const Eigen::VectorXd& state() const { return state_; }
  const inference::LinearSystem& system() const { return system_; }
  const envs::LinearBody& body() const { return body_; }
  int steps() const { return steps_; }
  const Eigen::VectorXd& step(double u);
  // About one row of (A, B) under prior precision 1, the body's noise known: nats.
  double information() const;

 private:
  const envs::LinearBody& body_;
  inference::LinearSystem system_;
  std::unique_ptr<envs::TaskWorld> world_;
  Eigen::VectorXd state_;
  Eigen::MatrixXd seen_;
  int steps_ = 0;
};

// Tasks of sampling as benchmark tasks. A life is over when it has reached its goal once: what is known stays known, so
// that decisions_sustained = decisions_first.
//   linear-gaussian  linear-cartpole (T13): steps until the learner holds what no input can tell in fewer than
//                    `linear_goal_steps`; eta = linear_goal_steps / decisions_first
//   contact-search   touches until the edge is known to 1 mm in 1 m, by what was shown
struct SamplingTask {
  std::string name;
  std::vector<std::string> agents;
  int budget = 0;               // decisions
  double control_period = 1.0;  // s
};
inline constexpr int linear_goal_steps = 1000;

const std::vector<SamplingTask>& sampling_tasks();
// Throws base::OptionError for another task or agent, naming the nearest.
EfficiencyRecord measure_sampling(const std::string& task, const std::string& agent, std::uint64_t seed);

}  // namespace infans::experiments
