#include "experiments/record/same_header.hpp"

#include "experiments/record/difference.hpp"
#include "experiments/record/rewrite.hpp"

namespace infans::experiments {
namespace {

void require_same_number(const std::string& what, std::uint64_t file, std::uint64_t here, const std::string& path) {
  require_same_text(what, std::to_string(file), std::to_string(here), path);
}

void require_same_person(const StudyHeader::Person& p, const h5::Handle& group, const std::string& path) {
  const std::string who = " of participant " + std::to_string(p.number);
  const auto cell = h5::read_integers_attribute(group, "cell");
  require_same_number("seed" + who, h5::read_seed_attribute(group), p.seed, path);
  require_same_number("cell" + who, cell.empty() ? 0 : static_cast<std::uint64_t>(cell[0]),
                      static_cast<std::uint64_t>(p.cell), path);
  require_same_text("stages" + who, h5::read_text_attribute(group, "stages"), p.stages_json, path);
  const auto there = [&](const char* log) { return H5Lexists(group, log, H5P_DEFAULT) > 0 ? "recorded" : "none"; };
  const auto word = [](bool yes) { return yes ? "recorded" : "none"; };
  require_same_text("signals" + who, there("signals"), word(p.signals > 0), path);
  require_same_text("physics" + who, there("physics"), word(p.physics > 0), path);
  require_same_text("bodies" + who, there("bodies"), word(p.bodies), path);
  require_same_text("states" + who, there("states"), word(p.states), path);
  if (p.signals == 0) return;
  const h5::Handle table = h5::dataset(h5::check(H5Dopen2(group, "signals", H5P_DEFAULT), path, "signals"));
  require_same_text("signals" + who, h5::read_text_attribute(table, "signals"), p.signals_json, path);
}

}  // namespace

void require_version(hid_t file, const std::string& path, const std::string& filetype,
                     const std::vector<long long>& version) {
  require_same_text("filetype", h5::read_text_attribute(file, "filetype"), filetype, path);
  const auto word = [](const std::vector<long long>& v) {
    return v.size() == 2 ? std::to_string(v[0]) + "." + std::to_string(v[1]) : std::string("none");
  };
  require_same_text("format version", word(h5::read_integers_attribute(file, "format_version")), word(version), path);
}

std::vector<std::pair<std::string, std::string>> root_texts(const StudyHeader& header) {
  std::string tables = header.life.name, logs;
  for (const StudyTable& t : header.probes) tables += "\n" + t.name;
  for (const char* log : study_logs) logs += (logs.empty() ? "" : "\n") + std::string(log);
  std::vector<std::pair<std::string, std::string>> texts{{"tables", tables}, {"logs", logs}};
  texts.insert(texts.end(), header.texts.begin(), header.texts.end());
  return texts;
}

void require_same(const StudyHeader& header, hid_t file, const std::string& path) {
  require_version(file, path, "infans-study", {1, 1});
  for (const auto& [name, text] : root_texts(header))
    if (name != "threads")  // any number gives the same bits
      require_same_text(name, h5::read_text_attribute(file, name.c_str()), text, path);
  require_same_number("seed", h5::read_seed_attribute(file), header.seed, path);
  const std::vector<std::string> people = h5::participants(file, path);
  require_same_number("number of participants", people.size(), header.people.size(), path);
  for (std::size_t k = 0; k < people.size(); ++k) {
    const std::string name = "participants/" + people[k];
    const h5::Handle group = h5::group(h5::check(H5Gopen2(file, name.c_str(), H5P_DEFAULT), path, name));
    require_same_number("participant", std::stoull(people[k]), static_cast<std::uint64_t>(header.people[k].number),
                        path);
    require_same_person(header.people[k], group, path);
  }
  const std::string first = people.empty() ? "" : "participants/" + people[0] + "/";
  const auto same_columns = [&](const StudyTable& t, const std::string& place) {
    const h5::Handle table =
        h5::dataset(h5::check(H5Dopen2(file, (first + place).c_str(), H5P_DEFAULT), path, first + place));
    require_same_text("columns of " + t.name, h5::read_text_attribute(table, "columns"), t.columns_json, path);
  };
  if (people.empty()) return;
  same_columns(header.life, header.life.name);
  for (const StudyTable& t : header.probes) same_columns(t, "probes/" + t.name);
}

}  // namespace infans::experiments
