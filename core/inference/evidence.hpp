// Precisions and length scales by ascent of the log evidence = descent of the free energy. The gradient is local to the
// layer: (precision-weighted error x weight) minus (uncertainty), so nothing is propagated through time.
#pragma once

#include <Eigen/Dense>

#include "core/model/fourier_features.hpp"

namespace infans::inference {

struct EvidenceOptions {
  int iterations = 25;
  double noise_floor = 0.02;          // of the standardised outputs
  double length_scale = 1.5;          // centre of ln l ~ N(ln length_scale, 1)
  double prior_precision = 1e-3;      // centre of ln lambda ~ N(ln prior_precision, 3^2), Fourier features
  double hierarchy_precision = 1e-3;  // likewise, extra features
};

// What is ascended: one length scale an input, one precision a group of features (Fourier; hierarchy).
struct EvidenceParameters {
  Eigen::VectorXd length_scale;    // I
  double fourier_precision = 0;    // lambda of the Fourier features
  double hierarchy_precision = 0;  // lambda of the extra features
};

// inputs N x I, extra N x H (fixed features, may have 0 columns), outputs N x O (standardised).
// Returns the log evidence plus hyper-prior and its gradient over [ln l; ln lambda_F; ln lambda_H].
double log_evidence_gradient(const model::FourierFeatures& features, const EvidenceParameters& at,
                             const Eigen::MatrixXd& inputs, const Eigen::MatrixXd& extra,
                             const Eigen::MatrixXd& outputs, const EvidenceOptions& options, Eigen::VectorXd* gradient);

// Ascends from `at`; bounds: ln l in [-1.5, 4], lambda in [1e-3, 1e4] times its centre.
EvidenceParameters ascend_evidence(const model::FourierFeatures& features, EvidenceParameters at,
                                   const Eigen::MatrixXd& inputs, const Eigen::MatrixXd& extra,
                                   const Eigen::MatrixXd& outputs, const EvidenceOptions& options);

}  // namespace infans::inference
