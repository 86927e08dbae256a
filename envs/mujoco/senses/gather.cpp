#include "envs/mujoco/senses/gather.hpp"

#include <set>
#include <utility>

#include "core/base/error.hpp"
#include "envs/mujoco/senses/channel.hpp"
#include "envs/mujoco/senses/effect.hpp"
#include "envs/mujoco/senses/lookup.hpp"
#include "envs/mujoco/senses/proprioception.hpp"
#include "envs/mujoco/senses/sensors.hpp"
#include "envs/mujoco/senses/vestibular.hpp"

namespace infans::envs::senses {
namespace {

template <typename T>
void keep(Senses& senses, std::vector<T*>& list, std::unique_ptr<T> sense) {
  list.push_back(sense.get());
  senses.all.push_back(std::move(sense));
}

void check(const Senses& senses) {
  std::set<std::string> names;
  for (const auto& sense : senses.all) {
    for (const Part& part : sense->parts()) {
      if (part.name.empty())
        throw base::OptionError("name", written("a modality of the body", sense->channel().origin) + " has no name");
      if (!names.insert(part.name).second) {
        throw base::OptionError(
            part.name,
            written("the body has two modalities of the name " + part.name, sense->channel().origin) + "; rename one");
      }
    }
  }
}

}  // namespace

Senses gather(const mjModel& m, const BodyOptions& o, const std::string& source) {
  Senses senses;
  for (const auto& entry : o.proprioception) senses.all.push_back(make_proprioception(m, entry, source));
  for (auto& sense : make_sensors(m, o, source)) senses.all.push_back(std::move(sense));
  for (const auto& entry : o.skin) keep(senses, senses.skins, make_skin(m, entry, source));
  for (const auto& entry : o.vestibular) senses.all.push_back(make_vestibular(m, entry, source));
  for (const auto& entry : o.retina) keep(senses, senses.retinas, make_retina(m, entry, source));
  for (const auto& entry : o.effects) senses.all.push_back(make_effect(m, entry, source));
  for (const auto& entry : o.words) keep(senses, senses.words, make_words(entry));
  check(senses);
  return senses;
}

}  // namespace infans::envs::senses
