// The linear bodies beside their limits, as tables on stdout:
//   samples that white input of equal power needs for those of the optimal spectrum (A-optimal: equal tr M^-1;
//   D-optimal: equal det M; the least eigenvalue of M, of the A-optimal design);
//   eta = T_opt / T of inputs without a mind, played in the worlds: median of 20 lives, prior precision 1.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

#include "core/inference/optimal_input.hpp"
#include "core/random/stream.hpp"
#include "envs/analytic/linear_body.hpp"

namespace {

using namespace infans;
using namespace infans::inference;
using Eigen::MatrixXd;
using Eigen::VectorXd;

using Input = std::function<double(int t)>;  // commands of one life

double least_eigenvalue(const MatrixXd& m) { return Eigen::SelfAdjointEigenSolver<MatrixXd>(m).eigenvalues()(0); }

InputDesign design(const LinearSystem& s, Optimality optimality) {
  DesignOptions options;
  options.optimality = optimality;
  return optimal_input(s, options);
}

void print_waste(const envs::LinearBody& body) {
  const LinearSystem s = body.system();
  const MatrixXd white = noise_information(s) + white_information(s);
  const MatrixXd a = design(s, Optimality::trace).information, d = design(s, Optimality::determinant).information;
  std::printf("%-16s %6.1f %6.1f %6.1f\n", body.name.c_str(), white.inverse().trace() / a.inverse().trace(),
              std::pow(d.determinant() / white.determinant(), 1.0 / static_cast<double>(d.rows())),
              least_eigenvalue(a) / least_eigenvalue(white));
}

// The design's sines in random phases.
Input sines(const InputDesign& design, random::Stream& draws) {
  VectorXd phase(design.frequency.size());
  for (double& p : phase) p = draws.uniform(0.0, 2.0 * std::numbers::pi);
  return [design, phase](int t) {
    return ((2.0 * design.power).array().sqrt() * (design.frequency * t + phase).array().cos()).sum();
  };
}

double eta(const envs::LinearBody& body, int steps, const Input& input, random::Stream& starts) {
  const LinearSystem s = body.system();
  const Eigen::Index n = s.b.size();
  const auto world = envs::make_linear_body(body);
  VectorXd z(n + 1);
  z.head(n) = VectorXd::Map(world->reset(starts).data(), n);
  MatrixXd sum = MatrixXd::Zero(n + 1, n + 1);
  for (int t = 0; t < steps; ++t) {
    const double command = std::clamp(input(t), -1.0, 1.0);
    z(n) = command;
    sum += z * z.transpose();
    z.head(n) = VectorXd::Map(world->step({&command, 1}).data(), n);
  }
  const MatrixXd prior = MatrixXd::Identity(n + 1, n + 1);
  return fewest_steps(information_nats(prior, sum, 1.0, s.noise), prior, s, {}) / steps;
}

void print_eta(const envs::LinearBody& body) {
  const LinearSystem s = body.system();
  const InputDesign best = design(s, Optimality::determinant);
  Eigen::Index strongest = 0;
  best.power.maxCoeff(&strongest);
  const double tone = best.frequency(strongest);
  using Make = std::function<Input(random::Stream&)>;
  const std::pair<const char*, Make> inputs[] = {
      {"uniform", [](random::Stream& r) -> Input { return [&r](int) { return r.uniform(-1.0, 1.0); }; }},
      {"-1 or 1 by chance", [](random::Stream& r) -> Input { return [&r](int) { return r.index(2) ? 1.0 : -1.0; }; }},
      {"square wave, strongest tone",
       [tone](random::Stream&) -> Input { return [tone](int t) { return std::copysign(1.0, std::sin(tone * t)); }; }},
      {"optimal sines / 3, clipped",
       [&best](random::Stream& r) -> Input { return [u = sines(best, r)](int t) { return u(t) / 3.0; }; }},
      {"signs of the optimal sines",
       [&best](random::Stream& r) -> Input {
         return [u = sines(best, r)](int t) { return std::copysign(1.0, u(t)); };
       }},
  };
  for (const auto& [name, make] : inputs) {
    std::printf("%-16s %-28s", body.name.c_str(), name);
    for (const int steps : {100, 1000, 10000}) {
      std::vector<double> lives;
      for (std::uint64_t life = 0; life < 20; ++life) {
        random::Stream starts({life, 0, random::Purpose::reset, 0}), draws({life, 0, random::Purpose::babbling, 0});
        lives.push_back(eta(body, steps, make(draws), starts));
      }
      std::nth_element(lives.begin(), lives.begin() + 10, lives.end());
      std::printf(" %6.3f", lives[10]);
    }
    std::printf("\n");
  }
}

}  // namespace

int main() {
  std::printf("white / optimal       A      D  least\n");
  for (const envs::LinearBody& body : envs::linear_bodies()) print_waste(body);
  std::printf("\neta after                                        100   1000  10000 steps\n");
  for (const envs::LinearBody& body : envs::linear_bodies()) print_eta(body);
}
