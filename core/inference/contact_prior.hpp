// What the contact level expects before it has seen anything touch, and which samples can tell.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "core/model/contact.hpp"

namespace infans::inference {

// Independent Gaussians over the parameters of a model::Contact, and where a search starts; all of its parameters()
// size.
struct ContactPrior {
  Eigen::VectorXd mean, deviation, start;
};

// h: control step, s; mobility: n, typical diagonal of P^-1; places: positions seen (rows); gap: first guess (1 + 2 K),
// gap_mobility: typical J P^-1 J' of its gradient over unit^2. Time: constraints act within a control step, critically
// damped, give or take a factor e (rates) and e^2 (stiffness). Force: dry friction near 3 % of a full command, give or
// take e^2. Compliance: a twentieth of the body's own, give or take e. Stops: at the ends of what was seen, give or
// take 2.5 % of that range, so a side without a witness ends there.
ContactPrior expected_contact(const model::Contact& contact, double h, const Eigen::VectorXd& mobility,
                              const Eigen::MatrixXd& places, const Eigen::VectorXd& gap, double gap_mobility);

// Held samples, and the free ones that came nearest: to the gap (at most two for every held one), or to an end of a
// joint's range. places: positions of all N samples at moments of their step; nearest_gap: N, or empty.
std::vector<Eigen::Index> contact_witnesses(const Eigen::Array<bool, Eigen::Dynamic, 1>& held,
                                            const std::vector<Eigen::MatrixXd>& places,
                                            const Eigen::VectorXd& nearest_gap);

}  // namespace infans::inference
