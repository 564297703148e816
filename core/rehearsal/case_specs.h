// The options of a case file, each declared once: validation, defaults, the JSON Schema and the
// reference read these specs. What they leave out are sections, lists and payloads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config/function_catalog.h"
#include "tidemill/config_spec.h"
#include "tidemill/time.h"

namespace tidemill::rehearsal {

/// The lone options of a case file.
struct FileWords {
  FilePath file;
  std::vector<std::string> set;
};
ConfigSpec<FileWords> file_spec();

struct CaseWords {
  std::string name;
  std::string pipeline;
  std::string start = "2026-01-01T00:00:00Z";
  Duration limit = std::chrono::days(7);
  std::vector<std::string> set;
};
ConfigSpec<CaseWords> case_spec();

struct EventWords {
  Duration at{0};
  std::string pipeline;
  std::uint32_t partition = 0;
  std::string id, type, subject, key, content_type, time;
  FilePath file;
  std::uint32_t repeat = 1;
  Duration every{0};
};
ConfigSpec<EventWords> event_spec();

struct ObjectWords {
  std::string key;
  std::string version = "1";
  FilePath file;
};
ConfigSpec<ObjectWords> object_spec();

/// An answer of a mocked function; that of a sink is a part of it.
struct RuleWords {
  std::optional<std::string> fail, reject, raise;
  bool timeout = false;
  bool crash = false;
  Duration takes{0};
  std::optional<std::uint32_t> times;
};
ConfigSpec<RuleWords> rule_spec();
ConfigSpec<RuleWords> sink_rule_spec();

struct EmissionWords {
  std::string output;
  std::optional<std::string> key;
  std::string content_type;
  bool removes = false;
  std::optional<std::int64_t> sum, count, min, max, last;
};
ConfigSpec<EmissionWords> emission_spec();

}  // namespace tidemill::rehearsal
