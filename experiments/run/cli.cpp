#include "experiments/run/cli.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <new>

#include "core/base/error.hpp"
#include "experiments/record/recover.hpp"
#include "experiments/run/in_child.hpp"
#include "experiments/run/life_file.hpp"
#include "experiments/run/options.hpp"
#include "experiments/run/resume.hpp"
#include "experiments/run/run_folder.hpp"
#include "experiments/run/show_body.hpp"
#include "experiments/run/show_protocol.hpp"
#include "experiments/run/show_record.hpp"
#include "experiments/run/stop_signal.hpp"
#include "experiments/run/study.hpp"
#include "experiments/run/study_file.hpp"
#include "experiments/run/watch.hpp"

namespace infans::experiments {
namespace {

constexpr const char* examples =
    "Examples:\n"
    "  infans run cartpole_swingup                          8 agents, files in runs/cartpole_swingup-1\n"
    "  infans run cartpole_swingup --agents 20 --out day1   seeds 1 .. 20\n"
    "  infans run my_life.toml --set planner.horizon=20     one option of the study changed\n"
    "  infans run body_map --agents 5 --out map             a developmental study, 5 participants in each group\n"
    "  infans protocol body_map                             what such a study can set and measure\n"
    "  infans resume map                                    goes on where it was stopped or killed, to the same bits\n"
    "  infans recover map                                   a record that a kill left open, made clean\n"
    "  infans watch map                                     follows it from another terminal\n"
    "  infans inspect day1/run.h5                           also while it runs, or after a crash\n"
    "  infans body 'infant?age=6&scene=seated'              what a body feels and moves\n"
    "  infans options planner                               what can be set\n";

constexpr const char* resume_examples =
    "Lives that have ended stay as they are; the others go on from their last checkpoint, or from birth, to the same\n"
    "bits as if nothing had happened. Rows that a killed run left beyond a checkpoint are lived again.\n"
    "Examples:\n"
    "  infans resume runs/body_map-1\n"
    "  infans run body_map --out map --resume               begins, or goes on with what is there\n";

constexpr const char* recover_examples =
    "What was committed is kept, bit for bit; the file as the crash left it stays beside it. `infans resume` does "
    "this\n"
    "by itself.\n"
    "Examples:\n"
    "  infans recover runs/body_map-1\n"
    "  infans recover day1/run.h5\n";

constexpr const char* watch_examples =
    "Reads only: the run is not disturbed, and may be on another terminal or finished.\n"
    "Examples:\n"
    "  infans watch runs/body_map-1\n"
    "  infans watch day1/run.h5 --once\n";

constexpr const char* body_examples =
    "Examples:\n"
    "  infans body cartpole                                  a shipped body\n"
    "  infans body 'infant?age=6' --set 'body.skin=[{density=5000}]'\n"
    "  infans body my.xml --set world.control_period=0.02    any MJCF\n"
    "  infans body my_life.toml                              the body of a life, and every mistake in it\n"
    "  infans options body                                   what a [body] table can say\n";

void print_options(const std::string& filter) {
  const std::string text = options_in_words(life_options(), filter);
  if (text.empty())
    throw base::OptionError(filter, "no option contains '" + filter +
                                        "'; `infans options` lists all (of a protocol: `infans protocol NAME`)");
  std::printf("%s", text.c_str());
}

// SPEC: a shipped study, a life's file, a shipped body or an MJCF file. Returns the exit code.
int print_body(const std::string& spec, const std::vector<std::pair<std::string, std::string>>& settings) {
  const std::vector<ShippedStudy>& studies = shipped_studies();
  const bool life = spec.ends_with(".toml") ||
                    std::any_of(studies.begin(), studies.end(), [&](const ShippedStudy& s) { return s.name == spec; });
  if (const std::string protocol = life ? protocol_of(spec) : std::string(); !protocol.empty())
    throw base::OptionError("study.protocol",
                            spec + ": a developmental study has the bodies of its protocol; `infans protocol " +
                                protocol + "` says what it can set");
  std::vector<base::OptionError> mistakes;
  config::Options options = life ? load_study(spec, &mistakes) : config::Options(life_options());
  if (!life) options.set("body.mjcf", spec, "");
  for (const auto& [key, value] : settings) set_option(options, key, value, "--set " + key);
  for (const base::OptionError& mistake : mistakes) std::fprintf(stderr, "infans: %s\n", mistake.what());
  std::printf("%s", body_in_words(read_body(options)).c_str());
  return mistakes.empty() ? 0 : 2;
}

std::vector<std::pair<std::string, std::string>> pairs_of(const std::vector<std::string>& settings) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& s : settings) {
    const std::size_t equals = s.find('=');
    if (equals == std::string::npos || equals == 0)
      throw base::OptionError(s, "--set " + s + ": expected key=value, e.g. --set planner.horizon=20");
    pairs.emplace_back(s.substr(0, equals), s.substr(equals + 1));
  }
  return pairs;
}

void print_studies() {
  for (const ShippedStudy& s : shipped_studies()) std::printf("%-20s %s\n", s.name.c_str(), s.summary.c_str());
  std::printf("\nprotocols (infans protocol NAME says what a study of it can set and measure)\n");
  for (const Protocol& p : shipped_protocols()) std::printf("%-20s %s\n", p.name.c_str(), p.summary.c_str());
}

void print_recovered(const std::string& path, const std::string& run) {
  const Recovered r = recover(path);
  if (r.was_closed)
    std::printf("%s: closed as it should be; nothing to recover\n", path.c_str());
  else
    std::printf(
        "%s: %lld rows kept, %lld of unfinished blocks left out; as the crash left it: %s\nit goes on with: infans "
        "resume %s\n",
        path.c_str(), static_cast<long long>(r.kept), static_cast<long long>(r.lost), r.crashed.c_str(), run.c_str());
}

// `infans report ...` runs infans-report from the PATH; returns only if there is no such program.
void run_extension(const std::vector<std::string>& arguments) {
  const std::string program = "infans-" + arguments.front();
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (std::size_t i = 1; i < arguments.size(); ++i) argv.push_back(const_cast<char*>(arguments[i].c_str()));
  argv.push_back(nullptr);
  execvp(program.c_str(), argv.data());
}

// Exit code of `work`; an error becomes a line on stderr and a code.
int with_errors_said(const std::function<int()>& work) {
  try {
    return work();
  } catch (const CLI::ParseError& e) {
    std::fprintf(stderr, "infans: %s\nRun `infans --help` for examples.\n", e.what());
    return 2;
  } catch (const base::UserError& e) {
    std::fprintf(stderr, "infans: %s\n", e.what());
    return 2;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr,
                 "infans: no memory is left; what was committed is on record, and `infans resume` goes on with it\n");
    return 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "infans: the run failed: %s\n", e.what());
    return 1;
  }
}

// What prints something of a record, which may be damaged.
int look_into(const std::string& run, double limit_seconds, const std::function<void(const std::string& path)>& print) {
  const std::string path = record_of(run);
  return in_child(path, limit_seconds, [&] {
    return with_errors_said([&] {
      print(path);
      return 0;
    });
  });
}

// A slow disk reads 10 MB/s.
double patience(const std::string& run) {
  return 60.0 + 1e-7 * static_cast<double>(std::filesystem::file_size(record_of(run)));
}

int parse_and_run(const std::vector<std::string>& arguments) {
  CLI::App app("Infans: minds that learn by predicting", "infans");
  app.footer(examples);
  app.require_subcommand(0, 1);
  bool version = false;
  app.add_flag("--version", version, "Print the version");

  RunRequest request;
  std::vector<std::string> settings;
  int agents = 0, threads = 0;
  std::uint64_t seed = 0;
  CLI::App* run = app.add_subcommand("run", "Let a population live a study and record it");
  run->footer(examples);
  run->add_option("SPEC", request.spec, "Name of a shipped study (infans list) or a TOML file")->required();
  CLI::Option* agents_given =
      run->add_option("--agents", agents, "How many agents; of a developmental study: in each group");
  CLI::Option* threads_given = run->add_option("--threads", threads, "How many threads [all processors]");
  CLI::Option* seed_given = run->add_option("--seed", seed, "Seed of the first agent");
  run->add_option("--participants", request.participants,
                  "Of a developmental study only these numbers, e.g. --participants 3 7")
      ->expected(1, -1);
  run->add_option("--set", settings, "Change an option: key=value; may be repeated")->take_all()->expected(1);
  run->add_option("--out", request.out, "Directory for run.h5, summary.json, report.html [runs/STUDY-n]");
  run->add_flag("--quiet", request.quiet, "No progress, no table, no report: only the files");
  run->add_flag("--resume", request.resume, "Go on with what --out holds of this run, if it holds something");

  std::string folder;
  CLI::App* goes_on = app.add_subcommand("resume", "Go on with a run that was stopped or killed");
  goes_on->footer(resume_examples);
  goes_on->add_option("RUN", folder, "The run's folder, or its run.h5")->required();
  CLI::Option* resume_threads = goes_on->add_option("--threads", threads, "How many threads [all processors]");
  goes_on->add_flag("--quiet", request.quiet, "No progress, no table, no report: only the files");

  CLI::App* mend = app.add_subcommand("recover", "Make a record that a kill left open one that opens everywhere");
  mend->footer(recover_examples);
  mend->add_option("RUN", folder, "The run's folder, or its run.h5")->required();

  bool once = false;
  double every = 2.0;
  CLI::App* follow = app.add_subcommand("watch", "Follow a record while it grows");
  follow->footer(watch_examples);
  follow->add_option("RUN", folder, "The run's folder, or its run.h5")->required();
  follow->add_flag("--once", once, "One view, for scripts");
  follow->add_option("--every", every, "Seconds between two views [2]")->check(CLI::Range(0.1, 3600.0));

  CLI::App* list = app.add_subcommand("list", "Shipped studies and protocols");
  std::string path, filter;
  std::string protocol;
  CLI::App* protocols = app.add_subcommand("protocol", "What a study of a protocol can set and measure");
  protocols->add_option("NAME", protocol, "A shipped protocol (infans list)")->required();
  CLI::App* look = app.add_subcommand("inspect", "Summary of a record: finished, running or killed");
  look->add_option("FILE", path, "run.h5")->required();
  std::string body_spec;
  CLI::App* body = app.add_subcommand("body", "What a body feels and moves: modalities, motors, joints, mistakes");
  body->footer(body_examples);
  body->add_option("SPEC", body_spec, "A shipped body, an MJCF file, a life's TOML file or a shipped study")
      ->required();
  body->add_option("--set", settings, "Change an option: key=value; may be repeated")->take_all()->expected(1);
  CLI::App* options = app.add_subcommand("options", "Every option of a life: default, legal values, meaning");
  options->add_option("FILTER", filter, "Only options whose name contains this");
  CLI::App* doctor = app.add_subcommand("doctor", "What this program is and runs on");

  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  }
  if (version) {
    std::printf("infans %s\n", build_info().front().second.c_str());
  } else if (*run) {
    request.settings = pairs_of(settings);
    if (*agents_given) request.agents = agents;
    if (*threads_given) request.threads = threads;
    if (*seed_given) request.seed = seed;
    run_study(request);
    if (interrupted()) return 130;
  } else if (*goes_on) {
    if (*resume_threads) request.threads = threads;
    resume(folder, request);
    if (interrupted()) return 130;
  } else if (*mend) {
    return look_into(folder, patience(folder), [&](const std::string& record) { print_recovered(record, folder); });
  } else if (*follow) {
    return watch(folder, once, every);
  } else if (*list) {
    print_studies();
  } else if (*protocols) {
    std::printf("%s", protocol_in_words(protocol).c_str());
  } else if (*look) {
    return look_into(path, 30.0, [](const std::string& record) { std::printf("%s", record_in_words(record).c_str()); });
  } else if (*body) {
    return print_body(body_spec, pairs_of(settings));
  } else if (*options) {
    print_options(filter);
  } else if (*doctor) {
    for (const auto& [name, value] : build_info()) std::printf("%-12s %s\n", name.c_str(), value.c_str());
  } else {
    std::printf("%s", app.help().c_str());
  }
  return 0;
}

}  // namespace

int run_cli(const std::vector<std::string>& arguments) {
  return with_errors_said([&] {
    const std::vector<std::string> known = {"run",      "resume",  "recover", "watch",   "list",
                                            "protocol", "inspect", "body",    "options", "doctor"};
    if (!arguments.empty() && !arguments[0].empty() && arguments[0][0] != '-' &&
        std::find(known.begin(), known.end(), arguments[0]) == known.end()) {
      run_extension(arguments);
      throw base::OptionError(arguments[0], "unknown command '" + arguments[0] + "', and no infans-" + arguments[0] +
                                                " on the PATH; did you mean '" + config::nearest(arguments[0], known) +
                                                "'?");
    }
    return parse_and_run(arguments);
  });
}

}  // namespace infans::experiments
