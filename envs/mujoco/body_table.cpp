#include "envs/mujoco/body_table.hpp"

#include <algorithm>
#include <limits>

#include "core/base/error.hpp"
#include "core/config/fields.hpp"
#include "envs/mujoco/senses/lookup.hpp"

namespace infans::envs {
namespace {

using config::Fields;
using config::Legal;

constexpr double any_number = 1e6;
constexpr double oldest = 1e6;  // days

const Legal text{}, flag{}, names{};
const Legal must{0.0, 0.0, {}, true};

Fields<ChannelOptions> channel(const std::string& prefix) {
  using C = ChannelOptions;
  Fields<C> f(prefix);
  f.add("gain", &C::gain, {-any_number, any_number}, "factor on the signal; set_gain changes it");
  f.add("noise", &C::noise, {0, any_number},
        "constant standard deviation, in the signal's unit (motor: half ctrlranges)");
  f.add("signal_noise", &C::signal_noise, {0, any_number}, "standard deviation per unit of signal");
  f.add("delay", &C::delay, {0, 100000, "control steps"}, "how much later it arrives");
  f.add("period", &C::period, {1, 100000, "control steps"}, "between two samples; what was sampled is held");
  f.add("from_days", &C::from_days, {0, oldest, "days"}, "age at which it opens; before, it is 0");
  f.add("until_days", &C::until_days, {0, std::numeric_limits<double>::infinity(), "days"}, "age at which it closes");
  return f;
}

Fields<ProprioceptionOptions> proprioception(const std::string& prefix) {
  using P = ProprioceptionOptions;
  Fields<P> f(prefix);
  f.add("name", &P::name, text, "prefix of its modalities: \"arm\" gives \"arm.joint_position\"");
  f.add("joints", &P::joints, names, "joints, \"*\" for any letters; [] is all");
  f.add("position", &P::position, flag, "\"joint_position\": m, rad; a ball joint's quaternion");
  f.add("velocity", &P::velocity, flag, "\"joint_velocity\": m/s, rad/s");
  f.add("force", &P::force, flag, "\"actuator_force\": N, N m, of the actuators at these joints");
  f.add("limits", &P::limits, flag, "\"joint_limit\": 0 far from both limits, -1 and 1 at them, linear between");
  f.add("limit_width", &P::limit_width, {0.001, 0.5}, "how near a limit is felt, as a part of the joint's range");
  return f.include(channel(prefix), &P::channel);
}

Fields<SensorOptions> sensor(const std::string& prefix) {
  using S = SensorOptions;
  Fields<S> f(prefix);
  f.add("name", &S::name, must, "name of the modality");
  f.add("sensors", &S::sensors, names, "sensors of the MJCF that it joins, \"*\" for any letters; [] is all");
  return f.include(channel(prefix), &S::channel);
}

Fields<SkinOptions> skin(const std::string& prefix) {
  using S = SkinOptions;
  Fields<S> f(prefix);
  f.add("name", &S::name, text, "name of the modality");
  f.add("geoms", &S::geoms, names, "geoms, \"*\" for any letters; [] is every one that moves and can touch");
  f.add("density", &S::density, {0.001, 1e8, "taxels/m2"}, "at the start, at least one taxel a geom");
  f.add("spread", &S::spread, {0, 10, "m"}, "standard deviation of a taxel's field; 0: the distance between taxels");
  f.add_choice("touch", &S::touch, {"pressure", "force", "split"},
               "N a taxel: along the normal (1), the force (3), or its normal and tangential parts (6)");
  return f.include(channel(prefix), &S::channel);
}

Fields<VestibularOptions> vestibular(const std::string& prefix) {
  using V = VestibularOptions;
  Fields<V> f(prefix);
  f.add("name", &V::name, text, "prefix of its modalities: \"vestibular.acceleration\", \"vestibular.rotation\"");
  f.add("head", &V::head, must, "site or body in whose frame it feels");
  return f.include(channel(prefix), &V::channel);
}

Fields<RetinaOptions> retina(const std::string& prefix) {
  using R = RetinaOptions;
  Fields<R> f(prefix);
  f.add("name", &R::name, text, "prefix of its modalities: \"retina.depth\", ...");
  f.add("eye", &R::eye, must, "camera, site or body that looks along its -z");
  f.add_choice("layout", &R::layout, {"foveated", "square"}, "log-polar rings around the gaze, or equal angles");
  f.add("field", &R::field, {0.001, 180, "degrees"}, "width of what it sees");
  f.add("rays", &R::rays, {1, 100000, "receptors"}, "most of them; fewer where the acuity asks for no more");
  f.add("acuity", &R::acuity, {0.001, 100, "cycles/degree"}, "what the fovea resolves at best");
  f.add("blur_by_age", &R::blur_by_age, flag, "see no better than an eye of age_days does (Mayer et al. 1995)");
  f.add("range", &R::range, {1e-6, any_number, "m"}, "nothing is seen beyond");
  f.add("depth", &R::depth, flag, "\"retina.depth\": m, range where nothing is seen");
  f.add("identity", &R::identity, flag, "\"retina.identity\": number of the body seen, 0 the world, -1 nothing");
  f.add("colour", &R::colour, flag, "\"retina.colour\": red, green, blue of what is seen");
  f.add("background", &R::background, {0, 1}, "red, green, blue where nothing is seen");
  f.add_set("groups", &R::groups, "groups of geoms that can be seen");
  return f.include(channel(prefix), &R::channel);
}

Fields<EffectOptions> effect(const std::string& prefix) {
  using E = EffectOptions;
  Fields<E> f(prefix);
  f.add("name", &E::name, must, "prefix of its modalities: \"toy\" gives \"toy.position\", \"toy.velocity\"");
  f.add("body", &E::body, must, "body whose place (m) and velocity (m/s) in the world it is");
  f.add("rotation", &E::rotation, flag, "also \"toy.orientation\" (quaternion) and \"toy.rotation\" (rad/s)");
  return f.include(channel(prefix), &E::channel);
}

Fields<WordOptions> word(const std::string& prefix) {
  using W = WordOptions;
  Fields<W> f(prefix);
  f.add("name", &W::name, text, "name of the modality; set_word says a word of it");
  f.add("count", &W::count, {1, 100000, "words"}, "size of the vocabulary");
  f.add("one_hot", &W::one_hot, flag, "one number a word, of which one is 1; else the word's number, -1 in silence");
  return f.include(channel(prefix), &W::channel);
}

Fields<MotorOptions> motor(const std::string& prefix) {
  using M = MotorOptions;
  Fields<M> f(prefix);
  f.add("actuators", &M::actuators, names, "actuators, \"*\" for any letters; [] is all; later entries win");
  return f.include(channel(prefix), &M::channel);
}

Fields<MujocoOptions> world() {
  Fields<MujocoOptions> f("world");
  f.add("control_period", &MujocoOptions::control_period, {0.001, 10, "s"}, "time between two decisions");
  f.add("reset_std", &MujocoOptions::reset_std, {0, 10, "m, rad, m/s, rad/s"},
        "standard deviation of every state at a start");
  return f;
}

Fields<BodyOptions> body() {
  using B = BodyOptions;
  Fields<B> f("body");
  f.add("keyframe", &B::keyframe, text, "pose of the MJCF that an episode starts around; \"\": its rest pose");
  f.add("age_days", &B::age_days, {0, oldest, "days"},
        "age at the start: acuity, and what opens and closes with age (a shipped infant's own if not set)");
  f.add("other_sensors", &B::other_sensors, flag, "each named sensor that no entry takes is a modality of its own");
  return f;
}

// Calls with every list of tables: its name, its member of BodyOptions, its fields and what it is.
template <typename Visit>
void for_each_list(Visit&& visit) {
  using B = BodyOptions;
  visit("body.proprioception", &B::proprioception, proprioception("body.proprioception"), "joints that are felt");
  visit("body.sensor", &B::sensors, sensor("body.sensor"), "sensors of the MJCF under one name");
  visit("body.skin", &B::skin, skin("body.skin"), "touch on the surface of geoms");
  visit("body.vestibular", &B::vestibular, vestibular("body.vestibular"),
        "an inner ear: acceleration with gravity, and rotation");
  visit("body.retina", &B::retina, retina("body.retina"), "an eye of rays");
  visit("body.effect", &B::effects, effect("body.effect"), "an object's state, as an outcome to be predicted");
  visit("body.word", &B::words, word("body.word"), "a word that somebody says");
  visit("body.motor", &B::motors, motor("body.motor"), "what the way of a command does to it");
}

// The name of the entry, or of its list when it has none.
template <typename Entry>
std::string who(const Entry& entry, const std::string& list) {
  if constexpr (requires { entry.name; }) {
    if (!entry.name.empty()) return entry.name;
  }
  return list;
}

template <typename Entry>
void check_entry(const Fields<Entry>& fields, const Entry& entry, const std::string& who) {
  const std::string& origin = entry.channel.origin;
  const auto refuse = [&](const std::string& name, const std::string& what) {
    const std::string key = who + "." + name;
    throw base::OptionError(key, senses::written(key, origin) + " " + what);
  };
  for (const auto& f : fields.fields()) {
    const config::Value value = f.get(entry);
    const std::string what = config::complaint(f.option, value);
    if (!what.empty())
      refuse(f.option.key.substr(f.option.key.rfind('.') + 1),
             "= " + config::to_text(value) + " " + what + "; legal: " + config::legal_values(f.option));
  }
  if (!(entry.channel.until_days > entry.channel.from_days)) refuse("until_days", "must be after from_days");
}

}  // namespace

config::OptionTable body_table() {
  const BodyOptions standard;
  config::OptionTable table = body().table();
  for_each_list([&](const std::string& key, auto member, const auto& fields, const std::string& doc) {
    config::Option list{key, static_cast<long>((standard.*member).size()), 0.0, 0.0, {}, "", doc};
    list.fields = fields.table();
    table.push_back(std::move(list));
  });
  const config::OptionTable rest = world().table();
  table.insert(table.end(), rest.begin(), rest.end());
  return table;
}

BodyOptions body_options(const config::Options& options) {
  BodyOptions o = body().read(options);
  o.origin = options.where("body.keyframe");
  o.world = world().read(options);
  for_each_list([&](const std::string& key, auto member, const auto& fields, const std::string&) {
    (o.*member).clear();
    for (const config::Options& entry : options.entries(key)) {
      entry.check_required();
      (o.*member).push_back(fields.read(entry));
      (o.*member).back().channel.origin = entry.where();
    }
  });
  return o;
}

void check_body(const BodyOptions& options) {
  for_each_list([&](const std::string& key, auto member, const auto& fields, const std::string&) {
    for (const auto& entry : options.*member) check_entry(fields, entry, who(entry, key.substr(key.find('.') + 1)));
  });
}

bool is_bare(const config::Options& options) {
  const config::Options bare(body_table());
  const config::OptionTable& table = bare.table();
  return std::all_of(table.begin(), table.end(), [&](const config::Option& o) {
    return !o.key.starts_with("body.") || options.line(o.key) == bare.line(o.key);
  });
}

}  // namespace infans::envs
