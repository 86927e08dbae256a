// Generic laws of motion: acceleration = features(q, v, u) x weights, with no structure of a body in it.
#pragma once

#include <Eigen/Dense>

#include "core/model/encoding.hpp"
#include "core/model/fourier_features.hpp"
#include "core/model/grouping.hpp"
#include "core/model/harmonics.hpp"

namespace infans::model {

class FieldFeatures {
 public:
  virtual ~FieldFeatures() = default;

  int count() const { return static_cast<int>(grouping().weights()); }
  virtual const Grouping& grouping() const = 0;
  // N x count.
  virtual void evaluate(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u,
                        Eigen::MatrixXd& phi) const = 0;
  // Numbers that shape the features and are learned by evidence too (logarithms of length scales); may be none.
  virtual Eigen::VectorXd shape() const { return {}; }
  virtual void set_shape(const Eigen::VectorXd&) {}
  // d (sum of g o phi) / d shape, g: N x count.
  virtual Eigen::VectorXd shape_gradient(const Eigen::MatrixXd&, const Eigen::MatrixXd&, const Eigen::MatrixXd&,
                                         const Eigen::MatrixXd&) const {
    return {};
  }
};

// Gated harmonics: {cos, sin}(k.q) with |k|_1 <= order times {1, u_i, v_i, v_i v_j} (sigma-pi units). One precision a
// monomial, one decay a joint.
class GatedHarmonics final : public FieldFeatures {
 public:
  GatedHarmonics(const Encoding& encoding, int order);
  const Grouping& grouping() const override { return grouping_; }
  void evaluate(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u,
                Eigen::MatrixXd& phi) const override;

  // Feature m * harmonics().count() + c is monomial m times harmonic c; monomials in the order above, i <= j.
  const Harmonics& harmonics() const { return harmonics_; }
  const Eigen::VectorXd& velocity_scale() const { return velocity_scale_; }  // n, of the velocities in monomials
  int monomials() const { return monomials_; }

 private:
  Harmonics harmonics_;
  Eigen::VectorXd velocity_scale_;
  int monomials_;
  Grouping grouping_;
};

// Random Fourier features of the encoded inputs, one length scale an input (logarithms: the shape), one precision.
class FourierField final : public FieldFeatures {
 public:
  FourierField(Encoding encoding, FourierFeatures features);
  const Grouping& grouping() const override { return grouping_; }
  void evaluate(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u,
                Eigen::MatrixXd& phi) const override;
  Eigen::VectorXd shape() const override;
  void set_shape(const Eigen::VectorXd& log_length_scale) override;
  Eigen::VectorXd shape_gradient(const Eigen::MatrixXd& q, const Eigen::MatrixXd& v, const Eigen::MatrixXd& u,
                                 const Eigen::MatrixXd& g) const override;

 private:
  Encoding encoding_;
  FourierFeatures features_;
  Grouping grouping_;
};

// Encoded inputs of many rows, N x inputs.
Eigen::MatrixXd encode_rows(const Encoding& encoding, const Eigen::MatrixXd& q, const Eigen::MatrixXd& v,
                            const Eigen::MatrixXd& u);

}  // namespace infans::model
