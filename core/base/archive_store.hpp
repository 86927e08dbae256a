// What grows by doubling, as state.
#pragma once

#include <string>

#include "core/base/archive.hpp"

namespace infans::base {

// Throws StateError unless what was restored fits together.
inline void require_state(bool fits, const std::string& field, const std::string& message) {
  if (!fits) throw StateError(field, message);
}

// The first `used` columns of a store of which the rest is not initialised. Restored with the same capacity, so that
// blocks of it lie as they lay.
template <typename Matrix>
void describe_columns(Archive& archive, const std::string& name, Matrix& store, Eigen::Index& used) {
  Matrix part = store.leftCols(archive.restoring() ? 0 : used);
  Eigen::Index capacity = store.cols();
  archive(name, part)(name + "_capacity", capacity);
  if (!archive.restoring()) return;
  require_state(part.rows() == store.rows() || store.rows() == 0, name,
                std::to_string(part.rows()) + " rows were saved, this program has " + std::to_string(store.rows()));
  require_state(capacity >= part.cols() && capacity <= 64 + 2 * part.cols(), name + "_capacity", "a size is damaged");
  used = part.cols();
  store = Matrix::Zero(part.rows(), capacity);
  store.leftCols(used) = part;
}
// The same of rows.
template <typename Matrix>
void describe_rows(Archive& archive, const std::string& name, Matrix& store, Eigen::Index& used) {
  Matrix part = store.topRows(archive.restoring() ? 0 : used);
  Eigen::Index capacity = store.rows();
  archive(name, part)(name + "_capacity", capacity);
  if (!archive.restoring()) return;
  require_state(part.cols() == store.cols(), name,
                std::to_string(part.cols()) + " columns were saved, this program has " + std::to_string(store.cols()));
  require_state(capacity >= part.rows() && capacity <= 64 + 2 * part.rows(), name + "_capacity", "a size is damaged");
  used = part.rows();
  store = Matrix::Zero(capacity, part.cols());
  store.topRows(used) = part;
}

}  // namespace infans::base
