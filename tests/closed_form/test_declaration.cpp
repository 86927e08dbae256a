// Files hold what is declared, all of it and nothing else; FORMAT.md says what is declared.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

#include "experiments/record/checkpoint.hpp"
#include "experiments/record/declaration.hpp"
#include "tests/crash/known_study.hpp"

using namespace infans;
using namespace infans::test;
using experiments::declared;

namespace {

// "participants/0003/life" is declared as "participants/NNNN/life".
std::string pattern_of(const std::string& path) {
  return std::regex_replace(std::regex_replace(path, std::regex("^agents/\\d{3}"), "agents/NNN"),
                            std::regex("^participants/\\d{4}"), "participants/NNNN");
}

// Every dataset of a run has them.
bool of_every_dataset(const std::string& path) { return path.ends_with("@unit") || path.ends_with("@doc"); }

void check_contents(const std::string& filetype, const std::string& path, const std::vector<std::string>& optional) {
  std::vector<std::string> found;
  for (const std::string& name : experiments::contents(path)) {
    if (of_every_dataset(name)) continue;
    CAPTURE(name);
    CHECK_NOTHROW(found.emplace_back(declared(filetype, pattern_of(name)).path));
  }
  for (const experiments::Declared& d : declared(filetype)) {
    const std::string name(d.path);
    CAPTURE(name);
    if (std::find(optional.begin(), optional.end(), name) == optional.end())
      CHECK(std::find(found.begin(), found.end(), name) != found.end());
  }
}

}  // namespace

TEST_CASE("a file holds what is declared of its kind") {
  const Directory d;
  experiments::Recorder(d.file("run.h5"), known_header(2)).close();
  check_contents("infans-run", d.file("run.h5"), {});
  StudyHeader h = study_header();
  for (const char* name : {"git_hash", "mujoco_version", "isa", "protocol", "options_toml", "request", "design"})
    h.texts.emplace_back(name, "");
  StudyRecorder(d.file("study.h5"), h).close();
  check_contents("infans-study", d.file("study.h5"), {});
  experiments::write_checkpoint(d.file("0001.h5"), {{{"isa", "avx2"}}, {1, 2, 3}});
  check_contents("infans-checkpoint", d.file("0001.h5"), {});
}

TEST_CASE("the tables of FORMAT.md are those of the declaration") {
  std::ifstream in(std::string(INFANS_TEST_FILES) + "/../../experiments/record/FORMAT.md");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  for (const char* filetype : experiments::filetypes) {
    CAPTURE(filetype);
    const std::string block = "<!-- generated: " + std::string(filetype) + " -->\n" +
                              experiments::declaration_markdown(filetype) + "<!-- end -->";
    CHECK(text.find(block) != std::string::npos);  // else: scripts/gen/format
  }
}

TEST_CASE("what is not declared cannot be looked up") {
  CHECK_THROWS_AS(declared("infans-study", "participants/NNNN/lives"), std::logic_error);
  CHECK_THROWS_AS(declared("infans-study", "participants/NNNN/probes/a/b"), std::logic_error);
  CHECK_THROWS_AS(declared("infans-film", "@seed"), std::logic_error);
  CHECK(declared("infans-study", "participants/NNNN/probes/hand error").shape == "N, 5 + M");
}
