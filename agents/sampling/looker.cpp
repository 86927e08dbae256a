#include "agents/sampling/looker.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "core/base/archive_store.hpp"

namespace infans::agents {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::Vector3d;
using Eigen::VectorXd;

const LookerOptions& checked(const LookerOptions& o) {
  const auto positive = [](double x) { return x > 0.0 && std::isfinite(x); };
  const auto not_negative = [](double x) { return x >= 0.0 && std::isfinite(x); };
  if (!not_negative(o.epistemic_weight) || !not_negative(o.price) || !not_negative(o.gamma) || !positive(o.spread) ||
      !positive(o.sensory_precision) || !(o.price_rate >= 0.0 && o.price_rate <= 1.0))
    throw std::logic_error("Looker: an option is outside its range");
  return o;
}

Angles middle_of(const Display& display) {
  Angles sum = Angles::Zero();
  for (const Angles& a : display) sum += a;
  return sum / static_cast<double>(display.size());
}

// Mean square distance of a place from the middle along one axis, rad2.
double variance_of(const Display& display) {
  const Angles middle = middle_of(display);
  double sum = 0.0;
  for (const Angles& a : display) sum += 0.5 * (a - middle).squaredNorm();
  return sum / static_cast<double>(display.size());
}

VectorXd softmax(const VectorXd& x) {
  const VectorXd e = (x.array() - x.maxCoeff()).exp();
  return e / e.sum();
}

int draw(const VectorXd& p, random::Stream& stream) {
  const double u = stream.uniform();
  double sum = 0.0;
  for (Index i = 0; i + 1 < p.size(); ++i) {
    sum += p[i];
    if (u < sum) return static_cast<int>(i);
  }
  return static_cast<int>(p.size() - 1);
}

}  // namespace

Angles direction_of(const Vector3d& seen, const Angles& gaze) {
  // In the eye's frame turned to the head's axes: ahead, left, up.
  const Vector3d eye(-seen.z(), -seen.x(), seen.y());
  const Vector3d head =
      Eigen::AngleAxisd(gaze.x(), Vector3d::UnitZ()) * (Eigen::AngleAxisd(-gaze.y(), Vector3d::UnitY()) * eye);
  return {std::atan2(head.y(), head.x()), std::asin(std::clamp(head.z(), -1.0, 1.0))};
}

Looker::Looker(const LookerOptions& options, std::vector<Display> displays)
    : options_(checked(options)), displays_(std::move(displays)), price_(options.price) {
  for (const Display& d : displays_)
    if (d.size() < 2) throw std::logic_error("Looker: a display has at least two places");
  lay_likelihoods();
}

void Looker::set_options(const LookerOptions& options) {
  if (options.price != options_.price) price_ = options.price;
  options_ = checked(options);
  lay_likelihoods();
}

void Looker::lay_likelihoods() {
  A_.clear();
  for (const Display& d : displays_) {
    const double unknown = options_.efference_copy ? 0.0 : variance_of(d);
    const double variance = options_.spread * options_.spread / options_.sensory_precision + unknown;
    const auto places = static_cast<Index>(d.size());
    MatrixXd A(places, places);
    for (Index s = 0; s < places; ++s) {
      for (Index o = 0; o < places; ++o)
        A(o, s) =
            std::exp(-0.5 * (d[static_cast<std::size_t>(o)] - d[static_cast<std::size_t>(s)]).squaredNorm() / variance);
      A.col(s) /= A.col(s).sum();
    }
    A_.push_back(std::move(A));
  }
}

int Looker::perceive(int display, const Vector3d& seen, const Angles& gaze) const {
  const Angles at = direction_of(seen, options_.efference_copy ? gaze : middle(display));
  const Display& places = displays_.at(static_cast<std::size_t>(display));
  const auto nearest = std::min_element(places.begin(), places.end(), [&](const Angles& a, const Angles& b) {
    return (a - at).squaredNorm() < (b - at).squaredNorm();
  });
  return static_cast<int>(nearest - places.begin());
}

inference::EventAccount Looker::learn(inference::SequenceModel& model, int display, int perceived, double seconds) {
  const VectorXd likelihood = A(display).row(perceived).transpose();
  inference::SequenceModel after = model;
  const inference::EventAccount account = after.observe(likelihood);
  if (!options_.learn) return {account.surprise, 0.0, 0.0};
  model = std::move(after);
  price_ += options_.price_rate * (account.progress() / seconds - price_);
  return account;
}

void Looker::stay_away() {
  if (options_.learn) price_ *= 1.0 - options_.price_rate;
}

LookChoice Looker::choose(std::span<const inference::SequenceModel* const> models, std::span<const int> displays,
                          double seconds, random::Stream& stream) const {
  const auto n = static_cast<Index>(models.size());
  LookChoice choice;
  choice.expected.resize(n);
  choice.G.resize(n + 1);
  for (Index i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    choice.expected[i] = models[at]->expected_information(A(displays[at]));
    choice.G[i] = -options_.epistemic_weight * choice.expected[i];
  }
  choice.G[n] = -price_ * seconds;
  choice.q_pi = softmax(-options_.gamma * choice.G);
  choice.chosen = draw(choice.q_pi, stream);
  return choice;
}

int Looker::anticipate(const inference::SequenceModel& model, int now) const {
  const VectorXd p = model.predict();
  Index best = 0;
  const double most = p.maxCoeff(&best);
  return now >= 0 && p[now] >= most ? now : static_cast<int>(best);
}

const Angles& Looker::direction(int display, int place) const {
  return displays_.at(static_cast<std::size_t>(display)).at(static_cast<std::size_t>(place));
}

void Looker::describe(base::Archive& archive) {
  const std::vector<Display> displays = displays_;
  archive("displays", displays_)("price", price_);
  bool fits = displays_.size() == displays.size();
  for (std::size_t d = 0; fits && d < displays.size(); ++d) fits = displays_[d].size() == displays[d].size();
  base::require_state(fits, "displays", "they have other places than this mind's");
  if (archive.restoring()) lay_likelihoods();
}

Angles Looker::middle(int display) const { return middle_of(displays_.at(static_cast<std::size_t>(display))); }

}  // namespace infans::agents
