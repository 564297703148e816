// CaseFile: what a *.test.yaml says - cases with their events, mocked answers and expectations.
//
// Reading it touches no pipeline: whether a case fits the pipelines that it is about shows when it
// is rehearsed. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/function_catalog.h"
#include "core/config/node.h"
#include "core/config/problems.h"
#include "core/rehearsal/event_match.h"
#include "tidemill/time.h"

namespace tidemill::rehearsal {

/// An object of a bucket that an event is about.
struct CaseObject {
  std::string key;
  std::string version;
  std::string content;
};

/// One event that the source of a pipeline hands over.
struct CaseEvent {
  Mark where;
  Duration at{0};        ///< After the start of the case.
  std::string pipeline;  ///< Where it enters; empty: see Case::pipeline.
  std::uint32_t partition = 0;
  std::string id, type, subject, key, content_type, data;
  std::optional<EventTime> time;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<CaseObject> object;
};

/// What a mocked function does about an event, or a mocked sink about an effect.
enum class Act : std::uint8_t {
  succeed,
  fail,     ///< This event fails, and is tried again.
  reject,   ///< This event can never succeed.
  raise,    ///< The handler throws: the batch fails.
  timeout,  ///< The handler does not return in time: the batch fails.
  crash,    ///< The handler takes its process with it: the batch fails.
};

/// An effect of a mocked function.
struct Emission {
  Mark where;
  std::string output;              ///< Empty: the only one.
  std::optional<std::string> key;  ///< Else the event's.
  std::optional<std::string> data;
  std::string content_type;
  bool removes = false;
  std::optional<std::pair<MergeKind, std::int64_t>> merge;
};

/// The first rule that matches an event decides.
struct Rule {
  Mark where;
  EventMatch event;
  Act act = Act::succeed;
  std::string reason;
  Duration takes{0};
  std::optional<std::uint32_t> times;  ///< Then it no longer matches.
  std::vector<Emission> emissions;
};

/// Answers in place of one function, or of one sink.
struct StandIn {
  std::string name;
  Mark where;
  std::optional<config::FunctionDecl> decl;  ///< Instead of a plugin's.
  std::vector<Rule> rules;
};

/// Rows that are there before the first event.
struct GivenTable {
  std::string name;
  Mark where;
  std::vector<std::pair<std::string, std::string>> rows;
};

struct Case {
  std::string name;
  Mark where;
  std::string pipeline;  ///< The only one that runs, and that events enter; empty: all run.
  Mark pipeline_where;
  EventTime start;                ///< The wall clock at 0s.
  Duration limit{0};              ///< Of virtual time.
  std::vector<std::string> sets;  ///< As --set, for this case.
  std::vector<CaseEvent> events;  ///< Ascending by `at`.
  std::vector<StandIn> functions;
  std::vector<StandIn> sinks;
  std::vector<GivenTable> tables;
  config::Node expect;  ///< Null: nothing is expected.

  const StandIn* stand_in(std::string_view function) const;
};

struct CaseFile {
  std::string name;
  std::string pipelines;  ///< The file whose pipelines the cases are about; absolute.
  std::vector<std::string> sets;
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<Case> cases;
};

/// Errors go to `problems`; what is returned then is not to be used.
CaseFile read_case_file(std::string_view text, const std::string& name, config::Problems& problems);

}  // namespace tidemill::rehearsal
