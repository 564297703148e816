#include "core/rehearsal/case_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <set>

#include "core/base/timestamp.h"
#include "core/config/interpolate.h"
#include "core/config/options.h"
#include "core/config/suggest.h"
#include "core/rehearsal/case_specs.h"
#include "core/rehearsal/expectation.h"
#include "core/rehearsal/payload.h"

namespace tidemill::rehearsal {
namespace {

using config::Node;
using config::Problems;

constexpr std::size_t payload_bytes_max = 64u << 20;

// Of all events of a file, with those that repeat.
constexpr std::size_t events_max = 1'000'000;
constexpr std::size_t events_bytes_max = 512u << 20;

// The children of a list, or of nothing; a problem for anything else.
const std::vector<Node>& items(const Node& node, std::string_view what, Problems& problems) {
  static const std::vector<Node> none;
  if (node.is_sequence()) return node.children;
  if (!node.is_null())
    problems.add(node.where, fmt::format("{}: expected a list of {}; got {}", node.key, what,
                                         kind_name(node.kind)));
  return none;
}

class Reader {
 public:
  explicit Reader(Problems& problems) : problems_(problems) {}

  CaseFile file(const Node& root, const std::string& name) {
    CaseFile file;
    file.name = name;
    const auto words =
        config::read_section(root, file_spec(), problems_, {{"environment", "cases"}, {}});
    file.pipelines = words.file.value.empty() ? beside_of(name) : words.file.value;
    file.sets = words.set;
    if (const Node* node = root.find("environment")) file.environment = texts(*node);
    if (const Node* node = root.find("cases"))
      for (const Node& item : items(*node, "cases", problems_)) add_case(item, file);
    if (file.cases.empty() && problems_.empty())
      problems_.add({name, 0, 0}, "there is no case", "add one under `cases:`");
    return file;
  }

 private:
  // orders.test.yaml is about orders.yaml, or orders.yml.
  static std::string beside_of(const std::string& name) {
    const std::filesystem::path path(name);
    const std::string stem = path.stem().stem().string();
    for (const auto* extension : {".yaml", ".yml"}) {
      std::string file = config::beside(name, stem + extension);
      std::error_code error;
      if (std::filesystem::exists(file, error)) return file;
    }
    return config::beside(name, stem + path.extension().string());
  }

  std::vector<std::pair<std::string, std::string>> texts(const Node& node) {
    std::vector<std::pair<std::string, std::string>> all;
    if (!config::expect_mapping(node, node.key, problems_)) return all;
    for (const Node& child : node.children) {
      if (!child.is_scalar())
        problems_.add(child.where,
                      fmt::format("{}: expected text; got {}", child.key, kind_name(child.kind)));
      all.emplace_back(child.key, child.text);
    }
    return all;
  }

  void add_case(const Node& node, CaseFile& file) {
    const auto words = config::read_section(node, case_spec(), problems_,
                                            {{"events", "mock", "given", "expect"}, {}});
    Case one{.name = words.name, .where = node.where, .pipeline = words.pipeline};
    one.limit = words.limit;
    one.sets = words.set;
    if (const Node* pipeline = node.find("pipeline")) one.pipeline_where = pipeline->where;
    const auto start = parse_timestamp(words.start);
    if (!start) not_a_time(*node.find("start"));
    one.start = start.value_or(EventTime{});
    if (const auto known = names_.find(words.name); known != names_.end() && !words.name.empty())
      problems_.add(node.where, fmt::format("case {} exists already", config::shown(words.name)),
                    "give each case a name of its own");
    names_.insert(words.name);
    if (const Node* events = node.find("events"))
      for (const Node& item : items(*events, "events", problems_)) add_event(item, one);
    in_order(one.events);
    if (const Node* mock = node.find("mock")) read_mock(*mock, one);
    if (const Node* given = node.find("given")) read_given(*given, one);
    if (const Node* expect = node.find("expect")) {
      check_expectation(*expect, problems_);
      one.expect = *expect;
    }
    file.cases.push_back(std::move(one));
  }

  // As they come; those of one moment as they are written.
  static void in_order(std::vector<CaseEvent>& events) {
    std::vector<std::size_t> order(events.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(events[i].at, i); });
    std::vector<CaseEvent> sorted;
    for (const std::size_t i : order) sorted.push_back(std::move(events[i]));
    events = std::move(sorted);
  }

  void not_a_time(const Node& node) {
    problems_.add(node.where, fmt::format("{}: expected an instant such as 2026-01-01T00:00:00Z; "
                                          "got {}",
                                          node.key, config::shown(node.written)));
  }

  void add_event(const Node& node, Case& one) {
    const auto words =
        config::read_section(node, event_spec(), problems_, {{"data", "headers", "object"}, {}});
    CaseEvent event{.where = node.where,
                    .pipeline = words.pipeline,
                    .partition = words.partition,
                    .id = words.id,
                    .type = words.type,
                    .subject = words.subject,
                    .key = words.key,
                    .content_type = words.content_type};
    if (!words.time.empty()) {
      event.time = parse_timestamp(words.time);
      if (!event.time) not_a_time(*node.find("time"));
    }
    event.data = content(node, words.file.value);
    if (const Node* headers = node.find("headers")) event.headers = texts(*headers);
    if (const Node* object = node.find("object")) {
      const auto about = config::read_section(*object, object_spec(), problems_, {{"data"}, {}});
      event.object = CaseObject{about.key, about.version, content(*object, about.file.value)};
    }
    const std::size_t room = events_bytes_max - bytes_;
    if (events_ + words.repeat > events_max ||
        words.repeat > room / std::max<std::size_t>(1, event.data.size())) {
      problems_.add(node.where, "the events of this file are too many",
                    "a million of them, and 512MiB of data, are the most");
      return;
    }
    events_ += words.repeat;
    bytes_ += words.repeat * event.data.size();
    for (std::uint32_t i = 0; i < words.repeat; ++i) {
      CaseEvent copy = event;
      copy.at = words.at + words.every * i;
      if (words.repeat > 1 && !copy.id.empty()) copy.id += fmt::format("-{}", i + 1);
      one.events.push_back(std::move(copy));
    }
  }

  // What `data:` or `file:` of a mapping stands for.
  std::string content(const Node& node, const std::string& path) {
    const Node* data = node.find("data");
    if (path.empty()) return data == nullptr ? std::string() : bytes_of(*data);
    const Node& file = *node.find("file");
    if (data != nullptr)
      problems_.add(data->key_where, "data and file are one too many", "remove one of them");
    std::string reason;
    auto bytes = config::read_text(path, payload_bytes_max, reason);
    if (!bytes)
      problems_.add(file.where,
                    fmt::format("file: {} cannot be read: {}", config::shown(path), reason));
    return bytes.value_or("");
  }

  void read_mock(const Node& node, Case& one) {
    if (!config::expect_mapping(node, "mock", problems_)) return;
    const std::vector<std::string> known{"functions", "sinks"};
    config::check_keys(node, known, problems_);
    if (const Node* functions = node.find("functions"))
      if (config::expect_mapping(*functions, "functions", problems_))
        for (const Node& entry : functions->children)
          one.functions.push_back(function_stand_in(entry));
    if (const Node* sinks = node.find("sinks"))
      if (config::expect_mapping(*sinks, "sinks", problems_))
        for (const Node& entry : sinks->children) one.sinks.push_back(sink_stand_in(entry));
  }

  // A list of answers; or a mapping with them and the outputs of a function that is not there.
  StandIn function_stand_in(const Node& entry) {
    StandIn stand_in{.name = entry.key, .where = entry.key_where};
    const Node* answers = &entry;
    if (entry.is_mapping()) {
      const std::vector<std::string> known{"outputs", "answers"};
      config::check_keys(entry, known, problems_);
      answers = entry.find("answers");
      if (const Node* outputs = entry.find("outputs"))
        stand_in.decl = declaration(entry.key, *outputs);
    }
    if (answers != nullptr)
      for (const Node& item : items(*answers, "answers", problems_))
        stand_in.rules.push_back(function_rule(item));
    return stand_in;
  }

  config::FunctionDecl declaration(const std::string& name, const Node& outputs) {
    config::FunctionDecl decl;
    decl.name = name;
    decl.takes_any_config = true;
    for (const auto& [output, kind] : texts(outputs)) {
      constexpr OutputKind kinds[] = {OutputKind::objects, OutputKind::rows, OutputKind::messages};
      const auto* found =
          std::ranges::find(kinds, kind, [](OutputKind k) { return config::name_of(k); });
      if (found == std::end(kinds)) {
        problems_.add(outputs.find(output)->where,
                      fmt::format("{}: expected one of objects, rows, messages; got {}", output,
                                  config::shown(kind)));
      } else {
        decl.outputs.push_back({output, *found, ""});
      }
    }
    return decl;
  }

  Rule rule_of(const Node& node, const ConfigSpec<RuleWords>& spec,
               std::vector<std::string> others) {
    const auto words = config::read_section(node, spec, problems_, {std::move(others), {}});
    Rule rule{.where = node.where, .takes = words.takes, .times = words.times};
    const std::pair<Act, const std::optional<std::string>*> acts[] = {
        {Act::fail, &words.fail}, {Act::reject, &words.reject}, {Act::raise, &words.raise}};
    for (const auto& [act, reason] : acts)
      if (*reason) {
        rule.act = act;
        rule.reason = **reason;
      }
    if (words.timeout) rule.act = Act::timeout;
    if (words.crash) rule.act = Act::crash;
    if (const Node* event = node.find("event")) rule.event = EventMatch::read(*event, problems_);
    return rule;
  }

  Rule function_rule(const Node& node) {
    Rule rule = rule_of(node, rule_spec(), {"event", "emit"});
    const Node* emit = node.find("emit");
    if (emit == nullptr) return rule;
    if (rule.act != Act::succeed)
      problems_.add(emit->key_where, "an event that fails has no effects",
                    "remove emit, or what makes it fail");
    for (const Node& item : items(*emit, "effects", problems_))
      rule.emissions.push_back(emission(item));
    return rule;
  }

  Emission emission(const Node& node) {
    const auto words = config::read_section(node, emission_spec(), problems_, {{"data"}, {}});
    Emission emission{.where = node.where,
                      .output = words.output,
                      .key = words.key,
                      .content_type = words.content_type,
                      .removes = words.removes};
    const std::pair<MergeKind, const std::optional<std::int64_t>*> merges[] = {
        {MergeKind::sum, &words.sum},
        {MergeKind::count, &words.count},
        {MergeKind::min, &words.min},
        {MergeKind::max, &words.max},
        {MergeKind::last, &words.last}};
    for (const auto& [kind, operand] : merges)
      if (*operand) emission.merge = {kind, **operand};
    if (const Node* data = node.find("data")) emission.data = bytes_of(*data);
    return emission;
  }

  StandIn sink_stand_in(const Node& entry) {
    StandIn stand_in{.name = entry.key, .where = entry.key_where};
    for (const Node& item : items(entry, "answers", problems_))
      stand_in.rules.push_back(rule_of(item, sink_rule_spec(), {"event"}));
    return stand_in;
  }

  void read_given(const Node& node, Case& one) {
    if (!config::expect_mapping(node, "given", problems_)) return;
    const std::vector<std::string> known{"tables"};
    config::check_keys(node, known, problems_);
    const Node* tables = node.find("tables");
    if (tables == nullptr || !config::expect_mapping(*tables, "tables", problems_)) return;
    for (const Node& table : tables->children) {
      GivenTable given{table.key, table.key_where, {}};
      if (config::expect_mapping(table, table.key, problems_))
        for (const Node& row : table.children) given.rows.emplace_back(row.key, bytes_of(row));
      one.tables.push_back(std::move(given));
    }
  }

  Problems& problems_;
  std::set<std::string, std::less<>> names_;
  std::size_t events_ = 0;
  std::size_t bytes_ = 0;  // Of their data. Invariant: at most events_bytes_max.
};

}  // namespace

const StandIn* Case::stand_in(std::string_view function) const {
  for (const StandIn& one : functions)
    if (one.name == function) return &one;
  return nullptr;
}

CaseFile read_case_file(std::string_view text, const std::string& name,
                        config::Problems& problems) {
  const auto root = config::parse_yaml(text, name, problems);
  if (!root) return {};
  return Reader(problems).file(*root, name);
}

}  // namespace tidemill::rehearsal
