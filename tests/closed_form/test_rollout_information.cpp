// Information of whole rollouts against the same quantities from dense matrices in double.
#include <doctest/doctest.h>

#include <cmath>

#include "core/inference/rollout_information.hpp"
#include "core/model/bayesian_readout.hpp"

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using inference::Batch;
using inference::Deviations;
using inference::RolloutInformation;

namespace {

constexpr int candidates = 5;

MatrixXd normals(Eigen::Index rows, Eigen::Index columns, std::uint64_t step) {
  random::Stream stream({3, 0, random::Purpose::test, step});
  MatrixXd m(rows, columns);
  for (double& x : m.reshaped()) x = stream.normal();
  return m;
}

// Steps of every candidate: [step] of rows (draw * size + element) x candidates, as a model hands them over.
struct Rollouts {
  int draws, size;
  std::vector<Batch> steps;

  Rollouts(int count, int draws, int size) : draws(draws), size(size), steps(static_cast<std::size_t>(count)) {
    for (std::size_t t = 0; t < steps.size(); ++t) {
      const MatrixXd values = normals(draws * size + 1, candidates, t);
      steps[t].resize(draws * size + 1, candidates);
      for (int r = 0; r < values.rows(); ++r)
        for (int k = 0; k < candidates; ++k) steps[t].row(r)[k] = static_cast<float>(values(r, k));
    }
  }
  // The first row is not of the draws: it must be left alone.
  Deviations at(std::size_t t) const { return {&steps[t], 1, draws, size, 2.0F, 3}; }
  // D of one candidate: (steps x size) x draws.
  MatrixXd dense(int k) const {
    MatrixXd d(static_cast<Eigen::Index>(steps.size()) * size, draws);
    for (Eigen::Index r = 0; r < d.rows(); ++r)
      for (int z = 0; z < draws; ++z)
        d(r, z) = steps[static_cast<std::size_t>(r / size)].row(1 + z * size + static_cast<int>(r) % size)[k];
    return d;
  }
};

double log_det_of_information(const MatrixXd& d, double share) {
  const MatrixXd gram = MatrixXd::Identity(d.rows(), d.rows()) + share * d * d.transpose();
  return std::log(gram.determinant());
}

std::vector<float> floats() { return std::vector<float>(static_cast<std::size_t>(inference::padded(candidates))); }

void add_all(RolloutInformation& info, const Rollouts& r) {
  info.begin(static_cast<int>(r.steps.size()), candidates);
  for (std::size_t t = 0; t < r.steps.size(); ++t) info.add(r.at(t));
}

}  // namespace

// Both layouts: fewer draws than rows, and more. Floats of size 10 over some hundred roundings: 1e-4 relative.
TEST_CASE("joint information is the log determinant, for one step its own gain, and never more than the sum") {
  struct Shape {
    int steps, draws, size;
  };
  for (const Shape s : {Shape{6, 4, 1}, Shape{6, 40, 1}, Shape{4, 5, 3}, Shape{3, 30, 2}, Shape{1, 8, 2}}) {
    CAPTURE(s.draws);
    const Rollouts r(s.steps, s.draws, s.size);
    RolloutInformation info;
    add_all(info, r);
    std::vector<float> joint = floats(), variance = floats();
    info.joint(joint.data());
    info.variance(variance.data());
    for (int k = 0; k < candidates; ++k) {
      const MatrixXd d = r.dense(k);
      const double share = 2.0 / s.draws, expected = 3 * 0.5 * log_det_of_information(d, share);
      double sum = 0.0;
      for (int t = 0; t < s.steps; ++t)
        sum += 3 * 0.5 * log_det_of_information(d.middleRows(t * s.size, s.size), share);
      const double found = joint[static_cast<std::size_t>(k)];
      CHECK(found == doctest::Approx(expected).epsilon(1e-4));
      CHECK(found <= sum * (1.0 + 1e-4));
      if (s.steps == 1) CHECK(found == doctest::Approx(sum).epsilon(1e-4));
      CHECK(variance[static_cast<std::size_t>(k)] == doctest::Approx(3 * share * d.squaredNorm()).epsilon(1e-4));
    }
  }
}

TEST_CASE("all directions of a readout make joint information exact") {
  model::BayesianReadout readout(VectorXd::Constant(7, 0.3), 2, 0.01);
  readout.fit(normals(9, 7, 50), normals(9, 2, 51), VectorXd::Constant(7, 0.3));
  const MatrixXd phi = normals(4, 7, 52), projected = phi * readout.all_directions();
  RolloutInformation info;
  info.begin(4, 1);
  std::vector<Batch> steps(4);
  for (int t = 0; t < 4; ++t) {
    Batch& b = steps[static_cast<std::size_t>(t)];
    b.resize(7, 1);
    for (int d = 0; d < 7; ++d) b.row(d)[0] = static_cast<float>(projected(t, d));
    info.add({&b, 0, 7, 1, 1.0F, 2});
  }
  std::vector<float> gain = floats();
  info.joint(gain.data());
  model::JointInformation exact(readout, 4);
  for (int t = 0; t < 4; ++t) exact.add(phi.row(t).transpose());
  CHECK(gain[0] == doctest::Approx(exact.total()).epsilon(1e-4));
}

// Conditioning of a Gaussian: the variance of a target given all rows is v - c' (I + D D')^-1 c.
TEST_CASE("foresight is the mean information about the targets") {
  const Rollouts r(5, 12, 2), places(1, 12, 2);
  RolloutInformation info;
  add_all(info, r);
  std::vector<float> gain = floats();
  info.foresight(places.at(0), candidates, gain.data());
  const double share = 2.0 / 12;
  for (int k = 0; k < candidates; ++k) {
    const MatrixXd d = r.dense(k);
    const MatrixXd gram = MatrixXd::Identity(d.rows(), d.rows()) + share * d * d.transpose();
    double sum = 0.0;
    for (int m = 0; m < candidates; ++m) {
      const MatrixXd target = places.dense(m);
      for (Eigen::Index i = 0; i < 2; ++i) {
        const VectorXd p = target.row(i).transpose(), c = share * d * p;
        const double before = 1.0 + share * p.squaredNorm(), after = before - c.dot(gram.ldlt().solve(c));
        sum += 1.5 * std::log(before / after);
      }
    }
    CHECK(gain[static_cast<std::size_t>(k)] == doctest::Approx(sum / candidates).epsilon(1e-4));
  }
}

TEST_CASE("a rollout that is not whole has no joint information") {
  const Rollouts r(3, 4, 1);
  RolloutInformation info;
  info.begin(3, candidates);
  info.add(r.at(0));
  std::vector<float> gain = floats();
  CHECK_THROWS_AS(info.joint(gain.data()), std::logic_error);
  CHECK_THROWS_AS(info.add(Deviations{}), std::logic_error);
}
