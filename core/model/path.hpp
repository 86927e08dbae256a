// The path level: the motion inside a control step is latent. It starts as the cubic Hermite curve through both ends
// and is settled by the law of motion above it; the law meets it in weak form, so no data are ever differenced twice.
//
// For accelerations a(t) on [0, h] the motion satisfies exactly
//   test function 1:            (1/h) int a dt              = (v1 - v0) / h
//   test function 2 (1 - t/h):  (1/h) int 2 (1 - t/h) a dt  = (q1 - q0 - h v0) / (h^2 / 2)
// so features integrated along the path with these two weights are the inputs of a linear layer.
#pragma once

#include <Eigen/Dense>
#include <functional>
#include <vector>

#include "core/model/transitions.hpp"

namespace infans::model {

// Nodes in (0, 1) and weights that sum to 1.
struct Quadrature {
  Eigen::VectorXd node, weight;
  int count() const { return static_cast<int>(node.size()); }
  // Weight of node k times test function 0 or 1 there.
  double tested(int k, int test) const { return weight(k) * (test == 0 ? 1.0 : 2.0 * (1.0 - node(k))); }
};

// Exact for polynomials up to degree 2 count - 1 (Golub & Welsch 1969).
Quadrature gauss_legendre(int count);

// Positions and velocities of N motions at the nodes of a quadrature, each N x n.
struct Path {
  std::vector<Eigen::MatrixXd> q, v;
};

// acceleration(q, v, u, a): all N rows; sizes a itself.
using Acceleration =
    std::function<void(const Eigen::MatrixXd&, const Eigen::MatrixXd&, const Eigen::MatrixXd&, Eigen::MatrixXd&)>;

// The cubic Hermite curve of a step of h seconds through both ends, at the nodes.
Path hermite(const Transitions& t, double h, const Eigen::VectorXd& node);

// Advances (q, v) by h seconds in `steps` classical Runge-Kutta steps with u held.
void advance(const Acceleration& law, Eigen::MatrixXd& q, Eigen::MatrixXd& v, const Eigen::MatrixXd& u, double h,
             int steps);

// The end [q1, v1] of such a motion, N x 2n.
Eigen::MatrixXd end_of(const Acceleration& law, const Eigen::MatrixXd& q, const Eigen::MatrixXd& v,
                       const Eigen::MatrixXd& u, double h, int steps);

// What half as many steps would have said otherwise about that end, over 15: the error estimate of a fourth-order
// scheme by step doubling (Hairer, Norsett & Wanner 1993, II.4), N x 2n. steps is even.
Eigen::MatrixXd step_difference(const Acceleration& law, const Eigen::MatrixXd& q, const Eigen::MatrixXd& v,
                                const Eigen::MatrixXd& u, double h, int steps, const Eigen::MatrixXd& end);

// A motion from (q0, v0) under the law: at the nodes and at the end. Each stretch between two nodes takes a share of
// `steps` Runge-Kutta steps of the whole, rounded up.
struct Flight {
  Path path;
  Eigen::MatrixXd q1, v1;
};
Flight fly(const Acceleration& law, const Eigen::MatrixXd& q0, const Eigen::MatrixXd& v0, const Eigen::MatrixXd& u,
           double h, const Eigen::VectorXd& node, int steps);

// The settled path: the flight plus its end error spread back as the Hermite curve of that error. Rows whose end error
// exceeds half the acceleration scale (n, of v1 - v0 over h) keep their own Hermite curve: there the law knows less.
Path settle_path(const Transitions& t, const Flight& flight, double h, const Eigen::VectorXd& node,
                 const Eigen::VectorXd& acceleration_scale);

// What the two equations of every joint have to explain, each N x n: test function 0, then 1.
std::vector<Eigen::MatrixXd> weak_targets(const Transitions& t, double h);

}  // namespace infans::model
