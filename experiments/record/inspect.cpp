#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <utility>

#include "experiments/record/access.hpp"
#include "experiments/record/h5.hpp"
#include "experiments/record/recorder.hpp"
#include "experiments/record/rewrite.hpp"
#include "experiments/record/study_recorder.hpp"

namespace infans::experiments {
namespace {

h5::Handle open_for_editing(const std::string& path) {
  const bool there = ::access(path.c_str(), F_OK) == 0;
  return h5::file(h5::check(there ? H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT)
                                  : H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT),
                            path, "cannot be opened for writing"));
}

void remove_attribute(hid_t file, const std::string& path, const char* name) {
  if (H5Aexists(file, name) > 0) h5::check(H5Adelete(file, name), path, name);
}

template <typename Out>
void copy_committed(const std::vector<long long>& values, std::int64_t rows, std::vector<Out>& out) {
  const auto n = std::min(values.size(), static_cast<std::size_t>(rows));
  for (std::size_t i = 0; i < n; ++i) out.push_back(static_cast<Out>(values[i]));
}

void add_contents(hid_t file, const std::string& path, const std::string& name, std::vector<std::string>& all) {
  const std::string place = name.empty() ? "/" : name;
  const h5::Handle object{h5::check(H5Oopen(file, place.c_str(), H5P_DEFAULT), path, place), H5Oclose};
  for (const std::string& attribute : h5::attributes(object, path)) all.push_back(name + "@" + attribute);
  if (!name.empty()) all.push_back(name);
  if (H5Iget_type(object) == H5I_DATASET) return;
  for (const std::string& child : h5::children(file, path, place))
    add_contents(file, path, name.empty() ? child : name + "/" + child, all);
}

void require_filetype(const std::string& filetype, const std::string& wanted, const std::string& path) {
  if (filetype != wanted) throw base::FileError(path, "is an HDF5 file of type '" + filetype + "', not an " + wanted);
}

void read_version(hid_t file, const std::string& path, int& major, int& minor) {
  const std::vector<long long> version = h5::require_readable_version(file, path);
  major = static_cast<int>(version[0]);
  minor = static_cast<int>(version[1]);
}

}  // namespace

RunSummary inspect(const std::string& path) {
  const h5::Session session;
  const h5::Handle file = h5::open_for_reading(path);
  RunSummary r;
  r.filetype = h5::read_text_attribute(file, "filetype");
  require_filetype(r.filetype, "infans-run", path);
  read_version(file, path, r.format_major, r.format_minor);
  r.infans_version = h5::read_text_attribute(file, "infans_version");
  r.git_hash = h5::read_text_attribute(file, "git_hash");
  r.mujoco_version = h5::read_text_attribute(file, "mujoco_version");
  r.isa = h5::read_text_attribute(file, "isa");
  r.spec_name = h5::read_text_attribute(file, "spec_name");
  const std::vector<long long> steps = h5::read_dataset<long long>(file, path, "committed_steps");
  const std::vector<long long> episodes = h5::read_dataset<long long>(file, path, "committed_episodes");
  r.agents = static_cast<int>(steps.size());
  for (std::size_t k = 0; k < steps.size(); ++k) {
    const std::string name = "agents/" + h5::agent_name(static_cast<int>(k));
    const h5::Handle agent = h5::group(h5::check(H5Gopen2(file, name.c_str(), H5P_DEFAULT), path, name));
    RunSummary::Agent a;
    a.seed = h5::read_seed_attribute(agent);
    a.committed_steps = steps[k];
    a.committed_episodes = k < episodes.size() ? episodes[k] : 0;
    copy_committed(h5::read_dataset<long long>(agent, path, "episode/success"), a.committed_episodes, a.success);
    copy_committed(h5::read_dataset<long long>(agent, path, "episode/evaluation"), a.committed_episodes, a.evaluation);
    copy_committed(h5::read_dataset<long long>(agent, path, "episode/decisions"), a.committed_episodes, a.decisions);
    r.per_agent.push_back(std::move(a));
  }
  return r;
}

StudySummary inspect_study(const std::string& path) {
  const h5::Session session;
  const h5::Handle file = h5::open_for_reading(path);
  require_filetype(h5::read_text_attribute(file, "filetype"), "infans-study", path);
  StudySummary s;
  read_version(file, path, s.format_major, s.format_minor);
  for (const auto& [name, text] : {std::pair{"infans_version", &s.infans_version}, std::pair{"git_hash", &s.git_hash},
                                   std::pair{"isa", &s.isa}, std::pair{"mujoco_version", &s.mujoco_version},
                                   std::pair{"spec_name", &s.spec_name}, std::pair{"protocol", &s.protocol}})
    *text = h5::read_text_attribute(file, name);
  std::istringstream tables(h5::read_text_attribute(file, "tables"));
  for (std::string name; std::getline(tables, name);) s.tables.push_back(name);
  const auto rows = h5::read_dataset<long long>(file, path, "committed");
  const auto excluded = h5::read_dataset<long long>(file, path, "excluded");
  const auto wall = h5::read_dataset<double>(file, path, "ledger/wall_seconds");
  const h5::Handle all = h5::group(h5::check(H5Gopen2(file, "participants", H5P_DEFAULT), path, "participants"));
  const std::size_t width = s.tables.size();
  const std::vector<std::string> names = h5::participants(file, path);
  if (names.size() != excluded.size() || names.size() != wall.size() || names.size() * width != rows.size())
    throw base::FileError(path, "its counts have another size than it has participants; it is damaged");
  for (std::size_t k = 0; k < excluded.size(); ++k) {
    const std::string& name = names[k];
    const h5::Handle person = h5::group(h5::check(H5Gopen2(all, name.c_str(), H5P_DEFAULT), path, name));
    const auto first = rows.begin() + static_cast<std::ptrdiff_t>(k * width);
    s.people.push_back({std::stoi(name),
                        h5::read_seed_attribute(person),
                        h5::read_text_attribute(person, "cell_name"),
                        {first, first + static_cast<std::ptrdiff_t>(width)},
                        static_cast<int>(excluded[k]),
                        !std::isnan(wall[k])});
  }
  return s;
}

std::string filetype_of(const std::string& path) {
  const h5::Session session;
  return h5::read_text_attribute(h5::open_for_reading(path), "filetype");
}

std::vector<double> read_values(const std::string& path, const std::string& dataset) {
  const h5::Session session;
  return h5::read_dataset<double>(h5::open_for_reading(path), path, dataset);
}

std::vector<std::vector<double>> read_rows(const std::string& path,
                                           const std::vector<std::pair<std::string, std::int64_t>>& places) {
  const h5::Session session;
  const h5::Handle file = h5::open_for_reading(path);
  std::vector<std::vector<double>> rows;
  for (const auto& [table, row] : places) rows.push_back(h5::read_row(file, path, table, static_cast<hsize_t>(row)));
  return rows;
}

bool left_open(const std::string& path) { return h5::is_open_for_writing(path); }

std::string read_text(const std::string& path, const std::string& attribute) {
  const h5::Session session;
  return h5::read_text_attribute(h5::open_for_reading(path), attribute.c_str());
}

void write_text(const std::string& path, const std::string& attribute, const std::string& text) {
  const h5::Session session;
  const h5::Handle file = open_for_editing(path);
  remove_attribute(file, path, attribute.c_str());
  h5::write_text_attribute(file, path, attribute.c_str(), text);
}

void write_integers(const std::string& path, const std::string& attribute, const std::vector<long long>& values) {
  const h5::Session session;
  const h5::Handle file = open_for_editing(path);
  remove_attribute(file, path, attribute.c_str());
  h5::write_integers_attribute(file, path, attribute.c_str(), values);
}

std::vector<std::string> contents(const std::string& path) {
  const h5::Session session;
  const h5::Handle file = h5::open_for_reading(path);
  std::vector<std::string> all;
  add_contents(file, path, "", all);
  std::sort(all.begin(), all.end());
  return all;
}

long open_identifiers() {
  const h5::Session session;
  return static_cast<long>(H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL));
}

}  // namespace infans::experiments
