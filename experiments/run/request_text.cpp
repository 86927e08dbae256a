#include "experiments/run/request_text.hpp"

#include <filesystem>

#include "experiments/record/access.hpp"
#include "experiments/record/study_recorder.hpp"
#include "experiments/run/table_reader.hpp"

namespace infans::experiments {

std::string request_toml(const RunRequest& request) {
  using config::quote;
  std::string settings;
  for (const auto& [key, value] : request.settings)
    if (!key.starts_with("debug."))  // is not what was lived
      settings += (settings.empty() ? "[" : ", [") + quote(key) + ", " + quote(value) + "]";
  std::string text = "settings = [" + settings + "]\n";
  if (request.agents) text += "agents = " + std::to_string(*request.agents) + "\n";
  if (request.seed) text += "seed = " + std::to_string(*request.seed) + "\n";
  return text;
}

RunRequest request_of_record(const std::string& path) {
  const std::string asked = read_text(path, "request");
  if (asked.empty())
    throw base::FileError(path, "does not say how it was made (it is of format 1.0); run the study anew");
  const toml::table table = parse_toml(asked, path);
  RunRequest request;
  request.spec = read_text(path, "spec_toml");  // of many lines: a text, not a name
  request.out = std::filesystem::path(path).parent_path().string();
  request.resume = true;
  if (const toml::array* settings = table["settings"].as_array())
    for (const toml::node& pair : *settings)
      request.settings.emplace_back(pair.as_array()->at(0).value_or(std::string()),
                                    pair.as_array()->at(1).value_or(std::string()));
  if (const auto agents = table["agents"].value<int>()) request.agents = agents;
  if (const auto seed = table["seed"].value<std::int64_t>()) request.seed = static_cast<std::uint64_t>(*seed);
  for (const StudySummary::Person& p : inspect_study(path).people) request.participants.push_back(p.number);
  return request;
}

}  // namespace infans::experiments
