#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "envs/bodies/bodies.hpp"
#include "envs/mujoco/body_table.hpp"
#include "envs/worlds/worlds.hpp"
#include "experiments/run/life_body.hpp"
#include "experiments/run/life_file.hpp"
#include "experiments/run/options.hpp"
#include "tests/lives.hpp"

namespace {

using namespace infans;
using namespace infans::envs;
using namespace infans::tests;

config::Options options_of(const std::string& toml) {
  config::Options options(experiments::life_options());
  experiments::read_life_file(toml, "life.toml", options);
  return options;
}

BodyOptions table_of(const std::string& toml) { return body_options(options_of(toml)); }

void check_channel(const ChannelOptions& c, double k, const std::string& origin) {
  CHECK(c.gain == k + 1);
  CHECK(c.noise == k + 2);
  CHECK(c.signal_noise == k + 3);
  CHECK(c.delay == int(k) + 4);
  CHECK(c.period == int(k) + 5);
  CHECK(c.from_days == k + 6);
  CHECK(c.until_days == k + 7);
  CHECK(c.origin == origin);
}

// A line of all channel fields, as check_channel wants them.
std::string channel(int k) {
  const auto n = [k](int i) { return std::to_string(k + i); };
  return "gain=" + n(1) + "\nnoise=" + n(2) + "\nsignal_noise=" + n(3) + "\ndelay=" + n(4) + "\nperiod=" + n(5) +
         "\nfrom_days=" + n(6) + "\nuntil_days=" + n(7) + "\n";
}

// A body with an element of every kind, one a line.
const std::string creature =
    "<mujoco><option timestep='0.01'/><worldbody>\n"
    "<body name='torso'>\n"
    "<joint name='slide' type='slide' axis='1 0 0'/>\n"
    "<geom name='torso' size='.1'/>\n"
    "<site name='head'/><camera name='eye'/>\n"
    "<body name='arm'>\n"
    "<joint name='hinge' axis='0 1 0'/>\n"
    "<geom name='arm_left' type='capsule' size='.02' fromto='0 0 0 0 0 .5'/>\n"
    "<geom name='plate' type='mesh' mesh='tetra'/>\n"
    "</body></body></worldbody>\n"
    "<asset><mesh name='tetra' vertex='0 0 0 .1 0 0 0 .1 0 0 0 .1'/></asset>\n"
    "<actuator><motor name='push' joint='slide' ctrlrange='-1 1' ctrllimited='true'/></actuator>\n"
    "<sensor><gyro name='turn' site='head'/></sensor>\n"
    "<keyframe><key name='up' qpos='0 0.5'/></keyframe></mujoco>\n";

// A folder that is removed at the end, with the creature in it.
struct Folder {
  Folder() : path(std::filesystem::temp_directory_path() / "infans_body_table") {
    std::filesystem::create_directories(path);
    std::ofstream(path / "creature.xml") << creature;
    std::ofstream(path / "broken.xml") << "<mujoco><worldbody>\n<bdy/>\n</worldbody></mujoco>";
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string mjcf(const char* name = "creature.xml") const {
    return "[body]\nmjcf = '" + (path / name).string() + "'\n";
  }
  std::filesystem::path path;
};

std::string mistake(const std::string& toml) {
  try {
    experiments::read_body(options_of(toml));
  } catch (const base::UserError& e) {
    return e.what();
  }
  return "no mistake was found";
}

}  // namespace

TEST_CASE("every field of a [body] table arrives in the options of the body") {
  const BodyOptions o = table_of(
      "[body]\nkeyframe='up'\nage_days=12.5\nother_sensors=false\n[world]\ncontrol_period=0.04\nreset_std=0.2\n"
      "[[body.proprioception]]\nname='p'\njoints=['a*']\nposition=false\nvelocity=false\nforce=true\nlimits=true\n"
      "limit_width=0.25\n" +
      channel(10) +                                                                                   // line 7
      "[[body.sensor]]\nname='s'\nsensors=['b','c']\n" + channel(20) +                                // 22
      "[[body.skin]]\nname='k'\ngeoms=['d']\ndensity=5\nspread=0.5\ntouch='split'\n" + channel(30) +  // 32
      "[[body.vestibular]]\nname='v'\nhead='e'\n" + channel(40) +                                     // 45
      "[[body.retina]]\nname='r'\neye='f'\nlayout='square'\nfield=30\nrays=64\nacuity=2\nblur_by_age=false\nrange=3\n"
      "depth=false\nidentity=true\ncolour=true\nbackground=[0.1,0.2,0.3]\ngroups=[0,4]\n" +
      channel(50) +                                                           // 55
      "[[body.effect]]\nname='t'\nbody='g'\nrotation=true\n" + channel(60) +  // 76
      "[[body.word]]\nname='w'\ncount=7\none_hot=false\n" + channel(70) +     // 87
      "[[body.motor]]\nactuators=['h']\n" + channel(80));                     // 98
  CHECK(o.keyframe == "up");
  CHECK(o.origin == "life.toml:2");
  CHECK(o.age_days == 12.5);
  CHECK_FALSE(o.other_sensors);
  CHECK(o.world.control_period == 0.04);
  CHECK(o.world.reset_std == 0.2);

  REQUIRE(o.proprioception.size() == 1);
  const ProprioceptionOptions& p = o.proprioception[0];
  CHECK(p.name == "p");
  CHECK(p.joints == std::vector<std::string>{"a*"});
  CHECK_FALSE(p.position);
  CHECK_FALSE(p.velocity);
  CHECK(p.force);
  CHECK(p.limits);
  CHECK(p.limit_width == 0.25);
  check_channel(p.channel, 10, "life.toml:8");

  REQUIRE(o.sensors.size() == 1);
  CHECK(o.sensors[0].name == "s");
  CHECK(o.sensors[0].sensors == std::vector<std::string>{"b", "c"});
  check_channel(o.sensors[0].channel, 20, "life.toml:23");

  REQUIRE(o.skin.size() == 1);
  CHECK(o.skin[0].name == "k");
  CHECK(o.skin[0].geoms == std::vector<std::string>{"d"});
  CHECK(o.skin[0].density == 5.0);
  CHECK(o.skin[0].spread == 0.5);
  CHECK(o.skin[0].touch == Touch::split);
  check_channel(o.skin[0].channel, 30, "life.toml:33");

  REQUIRE(o.vestibular.size() == 1);
  CHECK(o.vestibular[0].name == "v");
  CHECK(o.vestibular[0].head == "e");
  check_channel(o.vestibular[0].channel, 40, "life.toml:46");

  REQUIRE(o.retina.size() == 1);
  const RetinaOptions& r = o.retina[0];
  CHECK(r.name == "r");
  CHECK(r.eye == "f");
  CHECK(r.layout == Layout::square);
  CHECK(r.field == 30.0);
  CHECK(r.rays == 64);
  CHECK(r.acuity == 2.0);
  CHECK_FALSE(r.blur_by_age);
  CHECK(r.range == 3.0);
  CHECK_FALSE(r.depth);
  CHECK(r.identity);
  CHECK(r.colour);
  CHECK(r.background == std::array{0.1, 0.2, 0.3});
  CHECK(r.groups == std::array{true, false, false, false, true, false});
  check_channel(r.channel, 50, "life.toml:56");

  REQUIRE(o.effects.size() == 1);
  CHECK(o.effects[0].name == "t");
  CHECK(o.effects[0].body == "g");
  CHECK(o.effects[0].rotation);
  check_channel(o.effects[0].channel, 60, "life.toml:77");

  REQUIRE(o.words.size() == 1);
  CHECK(o.words[0].name == "w");
  CHECK(o.words[0].count == 7);
  CHECK_FALSE(o.words[0].one_hot);
  check_channel(o.words[0].channel, 70, "life.toml:88");

  REQUIRE(o.motors.size() == 1);
  CHECK(o.motors[0].actuators == std::vector<std::string>{"h"});
  check_channel(o.motors[0].channel, 80, "life.toml:99");
}

TEST_CASE("a table that says nothing is the default body, [] empties a list, one table is a list of one") {
  const BodyOptions o = table_of("[body]\nmjcf='cartpole'\n"), standard;
  CHECK(is_bare(options_of("[body]\nmjcf='arm'\nage_days=0\n[world]\nreset_std=1\n")));
  REQUIRE(o.proprioception.size() == 1);
  CHECK(o.proprioception[0].position);
  CHECK(o.proprioception[0].velocity);
  CHECK_FALSE(o.proprioception[0].force);
  CHECK(o.proprioception[0].channel.until_days == std::numeric_limits<double>::infinity());
  CHECK(o.sensors.size() + o.skin.size() + o.vestibular.size() + o.retina.size() + o.effects.size() + o.words.size() +
            o.motors.size() ==
        0);
  CHECK(o.world.control_period == standard.world.control_period);
  CHECK(table_of("[body]\nproprioception=[]\n").proprioception.empty());
  CHECK_FALSE(is_bare(options_of("[body]\nproprioception=[]\n")));
  CHECK(table_of("[body.skin]\n").skin.size() == 1);
  CHECK(table_of("[[body.skin]]\nname='a'\n[[body.skin]]\nname='b'\n").skin[1].name == "b");
  // What a list of tables says on the command line takes the place of what the file says.
  config::Options set = options_of("[[body.skin]]\nname='a'\n[[body.skin]]\n");
  experiments::set_option(set, "body.skin", "[{name = 'c', geoms = ['*x*']}]", "--set body.skin");
  CHECK(body_options(set).skin.size() == 1);
  CHECK(body_options(set).skin[0].geoms == std::vector<std::string>{"*x*"});
  CHECK_THROWS_AS(experiments::set_option(set, "body.skin", "[{name = }]", "--set"), base::OptionError);
  CHECK_THROWS_AS(experiments::set_option(set, "body.skin", "[{nam = 'c'}]", "--set"), base::OptionError);
  CHECK_THROWS_AS(experiments::set_option(set, "body.skin", "3", "--set"), base::OptionError);
  // The resolved text is the same table.
  const config::Options full = options_of("[[body.retina]]\neye='e'\ngroups=[1]\n[[body.motor]]\ndelay=2\n");
  CHECK(options_of(full.toml()).toml() == full.toml());
}

TEST_CASE("each mistake is one message with its place, what is wrong and what is right") {
  const Folder folder;
  const std::string body = folder.mjcf();  // two lines
  struct Planted {
    std::string toml;
    std::vector<std::string> said;
  };
  const std::vector<Planted> planted = {
      // The table.
      {"[body]\nkeyfrme='up'\n", {"life.toml:2: unknown option 'body.keyfrme'", "'body.keyframe'"}},
      {"[[body.skni]]\n", {"life.toml:1: unknown option 'body.skni'", "'body.skin'"}},
      {"[[body.skin]]\ndensty=1\n", {"life.toml:2: unknown option 'body.skin.densty'", "'body.skin.density'"}},
      {"[[body.skin]]\n\n[[body.skin]]\ndensity='high'\n",
       {"life.toml:4: body.skin.density", "is not a number", "0.001 .. 100000000 taxels/m2"}},
      {"[[body.skin]]\ndensity=0\n",
       {"life.toml:2: body.skin.density = 0", "out of range", "0.001 .. 100000000 taxels/m2"}},
      {"[[body.skin]]\ntouch='presure'\n",
       {"life.toml:2: body.skin.touch", "did you mean 'pressure'", "pressure, force, split"}},
      {"[[body.skin]]\ngeoms='arm'\n", {"life.toml:2: body.skin.geoms", "a list of texts"}},
      {"[[body.skin]]\ngeoms=['arm', 3]\n", {"life.toml:2: body.skin.geoms must be", "a list of texts or of numbers"}},
      {"[body]\nskin=true\n", {"life.toml:2: body.skin = true is not a list of tables"}},
      {"[body]\nskin=[1]\n", {"life.toml:2: body.skin must be a list of tables", "[[body.skin]]"}},
      {"[[body.mjcf]]\n", {"life.toml:1: body.mjcf is no table", "a text"}},
      {"[[body.retina]]\nrays=25.5\n", {"life.toml:2: body.retina.rays = 25.5 is not a whole number", "1 .. 100000"}},
      {"[[body.retina]]\neye='eye'\nbackground=[0,1]\n",
       {"life.toml:3: body.retina.background", "has 2 numbers", "3 numbers, each 0 .. 1"}},
      {"[[body.retina]]\nrays=25\n", {"life.toml:1: body.retina.eye is not set", "camera, site or body"}},
      {"[[body.motor]]\ndelay=-1\n", {"life.toml:2: body.motor.delay = -1", "0 .. 100000 control steps"}},
      {body + "[[body.word]]\nfrom_days=5\nuntil_days=4\n", {"word.until_days (life.toml:3) must be after from_days"}},
      {body + "[[body.skin]]\n[[body.word]]\nname='skin'\n",
       {"two modalities of the name skin (life.toml:4)", "rename one"}},
      // The body.
      {"[body]\nmjcf='cartpol'\n", {"cartpol: no such file", "nearest: cartpole", "body.mjcf stands in life.toml:2"}},
      {folder.mjcf("broken.xml"), {"broken.xml: ", "bdy", "line 2", "life.toml:2"}},
      {"[body]\nmjcf='infant?aeg=6'\n", {"no option aeg", "age, sex", "life.toml:2"}},
      {body + "[world]\ncontrol_period=0.015\n",
       {"not a whole multiple of the timestep 0.01 s", "use 0.02 s", "life.toml:2"}},
      {body + "keyframe='op'\n",
       {"creature.xml: keyframe (life.toml:3) names the key \"op\"", "nearest: \"up\" in line 14"}},
      {body + "[[body.proprioception]]\njoints=['h*', 'hing']\n",
       {"creature.xml: proprioception (life.toml:3) names the joint \"hing\"", "nearest: \"hinge\" in line 7"}},
      {body + "[[body.skin]]\ngeoms=['arm*']\n[[body.skin]]\nname='b'\ngeoms=['arm_rigth']\n",
       {"creature.xml: b (life.toml:5) names the geom \"arm_rigth\"", "nearest: \"arm_left\" in line 8"}},
      {body + "[[body.skin]]\ngeoms=['plate']\n",
       {"skin (life.toml:3) cannot cover the geom plate", "it takes spheres, capsules"}},
      {body + "[[body.sensor]]\nname='s'\nsensors=['trun']\n",
       {"s (life.toml:3) names the sensor \"trun\"", "nearest: \"turn\" in line 13"}},
      {body + "[[body.vestibular]]\nhead='hed'\n",
       {"vestibular (life.toml:3) names the site or body \"hed\"", "nearest: \"head\" in line 5"}},
      {body + "[[body.retina]]\neye='aye'\n",
       {"retina (life.toml:3) names the camera, site or body \"aye\"", "nearest: \"eye\" in line 5"}},
      {body + "[[body.effect]]\nname='e'\nbody='torsoo'\n",
       {"e (life.toml:3) names the body \"torsoo\"", "nearest: \"torso\" in line 2"}},
      {body + "[[body.motor]]\nactuators=['pus']\n",
       {"motor (life.toml:3) names the actuator \"pus\"", "nearest: \"push\" in line 12"}},
  };
  CHECK(planted.size() >= 20);
  for (const Planted& p : planted) {
    const std::string message = mistake(p.toml);
    CAPTURE(p.toml);
    CAPTURE(message);
    for (const std::string& part : p.said) CHECK_MESSAGE(contains(message, part), part);
    CHECK_FALSE(contains(message, "\n"));
  }
  // All of them at once, in the order of the file.
  config::Options options(experiments::life_options());
  std::vector<base::OptionError> all;
  experiments::read_life_file("[world]\nreset_std=-1\n[body]\nage_days='x'\nother_sensors=true\n[agent]\npolcy='efe'\n",
                              "life.toml", options, &all);
  REQUIRE(all.size() == 3);
  CHECK(all[0].key == "world.reset_std");
  CHECK(all[1].key == "body.age_days");
  CHECK(all[2].key == "agent.polcy");
}

TEST_CASE("a star in a list of names stands for any letters") {
  const Folder folder;
  const auto taxels = [&](const std::string& list) {
    const auto body = experiments::read_body(options_of(folder.mjcf() + "[[body.skin]]\ngeoms=[" + list + "]\n"));
    return experiments::make_body(body, "creature")->taxels("skin").size();
  };
  const auto arm = taxels("'arm_left'"), torso = taxels("'torso'");
  CHECK(arm != torso);
  for (const char* list : {"'arm*'", "'*left'", "'*m_l*'", "'a*_*t'", "'*arm_left*'", "'**left'"})
    CHECK(taxels(list) == arm);
  CHECK(taxels("'*or*'") == torso);
  CHECK(taxels("'torso', '*left'") == arm + torso);
  CHECK(taxels("'t*o', 'a*'") == arm + torso);
  for (const char* list : {"'left'", "'arm'", "'*righ*'", "'arm_left_*t'", "'a*m'"})
    CHECK_THROWS_AS(taxels(list), base::BodyError);
}

TEST_CASE("an agent of today lives in the joints of a body and says what it cannot use") {
  const Folder folder;
  const auto refused = [](const std::string& toml) {
    try {
      experiments::load_body(options_of(toml));
    } catch (const base::BodyError& e) {
      return std::string(e.what());
    }
    return std::string("taken");
  };
  CHECK(experiments::load_body(options_of("")).bare);
  CHECK(refused("[[body.proprioception]]\nname='felt'\ndelay=1\n[[body.motor]]\ngain=0.5\n") == "taken");
  CHECK(contains(refused("[body.word]\ncount=3\n"), "cannot use word"));
  CHECK(contains(refused("[body.proprioception]\nforce=true\n"), "cannot use actuator_force"));
  CHECK(contains(refused("[body]\nproprioception=[]\n"), "cannot use a body without them"));
  CHECK(contains(refused("[body.proprioception]\njoints=['slide']\n"), "cannot use joint_position, joint_velocity"));
  CHECK(contains(refused("[body]\nmjcf='infant'\n"), "1 free, 38 hinge"));
  CHECK(contains(refused("[body]\nmjcf='pendulum'\n"), "1 hinge"));
  // Its senses are delayed in the world it lives in and not in the one that its model is compared with.
  const auto body = experiments::load_body(options_of("[world]\nreset_std=0.5\n[body.proprioception]\ndelay=1\n"));
  const auto lived = experiments::make_world(body, "lived"), bare = experiments::make_bare_world(body, "bare");
  random::Stream one({1, 0, random::Purpose::reset, 0}), other({1, 0, random::Purpose::reset, 0});
  const auto start = bare->reset(one);
  const std::vector<double> first(start.begin(), start.end());
  lived->reset(other);
  const std::vector<double> command = {0.5};
  const auto now = bare->step(command), late = lived->step(command);
  CHECK(std::equal(late.begin(), late.end(), first.begin()));
  CHECK_FALSE(std::equal(now.begin(), now.end(), first.begin()));
}

TEST_CASE("an infant with every sense, noise and delays: save, 500 steps, restore, 500 steps, the same bits") {
  for (const std::string scene : {"scene=supine&mobile=left", "scene=seated&table=1"}) {
    CAPTURE(scene);
    const std::string toy = scene.find("mobile") != std::string::npos ? "mobile" : "rattle";
    const auto body = experiments::read_body(options_of(
        "[body]\nmjcf='infant?age=6&" + scene +
        "'\nage_days=183\n[world]\ncontrol_period=0.02\nreset_std=0.01\n"
        "[[body.proprioception]]\nforce=true\nlimits=true\nnoise=0.01\ndelay=2\n"
        "[[body.skin]]\nname='hands'\ngeoms=['*hand*']\ndensity=5000\ntouch='split'\nsignal_noise=0.1\n"
        "[[body.skin]]\nname='rest'\ngeoms=['hips', 'head', 'chest', 'thigh_*']\ndelay=1\n"
        "[[body.vestibular]]\nhead='vestibular'\nnoise=0.1\n"
        "[[body.retina]]\nname='left'\neye='eye_left'\nrays=64\ncolour=true\nidentity=true\nperiod=3\ndelay=1\n"
        "[[body.retina]]\nname='right'\neye='eye_right'\nlayout='square'\nrays=36\n"
        "[[body.effect]]\nname='toy'\nbody='" +
        toy +
        "'\nrotation=true\n"
        "[[body.word]]\ncount=4\n"
        "[[body.motor]]\ndelay=3\nsignal_noise=0.1\n[[body.motor]]\nactuators=['*_left']\nnoise=0.05\n"));
    const auto world = experiments::make_body(body, "infant"), other = experiments::make_body(body, "infant");
    random::Stream start({4, 0, random::Purpose::reset, 0});
    world->reset(start);
    steps(*world, 1, 50);
    world->set_word("word", 2);
    world->set_gain("hands", 2.0);
    std::vector<double> state(std::size_t(world->spec().state_size));
    world->save(state);
    const Bits straight = steps(*world, 2, 500);
    world->restore(state);
    CHECK(steps(*world, 2, 500) == straight);
    other->restore(state);
    CHECK(steps(*other, 2, 500) == straight);
    const auto seen = world->step(std::vector<double>(std::size_t(world->spec().action_size)));
    double touched = 0.0;
    for (const Modality& m : world->spec().modalities) {
      if (m.name != "rest") continue;
      for (int i = 0; i < m.size; ++i) touched += seen[std::size_t(m.offset + i)];
    }
    CHECK(touched > 1.0);  // newtons: it lies or sits on something
  }
}

TEST_CASE("every shipped body is a task that feels no world but its own") {
  const TaskTable tasks = all_tasks();
  for (const std::string& name : body_names()) {
    if (name != "infant") CHECK(tasks.info(name + "-v0").time_limit == 1000);
  }
  for (const char* id : {"infant-supine-v0", "infant-seated-v0"}) {
    TaskOptions options;
    options.values = {{"age_months", 12.0}, {"senses", config::Texts{"proprioception", "effect"}}};
    const Task task = tasks.make(id, options);
    const auto& parts = task.world->spec().modalities;
    CHECK(parts.front().name == "joint_position");
    CHECK(parts.front().size == 38);  // its hinges; neither its place in the world nor its toys
    CHECK(parts.back().name == (std::string(id) == "infant-supine-v0" ? "mobile.velocity" : "rattle.velocity"));
    CHECK(task.positions > 38);
    options.values["senses"] = config::Texts{"smell"};
    CHECK_THROWS_AS(tasks.make(id, options), base::OptionError);
  }
}
