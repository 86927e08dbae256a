#include "core/inference/sequence_model.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/model/dirichlet.hpp"

namespace infans::inference {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::Vector3d;
using Eigen::VectorXd;
using Likelihood = Eigen::Ref<const VectorXd>;

constexpr Index unigram = static_cast<Index>(Law::unigram);
constexpr Index markov = static_cast<Index>(Law::markov);

const SequenceOptions& checked(const SequenceOptions& o) {
  const auto share = [](double x) { return x >= 0.0 && x <= 1.0; };
  double weight = 0.0;
  for (const double w : o.weights) {
    if (!(w >= 0.0)) throw std::logic_error("SequenceModel: weights of laws must be 0 or more");
    weight += w;
  }
  if (o.places < 2 || !(o.concentration > 0.0) || !share(o.switching) || !share(o.forgetting) || !(weight > 0.0))
    throw std::logic_error("SequenceModel: an option is outside its range");
  return o;
}

Vector3d weights(const SequenceOptions& o) { return {o.weights[0], o.weights[1], o.weights[2]}; }

// Seen as `q` (place by place, sum <= 1): counts after it, and what that taught.
struct Lesson {
  VectorXd counts;
  double nats;
};

Lesson lesson(const Likelihood& counts, const Likelihood& q) {
  const auto sure = std::find_if(q.begin(), q.end(), [](double x) { return x >= 1.0; });
  if (sure == q.end()) {
    VectorXd after = model::assimilate(counts, q);
    const double nats = model::dirichlet_kl(after, counts);
    return {std::move(after), nats};
  }
  const Index place = sure - q.begin();
  VectorXd after = counts;
  after[place] += 1.0;
  return {std::move(after), model::count_information(counts[place], counts.sum() - counts[place])};
}

}  // namespace

SequenceModel::SequenceModel(const SequenceOptions& options) : options_(checked(options)), pD_(weights(options)) {
  begin();
}

void SequenceModel::set_options(const SequenceOptions& options) {
  const Vector3d learned = pD_ - weights(options_);
  options_ = checked(options);
  pD_ = weights(options) + learned;
  begin();
}

void SequenceModel::begin() {
  const Index k = options_.places;
  D_ = pD_ / pD_.sum();
  unigram_.setConstant(k, options_.concentration);
  markov_.setConstant(k, k, options_.concentration);
  qs_.setConstant(k, 1.0 / static_cast<double>(k));
  first_ = true;
}

void SequenceModel::end() { pD_ += D_; }

MatrixXd SequenceModel::predictions() const {
  const Index k = options_.places;
  MatrixXd p = MatrixXd::Constant(k, laws, 1.0 / static_cast<double>(k));
  p.col(unigram) = unigram_ / unigram_.sum();
  if (first_) return p;
  p.col(markov).setZero();
  for (Index before = 0; before < k; ++before)
    if (qs_[before] > 0.0) p.col(markov) += qs_[before] / markov_.col(before).sum() * markov_.col(before);
  return p;
}

VectorXd SequenceModel::predict() const { return predictions() * D_; }

double SequenceModel::learn_markov(const Likelihood& likelihood, double evidence) {
  double nats = 0.0;
  for (Index before = 0; before < qs_.size(); ++before) {
    if (!(qs_[before] > 0.0)) continue;
    const VectorXd joint =
        qs_[before] / evidence / markov_.col(before).sum() * markov_.col(before).cwiseProduct(likelihood);
    const Lesson taught = lesson(markov_.col(before), joint);
    markov_.col(before) = taught.counts;
    nats += taught.nats;
  }
  return nats;
}

EventAccount SequenceModel::learn(const Likelihood& likelihood) {
  const MatrixXd prediction = predictions();
  const Vector3d evidence = prediction.transpose() * likelihood;  // p(o | h)
  const double p = evidence.dot(D_);
  const Vector3d after = D_.cwiseProduct(evidence) / p;
  EventAccount account{-std::log(p), model::categorical_kl(after, D_), 0.0};
  if (after[unigram] > 0.0) {
    const Lesson taught = lesson(unigram_, prediction.col(unigram).cwiseProduct(likelihood) / evidence[unigram]);
    unigram_ = taught.counts;
    account.novelty += after[unigram] * taught.nats;
  }
  if (after[markov] > 0.0 && !first_) account.novelty += after[markov] * learn_markov(likelihood, evidence[markov]);
  // sum_h D'_h P(s | o, h) = A_os sum_h D_h P(s | h) / p(o).
  qs_ = (prediction * D_).cwiseProduct(likelihood) / p;
  D_ = after;
  first_ = false;
  return account;
}

EventAccount SequenceModel::observe(const Likelihood& likelihood) {
  const EventAccount account = learn(likelihood);
  fade();
  return account;
}

void SequenceModel::fade() {
  D_ = (1.0 - options_.switching) * D_ + options_.switching / pD_.sum() * pD_;
  const double keep = 1.0 - options_.forgetting, rest = options_.forgetting * options_.concentration;
  unigram_ = (keep * unigram_).array() + rest;
  markov_ = (keep * markov_).array() + rest;
}

double SequenceModel::expected_information(const Eigen::Ref<const MatrixXd>& A) const {
  const VectorXd p = A * predict();
  double sum = 0.0;
  for (Index o = 0; o < A.rows(); ++o) {
    if (!(p[o] > 0.0)) continue;
    SequenceModel imagined = *this;
    sum += p[o] * imagined.learn(A.row(o).transpose()).progress();
  }
  return sum;
}

}  // namespace infans::inference
