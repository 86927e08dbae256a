// Dirichlet beliefs against values of 60 digits (mpmath) and against their definitions.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "core/model/dirichlet.hpp"

using namespace infans;
using Eigen::VectorXd;

namespace {

VectorXd vec(const std::vector<double>& x) {
  return Eigen::Map<const VectorXd>(x.data(), static_cast<Eigen::Index>(x.size()));
}

VectorXd one_more(VectorXd a, Eigen::Index i) {
  a[i] += 1.0;
  return a;
}

}  // namespace

TEST_CASE("digamma has the values of the tables") {
  const double known[][2] = {{1e-12, -1000000000000.5772}, {0.5, -1.9635100260214235},  {1, -0.57721566490153286},
                             {3.25, 1.016990911068179},    {9.999, 2.2516474172057353}, {10, 2.2517525890667211},
                             {1000, 6.9072551956488121},   {1e12, 27.631021115928048}};
  // The first term that the series leaves out at 10 is 2e-14.
  for (const auto& [x, psi] : known) CHECK(std::abs(model::digamma(x) - psi) < 5e-14 * (1.0 + std::abs(psi)));
}

TEST_CASE("novelty keeps its digits for counts of 1e-12 to 1e12") {
  struct Known {
    std::vector<double> a;
    double nats;
  };
  const Known known[] = {
      {{1, 1, 1, 1}, 0.30296102778655729},    {{0.25, 1, 7, 30}, 0.031372937919300492},
      {{1e-12, 1e-12}, 0.69314718055830038},  {{1e12, 1e12, 1e12}, 3.3333333333325926e-13},
      {{1, 1e-12}, 2.6986087049055038e-11},   {{1e12, 1e-12}, 2.705380545102866e-23},
      {{1e6, 3, 1e-6}, 4.725279600030078e-7}, {{50, 0.4}, 0.0067847073209648741},
      {{9.9, 0.099}, 0.018679276772015753},   {{1e12, 1}, 4.2278433509804436e-13},
  };
  for (const Known& k : known) {
    CAPTURE(k.nats);
    CHECK(std::abs(model::novelty(vec(k.a)) / k.nats - 1.0) < 1e-10);
  }
}

TEST_CASE("novelty is the mean over what may come of the KL that its count gives") {
  const VectorXd a = vec({0.3, 2.0, 5.5});
  double expected = 0.0;
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    const double kl = model::dirichlet_kl(one_more(a, i), a);
    // Differences of ln Gamma near 5: 1e-15 each.
    CHECK(model::count_information(a[i], a.sum() - a[i]) == doctest::Approx(kl).epsilon(1e-12));
    expected += a[i] / a.sum() * kl;
  }
  CHECK(model::novelty(a) == doctest::Approx(expected).epsilon(1e-12));
}

TEST_CASE("entropy and KL of probabilities") {
  CHECK(model::entropy(vec({0.5, 0.5, 0.0})) == doctest::Approx(std::log(2.0)));
  CHECK(model::categorical_kl(vec({1.0, 0.0}), vec({0.25, 0.75})) == doctest::Approx(std::log(4.0)));
  CHECK(model::categorical_kl(vec({0.2, 0.8}), vec({0.2, 0.8})) == 0.0);
}

TEST_CASE("what was surely seen is one count, what says nothing is none") {
  const VectorXd a = vec({0.5, 2.0, 3.5});
  CHECK((model::assimilate(a, vec({0, 1, 0})) - one_more(a, 1)).norm() < 1e-12);
  CHECK((model::assimilate(a, a / a.sum()) - a).norm() < 1e-12);
  CHECK((model::assimilate(a, 0.4 * a / a.sum()) - a).norm() < 1e-12);
  CHECK((model::assimilate(a, vec({0, 0, 0})) - a).norm() < 1e-12);
}

TEST_CASE("an uncertain count keeps the mixture's mean and summed variance") {
  const VectorXd a = vec({0.5, 2.0, 3.5}), q = vec({0.1, 0.5, 0.2});
  const VectorXd after = model::assimilate(a, q);
  const auto mean = [](const VectorXd& c) -> VectorXd { return c / c.sum(); };
  const auto square = [](const VectorXd& c) -> VectorXd {  // E theta_i^2
    return c.array() * (c.array() + 1.0) / (c.sum() * (c.sum() + 1.0));
  };
  VectorXd m = (1.0 - q.sum()) * mean(a), s = (1.0 - q.sum()) * square(a);
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    m += q[i] * mean(one_more(a, i));
    s += q[i] * square(one_more(a, i));
  }
  CHECK((mean(after) - m).norm() < 1e-14);
  CHECK((square(after) - mean(after).cwiseAbs2()).sum() == doctest::Approx((s - m.cwiseAbs2()).sum()).epsilon(1e-12));
}
