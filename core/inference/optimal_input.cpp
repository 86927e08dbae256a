#include "core/inference/optimal_input.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <stdexcept>
#include <vector>

#include "core/inference/propagator.hpp"
#include "core/model/symmetric.hpp"

namespace infans::inference {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double pi = std::numbers::pi;

void expect(bool good, const char* rule) {
  if (!good) throw std::logic_error(rule);
}

void check(const LinearSystem& s) {
  expect(s.a.rows() == s.a.cols() && s.a.rows() == s.b.size() && s.b.size() > 0, "a is nx x nx and b has nx numbers");
  expect(std::isfinite(s.noise) && s.noise > 0.0, "the process noise must be above 0");
}

MatrixXd with_input(const MatrixXd& states, double input) {
  const Eigen::Index n = states.rows();
  MatrixXd all = MatrixXd::Zero(n + 1, n + 1);
  all.topLeftCorner(n, n) = states;
  all(n, n) = input;
  return all;
}

MatrixXd inverse(const MatrixXd& m) {
  const Eigen::LLT<MatrixXd> factor(m);
  expect(factor.info() == Eigen::Success, "an information matrix must be positive definite");
  return factor.solve(MatrixXd::Identity(m.rows(), m.cols()));
}

// Value of a tone is tr(G M(f)), G the gradient of what is made large.
MatrixXd gradient(const MatrixXd& total, Optimality optimality) {
  const MatrixXd inverted = inverse(total);
  return optimality == Optimality::determinant ? inverted : MatrixXd(inverted * inverted);
}

double inner(const MatrixXd& a, const MatrixXd& b) { return a.cwiseProduct(b).sum(); }

// The body's answer to tones, whose values are asked for again and again.
class Responses {
 public:
  explicit Responses(const LinearSystem& system) : system_(system) {}

  // z of a tone of complex amplitude 1: the mean square of u is 1 when M = Re z z*.
  Eigen::VectorXcd at(double frequency) const {
    const Eigen::Index n = system_.a.rows();
    const std::complex<double> turn = std::polar(1.0, frequency);
    const Eigen::MatrixXcd shifted = turn * Eigen::MatrixXcd::Identity(n, n) - system_.a;
    Eigen::VectorXcd z(n + 1);
    z.head(n) = shifted.partialPivLu().solve(system_.b.cast<std::complex<double>>().eval());
    z(n) = 1.0;
    return z;
  }
  double value(double frequency, const MatrixXd& g) const {
    const Eigen::VectorXcd z = at(frequency);
    return z.real().dot(g * z.real()) + z.imag().dot(g * z.imag());
  }
  MatrixXd information(double frequency) const {
    const Eigen::VectorXcd z = at(frequency);
    return z.real() * z.real().transpose() + z.imag() * z.imag().transpose();
  }
  // Where the body resonates: a narrow peak that a grid could miss.
  std::vector<double> resonances() const {
    std::vector<double> found;
    for (const std::complex<double> pole : system_.a.eigenvalues())
      if (pole.imag() > 0.0) found.push_back(std::arg(pole));
    return found;
  }
  // Where the slowest of the body's motions has long levelled out.
  double lowest() const {
    double rate = 0.1;
    for (const std::complex<double> pole : system_.a.eigenvalues()) rate = std::min(rate, std::abs(std::log(pole)));
    return 0.01 * rate;
  }

 private:
  const LinearSystem& system_;
};

// 0, equal ratios up to pi, and the resonances.
std::vector<double> first_tones(const Responses& responses, int count) {
  std::vector<double> tones = responses.resonances();
  const double lowest = responses.lowest(), ratio = std::log(pi / lowest) / (count - 2);
  tones.push_back(0.0);
  for (int k = 0; k < count - 2; ++k) tones.push_back(lowest * std::exp(ratio * k));
  tones.push_back(pi);
  std::sort(tones.begin(), tones.end());
  return tones;
}

struct Peak {
  double frequency = 0.0, value = 0.0;
};

// Golden section between two neighbours of a tone that is higher than both.
Peak climb(const Responses& responses, const MatrixXd& g, double low, double high) {
  constexpr double golden = 0.6180339887498949;
  double left = high - golden * (high - low), right = low + golden * (high - low);
  double left_value = responses.value(left, g), right_value = responses.value(right, g);
  while (high - low > 1e-10) {
    if (left_value > right_value) {
      high = right;
      right = left;
      right_value = left_value;
      left = high - golden * (high - low);
      left_value = responses.value(left, g);
    } else {
      low = left;
      left = right;
      left_value = right_value;
      right = low + golden * (high - low);
      right_value = responses.value(right, g);
    }
  }
  return left_value > right_value ? Peak{left, left_value} : Peak{right, right_value};
}

// The local maxima of tr(G M(f)) over [0, pi].
std::vector<Peak> peaks(const Responses& responses, const MatrixXd& g, const std::vector<double>& tones) {
  std::vector<double> values;
  for (const double f : tones) values.push_back(responses.value(f, g));
  std::vector<Peak> found;
  const std::size_t last = tones.size() - 1;
  for (std::size_t k = 0; k <= last; ++k) {
    if ((k > 0 && values[k - 1] > values[k]) || (k < last && values[k + 1] > values[k])) continue;
    const Peak inside = climb(responses, g, tones[k > 0 ? k - 1 : k], tones[k < last ? k + 1 : k]);
    found.push_back(inside.value > values[k] ? inside : Peak{tones[k], values[k]});
  }
  return found;
}

double highest(const std::vector<Peak>& all) {
  double value = 0.0;
  for (const Peak& p : all) value = std::max(value, p.value);
  return value;
}

// One problem: what is fixed, and the answers of the tones in use.
class Design {
 public:
  Design(const LinearSystem& system, const DesignOptions& options)
      : options_(options),
        responses_(system),
        noise_(noise_information(system)),
        grid_(first_tones(responses_, options.tones)) {
    const Eigen::Index n = noise_.rows();
    fixed_ = noise_;
    if (options.known.size() > 0) {
      expect(options.known.rows() == n && options.known.cols() == n, "what is known is nz x nz");
      fixed_ += options.known;
    }
    expect(options.tones >= 3, "a design needs 3 tones or more");
    expect(std::isfinite(options.power) && options.power > 0.0, "the input's power must be above 0");
    expect(options.tolerance > 0.0 && options.tolerance < 1.0, "the tolerance must be between 0 and 1");
  }

  double efficiency(const MatrixXd& information) const {
    const MatrixXd total = information + fixed_ - noise_;
    const MatrixXd g = gradient(total, options_.optimality);
    return ratio(g, total, highest(peaks(responses_, g, grid_)));
  }

  InputDesign solve() {
    for (const double f : grid_) add(f, options_.power / static_cast<double>(grid_.size()));
    for (int round = 0; round < 200; ++round) {
      improve();
      prune();
      const MatrixXd total = sum();
      const MatrixXd g = gradient(total, options_.optimality);
      const std::vector<Peak> found = peaks(responses_, g, grid_);
      if (ratio(g, total, highest(found)) >= 1.0 - options_.tolerance) return result(ratio(g, total, highest(found)));
      for (const Peak& p : found) add(p.frequency, 0.01 * options_.power);
      scale();
    }
    throw std::logic_error("the optimal input was not found to the tolerance asked for");
  }

 private:
  double ratio(const MatrixXd& g, const MatrixXd& total, double best) const {
    return inner(g, total) / (inner(g, fixed_) + options_.power * best);
  }

  MatrixXd sum() const {
    MatrixXd total = fixed_;
    for (std::size_t k = 0; k < tones_.size(); ++k) total += power_[k] * answers_[k];
    return total;
  }

  void add(double frequency, double power) {
    tones_.push_back(frequency);
    power_.push_back(power);
    answers_.push_back(responses_.information(frequency));
  }

  void scale() {
    double sum = 0.0;
    for (const double p : power_) sum += p;
    for (double& p : power_) p *= options_.power / sum;
  }

  // Multiplies every tone's power by its value (D) or the root of it (A) until no tone in use beats the mean by much.
  void improve() {
    for (int i = 0; i < 500; ++i) {
      const MatrixXd total = sum();
      const MatrixXd g = gradient(total, options_.optimality);
      double best = 0.0;
      for (std::size_t k = 0; k < tones_.size(); ++k) {
        const double value = inner(g, answers_[k]);
        best = std::max(best, value);
        power_[k] *= options_.optimality == Optimality::determinant ? value : std::sqrt(value);
      }
      scale();
      if (ratio(g, total, best) >= 1.0 - 0.3 * options_.tolerance) return;
    }
  }

  // Tones that have lost their power leave; the others stand in rising order.
  void prune() {
    std::vector<std::size_t> order(tones_.size());
    for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
    std::sort(order.begin(), order.end(), [this](std::size_t i, std::size_t j) { return tones_[i] < tones_[j]; });
    std::vector<double> tones, power;
    for (const std::size_t k : order) {
      if (power_[k] < 1e-7 * options_.power) continue;
      tones.push_back(tones_[k]);
      power.push_back(power_[k]);
    }
    tones_.clear();
    power_.clear();
    answers_.clear();
    for (std::size_t k = 0; k < tones.size(); ++k) add(tones[k], power[k]);
    scale();
  }

  InputDesign result(double efficiency) const {
    InputDesign r;
    r.frequency = VectorXd::Map(tones_.data(), static_cast<Eigen::Index>(tones_.size()));
    r.power = VectorXd::Map(power_.data(), static_cast<Eigen::Index>(power_.size()));
    r.information = sum() - fixed_ + noise_;
    r.efficiency = efficiency;
    return r;
  }

  const DesignOptions& options_;
  Responses responses_;
  MatrixXd noise_, fixed_;
  std::vector<double> grid_;
  std::vector<double> tones_, power_;
  std::vector<MatrixXd> answers_;
};

}  // namespace

LinearSystem held_input(const MatrixXd& rate, const VectorXd& gain, double period, double noise) {
  const Eigen::Index n = rate.rows();
  MatrixXd a = rate * period, phi(n, n), power(n, n), product(n, n);
  phi1(a, phi, power, product);
  return {power, period * (phi * gain), noise};
}

MatrixXd stationary_covariance(const MatrixXd& a, const MatrixXd& q) {
  MatrixXd power = a, sum = q;
  for (int i = 0; i < 60; ++i) {
    const MatrixXd more = power * sum * power.transpose();
    sum += more;
    model::symmetrise(sum);
    if (!sum.allFinite()) break;
    if (more.cwiseAbs().maxCoeff() <= 1e-17 * sum.cwiseAbs().maxCoeff()) return sum;
    power = power * power;
  }
  throw std::logic_error("a linear body must be stable to have a stationary covariance");
}

MatrixXd noise_information(const LinearSystem& s) {
  check(s);
  const Eigen::Index n = s.a.rows();
  return with_input(stationary_covariance(s.a, s.noise * s.noise * MatrixXd::Identity(n, n)), 0.0);
}

MatrixXd white_information(const LinearSystem& s) {
  check(s);
  return with_input(stationary_covariance(s.a, s.b * s.b.transpose()), 1.0);
}

MatrixXd tone_information(const LinearSystem& s, double frequency) {
  check(s);
  return Responses(s).information(frequency);
}

InputDesign optimal_input(const LinearSystem& system, const DesignOptions& options) {
  return Design(system, options).solve();
}

double design_efficiency(const LinearSystem& system, const MatrixXd& information, const DesignOptions& options) {
  return Design(system, options).efficiency(information);
}

double information_nats(const MatrixXd& prior, const MatrixXd& information, double steps, double noise) {
  const MatrixXd gained = steps / (noise * noise) * information;
  return 0.5 * (model::log_det(Eigen::LLT<MatrixXd>(prior + gained)) - model::log_det(Eigen::LLT<MatrixXd>(prior)));
}

namespace {

// The root of a rising function of the steps.
template <typename Nats>
double steps_where(double nats, Nats&& of) {
  expect(std::isfinite(nats) && nats >= 0.0, "information must be finite and 0 or more");
  double low = 0.0, high = 1.0;
  while (of(high) < nats) {
    low = high;
    high *= 2.0;
    expect(high < 1e15, "that information is never reached");
  }
  while (high - low > 1e-9 * high) {
    const double middle = 0.5 * (low + high);
    (of(middle) < nats ? low : high) = middle;
  }
  return high;
}

}  // namespace

double steps_for(double nats, const MatrixXd& prior, const MatrixXd& information, double noise) {
  return steps_where(nats, [&](double steps) { return information_nats(prior, information, steps, noise); });
}

// The best spectrum hardly changes with T: a fixed point of T -> the design for T -> its T.
double fewest_steps(double nats, const MatrixXd& prior, const LinearSystem& system, const DesignOptions& options) {
  DesignOptions at = options;
  at.optimality = Optimality::determinant;
  at.known = MatrixXd();
  double steps = steps_for(nats, prior, optimal_input(system, at).information, system.noise);
  for (int i = 0; i < 20; ++i) {
    at.known = system.noise * system.noise / steps * prior;
    const double next = steps_for(nats, prior, optimal_input(system, at).information, system.noise);
    if (std::abs(next - steps) <= 1e-3 * options.tolerance * steps) return next;
    steps = next;
  }
  return steps;
}

}  // namespace infans::inference
