#include "core/model/field.hpp"

#include "core/model/friction.hpp"

namespace infans::model {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd encode_rows(const Encoding& e, const MatrixXd& q, const MatrixXd& v, const MatrixXd& u) {
  MatrixXd z(q.rows(), e.inputs());
  Index k = 0;
  for (Index i = 0; i < q.cols(); ++i) {
    if (e.coordinates[static_cast<std::size_t>(i)] == Coordinate::circular) {
      z.col(k++) = q.col(i).array().sin();
      z.col(k++) = q.col(i).array().cos();
    } else {
      z.col(k++) = q.col(i) / e.position_scale(i);
    }
  }
  for (Index i = 0; i < v.cols(); ++i) z.col(k++) = v.col(i) / e.velocity_scale(i);
  z.rightCols(u.cols()) = u;
  return z;
}

GatedHarmonics::GatedHarmonics(const Encoding& e, int order)
    : harmonics_(make_harmonics(harmonic_scale(e), order, order)),
      velocity_scale_(e.velocity_scale),
      monomials_(1 + e.actions + e.positions() + e.positions() * (e.positions() + 1) / 2) {
  const Index count = harmonics_.count();
  grouping_.groups = monomials_;
  grouping_.group.resize(count * monomials_);
  grouping_.decay.resize(count * monomials_, e.positions());
  for (int m = 0; m < monomials_; ++m) {
    grouping_.group.segment(m * count, count).setConstant(m);
    grouping_.decay.middleRows(m * count, count) = harmonics_.order();
  }
}

void GatedHarmonics::evaluate(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u, MatrixXd& phi) const {
  const MatrixXd f = harmonics_.features(q);
  const MatrixXd w = v * velocity_scale_.cwiseInverse().asDiagonal();
  phi.resize(q.rows(), f.cols() * monomials_);
  Index m = 0;
  const auto gate = [&](const auto& by) { phi.middleCols(f.cols() * m++, f.cols()) = by.asDiagonal() * f; };
  phi.leftCols(f.cols()) = f;
  ++m;
  for (Index i = 0; i < u.cols(); ++i) gate(u.col(i));
  for (Index i = 0; i < w.cols(); ++i) gate(w.col(i));
  for (Index i = 0; i < w.cols(); ++i)
    for (Index j = i; j < w.cols(); ++j) gate(w.col(i).cwiseProduct(w.col(j)));
}

FourierField::FourierField(Encoding encoding, FourierFeatures features)
    : encoding_(std::move(encoding)), features_(std::move(features)) {
  grouping_.groups = 1;
  grouping_.group = Eigen::VectorXi::Zero(features_.count());
  grouping_.decay.resize(features_.count(), 0);
}

void FourierField::evaluate(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u, MatrixXd& phi) const {
  phi = features_.features(encode_rows(encoding_, q, v, u));
}

VectorXd FourierField::shape() const { return features_.length_scale.array().log(); }
void FourierField::set_shape(const VectorXd& log_length_scale) {
  features_.length_scale = log_length_scale.array().exp();
}

VectorXd FourierField::shape_gradient(const MatrixXd& q, const MatrixXd& v, const MatrixXd& u,
                                      const MatrixXd& g) const {
  const MatrixXd z = encode_rows(encoding_, q, v, u), w = features_.scaled();
  // d phi / d ln l_i = amplitude sin(angle) w_i z_i
  const MatrixXd weighted = features_.amplitude() * features_.angles(z).array().sin() * g.array();
  return (weighted * w).cwiseProduct(z).colwise().sum().transpose();
}

}  // namespace infans::model
