// How well an arm is known after N random postures: serial-chain schema, torus kernel, Fourier features of sin and cos.
// One JSON object a line on stdout; `scripts/bench schema` makes the table.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/inference/evidence.hpp"
#include "core/inference/schema_learner.hpp"
#include "core/inference/torus_learner.hpp"
#include "core/model/bayesian_readout.hpp"
#include "core/model/fourier_features.hpp"

namespace {

using namespace infans;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr int test_postures = 300;

// The arm as the world has it: the models see angles and positions only.
struct Arm {
  std::string name;
  model::BodySchema body;
  std::vector<std::pair<double, double>> limits;  // rad

  VectorXd posture(random::Stream& s) const {
    VectorXd q(body.joints());
    for (int i = 0; i < body.joints(); ++i) q(i) = s.uniform(limits[i].first, limits[i].second);
    return q;
  }
};

Arm planar(int joints) {
  Arm arm{
      std::to_string(joints) + " joints, planar", {Eigen::Matrix3Xd(3, joints), Eigen::Matrix3Xd(3, joints + 1)}, {}};
  arm.body.link.setZero();
  for (int i = 0; i < joints; ++i) {
    arm.body.axis.col(i) = Eigen::Vector3d::UnitY();
    arm.body.link.col(i + 1) = Eigen::Vector3d(0, 0, -0.3 / joints);
    arm.limits.emplace_back(i == 0 ? -1.5 : -1.8, i == 0 ? 2.5 : 1.8);
  }
  return arm;
}

// Shoulder of three axes, elbow, forearm rotation, wrist of two; 12 + 11 + 6 cm.
Arm infant() {
  Arm arm{"7 joints, infant arm", {Eigen::Matrix3Xd(3, 7), Eigen::Matrix3Xd::Zero(3, 8)}, {}};
  const Eigen::Vector3d x = Eigen::Vector3d::UnitX(), y = Eigen::Vector3d::UnitY(), z = Eigen::Vector3d::UnitZ();
  arm.body.axis << y, x, z, y, z, y, x;
  arm.body.link(2, 3) = -0.12;
  arm.body.link(2, 5) = -0.11;
  arm.body.link(2, 7) = -0.06;
  arm.limits = {{-2.5, 1.0}, {-0.3, 1.8}, {-1.2, 1.2}, {-2.3, 0.0}, {-1.4, 1.4}, {-1.0, 1.0}, {-0.4, 0.4}};
  return arm;
}

// Any axes; links of 5 cm in any direction.
Arm random_arm(random::Stream& s) {
  Arm arm{"7 joints, random arm", model::BodySchema::random(7, 0.05, s), {}};
  arm.limits.assign(7, {-1.5, 1.5});
  return arm;
}

struct Data {
  MatrixXd q, x;  // rows
};

Data sample(const Arm& arm, int count, random::Stream& s) {
  Data d{MatrixXd(count, arm.body.joints()), MatrixXd(count, 3)};
  for (int n = 0; n < count; ++n) {
    const VectorXd q = arm.posture(s);
    d.q.row(n) = q.transpose();
    d.x.row(n) = arm.body.hand(q).transpose();
  }
  return d;
}

struct Guess {
  VectorXd mean, variance;  // of what will be seen, per coordinate
};
using Predictor = std::function<Guess(const VectorXd&)>;

Predictor learn_chain(const Data& d, std::uint64_t seed) {
  inference::SchemaLearner learner(static_cast<int>(d.q.cols()), {},
                                   random::Stream({seed, 1, random::Purpose::features, 0}));
  for (Eigen::Index n = 0; n < d.q.rows(); ++n) learner.add(d.q.row(n), d.x.row(n));
  return [learner](const VectorXd& q) {
    const auto b = learner.predict(q);
    return Guess{b.mean, b.covariance.diagonal() + b.noise};
  };
}

Predictor learn_torus(const Data& d, std::uint64_t) {
  inference::TorusLearner learner(static_cast<int>(d.q.cols()), 3);
  for (Eigen::Index n = 0; n < d.q.rows(); ++n) learner.add(d.q.row(n), d.x.row(n));
  learner.ascend();
  return [learner](const VectorXd& q) {
    const auto b = learner.readout().predict(q);
    return Guess{b.mean, b.variance};
  };
}

MatrixXd circular(const MatrixXd& q) {
  MatrixXd z(q.rows(), 2 * q.cols());
  z << MatrixXd(q.array().sin()), MatrixXd(q.array().cos());
  return z;
}

// One evidence ascent on all samples, as TransitionModel::refit does it.
Predictor learn_fourier(const Data& d, std::uint64_t seed, int count) {
  random::Stream s({seed, 2, random::Purpose::features, 0});
  const MatrixXd z = circular(d.q);
  const Eigen::RowVectorXd centre = d.x.colwise().mean();
  const MatrixXd centred = d.x.rowwise() - centre;
  const Eigen::RowVectorXd scale = (centred.array().square().colwise().mean().sqrt()).max(1e-3);
  const MatrixXd y = centred * scale.cwiseInverse().asDiagonal();
  inference::EvidenceOptions o;
  model::FourierFeatures features(static_cast<int>(z.cols()), count, o.length_scale, s);
  const auto best = inference::ascend_evidence(
      features, {features.length_scale, o.prior_precision, o.hierarchy_precision}, z, MatrixXd(z.rows(), 0), y, o);
  features.length_scale = best.length_scale;
  const auto phi = [features](const MatrixXd& rows) { return features.features(rows); };
  model::BayesianReadout readout(VectorXd::Constant(count, best.fourier_precision), 3, o.noise_floor);
  readout.fit(phi(z), y, VectorXd::Constant(count, best.fourier_precision));
  return [=](const VectorXd& q) {
    const VectorXd f = phi(circular(q.transpose())).transpose();
    return Guess{centre.transpose() + readout.predict(f).cwiseProduct(scale.transpose()),
                 readout.predictive_variance(f).cwiseProduct(scale.transpose().cwiseAbs2())};
  };
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void report(const Arm& arm, const std::string& model, const Data& train, const Data& test, std::uint64_t seed,
            const std::function<Predictor(const Data&, std::uint64_t)>& learn) {
  auto start = std::chrono::steady_clock::now();
  const Predictor predict = learn(train, seed);
  const double fit = seconds_since(start);
  double squares = 0.0;
  int inside = 0;
  start = std::chrono::steady_clock::now();
  for (int n = 0; n < test_postures; ++n) {
    const Guess g = predict(test.q.row(n));
    const Eigen::Array3d e = (test.x.row(n).transpose() - g.mean).array();
    squares += e.square().sum();
    inside += static_cast<int>((e.abs() < 1.96 * g.variance.array().sqrt()).count());
  }
  const double prediction = seconds_since(start) / test_postures;
  std::printf(
      "{\"arm\": \"%s\", \"samples\": %d, \"model\": \"%s\", \"seed\": %llu, \"rms_cm\": %.6g, \"coverage\": %.4f, "
      "\"fit_s\": %.6g, \"predict_us\": %.4g}\n",
      arm.name.c_str(), static_cast<int>(train.q.rows()), model.c_str(), static_cast<unsigned long long>(seed),
      100.0 * std::sqrt(squares / test_postures), inside / (3.0 * test_postures), fit, 1e6 * prediction);
  std::fflush(stdout);
}

void run(const Arm& arm, const std::vector<int>& counts, std::uint64_t seed, random::Stream& s) {
  const Data all = sample(arm, counts.back(), s), test = sample(arm, test_postures, s);
  for (const int n : counts) {
    const Data train{all.q.topRows(n), all.x.topRows(n)};
    report(arm, "chain", train, test, seed, learn_chain);
    report(arm, "torus", train, test, seed, learn_torus);
    for (const int count : {200, 400})
      report(arm, "Fourier " + std::to_string(count), train, test, seed,
             [count](const Data& d, std::uint64_t k) { return learn_fourier(d, k, count); });
  }
}

}  // namespace

// bench_schema [SEEDS]: seeds 1 .. SEEDS (default 5).
int main(int argc, char** argv) {
  const int seeds = argc > 1 ? std::atoi(argv[1]) : 5;
  if (seeds < 1) {
    std::fprintf(stderr, "bench_schema: the number of seeds must be positive\n");
    return 2;
  }
  for (int seed = 1; seed <= seeds; ++seed) {
    random::Stream s({static_cast<std::uint64_t>(seed), 0, random::Purpose::probe, 0});
    run(planar(2), {20}, seed, s);
    run(planar(4), {40, 80}, seed, s);
    run(infant(), {40, 80, 160}, seed, s);
    run(random_arm(s), {40, 80, 160}, seed, s);
  }
  return 0;
}
