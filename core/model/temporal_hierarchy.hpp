// Temporal levels with their own time scales: level k moves every T_k steps, driven by the state of the level above.
//
//   x^k_t = f_k(x^k_{t-1}, (a^k_{t-1}, x^{k+1}_{t-1})) + w^k   if T_k divides t - 1 (t = 1, 2, ..: all move first)
//   x^k_t = x^k_{t-1}                                         else
//   o^k_t = g_k(x^k_t) + v^k                                  every step; levels above the lowest may have no senses
//
// Each level is a TemporalModel whose actions are its own, a^k, followed by the state of the level above; through them
// a slow context may drive a fast level, set its goal or change its law. Seen whole the stack is one TemporalModel with
// a periodic law: x = (x^0, x^1, ..), a = (a^0, a^1, ..), o = (o^0, o^1, ..), lowest level first, Q_t zero for levels
// that rest. So one free energy holds over all levels, and filter, smoother and learning are those of any temporal
// model.
#pragma once

#include <Eigen/Dense>
#include <memory>
#include <vector>

#include "core/model/temporal_model.hpp"

namespace infans::model {

struct TemporalLevel {
  std::shared_ptr<TemporalModel> model;
  int period = 1;  // T_k >= 1, steps; the lowest level usually has 1
};

class TemporalHierarchy final : public TemporalModel {
 public:
  // Lowest level first, 1 .. 8 levels. Throws base::UserError for a null model, a period below 1, fewer actions of a
  // level than states above it, or no senses at all.
  explicit TemporalHierarchy(std::vector<TemporalLevel> levels);

  // The move of a step at which every level moves.
  void transition(const Eigen::VectorXd& x, const Eigen::VectorXd& a, Eigen::VectorXd& next,
                  Eigen::MatrixXd* jacobian) const override;
  // Allocates small vectors for levels that are not linear.
  void transition_at(long step, const Eigen::VectorXd& x, const Eigen::VectorXd& a, Eigen::VectorXd& next,
                     Eigen::MatrixXd* jacobian) const override;
  const Eigen::MatrixXd& state_covariance_at(long step) const override;
  void observation(const Eigen::VectorXd& x, Eigen::VectorXd& o, Eigen::MatrixXd* jacobian) const override;

  int levels() const { return static_cast<int>(levels_.size()); }
  const TemporalLevel& level(int k) const { return levels_[k]; }
  bool moves(int k, long step) const { return step % levels_[k].period == 0; }
  // Where level k begins in x, a and o, and how many actions are its own.
  int state_offset(int k) const { return places_[k].state; }
  int action_offset(int k) const { return places_[k].action; }
  int observation_offset(int k) const { return places_[k].observation; }
  int own_actions(int k) const { return places_[k].actions; }
  // Parameters of a linear level, for learning; null if the level is not linear. Call refresh() after a change.
  LinearTemporalModel* linear(int k) { return linear_[k]; }
  const LinearTemporalModel* linear(int k) const { return linear_[k]; }
  // Takes over what the levels' noises and initial states are now.
  void refresh();
  // A stack with copies of the linear levels; others are shared.
  TemporalHierarchy clone() const;

 private:
  struct Place {
    int state, action, observation, actions;
  };
  struct Checked {
    std::vector<TemporalLevel> levels;
  };
  explicit TemporalHierarchy(Checked&& checked);
  void move(unsigned moving, const Eigen::VectorXd& x, const Eigen::VectorXd& a, Eigen::VectorXd& next,
            Eigen::MatrixXd* jacobian) const;
  unsigned moving(long step) const;

  std::vector<TemporalLevel> levels_;
  std::vector<LinearTemporalModel*> linear_;
  std::vector<Place> places_;
  std::vector<Eigen::MatrixXd> noise_;  // [set of moving levels, as bits]: n x n
};

}  // namespace infans::model
