#include "core/inference/propagator.hpp"

#include <cmath>

namespace infans::inference {
namespace {

using Eigen::MatrixXd;

// How often a matrix of this norm is halved until it is at most 1/2; a norm that is not finite stays.
int halvings_of(double norm) {
  return norm > 0.5 && std::isfinite(norm) ? static_cast<int>(std::ceil(std::log2(norm / 0.5))) : 0;
}

double norm_of(const MatrixXd& a) { return a.cwiseAbs().colwise().sum().maxCoeff(); }

// phi = phi_1(a) and power = exp(a) for a norm up to 1/2.
void phi1_series(const MatrixXd& a, MatrixXd& phi, MatrixXd& power, MatrixXd& product) {
  constexpr int degree = 14;            // 0.5^15 / 16! < 2e-18
  phi.setIdentity(a.rows(), a.cols());  // Horner: phi = 1 + a/2 (1 + a/3 (1 + ..))
  for (int k = degree; k >= 1; --k) {
    product.noalias() = a * phi;
    phi = product / (k + 1.0);
    phi.diagonal().array() += 1.0;
  }
  power.noalias() = a * phi;
  power.diagonal().array() += 1.0;
}

// From an interval to twice that interval; power last, for the other lines need it.
void double_phi1(MatrixXd& phi, const MatrixXd& power, MatrixXd& product) {
  product.noalias() = power * phi;
  phi = 0.5 * (phi + product);
}
void double_power(MatrixXd& power, MatrixXd& product) {
  product.noalias() = power * power;
  power.swap(product);
}

}  // namespace

void phi1(MatrixXd& a, MatrixXd& phi, MatrixXd& power, MatrixXd& product) {
  const int halvings = halvings_of(norm_of(a));
  a *= std::ldexp(1.0, -halvings);
  phi1_series(a, phi, power, product);
  for (int k = 0; k < halvings; ++k) {
    double_phi1(phi, power, product);
    double_power(power, product);
  }
}

void propagate(MatrixXd& generator, const MatrixXd& q, double interval, MatrixXd& phi, MatrixXd& power,
               MatrixXd& diffusion, MatrixXd& product, MatrixXd& work) {
  constexpr int terms = 20;  // the map X -> J X + X J' over the short time is at most 1 in norm: 1 / 21! < 2e-20
  const int halvings = halvings_of(norm_of(generator) * interval);
  const double time = std::ldexp(interval, -halvings);
  generator *= time;
  diffusion = work = time * q;
  for (int k = 2; k <= terms; ++k) {
    product.noalias() = generator * work;
    work = (product + product.transpose()) / k;
    diffusion += work;
  }
  phi1_series(generator, phi, power, product);
  for (int k = 0; k < halvings; ++k) {
    double_phi1(phi, power, product);
    product.noalias() = power * diffusion;
    diffusion.noalias() += product * power.transpose();
    double_power(power, product);
  }
}

}  // namespace infans::inference
