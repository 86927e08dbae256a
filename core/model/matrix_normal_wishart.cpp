#include "core/model/matrix_normal_wishart.hpp"

#include <cmath>
#include <numbers>
#include <stdexcept>

#include "core/model/dirichlet.hpp"
#include "core/model/symmetric.hpp"
#include "core/random/gamma.hpp"

namespace infans::model {
namespace {

using Eigen::MatrixXd;
using Llt = Eigen::LLT<MatrixXd>;

double multi_digamma(double x, int o) {
  double value = 0.0;
  for (int i = 0; i < o; ++i) value += digamma(x - 0.5 * i);
  return value;
}

double multi_lgamma(double x, int o) {
  double value = 0.25 * o * (o - 1) * std::log(std::numbers::pi);
  for (int i = 0; i < o; ++i) value += std::lgamma(x - 0.5 * i);
  return value;
}

// (a) K (a)' of a difference of means.
MatrixXd weighted_square(const MatrixXd& a, const MatrixXd& k) { return a * k * a.transpose(); }

}  // namespace

MatrixNormalWishart MatrixNormalWishart::prior(int outputs, int inputs, double weight_precision, double noise,
                                               double extra_dof) {
  if (outputs < 1 || inputs < 1 || !(weight_precision > 0.0) || !(noise > 0.0) || !(extra_dof > 0.0))
    throw std::logic_error("MatrixNormalWishart: sizes, precisions, noise and degrees of freedom must be positive");
  MatrixNormalWishart p;
  p.mean = MatrixXd::Zero(outputs, inputs);
  p.column_precision = weight_precision * MatrixXd::Identity(inputs, inputs);
  p.dof = outputs - 1 + extra_dof;
  p.scale = p.dof * noise * noise * MatrixXd::Identity(outputs, outputs);
  return p;
}

MatrixXd MatrixNormalWishart::expected_precision() const {
  return dof * Llt(scale).solve(MatrixXd::Identity(outputs(), outputs()));
}

double MatrixNormalWishart::expected_log_det() const {
  return multi_digamma(0.5 * dof, outputs()) + outputs() * std::numbers::ln2 - log_det(Llt(scale));
}

MatrixXd MatrixNormalWishart::column_covariance() const {
  return Llt(column_precision).solve(MatrixXd::Identity(inputs(), inputs()));
}

void MatrixNormalWishart::update(const MatrixXd& phi, const MatrixXd& x, double weight, const MatrixXd& phi_spread,
                                 const MatrixXd& x_spread) {
  if (phi.rows() != inputs() || x.rows() != outputs() || phi.cols() != x.cols())
    throw std::logic_error("MatrixNormalWishart: an update needs p x n inputs and o x n outputs");
  MatrixXd k = weight * phi * phi.transpose();
  if (phi_spread.size() > 0) k += weight * phi_spread;
  k += column_precision;
  // From the prediction error, not from x itself: exact where nothing is left to learn.
  const MatrixXd error = x - mean * phi;
  MatrixXd pull = weight * error * phi.transpose();
  if (phi_spread.size() > 0) pull -= weight * mean * phi_spread;
  const MatrixXd change = Llt(k).solve(pull.transpose()).transpose();
  const MatrixXd after = mean + change, left = error - change * phi;
  scale += weight * left * left.transpose() + weighted_square(change, column_precision);
  if (phi_spread.size() > 0) scale += weight * weighted_square(after, phi_spread);
  if (x_spread.size() > 0) scale += weight * x_spread;
  mean = after;
  column_precision = k;
  dof += weight * static_cast<double>(x.cols());
}

void MatrixNormalWishart::move_towards(const MatrixNormalWishart& other, double rate) {
  const MatrixXd own = (1.0 - rate) * column_precision, new_part = rate * other.column_precision;
  const MatrixXd k = own + new_part;
  const MatrixXd m = Llt(k).solve((mean * own + other.mean * new_part).transpose()).transpose();
  scale = (1.0 - rate) * scale + rate * other.scale + weighted_square(m - mean, own) +
          weighted_square(m - other.mean, new_part);
  mean = m;
  column_precision = k;
  dof = (1.0 - rate) * dof + rate * other.dof;
}

MatrixXd MatrixNormalWishart::predictive_scale(const Eigen::VectorXd& phi) const {
  return scale * ((1.0 + phi.dot(Llt(column_precision).solve(phi))) / predictive_dof());
}

// Bartlett's decomposition: Lambda = (U A)(U A)' with U U' = Psi^-1 and A lower with chi-square diagonal, so R comes by
// two triangular solves and no inverse is formed.
void MatrixNormalWishart::draw(random::Stream& stream, MatrixXd& weight, MatrixXd& noise_factor) const {
  const int o = outputs(), p = inputs();
  MatrixXd a = MatrixXd::Zero(o, o);
  for (int j = 0; j < o; ++j) {
    a(j, j) = std::sqrt(2.0 * random::gamma(0.5 * (dof - j), stream));
    for (int i = j + 1; i < o; ++i) a(i, j) = stream.normal();
  }
  // Psi = L L', U = L'^-1: Lambda^-1 = L A'^-1 A^-1 L'. Its lower factor by Cholesky.
  const Llt psi(scale);
  const MatrixXd root =
      a.triangularView<Eigen::Lower>().solve(MatrixXd(psi.matrixL().transpose())).transpose();  // L A'^-1
  noise_factor = Llt(root * root.transpose()).matrixL();
  MatrixXd z(p, o);
  for (double& value : z.reshaped()) value = stream.normal();
  const Llt k(column_precision);
  k.matrixU().solveInPlace(z);
  weight = mean + noise_factor * z.transpose();
}

double divergence(const MatrixNormalWishart& q, const MatrixNormalWishart& p) {
  const int o = q.outputs();
  const Llt kq(q.column_precision), kp(p.column_precision), sq(q.scale), sp(p.scale);
  const MatrixXd shift = weighted_square(q.mean - p.mean, p.column_precision);
  const double normal = 0.5 * (o * kq.solve(p.column_precision).trace() + q.dof * sq.solve(shift).trace() -
                               static_cast<double>(o) * q.inputs() + o * (log_det(kq) - log_det(kp)));
  const double wishart = 0.5 * p.dof * (log_det(sq) - log_det(sp)) + 0.5 * q.dof * (sq.solve(p.scale).trace() - o) +
                         multi_lgamma(0.5 * p.dof, o) - multi_lgamma(0.5 * q.dof, o) +
                         0.5 * (q.dof - p.dof) * multi_digamma(0.5 * q.dof, o);
  return normal + wishart;
}

double log_evidence(const MatrixNormalWishart& p, const MatrixNormalWishart& q, double rows) {
  const int o = q.outputs();
  return -0.5 * rows * o * std::log(std::numbers::pi) +
         0.5 * o * (log_det(Llt(p.column_precision)) - log_det(Llt(q.column_precision))) +
         0.5 * (p.dof * log_det(Llt(p.scale)) - q.dof * log_det(Llt(q.scale))) + multi_lgamma(0.5 * q.dof, o) -
         multi_lgamma(0.5 * p.dof, o);
}

}  // namespace infans::model
