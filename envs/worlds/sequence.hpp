// Where things appear, one after another: sequences of K places under a law that a seed draws.
#pragma once

#include <Eigen/Dense>
#include <string>
#include <vector>

#include "core/random/stream.hpp"

namespace infans::envs {

enum class SequenceKind {
  constant,  // always the same place
  cycle,     // all places in turn, in an order of its own
  biased,    // independent; one place with probability `bias`, the others alike
  markov,    // each place has a follower of its own, with probability `bias`
  random,    // independent, probabilities drawn from a Dirichlet of concentration `spread`
  uniform    // independent, all places alike: nothing to learn
};
// "constant", ...: in the order of SequenceKind.
const std::vector<std::string>& sequence_kinds();

struct SequenceLaw {
  double bias = 0.8;    // 1/K .. 1
  double spread = 0.5;  // > 0
};

class Sequence {
 public:
  Sequence(SequenceKind kind, int places, const SequenceLaw& law, random::Stream& stream);

  int next(random::Stream& stream);
  // The sequence goes on from there.
  void set(int place) { now_ = place; }
  int now() const { return now_; }                         // -1 before the first
  const Eigen::MatrixXd& law() const { return law_; }      // K x K, column: the place before
  const Eigen::VectorXd& start() const { return start_; }  // of the first place
  void describe(base::Archive& archive) { archive("law", law_)("start", start_)("now", now_); }

 private:
  Eigen::MatrixXd law_;
  Eigen::VectorXd start_;
  int now_ = -1;
};

}  // namespace infans::envs
