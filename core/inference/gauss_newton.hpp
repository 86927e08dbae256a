// Few parameters of a simulated model, by descent of its free energy in Gauss-Newton steps with Levenberg-Marquardt
// damping (Nocedal & Wright 2006, section 10.3) and the Laplace approximation of their posterior at the end.
//
//   F(theta) = 1/2 sum_r (y_r - f_r(theta))^2 / sigma_c(r)^2 + 1/2 (theta - m)' Lambda (theta - m)
// Rows come in classes (here: moved freely, was held), each with a noise of its own that is learned in turn.
#pragma once

#include <Eigen/Dense>
#include <functional>

namespace infans::base {
class Archive;
}

namespace infans::inference {

struct LeastSquares {
  std::function<Eigen::VectorXd(const Eigen::VectorXd&)> f;  // theta -> R; called by several threads if threads > 1
  Eigen::VectorXd y;                                         // R
  Eigen::VectorXi row_class;                                 // R, 0 or 1
  Eigen::VectorXd mean;                                      // m
  Eigen::MatrixXd precision;                                 // Lambda
  Eigen::VectorXd difference;                                // step of the forward difference of every parameter
  Eigen::VectorXd largest_step;                              // |change| of every parameter in one iteration
  double noise_floor = 1e-3;                                 // least sigma
  double noise_ratio = 0.3;  // least sigma of a class over that of the other: a class that fits would else bar the way
  int iterations = 40;
  int threads = 1;
};

struct LaplacePosterior {
  Eigen::VectorXd mean;                             // theta
  Eigen::MatrixXd precision;                        // J' diag(1 / sigma^2) J + Lambda
  Eigen::VectorXd error;                            // y - f(theta), R
  Eigen::MatrixXd jacobian;                         // df / dtheta there, R x parameters
  Eigen::Vector2d noise = Eigen::Vector2d::Zero();  // sigma^2 of every class, 0 where it has no row
  double free_energy = 0.0;                         // -ln p(y | model) up to a constant of the rows, nats
  int iterations = 0;

  void describe(base::Archive& archive);
};

LaplacePosterior gauss_newton(const LeastSquares& problem, Eigen::VectorXd theta);

// Free energy of a prediction without parameters: what gauss_newton's is compared with.
double plain_free_energy(const Eigen::VectorXd& error, const Eigen::VectorXi& row_class, double noise_floor,
                         double noise_ratio);

}  // namespace infans::inference
