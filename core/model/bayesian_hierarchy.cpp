#include "core/model/bayesian_hierarchy.hpp"

#include <cmath>
#include <numbers>
#include <stdexcept>

namespace infans::model {

using Eigen::MatrixXd;

BayesianHierarchy::BayesianHierarchy(const BayesianHierarchyShape& s, random::Stream& stream) : shape(s) {
  if (levels() < 2) throw std::logic_error("BayesianHierarchy: at least two levels are needed");
  for (const int width : s.widths)
    if (width < 1) throw std::logic_error("BayesianHierarchy: a level needs at least one unit");
  for (int l = 0; l + 1 < levels(); ++l) {
    const int p = s.widths[l] + 1, o = s.widths[l + 1];
    const double noise = l + 2 == levels() ? s.output_noise : s.hidden_noise;
    prior.push_back(MatrixNormalWishart::prior(o, p, s.weight_precision * p * noise * noise, noise, s.extra_dof));
    weight.push_back(prior.back());
    for (double& w : weight.back().mean.reshaped()) w = stream.normal() / std::sqrt(static_cast<double>(p));
  }
  refresh();
}

void BayesianHierarchy::refresh() {
  moments.resize(weight.size());
  for (std::size_t l = 0; l < weight.size(); ++l) {
    LayerMoments& m = moments[l];
    m.precision = weight[l].expected_precision();
    m.covariance = weight[l].column_covariance();
    m.log_det = weight[l].expected_log_det();
    const Eigen::Index p = weight[l].inputs() - 1;
    const auto w = weight[l].mean.leftCols(p);
    m.curvature = w.transpose() * m.precision * w + weight[l].outputs() * m.covariance.topLeftCorner(p, p);
  }
}

BayesianHierarchyState::BayesianHierarchyState(const BayesianHierarchy& model, int batch)
    : clamped(model.levels(), false),
      spread(model.levels()),
      rate_spread(model.levels()),
      entropy(model.levels(), 0.0) {
  for (const int width : model.shape.widths) {
    const MatrixXd zero = MatrixXd::Zero(width, batch);
    for (auto* values : {&activity, &prediction, &error, &weighted}) values->push_back(zero);
    rate.push_back(MatrixXd::Ones(width + 1, batch));
    energy.push_back(Eigen::VectorXd::Zero(batch));
  }
  clamped[0] = true;
}

void refresh_rate(const BayesianHierarchy& m, BayesianHierarchyState& s, int l) {
  MatrixXd rate;
  activate(m.activation(l), s.activity[l], rate);
  s.rate[l].topRows(rate.rows()) = rate;
}

MatrixXd rate_slope(const BayesianHierarchy& m, const BayesianHierarchyState& s, int l) {
  const MatrixXd& x = s.activity[l];
  MatrixXd slope = MatrixXd::Ones(x.rows(), x.cols());
  times_slope(m.activation(l), x, MatrixXd(s.rate[l].topRows(x.rows())), slope);
  return slope;
}

void refresh_error(const BayesianHierarchy& m, BayesianHierarchyState& s, int l) {
  const MatrixXd& phi = s.rate[l - 1];
  s.prediction[l].noalias() = m.weight[l - 1].mean * phi;
  s.error[l] = s.activity[l] - s.prediction[l];
  s.weighted[l].noalias() = m.moments[l - 1].precision * s.error[l];
  s.energy[l] =
      0.5 * s.error[l].cwiseProduct(s.weighted[l]).colwise().sum().transpose() +
      0.5 * m.weight[l - 1].outputs() * phi.cwiseProduct(m.moments[l - 1].covariance * phi).colwise().sum().transpose();
}

void predict_all(const BayesianHierarchy& m, BayesianHierarchyState& s) {
  refresh_rate(m, s, 0);
  for (int l = 1; l < m.levels(); ++l) {
    if (!s.clamped[l]) s.activity[l].noalias() = m.weight[l - 1].mean * s.rate[l - 1];
    refresh_rate(m, s, l);
    refresh_error(m, s, l);
  }
}

double free_energy(const BayesianHierarchy& m, BayesianHierarchyState& s) {
  double energy = 0.0;
  refresh_rate(m, s, 0);
  for (int l = 1; l < m.levels(); ++l) {
    refresh_rate(m, s, l);
    refresh_error(m, s, l);
    const LayerMoments& q = m.moments[l - 1];
    energy += s.energy[l].sum() + 0.5 * s.batch() * (m.shape.widths[l] * std::log(2.0 * std::numbers::pi) - q.log_det);
    if (s.spread[l].size() > 0) energy += 0.5 * q.precision.cwiseProduct(s.spread[l]).sum();
    if (s.rate_spread[l - 1].size() > 0) energy += 0.5 * q.curvature.cwiseProduct(s.rate_spread[l - 1]).sum();
    energy -= s.entropy[l];
  }
  return energy;
}

double weight_divergence(const BayesianHierarchy& m) {
  double sum = 0.0;
  for (std::size_t l = 0; l < m.weight.size(); ++l) sum += divergence(m.weight[l], m.prior[l]);
  return sum;
}

}  // namespace infans::model
