// Words that someone says: set from outside, heard until another or none is said.
#pragma once

#include <memory>

#include "envs/mujoco/senses/sense.hpp"

namespace infans::envs::senses {

class Words : public Sense {
 public:
  // -1: silence. Throws base::UserError for a word that it does not have.
  virtual void say(int word) = 0;
  virtual int said() const = 0;

 protected:
  using Sense::Sense;
};

// Of options that check_body has taken.
std::unique_ptr<Words> make_words(const WordOptions& options);

}  // namespace infans::envs::senses
