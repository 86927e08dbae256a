#include "core/inference/sequence_model.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/base/archive_store.hpp"
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
  if (o.places < 2 || !(o.concentration > 0.0) || !share(o.change) || o.runs < 2 || !share(o.forgetting) ||
      !(weight > 0.0))
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

SequenceRun SequenceModel::fresh(double weight) const {
  const Index k = options_.places;
  return {weight, pD_ / pD_.sum(), VectorXd::Constant(k, options_.concentration),
          MatrixXd::Constant(k, k, options_.concentration)};
}

void SequenceModel::begin() {
  runs_ = {fresh(1.0)};
  qs_.setConstant(options_.places, 1.0 / options_.places);
  first_ = true;
}

void SequenceRun::describe(base::Archive& archive) {
  archive("weight", weight)("D", D)("unigram", unigram)("markov", markov);
}

void SequenceModel::describe(base::Archive& archive) {
  archive("pD", pD_)("qs", qs_)("runs", runs_)("first", first_);
  const Index k = options_.places;
  bool fits = qs_.size() == k && !runs_.empty();
  for (const SequenceRun& r : runs_)
    fits = fits && r.unigram.size() == k && r.markov.rows() == k && r.markov.cols() == k;
  base::require_state(fits, "runs", "they are not of " + std::to_string(k) + " places");
}

void SequenceModel::end() { pD_ += D(); }

Vector3d SequenceModel::D() const {
  Vector3d sum = Vector3d::Zero();
  for (const SequenceRun& run : runs_) sum += run.weight * run.D;
  return sum;
}

MatrixXd SequenceModel::predictions(const SequenceRun& run) const {
  const Index k = options_.places;
  MatrixXd p = MatrixXd::Constant(k, laws, 1.0 / static_cast<double>(k));
  p.col(unigram) = run.unigram / run.unigram.sum();
  if (first_) return p;
  p.col(markov).setZero();
  for (Index before = 0; before < k; ++before)
    if (qs_[before] > 0.0) p.col(markov) += qs_[before] / run.markov.col(before).sum() * run.markov.col(before);
  return p;
}

VectorXd SequenceModel::predict() const {
  VectorXd p = VectorXd::Zero(options_.places);
  for (const SequenceRun& run : runs_) p += run.weight * (predictions(run) * run.D);
  return p;
}

double SequenceModel::learn_markov(SequenceRun& run, const Likelihood& likelihood, double evidence) const {
  double nats = 0.0;
  for (Index before = 0; before < qs_.size(); ++before) {
    if (!(qs_[before] > 0.0)) continue;
    auto counts = run.markov.col(before);
    const Lesson taught = lesson(counts, qs_[before] / evidence / counts.sum() * counts.cwiseProduct(likelihood));
    counts = taught.counts;
    nats += taught.nats;
  }
  return nats;
}

EventAccount SequenceModel::learn(SequenceRun& run, const MatrixXd& prediction, const Likelihood& likelihood) const {
  const Vector3d evidence = prediction.transpose() * likelihood;  // p(o | h)
  const double p = evidence.dot(run.D);
  const Vector3d after = run.D.cwiseProduct(evidence) / p;
  EventAccount account{-std::log(p), model::categorical_kl(after, run.D), 0.0};
  if (after[unigram] > 0.0) {
    const Lesson taught = lesson(run.unigram, prediction.col(unigram).cwiseProduct(likelihood) / evidence[unigram]);
    run.unigram = taught.counts;
    account.novelty += after[unigram] * taught.nats;
  }
  if (after[markov] > 0.0 && !first_)
    account.novelty += after[markov] * learn_markov(run, likelihood, evidence[markov]);
  run.D = after;
  return account;
}

EventAccount SequenceModel::learn(const Likelihood& likelihood) {
  const auto n = static_cast<Index>(runs_.size());
  VectorXd before(n), after(n), places = VectorXd::Zero(options_.places);
  std::vector<EventAccount> accounts;
  for (Index r = 0; r < n; ++r) {
    SequenceRun& run = runs_[static_cast<std::size_t>(r)];
    const MatrixXd prediction = predictions(run);
    places += run.weight * (prediction * run.D);
    accounts.push_back(learn(run, prediction, likelihood));
    before[r] = run.weight;
    after[r] = run.weight * std::exp(-accounts.back().surprise);
  }
  const double p = after.sum();
  after /= p;
  EventAccount account{-std::log(p), model::categorical_kl(after, before), 0.0};
  for (Index r = 0; r < n; ++r) {
    const auto at = static_cast<std::size_t>(r);
    runs_[at].weight = after[r];
    account.salience += after[r] * accounts[at].salience;
    account.novelty += after[r] * accounts[at].novelty;
  }
  qs_ = places.cwiseProduct(likelihood) / places.dot(likelihood);
  first_ = false;
  return account;
}

EventAccount SequenceModel::observe(const Likelihood& likelihood) {
  const EventAccount account = learn(likelihood);
  if (options_.forgetting > 0.0) forget();
  if (options_.change > 0.0) expect_change();
  return account;
}

void SequenceModel::forget() {
  const double keep = 1.0 - options_.forgetting, rest = options_.forgetting * options_.concentration;
  for (SequenceRun& run : runs_) {
    run.unigram = (keep * run.unigram).array() + rest;
    run.markov = (keep * run.markov).array() + rest;
  }
}

// The least probable run gives way to the new one when there are too many.
void SequenceModel::expect_change() {
  if (static_cast<int>(runs_.size()) >= options_.runs) {
    const auto least = std::min_element(runs_.begin(), runs_.end(),
                                        [](const SequenceRun& a, const SequenceRun& b) { return a.weight < b.weight; });
    runs_.erase(least);
  }
  double kept = 0.0;
  for (const SequenceRun& run : runs_) kept += run.weight;
  for (SequenceRun& run : runs_) run.weight *= (1.0 - options_.change) / kept;
  runs_.push_back(fresh(options_.change));
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
