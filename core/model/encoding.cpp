#include "core/model/encoding.hpp"

#include <cmath>

namespace infans::model {

int Encoding::inputs() const {
  int n = positions() + actions;
  for (const Coordinate c : coordinates) n += c == Coordinate::circular ? 2 : 1;
  return n;
}

void Encoding::encode(const Eigen::VectorXd& state, const Eigen::VectorXd& action, Eigen::VectorXd& z) const {
  const int n = positions();
  z.resize(inputs());
  int k = 0;
  for (int i = 0; i < n; ++i) {
    if (coordinates[i] == Coordinate::circular) {
      z(k++) = std::sin(state(i));
      z(k++) = std::cos(state(i));
    } else {
      z(k++) = state(i) / position_scale(i);
    }
  }
  for (int i = 0; i < n; ++i) z(k++) = state(n + i) / velocity_scale(i);
  for (int i = 0; i < actions; ++i) z(k++) = action(i);
}

Eigen::VectorXd Encoding::target(const Eigen::VectorXd& state, const Eigen::VectorXd& next) const {
  Eigen::VectorXd y = next - state;
  y.head(positions()) -= dt * state.tail(positions());
  return y;
}

void Encoding::encode(const Transitions& t, Eigen::MatrixXd& rows, Eigen::MatrixXd& targets) const {
  rows.resize(t.count(), inputs());
  targets.resize(t.count(), state_size());
  Eigen::VectorXd state(state_size()), next(state_size()), z;
  for (Eigen::Index k = 0; k < t.count(); ++k) {
    state << t.q0.row(k).transpose(), t.v0.row(k).transpose();
    next << t.q1.row(k).transpose(), t.v1.row(k).transpose();
    encode(state, t.u.row(k).transpose(), z);
    rows.row(k) = z.transpose();
    targets.row(k) = target(state, next).transpose();
  }
}

Eigen::VectorXd Encoding::next_state(const Eigen::VectorXd& state, const Eigen::VectorXd& target) const {
  Eigen::VectorXd next = state + target;
  next.head(positions()) += dt * state.tail(positions());
  return next;
}

}  // namespace infans::model
