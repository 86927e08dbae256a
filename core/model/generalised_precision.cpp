#include "core/model/generalised_precision.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/error.hpp"
#include "core/model/symmetric.hpp"

namespace infans::model {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

void check_order(int order) {
  if (order < 1 || order > max_generalised_order)
    throw base::OptionError("order", "generalised coordinates: order " + std::to_string(order) + " is outside 1 .. " +
                                         std::to_string(max_generalised_order));
}

void check_positive(const char* key, double value) {
  if (!(value > 0) || !std::isfinite(value))
    throw base::OptionError(key, std::string("generalised coordinates: ") + key + " " + std::to_string(value) +
                                     " must be finite and above 0");
}

double factorial(int k) { return std::tgamma(k + 1.0); }

// k! / (2^m m!) with k = 2 m: the k-th moment of a standard normal; 0 for odd k.
double normal_moment(int k) {
  if (k % 2 == 1) return 0.0;
  double moment = 1.0;
  for (int odd = k - 1; odd > 1; odd -= 2) moment *= odd;
  return moment;
}

// |coefficient| of w^i in the Hermite polynomial He_k(w).
double hermite(int k, int i) {
  if (i > k || (k - i) % 2 == 1) return 0.0;
  double binomial = 1.0;
  for (int j = 1; j <= i; ++j) binomial = binomial * (k - i + j) / j;
  return std::round(binomial) * normal_moment(k - i);
}

double channel_log_det(const MatrixXd& precision) {
  if (precision.rows() != precision.cols())
    throw base::OptionError("precision", "generalised precision: Pi is " + std::to_string(precision.rows()) + " x " +
                                             std::to_string(precision.cols()) + ", it must be square");
  if (precision.rows() == 0) return 0.0;
  const Eigen::LLT<MatrixXd> factor(precision);
  const bool symmetric = precision.isApprox(precision.transpose(), 1e-12);
  if (!precision.allFinite() || !symmetric || factor.info() != Eigen::Success)
    throw base::OptionError("precision", "generalised precision: Pi must be finite, symmetric and positive definite");
  return log_det(factor);
}

}  // namespace

MatrixXd generalised_covariance(int order, double smoothness) {
  check_order(order);
  check_positive("smoothness", smoothness);
  // rho is the characteristic function of a normal frequency of variance 1 / (2 s^2): rho^(2q)(0) = (-1)^q moment.
  const double frequency = 1.0 / (std::sqrt(2.0) * smoothness);
  MatrixXd v = MatrixXd::Zero(order, order);
  for (int i = 0; i < order; ++i)
    for (int j = i % 2; j < order; j += 2) {
      const int sign = ((i + j) / 2 + j) % 2 == 0 ? 1 : -1;
      v(i, j) = sign * normal_moment(i + j) * std::pow(frequency, i + j);
    }
  return v;
}

MatrixXd temporal_precision(int order, double smoothness) {
  check_order(order);
  check_positive("smoothness", smoothness);
  const double sigma = std::sqrt(2.0) * smoothness;
  MatrixXd r = MatrixXd::Zero(order, order);
  for (int i = 0; i < order; ++i)
    for (int j = i % 2; j < order; j += 2) {
      double sum = 0.0;
      for (int k = std::max(i, j); k < order; k += 2) sum += hermite(k, i) * hermite(k, j) / factorial(k);
      r(i, j) = sum * std::pow(sigma, i + j);
    }
  return r;
}

double temporal_log_det(int order, double smoothness) {
  check_order(order);
  check_positive("smoothness", smoothness);
  double log_det = 0.5 * order * (order - 1) * std::log(2.0 * smoothness * smoothness);
  for (int k = 2; k < order; ++k) log_det -= std::log(factorial(k));
  return log_det;
}

MatrixXd generalised_precision(int order, double smoothness, const MatrixXd& precision) {
  channel_log_det(precision);
  const MatrixXd r = temporal_precision(order, smoothness);
  const Eigen::Index m = precision.rows();
  MatrixXd product(m * order, m * order);
  for (int i = 0; i < order; ++i)
    for (int j = 0; j < order; ++j) product.block(i * m, j * m, m, m) = r(i, j) * precision;
  return product;
}

double generalised_log_det(int order, double smoothness, const MatrixXd& precision) {
  return static_cast<double>(precision.rows()) * temporal_log_det(order, smoothness) +
         order * channel_log_det(precision);
}

SmoothProcess smooth_process(int order, double smoothness) {
  const MatrixXd v = generalised_covariance(order, smoothness), r = temporal_precision(order, smoothness);
  const int last = order - 1;
  const double density = 2.0 * std::sqrt(M_PI) * smoothness;
  // Row `last` of drift V + V drift' + power e e' = 0: V a = (V_1,last, .., V_last,last, power / 2), drift's last row
  // being -a'. R = V^-1.
  VectorXd right = VectorXd::Zero(order);
  right.head(last) = v.col(last).tail(last);
  VectorXd a = r * right;
  SmoothProcess out;
  // density = power / a_0^2 with a_0 = (R right)_0 + R_0,last power / 2: one of the two terms is zero by parity.
  out.power = order % 2 == 0 ? density * a(0) * a(0) : 4.0 / (density * r(0, last) * r(0, last));
  a += 0.5 * out.power * r.col(last);
  out.drift = shift_operator(order);
  out.drift.row(last) -= a;
  return out;
}

MatrixXd shift_operator(int order, int channels) {
  check_order(order);
  if (channels < 0)
    throw base::OptionError("channels", "shift operator: channels " + std::to_string(channels) + " is below 0");
  const int size = order * channels;
  MatrixXd d = MatrixXd::Zero(size, size);
  for (int i = 0; i + channels < size; ++i) d(i, i + channels) = 1.0;
  return d;
}

MatrixXd embedding_matrix(int order, double interval, double lag) {
  check_order(order);
  check_positive("interval", interval);
  if (!std::isfinite(lag)) throw base::OptionError("lag", "embedding: lag must be finite");
  MatrixXd e(order, order);
  for (int i = 0; i < order; ++i) {
    // Coefficients of the Lagrange polynomial of sample i in tau = (time - t) / interval.
    VectorXd polynomial = VectorXd::Unit(order, 0);
    for (int j = 0, degree = 0; j < order; ++j) {
      if (j == i) continue;
      const double node = j - (order - 1) + lag;
      for (int k = ++degree; k >= 0; --k)
        polynomial(k) = ((k > 0 ? polynomial(k - 1) : 0.0) - node * polynomial(k)) / (i - j);
    }
    double scale = 1.0;  // k! / interval^k
    for (int k = 0; k < order; ++k) {
      e(i, k) = polynomial(k) * scale;
      scale *= (k + 1) / interval;
    }
  }
  return e;
}

}  // namespace infans::model
