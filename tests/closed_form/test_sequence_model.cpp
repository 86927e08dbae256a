// The model of sequences by hand: evidence as ratios of counts, information by enumeration.
#include <doctest/doctest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "core/inference/sequence_model.hpp"
#include "core/model/dirichlet.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using inference::SequenceModel;
using inference::SequenceOptions;

namespace {

const MatrixXd sharp = MatrixXd::Identity(4, 4);

MatrixXd confused(double share) { return (1.0 - share) * sharp + share / 4.0 * MatrixXd::Ones(4, 4); }

SequenceModel after(const std::vector<int>& places, const SequenceOptions& o = {}, const MatrixXd& A = sharp) {
  SequenceModel m(o);
  for (const int p : places) m.observe(A.row(p).transpose());
  return m;
}

}  // namespace

TEST_CASE("laws are weighted by their evidence") {
  // 0 0 1 0 1 0 1 under K = 4, concentration 1, three laws alike.
  //   noise    4^-7
  //   unigram  (1 2 1 3 2 4 3) / (4 5 6 7 8 9 10) = 144 / 604800
  //   markov   1/4, then after 0: 0 (1/4), 1 (1/5), 1 (2/6), 1 (3/7); after 1: 0 (1/4), 0 (2/5)
  const SequenceModel m = after({0, 0, 1, 0, 1, 0, 1});
  const double noise = std::pow(4.0, -7), unigram = 144.0 / 604800.0;
  const double markov = 0.25 * 0.25 * (1.0 / 5) * (2.0 / 6) * (3.0 / 7) * 0.25 * (2.0 / 5);
  const double all = noise + unigram + markov;
  CHECK(m.D()[0] == doctest::Approx(noise / all).epsilon(1e-13));
  CHECK(m.D()[1] == doctest::Approx(unigram / all).epsilon(1e-13));
  CHECK(m.D()[2] == doctest::Approx(markov / all).epsilon(1e-13));
  CHECK(m.runs().front().unigram == (VectorXd(4) << 5, 4, 1, 1).finished());
  CHECK(m.runs().front().markov.col(0).isApprox((VectorXd(4) << 2, 4, 1, 1).finished(), 1e-12));
  // Surprises of a sequence add up to -ln of its mean evidence.
  SequenceModel again{SequenceOptions{}};
  double surprise = 0.0;
  for (const int p : {0, 0, 1, 0, 1, 0, 1}) surprise += again.observe(sharp.row(p).transpose()).surprise;
  CHECK(surprise == doctest::Approx(-std::log(all / 3.0)).epsilon(1e-13));
}

TEST_CASE("expected information is what the next event teaches on average") {
  for (const auto& [share, change] : {std::pair{0.0, 0.0}, {0.3, 0.0}, {0.0, 0.1}, {0.3, 0.1}}) {
    const MatrixXd A = confused(share);
    SequenceOptions options;
    options.change = change;
    for (const std::vector<int>& seen : {std::vector<int>{}, {2}, {0, 0, 1, 0, 1, 0, 1}, {3, 3, 3, 3, 3, 3}}) {
      const SequenceModel m = after(seen, options, A);
      const VectorXd p = A * m.predict();
      double expected = 0.0;
      for (int o = 0; o < 4; ++o) {
        SequenceModel next = m;
        const inference::EventAccount account = next.observe(A.row(o).transpose());
        CHECK(account.surprise == doctest::Approx(-std::log(p[o])).epsilon(1e-12));
        expected += p[o] * account.progress();
      }
      CHECK(m.expected_information(A) == doctest::Approx(expected).epsilon(1e-12));
    }
  }
}

TEST_CASE("seen sharply, it is the mutual information of event, law, parameters and change") {
  for (const double change : {0.0, 0.1}) {
    SequenceOptions options;
    options.change = change;
    for (const std::vector<int>& seen : {std::vector<int>{1}, {0, 0, 1, 0, 1, 0, 1}, {3, 3, 3, 3, 3, 3}}) {
      const SequenceModel m = after(seen, options);
      // E H(theta) = H(mean) - novelty.
      const auto mean_entropy = [](const VectorXd& a) { return model::entropy(a / a.sum()) - model::novelty(a); };
      double information = model::entropy(m.predict());
      for (const inference::SequenceRun& run : m.runs())
        information -= run.weight * (run.D[0] * std::log(4.0) + run.D[1] * mean_entropy(run.unigram) +
                                     run.D[2] * mean_entropy(run.markov.col(seen.back())));
      CHECK(m.expected_information(sharp) == doctest::Approx(information).epsilon(1e-10));
    }
  }
}

TEST_CASE("an eye that tells nothing teaches nothing") {
  SequenceModel m = after({0, 1, 0, 1, 2});
  const MatrixXd blind = confused(1.0);
  CHECK(std::abs(m.expected_information(blind)) < 1e-12);
  const Eigen::Vector3d before = m.D();
  CHECK(std::abs(m.observe(blind.row(3).transpose()).progress()) < 1e-12);
  CHECK((m.D() - before).norm() < 1e-14);
}

TEST_CASE("noise alone teaches nothing; what a sequence was counts for the next") {
  SequenceOptions o;
  o.weights = {1, 0, 0};
  CHECK(std::abs(after({0, 0, 0}, o).expected_information(sharp)) < 1e-15);
  SequenceModel m = after({0, 0, 0, 0, 0, 0});
  const Eigen::Vector3d found = m.D();
  m.end();
  m.begin();
  CHECK((m.D() - (Eigen::Vector3d::Ones() + found) / 4.0).norm() < 1e-14);
  CHECK(m.runs().front().unigram == VectorXd::Ones(4));
}

TEST_CASE("what is forgotten returns to the prior") {
  SequenceOptions o;
  o.forgetting = 0.1;
  CHECK(after({2}, o).runs().front().unigram[2] == doctest::Approx(1.0 + 0.9));
}

TEST_CASE("a change is found by its evidence") {
  // Under the unigram alone, K = 4: six times place 0, then place 1; a change before any event but the first with
  // chance 0.1. With the last change before event c: (2 .. 7 - c) / (5 .. 10 - c) ..., summed by hand below.
  SequenceOptions o;
  o.weights = {0, 1, 0};
  o.change = 0.1;
  o.runs = 100;
  const SequenceModel m = after({0, 0, 0, 0, 0, 0, 1}, o);
  // Evidence of a run of n zeros, and of n zeros and a one, from new.
  const auto zeros = [](int n) {
    double p = 1.0;
    for (int i = 0; i < n; ++i) p *= (1.0 + i) / (4.0 + i);
    return p;
  };
  const auto and_one = [&](int n) { return zeros(n) / (4.0 + n); };
  // total[n]: evidence of the first n zeros over all that may have changed in them.
  std::vector<double> total = {1.0};
  for (int n = 1; n <= 6; ++n) {
    double p = std::pow(0.9, n - 1) * zeros(n);
    for (int c = 1; c < n; ++c) p += total[static_cast<std::size_t>(c)] * 0.1 * std::pow(0.9, n - c - 1) * zeros(n - c);
    total.push_back(p);
  }
  std::vector<double> since;  // by the event that the run began with
  for (int c = 0; c <= 6; ++c) {
    const double begun = c == 0 ? std::pow(0.9, 6) : total[static_cast<std::size_t>(c)] * 0.1 * std::pow(0.9, 6 - c);
    since.push_back(begun * and_one(6 - c));
  }
  double all = 0.0;
  for (const double p : since) all += p;
  REQUIRE(m.runs().size() == 8);  // and one that begins with the next event
  for (std::size_t c = 0; c < since.size(); ++c)
    CHECK(m.runs()[c].weight == doctest::Approx(0.9 * since[c] / all).epsilon(1e-12));
  CHECK(m.runs().back().weight == 0.1);
}

TEST_CASE("a mind that expects changes learns more from a violated expectation, and keeps so many runs") {
  SequenceOptions o;
  o.change = 0.02;
  std::vector<int> cycle;
  for (int k = 0; k < 40; ++k) cycle.push_back(k % 4);
  SequenceModel expected = after(cycle, o), unexpected = expected;
  CHECK(expected.runs().size() == 6);
  double sum = 0.0;
  for (const auto& run : expected.runs()) sum += run.weight;
  CHECK(sum == doctest::Approx(1.0).epsilon(1e-14));
  expected.observe(sharp.row(0).transpose());
  unexpected.observe(sharp.row(2).transpose());
  CHECK(unexpected.expected_information(sharp) > expected.expected_information(sharp));
}

TEST_CASE("options outside their range are refused") {
  SequenceOptions o;
  o.weights = {0, 0, 0};
  CHECK_THROWS_AS(SequenceModel{o}, std::logic_error);
  o = {};
  o.concentration = 0.0;
  CHECK_THROWS_AS(SequenceModel{o}, std::logic_error);
}
