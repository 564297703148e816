#include "app/test_run.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

#include "app/offline.h"
#include "core/config/loader.h"
#include "core/rehearsal/difference.h"
#include "core/rehearsal/expectation.h"
#include "core/rehearsal/recording.h"
#include "core/rehearsal/rehearsal.h"
#include "core/rehearsal/rehearsed_functions.h"
#include "core/rehearsal/review.h"

namespace tidemill::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t file_bytes_max = 1024 * 1024;

bool is_test_file(const fs::path& path) {
  const auto extension = path.extension();
  return (extension == ".yaml" || extension == ".yml") && path.stem().extension() == ".test";
}

// A folder for one case, gone with it.
class Folder {
 public:
  Folder() : path_((fs::temp_directory_path() / "tidemill-case-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~Folder() {
    std::error_code ignored;  // It is in a folder for such things.
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// As the files say; what they leave out as it is here.
config::Environment environment_of(const rehearsal::CaseFile& file) {
  return [&file, process = config::process_environment()](
             std::string_view name) -> std::optional<std::string> {
    for (const auto& [known, value] : file.environment)
      if (known == name) return value;
    return process(name);
  };
}

// In one step, so that a file is never half written.
bool replace_file(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  std::error_code error;
  if (out) fs::rename(fresh, path, error);
  return out && !error;
}

}  // namespace

std::vector<std::string> test_files(const std::string& path, config::Problems& problems) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    problems.add({path, 0, 0}, "there is no such file or folder", "correct the path");
    return {};
  }
  std::vector<std::string> files;
  if (fs::is_directory(path, error)) {
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error))
      if (it->is_regular_file(error) && is_test_file(it->path()))
        files.push_back(it->path().string());
    std::ranges::sort(files);
    if (files.empty())
      problems.add({path, 0, 0}, "the folder holds no *.test.yaml",
                   "write one beside the pipeline that it is about");
    return files;
  }
  if (is_test_file(path)) return {path};
  for (const auto* extension : {".test.yaml", ".test.yml"}) {
    const fs::path beside = fs::path(path).replace_extension(extension);
    if (fs::exists(beside, error)) return {beside.string()};
  }
  problems.add({path, 0, 0}, "there are no tests of this pipeline",
               "write " + fs::path(path).replace_extension(".test.yaml").string());
  return {};
}

void TestRun::run(const std::string& file, config::Problems& problems) {
  std::string reason;
  const auto text = config::read_text(file, file_bytes_max, reason);
  if (!text) {
    problems.add({file, 0, 0}, "the file cannot be read: " + reason);
    return;
  }
  const auto before = problems.size();
  const rehearsal::CaseFile cases = rehearsal::read_case_file(*text, file, problems);
  if (problems.size() != before) return;
  text_ = *text;
  for (std::size_t i = 0; i < cases.cases.size(); ++i) {
    const rehearsal::Case& one = cases.cases[i];
    if (!rehearsal::is_like(one.name, "*" + options_.filter + "*")) continue;
    TestResult result{.file = file, .name = one.name, .where = one.where};
    const Instant begun = steady_now();
    run_case(cases, i, result);
    result.real_time = std::chrono::duration_cast<Duration>(steady_now() - begun);
    report_(result);
  }
  if (text_ != *text && !replace_file(file, text_))
    problems.add({file, 0, 0}, "the file cannot be written");
}

void TestRun::run_case(const rehearsal::CaseFile& file, std::size_t index, TestResult& result) {
  const rehearsal::Case& one = file.cases[index];
  const Folder folder;
  if (folder.path().empty()) {
    result.trouble = "cannot make a folder for it";
    return;
  }
  Offline offline(folder.path());
  rehearsal::StandInCatalog catalog(session_.plugins, one);
  std::vector<std::string> sets = file.sets;
  sets.insert(sets.end(), one.sets.begin(), one.sets.end());
  const config::LoadRequest request{
      {file.pipelines}, sets, environment_of(file), offline.services(), true};
  config::Loaded loaded = config::load_plan(request, session_.registry, catalog);
  result.problems = loaded.problems;
  if (!loaded.plan) return;

  config::Problems problems;
  const auto scene = rehearsal::set_scene(one, *loaded.plan, session_.registry, catalog,
                                          offline.services(), problems);
  result.problems = problems.errors();
  if (!scene) return;
  const rehearsal::Props props{session_.registry, session_.plugins, folder.path()};
  const auto outcome = rehearsal::rehearse(one, *scene, props);
  if (!outcome) {
    result.trouble = outcome.error().message;
    return;
  }
  result.virtual_time = outcome->took;
  result.trouble = outcome->trouble;
  result.log = outcome->log;
  judge(one, index, *outcome, result);
}

void TestRun::judge(const rehearsal::Case& one, std::size_t index,
                    const rehearsal::Outcome& outcome, TestResult& result) {
  config::Problems problems;
  for (const rehearsal::Section& section : rehearsal::sections_of(one, outcome, problems)) {
    if (rehearsal::matches(*section.expected, section.actual)) continue;
    const config::Node& node = *section.expected;
    result.differences.push_back({section.name(), node.key.empty() ? node.where : node.key_where,
                                  rehearsal::difference(section)});
  }
  result.problems = problems.errors();
  const bool nothing = one.expect.is_null();
  const bool wrong = nothing || !result.differences.empty();
  if (options_.update && wrong && result.problems.empty() && result.trouble.empty()) {
    record(index, one, outcome, result);
  } else if (nothing) {
    result.trouble += result.trouble.empty() ? "it expects nothing; add `expect:`, or run with "
                                               "--update to record what happens"
                                             : "";
  }
  result.passed = result.problems.empty() && result.trouble.empty() &&
                  (result.updated || result.differences.empty());
}

void TestRun::record(std::size_t index, const rehearsal::Case& one,
                     const rehearsal::Outcome& outcome, TestResult& result) {
  config::Problems problems;
  std::vector<rehearsal::Correction> corrections;
  if (one.expect.is_null()) {
    for (auto& section : rehearsal::everything(outcome))
      corrections.push_back({section.path, std::move(section.actual)});
  } else {
    for (const auto& section : rehearsal::sections_of(one, outcome, problems))
      if (!rehearsal::matches(*section.expected, section.actual))
        corrections.push_back({section.path, rehearsal::shaped(*section.expected, section.actual)});
  }
  auto text = rehearsal::recorded(text_, result.file, index, corrections, problems);
  result.problems = problems.errors();
  if (!text) return;
  text_ = std::move(*text);
  result.updated = true;
}

}  // namespace tidemill::app
