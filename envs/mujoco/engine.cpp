#include "envs/mujoco/engine.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <map>
#include <mutex>

#include "core/base/error.hpp"
#include "envs/mujoco/limits.hpp"

namespace infans::envs {
namespace {

thread_local int open_captures = 0;
thread_local char first_warning[1024] = "";
std::atomic<mjfLogHandler> previous_handler{nullptr};

// Returning from an error is undefined behaviour in MuJoCo 4, so it must be left by an exception. libmujoco carries
// unwind tables for its C code; test_environment raises a real mju_error inside mj_step to keep this true.
void on_log(const mjLogMessage* message) {
  if (open_captures == 0) {
    if (const mjfLogHandler previous = previous_handler.load()) previous(message);
    return;
  }
  if (message->level == mjLOG_ERROR) throw EngineError(message->subject);
  if (message->level == mjLOG_WARNING && first_warning[0] == '\0') {
    std::snprintf(first_warning, sizeof first_warning, "%s", message->subject);
  }
}

// MuJoCo's message on one line.
std::string trimmed(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

struct VfsScope {
  VfsScope() { mj_defaultVFS(&vfs); }
  ~VfsScope() { mj_deleteVFS(&vfs); }
  mjVFS vfs;
};

std::shared_ptr<const mjModel> compile(const std::string& text, const std::string& source) {
  check_size(text, source);
  const LogCapture capture;
  try {
    VfsScope files;
    std::array<char, 2048> error{};
    if (mj_addBufferVFS(&files.vfs, source.c_str(), text.data(), static_cast<int>(text.size())) != 0) {
      throw base::BodyError(source, "MuJoCo does not take it as a text; give a non-empty MJCF text and source");
    }
    const std::unique_ptr<mjSpec, decltype(&mj_deleteSpec)> spec(
        mj_parseXML(source.c_str(), &files.vfs, error.data(), static_cast<int>(error.size())), mj_deleteSpec);
    if (!spec) throw base::BodyError(source, trimmed(located(error.data(), text)));
    mjModel* const model = mj_compile(spec.get(), &files.vfs);
    if (!model) throw base::BodyError(source, trimmed(located(mjs_getError(spec.get()), text)));
    // Without this flag a bad state is replaced by the start state in the middle of an episode.
    model->opt.disableflags |= mjDSBL_AUTORESET;
    return {model, [](const mjModel* m) { mj_deleteModel(const_cast<mjModel*>(m)); }};
  } catch (const EngineError& e) {
    throw base::BodyError(source, trimmed(located(e.what(), text)));
  }
}

}  // namespace

LogCapture::LogCapture() noexcept {
  if (open_captures++ == 0) first_warning[0] = '\0';
}
LogCapture::~LogCapture() { --open_captures; }
const char* LogCapture::warning() const noexcept { return first_warning; }

void install_log_handler() {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  // Another user of the library may have put a handler over ours since the last world.
  const mjfLogHandler before = mju_setLogHandler(on_log);
  if (before != on_log) previous_handler.store(before);
}

std::shared_ptr<const mjModel> load_model(const std::string& mjcf_text, const std::string& source) {
  // Thousands of agents share a body: its model is const and compiled once for as long as one of them lives.
  static std::mutex mutex;
  static std::map<std::pair<std::string, std::string>, std::weak_ptr<const mjModel>> cache;
  const std::lock_guard lock(mutex);
  std::erase_if(cache, [](const auto& entry) { return entry.second.expired(); });
  auto& entry = cache[{source, mjcf_text}];
  std::shared_ptr<const mjModel> model = entry.lock();
  if (!model) entry = model = compile(mjcf_text, source);
  return model;
}

}  // namespace infans::envs
