// Linear dynamics over one interval, into arrays of the caller: Eigen's matrix functions allocate.
#pragma once

#include <Eigen/Dense>

namespace infans::inference {

// phi_1(A) = sum_k A^k / (k + 1)! = (exp(A) - 1) A^-1, any A (also singular): Taylor series after halving, then
// phi_1(2A) = (exp(A) + 1) phi_1(A) / 2. On return phi is phi_1(a), power is exp(a); a is scratch, product too.
// All are N x N and distinct. Allocates nothing once they have their size.
void phi1(Eigen::MatrixXd& a, Eigen::MatrixXd& phi, Eigen::MatrixXd& power, Eigen::MatrixXd& product);

// Over one interval t of ds = J s dt + dB, dB of power Q: phi = phi_1(J t), power = exp(J t), and diffusion = the
// integral over u in (0, t) of exp(J u) Q exp(J u)'. generator holds J; it and product, work are scratch; all N x N and
// distinct.
void propagate(Eigen::MatrixXd& generator, const Eigen::MatrixXd& q, double interval, Eigen::MatrixXd& phi,
               Eigen::MatrixXd& power, Eigen::MatrixXd& diffusion, Eigen::MatrixXd& product, Eigen::MatrixXd& work);

}  // namespace infans::inference
