#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "core/base/error.hpp"
#include "core/config/option.hpp"
#include "experiments/run/options.hpp"

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

TEST_CASE("every option of a life is documented, unique, and its default is legal") {
  std::set<std::string> keys;
  for (const config::Option& o : experiments::life_options()) {
    CAPTURE(o.key);
    CHECK(keys.insert(o.key).second);
    CHECK(o.doc.size() > 10);
    config::Options options({o});
    options.set(o.key, o.standard, "test");
  }
}

TEST_CASE("shipped studies load, and their resolved text loads to the same") {
  for (const auto& study : experiments::shipped_studies()) {
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
