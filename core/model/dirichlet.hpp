// Dirichlet beliefs about the probabilities of a categorical variable: counts a, a0 = sum a, mean a / a0. What one
// observation is expected to teach about the probabilities (novelty) in the exact form,
//   novelty(a) = E_Dir(a)[ KL(Cat(theta) || Cat(a / a0)) ] = sum_i a_i/a0 (g(a_i) - g(a0)),   g(x) = psi(x+1) - ln x,
// where g(a_i) - g(a0) is also KL(Dir(a + e_i) || Dir(a)): what the count of i teaches once it is seen (Da Costa, Parr,
// Sajid, Veselic, Neacsu & Friston 2020, "Active inference on discrete state-spaces", appendix, without its
// large-count approximation). All information is in nats.
#pragma once

#include <Eigen/Dense>

namespace infans::model {

// Derivative of ln Gamma at x > 0: recurrence to x >= 10, then the asymptotic series (Abramowitz & Stegun 6.3.18),
// 1e-14 there.
double digamma(double x);

// KL(Dir(a + e_i) || Dir(a)) for a_i = count, a0 = count + others; exact to about 1e-10 relative for counts of 1e-12 to
// 1e12.
double count_information(double count, double others);

// As above, over the whole of a; counts above 0.
double novelty(const Eigen::Ref<const Eigen::VectorXd>& a);

// H(p) = -sum p ln p, 0 ln 0 = 0.
double entropy(const Eigen::Ref<const Eigen::VectorXd>& p);

// KL(p || q) of probabilities; terms with p = 0 count nothing.
double categorical_kl(const Eigen::Ref<const Eigen::VectorXd>& p, const Eigen::Ref<const Eigen::VectorXd>& q);

// KL(Dir(a) || Dir(b)). Differences of ln Gamma: loses digits for counts above 1e6, where count_information does not.
double dirichlet_kl(const Eigen::Ref<const Eigen::VectorXd>& a, const Eigen::Ref<const Eigen::VectorXd>& b);

// Counts after an observation that was i with probability q_i and nothing with probability 1 - sum q. The posterior is
// the mixture (1 - sum q) Dir(a) + sum q_i Dir(a + e_i); the Dirichlet with its mean and its summed variance stands for
// it (assumed density filtering). Exact where one q is 1, and where q is what was expected (a / a0): an observation
// that says nothing teaches nothing, which adding q to the counts would not give.
Eigen::VectorXd assimilate(const Eigen::Ref<const Eigen::VectorXd>& a, const Eigen::Ref<const Eigen::VectorXd>& q);

}  // namespace infans::model
