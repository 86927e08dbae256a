// Mechanics with contact above it: what a body does where things hold it, stop it or meet it, learned from transitions.
//
// Learning is a gate between two levels, then descent of one free energy. Mechanics is fitted to the samples that agree
// with each other (least trimmed squares, Rousseeuw 1984); the rest was held by something. Kinds of contact compete for
// it by free energy. Dry friction acts on every sample, so its numbers and the weights of mechanics settle together.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/inference/gauss_newton.hpp"
#include "core/inference/mechanics_model.hpp"
#include "core/model/contact.hpp"

namespace infans::inference {

struct ContactModelOptions {
  ContactModelOptions() { mechanics.mechanics.friction_terms = 1; }

  MechanicsModelOptions mechanics;              // viscous friction only: what holds is this level's
  model::ContactKinds kinds{true, true, true};  // what may be found; the free energy decides what is there
  Eigen::MatrixXd waves;                        // of the gap, see model::Contact; empty: a planar chain
  int steps = 10;                               // Runge-Kutta steps of a control step
  double outlier = 4.0;                         // times the median error: from there on a sample was held
  double tolerance = 2e-3;  // errors below never count as held; fraction of what a standard acceleration does in a step
  int iterations = 40;      // Gauss-Newton, each search
  int threads = 1;
};

class ContactModel final : public MotionModel {
 public:
  ContactModel(model::Encoding encoding, const ContactModelOptions& options);

  void fit(const model::Transitions& t) override;
  void add(const model::Transitions& t) override;
  Eigen::MatrixXd mean(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const override;
  MotionBatch predict(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u) const override;
  const MotionBatch& left_out() const override { return left_out_; }
  void describe(base::Archive& archive) override;

  const MechanicsModel& mechanics() const { return mechanics_; }
  const model::MechanicsLaw& law() const { return law_; }            // of the free body
  const model::Contact& contact() const { return contact_; }         // kinds(): what was found
  const Eigen::VectorXd& parameters() const { return parameters_; }  // of contact(), see its layout()
  Eigen::Index held() const { return held_.count(); }                // samples of the last fit that mechanics left

 private:
  using Flags = Eigen::Array<bool, Eigen::Dynamic, 1>;
  // Part of the model that a search moves: weights of mechanics, then contact parameters [from, from + count).
  struct Part {
    bool weights = false;
    int from = 0, count = 0;
  };
  struct Belief {
    Part part;
    LaplacePosterior posterior;
    std::vector<Eigen::Index> sample;  // which of the fit it learned from, 2n rows each
    Eigen::MatrixXd covariance;        // of the part's numbers
    Eigen::VectorXd noise;             // 2n, variance in squared scales
    bool empty() const { return part.count == 0; }
    void describe(base::Archive& archive);
  };

  // fit(), in this order; contact_learning.cpp.
  void start(const model::Transitions& t);
  double trim(const model::Transitions& t, std::vector<Eigen::Index> from, double share);
  void learn_friction(const model::Transitions& t);
  bool search_friction(const model::Transitions& t, Eigen::Index most_samples);
  void learn_held(const model::Transitions& t);
  void calibrate(const model::Transitions& t);

  Eigen::VectorXd sample_errors(const model::Transitions& t) const;
  void mark_held(const Eigen::VectorXd& errors);
  std::vector<Eigen::MatrixXd> places(const model::Transitions& t) const;
  LeastSquares problem(const model::Contact& c, const Eigen::VectorXd& parameters, const Part& part,
                       const model::Transitions& t, const std::vector<Eigen::Index>& rows) const;
  void calibrate(Belief& b, const model::Transitions& t, bool held);

  Eigen::VectorXd numbers(const Part& part) const;
  void take(const Part& part, const Eigen::VectorXd& numbers);
  Eigen::VectorXd difference(const Part& part, const Eigen::VectorXd& numbers) const;
  model::MechanicsLaw law_of(const Eigen::VectorXd& kept_weights) const;
  // Ends of a step, N x 2n.
  Eigen::MatrixXd fly(const model::Contact& c, const Eigen::VectorXd& parameters, const model::MechanicsLaw& law,
                      const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u,
                      Flags* touched = nullptr) const;
  // The same in scales, sample by sample (2 n N), where the part's numbers are others than the model's.
  Eigen::VectorXd moved_ends(const model::Contact& c, const Eigen::VectorXd& parameters, const Part& part,
                             const Eigen::VectorXd& numbers, const model::Transitions& t) const;
  Eigen::MatrixXd sensitivity(const Part& part, const model::Transitions& t) const;  // d moved_ends / d numbers
  void add_variance(const Belief& b, const model::Transitions& t, const std::vector<Eigen::Index>& rows,
                    MotionBatch& out) const;
  void update(Belief& b, const model::Transitions& t);

  model::Encoding encoding_;
  ContactModelOptions options_;
  MechanicsModel mechanics_;
  model::MechanicsLaw law_;
  Eigen::VectorXd kept_weights_;  // of law_, in the order of mechanics_.kept()
  model::Contact contact_;
  Eigen::VectorXd parameters_;
  Eigen::VectorXd scale_;       // 2n: what an acceleration of one standard deviation does to the end of a step
  double inertia_scale_ = 1.0;  // typical P_ii, the size of a weight
  Flags held_;
  std::vector<Eigen::Index> free_;  // samples of the last fit that mechanics learned from
  Belief friction_, touch_;
  MotionBatch left_out_;
};

}  // namespace infans::inference
