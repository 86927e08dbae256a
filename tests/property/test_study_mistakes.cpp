// Mistakes in a study's file: each is one message with the file, the key and what to do, before anything runs.
#include <doctest/doctest.h>

#include <filesystem>

#include "core/base/error.hpp"
#include "tests/coin_protocol.hpp"

using namespace infans;

namespace {

struct Mistake {
  const char* what;
  std::string rest;                 // of the file, after [study]
  const char *key, *says, *remedy;  // parts of the message
};

const std::string stage = "[[stage]]\nname = \"s\"\nsamples = 10\n";
const std::string probe = "[[probe]]\nname = \"p\"\nkind = \"guess\"\nages = [\"2 days\"]\n";
const std::string groups = "[[group]]\nname = \"a\"\n[[group]]\nname = \"b\"\n";

const Mistake mistakes[] = {
    {"unknown kind of probe", stage + "[[probe]]\nname = \"p\"\nkind = \"gues\"\nages = [\"1 day\"]\n", "probe.kind",
     "gues", "'guess'"},
    {"stage that never ends", "[[stage]]\nname = \"s\"\n", "stage.samples", "never ends", "seconds or until"},
    {"criterion that may never be met", "[[stage]]\nname = \"s\"\ncriterion = \"five_heads\"\n", "stage.samples",
     "never ends if", "samples"},
    {"ages going back", stage + "[[probe]]\nname = \"p\"\nkind = \"guess\"\nages = [\"4 days\", \"2 days\"]\n",
     "probe.ages", "go back", "from young to old"},
    {"stage that ends before it begins", stage + "[[stage]]\nname = \"t\"\nuntil = \"5 days\"\n", "stage.until",
     "5 days", "cannot go back"},
    {"group overriding a missing option", stage + "[[group]]\nname = \"a\"\ncoin.bais = 1.0\n", "coin.bais", "unknown",
     "coin.bias"},
    {"yoked to itself", stage + "[[group]]\nname = \"a\"\nyoked_to = \"a\"\n", "group.yoked_to", "itself",
     "name the group"},
    {"yoked to nobody", stage + "[[group]]\nname = \"a\"\nyoked_to = \"aa\"\n", "group.yoked_to", "aa", "'a'"},
    {"yoked to a yoked group", stage + groups + "yoked_to = \"a\"\n[[group]]\nname = \"c\"\nyoked_to = \"b\"\n",
     "group.yoked_to", "yoked itself", "own life"},
    {"more yoked than partners", stage + groups + "yoked_to = \"a\"\nparticipants = 30\n", "group.participants", "30",
     "as many"},
    {"two groups of a name", stage + groups + "[[group]]\nname = \"a\"\n", "group.name", "twice", "another name"},
    {"value out of range", stage + "[coin]\nbias = 1.5\n", "coin.bias", "1.5", "0 .. 1"},
    {"unknown table", stage + "[coins]\nbias = 0.5\n", "coins.bias", "unknown", "coin.bias"},
    {"unknown field of a stage", "[[stage]]\nname = \"s\"\nsample = 10\n", "stage.sample", "unknown", "stage.samples"},
    {"age that is no age", stage + "[time]\nstart = \"six weeks\"\n", "time.start", "six weeks", "\"6 weeks\""},
    {"probe before life begins", stage + "[time]\nstart = \"3 days\"\n" + probe, "probe.ages", "before life begins",
     "time.start"},
    {"probe after the last stage", stage + "[[probe]]\nname = \"p\"\nkind = \"guess\"\nages = [\"3 weeks\"]\n",
     "probe.ages", "after the longest life", "lengthen"},
    {"probe that never comes", stage + "[[probe]]\nname = \"p\"\nkind = \"guess\"\n", "probe.ages", "never asked",
     "every"},
    {"stage changing what holds for life", "[[stage]]\nname = \"s\"\nsamples = 1\ncoin.metal = \"tin\"\n", "coin.metal",
     "cannot change", "[[group]]"},
    {"group changing what holds for the study", stage + "[[group]]\nname = \"a\"\npopulation.seed = 3\n",
     "population.seed", "cannot change", "[population]"},
    {"factor with one level", stage + "[[factor]]\nname = \"f\"\n[[factor.level]]\nname = \"l\"\n", "factor.level",
     "1 levels", "at least two"},
    {"within-subject factor that no stage has",
     stage +
         "[[factor]]\nname = \"f\"\nwithin = true\n[[factor.level]]\nname = \"l\"\n[[factor.level]]\nname = \"m\"\n",
     "factor.within", "in no stage", "within = \"f\""},
    {"nobody lives anything", groups, "stage", "nobody lives", "[[stage]]"},
    {"group without a stage", groups + "[[stage]]\nname = \"s\"\nsamples = 1\ngroups = [\"a\"]\n", "stage",
     "lives no stage", "stage.groups"},
    {"exclusion by an unknown measure",
     stage + probe + "[[exclude]]\nname = \"x\"\nprobe = \"p\"\nmeasure = \"eror\"\nabove = 1\n", "exclude.measure",
     "eror", "'error'"},
    {"exclusion without a bound", stage + "[[exclude]]\nname = \"x\"\nseries = \"head\"\n", "exclude.below", "no bound",
     "below or above"},
    {"analysis of an unknown series", stage + "[[analysis]]\nname = \"x\"\nkind = \"ratio\"\nseries = \"heads\"\n",
     "analysis.series", "heads", "'head'"},
    {"analysis of an unknown kind", stage + "[[analysis]]\nname = \"x\"\nkind = \"anova\"\n", "analysis.kind", "anova",
     "compare"},
    {"part without a name", "[[stage]]\nsamples = 1\n", "stage.name", "no name", "called"},
    {"a table where a list stands", "[stage]\nname = \"s\"\nsamples = 1\n", "stage", "list of tables", "[[stage]]"},
    {"stage that ends at birth", "[[stage]]\nname = \"s\"\nuntil = \"0 days\"\n", "stage.until", "0 days",
     "cannot go back"},
    {"exclusion that changes an option",
     stage + "[[exclude]]\nname = \"x\"\nseries = \"head\"\nabove = 1\nmind.learn = false\n", "mind.learn",
     "changes nothing", "[[group]]"},
    {"factor that changes an option itself",
     stage + "[[factor]]\nname = \"f\"\nmind.learn = false\n[[factor.level]]\nname = \"l\"\n[[factor.level]]\nname = "
             "\"m\"\n",
     "mind.learn", "changes nothing", "[[factor.level]]"},
    {"list of an unknown kind", stage + "[[groups]]\nname = \"a\"\n", "groups", "no [[groups]]", "[[group]]"},
    {"probe with a path for a name", stage + "[[probe]]\nname = \"a/b\"\nkind = \"guess\"\nages = [\"1 day\"]\n",
     "probe.name", "a/b", "letters"},
    {"probe called life", stage + "[[probe]]\nname = \"life\"\nkind = \"guess\"\nages = [\"1 day\"]\n", "probe.name",
     "life", "table of its own"},
    {"name of two lines", "[[stage]]\nname = \"a\\nb\"\nsamples = 1\n", "stage.name", "no name", "letters"},
    {"probe of a stage that its groups do not live",
     groups + "[[stage]]\nname = \"s\"\nsamples = 5\n[[stage]]\nname = \"t\"\nsamples = 5\ngroups = [\"a\"]\n" + probe +
         "groups = [\"b\"]\nstages = [\"t\"]\n",
     "probe.stages", "never asked", "none of its stages"},
    {"yoked in other stages",
     "[[group]]\nname = \"a\"\n[[group]]\nname = \"b\"\nyoked_to = \"a\"\n[[stage]]\nname = \"s\"\nsamples = 5\n"
     "[[stage]]\nname = \"t\"\nsamples = 5\ngroups = [\"a\"]\n",
     "group.yoked_to", "other stages", "stage.groups"},
    {"regression without predictors", stage + "[[analysis]]\nname = \"x\"\nkind = \"regression\"\noutcome = \"head\"\n",
     "analysis.predictors", "no predictors", "variables of life"},
    {"stage that overrides its own condition",
     "[[factor]]\nname = \"f\"\nwithin = true\n[[factor.level]]\nname = \"l\"\ncoin.bias = 0.1\n[[factor.level]]\nname "
     "= "
     "\"m\"\n[[stage]]\nname = \"s\"\nsamples = 1\nwithin = \"f\"\ncoin.bias = 0.9\n",
     "coin.bias", "within-subject", "take it out"},
    {"options that do not fit together in a later stage",
     "[coin]\nmetal = \"tin\"\n" + stage + "[[stage]]\nname = \"t\"\nsamples = 1\ncoin.bias = 0.25\n", "coin.bias",
     "0.25", "take gold"},
    {"an age beyond any life", stage + "[time]\nstart = \"1e9 years\"\n", "time.start", "1e9 years", "\"6 weeks\""},
    {"text for a number", "[[stage]]\nname = \"s\"\nsamples = \"many\"\n", "stage.samples", "many", "number"},
};

std::string message_of(const std::string& file, const std::string& out) {
  experiments::RunRequest request;
  request.spec = file;
  request.out = out;
  request.quiet = true;
  request.protocol = tests::coin_protocol();
  try {
    experiments::run_study(request);
  } catch (const base::UserError& e) {
    return e.what();
  }
  return "nothing was wrong";
}

}  // namespace

TEST_CASE("a mistake in a study is one message with file, key and remedy before anything runs") {
  for (const Mistake& m : mistakes) {
    CAPTURE(m.what);
    const tests::TemporaryFolder folder;
    const std::string file = folder.write("study.toml", tests::coin_study(m.rest)), out = folder.file("out");
    const std::string message = message_of(file, out);
    CAPTURE(message);
    CHECK(message.find(file) != std::string::npos);
    CHECK(message.find(m.key) != std::string::npos);
    CHECK(message.find(m.says) != std::string::npos);
    CHECK(message.find(m.remedy) != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
    CHECK(!std::filesystem::exists(out));
  }
}

TEST_CASE("an unknown protocol and a number that nobody has") {
  const tests::TemporaryFolder folder;
  const std::string file = folder.write("study.toml", "[study]\nprotocol = \"coyn\"\n");
  const std::string message = message_of(file, folder.file("out"));
  CHECK(message.find(file + ":2") != std::string::npos);
  CHECK(message.find("did you mean 'coin'?") != std::string::npos);
  experiments::RunRequest request;
  request.spec = folder.write("good.toml", tests::coin_study(stage));
  request.participants = {21};
  request.protocol = tests::coin_protocol();
  CHECK_THROWS_AS(experiments::run_study(request), base::OptionError);
  request.participants = {};
  request.settings = {{"study.protocol", "habit"}};
  CHECK_THROWS_AS(experiments::run_study(request), base::OptionError);
  request.settings = {};
  request.spec = "cartpole_swingup";  // a life without a protocol
  CHECK_THROWS_AS(experiments::run_study(request), base::OptionError);
}
