#include "agents/planning/posture_planner.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace infans::agents {
namespace {

using Eigen::MatrixXd;
using Eigen::Vector3d;
using Eigen::VectorXd;
using inference::HandBelief;
using inference::HandModel;

VectorXd around(const VectorXd& middle, double sd, random::Stream& stream) {
  VectorXd q = middle;
  for (double& x : q) x += sd * stream.normal();
  return q;
}

}  // namespace

PosturePlanner::PosturePlanner(const VectorXd& low, const VectorXd& high, const PosturePlannerOptions& o)
    : options_(o), low_(low), high_(high) {
  if (low.size() < 1 || low.size() != high.size() || !((high - low).minCoeff() > 0.0))
    throw std::logic_error("PosturePlanner: every joint needs a range");
  if (o.candidates < 1 || o.iterations < 1 || o.elites < 1 || o.elites > o.candidates || o.refined < 0 ||
      !(o.goal_width > 0.0 && o.posture_width > 0.0))
    throw std::logic_error("PosturePlanner: counts and widths must be positive, elites at most the candidates");
}

VectorXd PosturePlanner::random_posture(random::Stream& stream) const {
  VectorXd q(low_.size());
  for (Eigen::Index i = 0; i < q.size(); ++i) q(i) = stream.uniform(low_(i), high_(i));
  return q;
}

VectorXd PosturePlanner::near_posture(const VectorXd& q, random::Stream& stream) const {
  return inside(around(q, options_.near_sd, stream));
}

PostureCost PosturePlanner::cost_of(const Task& task, const VectorXd& q, const HandBelief& hand) const {
  const Eigen::Array3d variance = hand.covariance.diagonal().array().max(0.0);
  const double c = options_.goal_width, p = options_.posture_width;
  PostureCost cost;
  cost.risk = ((hand.mean - task.goal).squaredNorm() + options_.variance_weight * variance.sum()) / (2.0 * c * c);
  cost.risk = hand.told * cost.risk + (1.0 - hand.told) * options_.elsewhere * options_.elsewhere / (2.0 * c * c);
  cost.information = hand.told * 0.5 * (1.0 + variance / hand.noise.array()).log().sum();
  cost.effort = (q - task.now).squaredNorm() / (2.0 * p * p);
  return cost;
}

PostureCost PosturePlanner::cost(const HandModel& model, const VectorXd& q, const Vector3d& goal,
                                 const VectorXd& now) const {
  return cost_of({model, goal, now}, q, model.predict(q));
}

PosturePlan PosturePlanner::judge(const Task& task, const VectorXd& q) const {
  PosturePlan plan{q, cost_of(task, q, task.model.predict(q)), 0.0};
  plan.expected_free_energy = plan.cost.expected_free_energy(options_.epistemic_weight);
  return plan;
}

// Gauss-Newton on |mu - g|^2 / 2 c^2 + |q - now|^2 / 2 p^2; joints that are at a limit and pulled beyond it stay there.
VectorXd PosturePlanner::newton_step(const Task& task, const VectorXd& q) const {
  const double goal = 1.0 / (options_.goal_width * options_.goal_width);
  const double stay = 1.0 / (options_.posture_width * options_.posture_width);
  const HandBelief hand = task.model.predict(q);
  MatrixXd curvature = goal * hand.jacobian.transpose() * hand.jacobian;
  curvature.diagonal().array() += stay;
  VectorXd descent = goal * hand.jacobian.transpose() * (task.goal - hand.mean) + stay * (task.now - q);
  for (Eigen::Index i = 0; i < q.size(); ++i) {
    if (!((q(i) <= low_(i) && descent(i) < 0.0) || (q(i) >= high_(i) && descent(i) > 0.0))) continue;
    curvature.row(i).setZero();
    curvature.col(i).setZero();
    curvature(i, i) = 1.0;
    descent(i) = 0.0;
  }
  const VectorXd step = curvature.llt().solve(descent);
  return step * std::min(1.0, options_.largest_step / std::max(step.cwiseAbs().maxCoeff(), 1e-12));
}

// The best posture on the way downhill.
PosturePlan PosturePlanner::refine(const Task& task, const PosturePlan& from) const {
  PosturePlan best = from;
  VectorXd q = from.posture;
  for (int k = 0; k < options_.newton_steps; ++k) {
    q = inside(q + newton_step(task, q));
    PosturePlan next = judge(task, q);
    if (next.expected_free_energy < best.expected_free_energy) best = std::move(next);
  }
  return best;
}

PosturePlan PosturePlanner::plan(const HandModel& model, const Vector3d& goal, const VectorXd& now,
                                 random::Stream& stream, std::vector<PosturePlan>* considered) const {
  const Task task{model, goal, now};
  const int near = static_cast<int>(options_.near_part * options_.candidates);
  std::vector<PosturePlan> plans;
  for (int k = 0; k < options_.candidates; ++k)
    plans.push_back(judge(task, k < near ? inside(around(now, options_.near_sd, stream)) : random_posture(stream)));
  const auto better = [](const PosturePlan& a, const PosturePlan& b) {
    return a.expected_free_energy < b.expected_free_energy;
  };
  double spread = options_.spread;
  for (int i = 1; i < options_.iterations; ++i, spread *= 0.5) {
    std::stable_sort(plans.begin(), plans.end(), better);
    plans.resize(static_cast<std::size_t>(options_.elites));
    for (int k = options_.elites; k < options_.candidates; ++k) {
      const std::size_t elite = stream.index(static_cast<std::uint32_t>(options_.elites));
      plans.push_back(judge(task, inside(around(plans[elite].posture, spread, stream))));
    }
  }
  std::stable_sort(plans.begin(), plans.end(), better);
  PosturePlan best = plans.front();
  for (int k = 0; k < std::min(options_.refined, static_cast<int>(plans.size())); ++k) {
    PosturePlan next = refine(task, plans[static_cast<std::size_t>(k)]);
    if (next.expected_free_energy < best.expected_free_energy) best = std::move(next);
  }
  if (considered != nullptr) *considered = std::move(plans);
  return best;
}

}  // namespace infans::agents
