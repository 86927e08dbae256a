// A first guess of a gap from which samples were held: where, not how.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/model/contact.hpp"

namespace infans::inference {

struct GapStart {
  Eigen::VectorXd gap;      // 1 + 2 K, scaled so that |d gap / dq| is 1 in the mean square over held samples
  Eigen::VectorXd nearest;  // N, least gap along each path, in that scale
};

// Logistic separation: ln odds that sample k was held = -(least gap along its path). places: positions of all N samples
// (N x n each) at moments of their step; held: which samples a law without contact does not explain. Starts from the
// separation of the paths' mean features, so that the least gap has something to choose from.
GapStart separate(const model::Contact& contact, const std::vector<Eigen::MatrixXd>& places,
                  const Eigen::Array<bool, Eigen::Dynamic, 1>& held);

}  // namespace infans::inference
