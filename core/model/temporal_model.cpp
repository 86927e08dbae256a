#include "core/model/temporal_model.hpp"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/model/symmetric.hpp"

namespace infans::model {
namespace {

std::string shape(const Eigen::MatrixXd& m) { return std::to_string(m.rows()) + " x " + std::to_string(m.cols()); }

void check_shape(const char* name, const Eigen::MatrixXd& m, Eigen::Index rows, Eigen::Index columns) {
  if (m.rows() != rows || m.cols() != columns)
    throw base::UserError("TemporalModel: " + std::string(name) + " is " + shape(m) + "; it must be " +
                          std::to_string(rows) + " x " + std::to_string(columns));
  if (!m.allFinite()) throw base::UserError("TemporalModel: " + std::string(name) + " is not finite");
}

struct Inverse {
  Eigen::MatrixXd matrix, inverse;
  double log_det;
};

Inverse invert(const Eigen::MatrixXd& m, const char* name) {
  const std::string where = "GaussianNoise: " + std::string(name) + " (" + shape(m) + ")";
  if (m.rows() < 1 || m.rows() != m.cols()) throw base::UserError(where + " must be square, 1 x 1 or larger");
  if (!m.allFinite()) throw base::UserError(where + " is not finite");
  if ((m - m.transpose()).cwiseAbs().maxCoeff() > 1e-9 * m.cwiseAbs().maxCoeff())
    throw base::UserError(where + " is not symmetric");
  Inverse out;
  out.matrix = 0.5 * (m + m.transpose());
  const Eigen::LLT<Eigen::MatrixXd> factor(out.matrix);
  if (factor.info() != Eigen::Success) throw base::UserError(where + " is not positive definite");
  out.inverse = factor.solve(Eigen::MatrixXd::Identity(m.rows(), m.rows()));
  out.inverse = (0.5 * (out.inverse + out.inverse.transpose())).eval();
  out.log_det = log_det(factor);
  return out;
}

}  // namespace

GaussianNoise GaussianNoise::from_precision(const Eigen::MatrixXd& precision, const char* name) {
  Inverse i = invert(precision, name);
  return {std::move(i.matrix), std::move(i.inverse), i.log_det};
}

GaussianNoise GaussianNoise::from_covariance(const Eigen::MatrixXd& covariance, const char* name) {
  Inverse i = invert(covariance, name);
  return {std::move(i.inverse), std::move(i.matrix), -i.log_det};
}

TemporalModel::TemporalModel(Eigen::VectorXd mean, GaussianNoise initial_noise, GaussianNoise state,
                             GaussianNoise observed, int actions)
    : initial_mean(std::move(mean)),
      initial(std::move(initial_noise)),
      state_noise(std::move(state)),
      observation_noise(std::move(observed)),
      actions_(actions) {
  const int n = states();
  if (n < 1 || actions < 0) throw base::UserError("TemporalModel: it needs at least one state and no negative actions");
  check_shape("initial_mean", initial_mean, n, 1);
  check_shape("initial covariance", initial.covariance, n, n);
}

void TemporalModel::action_jacobian(const Eigen::VectorXd& x, const Eigen::VectorXd& a,
                                    Eigen::MatrixXd& jacobian) const {
  Eigen::VectorXd moved = a, high(states()), low(states());
  for (int i = 0; i < actions(); ++i) {
    const double h = 6e-6 * (1.0 + std::abs(a(i)));  // cube root of the rounding
    moved(i) = a(i) + h;
    transition(x, moved, high, nullptr);
    moved(i) = a(i) - h;
    transition(x, moved, low, nullptr);
    moved(i) = a(i);
    jacobian.col(i) = (high - low) / (2.0 * h);
  }
}

void TemporalModel::transition_at(long, const Eigen::VectorXd& x, const Eigen::VectorXd& a, Eigen::VectorXd& next,
                                  Eigen::MatrixXd* jacobian) const {
  transition(x, a, next, jacobian);
}

const Eigen::MatrixXd& TemporalModel::state_covariance_at(long) const { return state_noise.covariance; }

LinearTemporalModel::LinearTemporalModel(Eigen::MatrixXd a, Eigen::MatrixXd b, Eigen::MatrixXd c, Eigen::VectorXd mean,
                                         GaussianNoise initial_noise, GaussianNoise state, GaussianNoise observed)
    : TemporalModel(std::move(mean), std::move(initial_noise), std::move(state), std::move(observed),
                    static_cast<int>(b.cols())),
      A(std::move(a)),
      B(std::move(b)),
      C(std::move(c)) {
  check_shape("A", A, states(), states());
  check_shape("B", B, states(), actions());
  check_shape("C", C, observations(), states());
}

void LinearTemporalModel::transition(const Eigen::VectorXd& x, const Eigen::VectorXd& a, Eigen::VectorXd& next,
                                     Eigen::MatrixXd* jacobian) const {
  next.noalias() = A * x;
  next.noalias() += B * a;
  if (jacobian) *jacobian = A;
}

void LinearTemporalModel::observation(const Eigen::VectorXd& x, Eigen::VectorXd& o, Eigen::MatrixXd* jacobian) const {
  o.noalias() = C * x;
  if (jacobian) *jacobian = C;
}

void LinearTemporalModel::action_jacobian(const Eigen::VectorXd&, const Eigen::VectorXd&,
                                          Eigen::MatrixXd& jacobian) const {
  jacobian = B;
}

LinearTemporalModel LinearTemporalModel::transformed(const Eigen::MatrixXd& t) const {
  check_shape("T", t, states(), states());
  const Eigen::PartialPivLU<Eigen::MatrixXd> back(t.transpose());
  const auto covariance = [&](const GaussianNoise& noise, const char* name) {
    const Eigen::MatrixXd moved = t * noise.covariance * t.transpose();
    return GaussianNoise::from_covariance(0.5 * (moved + moved.transpose()), name);
  };
  return {t * back.solve(A.transpose()).transpose(),
          t * B,
          back.solve(C.transpose()).transpose(),
          t * initial_mean,
          covariance(initial, "a transformed initial covariance"),
          covariance(state_noise, "a transformed state noise"),
          observation_noise};
}

Eigen::MatrixXd similarity(const LinearTemporalModel& from, const LinearTemporalModel& to) {
  const int n = to.states(), m = to.observations();
  check_shape("A of the other model", from.A, n, n);
  check_shape("C of the other model", from.C, m, n);
  Eigen::MatrixXd left(n * m, n), right(n * m, n), a = to.C, b = from.C;
  for (int i = 0; i < n; ++i) {
    left.middleRows(i * m, m) = a;
    right.middleRows(i * m, m) = b;
    a = (a * to.A).eval();
    b = (b * from.A).eval();
  }
  return left.colPivHouseholderQr().solve(right);
}

void Moments::scale(double factor) {
  for (Eigen::MatrixXd* m : {&yy, &yz, &zz}) *m *= factor;
  count *= factor;
}

Moments::Moments(int y, int z)
    : yy(Eigen::MatrixXd::Zero(y, y)), yz(Eigen::MatrixXd::Zero(y, z)), zz(Eigen::MatrixXd::Zero(z, z)) {}

void Moments::regress(int first, int columns, Eigen::MatrixXd& w) const {
  if (columns == 0) return;
  w.middleCols(first, columns).setZero();
  const Eigen::MatrixXd right = (yz - w * zz).middleCols(first, columns);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> left(zz.block(first, first, columns, columns));
  const double least = left.eigenvalues().maxCoeff() * 1e-14 * columns;
  const Eigen::VectorXd inverse = left.eigenvalues().unaryExpr([=](double v) { return v > least ? 1.0 / v : 0.0; });
  w.middleCols(first, columns) = right * left.eigenvectors() * inverse.asDiagonal() * left.eigenvectors().transpose();
}

Eigen::MatrixXd Moments::residual(const Eigen::MatrixXd& w) const {
  const Eigen::MatrixXd mixed = w * yz.transpose();
  return yy - mixed - mixed.transpose() + w * zz * w.transpose();
}

GaussianNoise Moments::noise(const Eigen::MatrixXd& w, const Eigen::MatrixXd& prior, double weight) const {
  const Eigen::MatrixXd sum = residual(w) + weight * prior;
  return GaussianNoise::from_covariance(0.5 * (sum + sum.transpose()) / (count + weight), "a learned covariance");
}

void add_observation(const Eigen::MatrixXd& c, const Eigen::MatrixXd& r, const Eigen::VectorXd& o,
                     const Eigen::Array<bool, Eigen::Dynamic, 1>& mask, const Eigen::VectorXd& mean,
                     const Eigen::MatrixXd& xx, Moments& sums) {
  using Eigen::MatrixXd;
  const int size = static_cast<int>(c.rows());
  MatrixXd d = MatrixXd::Zero(size, size), g = MatrixXd::Zero(size, c.cols()), rest = d;
  Eigen::VectorXd value = o;
  std::vector<int> seen, missing;
  for (int i = 0; i < size; ++i) (mask(i) ? seen : missing).push_back(i);
  for (const int i : seen) d(i, i) = 1.0;
  for (const int i : missing) {
    value(i) = 0.0;
    g.row(i) = c.row(i);
  }
  if (!missing.empty()) rest(missing, missing) = r(missing, missing);
  if (!missing.empty() && !seen.empty()) {
    const MatrixXd cross = r(seen, missing);
    const MatrixXd regression = Eigen::LLT<MatrixXd>(r(seen, seen)).solve(cross).transpose();
    d(missing, seen) = regression;
    g(missing, Eigen::all) -= regression * c(seen, Eigen::all);
    rest(missing, missing) -= regression * cross;
  }
  const Eigen::VectorXd known = d * value;
  const MatrixXd mixed = known * (g * mean).transpose();
  sums.yy += known * known.transpose() + mixed + mixed.transpose() + g * xx * g.transpose() + rest;
  sums.yz += known * mean.transpose() + g * xx;
  sums.zz += xx;
  sums.count += 1.0;
}

}  // namespace infans::model
