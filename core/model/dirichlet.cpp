#include "core/model/dirichlet.hpp"

#include <cmath>

namespace infans::model {
namespace {

using Eigen::VectorXd;
using Given = Eigen::Ref<const VectorXd>;

// psi(x) - ln x + 1/(2x) for x >= 10.
double digamma_tail(double x) {
  const double r = 1.0 / (x * x);
  return -r * (1.0 / 12.0 - r * (1.0 / 120.0 - r * (1.0 / 252.0 - r * (1.0 / 240.0 - r * (1.0 / 132.0)))));
}

// psi(x + 1) - ln x; for large x without the difference of two large numbers.
double g(double x) { return x < 10.0 ? digamma(x + 1.0) - std::log(x) : 0.5 / x + digamma_tail(x); }

// Its derivative, psi'(x + 1) - 1 / x (Abramowitz & Stegun 6.4.12 and 6.4.6).
double g_slope(double x) {
  double up = 0.0, y = x;
  for (; y < 10.0; y += 1.0) up += 1.0 / ((y + 1.0) * (y + 1.0)) - 1.0 / y + 1.0 / (y + 1.0);
  const double r = 1.0 / (y * y);
  return up - 0.5 * r + r / y * (1.0 / 6.0 - r * (1.0 / 30.0 - r * (1.0 / 42.0 - r * (1.0 / 30.0 - r * (5.0 / 66.0)))));
}

}  // namespace

double digamma(double x) {
  double value = 0.0;
  for (; x < 10.0; x += 1.0) value -= 1.0 / x;
  const double r = 1.0 / (x * x);
  return value + std::log(x) - 0.5 / x -
         r * (1.0 / 12.0 - r * (1.0 / 120.0 - r * (1.0 / 252.0 - r * (1.0 / 240.0 - r * (1.0 / 132.0)))));
}

double count_information(double count, double others) {
  if (others > 0.01 * count) return g(count) - g(count + others);
  // Nearly equal numbers: the integral of the slope by two Gauss points, whose error is of fifth order in others/count.
  const double half = 0.5 * others, shift = half / std::sqrt(3.0);
  return -half * (g_slope(count + half - shift) + g_slope(count + half + shift));
}

double novelty(const Given& a) {
  const double a0 = a.sum();
  double sum = 0.0;
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    const double others = a.head(i).sum() + a.tail(a.size() - i - 1).sum();
    sum += a[i] / a0 * count_information(a[i], others);
  }
  return sum;
}

double entropy(const Given& p) {
  double sum = 0.0;
  for (const double x : p)
    if (x > 0.0) sum -= x * std::log(x);
  return sum;
}

double categorical_kl(const Given& p, const Given& q) {
  double sum = 0.0;
  for (Eigen::Index i = 0; i < p.size(); ++i)
    if (p[i] > 0.0) sum += p[i] * std::log(p[i] / q[i]);
  return sum;
}

double dirichlet_kl(const Given& a, const Given& b) {
  const double a0 = a.sum(), psi0 = digamma(a0);
  double sum = std::lgamma(a0) - std::lgamma(b.sum());
  for (Eigen::Index i = 0; i < a.size(); ++i)
    sum += std::lgamma(b[i]) - std::lgamma(a[i]) + (a[i] - b[i]) * (digamma(a[i]) - psi0);
  return sum;
}

VectorXd assimilate(const Given& a, const Given& q) {
  const double a0 = a.sum(), rho = q.sum(), one = a0 + 1.0, two = a0 + 2.0;
  double spread = 0.0, variance = 0.0;  // sums of m (1 - m) and of the variances
  VectorXd mean(a.size());
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    const double before = a[i] / a0;
    mean[i] = (1.0 - rho) * before + (rho * a[i] + q[i]) / one;
    // E theta_i^2 under Dir(a) and, summed over what was seen, under Dir(a + e_j).
    const double none = before * (a[i] + 1.0) / one;
    const double seen = (a[i] + 1.0) * (rho * a[i] + 2.0 * q[i]) / (one * two);
    spread += mean[i] * (1.0 - mean[i]);
    variance += (1.0 - rho) * none + seen - mean[i] * mean[i];
  }
  return (spread / variance - 1.0) * mean;
}

}  // namespace infans::model
