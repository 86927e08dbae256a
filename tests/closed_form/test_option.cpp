#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "core/base/error.hpp"
#include "core/config/option.hpp"
#include "experiments/run/design.hpp"
#include "experiments/run/options.hpp"
#include "experiments/run/study_fields.hpp"

using namespace infans;
using config::Value;

namespace {

config::Options small() {
  return config::Options({{"a.count", Value(3L), 1, 10, {}, "things", "a count"},
                          {"a.size", Value(0.5), 0, 1, {}, "m", "a size"},
                          {"b.kind", Value(std::string("red")), 0, 0, {"red", "blue"}, "", "a word"},
                          {"b.on", Value(true), 0, 0, {}, "", "a switch"}});
}

}  // namespace

TEST_CASE("text becomes the option's type, at the edges of its range too") {
  config::Options o = small();
  o.set_text("a.count", "10", "test");
  o.set_text("a.size", "1", "test");
  o.set_text("b.kind", "blue", "test");
  o.set_text("b.on", "false", "test");
  CHECK(o.integer("a.count") == 10);
  CHECK(o.number("a.size") == 1.0);
  CHECK(o.text("b.kind") == "blue");
  CHECK_FALSE(o.flag("b.on"));
  CHECK(o.toml() == "[a]\ncount = 10\nsize = 1.0\n\n[b]\nkind = \"blue\"\non = false\n");
}

TEST_CASE("mistakes are typed, keep the key and leave the value") {
  config::Options o = small();
  for (const char* text : {"0", "11", "2.5", "many", "", "1e400"})
    CHECK_THROWS_AS(o.set_text("a.count", text, "test"), base::OptionError);
  for (const char* text : {"nan", "-0.1", "inf"})
    CHECK_THROWS_AS(o.set_text("a.size", text, "test"), base::OptionError);
  CHECK_THROWS_AS(o.set_text("b.kind", "green", "test"), base::OptionError);
  CHECK_THROWS_AS(o.set_text("b.on", "yes", "test"), base::OptionError);
  CHECK(o.integer("a.count") == 3);
  try {
    o.set("a.cuont", Value(1L), "file:7");
    FAIL("an unknown key was taken");
  } catch (const base::OptionError& e) {
    CHECK(e.key == "a.cuont");
    CHECK(std::string(e.what()).find("file:7") != std::string::npos);
    CHECK(std::string(e.what()).find("'a.count'") != std::string::npos);
  }
}

TEST_CASE("lists of numbers, of texts and of tables are checked item by item and written as TOML") {
  config::Option entry{"a.part", Value(1L), 0, 0, {}, "", "parts"};
  entry.fields = {{"a.part.names", Value(config::Texts{}), 0, 0, {}, "", "names", 0, true},
                  {"a.part.size", Value(0.5), 0, 1, {}, "m", "a size"}};
  config::Options o({{"a.rgb", Value(config::Numbers{0, 0, 0}), 0, 1, {}, "", "colour", 3},
                     {"a.kinds", Value(config::Texts{}), 0, 0, {"red", "blue"}, "", "kinds"},
                     entry});
  CHECK(o.toml() == "[a]\nrgb = [0.0, 0.0, 0.0]\nkinds = []\npart = [{names = [], size = 0.5}]\n");
  o.set("a.rgb", config::Numbers{0, 0.5, 1}, "test");
  for (const config::Numbers& bad : {config::Numbers{0, 1}, config::Numbers{0, 0, 2}, config::Numbers{}})
    CHECK_THROWS_AS(o.set("a.rgb", bad, "test"), base::OptionError);
  CHECK_THROWS_AS(o.set("a.rgb", config::Texts{"x"}, "test"), base::OptionError);
  o.set("a.kinds", config::Texts{"blue"}, "test");
  CHECK_THROWS_AS(o.set("a.kinds", config::Texts{"blue", "green"}, "test"), base::OptionError);
  CHECK_THROWS_AS(o.check_required(), base::OptionError);  // the entry that stands there by default
  o.add("a.part", "file:3").set("a.part.names", config::Texts{"x", "y"}, "file:4");
  o.add("a.part", "file:7").set("a.part.size", Value(1L), "file:8");
  REQUIRE(o.entries("a.part").size() == 2);
  CHECK(o.entries("a.part")[0].where() == "file:3");
  CHECK(o.entries("a.part")[0].where("a.part.names") == "file:4");
  CHECK(o.entries("a.part")[1].number("a.part.size") == 1.0);
  CHECK(o.toml() ==
        "[a]\nrgb = [0.0, 0.5, 1.0]\nkinds = [\"blue\"]\npart = [{names = [\"x\", \"y\"], size = 0.5}, "
        "{names = [], size = 1.0}]\n");
  try {
    o.check_required();
    FAIL("an entry without names was taken");
  } catch (const base::OptionError& e) {
    CHECK(e.key == "a.part.names");
    CHECK(std::string(e.what()).find("file:7: ") == 0);
  }
  CHECK_THROWS_AS(o.add("a.kinds", "test"), base::OptionError);
  CHECK_THROWS_AS(o.set("a.part", Value(1L), "test"), base::OptionError);
  o.set("a.part", config::Texts{}, "test");
  CHECK(o.entries("a.part").empty());
}

TEST_CASE("ranges without an end are said in words") {
  const auto range = [](double low, double high) {
    return config::legal_values({"a.b", 0.0, low, high, {}, "s", "doc"});
  };
  CHECK(range(0.5, 2.0) == "0.5 .. 2 s");
  CHECK(range(0.0, 1e300) == "at least 0 s");
  CHECK(range(-1e300, 1e300) == "any number s");
}

namespace {

void check_table(const config::OptionTable& table) {
  std::set<std::string> keys;
  const auto check = [&](const config::Option& o) {
    CAPTURE(o.key);
    CHECK(keys.insert(o.key).second);
    CHECK(o.doc.size() >= 10);
    if (!o.fields.empty()) return;
    config::Options options({o});
    options.set(o.key, o.standard, "test");
  };
  for (const config::Option& o : table) {
    check(o);
    for (const config::Option& field : o.fields) check(field);
  }
}

}  // namespace

TEST_CASE("every option of a life and of a protocol is documented, unique, and its default is legal") {
  check_table(experiments::life_options());
  for (const experiments::Protocol& p : experiments::shipped_protocols()) {
    config::OptionTable all = experiments::study_options();
    all.insert(all.end(), p.options.begin(), p.options.end());
    check_table(all);
  }
}

TEST_CASE("what a protocol declares is documented and unique") {
  const auto check = [](const std::vector<experiments::Variable>& variables) {
    std::set<std::string> names;
    for (const auto& v : variables) {
      CAPTURE(v.name);
      CHECK(names.insert(v.name).second);
      CHECK_FALSE(v.doc.empty());
    }
  };
  for (const experiments::Protocol& p : experiments::shipped_protocols()) {
    CAPTURE(p.name);
    CHECK_FALSE(p.summary.empty());
    check(p.variables);
    check(p.criteria);
    for (const auto& kind : p.probes) {
      CHECK_FALSE(kind.doc.empty());
      CHECK_FALSE(kind.measures.empty());
      check(kind.measures);
    }
  }
}

TEST_CASE("shipped studies of a protocol make a design of their name") {
  for (const auto& study : experiments::shipped_studies()) {
    if (experiments::protocol_of(study.name).empty()) continue;
    CAPTURE(study.name);
    const auto design = experiments::make_design(experiments::read_study_file(study.name, {}, {}));
    CHECK(design->study.options.text("study.name") == study.name);
    CHECK_FALSE(study.summary.empty());
    CHECK(design->participants > 0);
  }
}

TEST_CASE("shipped studies load, and their resolved text loads to the same") {
  for (const auto& study : experiments::shipped_studies()) {
    if (!experiments::protocol_of(study.name).empty()) continue;
    CHECK_FALSE(study.summary.empty());
    config::Options options = experiments::load_study(study.name);
    CHECK(options.text("study.name") == study.name);
    options.set("study.summary", Value(std::string("two\nlines, a \"quote\" and a \\")), "test");
    const std::string path = (std::filesystem::temp_directory_path() / "infans_resolved.toml").string();
    std::ofstream(path) << options.toml();
    CHECK(experiments::load_study(path).toml() == options.toml());
    CHECK(experiments::load_study(path).text("study.summary") == options.text("study.summary"));
    std::filesystem::remove(path);
  }
}
